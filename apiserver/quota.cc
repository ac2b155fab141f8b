#include "apiserver/quota.h"

#include <optional>
#include <utility>

#include "apiserver/keys.h"
#include "apiserver/object_io.h"
#include "apiserver/violations.h"
#include "base/status.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::apiserver {
namespace {

constexpr char kInstances[] = "instances";
constexpr char kPorts[] = "ports";

std::string ObjectsBound(const std::string& kind) { return fmt::format("objects[{}]", kind); }

const v1::Site* AsSite(const Message& object) {
  const Message& inner = schema::Inner(object);
  return inner.GetDescriptor() == v1::Site::descriptor() ? static_cast<const v1::Site*>(&inner)
                                                         : nullptr;
}

const v1::Namespace* AsNamespace(const Message* object) {
  if (object == nullptr) return nullptr;
  const Message& inner = schema::Inner(*object);
  return inner.GetDescriptor() == v1::Namespace::descriptor()
             ? static_cast<const v1::Namespace*>(&inner)
             : nullptr;
}

// The field of `object` that uses `bound`.
std::string_view FieldOf(const std::string& bound) {
  return bound == kInstances || bound == kPorts ? "spec.replicas" : "metadata.namespace";
}

// What after uses more than before; without zeros.
Usage Difference(const Usage& before, Usage after) {
  for (const auto& [bound, count] : before) after[bound] -= count;
  std::erase_if(after, [](const auto& entry) { return entry.second == 0; });
  return after;
}

void AddAll(const Usage& usage, const Usage& limits, v1::NamespaceStatus* status) {
  for (const auto& [bound, count] : usage) {
    if (limits.contains(bound)) (*status->mutable_used())[bound] += count;
  }
}

// The bytes of equal records are equal.
std::string Encoded(const v1::Namespace& record) {
  v1::Object object;
  *object.mutable_namespace_() = record;
  return schema::Encode(object);
}

}  // namespace

Usage LimitsOf(const v1::Quota& quota) {
  Usage limits;
  for (const auto& [kind, limit] : quota.objects()) limits[ObjectsBound(kind)] = limit;
  if (quota.has_instances()) limits[kInstances] = quota.instances();
  if (quota.has_ports()) limits[kPorts] = quota.ports();
  return limits;
}

Usage UsageOf(const schema::KindRegistry& kinds, const Message* object) {
  Usage usage;
  if (object == nullptr) return usage;
  usage[ObjectsBound(schema::KindOf(*object, kinds)->name)] = 1;
  const v1::Site* site = AsSite(*object);
  if (site == nullptr) return usage;
  usage[kInstances] = site->spec().replicas();
  usage[kPorts] = site->spec().type() == v1::SiteSpec::Process ? site->spec().replicas() : 0;
  return usage;
}

void CheckQuota(const schema::KindRegistry& kinds, const v1::Quota& quota,
                schema::Violations* violations) {
  const std::map<std::string, int64_t> objects(quota.objects().begin(), quota.objects().end());
  for (const auto& [name, limit] : objects) {
    const std::string path = fmt::format("spec.quota.objects[{}]", name);
    const schema::Kind* kind = kinds.FindByName(name);
    if (kind == nullptr) {
      const schema::Kind* meant = kinds.FindByAlias(name);
      AddViolation(
          violations, path,
          fmt::format("the server doesn't have a resource type \"{}\"{}", name,
                      meant == nullptr ? "" : fmt::format("; did you mean \"{}\"?", meant->name)));
    } else if (!kind->namespaced()) {
      AddViolation(violations, path, fmt::format("{} are in no namespace", kind->plural));
    }
  }
}

absl::StatusOr<QuotaLedger::Entry*> QuotaLedger::Load(const v1::Namespace& ns) {
  const auto [it, inserted] = entries_.try_emplace(ns.metadata().name());
  Entry* entry = &it->second;
  if (!inserted) return entry;
  entry->key = QuotaKey(ns.metadata().name());
  entry->limits = LimitsOf(ns.spec().quota());
  ASSIGN_OR_RETURN(const std::optional<store::Version> version, attempt_->view().Get(entry->key));
  if (version.has_value()) {
    entry->modified = version->modified;
    v1::Object record;
    if (!record.ParseFromString(version->value)) return DataLoss("a quota record is damaged");
    entry->record = std::move(*record.mutable_namespace_());
  }
  const bool fits = entry->record.metadata().uid() == ns.metadata().uid() &&
                    entry->record.metadata().generation() == ns.metadata().generation();
  if (!fits) RETURN_IF_ERROR(Recount(ns, entry));
  return entry;
}

