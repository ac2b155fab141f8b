#include "apiserver/request_metrics.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <iterator>

#include "base/metrics.h"
#include "proto/schema/kind_registry.h"

namespace reeve::apiserver {
namespace {

// Kubernetes' buckets.
const std::vector<double>& Buckets() {
  static const auto* const buckets = new std::vector<double>{
      .005, .025, .05, .1, .2, .4, .6, .8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60};
  return *buckets;
}

struct Families {
  Counter requests{"apiserver_request_total", "Requests by verb, resource and HTTP code."};
  Histogram seconds{"apiserver_request_duration_seconds",
                    "How long requests took, without watches.", Buckets()};
  Gauge watches{"apiserver_longrunning_requests", "Watches that are open."};
  Counter events{"apiserver_watch_events_total", "Events sent on watches."};
  Counter bytes{"apiserver_watch_events_bytes_total", "Bytes of events sent on watches."};
  Counter terminated{"apiserver_terminated_watchers_total",
                     "Watches closed because they did not keep up."};
};

const Families& Metrics() {
  static const auto* const families = new Families;
  return *families;
}

struct Cells {
  Histogram::Cell seconds;
  Counter::Cell requests;
};

// Looked up on every request: each thread remembers where those of its requests are.
const Cells& CellsOf(const std::string& verb, const std::string& resource,
                     const std::string& subresource, int code) {
  thread_local absl::flat_hash_map<std::string, Cells> known;
  thread_local std::string key;
  key.clear();
  fmt::format_to(std::back_inserter(key), "{}/{}/{}/{}", verb, resource, subresource, code);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  MetricLabels labels = {{"verb", verb}, {"resource", resource}, {"subresource", subresource}};
  const Histogram::Cell seconds = Metrics().seconds.At(labels);
  labels["code"] = fmt::format("{}", code);
  return known.emplace(key, Cells{seconds, Metrics().requests.At(labels)}).first->second;
}

// A closed set, whatever a client says.
std::string ResourceLabel(const std::string& kind) {
  const schema::Kind* known = schema::KindRegistry::Get().FindByName(kind);
  return known == nullptr ? "unknown" : known->plural;
}

}  // namespace

int HttpCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kInvalidArgument:
      return 422;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kFailedPrecondition:
      return 412;
    case absl::StatusCode::kOutOfRange:
      return 410;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

RequestMetrics::RequestMetrics(Clock* clock, std::string verb, const std::string& kind,
                               std::string subresource)
    : clock_(clock),
      start_(clock->Read().mono),
      verb_(std::move(verb)),
      resource_(ResourceLabel(kind)),
      subresource_(std::move(subresource)) {}

void RequestMetrics::Done(const absl::Status& status) const {
  const double seconds = absl::ToDoubleSeconds(clock_->Read().mono - start_);
  const Cells& cells = CellsOf(verb_, resource_, subresource_, HttpCode(status.code()));
  cells.seconds.Observe(seconds);
  cells.requests.Add();
}

WatchMetrics::WatchMetrics(const std::string& kind)
    : resource_(ResourceLabel(kind)),
      events_(Metrics().events.At({{"kind", resource_}})),
      bytes_(Metrics().bytes.At({{"kind", resource_}})) {
  Metrics().watches.Add(1, {{"verb", "WATCH"}, {"resource", resource_}});
}

WatchMetrics::~WatchMetrics() {
  Metrics().watches.Add(-1, {{"verb", "WATCH"}, {"resource", resource_}});
}

void WatchMetrics::Sent(size_t bytes) const {
  events_.Add();
  bytes_.Add(static_cast<double>(bytes));
}

void CountTerminatedWatch(const std::string& kind) {
  Metrics().terminated.Add({{"resource", ResourceLabel(kind)}});
}

}  // namespace reeve::apiserver
