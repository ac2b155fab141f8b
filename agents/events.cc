#include "agents/events.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "base/sha256.h"
#include "base/status.h"
#include "client/finalizers.h"
#include "client/timestamps.h"
#include "proto/schema/plain.h"

namespace reeve::agents {
namespace {

constexpr char kDefaultNamespace[] = "default";
constexpr size_t kWaitingMax = 100;
constexpr size_t kMessageMax = 1024;
constexpr size_t kHashLength = 10;
constexpr size_t kNameMax = 200;

v1::ObjectRef About(const v1::Work& work) {
  v1::ObjectRef ref;
  ref.set_namespace_(work.metadata().namespace_());
  const v1::OwnerReference* owner = client::FindController(work.metadata());
  ref.set_kind(owner != nullptr ? owner->kind() : "Work");
  ref.set_name(owner != nullptr ? owner->name() : work.metadata().name());
  ref.set_uid(owner != nullptr ? owner->uid() : work.metadata().uid());
  return ref;
}

// Retrying cannot help.
bool IsFinal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsPermissionDenied(status) ||
         absl::IsNotFound(status);
}

}  // namespace

void Events::Record(const v1::Work& work, v1::EventSpec::Type type, std::string_view reason,
                    const std::string& message, Now now) {
  Queue(About(work), type, reason, message, now);
}

void Events::RecordOfHost(v1::EventSpec::Type type, std::string_view reason,
                          const std::string& message, Now now) {
  v1::ObjectRef host;
  host.set_kind("Host");
  host.set_name(host_);
  Queue(host, type, reason, message, now);
}

void Events::Queue(const v1::ObjectRef& regarding, v1::EventSpec::Type type,
                   std::string_view reason, const std::string& message, Now now) {
  v1::Event event;
  v1::EventSpec* spec = event.mutable_spec();
  *spec->mutable_regarding() = regarding;
  spec->set_type(type);
  spec->set_reason(std::string(reason));
  spec->set_message(message.substr(0, kMessageMax));
  spec->set_source("agent");
  spec->set_host(host_);
  spec->set_count(1);
  client::SetTime(spec->mutable_first_time(), now.wall);
  client::SetTime(spec->mutable_last_time(), now.wall);
  const std::string identity =
      fmt::format("{}\n{}\n{}\n{}", host_, spec->regarding().uid(), reason, spec->message());
  // As in Kubernetes, what is of no namespace is told in the default one.
  event.mutable_metadata()->set_namespace_(regarding.namespace_().empty() ? kDefaultNamespace
                                                                          : regarding.namespace_());
  event.mutable_metadata()->set_name(fmt::format("{}.{}",
                                                 spec->regarding().name().substr(0, kNameMax),
                                                 Sha256Hex(identity).substr(0, kHashLength)));
  schema::MakePlain(&event);
  waiting_.push_back(std::move(event));
  if (waiting_.size() > kWaitingMax) waiting_.pop_front();
}

absl::Status Events::Write(const v1::Event& event) {
  v1::CreateRequest create;
  *create.mutable_object()->mutable_event() = event;
  const absl::Status created = client_->Create(create).status();
  if (!absl::IsAlreadyExists(created)) return created;
  ASSIGN_OR_RETURN(v1::Object known, client_->Get({.kind = "Event",
                                                   .ns = event.metadata().namespace_(),
                                                   .name = event.metadata().name()}));
  v1::UpdateRequest update;
  *update.mutable_object() = std::move(known);
  v1::EventSpec* spec = update.mutable_object()->mutable_event()->mutable_spec();
  spec->set_count(spec->count() + 1);
  *spec->mutable_last_time() = event.spec().last_time();
  return client_->Update(update).status();
}

void Events::Flush() {
  while (!waiting_.empty()) {
    const absl::Status status = Write(waiting_.front());
    if (!status.ok() && !IsFinal(status)) return;
    if (!status.ok()) {
      Log(LogLevel::kWarning, "the server does not take an Event",
          {{"reason", waiting_.front().spec().reason()}, {"status", status.ToString()}});
    }
    waiting_.pop_front();
  }
}

}  // namespace reeve::agents
