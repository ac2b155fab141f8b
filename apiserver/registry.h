// Requests into transactions: defaults -> validate -> strategy -> access -> preconditions -> one
// commit, for any kind.
//
// All that is known of a kind comes from its options; the few rules that options cannot say are in
// strategies.cc. Every write is one transaction: the object, its claims, and what must still hold
// when it commits. A write that lost a race is tried again on a fresh view, a bounded number of
// times; then it is ABORTED. A write that changes nothing writes nothing and returns the present
// object.
//
// What the server sets: uid, resourceVersion, creationTimestamp, generation (grows with the spec,
// and once when deletion begins), deletionTimestamp, managedFields, the first phase of the kind's
// lifecycle, values that a claim allocates, Lease.spec.renewTime. What a request says about those,
// and (but for UpdateStatus) about status, is ignored.
//
// Objects are Messages of the Object type that `kinds` was made from: v1::Object in the product
// (see api.h), another one in a test that brings kinds of its own.
//
// Errors: INVALID_ARGUMENT with every violation of every object of the request; NOT_FOUND;
// ALREADY_EXISTS for a name, or with violations for claims, all at once: `spec.domains[1]:
// "a.example" is held by Site default/blog`; ABORTED: the object has been modified;
// FAILED_PRECONDITION: a phase that may not follow, a namespace or an owner that is being deleted;
// PERMISSION_DENIED: no access, or no room in the namespace's quota; OUT_OF_RANGE: a page of a
// compacted revision; RESOURCE_EXHAUSTED: too large, or no space.
//
// Thread safety: safe; holds no thread, and no state of its own but what people deleted lately.
// Blocks for as long as Store::Commit does.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/delete_budget.h"
#include "apiserver/history.h"
#include "apiserver/identity.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/names.h"
#include "proto/schema/kind_registry.h"
#include "reeve/v1/resources.pb.h"
#include "store/store.h"

namespace reeve::apiserver {

using google::protobuf::Message;
using ObjectPtr = std::unique_ptr<Message>;

struct WriteOptions {
  std::string manager;   // Into managedFields; empty: the identity's name.
  bool dry_run = false;  // Everything but the commit.
  bool force = false;    // An Apply takes over what other managers own.
  bool status = false;   // An Apply of status, of objects that are there, and of nothing else.
};

// One object of an Apply.
struct ApplyItem {
  const Message* object = nullptr;
  // Field paths that the manifest mentions; only these are merged into the live object. Empty:
  // every field that is set.
  std::vector<std::string> mentioned;
};

struct Applied {
  v1::ApplyResult::Action action = v1::ApplyResult::UNCHANGED;
  ObjectPtr object;
};

struct ApplyOutcome {
  std::vector<Applied> results;  // In the order of the request.
  Revision revision = 0;         // Of the commit; of the view when nothing was written.
};

struct Deleted {
  bool gone = false;  // False: marked, waiting for its finalizers.
  ObjectPtr object;   // As it last was.
};

class Admission;
class Attempt;
class ListCursor;
class NamespaceMemory;
class ObjectIndex;
struct Planned;

class Registry {
 public:
  // Everything must outlive the registry. `new_uid` is called from the threads of the callers.
  struct Options {
    store::Store* store = nullptr;
    Clock* clock = nullptr;
    std::function<std::string()> new_uid;
    const schema::KindRegistry* kinds = &schema::KindRegistry::Get();
  };
  explicit Registry(Options options);
  ~Registry();

  // Makes the namespaces that always exist: default, reeve-system. Idempotent.
  absl::Status EnsureNamespaces();

  absl::StatusOr<ObjectPtr> Get(const Identity& who, const ObjectKey& key) const;
  // The same, as the bytes of an Object: made of the stored ones, without decoding them.
  absl::StatusOr<std::string> GetEncoded(const Identity& who, const ObjectKey& key) const;

  // As it was: see ObjectHistory. Whoever may get an object may see its past.
  absl::StatusOr<ObjectPtr> GetAt(const Identity& who, const ObjectKey& key,
                                  const Moment& moment) const;
  absl::StatusOr<std::vector<PastObject>> History(const Identity& who, const ObjectKey& key,
                                                  int limit) const;

