#include "agents/host_reporter.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include "agents/observe.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "client/conditions.h"
#include "client/timestamps.h"
#include "proto/schema/plain.h"

namespace reeve::agents {
namespace {

constexpr uint64_t kSmallFileMax = 64 << 10;
constexpr size_t kForeignMax = 100;

std::string ReadSmall(Files* files, const std::string& dir, std::string_view name) {
  const auto root = files->Open(dir);
  if (!root.ok()) return "";
  return (*root)->Read(name, kSmallFileMax).value_or("");
}

std::string PrettyName(const std::string& os_release) {
  constexpr std::string_view kKey = "PRETTY_NAME=";
  for (const std::string& line : Split(os_release, '\n')) {
    if (!line.starts_with(kKey)) continue;
    std::string value = line.substr(kKey.size());
    std::erase(value, '"');
    return value;
  }
  return "";
}

client::Finding Observed(const absl::Status& status) {
  if (status.ok()) return {"Observed", v1::Condition::True, "Observed", ""};
  return {"Observed", v1::Condition::False, "CannotObserve", client::FirstLine(Message(status))};
}

client::Finding NginxReady(const HostFacts& facts, const pb::Inventory::Nginx& nginx) {
  const auto is_not = [](std::string_view reason, std::string message) {
    return client::Finding{"NginxReady", v1::Condition::False, std::string(reason),
                           std::move(message)};
  };
  if (!nginx.installed()) return is_not("NginxMissing", "nginx is not installed on this host");
  if (!facts.restored.ok())
    return is_not("NginxNotSetUp", client::FirstLine(Message(facts.restored)));
  if (!nginx.hooked()) return is_not("NginxNotSetUp", "nginx does not read Reeve's routes");
  if (!nginx.active()) return is_not("NginxNotRunning", "nginx.service is not active");
  return {"NginxReady", v1::Condition::True, "NginxReady", ""};
}

// Only while there is something to decide.
void SetHeld(const HostFacts& facts, const std::string& host, int64_t generation, absl::Time now,
             client::ConditionList* conditions) {
  constexpr std::string_view kType = "DeletionsAccepted";
  if (!facts.held) return client::DropCondition(conditions, kType);
  client::SetCondition(
      conditions,
      {kType, v1::Condition::False, "StoreReplaced",
       fmt::format(
           "the store began a new epoch and lacks {} Works that run here; they are kept. If they "
           "are to go: ctl host accept-deletions {}",
           facts.vanished, host)},
      generation, now);
}

void FillForeign(const HostFacts& facts, const pb::Inventory& inventory, const pb::Ledger& ledger,
                 const HostPaths& paths, v1::HostStatus* status) {
  status->clear_foreign_listeners();
  for (v1::Listener& listener : ForeignListeners(inventory, ledger, paths)) {
    if (status->foreign_listeners_size() < kListItemsMax)
      *status->add_foreign_listeners() = std::move(listener);
  }
  status->clear_foreign();
  for (const std::string& thing : ForeignThings(inventory, ledger)) {
    if (static_cast<size_t>(status->foreign_size()) < kForeignMax) status->add_foreign(thing);
  }
  if (facts.vanished > 0) {
    status->add_foreign(
        fmt::format("{} Works vanished from the API without being deleted; kept", facts.vanished));
  }
}

void Fill(const HostFacts& facts, const pb::Inventory& inventory, const pb::Ledger& ledger,
          const HostPaths& paths, Now now, v1::HostStatus* status) {
  if (status->boot_id() != facts.boot_id)
    client::SetTime(status->mutable_last_boot(), now.wall - now.mono);
  status->set_boot_id(facts.boot_id);
  status->set_agent_version(facts.version);
  status->set_os_image(facts.os_image);
  status->set_address(facts.address);
  if (!facts.observed.ok()) return;  // What is not seen now is not known to have changed.
  status->set_nginx_version(inventory.nginx().version());
  status->set_systemd_version(inventory.systemd_version());
  status->clear_runtimes();
  for (const auto& runtime : inventory.runtimes()) status->add_runtimes(runtime.name());
  FillForeign(facts, inventory, ledger, paths, status);
}

}  // namespace

void ReadHostFacts(Files* files, HostFacts* facts) {
  facts->os_image = PrettyName(ReadSmall(files, "/usr/lib", "os-release"));
  facts->boot_id = std::string(Trim(ReadSmall(files, "/proc/sys/kernel/random", "boot_id")));
}

absl::Status HostReporter::Report(const HostFacts& facts, const pb::Inventory& inventory,
                                  const pb::Ledger& ledger, const HostPaths& paths, Now now) {
  ASSIGN_OR_RETURN(v1::Object object, client_->Get({.kind = "Host", .ns = "", .name = host_}));
  const auto& annotations = object.host().metadata().annotations();
  const auto accepted = annotations.find(kAcceptDeletions);
  accepted_epoch_ = accepted == annotations.end() ? "" : accepted->second;
  v1::HostStatus* status = object.mutable_host()->mutable_status();
  const v1::HostStatus before = *status;
  const int64_t generation = object.host().metadata().generation();
  Fill(facts, inventory, ledger, paths, now, status);
  client::SetCondition(status->mutable_conditions(), Observed(facts.observed), generation,
                       now.wall);
  if (facts.observed.ok()) {
    client::SetCondition(status->mutable_conditions(), NginxReady(facts, inventory.nginx()),
                         generation, now.wall);
  }
  SetHeld(facts, host_, generation, now.wall, status->mutable_conditions());
  status->set_observed_generation(generation);
  schema::MakePlain(status);
  if (google::protobuf::util::MessageDifferencer::Equals(before, *status)) return absl::OkStatus();
  v1::UpdateRequest update;
  *update.mutable_object() = std::move(object);
  return client_->UpdateStatus(update).status();
}

}  // namespace reeve::agents
