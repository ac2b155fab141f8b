// kill -9 of the real API server under load: no acknowledged write is lost, and watchers resume
// without a gap or a duplicate. Every watcher's record is compared with the others' event by event,
// with every acknowledged write, and, replayed, with what the server lists at the end. One watcher
// comes when all is over, and resumes from before the first kill.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "base/mutex.h"
#include "base/testing/status_matchers.h"
#include "reeve/v1/resources.grpc.pb.h"
#include "tests/support/api_server.h"
#include "tests/support/channels.h"

namespace reeve {
namespace {

constexpr int kWriters = 4;
constexpr int kWatchers = 3;
constexpr int kWritesBetweenKills = 20;
constexpr absl::Duration kCallMax = absl::Seconds(5);

struct Seen {
  int64_t revision;
  int type;
  std::string name;
  bool operator==(const Seen&) const = default;
};

std::shared_ptr<v1::Resources::Stub> NewStub(const support::ApiServer& server) {
  return v1::Resources::NewStub(support::Connect(server.endpoint(), server.pki(), 1)[0]);
}

v1::Object Sample(const std::string& name, int value) {
  v1::Object object;
  v1::Site* site = object.mutable_site();
  site->mutable_metadata()->set_name(name);
  site->mutable_metadata()->set_namespace_("default");
  (*site->mutable_metadata()->mutable_labels())["value"] = std::to_string(value);
  site->mutable_spec()->set_type(v1::SiteSpec::Static);
  return object;
}

// Creates and changes sites until told to stop; remembers every revision that was acknowledged.
class Writer {
 public:
  Writer(const support::ApiServer& server, int number, std::atomic<bool>* stop,
         std::atomic<int>* acknowledged)
      : stub_(NewStub(server)),
        number_(number),
        stop_(stop),
        acknowledged_(acknowledged),
        thread_([this] { Loop(); }) {}
  ~Writer() {
    *stop_ = true;
    Join();
  }
  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  const std::vector<std::pair<std::string, int64_t>>& writes() const { return writes_; }

 private:
  void Loop() {
    for (int i = 0; !*stop_; ++i) {
      const std::string name = "w" + std::to_string(number_) + "-" + std::to_string(i);
      v1::Object created;
      if (!Create(name, &created)) continue;
      (*created.mutable_site()->mutable_metadata()->mutable_labels())["value"] = "changed";
      Update(name, created);
    }
  }

  bool Create(const std::string& name, v1::Object* created) {
    grpc::ClientContext context;
    support::WaitForServer(&context, kCallMax);
    v1::CreateRequest request;
    *request.mutable_object() = Sample(name, 0);
    if (!stub_->Create(&context, request, created).ok()) return false;
    Remember(name, *created);
    return true;
  }

  void Update(const std::string& name, const v1::Object& object) {
    grpc::ClientContext context;
    support::WaitForServer(&context, kCallMax);
    v1::UpdateRequest request;
    *request.mutable_object() = object;
    v1::Object updated;
    if (stub_->Update(&context, request, &updated).ok()) Remember(name, updated);
  }

  void Remember(const std::string& name, const v1::Object& object) {
    writes_.emplace_back(name, std::stoll(object.site().metadata().resource_version()));
    ++*acknowledged_;
  }

  const std::shared_ptr<v1::Resources::Stub> stub_;
  const int number_;
  std::atomic<bool>* const stop_;
  std::atomic<int>* const acknowledged_;
  std::vector<std::pair<std::string, int64_t>> writes_;
  std::thread thread_;
};

// Watches from a revision; after every break from where it was. Ends when it has reached `until`.
class Follower {
 public:
  Follower(const support::ApiServer& server, v1::VersionResponse from)
      : stub_(NewStub(server)),
        from_(std::move(from)),
        revision_(from_.revision()),
        thread_([this] { Loop(); }) {}
  ~Follower() {
    EndAt(0);
    Join();
  }
  void EndAt(int64_t revision) {
    until_ = revision;
    MutexLock lock(&mu_);
    if (context_ != nullptr && revision_ >= revision) context_->TryCancel();
  }
  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  const std::vector<Seen>& seen() const { return seen_; }
  // Why it could not resume; empty when it always could.
  const std::string& error() const { return error_; }

 private:
  void Loop() {
    while (revision_ < until_) {
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      SetContext(&context);
      v1::WatchRequest request;
      request.mutable_selector()->set_kind("Site");
      request.set_revision(revision_);
      request.set_epoch(from_.epoch());
      auto stream = stub_->Watch(&context, request);
      ReadAll(stream.get());
      context.TryCancel();  // The server would go on.
      SetContext(nullptr);
      const grpc::Status status = stream->Finish();
      const bool must_relist = status.error_code() == grpc::StatusCode::OUT_OF_RANGE ||
                               status.error_code() == grpc::StatusCode::DATA_LOSS;
      if (must_relist) error_ = status.error_message();
      if (must_relist) return;
    }
  }

  void ReadAll(grpc::ClientReader<v1::WatchEvent>* stream) {
    v1::WatchEvent event;
    std::vector<Seen> batch;  // A transaction counts when it has come whole.
    while (revision_ < until_ && stream->Read(&event)) {
      if (event.has_object())
        batch.push_back({event.revision(), event.type(), event.object().site().metadata().name()});
      if (event.more()) continue;
      seen_.insert(seen_.end(), batch.begin(), batch.end());
      batch.clear();
      revision_ = event.revision();
    }
  }

