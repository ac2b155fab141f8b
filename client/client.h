// What every component speaks to: the API, over gRPC, in process, or through the simulator's
// network.
//
// Small interfaces, composed into Client. All calls block and are bounded by a deadline of the
// implementation; a call that timed out may have been executed. Thread safety: safe.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "reeve/v1/content.pb.h"
#include "reeve/v1/kinds.pb.h"
#include "reeve/v1/resources.pb.h"
#include "reeve/v1/store_backup.pb.h"

namespace reeve::client {

struct List {
  std::vector<v1::Object> items;
  v1::ListSummary summary;
};

class Reader {
 public:
  virtual ~Reader() = default;
  virtual absl::StatusOr<v1::Object> Get(const ObjectKey& key) = 0;
  // One consistent snapshot; checked against its summary (DATA_LOSS when it is incomplete).
  virtual absl::StatusOr<List> ListObjects(const v1::ListRequest& request) = 0;
};

class Writer {
 public:
  virtual ~Writer() = default;
  virtual absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& request) = 0;
  virtual absl::StatusOr<v1::Object> Create(const v1::CreateRequest& request) = 0;
  // ABORTED when metadata.resourceVersion is not the present one.
  virtual absl::StatusOr<v1::Object> Update(const v1::UpdateRequest& request) = 0;
  // A change of whatever is there; ABORTED only when the document carries a resourceVersion.
  virtual absl::StatusOr<v1::Object> Patch(const v1::PatchRequest& request) = 0;
  virtual absl::StatusOr<v1::DeleteResponse> Delete(const v1::DeleteRequest& request) = 0;
};

class StatusWriter {
 public:
  virtual ~StatusWriter() = default;
  virtual absl::StatusOr<v1::Object> UpdateStatus(const v1::UpdateRequest& request) = 0;
};

// A running watch. Thread-compatible.
class WatchStream {
 public:
  virtual ~WatchStream() = default;
  // The next event, nullopt when there is none now. An error ends the stream: UNAVAILABLE and
  // RESOURCE_EXHAUSTED: resume from the last revision; OUT_OF_RANGE: relist; DATA_LOSS: another
  // epoch, relist and beware.
  virtual absl::StatusOr<std::optional<v1::WatchEvent>> Next() = 0;
};

class Watcher {
 public:
  virtual ~Watcher() = default;
  // `wake` is called from any thread when Next may have something; it must be quick.
  virtual absl::StatusOr<std::unique_ptr<WatchStream>> Watch(const v1::WatchRequest& request,
                                                             std::function<void()> wake) = 0;
};

class Client : public Reader, public Writer, public StatusWriter, public Watcher {};

// Blobs. Chunks are pulled and pushed through callbacks so that no blob is held in memory.
class Content {
 public:
  virtual ~Content() = default;
  // `read` fills in the next piece and returns false at the end.
  virtual absl::StatusOr<v1::Blob> PutBlob(
      const std::string& ns, const std::string& digest, const std::string& source,
      const std::function<absl::StatusOr<bool>(std::string*)>& read) = 0;
  virtual absl::Status GetBlob(const std::string& ns, const std::string& digest,
                               const std::function<absl::Status(std::string_view)>& write) = 0;
};

// How objects were.
class Past {
 public:
  virtual ~Past() = default;
  // At request.revision or request.time. NOT_FOUND: it was not there then; OUT_OF_RANGE: still to
  // come, or no longer kept.
  virtual absl::StatusOr<v1::Object> GetAt(const v1::GetRequest& request) = 0;
  virtual absl::StatusOr<v1::HistoryResponse> History(const v1::HistoryRequest& request) = 0;
};

// For people and `ctl`: what is neither an object nor content.
class Admin {
 public:
  virtual ~Admin() = default;
  virtual absl::StatusOr<v1::VersionResponse> Version() = 0;
  virtual absl::StatusOr<v1::WhoAmIResponse> WhoAmI() = 0;
  // A token with which one machine may join as a host, once.
  virtual absl::StatusOr<v1::CreateTokenResponse> CreateToken(
      const v1::CreateTokenRequest& request) = 0;
};

// Copies of the whole store. See reeve/v1/store_backup.proto.
class Backups {
 public:
  virtual ~Backups() = default;
  virtual absl::StatusOr<v1::StoreBackup> CreateBackup() = 0;
  virtual absl::StatusOr<std::vector<v1::StoreBackup>> ListBackups() = 0;
  virtual absl::StatusOr<v1::StoreBackup> VerifyBackup(const std::string& name) = 0;
};

// Everything a server offers to its users.
class Api : public Client, public Content, public Past, public Backups, public Admin {};

}  // namespace reeve::client
