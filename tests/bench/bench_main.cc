// The same work on Reeve and on etcd, in turn, in one run; medians and ratios. Absolute figures
// drift with the machine: only ratios mean something.
//
// Both hold `objects` objects before the first round, so list, memory and restart are of at least
// as many; a hundredth of them is how many watchers there are, unless it is said.
//
// Usage: reeve-bench [rounds] [objects] [watchers], or reeve-bench ctl: only its last part
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/process_usage.h"
#include "base/status.h"
#include "tests/bench/calls.h"
#include "tests/bench/ctl_speed.h"
#include "tests/bench/peer.h"
#include "tests/bench/watch_run.h"
#include "tests/support/child_process.h"

namespace reeve::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// In each round.
constexpr int kCreatesOfOne = 500;
constexpr int kOperationsOfMany = 10'000;
constexpr int kWatchWrites = 300;
constexpr int kObjectsOfAWatcher = 100;

constexpr char kListOnce[] = "list, one answer, s";
constexpr char kListPaged[] = "list, pages of 500, s";

double SecondsSince(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

// Figure -> peer -> one value a round.
class Table {
 public:
  void Add(const std::string& figure, const std::string& peer, double value) {
    if (!values_.contains(figure)) order_.push_back(figure);
    values_[figure][peer].push_back(value);
  }
  void Print() const {
    std::printf("%-36s %12s %12s %10s\n", "median", "reeve", "etcd", "reeve/etcd");
    for (const std::string& figure : order_) {
      const double reeve = Median(figure, "reeve");
      const double etcd = Median(figure, "etcd");
      std::printf("%-36s %12.4g %12.4g %9.2fx\n", figure.c_str(), reeve, etcd,
                  etcd > 0 ? reeve / etcd : 0);
    }
    std::printf("%-36s %35.2fx\n", "reeve's one answer / etcd's pages",
                Median(kListOnce, "reeve") / Median(kListPaged, "etcd"));
  }

 private:
  double Median(const std::string& figure, const std::string& peer) const {
    return Percentile(values_.at(figure).at(peer), 0.5);
  }

  std::vector<std::string> order_;
  std::map<std::string, std::map<std::string, std::vector<double>>> values_;
};

Rate Create(Peer* peer, int clients, int count, const std::string& prefix) {
  return Measure(
      peer->connections(), clients, count,
      [&](int i) { return peer->Create(prefix + std::to_string(i)); },
      [&](const grpc::ByteBuffer& answer) { return peer->Created(answer); });
}

void Requests(Peer* peer, const std::string& tag, Table* table) {
  const Rate one = Create(peer, 1, kCreatesOfOne, tag + "one-");
  table->Add("create, 1 client, p50 ms", peer->name(), one.p50 * 1e3);
  double cpu = CpuSecondsOf(peer->pid());
  const Rate many = Create(peer, 64, kOperationsOfMany, tag + "many-");
  const auto cpu_us = [&] { return (CpuSecondsOf(peer->pid()) - cpu) / kOperationsOfMany * 1e6; };
  table->Add("create, 64 clients, per second", peer->name(), many.per_second);
  table->Add("create, server CPU us each", peer->name(), cpu_us());
  cpu = CpuSecondsOf(peer->pid());
  const Rate get = Measure(
      peer->connections(), 64, kOperationsOfMany,
      [&](int i) { return peer->Get(tag + "many-" + std::to_string(i)); },
      [](const grpc::ByteBuffer&) { return absl::OkStatus(); });
  table->Add("get, 64 clients, per second", peer->name(), get.per_second);
  table->Add("get, server CPU us each", peer->name(), cpu_us());
}

void Lists(Peer* peer, int objects, Table* table) {
  auto begin = SteadyClock::now();
  const absl::StatusOr<int> once = peer->List();
  Require(once.status());
  table->Add(kListOnce, peer->name(), SecondsSince(begin));
  begin = SteadyClock::now();
  const absl::StatusOr<int> paged = peer->ListPaged();
  Require(paged.status());
  table->Add(kListPaged, peer->name(), SecondsSince(begin));
  if (*once != *paged || *once < objects)
    Require(Internal("{} lists {} and {} of {}", peer->name(), *once, *paged, objects));
  table->Add("memory after lists, KB per object", peer->name(),
             static_cast<double>(ResidentBytesOf(peer->pid())) / 1e3 / *once);
}

void Watches(Peer* peer, int watchers, const std::string& tag, Table* table) {
  const double cpu = CpuSecondsOf(peer->pid());
  const absl::StatusOr<Request> request = peer->Watch();
  Require(request.status());
  WatchOptions options{.request = *request, .first_answer = peer->watch_answers()};
  options.watchers = watchers;
  options.writes = kWatchWrites;
  options.prefix = fmt::format("{}w{}-", tag, watchers);
  options.write = [&](const std::string& key) {
    return peer->connections()->Call(peer->Create(key)).status();
  };
  const Latency latency = RunWatches(peer->connections(), options);
  const std::string label = fmt::format("{} watcher{}", watchers, watchers > 1 ? "s" : "");
  table->Add(label + ", p50 ms", peer->name(), latency.p50 * 1e3);
  table->Add(label + ", p99 ms", peer->name(), latency.p99 * 1e3);
  table->Add(label + ", server CPU us per event", peer->name(),
             (CpuSecondsOf(peer->pid()) - cpu) / (watchers * kWatchWrites) * 1e6);
}

// From the start of the process to its first answer, after a kill: nobody says goodbye.
void Restart(Peer* peer, Table* table) {
  peer->Kill();
  const auto begin = SteadyClock::now();
  Require(peer->Start());
  table->Add("restart, s", peer->name(), SecondsSince(begin));
}

void Fill(Peer* peer, int objects, Table* table) {
  Create(peer, 64, objects, "fill-");
  table->Add("memory after writes, KB per object", peer->name(),
             static_cast<double>(ResidentBytesOf(peer->pid())) / 1e3 / objects);
}

void Main(int rounds, int objects, int watchers) {
  support::TempDir dir;
  auto reeve = NewReevePeer(dir.path());
  Require(reeve.status());
  auto etcd = NewEtcdPeer(dir.path());
  Require(etcd.status());
  Table table;
  const auto begin = SteadyClock::now();
  for (Peer* peer : {reeve->get(), etcd->get()}) Fill(peer, objects, &table);
  for (int round = 0; round < rounds; ++round) {
    for (Peer* peer : {reeve->get(), etcd->get()}) {
      const std::string tag = fmt::format("r{}-", round);
      Requests(peer, tag, &table);
      Lists(peer, objects, &table);
      Watches(peer, 1, tag, &table);
      Watches(peer, watchers, tag, &table);
      Restart(peer, &table);
    }
  }
  std::printf("%d rounds, %d objects before the first, %d connections, TLS on both, %.0f s\n",
              rounds, objects, kConnections, SecondsSince(begin));
  table.Print();
  Require(CtlSpeed(dir.path() + "/ctl"));
}

}  // namespace

std::string Filler() {
  std::string text;
  for (int i = 0; text.size() < 1300; ++i) text += "field-" + std::to_string(i * 7919 % 1000) + " ";
  return text;
}

}  // namespace reeve::bench

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "ctl") {
    const reeve::support::TempDir dir;
    reeve::bench::Require(reeve::bench::CtlSpeed(dir.path()));
    return 0;
  }
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 3;
  const int objects = argc > 2 ? std::atoi(argv[2]) : 10'000;
  const int watchers =
      argc > 3 ? std::atoi(argv[3]) : std::max(2, objects / reeve::bench::kObjectsOfAWatcher);
  reeve::bench::Main(rounds, objects, watchers);
  return 0;
}
