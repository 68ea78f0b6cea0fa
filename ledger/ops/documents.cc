#include "ledger/ops/documents.h"

#include "ledger/ops/handlers.h"

#include <utility>

namespace ledger {

bool bucket_is_full(const Scene& scene, std::string_view key) {
  const Bucket& bucket = scene.draft().base().bucket(State::bucket_of(key));
  return bucket.entries.size() >= scene.limits().bucket_entries_max ||
         bucket.bytes >= scene.limits().bucket_bytes_max;
}

Refusal apply(Scene& scene, const Actor& actor, const PutDocument& op) {
  if (const Refusal refusal = authorise_write(scene, actor, op.key)) return refusal;
  const std::string under = key::document(op.key);
  const std::optional<Document> there = scene.read<Document>(under);
  if (!fits(op.expected, there ? there->version : 0)) return Reason::other_version;
  Totals totals = scene.get<Totals>(key::totals);
  if (there) {
    totals.document_bytes -= there->value.size();
  } else {
    ++totals.documents;
    totals.document_bytes += op.key.size();
  }
  totals.document_bytes += op.value.size();
  const bool grows = !there || op.value.size() > there->value.size();
  if (grows &&
      (totals.documents > scene.limits().documents_max ||
       totals.document_bytes > scene.limits().document_bytes_max || bucket_is_full(scene, under))) {
    return Reason::full;
  }
  ++totals.version;
  scene.write(key::totals, totals);
  scene.write(under, Document{.version = totals.version,
                              .height = scene.block().height,
                              .author = actor.node,
                              .value = op.value});
  scene.tell(DocumentChanged{.key = op.key, .version = totals.version});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const DeleteDocument& op) {
  if (const Refusal refusal = authorise_write(scene, actor, op.key)) return refusal;
  const std::string under = key::document(op.key);
  const std::optional<Document> there = scene.read<Document>(under);
  if (!there) return Reason::unknown_document;
  if (!fits(op.expected, there->version)) return Reason::other_version;
  Totals totals = scene.get<Totals>(key::totals);
  --totals.documents;
  totals.document_bytes -= there->value.size() + op.key.size();
  scene.write(key::totals, totals);
  scene.erase(under);
  scene.tell(DocumentDeleted{.key = op.key});
  return std::nullopt;
}

}  // namespace ledger
