// The same work on Reeve and on etcd, in turn, in one run; medians and ratios. Absolute figures
// drift with the machine: only ratios mean something.
//
// Both hold `objects` objects before the first round, so list, memory and restart are of at least
// as many.
//
// Usage: reeve-bench [rounds] [objects]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/status.h"
#include "tests/bench/peer.h"
#include "tests/support/child_process.h"

namespace reeve::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// In each round.
constexpr int kCreatesOfOne = 500;
constexpr int kOperationsOfMany = 2000;

double Seconds(SteadyClock::duration d) { return std::chrono::duration<double>(d).count(); }

double Percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(p * static_cast<double>(values.size() - 1))];
}

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

struct Rate {
  double per_second = 0;
  double p50 = 0;  // Seconds.
};

// `clients` threads do `total` operations between them.
Rate Measure(int clients, int total,
             const std::function<absl::Status(int client, int i)>& operation) {
  std::atomic<int> next{0};
  std::vector<std::vector<double>> latencies(clients);
  std::vector<std::thread> threads;
  const auto start = SteadyClock::now();
  for (int client = 0; client < clients; ++client) {
    threads.emplace_back([&, client] {
      for (int i = next++; i < total; i = next++) {
        const auto begin = SteadyClock::now();
        Require(operation(client, i));
        latencies[client].push_back(Seconds(SteadyClock::now() - begin));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double elapsed = Seconds(SteadyClock::now() - start);
  std::vector<double> all;
  for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
  return {total / elapsed, Percentile(std::move(all), 0.5)};
}

// Milliseconds from the start of a write to a watcher having it, at 100 writes a second.
class WatchRun {
 public:
  WatchRun(Peer* peer, int watchers, int writes)
      : peer_(peer), watchers_(watchers), writes_(writes) {}

  std::pair<double, double> Run(const std::string& prefix) {
    for (int i = 0; i < watchers_; ++i) {
      Require(peer_->Watch(i, [this](const std::string& name) { Seen(name); }));
    }
    Notification pace;
    for (int i = 0; i < writes_; ++i) {
      const std::string key = prefix + std::to_string(i);
      Began(key);
      Require(peer_->Create(0, key));
      pace.WaitFor(absl::Milliseconds(10));
    }
    support::WaitUntil(absl::Seconds(20),
                       [this] { return Count() >= static_cast<size_t>(watchers_) * writes_; });
    peer_->StopWatches();
    MutexLock lock(&mu_);
    return {Percentile(latencies_, 0.5) * 1e3, Percentile(latencies_, 0.99) * 1e3};
  }

 private:
  void Began(const std::string& key) {
    MutexLock lock(&mu_);
    began_[key] = SteadyClock::now();
  }
  void Seen(const std::string& key) {
    const auto now = SteadyClock::now();
    MutexLock lock(&mu_);
    if (const auto it = began_.find(key); it != began_.end())
      latencies_.push_back(Seconds(now - it->second));
  }
  size_t Count() {
    MutexLock lock(&mu_);
    return latencies_.size();
  }

  Peer* const peer_;
  const int watchers_;
  const int writes_;
  Mutex mu_;
  std::map<std::string, SteadyClock::time_point> began_ ABSL_GUARDED_BY(mu_);
  std::vector<double> latencies_ ABSL_GUARDED_BY(mu_);
};

// Figure -> peer -> one value a round.
class Table {
 public:
  void Add(const std::string& figure, const std::string& peer, double value) {
    if (!values_.contains(figure)) order_.push_back(figure);
    values_[figure][peer].push_back(value);
  }
  void Print() const {
    std::printf("%-34s %12s %12s %10s\n", "median", "reeve", "etcd", "reeve/etcd");
    for (const std::string& figure : order_) {
      const double reeve = Percentile(values_.at(figure).at("reeve"), 0.5);
      const double etcd = Percentile(values_.at(figure).at("etcd"), 0.5);
      std::printf("%-34s %12.4g %12.4g %9.2fx\n", figure.c_str(), reeve, etcd,
                  etcd > 0 ? reeve / etcd : 0);
    }
  }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::map<std::string, std::vector<double>>> values_;
};

Rate Create(Peer* peer, int clients, int count, const std::string& prefix) {
  return Measure(clients, count, [&](int client, int i) {
    return peer->Create(client, prefix + std::to_string(i));
  });
}

void Round(Peer* peer, int round, Table* table) {
  const std::string tag = "r" + std::to_string(round) + "-";
  const Rate one = Create(peer, 1, kCreatesOfOne, tag + "one-");
  table->Add("create, 1 client, p50 ms", peer->name(), one.p50 * 1e3);
  const Rate many = Create(peer, 64, kOperationsOfMany, tag + "many-");
  table->Add("create, 64 clients, per second", peer->name(), many.per_second);
  const Rate get = Measure(64, kOperationsOfMany, [&](int client, int i) {
    return peer->Get(client, tag + "many-" + std::to_string(i));
  });
  table->Add("get, 64 clients, per second", peer->name(), get.per_second);
  const auto begin = SteadyClock::now();
  const absl::StatusOr<int> count = peer->List(0);
  Require(count.status());
  table->Add("list all, seconds per 10 k", peer->name(),
             Seconds(SteadyClock::now() - begin) * 1e4 / *count);
}

void Watches(Peer* peer, int round, Table* table) {
  for (const int watchers : {1, 100}) {
    const std::string label = std::to_string(watchers) + " watcher" + (watchers > 1 ? "s" : "");
    const std::string prefix = "w" + std::to_string(round) + "-" + std::to_string(watchers) + "-";
    const auto [p50, p99] = WatchRun(peer, watchers, 200).Run(prefix);
    table->Add(label + ", p50 ms", peer->name(), p50);
    table->Add(label + ", p99 ms", peer->name(), p99);
  }
}

void Restarts(Peer* peer, Table* table) {
  table->Add("resident MB", peer->name(), static_cast<double>(peer->ResidentBytes()) / 1e6);
  const auto begin = SteadyClock::now();
  Require(peer->Restart());
  table->Add("restart, seconds", peer->name(), Seconds(SteadyClock::now() - begin));
}

int Main(int rounds, int objects) {
  support::TempDir dir;
  auto reeve = NewReevePeer(dir.path());
  Require(reeve.status());
  auto etcd = NewEtcdPeer(dir.path());
  Require(etcd.status());
  Table table;
  for (Peer* peer : {reeve->get(), etcd->get()}) Create(peer, 64, objects, "fill-");
  for (int round = 0; round < rounds; ++round) {
    for (Peer* peer : {reeve->get(), etcd->get()}) {
      Round(peer, round, &table);
      Watches(peer, round, &table);
      Restarts(peer, &table);
    }
  }
  std::printf("%d rounds, %d objects before the first, %d connections, TLS on both\n", rounds,
              objects, kConnections);
  table.Print();
  return 0;
}

}  // namespace

int64_t ResidentBytesOf(int pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  int64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

std::string Filler() {
  std::string text;
  for (int i = 0; text.size() < 1300; ++i) text += "field-" + std::to_string(i * 7919 % 1000) + " ";
  return text;
}

}  // namespace reeve::bench

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const int objects = argc > 2 ? std::atoi(argv[2]) : 10000;
  return reeve::bench::Main(rounds, objects);
}
