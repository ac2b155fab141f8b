#include "agents/ledger.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <set>

#include "agents/vanishing.h"
#include "base/sha256.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

using Entry = pb::Ledger::Entry;

constexpr std::string_view kFile = "ledger";
constexpr std::string_view kDamaged = "ledger.damaged";
constexpr uint64_t kBytesMax = 64 << 20;
constexpr uint32_t kMode = 0600;
constexpr size_t kHashLength = 64;

std::string Deterministic(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return bytes;
}

bool Parse(const std::string& bytes, pb::Ledger* ledger) {
  if (bytes.size() <= kHashLength || bytes[kHashLength] != '\n') return false;
  const std::string_view body = std::string_view(bytes).substr(kHashLength + 1);
  return Sha256Hex(body) == bytes.substr(0, kHashLength) &&
         ledger->ParseFromArray(body.data(), static_cast<int>(body.size()));
}

// Without the revision, which grows all the time: it is written when something else is.
std::string Lasting(pb::Ledger* ledger) {
  const int64_t revision = ledger->revision();
  ledger->clear_revision();
  std::string bytes = Deterministic(*ledger);
  ledger->set_revision(revision);
  return bytes;
}

// What does not change with every status write.
v1::ObjectMeta LastingMeta(const v1::ObjectMeta& meta) {
  v1::ObjectMeta lasting = meta;
  lasting.clear_resource_version();
  lasting.clear_managed_fields();
  return lasting;
}

void Take(const v1::Work& work, Entry* entry) {
  *entry->mutable_work()->mutable_metadata() = LastingMeta(work.metadata());
  *entry->mutable_work()->mutable_spec() = work.spec();
  entry->set_spec_hash(HashOf(work.spec()));
  entry->set_removing(work.metadata().has_deletion_timestamp());
  if (!entry->removing()) entry->set_removed(false);
}

}  // namespace

std::string WorkKey(const v1::Work& work) {
  return fmt::format("{}/{}", work.metadata().namespace_(), work.metadata().name());
}

std::string HashOf(const v1::WorkSpec& spec) { return Sha256Hex(Deterministic(spec)); }

absl::Status Ledger::Load(Root* root) {
  root_ = root;
  const absl::StatusOr<std::string> bytes = root->Read(kFile, kBytesMax);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  RETURN_IF_ERROR(Annotate(bytes.status(), "reading the ledger"));
  if (Parse(*bytes, &data_)) {
    saved_ = Lasting(&data_);
    return absl::OkStatus();
  }
  data_.Clear();
  RETURN_IF_ERROR(root->Rename(kFile, kDamaged));
  return DataLoss("{}/{} is damaged; kept aside as {}", root->path(), kFile, kDamaged);
}

absl::Status Ledger::Save() {
  std::string lasting = Lasting(&data_);
  if (lasting == saved_) return absl::OkStatus();
  const std::string body = Deterministic(data_);
  const std::string bytes = fmt::format("{}\n{}", Sha256Hex(body), body);
  RETURN_IF_ERROR(Annotate(ReplaceFile(*root_, kFile, bytes, kMode), "writing the ledger"));
  saved_ = std::move(lasting);
  return absl::OkStatus();
}

Entry* Ledger::Find(std::string_view key) {
  for (Entry& entry : *data_.mutable_entries()) {
    if (entry.key() == key) return &entry;
  }
  return nullptr;
}

// Keeps entries in the order of their keys.
Entry* Ledger::Insert(const std::string& key) {
  auto* entries = data_.mutable_entries();
  entries->Add()->set_key(key);
  int at = entries->size() - 1;
  for (; at > 0 && key < entries->Get(at - 1).key(); --at) entries->SwapElements(at, at - 1);
  return entries->Mutable(at);
}

// Another object came under the same name: what the former one made is still to be removed.
void Ledger::MoveAside(Entry* entry) {
  Entry former = *entry;
  const std::string key = entry->key();
  const std::string aside = fmt::format("{}@{}", key, former.work().metadata().uid());
  former.set_key(aside);
  former.set_removing(true);
  Forget(key);
  if (!former.removed()) *Insert(aside) = former;
}

Ledger::Verdict Ledger::Accept(const v1::Work& work) {
  const std::string key = WorkKey(work);
  Entry* entry = Find(key);
  if (entry != nullptr && entry->work().metadata().uid() != work.metadata().uid()) {
    MoveAside(entry);
    entry = nullptr;
  }
  if (entry == nullptr) {
    Take(work, Insert(key));
    return Verdict::kAccepted;
  }
  const int64_t known = entry->work().metadata().generation();
  const int64_t offered = work.metadata().generation();
  if (offered < known) return Verdict::kOlder;
  if (offered == known && HashOf(work.spec()) != entry->spec_hash()) return Verdict::kConflict;
  const bool changed =
      offered > known || entry->removing() != work.metadata().has_deletion_timestamp();
  Take(work, entry);
  return changed ? Verdict::kAccepted : Verdict::kUnchanged;
}

