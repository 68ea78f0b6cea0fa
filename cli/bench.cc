#include "base/rng.h"
#include "cli/api_client.h"
#include "cli/headline.h"
#include "cli/load.h"
#include "cli/shared_options.h"
#include "cli/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace cli {
namespace {

struct BenchOptions {
  std::string api;
  Format format = Format::table;
  std::string capability;
  std::string path;
  std::uint32_t connections = 16;
  std::optional<base::Duration> duration;
  std::optional<std::uint64_t> requests;
  std::uint64_t body_size = 1024;
  std::optional<double> rate;
  std::uint64_t seed = 1;
};

constexpr auto duration_default = std::chrono::seconds(10);

// Printable, so that agents that expect text take it; different for each seed.
std::string make_body(std::uint64_t size, std::uint64_t seed) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789 ";
  base::Rng rng(seed);
  std::string body;
  body.reserve(size);
  while (body.size() < size) body += letters[rng.below(letters.size())];
  return body;
}

LoadOptions make_load(const BenchOptions& options) {
  LoadOptions load;
  load.address = options.api;
  load.request.method = "POST";
  load.request.target = "/call/" + percent_encoded(options.capability) + options.path;
  load.request.headers = {{"Content-Type", "text/plain"}};
  load.request.body = make_body(options.body_size, options.seed);
  load.connections = options.connections;
  load.requests = options.requests;
  load.duration = options.duration;
  if (!options.requests && !options.duration) load.duration = duration_default;
  load.rate = options.rate;
  return load;
}

Json described(const BenchOptions& options, const LoadReport& report) {
  const double seconds = base::in_seconds(report.took);
  const auto& latencies = report.latencies;
  base::Duration sum{};
  for (const base::Duration latency : latencies) sum += latency;
  const auto count = static_cast<double>(latencies.size());
  Json errors = Json::object();
  std::uint64_t failed = 0;
  for (const auto& [code, times] : report.errors) {
    errors[code] = times;
    failed += times;
  }
  return Json{{"capability", options.capability},
              {"mode", options.rate ? "open" : "closed"},
              {"connections", options.connections},
              {"body_size", options.body_size},
              {"seed", options.seed},
              {"requests", report.requests},
              {"succeeded", latencies.size()},
              {"failed", failed},
              {"errors", std::move(errors)},
              {"seconds", seconds},
              {"throughput", seconds > 0 ? count / seconds : 0.0},
              {"bytes_received", report.bytes},
              {"mean_ms", latencies.empty() ? 0.0 : base::in_milliseconds(sum) / count},
              {"p50_ms", base::in_milliseconds(percentile(latencies, 0.50))},
              {"p90_ms", base::in_milliseconds(percentile(latencies, 0.90))},
              {"p99_ms", base::in_milliseconds(percentile(latencies, 0.99))},
              {"p999_ms", base::in_milliseconds(percentile(latencies, 0.999))},
              {"max_ms", base::in_milliseconds(percentile(latencies, 1.0))}};
}

int bench(Console& console, const BenchOptions& options) {
  if (options.capability.empty()) {
    return fail_usage(console, "bench: name a capability, or take `bench headline`");
  }
  const auto reached = get_json(options.api, "/v1/breakers");
  if (!reached) return fail(console, reached.error());
  catch_interrupt();
  LoadOptions load = make_load(options);
  LoadReport report;
  {
    Progress progress(console, "bench " + options.capability);
    load.progress = [&](double fraction, std::uint64_t requests) {
      progress.show(fraction, std::to_string(requests) + " requests");
    };
    report = run_load(load);
  }
  console.out << render_object(described(options, report), options.format) << std::flush;
  if (report.requests > 0 && report.latencies.empty()) {
    return fail(console, "no request succeeded; `errors` says why, by code");
  }
  return exit_done;
}

struct HeadlineVerb {
  Format format = Format::table;
  HeadlineOptions options;
  bool real = false;
  bool chains_given = false;
};

constexpr std::uint32_t chains_real = 1'000;

