#include "apiserver/access.h"

#include "apiserver/object_io.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

using Role = Identity::Role;

std::string_view VerbName(Verb verb) {
  switch (verb) {
    case Verb::kGet:
      return "get";
    case Verb::kList:
      return "list";
    case Verb::kWatch:
      return "watch";
    case Verb::kCreate:
      return "create";
    case Verb::kUpdate:
      return "update";
    case Verb::kUpdateStatus:
      return "update the status of";
    case Verb::kDelete:
      return "delete";
  }
  return "";
}

absl::Status Denied(const Identity& who, Verb verb, const schema::Kind& kind,
                    std::string_view why) {
  const std::string_view role = who.role == Role::kHost         ? "host"
                                : who.role == Role::kController ? "controller"
                                                                : "user";
  return PermissionDenied("{} \"{}\" may not {} {}: {}", role, who.name, VerbName(verb),
                          kind.plural, why);
}

bool Writes(Verb verb) {
  return verb == Verb::kCreate || verb == Verb::kUpdate || verb == Verb::kUpdateStatus;
}

bool HostMay(Verb verb, const v1::HostAccess& access) {
  switch (verb) {
    case Verb::kGet:
    case Verb::kList:
    case Verb::kWatch:
      return access.read();
    case Verb::kUpdateStatus:
      return access.write_status() || access.write();
    case Verb::kCreate:
    case Verb::kUpdate:
      return access.write();
    case Verb::kDelete:
      return false;
  }
  return false;
}

// A name is empty where the verb has none: list and watch, which are checked by their selector.
absl::Status CheckHost(const Identity& who, Verb verb, const schema::Kind& kind,
                       const std::string& name) {
  const v1::HostAccess& access = kind.options.host_access();
  if (!HostMay(verb, access)) return Denied(who, verb, kind, "hosts have no such access");
  if (access.field() == "metadata.name" && !name.empty() && name != who.name) {
    return Denied(who, verb, kind, "it is not the host's own");
  }
  return absl::OkStatus();
}

bool IsOwn(const Identity& who, const schema::Kind& kind, const schema::Message& object) {
  return schema::ValueAt(object, kind.options.host_access().field()) == who.name;
}

}  // namespace

absl::Status CheckVerb(const Identity& who, Verb verb, const schema::Kind& kind,
                       const std::string& name) {
  switch (who.role) {
    case Role::kAnonymous:
      return Unauthenticated("no identity: a client certificate is needed");
    case Role::kController:
      return absl::OkStatus();
    case Role::kHost:
      return CheckHost(who, verb, kind, name);
    case Role::kAdmin:
      if (!Writes(verb) || !kind.options.controllers_only()) return absl::OkStatus();
      return Denied(who, verb, kind, "only controllers write them");
  }
  return Internal("unknown role");
}

absl::Status CheckSelector(const Identity& who, Verb verb, const schema::Matcher& matcher) {
  if (who.role != Role::kHost) return absl::OkStatus();
  const std::string& field = matcher.kind().options.host_access().field();
  if (matcher.RequiredField(field) == who.name) return absl::OkStatus();
  return Denied(who, verb, matcher.kind(),
                fmt::format("only with the field selector {}={}", field, who.name));
}

bool MustLookInside(const Identity& who) { return who.role == Role::kHost; }

absl::Status CheckObject(const Identity& who, const schema::Kind& kind,
                         const schema::Message& object) {
  if (!MustLookInside(who) || IsOwn(who, kind, object)) return absl::OkStatus();
  return NotFoundError(kind, schema::Meta(object).name());
}

absl::Status CheckWritten(const Identity& who, const schema::Kind& kind,
                          const schema::Message& object) {
  if (who.role != Role::kHost) return absl::OkStatus();
  if (!IsOwn(who, kind, object)) {
    return Denied(who, Verb::kCreate, kind,
                  fmt::format("{} must be \"{}\"", kind.options.host_access().field(), who.name));
  }
  const v1::ObjectMeta& meta = schema::Meta(object);
  if (meta.finalizers().empty() && meta.owner_references().empty()) return absl::OkStatus();
  return Denied(who, Verb::kCreate, kind, "hosts may not set finalizers and ownerReferences");
}

}  // namespace reeve::apiserver