absl::Status QuotaLedger::Recount(const v1::Namespace& ns, Entry* entry) const {
  entry->record.Clear();
  entry->record.mutable_metadata()->set_uid(ns.metadata().uid());
  entry->record.mutable_metadata()->set_generation(ns.metadata().generation());
  absl::Status decoded;
  for (const schema::Kind& kind : attempt_->kinds().kinds()) {
    const bool sites = kind.descriptor == v1::Site::descriptor();
    if (!kind.namespaced() || (!sites && !entry->limits.contains(ObjectsBound(kind.name))))
      continue;
    const KeyRange range = ObjectRange(kind, ns.metadata().name());
    RETURN_IF_ERROR(
        attempt_->view().Scan(range.first, range.last, [&](const store::Version& version) {
          const absl::StatusOr<ObjectPtr> object = DecodeFromStore(attempt_->kinds(), version);
          decoded = object.status();
          if (!decoded.ok()) return false;
          AddAll(UsageOf(attempt_->kinds(), object->get()), entry->limits,
                 entry->record.mutable_status());
          return true;
        }));
    RETURN_IF_ERROR(decoded);
  }
  return absl::OkStatus();
}

absl::Status QuotaLedger::Add(const Message* before, const Message* after, Part part) {
  const Message& object = after != nullptr ? *after : *before;
  const schema::Kind* namespaces = attempt_->kinds().FindByName("Namespace");
  if (namespaces == nullptr || !schema::KindOf(object, attempt_->kinds())->namespaced())
    return absl::OkStatus();
  const auto difference = [&] {
    return Difference(UsageOf(attempt_->kinds(), before), UsageOf(attempt_->kinds(), after));
  };
  // One more object, or one less, always makes a difference.
  if (before != nullptr && after != nullptr && difference().empty()) return absl::OkStatus();
  const std::string& name = schema::Meta(object).namespace_();
  ASSIGN_OR_RETURN(const Message* found, attempt_->FindNamespace(name));
  const v1::Namespace* ns = AsNamespace(found);
  if (ns == nullptr) return absl::OkStatus();
  // Without a quota too: one may be set before this commits.
  if (RevisionOf(*found) != 0) {
    attempt_->Require(store::MustBeAt(ObjectStoreKey(*namespaces, "", name), RevisionOf(*found)));
  }
  if (LimitsOf(ns->spec().quota()).empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(Entry * entry, Load(*ns));
  for (const auto& [bound, count] : difference()) {
    const bool now = (count < 0) == (part == Part::kGivenBack);
    if (now && entry->limits.contains(bound)) Use(object, *ns, bound, count, entry);
  }
  return absl::OkStatus();
}

void QuotaLedger::Use(const Message& object, const v1::Namespace& ns, const std::string& bound,
                      int64_t more, Entry* entry) {
  int64_t& used = (*entry->record.mutable_status()->mutable_used())[bound];
  const int64_t limit = entry->limits.at(bound);
  if (more > 0 && used + more > limit) {
    const std::string why = fmt::format(
        "exceeded quota: spec.quota.{} of namespace \"{}\", requested: {}, used: {}, "
        "limited: {}",
        bound, ns.metadata().name(), more, used, limit);
    AddViolation(&violations_, FieldOf(bound), why);
    violations_.back().set_object(ToString(schema::KeyOf(object)));
    refusal_ += fmt::format("{}{} \"{}\" is forbidden: {}", refusal_.empty() ? "" : "\n",
                            schema::KindOf(object, attempt_->kinds())->plural,
                            schema::Meta(object).name(), why);
  }
  used += more;
}

absl::Status QuotaLedger::Check() const {
  if (violations_.empty()) return absl::OkStatus();
  return schema::WithViolations(PermissionDenied("{}", refusal_), violations_);
}

void QuotaLedger::Flush() {
  for (auto& [name, entry] : entries_) {
    attempt_->Require(entry.modified == 0 ? store::MustBeAbsent(entry.key)
                                          : store::MustBeAt(entry.key, entry.modified));
    attempt_->Write({entry.key, Encoded(entry.record)});
  }
}

void StageQuotaEnd(Attempt* attempt, const std::string& ns) {
  attempt->Write({QuotaKey(ns), std::nullopt});
}

}  // namespace reeve::apiserver
