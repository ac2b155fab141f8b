// Whole invocations of ctl against a server in memory: what is printed, and where, and the exit
// code.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/testing/fake_clock.h"
#include "ctl/run.h"
#include "ctl/testing/fake_api.h"

namespace reeve::ctl {

namespace fs = std::filesystem;

inline constexpr std::string_view kConfig = R"(apiVersion: v1
kind: Config
clusters:
  - name: reeve
    cluster:
      server: https://127.0.0.1:7443
      certificate-authority-data: |
        -----BEGIN CERTIFICATE-----
users:
  - name: admin
    user: {}
contexts:
  - name: reeve
    context:
      cluster: reeve
      user: admin
  - name: prod
    context:
      cluster: reeve
      user: admin
      namespace: shops
current-context: reeve  # This one.
)";

inline constexpr std::string_view kSite = R"(apiVersion: reeve/v1
kind: Site
metadata:
  name: blog
spec:
  type: Static
  replicas: 2
  domains:
    - blog.example.test
)";

inline v1::Object SiteNamed(const std::string& name, const std::string& ns = "default") {
  v1::Site site;
  site.mutable_metadata()->set_name(name);
  site.mutable_metadata()->set_namespace_(ns);
  site.mutable_spec()->set_type(v1::SiteSpec::Static);
  site.mutable_spec()->add_domains(name + ".example.test");
  site.mutable_status()->set_phase(v1::SiteStatus::Active);
  site.mutable_status()->set_replicas(2);
  site.mutable_status()->set_ready_replicas(1);
  return schema::Wrap(site);
}

inline v1::Object HostNamed(const std::string& name) {
  v1::Host host;
  host.mutable_metadata()->set_name(name);
  host.mutable_spec();
  host.mutable_status()->set_address("10.0.0.1");
  return schema::Wrap(host);
}

// The only one the site has then.
inline void SetCondition(v1::Object* object, const std::string& type, v1::Condition::Status status,
                         const std::string& reason, const std::string& message) {
  v1::SiteStatus* site = object->mutable_site()->mutable_status();
  site->clear_conditions();
  v1::Condition* condition = site->add_conditions();
  condition->set_type(type);
  condition->set_status(status);
  condition->set_reason(reason);
  condition->set_message(message);
  condition->set_observed_generation(object->site().metadata().generation());
  condition->mutable_last_transition_time()->set_seconds(1767225600 - 60);
}

inline void SetReady(v1::Object* object, v1::Condition::Status status, const std::string& reason,
                     const std::string& message) {
  SetCondition(object, "Ready", status, reason, message);
}

// The calls of the Api interface go to the test's one FakeApi.
class Forwarding final : public client::Api {
 public:
  explicit Forwarding(FakeApi* api) : api_(*api) {}
  absl::StatusOr<v1::Object> Get(const ObjectKey& key) override { return api_.Get(key); }
  absl::StatusOr<client::List> ListObjects(const v1::ListRequest& r) override {
    return api_.ListObjects(r);
  }
  absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& r) override {
    return api_.Apply(r);
  }
  absl::StatusOr<v1::Object> Create(const v1::CreateRequest& r) override { return api_.Create(r); }
  absl::StatusOr<v1::Object> Update(const v1::UpdateRequest& r) override { return api_.Update(r); }
  absl::StatusOr<v1::Object> UpdateStatus(const v1::UpdateRequest& r) override {
    return api_.UpdateStatus(r);
  }
  absl::StatusOr<v1::Object> Patch(const v1::PatchRequest& r) override { return api_.Patch(r); }
  absl::StatusOr<v1::DeleteResponse> Delete(const v1::DeleteRequest& r) override {
    return api_.Delete(r);
  }
  absl::StatusOr<std::unique_ptr<client::WatchStream>> Watch(const v1::WatchRequest& r,
                                                             std::function<void()> wake) override {
    return api_.Watch(r, std::move(wake));
  }
  absl::StatusOr<v1::Blob> PutBlob(
      const std::string& ns, const std::string& digest, const std::string& source,
      const std::function<absl::StatusOr<bool>(std::string*)>& read) override {
    return api_.PutBlob(ns, digest, source, read);
  }
  absl::Status GetBlob(const std::string& ns, const std::string& digest,
                       const std::function<absl::Status(std::string_view)>& write) override {
    return api_.GetBlob(ns, digest, write);
  }
  absl::StatusOr<v1::Object> GetAt(const v1::GetRequest& r) override { return api_.GetAt(r); }
  absl::StatusOr<v1::HistoryResponse> History(const v1::HistoryRequest& r) override {
    return api_.History(r);
  }
  absl::StatusOr<v1::StoreBackup> CreateBackup() override { return api_.CreateBackup(); }
  absl::StatusOr<std::vector<v1::StoreBackup>> ListBackups() override { return api_.ListBackups(); }
  absl::StatusOr<v1::StoreBackup> VerifyBackup(const std::string& name) override {
    return api_.VerifyBackup(name);
  }
  absl::StatusOr<v1::VersionResponse> Version() override { return api_.Version(); }
  absl::StatusOr<v1::WhoAmIResponse> WhoAmI() override { return api_.WhoAmI(); }
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(const v1::CreateTokenRequest& r) override {
    return api_.CreateToken(r);
  }

 private:
  FakeApi& api_;
};

class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    std::string pattern = ::testing::TempDir() + "ctlXXXXXX";
    dir_ = mkdtemp(pattern.data());
    File("config", kConfig);
  }
  ~RunTest() override { fs::remove_all(dir_); }

  std::string File(const std::string& name, std::string_view text) {
    fs::create_directories((dir_ / name).parent_path());
    std::ofstream(dir_ / name, std::ios::binary) << text;
    return (dir_ / name).string();
  }

  // Runs ctl; `out_` and `err_` hold what it printed, without the test's directory.
  int Ctl(const std::vector<std::string>& argv, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    Io io{.in = in, .out = out, .err = err, .tty = tty_, .width = 60, .clock = &clock_};
    io.env = [this](std::string_view name) {
      if (name == "TMPDIR") return dir_.string();
      if (name == "CTL_CONFIG") return (dir_ / "config").string();
      const auto found = env_.find(std::string(name));
      return found == env_.end() ? std::string() : found->second;
    };
    io.run = [this](const std::vector<std::string>& argv_of_editor) {
      return on_run(argv_of_editor);
    };
    io.connect = [this](const client::GrpcOptions& options) {
      connected_ = options;
      return std::make_unique<Forwarding>(&api_);
    };
    const int code = ctl::Run(argv, io);
    out_ = Plain(out.str());
    err_ = Plain(err.str());
    return code;
  }

  std::string Plain(std::string text) const {
    const std::string prefix = dir_.string() + "/";
    for (size_t at = text.find(prefix); at != text.npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

  fs::path dir_;
  FakeClock clock_;
  FakeApi api_;
  client::GrpcOptions connected_;
  bool tty_ = false;
  std::map<std::string, std::string> env_ = {{"NO_COLOR", "1"}};
  std::string out_;
  std::string err_;
  // What ctl runs on the terminal: an editor.
  std::function<absl::Status(const std::vector<std::string>&)> on_run =
      [](const std::vector<std::string>&) { return absl::OkStatus(); };
};

}  // namespace reeve::ctl
