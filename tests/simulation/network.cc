#include "tests/simulation/network.h"

#include <deque>
#include <utility>
#include <vector>

#include "base/status.h"
#include "proto/schema/object.h"

namespace reeve::simulation {

// One watch. Events wait here for their delay; a break loses those that have not arrived.
class SimStream final : public client::WatchStream {
 public:
  SimStream(Network* network, std::string name, std::function<void()> wake)
      : network_(network),
        name_(std::move(name)),
        wake_(std::move(wake)),
        number_(network->next_stream_++),
        alive_(std::make_shared<bool>(true)) {
    network_->streams_[number_] = this;
  }
  ~SimStream() override {
    *alive_ = false;
    network_->streams_.erase(number_);
  }

  // Planted: leaves out the first revision that comes.
  void SkipRevision() { skips_ = true; }

  void Attach(std::unique_ptr<apiserver::Subscription> subscription) {
    subscription_ = std::move(subscription);
    ScheduleDelivery();
  }

  const std::string& name() const { return name_; }

  void Break() {
    if (broken_) return;
    broken_ = true;
    subscription_.reset();
    wake_();
  }

  // Called by the hub: something waits in the subscription.
  void OnServerWake() { ScheduleDelivery(); }

  absl::StatusOr<std::optional<v1::WatchEvent>> Next() override {
    if (!arrived_.empty()) {
      v1::WatchEvent event = std::move(arrived_.front());
      arrived_.pop_front();
      return event;
    }
    if (!error_.ok()) return error_;
    if (broken_) return Unavailable("the stream broke");
    return std::nullopt;
  }

 private:
  void ScheduleDelivery() {
    if (scheduled_) return;
    scheduled_ = true;
    network_->kernel_->After(network_->chance_.Upto(network_->faults_.delay_max),
                             [this, alive = alive_] {
                               if (*alive) Deliver();
                             });
  }

  bool Skips(const v1::WatchEvent& event) {
    if (!skips_ || event.type() == v1::WatchEvent::BOOKMARK) return false;
    skips_ = event.more();
    return true;
  }

  void Deliver() {
    scheduled_ = false;
    if (broken_ || subscription_ == nullptr) return;
    const bool breaks = network_->chance_.Percent(network_->faults_.broken_stream_percent);
    // A break lets a prefix through: some events of a transaction may be cut off.
    uint64_t budget = breaks ? network_->chance_.Below(4) : UINT64_MAX;
    for (; budget > 0; --budget) {
      auto bytes = subscription_->Next();
      if (!bytes.ok()) error_ = bytes.status();
      if (!bytes.ok() || !*bytes) break;
      if (network_->LosesEvent()) continue;
      v1::WatchEvent event;
      CHECK(event.ParseFromString(***bytes), "the hub encodes events");
      if (!Skips(event)) arrived_.push_back(std::move(event));
    }
    if (breaks) Break();
    wake_();
  }

  Network* const network_;
  const std::string name_;
  const std::function<void()> wake_;
  const uint64_t number_;
  std::shared_ptr<bool> alive_;
  std::unique_ptr<apiserver::Subscription> subscription_;
  std::deque<v1::WatchEvent> arrived_;
  absl::Status error_;
  bool scheduled_ = false;
  bool broken_ = false;
  bool skips_ = false;
};

class SimClient final : public client::Client {
 public:
  SimClient(Network* network, std::string name, apiserver::Identity who)
      : network_(network), name_(std::move(name)), who_(std::move(who)) {}

  absl::StatusOr<v1::Object> Get(const ObjectKey& key) override {
    v1::GetRequest request;
    request.mutable_key()->set_kind(key.kind);
    request.mutable_key()->set_namespace_(key.ns);
    request.mutable_key()->set_name(key.name);
    RETURN_IF_ERROR(network_->Reach(name_));
    auto answer = network_->api_->Get(who_, request);
    RETURN_IF_ERROR(network_->Reply());
    return answer;
  }

  absl::StatusOr<client::List> ListObjects(const v1::ListRequest& request) override {
    RETURN_IF_ERROR(network_->Reach(name_));
    client::List list;
    auto summary = network_->api_->List(
        who_, request, [&](v1::Object item) { list.items.push_back(std::move(item)); });
    RETURN_IF_ERROR(network_->Reply());
    RETURN_IF_ERROR(summary.status());
    list.summary = *std::move(summary);
    return list;
  }

  absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& request) override {
    RETURN_IF_ERROR(network_->Reach(name_));
    auto answer = network_->api_->Apply(who_, request);
    RETURN_IF_ERROR(network_->Reply());
    if (answer.ok() && !request.dry_run()) {
      for (const v1::ApplyResult& result : answer->results())
        network_->on_acknowledged_({.object = result.object()});
    }
    return answer;
  }

  absl::StatusOr<v1::Object> Create(const v1::CreateRequest& request) override {
    RETURN_IF_ERROR(network_->Reach(name_));
    return Acknowledge(network_->api_->Create(who_, request), v1::ObjectMeta());
  }
  absl::StatusOr<v1::Object> Update(const v1::UpdateRequest& request) override {
    RETURN_IF_ERROR(network_->Reach(name_));
    return Acknowledge(network_->api_->Update(who_, network_->Arriving(request)),
                       schema::Meta(request.object()));
  }
  absl::StatusOr<v1::Object> UpdateStatus(const v1::UpdateRequest& request) override {
    RETURN_IF_ERROR(network_->Reach(name_));
    return Acknowledge(network_->api_->UpdateStatus(who_, network_->Arriving(request)),
                       schema::Meta(request.object()));
  }

