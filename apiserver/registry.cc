#include "apiserver/registry.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "apiserver/access.h"
#include "apiserver/admission.h"
#include "apiserver/attempt.h"
#include "apiserver/deletion.h"
#include "apiserver/encoded_object.h"
#include "apiserver/keys.h"
#include "apiserver/list_cursor.h"
#include "apiserver/list_token.h"
#include "apiserver/namespace_memory.h"
#include "apiserver/object_index.h"
#include "apiserver/patch.h"
#include "apiserver/strategies.h"
#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/formats.h"

namespace reeve::apiserver {
namespace {

// Kubernetes' rule. It becomes part of the object, which must be readable again.
absl::Status CheckManager(std::string_view manager) {
  const std::string wrong = schema::WhyNotText(manager);
  if (!wrong.empty() || manager.find_first_of("\n\t") != std::string_view::npos)
    return InvalidArgument("fieldManager: must be printable characters");
  if (manager.size() > kFieldManagerBytesMax)
    return InvalidArgument("fieldManager: must be at most {} bytes", kFieldManagerBytesMax);
  return absl::OkStatus();
}

absl::StatusOr<const schema::Kind*> FindKind(const schema::KindRegistry& kinds,
                                             const std::string& name) {
  const schema::Kind* kind = kinds.FindByName(name);
  if (kind == nullptr)
    return InvalidArgument("the server doesn't have a resource type \"{}\"", name);
  return kind;
}

// The key as the store has it: "default" where a namespace is needed and left out, none where none
// is.
ObjectKey FullKey(const schema::Kind& kind, const ObjectKey& key) {
  if (!kind.namespaced()) return {key.kind, "", key.name};
  return {key.kind, key.ns.empty() ? std::string(kDefaultNamespace) : key.ns, key.name};
}

// The kind of `key`, which `who` may do `verb` to.
absl::StatusOr<const schema::Kind*> PermittedKind(const schema::KindRegistry& kinds,
                                                  const Identity& who, Verb verb,
                                                  const ObjectKey& key) {
  ASSIGN_OR_RETURN(const schema::Kind* kind, FindKind(kinds, key.kind));
  RETURN_IF_ERROR(CheckVerb(who, verb, *kind, key.name));
  return kind;
}

// The bytes of an Object, of what the store has of it.
absl::StatusOr<std::string> EncodedVersion(const schema::KindRegistry& kinds,
                                           const store::Version& version) {
  if (const auto encoded = EncodedObject::Of(version); encoded.has_value()) {
    std::string bytes;
    bytes.reserve(encoded->size());
    encoded->AppendTo(&bytes);
    return bytes;
  }
  ASSIGN_OR_RETURN(const ObjectPtr object, DecodeFromStore(kinds, version));
  return schema::Encode(*object);
}

v1::ApplyResult::Action ActionOf(const Planned& plan) {
  if (plan.before == nullptr) return v1::ApplyResult::CREATED;
  return plan.changed ? v1::ApplyResult::CONFIGURED : v1::ApplyResult::UNCHANGED;
}

absl::Status CheckApply(const std::vector<ApplyItem>& items) {
  if (items.empty()) return InvalidArgument("objects: required");
  if (items.size() <= static_cast<size_t>(kApplyObjectsMax)) return absl::OkStatus();
  return InvalidArgument("objects: {} in one request, more than the {} allowed", items.size(),
                         kApplyObjectsMax);
}

absl::Status CheckDistinct(const std::vector<Planned>& planned) {
  std::set<ObjectKey> seen;
  for (const Planned& plan : planned) {
    const ObjectKey key = schema::KeyOf(plan.after != nullptr ? *plan.after : *plan.before);
    if (!seen.insert(key).second)
      return InvalidArgument("{} is more than once in this request", ToString(key));
  }
  return absl::OkStatus();
}

// Cluster kinds first, so that what a request's objects stand in and run on is there when they are
// checked.
std::vector<size_t> ApplyOrder(const schema::KindRegistry& kinds,
                               const std::vector<ApplyItem>& items) {
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_partition(order.begin(), order.end(), [&](size_t i) {
    const schema::Kind* kind = schema::KindOf(*items[i].object, kinds);
    return kind != nullptr && !kind->namespaced();
  });
  return order;
}

absl::StatusOr<std::vector<MentionTree>> AllMentions(const std::vector<ApplyItem>& items) {
  std::vector<MentionTree> result;
  for (const ApplyItem& item : items) {
    ASSIGN_OR_RETURN(MentionTree tree, ParseMentions(item.mentioned));
    result.push_back(std::move(tree));
  }
  return result;
}

}  // namespace

Registry::Registry(Options options)
    : options_(std::move(options)),
      index_(std::make_unique<ObjectIndex>(options_.store, options_.kinds)),
      namespaces_(std::make_unique<NamespaceMemory>()) {}

Registry::~Registry() = default;

absl::StatusOr<std::unique_ptr<Attempt>> Registry::Begin(NamespaceMemory* memory) const {
  ASSIGN_OR_RETURN(std::unique_ptr<store::ReadView> view, options_.store->Read());
  return std::make_unique<Attempt>(std::move(view), options_.kinds, memory);
}

absl::StatusOr<Registry::Outcome> Registry::Stage(Attempt* attempt, Admission* admission,
                                                  const Prepare& prepare) const {
  ASSIGN_OR_RETURN(std::vector<Planned> planned, prepare(attempt, admission));
  RETURN_IF_ERROR(CheckDistinct(planned));
  RETURN_IF_ERROR(admission->Check());
  RETURN_IF_ERROR(admission->Stage(&planned));
  Outcome outcome;
  for (Planned& plan : planned) {
    Written& written = outcome.written.emplace_back();
    written.action = ActionOf(plan);
    written.gone = plan.after == nullptr;
    written.object = written.gone ? CloneObject(*plan.before) : std::move(plan.after);
  }
  outcome.revision = attempt->view().revision();
  return outcome;
}

absl::StatusOr<Registry::Outcome> Registry::Write(const Identity& who, const WriteOptions& options,
                                                  const Prepare& prepare) {
  const std::string& manager = options.manager.empty() ? who.name : options.manager;
  RETURN_IF_ERROR(CheckManager(manager));
  for (int i = 0; i < kCommitAttemptsMax; ++i) {
    // What is remembered is good for one try, and only if a commit shows that it still held.
    NamespaceMemory* const memory = i == 0 && !options.dry_run ? namespaces_.get() : nullptr;
    ASSIGN_OR_RETURN(const std::unique_ptr<Attempt> attempt, Begin(memory));
    const Now now = options_.clock->Read();
    Admission admission(attempt.get(), {.who = who,
                                        .manager = manager,
                                        .force = options.force,
                                        .now = now,
                                        .new_uid = &options_.new_uid});
    ASSIGN_OR_RETURN(Outcome outcome, Stage(attempt.get(), &admission, prepare));
    if (options.dry_run || attempt->empty()) return outcome;
    const store::CommitResult result = options_.store->Commit(attempt->TakeTxn(now.wall, manager));
    if (result.status.ok()) return Committed(std::move(outcome), result.revision);
    if (!absl::IsAborted(result.status)) return result.status;
    namespaces_->Forget();
  }
  return Aborted("others changed the same objects {} times in a row; try again",
                 kCommitAttemptsMax);
}

Registry::Outcome Registry::Committed(Outcome outcome, Revision revision) {
  outcome.revision = revision;
  for (Written& written : outcome.written) {
    const bool changed = written.action != v1::ApplyResult::UNCHANGED && !written.gone;
    if (changed) SetResourceVersion(written.object.get(), revision);
  }
  return outcome;
}

absl::Status Registry::EnsureNamespace(std::string_view name) {
  const schema::Kind* kind = options_.kinds->FindByName("Namespace");
  if (kind == nullptr) return absl::OkStatus();
  const ObjectPtr object = NewMessage(*options_.kinds);
  object->GetReflection()->MutableMessage(object.get(), kind->field);
  schema::MutableMeta(object.get())->set_name(std::string(name));
  const absl::Status status = Create(Identity::Controller("apiserver"), *object, {}).status();
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status Registry::EnsureNamespaces() {
  RETURN_IF_ERROR(EnsureNamespace(kDefaultNamespace));
  return EnsureNamespace(kSystemNamespace);
}

absl::StatusOr<ObjectPtr> Registry::Get(const Identity& who, const ObjectKey& key) const {
  ASSIGN_OR_RETURN(const schema::Kind* kind, PermittedKind(*options_.kinds, who, Verb::kGet, key));
  ASSIGN_OR_RETURN(const std::unique_ptr<Attempt> attempt, Begin());
  ASSIGN_OR_RETURN(const Message* object, attempt->Find(FullKey(*kind, key)));
  if (object == nullptr) return NotFoundError(*kind, key.name);
  RETURN_IF_ERROR(CheckObject(who, *kind, *object));
  return CloneObject(*object);
}

absl::StatusOr<std::string> Registry::GetEncoded(const Identity& who, const ObjectKey& key) const {
  if (MustLookInside(who)) {
    ASSIGN_OR_RETURN(const ObjectPtr object, Get(who, key));
    return schema::Encode(*object);
  }
  ASSIGN_OR_RETURN(const schema::Kind* kind, PermittedKind(*options_.kinds, who, Verb::kGet, key));
  ASSIGN_OR_RETURN(const std::unique_ptr<store::ReadView> view, options_.store->Read());
  const ObjectKey full = FullKey(*kind, key);
  ASSIGN_OR_RETURN(const std::optional<store::Version> version,
                   view->Get(ObjectStoreKey(*kind, full.ns, full.name)));
  if (!version.has_value()) return NotFoundError(*kind, key.name);
  return EncodedVersion(*options_.kinds, *version);
}

absl::StatusOr<ObjectHistory> Registry::HistoryOf(const Identity& who, const schema::Kind& kind,
                                                  const ObjectKey& key) const {
  RETURN_IF_ERROR(CheckVerb(who, Verb::kGet, kind, key.name));
  return ObjectHistory::Read(options_.store, *options_.kinds, kind, FullKey(kind, key));
}

absl::StatusOr<ObjectPtr> Registry::GetAt(const Identity& who, const ObjectKey& key,
                                          const Moment& moment) const {
  ASSIGN_OR_RETURN(const schema::Kind* kind, FindKind(*options_.kinds, key.kind));
  ASSIGN_OR_RETURN(const ObjectHistory history, HistoryOf(who, *kind, key));
  return history.At(moment, options_.clock->Read().wall,
                    [&](const Message& object) { return CheckObject(who, *kind, object).ok(); });
}

absl::StatusOr<std::vector<PastObject>> Registry::History(const Identity& who, const ObjectKey& key,
                                                          int limit) const {
  ASSIGN_OR_RETURN(const schema::Kind* kind, FindKind(*options_.kinds, key.kind));
  ASSIGN_OR_RETURN(const ObjectHistory history, HistoryOf(who, *kind, key));
  return history.Versions(
      limit, [&](const Message& object) { return CheckObject(who, *kind, object).ok(); });
}

absl::StatusOr<std::unique_ptr<ListCursor>> Registry::OpenList(
    const Identity& who, const v1::ListRequest& request) const {
  ASSIGN_OR_RETURN(schema::Matcher matcher,
                   schema::Matcher::Parse(request.selector(), *options_.kinds));
  RETURN_IF_ERROR(CheckVerb(who, Verb::kList, matcher.kind(), ""));
  RETURN_IF_ERROR(CheckSelector(who, Verb::kList, matcher));
  const KeyRange range =
      ObjectRange(matcher.kind(), matcher.kind().namespaced() ? matcher.ns() : "");
  ASSIGN_OR_RETURN(ListToken token, ParseListToken(request.continue_(), range));
  ASSIGN_OR_RETURN(Candidates candidates, index_->Find(matcher, token.revision));
  return std::make_unique<ListCursor>(ListCursor::Options{.kinds = options_.kinds,
                                                          .matcher = std::move(matcher),
                                                          .candidates = std::move(candidates),
                                                          .token = std::move(token),
                                                          .limit = request.limit(),
                                                          .epoch = options_.store->epoch()});
}

absl::StatusOr<v1::ListSummary> Registry::List(const Identity& who, const v1::ListRequest& request,
                                               const std::function<void(ObjectPtr)>& visit) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<ListCursor> cursor, OpenList(who, request));
  absl::Status decoded;
  const absl::StatusOr<bool> end = cursor->Next([&](const store::Version& version) {
    absl::StatusOr<ObjectPtr> object = DecodeFromStore(*options_.kinds, version);
    decoded = object.status();
    if (decoded.ok()) visit(*std::move(object));
    return decoded.ok();
  });
  RETURN_IF_ERROR(end.status());
  RETURN_IF_ERROR(decoded);
  return cursor->Summary();
}

