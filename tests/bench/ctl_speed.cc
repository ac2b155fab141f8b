#include "tests/bench/ctl_speed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "reeve/v1/resources.grpc.pb.h"
#include "tests/support/api_server.h"
#include "tests/support/channels.h"

namespace reeve::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kObjects = 10'000;
constexpr int kObjectsAtOnce = 250;
constexpr int kRuns = 41;
constexpr double kAllowed = 1.5;  // Of what the empty program takes.

double MillisSince(SteadyClock::time_point begin) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Took {
  double wall = 0;  // Milliseconds, from before the process is made to after it was waited for.
  double cpu = 0;   // Of the process.
};

double Millis(const timeval& time) { return time.tv_sec * 1e3 + time.tv_usec / 1e3; }

absl::StatusOr<Took> TimeOf(const std::vector<std::string>& argv) {
  std::vector<char*> pointers;
  for (const std::string& arg : argv) pointers.push_back(const_cast<char*>(arg.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const auto begin = SteadyClock::now();
  const int error = posix_spawn(&pid, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return ErrnoStatus(error, argv[0]);
  int status = 0;
  rusage usage{};
  if (wait4(pid, &status, 0, &usage) != pid) return ErrnoStatus(errno, "wait4");
  const double wall = MillisSince(begin);
  if (status != 0) return Internal("{} failed", Join(argv, " "));
  return Took{wall, Millis(usage.ru_utime) + Millis(usage.ru_stime)};
}

v1::Object SiteCalled(const std::string& name) {
  v1::Object object;
  v1::Site* site = object.mutable_site();
  site->mutable_metadata()->set_name(name);
  site->mutable_metadata()->set_namespace_("default");
  site->mutable_spec()->set_type(v1::SiteSpec::Static);
  site->mutable_spec()->set_replicas(0);
  return object;
}

absl::Status Fill(v1::Resources::Stub* stub) {
  for (int i = 0; i < kObjects; i += kObjectsAtOnce) {
    v1::ApplyRequest request;
    request.set_field_manager("bench");
    for (int j = i; j < i + kObjectsAtOnce; ++j) {
      *request.add_objects() = SiteCalled(fmt::format("site-{:05}", j));
      v1::FieldSet* mentioned = request.add_mentioned();
      for (const char* path : {"spec.type", "spec.replicas"}) mentioned->add_paths(path);
    }
    grpc::ClientContext context;
    v1::ApplyResponse response;
    RETURN_IF_ERROR(support::ToStatus(stub->Apply(&context, request, &response)));
  }
  return absl::OkStatus();
}

// A Get on a connection that is there.
absl::StatusOr<double> RoundTrip(v1::Resources::Stub* stub) {
  v1::GetRequest request;
  request.mutable_key()->set_kind("Site");
  request.mutable_key()->set_namespace_("default");
  request.mutable_key()->set_name("site-00000");
  const auto begin = SteadyClock::now();
  grpc::ClientContext context;
  v1::Object object;
  RETURN_IF_ERROR(support::ToStatus(stub->Get(&context, request, &object)));
  return MillisSince(begin);
}

// Connecting, with the handshake of TLS, as every command has to.
absl::StatusOr<double> Connecting(const support::ApiServer& server) {
  const auto channel = support::Connect(server.endpoint(), server.pki(), 1)[0];
  const auto begin = SteadyClock::now();
  const gpr_timespec patience = gpr_time_from_seconds(10, GPR_TIMESPAN);
  if (!channel->WaitForConnected(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), patience)))
    return Unavailable("no connection to {}", server.endpoint());
  return MillisSince(begin);
}

struct Measured {
  std::string name;
  std::vector<std::string> argv;
  std::vector<double> wall, cpu;
};

// As init leaves the config of an administrator: over the socket; and as from another machine.
std::vector<Measured> Commands(const std::string& dir, const std::string& endpoint) {
  const std::string ctl = support::BinDir() + "/ctl";
  const std::string file = dir + "/one-site.yaml";
  std::ofstream(file) << "apiVersion: reeve/v1\nkind: Site\nmetadata: {name: site-00007}\n"
                         "spec: {type: Static, replicas: 0}\n";
  std::vector<Measured> all = {
      {"empty program, the same libraries", {support::BinDir() + "/ctl-empty"}, {}, {}},
      {"ctl explain site.spec", {ctl, "explain", "site.spec"}, {}, {}}};
  std::vector<std::string> there = {"--config", dir + "/admin.conf"};
  for (const std::string where : {"", ", over TLS"}) {
    if (!where.empty()) there.insert(there.end(), {"-s", endpoint});
    all.push_back({"ctl get site x" + where, {ctl, "get", "site", "site-00007"}, {}, {}});
    all.push_back({"ctl apply -f one-site.yaml" + where, {ctl, "apply", "-f", file}, {}, {}});
    for (auto it = all.end() - 2; it != all.end(); ++it)
      it->argv.insert(it->argv.begin() + 1, there.begin(), there.end());
    Measured names{"completion of a name" + where, {ctl, "__complete", "--"}, {}, {}};
    names.argv.insert(names.argv.end(), there.begin(), there.end());
    names.argv.insert(names.argv.end(), {"get", "site", "site-0012"});
    all.push_back(std::move(names));
  }
  return all;
}

void Print(const std::vector<Measured>& all, double round_trip, double connecting) {
  const double empty = Median(all[0].wall);
  const double allowed = kAllowed * empty + 2 * round_trip;
  std::printf(
      "\nctl, whole process, %d objects, %d runs each; allowed: 1.5 x empty + 2 round "
      "trips\n%-40s %8s %11s %8s\n",
      kObjects, kRuns, "median", "ms", "of allowed", "CPU ms");
  std::printf("%-40s %8.2f\n", "a round trip, over TLS", round_trip);
  std::printf("%-40s %8.2f\n", "connecting over TLS, from a warm program", connecting);
  for (const Measured& one : all) {
    const double median = Median(one.wall);
    std::printf("%-40s %8.2f %10.2fx %8.2f\n", one.name.c_str(), median, median / allowed,
                Median(one.cpu));
  }
}

}  // namespace

absl::Status CtlSpeed(const std::string& dir) {
  std::filesystem::create_directories(dir);
  support::ApiServer server(dir);
  RETURN_IF_ERROR(server.Init());
  RETURN_IF_ERROR(server.Start());
  const auto stub = v1::Resources::NewStub(support::Connect(server.endpoint(), server.pki(), 1)[0]);
  RETURN_IF_ERROR(Fill(stub.get()));
  std::vector<Measured> all = Commands(dir, server.endpoint());
  std::vector<double> trips, connects;
  for (int run = 0; run < kRuns; ++run) {
    for (Measured& one : all) {
      ASSIGN_OR_RETURN(const Took took, TimeOf(one.argv));
      one.wall.push_back(took.wall);
      one.cpu.push_back(took.cpu);
    }
    ASSIGN_OR_RETURN(trips.emplace_back(), RoundTrip(stub.get()));
    ASSIGN_OR_RETURN(connects.emplace_back(), Connecting(server));
  }
  Print(all, Median(trips), Median(connects));
  return server.Stop();
}

}  // namespace reeve::bench
