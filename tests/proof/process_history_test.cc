// Histories of a real reeve-apiserver that is killed with -9 under its clients, over gRPC: what
// they saw of each Site can be explained by operations that took effect one at a time. README.md.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/testing/status_matchers.h"
#include "reeve/v1/resources.grpc.pb.h"
#include "store/testing/linearizable.h"
#include "store/testing/soak.h"
#include "tests/support/api_server.h"
#include "tests/support/channels.h"

namespace reeve {
namespace {

using grpc::StatusCode;
using store::kNever;
using store::RegisterOp;

constexpr int kClients = 6;
constexpr int kSites = 3;
constexpr int kOpsEach = 40;
constexpr absl::Duration kCallMax = absl::Seconds(5);

// The operations on a few Sites, by number.
class Log {
 public:
  int64_t Tick() { return ++clock_; }
  void Add(int site, RegisterOp op) {
    MutexLock lock(&mu_);
    ops_[static_cast<size_t>(site)].push_back(std::move(op));
    ++count_;
  }
  std::vector<RegisterOp> Of(int site) {
    MutexLock lock(&mu_);
    return ops_[static_cast<size_t>(site)];
  }
  int64_t unknown() {
    MutexLock lock(&mu_);
    int64_t unknown = 0;
    for (const auto& ops : ops_) {
      for (const RegisterOp& op : ops) unknown += op.end == kNever ? 1 : 0;
    }
    return unknown;
  }
  int64_t count() const { return count_; }

 private:
  std::atomic<int64_t> clock_{0};
  std::atomic<int64_t> count_{0};
  Mutex mu_;
  std::vector<RegisterOp> ops_[kSites] ABSL_GUARDED_BY(mu_);
};

// A Site is a register: its value is a label, absent when there is no such Site.
class Client {
 public:
  Client(const support::ApiServer& server, Log* log, std::string prefix, int number)
      : stub_(v1::Resources::NewStub(support::Connect(server.endpoint(), server.pki(), 1)[0])),
        log_(log),
        prefix_(std::move(prefix)),
        number_(number) {}

  void Run(uint64_t seed) {
    std::mt19937_64 random(seed * 17 + static_cast<uint64_t>(number_));
    for (int i = 0; i < kOpsEach; ++i) {
      const int site = static_cast<int>(random() % kSites);
      const std::string value = fmt::format("c{}.{}", number_, i);
      switch (random() % 6) {
        case 0:
          Create(site, value);
          break;
        case 1:
          Delete(site);
          break;
        case 2:
          (void)Get(site);
          break;
        default:
          Update(site, value);
      }
    }
  }

  // What is there; nullopt also when no answer came.
  std::optional<v1::Object> Get(int site) {
    RegisterOp op{.start = log_->Tick(), .expected = RegisterOp::Value(), .written = {}};
    v1::GetRequest request;
    *request.mutable_key() = Key(site);
    v1::Object found;
    const grpc::Status status =
        Call([&](grpc::ClientContext* context) { return stub_->Get(context, request, &found); });
    op.end = log_->Tick();
    if (!status.ok() && status.error_code() != StatusCode::NOT_FOUND) return std::nullopt;
    if (status.ok()) op.expected = RegisterOp::Value(ValueOf(found));
    log_->Add(site, op);
    if (!status.ok()) return std::nullopt;
    return found;
  }

 private:
  template <typename F>
  grpc::Status Call(const F& call) {
    grpc::ClientContext context;
    support::WaitForServer(&context, kCallMax);
    return call(&context);
  }

  v1::Key Key(int site) const {
    v1::Key key;
    key.set_kind("Site");
    key.set_namespace_("default");
    key.set_name(fmt::format("{}-{}", prefix_, site));
    return key;
  }
  static std::string ValueOf(const v1::Object& object) {
    return object.site().metadata().labels().at("value");
  }
  static void SetValue(const std::string& value, v1::Object* object) {
    (*object->mutable_site()->mutable_metadata()->mutable_labels())["value"] = value;
  }

  // Adds `op` as its answer says. `refused`: the code that says that something else was there.
  void Finish(int site, RegisterOp op, const grpc::Status& status, StatusCode refused) {
    op.end = log_->Tick();
    if (status.error_code() == refused || status.error_code() == StatusCode::NOT_FOUND) {
      op.outcome = RegisterOp::Outcome::kRefused;
    } else if (!status.ok()) {
      op.outcome = RegisterOp::Outcome::kUnknown;
      op.end = kNever;
    }
    log_->Add(site, std::move(op));
  }

