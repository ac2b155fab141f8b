#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <filesystem>

#include "base/mutex.h"
#include "base/process_usage.h"
#include "base/status.h"

namespace reeve {
namespace {

struct Registered {
  std::string type;
  std::string help;
};

// The process's registry, and the catalogue of what is in it. Never destroyed: threads may still
// count at exit.
struct Registry {
  prometheus::Registry prometheus;
  Mutex mu;
  std::map<std::string, Registered> catalogue ABSL_GUARDED_BY(mu);
};

Registry& TheRegistry() {
  static Registry* const registry = new Registry;
  return *registry;
}

void Remember(std::string_view name, std::string_view type, std::string_view help) {
  Registry& registry = TheRegistry();
  MutexLock lock(&registry.mu);
  registry.catalogue[std::string(name)] = {std::string(type), std::string(help)};
}

template <typename Builder>
void* Register(Builder builder, std::string_view name, std::string_view help) {
  return &builder.Name(std::string(name))
              .Help(std::string(help))
              .Register(TheRegistry().prometheus);
}

prometheus::Family<prometheus::Counter>& Counters(void* family) {
  return *static_cast<prometheus::Family<prometheus::Counter>*>(family);
}
prometheus::Family<prometheus::Gauge>& Gauges(void* family) {
  return *static_cast<prometheus::Family<prometheus::Gauge>*>(family);
}

double OpenFds() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; it != end;
       it.increment(error))
    ++count;
  return count;
}

void UpdateProcessMetrics() {
  static const Counter cpu("process_cpu_seconds_total", "User and system CPU time spent.");
  static const Gauge resident("process_resident_memory_bytes", "Resident memory size in bytes.");
  static const Gauge fds("process_open_fds", "Open file descriptors.");
  static const Gauge build("reeve_build_info", "1, with the version as a label.");
  cpu.Add({}, CpuSecondsOf(getpid()) - cpu.Value());
  resident.Set(static_cast<double>(ResidentBytesOf(getpid())));
  fds.Set(OpenFds());
  build.Set(1, {{"version", REEVE_VERSION}});
}

// A family that has counted nothing yet is there all the same, so that a rule on it can be written
// before it happens.
std::string WithoutSamples(const std::string& rendered) {
  Registry& registry = TheRegistry();
  MutexLock lock(&registry.mu);
  std::string text;
  for (const auto& [name, what] : registry.catalogue) {
    if (rendered.find(fmt::format("# TYPE {} ", name)) != std::string::npos) continue;
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, what.help, name, what.type);
  }
  return text;
}

}  // namespace

Counter::Counter(std::string_view name, std::string_view help)
    : family_(Register(prometheus::BuildCounter(), name, help)) {
  CHECK(name.ends_with("_total"), "a counter's name ends in _total");
  Remember(name, "counter", help);
}
void Counter::Add(const MetricLabels& labels, double by) const {
  Counters(family_).Add(labels).Increment(by);
}
Counter::Cell Counter::At(const MetricLabels& labels) const {
  return Cell(&Counters(family_).Add(labels));
}
void Counter::Cell::Add(double by) const {
  static_cast<prometheus::Counter*>(counter_)->Increment(by);
}
double Counter::Value(const MetricLabels& labels) const {
  return Counters(family_).Add(labels).Value();
}

Gauge::Gauge(std::string_view name, std::string_view help)
    : family_(Register(prometheus::BuildGauge(), name, help)) {
  Remember(name, "gauge", help);
}
void Gauge::Set(double value, const MetricLabels& labels) const {
  Gauges(family_).Add(labels).Set(value);
}
void Gauge::Add(double by, const MetricLabels& labels) const {
  Gauges(family_).Add(labels).Increment(by);
}

Histogram::Histogram(std::string_view name, std::string_view help, std::vector<double> buckets)
    : family_(Register(prometheus::BuildHistogram(), name, help)), buckets_(std::move(buckets)) {
  Remember(name, "histogram", help);
}
void Histogram::Observe(double value, const MetricLabels& labels) const {
  At(labels).Observe(value);
}
Histogram::Cell Histogram::At(const MetricLabels& labels) const {
  return Cell(
      &static_cast<prometheus::Family<prometheus::Histogram>*>(family_)->Add(labels, buckets_));
}
void Histogram::Cell::Observe(double value) const {
  static_cast<prometheus::Histogram*>(histogram_)->Observe(value);
}

std::string RenderMetrics() {
  UpdateProcessMetrics();
  const std::string text =
      prometheus::TextSerializer().Serialize(TheRegistry().prometheus.Collect());
  return text + WithoutSamples(text);
}

std::string MetricsCatalogue() {
  Registry& registry = TheRegistry();
  MutexLock lock(&registry.mu);
  std::string text;
  for (const auto& [name, what] : registry.catalogue) {
    text += fmt::format("{} {} {}\n", name, what.type, what.help);
  }
  return text;
}

}  // namespace reeve
