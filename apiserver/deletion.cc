#include "apiserver/deletion.h"

#include <algorithm>

#include "apiserver/access.h"
#include "apiserver/keys.h"
#include "apiserver/quota.h"
#include "apiserver/references.h"
#include "apiserver/strategies.h"
#include "apiserver/timestamps.h"
#include "apiserver/violations.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/finalizers.h"

namespace reeve::apiserver {
namespace {

bool GoesWithNamespace(const schema::Kind& kind) {
  const Strategy* strategy = FindStrategy(kind);
  return strategy != nullptr && strategy->goes_with_namespace;
}

absl::Status CheckExpected(const schema::Kind& kind, const Message& object,
                           const v1::DeleteRequest& request) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  if (!request.uid().empty() && request.uid() != meta.uid()) {
    return Aborted(
        "Operation cannot be fulfilled on {} \"{}\": Precondition failed: UID in precondition: {}, "
        "UID in "
        "object meta: {}",
        kind.plural, meta.name(), request.uid(), meta.uid());
  }
  if (!request.resource_version().empty() &&
      request.resource_version() != meta.resource_version()) {
    return ModifiedError(kind, meta.name());
  }
  return absl::OkStatus();
}

absl::Status CheckReserved(const schema::Kind& kind, const std::string& name) {
  if (kind.name != "Namespace" || (name != kDefaultNamespace && name != kSystemNamespace))
    return absl::OkStatus();
  return PermissionDenied("namespaces \"{}\" is forbidden: this namespace may not be deleted",
                          name);
}

// Orphans that nobody may write would be there for ever.
absl::Status CheckPropagation(const schema::Kind& kind, const std::string& name,
                              v1::Propagation propagation) {
  const Strategy* strategy = FindStrategy(kind);
  if (propagation != v1::ORPHAN || strategy == nullptr || strategy->parts.empty())
    return absl::OkStatus();
  schema::Violations violations;
  AddViolation(&violations, "propagationPolicy",
               fmt::format("{} \"{}\" cannot be deleted with Orphan: only controllers write its "
                           "{}, and nobody could change or delete them afterwards",
                           kind.plural, name, strategy->parts));
  return schema::WithViolations(InvalidArgument("propagationPolicy: {}", violations[0].message()),
                                violations);
}

// Makes the object wait for its dependents as the request wants it; what it was made to wait for
// before stays. True when that changed anything.
bool SetPropagation(v1::Propagation propagation, v1::ObjectMeta* meta) {
  if (propagation == v1::BACKGROUND) return false;
  const bool orphan = propagation == v1::ORPHAN;
  const char* wanted = orphan ? schema::kOrphanFinalizer : schema::kForegroundFinalizer;
  const char* other = orphan ? schema::kForegroundFinalizer : schema::kOrphanFinalizer;
  auto* all = meta->mutable_finalizers();
  const bool had = std::find(all->begin(), all->end(), wanted) != all->end();
  all->erase(std::remove(all->begin(), all->end(), other), all->end());
  if (!had) meta->add_finalizers(wanted);
  return !had;
}

}  // namespace

ObjectPtr MarkDeleted(const Message& object, Now now) {
  ObjectPtr marked = CloneObject(object);
  v1::ObjectMeta* meta = schema::MutableMeta(marked.get());
  *meta->mutable_deletion_timestamp() =
      ToTimestamp(absl::FromUnixSeconds(absl::ToUnixSeconds(now.wall)));
  meta->set_generation(meta->generation() + 1);
  return marked;
}

absl::StatusOr<Planned> PlanDelete(Attempt* attempt, const Identity& who, const ObjectKey& key,
                                   const v1::DeleteRequest& request, Now now) {
  const schema::Kind& kind = *attempt->kinds().FindByName(key.kind);
  RETURN_IF_ERROR(CheckVerb(who, Verb::kDelete, kind, key.name));
  ASSIGN_OR_RETURN(const Message* before, attempt->Find(key));
  if (before == nullptr) return NotFoundError(kind, key.name);
  RETURN_IF_ERROR(CheckReserved(kind, key.name));
  RETURN_IF_ERROR(CheckExpected(kind, *before, request));
  RETURN_IF_ERROR(CheckPropagation(kind, key.name, request.propagation()));
  const Strategy* strategy = FindStrategy(kind);
  if (strategy != nullptr && strategy->kept_while_used)
    RETURN_IF_ERROR(CheckUnused(*attempt, kind, key));
  ObjectPtr after = CloneObject(*before);
  const bool waits_anew = SetPropagation(request.propagation(), schema::MutableMeta(after.get()));
  const v1::ObjectMeta& meta = schema::Meta(*after);
  if (meta.finalizers().empty()) return Planned{before, nullptr};
  if (meta.has_deletion_timestamp()) return Planned{before, std::move(after), waits_anew};
  return Planned{before, MarkDeleted(*after, now)};
}

