// Metrics by the names the field knows, in one registry of the process. The only door to
// prometheus-cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

using MetricLabels = std::map<std::string, std::string>;

// A family: declare once as a static or a member, then observe with labels. Labels come from closed
// sets, never from object names. Thread safety: safe.
class Counter {
 public:
  // What one set of labels counts in: found once, for what counts often. Lives as long as the
  // process.
  class Cell {
   public:
    void Add(double by = 1) const;

   private:
    friend class Counter;
    explicit Cell(void* counter) : counter_(counter) {}
    void* counter_;
  };

  Counter(std::string_view name, std::string_view help);  // CHECKs that the name ends in _total.
  void Add(const MetricLabels& labels = {}, double by = 1) const;
  Cell At(const MetricLabels& labels) const;
  double Value(const MetricLabels& labels = {}) const;

 private:
  void* const family_;
};

class Gauge {
 public:
  Gauge(std::string_view name, std::string_view help);
  void Set(double value, const MetricLabels& labels = {}) const;
  void Add(double by, const MetricLabels& labels = {}) const;

 private:
  void* const family_;
};

class Histogram {
 public:
  class Cell {  // As Counter's.
   public:
    void Observe(double value) const;

   private:
    friend class Histogram;
    explicit Cell(void* histogram) : histogram_(histogram) {}
    void* histogram_;
  };

  Histogram(std::string_view name, std::string_view help, std::vector<double> buckets);
  void Observe(double value, const MetricLabels& labels = {}) const;
  Cell At(const MetricLabels& labels) const;

 private:
  void* const family_;
  const std::vector<double> buckets_;
};

// All metrics of the process in Prometheus' text format, with process_* and reeve_build_info added.
// Families that have no sample yet are shown by their HELP and TYPE.
std::string RenderMetrics();

// Name, type and help of every metric declared so far, sorted: the golden of docs/metrics.md.
std::string MetricsCatalogue();

}  // namespace reeve
