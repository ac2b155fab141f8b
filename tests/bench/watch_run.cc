#include "tests/bench/watch_run.h"

#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "base/status.h"
#include "tests/support/child_process.h"

namespace reeve::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kThreads = 2;
constexpr size_t kDigits = 5;
constexpr absl::Duration kPeriod = absl::Milliseconds(10);
constexpr absl::Duration kPatience = absl::Seconds(60);

// What all watches of a run share.
struct Shared {
  const WatchOptions& options;
  // When each write began. Set before it is sent, so before anybody sees it.
  std::vector<std::atomic<SteadyClock::rep>> began;
  std::atomic<int> ready{0};
  std::atomic<int64_t> seen{0};
};

class Watch {
 public:
  Watch(Shared* shared, grpc::GenericStub* stub, grpc::CompletionQueue* queue)
      : shared_(shared),
        stream_(stub->PrepareCall(&context_, shared->options.request.method, queue)) {
    stream_->StartCall(this);
  }

  // The end of the one operation that is under way; false when there is no next.
  bool Step(bool ok, std::vector<double>* latencies) {
    if (!ok) return false;
    switch (stage_++) {
      case 0:
        stream_->WriteLast(ToBuffer(shared_->options.request.bytes), {}, this);
        return true;
      case 1:
        if (shared_->options.first_answer) {
          stream_->Read(&answer_, this);
        } else {
          stream_->ReadInitialMetadata(this);
        }
        return true;
      case 2:
        ++shared_->ready;
        break;
      default:
        Take(latencies);
    }
    stream_->Read(&answer_, this);
    return true;
  }

  void Cancel() { context_.TryCancel(); }

 private:
  void Take(std::vector<double>* latencies) {
    const auto now = SteadyClock::now().time_since_epoch().count();
    grpc::Slice slice;
    if (!answer_.TrySingleSlice(&slice).ok() && !answer_.DumpToSingleSlice(&slice).ok())
      Require(Internal("an event that cannot be read"));
    const std::string_view bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
    const std::string& prefix = shared_->options.prefix;
    for (size_t at = bytes.find(prefix); at != std::string::npos; at = bytes.find(prefix, at)) {
      at += prefix.size();
      int i = -1;
      std::from_chars(bytes.data() + at, bytes.data() + std::min(at + kDigits, bytes.size()), i);
      if (i != next_) Require(Internal("a watcher saw write {} after {}", i, next_ - 1));
      ++next_;
      const SteadyClock::duration took(now - shared_->began[i]);
      latencies->push_back(std::chrono::duration<double>(took).count());
      ++shared_->seen;
    }
  }

  Shared* const shared_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer answer_;
  int stage_ = 0;
  int next_ = 0;
};

// Some of the watches, on one thread.
class Reader {
 public:
  Reader(Shared* shared, Connections* connections, int first, int count) {
    for (int i = first; i < first + count; ++i)
      watches_.push_back(std::make_unique<Watch>(shared, connections->stub(i), &queue_));
    thread_ = std::thread([this] { Run(); });
  }
  std::vector<double> Stop() {
    for (const auto& watch : watches_) watch->Cancel();
    thread_.join();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
    return std::move(latencies_);
  }

 private:
  void Run() {
    void* tag = nullptr;
    bool ok = false;
    for (size_t running = watches_.size(); running > 0 && queue_.Next(&tag, &ok);) {
      if (!static_cast<Watch*>(tag)->Step(ok, &latencies_)) --running;
    }
  }

  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<double> latencies_;
  std::thread thread_;
};

void WriteAll(Shared* shared) {
  Notification pace;
  const auto start = SteadyClock::now();
  for (int i = 0; i < shared->options.writes; ++i) {
    const auto begin = SteadyClock::now();
    shared->began[i] = begin.time_since_epoch().count();
    Require(shared->options.write(fmt::format("{}{:05}", shared->options.prefix, i)));
    const auto next = start + (i + 1) * absl::ToChronoNanoseconds(kPeriod);
    if (next > SteadyClock::now()) pace.WaitFor(absl::FromChrono(next - SteadyClock::now()));
  }
}

}  // namespace

Latency RunWatches(Connections* connections, const WatchOptions& options) {
  Shared shared{.options = options,
                .began = std::vector<std::atomic<SteadyClock::rep>>(options.writes)};
  std::vector<std::unique_ptr<Reader>> readers;
  const int threads = std::min(options.watchers, kThreads);
  for (int i = 0; i < threads; ++i) {
    const int count = options.watchers / threads;
    readers.push_back(std::make_unique<Reader>(&shared, connections, i * count, count));
  }
  const int watchers = options.watchers / threads * threads;
  if (!support::WaitUntil(kPatience, [&] { return shared.ready == watchers; }))
    Require(Unavailable("{} of {} watches started", shared.ready.load(), watchers));
  WriteAll(&shared);
  const int64_t all = static_cast<int64_t>(watchers) * options.writes;
  if (!support::WaitUntil(kPatience, [&] { return shared.seen == all; }))
    Require(Unavailable("{} of {} events came", shared.seen.load(), all));
  std::vector<double> latencies;
  for (const auto& reader : readers) {
    const std::vector<double> some = reader->Stop();
    latencies.insert(latencies.end(), some.begin(), some.end());
  }
  return {Percentile(latencies, 0.5), Percentile(latencies, 0.99)};
}

}  // namespace reeve::bench