absl::StatusOr<ObjectPtr> Registry::WriteOne(
    const Identity& who, const WriteOptions& options,
    const std::function<absl::StatusOr<Planned>(Admission*)>& prepare) {
  ASSIGN_OR_RETURN(
      Outcome outcome,
      Write(who, options,
            [&](Attempt*, Admission* admission) -> absl::StatusOr<std::vector<Planned>> {
              std::vector<Planned> planned(1);
              ASSIGN_OR_RETURN(planned[0], prepare(admission));
              return planned;
            }));
  return std::move(outcome.written[0].object);
}

absl::StatusOr<ObjectPtr> Registry::Create(const Identity& who, const Message& object,
                                           const WriteOptions& options) {
  return WriteOne(who, options,
                  [&](Admission* admission) { return admission->PrepareCreate(object); });
}

absl::StatusOr<ObjectPtr> Registry::Update(const Identity& who, const Message& object,
                                           const WriteOptions& options) {
  return WriteOne(who, options,
                  [&](Admission* admission) { return admission->PrepareUpdate(object); });
}

absl::StatusOr<ObjectPtr> Registry::UpdateStatus(const Identity& who, const Message& object,
                                                 const WriteOptions& options) {
  return WriteOne(who, options,
                  [&](Admission* admission) { return admission->PrepareStatus(object); });
}

