#include "tests/simulation/workload.h"

#include "base/status.h"
#include "proto/schema/object.h"

namespace reeve::simulation {

Workload::Workload(Kernel* kernel, client::Client* client, WorkloadOptions options)
    : kernel_(kernel),
      client_(client),
      options_(std::move(options)),
      chance_(kernel->seed(), "workload") {}

void Workload::Act() {
  const uint64_t what = chance_.Below(10);
  if (what < 7) return ApplySite();
  if (what < 9) return DeleteSite();
  const std::string& host = options_.hosts[chance_.Below(options_.hosts.size())];
  Cordon(host, !cordoned_[host]);
}

// A cordon whose reply was lost may have been made: nothing is taken for known.
bool Workload::Calm() {
  while (uncordoned_ < options_.hosts.size()) {
    const std::string& host = options_.hosts[uncordoned_];
    if (!Cordon(host, false)) return false;
    ++uncordoned_;
  }
  return true;
}

void Workload::ApplySite() {
  const v1::Site site = RandomSite(SiteName());
  const absl::Status status = Apply(schema::Wrap(site), {});
  kernel_->Trace(fmt::format("user applies {}: {}", site.metadata().name(), status.ToString()));
}

v1::Site Workload::RandomSite(const std::string& name) {
  v1::Site site;
  site.mutable_metadata()->set_name(name);
  site.mutable_metadata()->set_namespace_("default");
  // A site's type never changes: it follows from its name.
  const bool is_static = (name.back() - '0') % 2 == 0;
  site.mutable_spec()->set_type(is_static ? v1::SiteSpec::Static : v1::SiteSpec::Process);
  site.mutable_spec()->set_replicas(static_cast<int>(1 + chance_.Below(options_.hosts.size())));
  const auto& blobs = is_static ? options_.static_blobs : options_.process_blobs;
  if (!chance_.OneIn(8)) site.mutable_spec()->set_blob(blobs[chance_.Below(blobs.size())]);
  for (int i = 0; i < options_.domains; ++i) {
    if (chance_.OneIn(5)) site.mutable_spec()->add_domains(fmt::format("d{}.example.test", i));
  }
  if (is_static) return site;
  site.mutable_spec()->mutable_process()->add_command("run");
  v1::EnvVar* env = site.mutable_spec()->mutable_process()->add_env();
  env->set_name("LEVEL");
  env->set_value(fmt::format("{}", chance_.Below(3)));
  return site;
}

void Workload::DeleteSite() {
  v1::DeleteRequest request;
  request.mutable_key()->set_kind("Site");
  request.mutable_key()->set_namespace_("default");
  request.mutable_key()->set_name(SiteName());
  if (request.key().name().back() % 3 == 0) request.set_propagation(v1::FOREGROUND);
  const auto answer = client_->Delete(request);
  kernel_->Trace(
      fmt::format("user deletes {}: {}", request.key().name(), answer.status().ToString()));
}

bool Workload::Cordon(const std::string& name, bool cordoned) {
  v1::Host host;
  host.mutable_metadata()->set_name(name);
  host.mutable_spec()->set_cordoned(cordoned);
  const absl::Status status = Apply(schema::Wrap(host), {"spec.cordoned"});
  if (status.ok()) cordoned_[name] = cordoned;
  kernel_->Trace(fmt::format("operator {} {}: {}", cordoned ? "cordons" : "uncordons", name,
                             status.ToString()));
  return status.ok();
}

absl::Status Workload::Apply(const v1::Object& object, const std::vector<std::string>& mentioned) {
  v1::ApplyRequest request;
  *request.add_objects() = object;
  request.set_field_manager("user");
  v1::FieldSet* fields = request.add_mentioned();
  for (const std::string& path : mentioned) fields->add_paths(path);
  return client_->Apply(request).status();
}

}  // namespace reeve::simulation