absl::StatusOr<Planned> PlanNamespaceDelete(Attempt* attempt, const Identity& who,
                                            const ObjectKey& key, const v1::DeleteRequest& request,
                                            Now now) {
  ASSIGN_OR_RETURN(Planned planned, PlanDelete(attempt, who, key, request, now));
  if (schema::Meta(*planned.before).has_deletion_timestamp()) {
    planned.after = CloneObject(*planned.before);
    planned.changed = false;
    return planned;
  }
  planned.after = MarkDeleted(*planned.before, now);
  planned.changed = true;
  schema::MutableMeta(planned.after.get())->add_finalizers(std::string(kContentsFinalizer));
  const Strategy* strategy = FindStrategy(*attempt->kinds().FindByName(key.kind));
  if (strategy != nullptr && strategy->prepare != nullptr)
    strategy->prepare(planned.before, now, planned.after.get());
  return planned;
}

absl::StatusOr<Planned> PlanNamespaceEnd(Attempt* attempt, const ObjectKey& key) {
  ASSIGN_OR_RETURN(const Message* before, attempt->Find(key));
  if (before == nullptr) return NotFoundError(*attempt->kinds().FindByName(key.kind), key.name);
  ASSIGN_OR_RETURN(const std::string contents, NamespaceContents(*attempt, key.name));
  ObjectPtr after = CloneObject(*before);
  v1::ObjectMeta* meta = schema::MutableMeta(after.get());
  auto* all = meta->mutable_finalizers();
  const auto ours = std::find(all->begin(), all->end(), kContentsFinalizer);
  if (!meta->has_deletion_timestamp() || !contents.empty() || ours == all->end())
    return Planned{before, std::move(after), false};
  all->erase(ours);
  return Planned{before, all->empty() ? nullptr : std::move(after)};
}

absl::StatusOr<std::string> NamespaceContents(const Attempt& attempt, const std::string& ns) {
  std::vector<std::string> contents;
  for (const schema::Kind& kind : attempt.kinds().kinds()) {
    if (!kind.namespaced() || GoesWithNamespace(kind)) continue;
    const KeyRange range = ObjectRange(kind, ns);
    int64_t count = 0;
    RETURN_IF_ERROR(attempt.view().Scan(range.first, range.last, [&](const store::Version&) {
      ++count;
      return true;
    }));
    if (count > 0)
      contents.push_back(fmt::format("{} {}", count, count == 1 ? kind.singular : kind.plural));
  }
  return Join(contents, ", ");
}

absl::Status StageEnd(Attempt* attempt, const Message& object) {
  if (schema::KindOf(object, attempt->kinds())->name != "Namespace") return absl::OkStatus();
  const std::string& ns = schema::Meta(object).name();
  ASSIGN_OR_RETURN(const std::string contents, NamespaceContents(*attempt, ns));
  if (!contents.empty()) {
    return FailedPrecondition("namespace \"{}\" is not empty: it holds {}, and goes after them", ns,
                              contents);
  }
  StageQuotaEnd(attempt, ns);
  for (const schema::Kind& kind : attempt->kinds().kinds()) {
    if (!kind.namespaced() || !GoesWithNamespace(kind)) continue;
    const KeyRange range = ObjectRange(kind, ns);
    RETURN_IF_ERROR(
        attempt->view().Scan(range.first, range.last, [&](const store::Version& version) {
          attempt->Write({version.key, std::nullopt});
          return true;
        }));
  }
  return absl::OkStatus();
}

}  // namespace reeve::apiserver