absl::StatusOr<ObjectPtr> Registry::Patch(const Identity& who, const v1::PatchRequest& request) {
  ASSIGN_OR_RETURN(const schema::Kind* kind, FindKind(*options_.kinds, request.key().kind()));
  const ObjectKey key =
      FullKey(*kind, {kind->name, request.key().namespace_(), request.key().name()});
  const Verb verb = request.status() ? Verb::kUpdateStatus : Verb::kUpdate;
  RETURN_IF_ERROR(CheckVerb(who, verb, *kind, key.name));
  ASSIGN_OR_RETURN(
      Outcome outcome,
      Write(who, {request.field_manager(), request.dry_run()},
            [&](Attempt* attempt, Admission* admission) -> absl::StatusOr<std::vector<Planned>> {
              ASSIGN_OR_RETURN(const Message* live, attempt->Find(key));
              if (live == nullptr) return NotFoundError(*kind, key.name);
              RETURN_IF_ERROR(CheckObject(who, *kind, *live));
              ASSIGN_OR_RETURN(const ObjectPtr update, UpdateOf(*options_.kinds, *live, request));
              std::vector<Planned> planned(1);
              ASSIGN_OR_RETURN(planned[0], request.status() ? admission->PrepareStatus(*update)
                                                            : admission->PrepareUpdate(*update));
              return planned;
            }));
  return std::move(outcome.written[0].object);
}