  void Create(int site, const std::string& value) {
    v1::CreateRequest request;
    v1::ObjectMeta* meta = request.mutable_object()->mutable_site()->mutable_metadata();
    meta->set_name(Key(site).name());
    meta->set_namespace_("default");
    request.mutable_object()->mutable_site()->mutable_spec()->set_type(v1::SiteSpec::Static);
    SetValue(value, request.mutable_object());
    RegisterOp op{.start = log_->Tick(), .expected = RegisterOp::Value(), .written = value};
    v1::Object created;
    const grpc::Status status = Call(
        [&](grpc::ClientContext* context) { return stub_->Create(context, request, &created); });
    Finish(site, std::move(op), status, StatusCode::ALREADY_EXISTS);
  }

  // A compare-and-set: the resourceVersion is that of what was read.
  void Update(int site, const std::string& value) {
    std::optional<v1::Object> object = Get(site);
    if (!object) return;
    RegisterOp op{
        .start = log_->Tick(), .expected = RegisterOp::Value(ValueOf(*object)), .written = value};
    v1::UpdateRequest request;
    *request.mutable_object() = *object;
    SetValue(value, request.mutable_object());
    v1::Object updated;
    const grpc::Status status = Call(
        [&](grpc::ClientContext* context) { return stub_->Update(context, request, &updated); });
    Finish(site, std::move(op), status, StatusCode::ABORTED);
  }

  void Delete(int site) {
    v1::DeleteRequest request;
    *request.mutable_key() = Key(site);
    RegisterOp op{.start = log_->Tick(), .expected = {}, .written = RegisterOp::Value()};
    v1::DeleteResponse response;
    const grpc::Status status = Call(
        [&](grpc::ClientContext* context) { return stub_->Delete(context, request, &response); });
    if (status.error_code() == StatusCode::NOT_FOUND) {  // It saw that nothing was there.
      op.expected = RegisterOp::Value();
      op.end = log_->Tick();
      log_->Add(site, std::move(op));
      return;
    }
    if (status.error_code() == StatusCode::ABORTED) return;  // Others were faster, again and again.
    Finish(site, std::move(op), status, StatusCode::ABORTED);
  }

  const std::unique_ptr<v1::Resources::Stub> stub_;
  Log* const log_;
  const std::string prefix_;
  const int number_;
};

// Clients at work; in the middle the server is killed and started again.
void RunHistory(support::ApiServer* server, const std::string& prefix, uint64_t seed, Log* log) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int c = 0; c < kClients; ++c)
    clients.push_back(std::make_unique<Client>(*server, log, prefix, c));
  std::vector<std::thread> threads;
  for (const auto& client : clients) threads.emplace_back([&client, seed] { client->Run(seed); });
  const int64_t kill_at = 20 + static_cast<int64_t>(seed % (kClients * kOpsEach / 2));
  EXPECT_TRUE(support::WaitUntil(absl::Seconds(60), [&] { return log->count() >= kill_at; }));
  server->Kill();
  EXPECT_OK(server->Start());
  for (std::thread& thread : threads) thread.join();
  Client last(*server, log, prefix, kClients);
  for (int site = 0; site < kSites; ++site) (void)last.Get(site);
}

TEST(ProcessHistoryTest, EveryHistoryHasAnOrder) {
  const int64_t histories = store::CountOf(10, 100);
  const uint64_t seed = store::SeedOf(20260307);
  const support::TempDir dir;
  support::ApiServer server(dir.path());
  ASSERT_OK(server.Init());
  ASSERT_OK(server.Start());
  int64_t operations = 0;
  int64_t unknown = 0;
  for (int64_t i = 0; i < histories && !HasFailure(); ++i) {
    SCOPED_TRACE(fmt::format("seed {}, history {}", seed, i));
    Log log;
    RunHistory(&server, fmt::format("h{}", i), seed + static_cast<uint64_t>(i), &log);
    for (int site = 0; site < kSites; ++site)
      EXPECT_TRUE(store::IsLinearizable(log.Of(site))) << "Site " << site;
    operations += log.count();
    unknown += log.unknown();
  }
  store::Reached(
      "{} histories of a real server killed with -9: {} operations, {} of unknown outcome, "
      "all explained",
      histories, operations, unknown);
}

}  // namespace
}  // namespace reeve
