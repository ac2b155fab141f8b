#include "apiserver/admission.h"

#include <algorithm>
#include <set>

#include "apiserver/access.h"
#include "apiserver/deletion.h"
#include "apiserver/field_ownership.h"
#include "apiserver/fields.h"
#include "apiserver/keys.h"
#include "apiserver/ownership.h"
#include "apiserver/quota.h"
#include "apiserver/strategies.h"
#include "apiserver/timestamps.h"
#include "apiserver/violations.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/phases.h"

namespace reeve::apiserver {
namespace {

using google::protobuf::FieldDescriptor;
using schema::Violations;

// Operations in managedFields.
constexpr std::string_view kApply = "Apply";
constexpr std::string_view kUpdate = "Update";

// Metadata that only the server writes is what it was; nothing, for a new object.
void KeepServerOwned(const Message* before, Message* after) {
  const v1::ObjectMeta* from = before == nullptr ? nullptr : &schema::Meta(*before);
  v1::ObjectMeta* to = schema::MutableMeta(after);
  std::vector<const FieldDescriptor*> owned;
  for (int i = 0; i < to->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = to->GetDescriptor()->field(i);
    if (field->options().GetExtension(v1::rules).server_owned()) owned.push_back(field);
  }
  CopyFields(from, to, owned);
}

// Values that a claim allocates are what they were; unset, for a new object.
void KeepAllocated(const schema::Kind& kind, const Message* before, Message* after) {
  for (const v1::Claim& claim : kind.options.claims()) {
    if (claim.allocate_first() == 0 || !HasParent(*after, claim.fields(0))) continue;
    SetInt(after, claim.fields(0), before == nullptr ? 0 : GetInt(*before, claim.fields(0)));
  }
}

absl::Status CheckPhase(const schema::Kind& kind, const Message& before, const Message& after) {
  const schema::Lifecycle* lifecycle = schema::FindLifecycle(kind.options.lifecycle());
  if (lifecycle == nullptr) return absl::OkStatus();
  const std::string from = schema::Phase(before);
  const std::string to = schema::Phase(after);
  if (from == to || schema::TransitionAllowed(*lifecycle, from, to)) return absl::OkStatus();
  const std::vector<std::string> allowed = schema::PhasesAfter(*lifecycle, from);
  return FailedPrecondition("{}: status.phase cannot go from {} to {}; from {} it can go to {}",
                            ToString(schema::KeyOf(before)), from, to.empty() ? "nothing" : to,
                            from, allowed.empty() ? "nothing" : Join(allowed, ", "));
}

// What a finalizer holds back can no longer be added to.
void CheckFinalizers(const Message& before, const Message& after, Violations* violations) {
  if (!schema::Meta(before).has_deletion_timestamp()) return;
  const auto& old = schema::Meta(before).finalizers();
  for (const std::string& finalizer : schema::Meta(after).finalizers()) {
    if (std::find(old.begin(), old.end(), finalizer) != old.end()) continue;
    AddViolation(violations, "metadata.finalizers",
                 fmt::format("no new finalizers can be added while the object is being deleted: {}",
                             finalizer));
  }
}

// A status may be written beside a spec that newer rules would refuse.
Violations OnlyStatus(const Violations& all) {
  Violations result;
  for (const v1::FieldViolation& violation : all) {
    if (violation.field().rfind("status", 0) == 0) result.push_back(violation);
  }
  return result;
}

void SetInitialPhase(const schema::Kind& kind, Message* object) {
  const schema::Lifecycle* lifecycle = schema::FindLifecycle(kind.options.lifecycle());
  if (lifecycle != nullptr) schema::SetPhase(object, lifecycle->initial);
}

bool Finished(const Message& object) {
  return schema::Meta(object).has_deletion_timestamp() && schema::Meta(object).finalizers().empty();
}

// A uid that a request says is the object's that it means. Kubernetes' words.
absl::Status CheckUid(const schema::Kind& kind, const Message& request, const Message* before) {
  const v1::ObjectMeta& meta = schema::Meta(request);
  if (meta.uid().empty() || (before != nullptr && meta.uid() == schema::Meta(*before).uid()))
    return absl::OkStatus();
  const std::string what =
      fmt::format("Operation cannot be fulfilled on {} \"{}\": ", kind.plural, meta.name());
  if (before == nullptr) {
    return Aborted(
        "{}uid mismatch: the provided object specified uid {}, and no existing object was found",
        what, meta.uid());
  }
  return Aborted("{}Precondition failed: UID in precondition: {}, UID in object meta: {}", what,
                 meta.uid(), schema::Meta(*before).uid());
}

// An apply that says a resourceVersion means the object as it was then.
absl::Status CheckUnmodified(const schema::Kind& kind, const Message& applied,
                             const Message* before) {
  RETURN_IF_ERROR(CheckUid(kind, applied, before));
  const v1::ObjectMeta& meta = schema::Meta(applied);
  if (meta.resource_version().empty()) return absl::OkStatus();
  if (before == nullptr || RevisionOf(applied) != RevisionOf(*before))
    return ModifiedError(kind, meta.name());
  return absl::OkStatus();
}

absl::Status CheckSize(const Message& object) {
  const size_t size = object.ByteSizeLong();
  if (size <= kObjectBytesMax) return absl::OkStatus();
  return ResourceExhausted("{} has {} bytes, more than the {} allowed",
                           ToString(schema::KeyOf(object)), size, kObjectBytesMax);
}

}  // namespace

Admission::Admission(Attempt* attempt, Options options)
    : attempt_(attempt), options_(std::move(options)) {}

absl::StatusOr<ObjectPtr> Admission::Normalise(const Message& request) const {
  if (request.GetDescriptor() != attempt_->kinds().object())
    return InvalidArgument("not an object of this server");
  const schema::Kind* kind = schema::KindOf(request, attempt_->kinds());
  if (kind == nullptr)
    return InvalidArgument("the object is empty, or of a kind that this server does not know");
  ObjectPtr object = CloneObject(request);
  v1::ObjectMeta* meta = schema::MutableMeta(object.get());
  if (kind->namespaced() && meta->namespace_().empty())
    meta->set_namespace_(std::string(kDefaultNamespace));
  schema::Canonicalize(object.get());
  return object;
}

void Admission::Report(const Message& object, Violations violations) {
  if (violations.empty()) return;
  const ObjectKey key = schema::KeyOf(object);
  for (v1::FieldViolation& violation : violations) violation.set_object(ToString(key));
  violations_.emplace_back(key, std::move(violations));
}

// Everything that is the same for a new and a changed object, once the server's own fields are in
// place.
absl::Status Admission::Complete(const Message* before, Message* after) {
  const schema::Kind& kind = KindOf(*after);
  const Strategy* strategy = FindStrategy(kind);
  schema::ApplyDefaults(after);
  if (strategy != nullptr && strategy->prepare != nullptr)
    strategy->prepare(before, options_.now, after);
  Violations violations = schema::Validate(*after);
  if (before != nullptr) {
    for (v1::FieldViolation& violation : schema::ValidateUpdate(*before, *after))
      violations.push_back(violation);
    CheckFinalizers(*before, *after, &violations);
  }
  if (strategy != nullptr && strategy->validate != nullptr) {
    RETURN_IF_ERROR(strategy->validate(attempt_, *after, &violations));
  }
  RETURN_IF_ERROR(CheckOwners(attempt_, before, *after, &violations));
  Report(*after, std::move(violations));
  RETURN_IF_ERROR(CheckWritten(options_.who, kind, *after));
  return CheckSize(*after);
}

ManagedWrite Admission::WriteOf(std::string_view operation, std::string_view subresource) const {
  return {options_.manager, operation, subresource, options_.now.wall};
}

void Admission::Record(const Message* before, const ManagedPaths* said, std::string_view operation,
                       std::string_view subresource, Message* after) const {
  RecordManagedFields(WriteOf(operation, subresource), before, said, after);
}

absl::Status Admission::RequireNamespace(const schema::Kind& kind, const std::string& ns,
                                         const std::string& name) {
  const schema::Kind* namespaces = attempt_->kinds().FindByName("Namespace");
  if (!kind.namespaced() || namespaces == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Message* found, attempt_->FindNamespace(ns));
  if (found == nullptr) return NotFoundError(*namespaces, ns);
  if (schema::Meta(*found).has_deletion_timestamp()) {
    return FailedPrecondition(
        "{} \"{}\" is forbidden: unable to create new content in namespace {} because it is being "
        "terminated",
        kind.plural, name, ns);
  }
  // One that is made by this very request has no revision yet, and its own precondition.
  if (RevisionOf(*found) != 0) {
    attempt_->Require(store::MustBeAt(ObjectStoreKey(*namespaces, "", ns), RevisionOf(*found)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Planned> Admission::New(ObjectPtr object, std::string_view operation,
                                       const MentionTree& mentioned) {
  const schema::Kind& kind = KindOf(*object);
  const ObjectKey key = schema::KeyOf(*object);
  RETURN_IF_ERROR(CheckVerb(options_.who, Verb::kCreate, kind, key.name));
  RETURN_IF_ERROR(RequireNamespace(kind, key.ns, key.name));
  const ManagedPaths said =
      ManagedPathsOf(*object, MentionedZeros(schema::Inner(*object), mentioned), "");
  KeepServerOwned(nullptr, object.get());
  CopyPart(nullptr, object.get(), "status");
  KeepAllocated(kind, nullptr, object.get());
  v1::ObjectMeta* meta = schema::MutableMeta(object.get());
  meta->set_uid((*options_.new_uid)());
  *meta->mutable_creation_timestamp() =
      ToTimestamp(absl::FromUnixSeconds(absl::ToUnixSeconds(options_.now.wall)));
  meta->set_generation(1);
  SetInitialPhase(kind, object.get());
  RETURN_IF_ERROR(Complete(nullptr, object.get()));
  Record(nullptr, &said, operation, "", object.get());
  attempt_->Preview(*object);
  return Planned{nullptr, std::move(object)};
}

absl::StatusOr<Planned> Admission::PrepareCreate(const Message& request) {
  ASSIGN_OR_RETURN(ObjectPtr object, Normalise(request));
  const ObjectKey key = schema::KeyOf(*object);
  RETURN_IF_ERROR(CheckVerb(options_.who, Verb::kCreate, KindOf(*object), key.name));
  if (!schema::Meta(*object).resource_version().empty())
    return InvalidArgument(
        "metadata.resourceVersion: resourceVersion should not be set on objects to be created");
  ASSIGN_OR_RETURN(const Message* present, attempt_->Find(key));
  if (present != nullptr) return ExistsError(KindOf(*object), key.name);
  return New(std::move(object), kUpdate, {});
}

absl::StatusOr<Planned> Admission::Changed(const Message* before, ObjectPtr after,
                                           const ManagedPaths* applied) {
  const schema::Kind& kind = KindOf(*before);
  KeepServerOwned(before, after.get());
  CopyPart(before, after.get(), "status");
  KeepAllocated(kind, before, after.get());
  RETURN_IF_ERROR(Complete(before, after.get()));
  if (schema::SpecDiffers(*before, *after)) {
    v1::ObjectMeta* meta = schema::MutableMeta(after.get());
    meta->set_generation(meta->generation() + 1);
  }
  Planned planned{before, CloneObject(*after)};
  Record(before, applied, applied == nullptr ? kUpdate : kApply, "", planned.after.get());
  const bool same_managers = schema::Encode(*planned.after) == schema::Encode(*after);
  if (SameContent(*before, *after) && same_managers) {
    planned.after = CloneObject(*before);
    planned.changed = false;
  } else if (Finished(*planned.after)) {
    planned.after = nullptr;
  }
  if (planned.after != nullptr) attempt_->Preview(*planned.after);
  return planned;
}

absl::StatusOr<const Message*> Admission::FindForWrite(const Message& request) {
  const schema::Kind& kind = KindOf(request);
  const v1::ObjectMeta& meta = schema::Meta(request);
  ASSIGN_OR_RETURN(const Message* before, attempt_->Find(schema::KeyOf(request)));
  if (before == nullptr) return NotFoundError(kind, meta.name());
  RETURN_IF_ERROR(CheckObject(options_.who, kind, *before));
  if (meta.resource_version().empty()) {
    Violations missing;
    AddViolation(&missing, "metadata.resourceVersion", "must be specified for an update");
    return schema::ToStatus(missing, schema::KeyOf(request));
  }
  RETURN_IF_ERROR(CheckUid(kind, request, before));
  if (RevisionOf(request) != RevisionOf(*before)) return ModifiedError(kind, meta.name());
  return before;
}

absl::StatusOr<Planned> Admission::PrepareUpdate(const Message& request) {
  ASSIGN_OR_RETURN(ObjectPtr object, Normalise(request));
  RETURN_IF_ERROR(
      CheckVerb(options_.who, Verb::kUpdate, KindOf(*object), schema::Meta(*object).name()));
  ASSIGN_OR_RETURN(const Message* before, FindForWrite(*object));
  return Changed(before, std::move(object), nullptr);
}

absl::StatusOr<Planned> Admission::PrepareApply(const Message& request,
                                                const MentionTree& mentioned) {
  ASSIGN_OR_RETURN(ObjectPtr object, Normalise(request));
  const schema::Kind& kind = KindOf(*object);
  ASSIGN_OR_RETURN(const Message* before, attempt_->Find(schema::KeyOf(*object)));
  if (before == nullptr) {
    RETURN_IF_ERROR(CheckUnmodified(kind, *object, nullptr));
    return New(std::move(object), kApply, mentioned);
  }
  RETURN_IF_ERROR(CheckVerb(options_.who, Verb::kUpdate, kind, schema::Meta(*object).name()));
  RETURN_IF_ERROR(CheckObject(options_.who, kind, *before));
  RETURN_IF_ERROR(CheckUnmodified(kind, *object, before));
  ObjectPtr after = CloneObject(*before);
  MergeMentioned(schema::Inner(*object), mentioned, schema::MutableInner(after.get()));
  schema::Canonicalize(after.get());
  const ManagedWrite write = WriteOf(kApply, "");
  if (!options_.force) RETURN_IF_ERROR(CheckConflicts(write, *before, *after));
  const std::vector<FieldPath> zeros = MentionedZeros(schema::Inner(*object), mentioned);
  RemoveDropped(write, *before, *object, zeros, after.get());
  const ManagedPaths said = ManagedPathsOf(*object, zeros, "");
  return Changed(before, std::move(after), &said);
}

absl::StatusOr<Planned> Admission::PrepareStatus(const Message& request) {
  ASSIGN_OR_RETURN(ObjectPtr object, Normalise(request));
  const schema::Kind& kind = KindOf(*object);
  RETURN_IF_ERROR(CheckVerb(options_.who, Verb::kUpdateStatus, kind, schema::Meta(*object).name()));
  ASSIGN_OR_RETURN(const Message* before, FindForWrite(*object));
  ObjectPtr after = CloneObject(*before);
  CopyPart(object.get(), after.get(), "status");
  return ChangedStatus(before, std::move(after), nullptr);
}

absl::StatusOr<Planned> Admission::PrepareApplyStatus(const Message& request,
                                                      const MentionTree& mentioned) {
  ASSIGN_OR_RETURN(ObjectPtr object, Normalise(request));
  const schema::Kind& kind = KindOf(*object);
  RETURN_IF_ERROR(CheckVerb(options_.who, Verb::kUpdateStatus, kind, schema::Meta(*object).name()));
  ASSIGN_OR_RETURN(const Message* before, attempt_->Find(schema::KeyOf(*object)));
  if (before == nullptr) return NotFoundError(kind, schema::Meta(*object).name());
  RETURN_IF_ERROR(CheckObject(options_.who, kind, *before));
  RETURN_IF_ERROR(CheckUnmodified(kind, *object, before));
  ObjectPtr merged = CloneObject(*before);
  MergeMentioned(schema::Inner(*object), mentioned, schema::MutableInner(merged.get()));
  schema::Canonicalize(merged.get());
  const ManagedWrite write = WriteOf(kApply, "status");
  ObjectPtr after = CloneObject(*before);
  CopyPart(merged.get(), after.get(), "status");
  if (!options_.force) RETURN_IF_ERROR(CheckConflicts(write, *before, *after));
  const std::vector<FieldPath> zeros = MentionedZeros(schema::Inner(*object), mentioned);
  RemoveDropped(write, *before, *object, zeros, after.get());
  const ManagedPaths said = ManagedPathsOf(*object, zeros, "status");
  return ChangedStatus(before, std::move(after), &said);
}

// `applied` is what an apply says; null for an update.
absl::StatusOr<Planned> Admission::ChangedStatus(const Message* before, ObjectPtr after,
                                                 const ManagedPaths* applied) {
  RETURN_IF_ERROR(CheckPhase(KindOf(*before), *before, *after));
  if (const Strategy* strategy = FindStrategy(KindOf(*before));
      strategy != nullptr && strategy->check_status != nullptr)
    RETURN_IF_ERROR(strategy->check_status(*before, *after));
  Report(*after, OnlyStatus(schema::Validate(*after)));
  RETURN_IF_ERROR(CheckSize(*after));
  const bool same = SameContent(*before, *after);
  if (same && applied == nullptr) return Planned{before, std::move(after), false};
  Record(before, applied, applied == nullptr ? kUpdate : kApply, "status", after.get());
  if (same && schema::Encode(*before) == schema::Encode(*after))
    return Planned{before, std::move(after), false};
  return Planned{before, std::move(after)};
}

absl::Status Admission::Check() const {
  if (violations_.empty()) return absl::OkStatus();
  std::vector<std::string> texts;
  Violations all;
  for (const auto& [key, violations] : violations_) {
    texts.push_back(reeve::Message(schema::ToStatus(violations, key)));
    all.insert(all.end(), violations.begin(), violations.end());
  }
  return schema::WithViolations(InvalidArgument("{}", Join(texts, "\n")), all);
}

absl::Status ClaimConflict(const Violations& conflicts) {
  std::set<std::string> objects;
  for (const v1::FieldViolation& conflict : conflicts) objects.insert(conflict.object());
  std::vector<std::string> lines;
  for (const v1::FieldViolation& conflict : conflicts) {
    const std::string line = fmt::format("{}: {}", conflict.field(), conflict.message());
    lines.push_back(objects.size() > 1 ? conflict.object() + ": " + line : line);
  }
  return schema::WithViolations(AlreadyExists("{}", Join(lines, "\n")), conflicts);
}

absl::Status Admission::StageQuota(const std::vector<Planned>& planned) {
  QuotaLedger quota(attempt_);
  for (const auto part : {QuotaLedger::Part::kGivenBack, QuotaLedger::Part::kTaken}) {
    for (const Planned& plan : planned) {
      if (plan.changed) RETURN_IF_ERROR(quota.Add(plan.before, plan.after.get(), part));
    }
  }
  RETURN_IF_ERROR(quota.Check());
  quota.Flush();
  return absl::OkStatus();
}

absl::Status Admission::Stage(std::vector<Planned>* planned) {
  ClaimLedger ledger(attempt_);
  Violations conflicts;
  // Let go of everything first: two objects of one request may swap a name.
  for (Planned& plan : *planned) {
    if (plan.changed && plan.after != nullptr)
      RETURN_IF_ERROR(ledger.Allocate(plan.before, plan.after.get()));
    if (plan.changed) RETURN_IF_ERROR(ledger.ReleaseDropped(plan.before, plan.after.get()));
  }
  for (const Planned& plan : *planned) {
    if (plan.changed) RETURN_IF_ERROR(ledger.TakeAdded(plan.before, plan.after.get(), &conflicts));
  }
  if (!conflicts.empty()) return ClaimConflict(conflicts);
  RETURN_IF_ERROR(StageQuota(*planned));
  for (const Planned& plan : *planned) {
    if (!plan.changed) continue;
    if (plan.after == nullptr) RETURN_IF_ERROR(StageEnd(attempt_, *plan.before));
    attempt_->Stage(plan.before, plan.after.get());
  }
  ledger.Flush();
  return absl::OkStatus();
}

}  // namespace reeve::apiserver