absl::StatusOr<Ledger::SnapshotResult> Ledger::AcceptSnapshot(std::string_view epoch,
                                                              int64_t revision,
                                                              const std::vector<v1::Work>& works,
                                                              std::string_view accepted_epoch) {
  const bool same_epoch = data_.epoch().empty() || data_.epoch() == epoch;
  if (same_epoch && revision < data_.revision()) {
    return FailedPrecondition("the store is at revision {}, but was at {} before: an old copy?",
                              revision, data_.revision());
  }
  SnapshotResult result;
  const int known = CountLiving();
  std::set<std::string> named;
  for (const v1::Work& work : works) {
    named.insert(WorkKey(work));
    if (!same_epoch) {
      if (Entry* entry = Find(WorkKey(work)))
        entry->mutable_work()->mutable_metadata()->set_generation(0);
    }
    const Verdict verdict = Accept(work);
    if (verdict == Verdict::kOlder)
      result.refused.push_back(WorkKey(work) + ": an older generation");
    if (verdict == Verdict::kConflict)
      result.refused.push_back(WorkKey(work) + ": other contents at the same generation");
  }
  std::vector<std::string> vanished;
  for (const Entry& entry : data_.entries()) {
    if (!entry.removing() && !named.contains(entry.key())) vanished.push_back(entry.key());
  }
  JudgeAll(vanished, known, !same_epoch, epoch, accepted_epoch, &result);
  std::vector<std::string> finished;
  for (const Entry& entry : data_.entries()) {
    if (entry.removed() && !named.contains(entry.key())) finished.push_back(entry.key());
  }
  for (const std::string& key : finished) Forget(key);
  data_.set_epoch(std::string(epoch));
  data_.set_revision(revision);
  return result;
}

int Ledger::CountLiving() const {
  return static_cast<int>(
      std::ranges::count_if(data_.entries(), [](const Entry& entry) { return !entry.removing(); }));
}

void Ledger::JudgeAll(const std::vector<std::string>& vanished, int known, bool new_epoch,
                      std::string_view epoch, std::string_view accepted_epoch,
                      SnapshotResult* result) {
  const VanishedWorks works = {.vanished = static_cast<int>(vanished.size()),
                               .known = known,
                               .new_epoch = new_epoch,
                               .held = data_.held_epoch() == epoch && !epoch.empty(),
                               .accepted = accepted_epoch == epoch && !epoch.empty()};
  const Vanishing verdict = JudgeVanished(works);
  result->held = verdict == Vanishing::kHold;
  data_.set_held_epoch(result->held ? std::string(epoch) : "");
  if (verdict != Vanishing::kRemove) {
    result->braked = works.vanished;
    return;
  }
  for (const std::string& key : vanished) Vanished(key);
}

void Ledger::Vanished(const std::string& key) {
  Entry* entry = Find(key);
  if (entry == nullptr) return;
  if (entry->removed()) return Forget(key);
  entry->set_removing(true);
}

void Ledger::Forget(const std::string& key) {
  auto* entries = data_.mutable_entries();
  for (int i = 0; i < entries->size(); ++i) {
    if (entries->Get(i).key() == key) {
      entries->DeleteSubrange(i, 1);
      return;
    }
  }
}

const v1::WorkSpec& EffectiveSpec(const Entry& entry) {
  const bool rejected =
      !entry.rejected_hash().empty() && entry.rejected_hash() == entry.spec_hash();
  return rejected ? entry.good_spec() : entry.work().spec();
}

const std::string& EffectiveHash(const Entry& entry) {
  return &EffectiveSpec(entry) == &entry.good_spec() ? entry.good_hash() : entry.spec_hash();
}

uint32_t UidOf(const v1::WorkSpec& spec, std::string_view user) {
  for (const v1::Artifact& artifact : spec.artifacts()) {
    if (artifact.has_user() && artifact.user().name() == user) return artifact.user().uid();
  }
  return 0;
}

uint32_t UidOfUnit(const v1::WorkSpec& spec) {
  for (const v1::Artifact& artifact : spec.artifacts()) {
    if (artifact.has_unit()) return UidOf(spec, artifact.unit().user());
  }
  return 0;
}

std::vector<pb::Ledger::Item> ItemsOf(const v1::WorkSpec& spec) {
  std::vector<pb::Ledger::Item> items;
  const auto add = [&](pb::Ledger::Item::Kind kind, const std::string& name,
                       const v1::Artifact& artifact) {
    pb::Ledger::Item& item = items.emplace_back();
    item.set_kind(kind);
    item.set_name(name);
    item.set_artifact(artifact.id());
  };
  for (const auto& artifact : spec.artifacts()) {
    if (artifact.has_user()) add(pb::Ledger::Item::USER, artifact.user().name(), artifact);
    if (artifact.has_unpack()) add(pb::Ledger::Item::CONTENT, artifact.unpack().dir(), artifact);
    if (artifact.has_unit()) add(pb::Ledger::Item::UNIT, artifact.unit().name(), artifact);
    if (artifact.has_nginx_site())
      add(pb::Ledger::Item::SITE, artifact.nginx_site().name(), artifact);
  }
  return items;
}

void RecordItems(Entry* entry) {
  for (const pb::Ledger::Item& wanted : ItemsOf(EffectiveSpec(*entry))) {
    const bool known = std::ranges::any_of(entry->items(), [&](const pb::Ledger::Item& item) {
      return item.kind() == wanted.kind() && item.name() == wanted.name();
    });
    if (!known) *entry->add_items() = wanted;
  }
}

}  // namespace reeve::agents
