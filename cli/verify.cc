#include "api/proof_file.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"
#include "consensus/decision_proof.h"
#include "ledger/op.h"
#include "node/genesis.h"
#include "node/kernel/decided_state.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace cli {
namespace {

struct VerifyOptions {
  Format format = Format::table;
  std::string file;
  std::string genesis;
};

base::Result<Json, std::string> verified(const std::string& text, const node::Genesis& genesis) {
  const auto founded = node::founding(genesis);
  if (!founded) return base::Unexpected{std::string("genesis: it names no validators")};
  const auto read = api::read_proof(text);
  if (!read) return base::Unexpected{read.error()};
  if (read->mesh != genesis.mesh) {
    return base::Unexpected{std::string("mesh: the file is of another mesh than the genesis")};
  }
  const auto proven = consensus::verify(
      read->proof, read->epochs,
      consensus::EpochDescriptor::first(genesis.mesh, kernel::committee_of(founded->seats),
                                        kernel::parameters_of(founded->parameters)));
  if (!proven) return base::Unexpected{proven.error()};
  const auto op = ledger::Op::parse(read->proof.op, genesis.mesh);
  if (!op || op->id() != read->op) {
    return base::Unexpected{std::string("op: it is not the one that the file is named for")};
  }
  std::vector<crypto::SignatureCheck> checks;
  op->append_checks(kernel::StatementsOfAgreement(), checks);
  for (const crypto::SignatureCheck& check : checks) {
    if (!crypto::check(check).holds()) {
      return base::Unexpected{std::string("op: a signature in it does not hold")};
    }
  }
  return Json{{"holds", true},
              {"id", op->id().hex()},
              {"kind", ledger::name_of(op->kind())},
              {"author", op->author().hex()},
              {"height", proven->height},
              {"epoch", proven->epoch},
              {"timestamp_ms", proven->timestamp_ms}};
}

int verify(Console& console, const VerifyOptions& options) {
  const auto genesis = node::load_genesis(options.genesis);
  if (!genesis) return fail_usage(console, genesis.error());
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return fail_usage(console, "cannot read " + options.file);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto result = verified(text, *genesis);
  if (!result) return fail(console, options.file + " does not hold: " + result.error());
  console.out << render_object(*result, options.format) << std::flush;
  return exit_done;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  auto options = std::make_shared<VerifyOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("verify", "Check a decision offline");
  verb->footer(
      "Needs the file and the mesh's genesis, and no network. Exit code 0 if it holds, 1 if not.\n"
      "Example:\n  parley verify decision.json --genesis genesis.json");
  verb->add_option("file", options->file, "What parley decisions show --proof wrote")->required();
  verb->add_option("--genesis", options->genesis, "The mesh's genesis file")->required();
  add_format_option(*verb, options->format);
  verb->callback([options, &action] {
    action = [options](Console& console) { return verify(console, *options); };
  });
}

}  // namespace cli
