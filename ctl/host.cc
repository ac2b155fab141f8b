// ctl host token, host remove, cordon, uncordon.
#include <optional>
#include <utility>

#include "base/status.h"
#include "ctl/errors.h"
#include "ctl/readiness.h"
#include "ctl/selection.h"
#include "ctl/verbs.h"
#include "ctl/watching.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

constexpr std::string_view kHost = "Host";

absl::StatusOr<std::string> HostName(const Session& session, std::string_view verb) {
  if (session.args().size() != 1) return InvalidArgument("ctl {} takes one host name", verb);
  const std::string& name = session.args()[0];
  return name.starts_with("host/") ? name.substr(5) : name;
}

// A Host with nothing but its name and one boolean of its spec.
absl::StatusOr<v1::ApplyResult> SetHostFlag(Session& session, const std::string& name,
                                            const std::string& field, bool value,
                                            const std::string& manager) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  RETURN_IF_ERROR(FromServer(api->Get({.kind = std::string(kHost), .name = name}).status()));
  v1::Object object = schema::NewObject(*schema::KindRegistry::Get().FindByName(kHost));
  schema::MutableMeta(&object)->set_name(name);
  RETURN_IF_ERROR(SetSpecField(&object, field, value ? "true" : "false"));
  return ApplyField(session, object, "spec." + field, manager);
}

absl::Status Cordon(Session& session, bool cordoned, std::string_view verb) {
  ASSIGN_OR_RETURN(const std::string name, HostName(session, verb));
  ASSIGN_OR_RETURN(const v1::ApplyResult result,
                   SetHostFlag(session, name, "cordoned", cordoned, "ctl-cordon"));
  const bool already = result.action() == v1::ApplyResult::UNCHANGED;
  session.Out("host/{} {}{}ed\n", name, already ? "already " : "", verb);
  return absl::OkStatus();
}

// Why it is still there, in the words of its controller, and what to do.
std::string InTheWay(const std::optional<v1::Condition>& released, const std::string& name) {
  const std::string lost =
      fmt::format("if the machine is lost, use 'ctl host remove {} --force'", name);
  if (!released || released->status() == v1::Condition::True) return lost;
  if (released->reason() != "InstancesRemain")
    return fmt::format("{}; {}", released->message(), lost);
  return fmt::format(
      "{}, which nothing moves: delete their sites, or apply them with replicas: 0; {}",
      released->message(), lost);
}

// Asks until the host is gone: its controller releases what it held.
absl::Status WaitUntilGone(Session& session, const ObjectKey& key) {
  ASSIGN_OR_RETURN(const absl::Duration timeout, session.DurationFlag("timeout"));
  std::optional<v1::Condition> released;
  std::string last;
  const absl::Status end =
      WaitForObject(session, key, timeout, [&](const v1::Object* object) -> absl::StatusOr<Next> {
        if (object == nullptr) return Next::kStop;
        released = FindCondition(*object, "Released");
        if (released && std::exchange(last, released->message()) != released->message())
          session.Err("  {}\n", InTheWay(released, key.name));
        return Next::kGoOn;
      });
  if (!absl::IsDeadlineExceeded(end)) return end;
  return DeadlineExceeded("timed out waiting for host/{} to be removed: {}", key.name,
                          InTheWay(released, key.name));
}

}  // namespace

absl::Status RunHostToken(Session& session) {
  ASSIGN_OR_RETURN(const std::string name, HostName(session, "host token"));
  ASSIGN_OR_RETURN(const absl::Duration ttl, session.DurationFlag("ttl"));
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  v1::CreateTokenRequest request;
  request.set_host(name);
  request.mutable_ttl()->set_seconds(absl::ToInt64Seconds(ttl));
  ASSIGN_OR_RETURN(const v1::CreateTokenResponse response, FromServer(api->CreateToken(request)));
  if (session.flags().Text("output") == "token") {
    session.Out("{}\n", response.token());
    return absl::OkStatus();
  }
  session.Err("On the machine that is to be host {}, as root, within {}:\n\n", name,
              absl::FormatDuration(ttl));
  session.Out("reeve-agent join --server={} --ca-sha256={} --token={}\n", response.join_endpoint(),
              response.ca_sha256(), response.token());
  return absl::OkStatus();
}

absl::Status RunHostRemove(Session& session) {
  ASSIGN_OR_RETURN(const std::string name, HostName(session, "host remove"));
  const ObjectKey key{.kind = std::string(kHost), .name = name};
  if (session.flags().Bool("force")) {
    RETURN_IF_ERROR(SetHostFlag(session, name, "abandoned", true, "ctl-remove").status());
    session.Err(
        "Warning: what host {} still runs is given up, not stopped. Do not let that machine come "
        "back.\n",
        name);
  }
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  v1::DeleteRequest request;
  request.mutable_key()->set_kind(key.kind);
  request.mutable_key()->set_name(key.name);
  ASSIGN_OR_RETURN(const v1::DeleteResponse response, FromServer(api->Delete(request)));
  if (!response.gone() && session.flags().Bool("wait"))
    RETURN_IF_ERROR(WaitUntilGone(session, key));
  session.Out("host \"{}\" {}\n", name,
              response.gone() || session.flags().Bool("wait") ? "removed" : "marked for removal");
  return absl::OkStatus();
}

// The agent reads it from the annotation, which names the epoch: it is good for no other.
absl::Status RunHostAcceptDeletions(Session& session) {
  constexpr char kAnnotation[] = "reeve/accept-deletions";
  ASSIGN_OR_RETURN(const std::string name, HostName(session, "host accept-deletions"));
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  RETURN_IF_ERROR(FromServer(api->Get({.kind = std::string(kHost), .name = name}).status()));
  ASSIGN_OR_RETURN(const v1::VersionResponse version, FromServer(api->Version()));
  v1::Object object = schema::NewObject(*schema::KindRegistry::Get().FindByName(kHost));
  v1::ObjectMeta* meta = schema::MutableMeta(&object);
  meta->set_name(name);
  (*meta->mutable_annotations())[kAnnotation] = version.epoch();
  const FieldPath path = FieldPath().Child("metadata").Child("annotations").AtKey(kAnnotation);
  RETURN_IF_ERROR(ApplyField(session, object, path.ToString(), "ctl-accept-deletions").status());
  session.Out("host/{} accepts the deletions of epoch {}\n", name, version.epoch());
  return absl::OkStatus();
}

absl::Status RunCordon(Session& session) { return Cordon(session, true, "cordon"); }
absl::Status RunUncordon(Session& session) { return Cordon(session, false, "uncordon"); }

}  // namespace reeve::ctl