int headline(Console& console, const HeadlineVerb& verb) {
  catch_interrupt();
  HeadlineOptions options = verb.options;
  std::vector<HeadlineRow> rows;
  {
    Progress progress(console, "headline");
    options.progress = [&](double share, const std::string& what) {
      progress.show(share, what);
      return interrupted();
    };
    options.failed = [&](const std::string& what, const std::string& story) {
      console.err << what << ": a failed " << story << std::flush;
    };
    if (verb.real) {
      if (!verb.chains_given) options.chains = chains_real;
      auto rehearsed = rehearse_headline(options);
      if (!rehearsed) return fail(console, rehearsed.error());
      rows = std::move(*rehearsed);
    } else {
      rows = measure_headline(options);
    }
  }
  if (verb.format == Format::table && !verb.real)
    console.out << headline_assumptions(options) << '\n';
  console.out << render_rows(described(rows),
                             {{.title = "NAME", .key = "name"},
                              {.title = "OURS", .key = "ours"},
                              {.title = "UNIT", .key = "unit"},
                              {.title = "FIELD", .key = "field"},
                              {.title = "TARGET", .key = "target"},
                              {.title = "MET", .key = "met"},
                              {.title = "REFERENCE", .key = "reference"}},
                             verb.format)
              << std::flush;
  return exit_done;
}

void add_headline(CLI::App& bench, Action& action) {
  auto options = std::make_shared<HeadlineVerb>();  // owned by the callback below
  CLI::App* verb = bench.add_subcommand(
      "headline", "What the field says happens to calls between agents, beside what happens here");
  verb->footer(
      "Runs on the simulator, with the decisions of the daemon; takes some minutes.\n"
      "Example:\n  parley bench headline --seed 1 -o json");
  add_count_option(
      *verb, "--seed", [options](std::uint64_t seed) { options->options.seed = seed; },
      "What everything follows from [1]");
  auto* chains = verb->add_option("--chains", options->options.chains,
                                  "Of ten agents of 95 %; all other numbers of calls follow from "
                                  "it [20000]")
                     ->check(CLI::Range(4, 1'000'000));
  verb->add_flag("--real", options->real,
                 "With real nodes on this machine: fewer rows, 1,000 chains, some minutes");
  add_format_option(*verb, options->format);
  verb->callback([options, chains, &action] {
    options->chains_given = chains->count() > 0;
    action = [options](Console& console) { return headline(console, *options); };
  });
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  auto options = std::make_shared<BenchOptions>();  // owned by the callback below
  CLI::App* verb = app.add_subcommand("bench", "Load and latency of calls through a node");
  verb->footer(
      "Without --rate each connection sends its next request when the last is answered. With it,\n"
      "requests are due at that rate whether or not the mesh keeps up, and latency counts from "
      "when\n"
      "a request was due. Ctrl-C ends early and prints what there is.\n"
      "Example:\n  parley bench text.count --connections 64 --duration 30s --rate 2000 -o json");
  verb->add_option("capability", options->capability, "Its dotted name");
  verb->add_option("--path", options->path, "What follows the capability: path and query");
  verb->add_option("--connections,-c", options->connections, "At once [16]")
      ->check(CLI::Range(1, 10'000));
  add_duration_option(*verb, "--duration", options->duration, "How long [10s]");
  add_count_option(
      *verb, "--requests,-n", [options](std::uint64_t count) { options->requests = count; },
      "How many, instead of how long");
  verb->add_option("--body-size", options->body_size, "Bytes of each request's body [1024]")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 30U));
  verb->add_option("--rate", options->rate, "Requests a second, of all connections")
      ->check(CLI::PositiveNumber);
  add_count_option(
      *verb, "--seed", [options](std::uint64_t seed) { options->seed = seed; },
      "Of the bodies' content [1]");
  add_api_option(*verb, options->api);
  add_format_option(*verb, options->format);
  add_headline(*verb, action);
  verb->callback([options, verb, &action] {
    if (verb->got_subcommand("headline")) return;
    action = [options](Console& console) { return bench(console, *options); };
  });
}

}  // namespace cli
