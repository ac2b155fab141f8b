#include "controllers/instance/artifacts.h"

#include <utility>

#include <fmt/format.h>

#include "base/names.h"
#include "client/finalizers.h"

namespace reeve::controllers {
namespace {

// By the number, which is one Site's alone: login names end at 32 characters.
std::string UserName(int uid) { return fmt::format("reeve-user-{}", uid); }

v1::Artifact* Add(v1::Work* work, const std::string& id) {
  v1::Artifact* artifact = work->mutable_spec()->add_artifacts();
  artifact->set_id(id);
  return artifact;
}

void AddUser(const v1::Instance& instance, v1::Work* work) {
  v1::Artifact::User* user = Add(work, "user")->mutable_user();
  user->set_uid(instance.spec().process().user_id());
  user->set_name(UserName(user->uid()));
}

void AddContent(const v1::Instance& instance, v1::Work* work) {
  v1::Artifact::Unpack* unpack = Add(work, "content")->mutable_unpack();
  unpack->set_dir(InstanceHostName(instance));
  unpack->set_blob(instance.spec().blob());
}

// Not by the Instance's uid: a copy that goes and comes back on its host finds what it kept.
std::string StateName(const v1::Instance& instance) {
  const v1::OwnerReference* site = client::FindController(instance.metadata());
  if (site == nullptr) return "";
  return fmt::format("{}-{}-{}", instance.spec().site(), instance.spec().ordinal(),
                     std::string_view(site->uid()).substr(0, 8));
}

void AddUnit(const v1::Instance& instance, int port, v1::Work* work) {
  const v1::ProcessSpec& process = instance.spec().process();
  v1::Artifact::Unit* unit = Add(work, "unit")->mutable_unit();
  unit->set_name(InstanceHostName(instance));
  unit->set_dir(InstanceHostName(instance));
  unit->set_user(UserName(process.user_id()));
  *unit->mutable_command() = process.command();
  *unit->mutable_env() = process.env();
  unit->set_port(port);
  if (process.has_resources()) *unit->mutable_resources() = process.resources();
  unit->set_description(fmt::format("Site {}/{}, instance {}", instance.metadata().namespace_(),
                                    instance.spec().site(), instance.spec().ordinal()));
  unit->set_blob(instance.spec().blob());
  unit->set_state(StateName(instance));
}

void AddProbe(const v1::Instance& instance, int port, v1::Work* work) {
  v1::Artifact::Probe* probe = Add(work, "probe")->mutable_probe();
  probe->set_port(port);
  if (instance.spec().has_health()) *probe->mutable_check() = instance.spec().health();
  if (port != 0) return;
  probe->set_dir(InstanceHostName(instance));
  probe->set_root(instance.spec().static_().root());
  probe->set_fallback(instance.spec().static_().fallback());
}

}  // namespace

std::string InstanceHostName(const v1::Instance& instance) {
  return HostSideName("instance", instance.metadata().name(), instance.metadata().uid());
}

v1::Work RenderInstanceWork(const v1::Instance& instance, int port) {
  v1::Work work;
  work.mutable_metadata()->set_namespace_(instance.metadata().namespace_());
  work.mutable_metadata()->set_name(InstanceHostName(instance));
  client::AddFinalizer(work.mutable_metadata(), client::kWorkFinalizer);
  *work.mutable_metadata()->add_owner_references() =
      client::ControllerRef("Instance", instance.metadata());
  work.mutable_spec()->set_host(instance.spec().host());
  const bool process = instance.spec().type() == v1::SiteSpec::Process;
  if (process) AddUser(instance, &work);
  AddContent(instance, &work);
  if (process) AddUnit(instance, port, &work);
  AddProbe(instance, port, &work);
  return work;
}

}  // namespace reeve::controllers
