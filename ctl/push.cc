// ctl push and ctl deploy.
#include <absl/strings/numbers.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/errors.h"
#include "ctl/readiness.h"
#include "ctl/selection.h"
#include "ctl/tar.h"
#include "ctl/verbs.h"
#include "ctl/watching.h"
#include "proto/schema/object.h"
#include "reeve/v1/blob.pb.h"

namespace reeve::ctl {
namespace {

constexpr absl::Duration kQuiet = absl::Seconds(1);  // Before an upload is worth a progress line.

std::string HumanBytes(uint64_t bytes) {
  constexpr double kUnit = 1024;
  auto value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* larger : {"KiB", "MiB", "GiB"}) {
    if (value < kUnit) break;
    value /= kUnit;
    unit = larger;
  }
  return *unit == 'B' ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, unit);
}

// "Uploading 12.0 MiB of 40.0 MiB", in place, on terminals only.
class Progress {
 public:
  Progress(Session& session, uint64_t total) : session_(session), total_(total), start_(Now()) {}
  ~Progress() {
    if (shown_) session_.Err("\r\033[K");
  }

  void Advance(size_t bytes) {
    sent_ += bytes;
    if (!session_.io().err_tty ||
        Now() - std::max(start_ + kQuiet, last_ + absl::Milliseconds(100)) < absl::ZeroDuration())
      return;
    last_ = Now();
    shown_ = true;
    session_.Err("\r\033[KUploading {} of {}", HumanBytes(sent_), HumanBytes(total_));
  }

 private:
  absl::Duration Now() const { return session_.io().clock->Read().mono; }

  Session& session_;
  const uint64_t total_;
  const absl::Duration start_;
  absl::Duration last_;
  uint64_t sent_ = 0;
  bool shown_ = false;
};

absl::StatusOr<bool> ServerHas(Session& session, const std::string& digest) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  const absl::StatusOr<v1::Object> blob =
      api->Get({.kind = "Blob", .ns = session.Namespace(), .name = digest});
  if (blob.ok()) return true;
  if (absl::IsNotFound(blob.status())) return false;
  return FromServer(blob.status());
}

absl::Status Upload(Session& session, const Tree& tree, const TarDigest& tar,
                    const std::string& source) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  ASSIGN_OR_RETURN(const std::unique_ptr<TarReader> reader, NewTarReader(tree));
  Progress progress(session, tar.bytes);
  const auto read = [&](std::string* piece) {
    absl::StatusOr<bool> more = reader->Read(piece);
    progress.Advance(piece->size());
    return more;
  };
  return FromServer(api->PutBlob(session.Namespace(), tar.digest, source, read).status());
}

struct Pushed {
  std::string digest;
  bool uploaded = false;
  Tree tree;
  TarDigest tar;
};

absl::StatusOr<Pushed> PushDirectory(Session& session, const std::string& directory) {
  Pushed pushed;
  ASSIGN_OR_RETURN(pushed.tree, ScanTree(directory));
  for (const std::string& warning : pushed.tree.warnings) session.Err("Warning: {}\n", warning);
  ASSIGN_OR_RETURN(pushed.tar, DigestOf(pushed.tree));
  pushed.digest = pushed.tar.digest;
  ASSIGN_OR_RETURN(const bool there, ServerHas(session, pushed.digest));
  if (!there) RETURN_IF_ERROR(Upload(session, pushed.tree, pushed.tar, directory));
  pushed.uploaded = !there;
  session.Err("{} {} file{}, {}\n", there ? "The server already has" : "Uploaded",
              pushed.tree.files, pushed.tree.files == 1 ? "" : "s", HumanBytes(pushed.tar.bytes));
  return pushed;
}

// One line that says where the object stands; it is printed when it changes.
std::string Standing(const v1::Object& object) {
  std::string line = schema::Phase(object);
  const std::string ready = schema::ValueAt(object, "status.readyReplicas");
  const std::string wanted = schema::ValueAt(object, "status.replicas");
  if (!wanted.empty())
    line +=
        fmt::format("{}{}/{} ready", line.empty() ? "" : ", ", ready.empty() ? "0" : ready, wanted);
  const std::optional<v1::Condition> condition = FindCondition(object, "Ready");
  if (!condition || condition->status() == v1::Condition::True) return line;
  if (!condition->reason().empty()) line += fmt::format(", {}", condition->reason());
  if (!condition->message().empty()) line += fmt::format(": {}", condition->message());
  return line;
}

bool Live(const v1::Object& object, const std::string& digest) {
  const std::optional<v1::Condition> ready = FindCondition(object, "Ready");
  return schema::ValueAt(object, "status.blob") == digest && ready &&
         ready->status() == v1::Condition::True &&
         ready->observed_generation() >= schema::Meta(object).generation();
}

