// A virtual mesh with the questions that tests ask of it.
#pragma once

#include "tests/gossip/virtual_mesh.h"

#include <optional>
#include <set>

namespace gossip::test {

class MeshOfMembers : public VirtualMesh {
 public:
  using VirtualMesh::VirtualMesh;

  [[nodiscard]] Membership& operator[](std::size_t i) { return *nodes[i].membership; }
  [[nodiscard]] std::optional<MemberState> state(std::size_t viewer, std::size_t subject) {
    const Member* member = nodes[viewer].membership->find(id(subject));
    if (member == nullptr) return std::nullopt;
    return member->state;
  }
  // In the view of every running node but the subject itself.
  [[nodiscard]] bool all_see(std::size_t subject, std::optional<MemberState> state_wanted) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i == subject || !nodes[i].running || nodes[i].stopped) continue;
      if (state(i, subject) != state_wanted) return false;
    }
    return true;
  }
  [[nodiscard]] bool all_serve() {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!nodes[i].running) continue;
      if (nodes[i].membership->members().size() < running()) return false;
      if (!all_see(i, MemberState::serving)) return false;
    }
    return true;
  }
  [[nodiscard]] bool digests_agree() {
    std::set<std::uint64_t> digests;
    for (const Node& node : nodes) {
      if (node.running && !node.stopped) digests.insert(node.membership->table_digest());
    }
    return digests.size() <= 1;
  }
  [[nodiscard]] std::size_t running() const {
    std::size_t count = 0;
    for (const Node& node : nodes) count += node.running ? 1 : 0;
    return count;
  }
  [[nodiscard]] std::size_t deaths() const {
    std::size_t count = 0;
    for (const Node& node : nodes) count += node.declared_dead.size();
    return count;
  }
  [[nodiscard]] SignedAccusation accuse(std::size_t accuser, std::size_t subject,
                                        const SignedRecord& record) {
    SignedAccusation out;
    out.accusation = {id(accuser), id(subject), record_digest(record.record, mesh)};
    out.signature = nodes[accuser].identity.sign(statement_of(out.accusation, mesh));
    return out;
  }
};

}  // namespace gossip::test