  // Calls `visit` for every object of one consistent revision, in order of namespace and name. The
  // summary says that it is complete, and how to go on.
  absl::StatusOr<v1::ListSummary> List(const Identity& who, const v1::ListRequest& request,
                                       const std::function<void(ObjectPtr)>& visit) const;

  // The same, some objects at a time, as they are stored.
  absl::StatusOr<std::unique_ptr<ListCursor>> OpenList(const Identity& who,
                                                       const v1::ListRequest& request) const;

  absl::StatusOr<ObjectPtr> Create(const Identity& who, const Message& object,
                                   const WriteOptions& options);
  // Everything but status. metadata.resourceVersion must be the present one. Removes the object
  // when it is being deleted and this takes its last finalizer away.
  absl::StatusOr<ObjectPtr> Update(const Identity& who, const Message& object,
                                   const WriteOptions& options);
  // Only status. metadata.resourceVersion must be the present one. The phase moves along the kind's
  // lifecycle.
  absl::StatusOr<ObjectPtr> UpdateStatus(const Identity& who, const Message& object,
                                         const WriteOptions& options);
  // What the request's document makes of the live object, as an Update or UpdateStatus, whoever
  // else writes: tried again on what they wrote, unless the document carries a resourceVersion.
  absl::StatusOr<ObjectPtr> Patch(const Identity& who, const v1::PatchRequest& request);
  // All or none, in one transaction, at most kApplyObjectsMax. Lists with a merge key and sets are
  // merged item by item, other lists replaced; what a manifest does not mention stays.
  absl::StatusOr<ApplyOutcome> Apply(const Identity& who, const std::vector<ApplyItem>& items,
                                     const WriteOptions& options);
  // PERMISSION_DENIED also for a person who deletes too much, see DeleteBudget.
  absl::StatusOr<Deleted> Delete(const Identity& who, const v1::DeleteRequest& request);
  // Whether `who` may delete `count` objects of this kind and namespace now, before the first goes.
  absl::Status CheckMassDeletion(const Identity& who, const std::string& kind,
                                 const std::string& ns, size_t count);

  // What List and watches find indexed objects by.
  ObjectIndex* index() const { return index_.get(); }
  const schema::KindRegistry& kinds() const { return *options_.kinds; }
  store::Store* store() const { return options_.store; }

 private:
  // What one object of a request came to.
  struct Written {
    v1::ApplyResult::Action action = v1::ApplyResult::UNCHANGED;
    bool gone = false;
    ObjectPtr object;
  };
  struct Outcome {
    std::vector<Written> written;
    Revision revision = 0;
  };
  // Says what is to be written, on a fresh view; called again for each attempt.
  using Prepare = std::function<absl::StatusOr<std::vector<Planned>>(Attempt*, Admission*)>;

  absl::StatusOr<std::unique_ptr<Attempt>> Begin(NamespaceMemory* memory = nullptr) const;
  absl::StatusOr<ObjectHistory> HistoryOf(const Identity& who, const schema::Kind& kind,
                                          const ObjectKey& key) const;
  // Prepares, stages and commits, again and again while others win the race.
  absl::StatusOr<Outcome> Write(const Identity& who, const WriteOptions& options,
                                const Prepare& prepare);
  absl::StatusOr<ObjectPtr> WriteOne(
      const Identity& who, const WriteOptions& options,
      const std::function<absl::StatusOr<Planned>(Admission*)>& prepare);
  absl::StatusOr<Outcome> Stage(Attempt* attempt, Admission* admission,
                                const Prepare& prepare) const;
  static Outcome Committed(Outcome outcome, Revision revision);
  absl::StatusOr<Deleted> DeleteNamespace(const Identity& who, const ObjectKey& key,
                                          const v1::DeleteRequest& request);
  absl::Status EnsureNamespace(std::string_view name);
  // Whether the budget counts deletions of `who`, of this key.
  absl::StatusOr<bool> IsCounted(const Identity& who, const schema::Kind& kind,
                                 const std::string& ns) const;

  const Options options_;                              // Constant after construction.
  const std::unique_ptr<ObjectIndex> index_;           // Thread-safe.
  const std::unique_ptr<NamespaceMemory> namespaces_;  // Thread-safe.
  DeleteBudget budget_{kDeletionsPerMinuteMax};
};

}  // namespace reeve::apiserver