// Why the present spec does not get any further; "" while it may.
std::string Stuck(const v1::Object& object) {
  const std::optional<v1::Condition> progress = FindCondition(object, "Progressing");
  if (!progress || progress->status() != v1::Condition::False) return "";
  if (progress->observed_generation() < schema::Meta(object).generation()) return "";
  return progress->message();
}

absl::Status Overtaken(const ObjectKey& key, const std::string& blob) {
  return Aborted("another deploy has set {}/{} to {} meanwhile", ToLower(key.kind), key.name,
                 blob.empty() ? "no content" : blob);
}

absl::Status NotLive(const ObjectKey& key, const std::string& why) {
  const std::string ref = fmt::format("{}/{}", ToLower(key.kind), key.name);
  return FailedPrecondition("{} is not live: {}; see 'ctl describe {}'", ref, why, ref);
}

Revision RevisionOf(const v1::Object& object) {
  Revision revision = 0;
  return absl::SimpleAtoi(schema::Meta(object).resource_version(), &revision) ? revision : 0;
}

// `deployed_at` is the revision in which spec.blob was set.
absl::Status WaitUntilLive(Session& session, const ObjectKey& key, const std::string& digest,
                           Revision deployed_at) {
  ASSIGN_OR_RETURN(const absl::Duration timeout, session.DurationFlag("timeout"));
  std::string last;
  const absl::Status end =
      WaitForObject(session, key, timeout, [&](const v1::Object* object) -> absl::StatusOr<Next> {
        if (object == nullptr) return NotFound("{} was deleted", ToString(key));
        const std::string blob = schema::ValueAt(*object, "spec.blob");
        if (blob != digest && RevisionOf(*object) > deployed_at) return Overtaken(key, blob);
        const std::string standing = Standing(*object);
        if (!standing.empty() && std::exchange(last, standing) != standing)
          session.Err("  {}\n", standing);
        if (Live(*object, digest)) return Next::kStop;
        const std::string stuck = RevisionOf(*object) < deployed_at ? "" : Stuck(*object);
        if (!stuck.empty()) return NotLive(key, stuck);
        return Next::kGoOn;
      });
  if (!absl::IsDeadlineExceeded(end)) return end;
  const std::string ref = fmt::format("{}/{}", ToLower(key.kind), key.name);
  return DeadlineExceeded("timed out waiting for {} to be live{}{}; see 'ctl describe {}'", ref,
                          last.empty() ? "" : ": ", last, ref);
}

// An object of `one` with nothing but its name and spec.blob.
absl::StatusOr<v1::Object> WithBlob(Session& session, const One& one, const std::string& digest) {
  v1::Object object = schema::NewObject(*one.kind);
  const ObjectKey key = session.KeyFor(*one.kind, one.name);
  schema::MutableMeta(&object)->set_name(key.name);
  schema::MutableMeta(&object)->set_namespace_(key.ns);
  RETURN_IF_ERROR(SetSpecField(&object, "blob", digest));
  return object;
}

}  // namespace

absl::Status RunPush(Session& session) {
  if (session.args().size() != 1) return InvalidArgument("ctl push takes one directory");
  ASSIGN_OR_RETURN(const Pushed pushed, PushDirectory(session, session.args()[0]));
  session.Out("{}\n", pushed.digest);
  return absl::OkStatus();
}

absl::Status RunDeploy(Session& session) {
  if (session.args().size() != 2)
    return InvalidArgument("ctl deploy takes an object and a directory: site/NAME DIR");
  ASSIGN_OR_RETURN(const One one, ParseOne({session.args()[0]}, "deploy"));
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  const ObjectKey key = session.KeyFor(*one.kind, one.name);
  RETURN_IF_ERROR(FromServer(api->Get(key).status()));  // Before anything is uploaded.
  ASSIGN_OR_RETURN(const Pushed pushed, PushDirectory(session, session.args()[1]));
  ASSIGN_OR_RETURN(const v1::Object object, WithBlob(session, one, pushed.digest));
  ASSIGN_OR_RETURN(const v1::ApplyResult result,
                   ApplyField(session, object, "spec.blob", "ctl-deploy"));
  const bool changed = result.action() != v1::ApplyResult::UNCHANGED;
  session.Err("{}/{} {}\n", one.kind->singular, one.name, changed ? "configured" : "unchanged");
  if (!session.flags().Bool("wait")) return absl::OkStatus();
  RETURN_IF_ERROR(WaitUntilLive(session, key, pushed.digest, RevisionOf(result.object())));
  session.Out("{}/{} deployed\n", one.kind->singular, one.name);
  for (const std::string& domain : schema::ValuesAt(result.object(), "spec.domains[]"))
    session.Out("  http://{}\n", domain);
  return absl::OkStatus();
}

}  // namespace reeve::ctl
