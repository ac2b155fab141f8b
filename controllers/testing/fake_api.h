// An API server in a map, for tests of controllers: versions, generations, finalizers, phases and
// watches as the real one has them; no validation, no claims but the user ids of Sites. Watches can
// be frozen, calls can be made to fail.
//
// Thread-compatible.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "client/client.h"
#include "proto/schema/object.h"

namespace reeve::controllers {

class FakeApi final : public client::Client {
 public:
  explicit FakeApi(Clock* clock) : clock_(clock) {}

  absl::StatusOr<v1::Object> Get(const ObjectKey& key) override;
  absl::StatusOr<client::List> ListObjects(const v1::ListRequest& request) override;
  absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& request) override;
  absl::StatusOr<v1::Object> Create(const v1::CreateRequest& request) override;
  absl::StatusOr<v1::Object> Update(const v1::UpdateRequest& request) override;
  absl::StatusOr<v1::Object> Patch(const v1::PatchRequest& request) override;
  absl::StatusOr<v1::DeleteResponse> Delete(const v1::DeleteRequest& request) override;
  absl::StatusOr<v1::Object> UpdateStatus(const v1::UpdateRequest& request) override;
  absl::StatusOr<std::unique_ptr<client::WatchStream>> Watch(const v1::WatchRequest& request,
                                                             std::function<void()> wake) override;

  // For tests. Short forms that CHECK.
  v1::Object MustCreate(v1::Object object);
  // Changes the spec or metadata of what is there.
  template <typename T>
  void Edit(const std::string& ns, const std::string& name, const std::function<void(T*)>& edit);
  void MustDelete(const ObjectKey& key);

  const std::map<ObjectKey, v1::Object>& objects() const { return objects_; }
  int writes() const { return writes_; }
  // Streams of these kinds deliver nothing until thawed.
  void Freeze(const std::string& kind) { frozen_.insert(kind); }
  bool Thaw() { return !std::exchange(frozen_, {}).empty(); }  // True when there were any.
  // Every open stream ends with `status`, once.
  void BreakStreams(absl::Status status);
  // A backup is put in place that has nothing of `kind`: a new epoch.
  void Restore(std::string epoch, const std::string& kind);
  // Called before every write by name ("Create Work h1/x"); what it returns is the answer unless
  // OK. After: the write is done, and the answer is lost.
  std::function<absl::Status(const std::string& what)> before_write = [](const std::string&) {
    return absl::OkStatus();
  };
  std::function<absl::Status(const std::string& what)> after_write = [](const std::string&) {
    return absl::OkStatus();
  };

  // Used by streams.
  struct Stream;
  absl::StatusOr<std::optional<v1::WatchEvent>> NextFor(Stream* stream);

 private:
  void SetContentsFinalizer(v1::Object* ns) const;
  absl::StatusOr<v1::Object*> Find(const v1::Object& like);
  v1::Object Commit(v1::WatchEvent::Type type, v1::Object object);
  v1::Object Gone(v1::Object object);
  absl::StatusOr<v1::Object> Answer(const std::string& what, v1::Object object);

  Clock* const clock_;
  std::map<ObjectKey, v1::Object> objects_;
  std::vector<v1::WatchEvent> log_;
  Revision revision_ = 1;
  std::string epoch_ = "fake";
  int uids_ = 0;
  int next_user_ = 30000;
  int writes_ = 0;
  int breaks_ = 0;
  absl::Status break_status_;
  std::set<std::string> frozen_;
};

template <typename T>
void FakeApi::Edit(const std::string& ns, const std::string& name,
                   const std::function<void(T*)>& edit) {
  v1::UpdateRequest request;
  *request.mutable_object() = objects_.at({T::descriptor()->name(), ns, name});
  edit(static_cast<T*>(schema::MutableInner(request.mutable_object())));
  CHECK(Update(request).ok(), "an edit of a test works");
}

}  // namespace reeve::controllers