absl::StatusOr<ApplyOutcome> Registry::Apply(const Identity& who,
                                             const std::vector<ApplyItem>& items,
                                             const WriteOptions& options) {
  RETURN_IF_ERROR(CheckApply(items));
  ASSIGN_OR_RETURN(const std::vector<MentionTree> mentions, AllMentions(items));
  const std::vector<size_t> order = ApplyOrder(*options_.kinds, items);
  ASSIGN_OR_RETURN(
      Outcome outcome,
      Write(who, options,
            [&](Attempt*, Admission* admission) -> absl::StatusOr<std::vector<Planned>> {
              std::vector<Planned> planned(items.size());
              for (const size_t i : order) {
                ASSIGN_OR_RETURN(planned[i],
                                 options.status
                                     ? admission->PrepareApplyStatus(*items[i].object, mentions[i])
                                     : admission->PrepareApply(*items[i].object, mentions[i]));
              }
              return planned;
            }));
  ApplyOutcome result;
  result.revision = outcome.revision;
  for (Written& written : outcome.written)
    result.results.push_back({written.action, std::move(written.object)});
  return result;
}

absl::StatusOr<bool> Registry::IsCounted(const Identity& who, const schema::Kind& kind,
                                         const std::string& ns) const {
  const Strategy* strategy = FindStrategy(kind);
  const bool light = strategy != nullptr && strategy->goes_with_namespace;
  if (who.role != Identity::Role::kAdmin || !kind.namespaced() || light) return false;
  ASSIGN_OR_RETURN(const std::unique_ptr<Attempt> attempt, Begin());
  if (attempt->kinds().FindByName("Namespace") == nullptr) return true;
  ASSIGN_OR_RETURN(const Message* found, attempt->Find({"Namespace", "", ns}));
  if (found == nullptr) return true;
  const auto& annotations = schema::Meta(*found).annotations();
  const auto said = annotations.find(std::string(kMassDeletionAnnotation));
  return said == annotations.end() || said->second != "allowed";
}

