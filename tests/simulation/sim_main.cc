// reeve-sim: runs the simulation over seeds; a failing one prints its seed and the end of its
// trace.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "base/log.h"
#include "tests/simulation/world.h"

namespace reeve::simulation {
namespace {

struct Flags {
  uint64_t first = 1;
  uint64_t seeds = 1;
  std::string plant;
  bool trace = false;
  bool hashes = false;
  bool log = false;
  int tail = 60;
  int jobs = 1;
  int chaos_seconds = 120;
};

// What the runs add up to.
struct Totals {
  uint64_t seeds = 0;
  uint64_t failed = 0;
  uint64_t revisions = 0;
  uint64_t events = 0;
  int64_t undone = 0;
  double converged_max = 0;  // Simulated seconds.
};

Planted ByName(const std::string& name) {
  for (const PlantedBug& bug : PlantedBugs()) {
    if (bug.name == name) return bug.bug;
  }
  return Planted::kNone;
}

void RunSeed(uint64_t seed, const Flags& flags, Totals* totals) {
  World world(
      {.seed = seed, .chaos = absl::Seconds(flags.chaos_seconds), .planted = ByName(flags.plant)});
  const Verdict verdict = world.Run();
  totals->seeds += 1;
  totals->failed += verdict.ok() ? 0 : 1;
  totals->revisions += static_cast<uint64_t>(verdict.revisions);
  totals->events += verdict.events;
  totals->undone += verdict.undone;
  totals->converged_max = std::max(totals->converged_max, absl::ToDoubleSeconds(verdict.converged));
  if (flags.trace) std::fputs(world.kernel().TraceTail(SIZE_MAX).c_str(), stdout);
  if (flags.hashes) std::printf("%lu %s\n", seed, verdict.trace_hash.c_str());
  if (!verdict.ok()) {
    std::printf("seed %lu: %s\n", seed, verdict.violations.front().c_str());
    if (flags.tail > 0) std::printf("%s\n", world.kernel().TraceTail(flags.tail).c_str());
  }
  std::fflush(stdout);
}

void RunShare(int job, const Flags& flags, Totals* totals) {
  for (uint64_t i = job; i < flags.seeds; i += flags.jobs) RunSeed(flags.first + i, flags, totals);
}

// One process a job, as each simulation is one thread. A job that dies leaves seeds that nobody
// ran.
Totals RunJobs(const Flags& flags) {
  const size_t bytes = sizeof(Totals) * flags.jobs;
  void* shared = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return {};
  auto* parts = static_cast<Totals*>(shared);
  for (int job = 0; job < flags.jobs; ++job) {
    if (fork() != 0) continue;
    RunShare(job, flags, &parts[job]);
    _exit(0);
  }
  while (wait(nullptr) > 0) {
  }
  Totals all;
  for (int job = 0; job < flags.jobs; ++job) {
    all.seeds += parts[job].seeds;
    all.failed += parts[job].failed;
    all.revisions += parts[job].revisions;
    all.events += parts[job].events;
    all.undone += parts[job].undone;
    all.converged_max = std::max(all.converged_max, parts[job].converged_max);
  }
  return all;
}

int Main(const Flags& flags) {
  const auto begin = std::chrono::steady_clock::now();
  const Totals totals = RunJobs(flags);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf(
      "%lu seeds, %lu with violations; %lu revisions, %lu trace lines, %ld attempts undone, "
      "converged in %.0f s at most; %.1f s\n",
      totals.seeds, totals.failed, totals.revisions, totals.events, totals.undone,
      totals.converged_max, took.count());
  if (totals.seeds != flags.seeds)
    std::printf("%lu seeds did not run\n", flags.seeds - totals.seeds);
  return totals.failed == 0 && totals.seeds == flags.seeds ? 0 : 1;
}

}  // namespace
}  // namespace reeve::simulation

int main(int argc, char** argv) {
  reeve::simulation::Flags flags;
  CLI::App app("Runs a whole estate in simulated time, from a seed.");
  app.add_option("--first", flags.first, "The first seed");
  app.add_option("--seeds", flags.seeds, "How many seeds");
  app.add_option("--plant", flags.plant, "Plant this bug")->check(CLI::IsMember([] {
    std::vector<std::string> names;
    for (const auto& bug : reeve::simulation::PlantedBugs()) names.emplace_back(bug.name);
    return names;
  }()));
  app.add_option("--tail", flags.tail, "Lines of the trace to show of a failing seed");
  app.add_option("--chaos", flags.chaos_seconds, "How long things go wrong, in simulated seconds");
  app.add_option("--jobs", flags.jobs, "Processes at a time")->check(CLI::Range(1, 64));
  app.add_flag("--log", flags.log, "Show what the processes log, to standard error");
  app.add_flag("--trace", flags.trace, "Print the whole trace");
  app.add_flag("--hashes", flags.hashes, "Print the hash of each trace");
  CLI11_PARSE(app, argc, argv);
  // The faults are expected, and so are the errors about them.
  const auto nothing = static_cast<reeve::LogLevel>(static_cast<int>(reeve::LogLevel::kError) + 1);
  reeve::InitLog("sim", reeve::LogFormat::kText, flags.log ? reeve::LogLevel::kInfo : nothing);
  return reeve::simulation::Main(flags);
}