  absl::StatusOr<v1::Object> Patch(const v1::PatchRequest& request) override {
    RETURN_IF_ERROR(network_->Reach(name_));
    return Acknowledge(network_->api_->Patch(who_, request), v1::ObjectMeta());
  }

  absl::StatusOr<v1::DeleteResponse> Delete(const v1::DeleteRequest& request) override {
    RETURN_IF_ERROR(network_->Reach(name_));
    auto answer = network_->api_->Delete(who_, request);
    RETURN_IF_ERROR(network_->Reply());
    if (answer.ok()) {
      network_->on_acknowledged_({.object = answer->object(),
                                  .gone = answer->gone(),
                                  .resource_version = request.resource_version(),
                                  .uid = request.uid()});
    }
    return answer;
  }

  absl::StatusOr<std::unique_ptr<client::WatchStream>> Watch(const v1::WatchRequest& request,
                                                             std::function<void()> wake) override {
    RETURN_IF_ERROR(network_->Reach(name_));
    auto stream = std::make_unique<SimStream>(network_, name_, std::move(wake));
    ASSIGN_OR_RETURN(auto subscription, network_->api_->Watch(who_, request, [s = stream.get()] {
      s->OnServerWake();
    }));
    const bool resumes = request.revision() > 0 && !request.send_initial_events();
    if (resumes && network_->planted_ == Planted::kSkipsRevision) stream->SkipRevision();
    RETURN_IF_ERROR(network_->Reply());
    stream->Attach(std::move(subscription));
    return stream;
  }

 private:
  absl::StatusOr<v1::Object> Acknowledge(absl::StatusOr<v1::Object> answer,
                                         const v1::ObjectMeta& asked) {
    RETURN_IF_ERROR(network_->Reply());
    // An update that took the last finalizer away removed the object.
    if (answer.ok()) {
      const v1::ObjectMeta& meta = schema::Meta(*answer);
      network_->on_acknowledged_(
          {.object = *answer,
           .gone = meta.has_deletion_timestamp() && meta.finalizers().empty(),
           .resource_version = asked.resource_version(),
           .uid = asked.uid()});
    }
    return answer;
  }

  Network* const network_;
  const std::string name_;
  const apiserver::Identity who_;
};

Network::Network(Kernel* kernel, OnAcknowledged on_acknowledged)
    : kernel_(kernel),
      on_acknowledged_(std::move(on_acknowledged)),
      chance_(kernel->seed(), "network") {}

Network::~Network() { CHECK(streams_.empty(), "clients end before the network"); }

void Network::SetServer(apiserver::Api* api) {
  BreakStreams("");
  api_ = api;
}

void Network::SetPartitioned(const std::string& name, bool partitioned) {
  partitioned_[name] = partitioned;
  if (partitioned) BreakStreams(name);
}

std::unique_ptr<client::Client> Network::Connect(const std::string& name,
                                                 const apiserver::Identity& who) {
  return std::make_unique<SimClient>(this, name, who);
}

absl::Status Network::Transfer(const std::string& name) {
  RETURN_IF_ERROR(Reach(name));
  return Reply();
}

absl::Status Network::Reach(const std::string& name) {
  if (api_ == nullptr) return Unavailable("the API server is down");
  if (const auto it = partitioned_.find(name); it != partitioned_.end() && it->second) {
    return Unavailable("{} is cut off", name);
  }
  if (chance_.Percent(faults_.lost_request_percent)) return Unavailable("the request was lost");
  return absl::OkStatus();
}

absl::Status Network::Reply() {
  if (chance_.Percent(faults_.lost_reply_percent)) return Unavailable("the reply was lost");
  return absl::OkStatus();
}

bool Network::LosesEvent() { return planted_ == Planted::kLostEvent && chance_.OneIn(20); }

v1::UpdateRequest Network::Arriving(const v1::UpdateRequest& request) {
  v1::UpdateRequest arriving = request;
  if (planted_ == Planted::kAppliedTooSoon && request.object().has_work()) {
    v1::WorkStatus* status = arriving.mutable_object()->mutable_work()->mutable_status();
    if (status->state() == v1::WorkStatus::Failed) status->set_state(v1::WorkStatus::Applied);
  }
  if (planted_ != Planted::kNoPreconditions) return arriving;
  const ObjectKey key = schema::KeyOf(request.object());
  v1::GetRequest get;
  get.mutable_key()->set_kind(key.kind);
  get.mutable_key()->set_namespace_(key.ns);
  get.mutable_key()->set_name(key.name);
  const auto there = api_->Get(apiserver::Identity::Admin(), get);
  if (!there.ok()) return arriving;
  v1::ObjectMeta* meta = schema::MutableMeta(arriving.mutable_object());
  meta->set_resource_version(schema::Meta(*there).resource_version());
  meta->set_uid(schema::Meta(*there).uid());
  return arriving;
}

void Network::BreakStreams(const std::string& name) {
  std::vector<SimStream*> broken;
  for (const auto& [number, stream] : streams_) {
    if (name.empty() || stream->name() == name) broken.push_back(stream);
  }
  for (SimStream* stream : broken) stream->Break();
}

}  // namespace reeve::simulation
