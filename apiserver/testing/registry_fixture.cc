#include "apiserver/testing/registry_fixture.h"

#include <fmt/format.h>

namespace reeve::apiserver {

v1::ObjectMeta* Meta(v1::Object* object) { return schema::MutableMeta(object); }

v1::Object MakeNamespace(const std::string& name) {
  v1::Object object;
  object.mutable_namespace_()->mutable_metadata()->set_name(name);
  return object;
}

v1::Object MakeHost(const std::string& name, int first_port, int last_port) {
  v1::Object object;
  object.mutable_host()->mutable_metadata()->set_name(name);
  v1::HostSpec* spec = object.mutable_host()->mutable_spec();
  if (first_port != 0) spec->mutable_port_range()->set_first(first_port);
  if (last_port != 0) spec->mutable_port_range()->set_last(last_port);
  return object;
}

v1::Object MakeStaticSite(const std::string& name, const std::vector<std::string>& domains) {
  v1::Object object;
  v1::Site* site = object.mutable_site();
  site->mutable_metadata()->set_name(name);
  site->mutable_metadata()->set_namespace_("default");
  site->mutable_spec()->set_type(v1::SiteSpec::Static);
  for (const std::string& domain : domains) site->mutable_spec()->add_domains(domain);
  return object;
}

v1::Object MakeProcessSite(const std::string& name) {
  v1::Object object = MakeStaticSite(name);
  object.mutable_site()->mutable_spec()->set_type(v1::SiteSpec::Process);
  object.mutable_site()->mutable_spec()->mutable_process()->add_command("node");
  return object;
}

v1::Object MakePinnedSite(const std::string& name, const std::string& host, int port) {
  v1::Object object = MakeProcessSite(name);
  object.mutable_site()->mutable_spec()->mutable_placement()->add_hosts(host);
  object.mutable_site()->mutable_spec()->mutable_process()->set_port(port);
  return object;
}

v1::Object MakeDomain(const std::string& hostname, const std::string& site) {
  v1::Object object;
  object.mutable_domain()->mutable_metadata()->set_name(hostname);
  object.mutable_domain()->mutable_metadata()->set_namespace_("default");
  object.mutable_domain()->mutable_spec()->set_hostname(hostname);
  object.mutable_domain()->mutable_spec()->set_site(site);
  return object;
}

v1::Object MakeWork(const std::string& name, const std::string& host) {
  v1::Object object;
  object.mutable_work()->mutable_metadata()->set_name(name);
  object.mutable_work()->mutable_metadata()->set_namespace_("default");
  object.mutable_work()->mutable_spec()->set_host(host);
  return object;
}

v1::Object MakeLease(const std::string& name) {
  v1::Object object;
  object.mutable_lease()->mutable_metadata()->set_name(name);
  object.mutable_lease()->mutable_spec()->set_holder(name);
  return object;
}

v1::Object OwnedBy(v1::Object object, const v1::Object& owner) {
  v1::OwnerReference* reference = Meta(&object)->add_owner_references();
  reference->set_kind(schema::KeyOf(owner).kind);
  reference->set_name(schema::KeyOf(owner).name);
  reference->set_uid(schema::Meta(owner).uid());
  reference->set_controller(true);
  return object;
}

RegistryTest::RegistryTest()
    : registry_({.store = store_.get(), .clock = &clock_, .new_uid = [this] {
                   return fmt::format("{:08x}-0000-4000-8000-000000000000", ++uids_);
                 }}) {
  EXPECT_TRUE(registry_.EnsureNamespaces().ok());
  absl::StatusOr<std::unique_ptr<WatchHub>> hub =
      WatchHub::Start({.store = store_.get(), .clock = &clock_, .wake = [] {}});
  EXPECT_TRUE(hub.ok()) << hub.status();
  hub_ = *std::move(hub);
  api_ = std::make_unique<Api>(&registry_, hub_.get());
}

absl::StatusOr<v1::Object> RegistryTest::TryCreate(const v1::Object& object, const Identity& who) {
  v1::CreateRequest request;
  *request.mutable_object() = object;
  return api_->Create(who, request);
}

absl::StatusOr<v1::Object> RegistryTest::TryUpdate(const v1::Object& object, const Identity& who) {
  v1::UpdateRequest request;
  *request.mutable_object() = object;
  return api_->Update(who, request);
}

absl::StatusOr<v1::Object> RegistryTest::TryStatus(const v1::Object& object, const Identity& who) {
  v1::UpdateRequest request;
  *request.mutable_object() = object;
  return api_->UpdateStatus(who, request);
}

absl::StatusOr<v1::ApplyResponse> RegistryTest::TryApply(
    const std::vector<v1::Object>& objects, const std::vector<std::vector<std::string>>& mentioned,
    const std::string& manager, bool force) {
  v1::ApplyRequest request;
  request.set_field_manager(manager);
  request.set_force(force);
  for (const v1::Object& object : objects) *request.add_objects() = object;
  for (const std::vector<std::string>& paths : mentioned) {
    request.add_mentioned()->mutable_paths()->Assign(paths.begin(), paths.end());
  }
  return api_->Apply(Identity::Admin(), request);
}

absl::StatusOr<v1::DeleteResponse> RegistryTest::TryDelete(const std::string& kind,
                                                           const std::string& ns,
                                                           const std::string& name) {
  v1::DeleteRequest request;
  request.mutable_key()->set_kind(kind);
  request.mutable_key()->set_namespace_(ns);
  request.mutable_key()->set_name(name);
  return api_->Delete(Identity::Admin(), request);
}

absl::StatusOr<std::vector<v1::Object>> RegistryTest::TryList(const v1::ListRequest& request,
                                                              v1::ListSummary* summary,
                                                              const Identity& who) {
  std::vector<v1::Object> items;
  absl::StatusOr<v1::ListSummary> end =
      api_->List(who, request, [&](v1::Object object) { items.push_back(std::move(object)); });
  if (!end.ok()) return end.status();
  if (summary != nullptr) *summary = *end;
  return items;
}

v1::Object RegistryTest::Create(const v1::Object& object, const Identity& who) {
  absl::StatusOr<v1::Object> created = TryCreate(object, who);
  EXPECT_TRUE(created.ok()) << created.status();
  return created.ok() ? *created : v1::Object();
}

v1::Object RegistryTest::Get(const std::string& kind, const std::string& ns,
                             const std::string& name) {
  v1::GetRequest request;
  request.mutable_key()->set_kind(kind);
  request.mutable_key()->set_namespace_(ns);
  request.mutable_key()->set_name(name);
  absl::StatusOr<v1::Object> object = api_->Get(Identity::Admin(), request);
  EXPECT_TRUE(object.ok()) << object.status();
  return object.ok() ? *object : v1::Object();
}

}  // namespace reeve::apiserver
