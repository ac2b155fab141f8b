#include "apiserver/attempt.h"

#include "apiserver/keys.h"
#include "base/status.h"

namespace reeve::apiserver {

Attempt::Attempt(std::unique_ptr<store::ReadView> view, const schema::KindRegistry* kinds,
                 NamespaceMemory* memory)
    : view_(std::move(view)), kinds_(kinds), memory_(memory) {}

absl::StatusOr<const Message*> Attempt::FindNamespace(const std::string& name) {
  const ObjectKey key{"Namespace", "", name};
  if (memory_ == nullptr || staged_.contains(key) || found_.contains(key)) return Find(key);
  std::shared_ptr<const Message>& recalled = recalled_[name];
  if (recalled == nullptr) recalled = memory_->Recall(name);
  if (recalled != nullptr) return recalled.get();
  ASSIGN_OR_RETURN(const Message* found, Find(key));
  if (found != nullptr && RevisionOf(*found) != 0) memory_->Remember(name, *found);
  return found;
}

absl::StatusOr<const Message*> Attempt::Find(const ObjectKey& key) {
  if (const auto staged = staged_.find(key); staged != staged_.end()) return staged->second;
  if (const auto found = found_.find(key); found != found_.end()) return found->second.get();
  const schema::Kind* kind = kinds_->FindByName(key.kind);
  if (kind == nullptr) return nullptr;
  ASSIGN_OR_RETURN(const std::optional<store::Version> version,
                   view_->Get(ObjectStoreKey(*kind, key.ns, key.name)));
  ObjectPtr& slot = found_[key];
  if (!version.has_value()) return nullptr;
  ASSIGN_OR_RETURN(slot, DecodeFromStore(*kinds_, *version));
  return slot.get();
}

void Attempt::Preview(const Message& object) { staged_[schema::KeyOf(object)] = &object; }

void Attempt::Require(store::Precondition precondition) {
  // All are about the state before the transaction, so that one for each key is enough.
  if (required_.insert(precondition.key).second)
    txn_.preconditions.push_back(std::move(precondition));
}

void Attempt::Stage(const Message* before, const Message* after) {
  const Message& object = after != nullptr ? *after : *before;
  const schema::Kind& kind = *schema::KindOf(object, *kinds_);
  const ObjectKey key = schema::KeyOf(object);
  const std::string store_key = ObjectStoreKey(kind, key.ns, key.name);
  Require(before == nullptr ? store::MustBeAbsent(store_key)
                            : store::MustBeAt(store_key, RevisionOf(*before)));
  if (after == nullptr) {
    Write({store_key, std::nullopt});
  } else {
    const bool minor = before != nullptr && OnlyStatusDiffers(*before, *after);
    Write({store_key, EncodeForStore(*after), minor});
  }
  durable_ = durable_ || !kind.options.ephemeral();
  const bool leaves = after == nullptr || schema::Meta(*after).has_deletion_timestamp();
  grows_ = grows_ || !(leaves || kind.options.ephemeral());
  staged_[key] = after;
}

store::Txn Attempt::TakeTxn(absl::Time time, const std::string& author) {
  txn_.durable = durable_;
  txn_.time = time;
  txn_.author = author;
  txn_.makes_room = !grows_;
  return std::move(txn_);
}

}  // namespace reeve::apiserver