  void SetContext(grpc::ClientContext* context) {
    MutexLock lock(&mu_);
    context_ = context;
  }

  const std::shared_ptr<v1::Resources::Stub> stub_;
  const v1::VersionResponse from_;
  std::atomic<int64_t> revision_;
  std::atomic<int64_t> until_{INT64_MAX};
  std::vector<Seen> seen_;
  std::string error_;
  Mutex mu_;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mu_) = nullptr;
  std::thread thread_;
};

v1::VersionResponse VersionOf(const support::ApiServer& server) {
  grpc::ClientContext context;
  v1::VersionResponse version;
  EXPECT_TRUE(NewStub(server)->Version(&context, {}, &version).ok());
  return version;
}

// One more write, so that every watcher has something to end with.
int64_t LastWrite(const support::ApiServer& server) {
  grpc::ClientContext context;
  v1::CreateRequest request;
  *request.mutable_object() = Sample("last", 0);
  v1::Object created;
  EXPECT_TRUE(NewStub(server)->Create(&context, request, &created).ok());
  return std::stoll(created.site().metadata().resource_version());
}

// Name and revision of every Site.
std::map<std::string, int64_t> Listed(const support::ApiServer& server) {
  grpc::ClientContext context;
  v1::ListRequest request;
  request.mutable_selector()->set_kind("Site");
  auto stream = NewStub(server)->List(&context, request);
  std::map<std::string, int64_t> listed;
  v1::ListChunk chunk;
  while (stream->Read(&chunk)) {
    for (const v1::Object& object : chunk.items()) {
      listed[object.site().metadata().name()] =
          std::stoll(object.site().metadata().resource_version());
    }
  }
  EXPECT_TRUE(stream->Finish().ok());
  return listed;
}

// What a watcher's cache holds after these events. Revisions only grow, and nothing changes before
// it was added.
std::map<std::string, int64_t> Replayed(const std::vector<Seen>& events) {
  std::map<std::string, int64_t> state;
  int64_t last = 0;
  for (const Seen& event : events) {
    EXPECT_GT(event.revision, last) << event.name << ": a duplicate, or out of order";
    last = event.revision;
    EXPECT_EQ(event.type == v1::WatchEvent::ADDED, !state.contains(event.name))
        << event.name << ": a gap or a duplicate";
    state[event.name] = event.revision;
  }
  return state;
}

int Cycles() {
  const char* cycles = std::getenv("REEVE_CRASH_CYCLES");
  return cycles == nullptr ? 50 : std::atoi(cycles);
}

class Crash : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(server_.Init());
    ASSERT_OK(server_.Start());
    start_ = VersionOf(server_);
  }

  void KillUnderLoad() {
    std::atomic<bool> stop{false};
    std::vector<std::unique_ptr<Writer>> writers;
    for (int i = 0; i < kWriters; ++i)
      writers.push_back(std::make_unique<Writer>(server_, i, &stop, &acknowledged_));
    for (int cycle = 0; cycle < Cycles(); ++cycle) {
      const int goal = acknowledged_ + kWritesBetweenKills;
      ASSERT_TRUE(support::WaitUntil(absl::Seconds(60), [&] { return acknowledged_ >= goal; }))
          << "writes stand still";
      server_.Kill();
      ASSERT_OK(server_.Start());
    }
    stop = true;
    for (auto& writer : writers) {
      writer->Join();
      writes_.insert(writes_.end(), writer->writes().begin(), writer->writes().end());
    }
  }

  support::TempDir dir_;
  support::ApiServer server_{dir_.path()};
  v1::VersionResponse start_;
  std::atomic<int> acknowledged_{0};
  std::vector<std::pair<std::string, int64_t>> writes_;
};

TEST_F(Crash, KeepsEveryAcknowledgedWriteAndEveryWatch) {
  std::vector<std::unique_ptr<Follower>> followers;
  for (int i = 0; i < kWatchers; ++i)
    followers.push_back(std::make_unique<Follower>(server_, start_));
  KillUnderLoad();
  const int64_t last = LastWrite(server_);
  followers.push_back(std::make_unique<Follower>(server_, start_));
  for (auto& follower : followers) follower->EndAt(last);
  for (auto& follower : followers) follower->Join();

  const std::vector<Seen>& reference = followers[0]->seen();
  for (const auto& follower : followers) {
    EXPECT_EQ(follower->error(), "");
    EXPECT_EQ(follower->seen(), reference) << "a gap or a duplicate";
  }
  EXPECT_EQ(Replayed(reference), Listed(server_));
  std::set<std::pair<std::string, int64_t>> events;
  for (const Seen& event : reference) events.emplace(event.name, event.revision);
  int lost = 0;
  for (const auto& write : writes_) lost += events.contains(write) ? 0 : 1;
  EXPECT_EQ(lost, 0) << "of " << writes_.size() << " acknowledged writes";
  std::printf("%d kills, %zu acknowledged writes, %d lost, %zu events to each of %d watchers\n",
              Cycles(), writes_.size(), lost, reference.size(), kWatchers + 1);
}

}  // namespace
}  // namespace reeve