absl::Status Registry::CheckMassDeletion(const Identity& who, const std::string& kind_name,
                                         const std::string& ns, size_t count) {
  ASSIGN_OR_RETURN(const schema::Kind* kind, FindKind(*options_.kinds, kind_name));
  ASSIGN_OR_RETURN(const bool counted, IsCounted(who, *kind, ns));
  if (!counted) return absl::OkStatus();
  return budget_.Ask(who, {kind->name, ns, ""}, count, options_.clock->Read().mono);
}

absl::StatusOr<Deleted> Registry::Delete(const Identity& who, const v1::DeleteRequest& request) {
  ASSIGN_OR_RETURN(const schema::Kind* kind, FindKind(*options_.kinds, request.key().kind()));
  const ObjectKey key =
      FullKey(*kind, {kind->name, request.key().namespace_(), request.key().name()});
  if (kind->name == "Namespace") return DeleteNamespace(who, key, request);
  ASSIGN_OR_RETURN(const bool counted, IsCounted(who, *kind, key.ns));
  const absl::Duration now = options_.clock->Read().mono;
  if (counted && !request.dry_run()) RETURN_IF_ERROR(budget_.Ask(who, key, 1, now));
  ASSIGN_OR_RETURN(Outcome outcome,
                   Write(who, {"", request.dry_run()},
                         [&](Attempt* attempt, Admission*) -> absl::StatusOr<std::vector<Planned>> {
                           std::vector<Planned> planned(1);
                           ASSIGN_OR_RETURN(planned[0], PlanDelete(attempt, who, key, request,
                                                                   options_.clock->Read()));
                           return planned;
                         }));
  // Only what was there counts. Of requests at once a few too many may pass.
  if (counted && !request.dry_run()) budget_.Take(who, key, now);
  return Deleted{outcome.written[0].gone, std::move(outcome.written[0].object)};
}

absl::StatusOr<Deleted> Registry::DeleteNamespace(const Identity& who, const ObjectKey& key,
                                                  const v1::DeleteRequest& request) {
  ASSIGN_OR_RETURN(Outcome marked,
                   Write(who, {"", request.dry_run()},
                         [&](Attempt* attempt, Admission*) -> absl::StatusOr<std::vector<Planned>> {
                           std::vector<Planned> planned(1);
                           ASSIGN_OR_RETURN(planned[0],
                                            PlanNamespaceDelete(attempt, who, key, request,
                                                                options_.clock->Read()));
                           return planned;
                         }));
  if (request.dry_run()) return Deleted{false, std::move(marked.written[0].object)};
  ASSIGN_OR_RETURN(
      Outcome ended,
      Write(who, {}, [&](Attempt* attempt, Admission*) -> absl::StatusOr<std::vector<Planned>> {
        std::vector<Planned> planned(1);
        ASSIGN_OR_RETURN(planned[0], PlanNamespaceEnd(attempt, key));
        return planned;
      }));
  return Deleted{ended.written[0].gone, std::move(ended.written[0].object)};
}

}  // namespace reeve::apiserver
