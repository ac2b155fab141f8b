#include "tests/simulation/sim_host.h"

#include "agents/nginx/setup.h"
#include "agents/providers.h"
#include "base/status.h"

namespace reeve::simulation {
namespace {

constexpr char kForeignSite[] = "/etc/nginx/conf.d/legacy.conf";
constexpr absl::Duration kSweep = absl::Seconds(5);
constexpr absl::Duration kAgentRestart = absl::Seconds(3);
// By then the agent has looked at the host again.
constexpr absl::Duration kDisturbance = absl::Seconds(30);

}  // namespace

// Blobs come over the same network as everything else.
class SimHost::BlobClient final : public client::Content {
 public:
  BlobClient(Network* network, std::string name, const Blobs* blobs)
      : network_(network), name_(std::move(name)), blobs_(blobs) {}

  absl::StatusOr<v1::Blob> PutBlob(
      const std::string&, const std::string&, const std::string&,
      const std::function<absl::StatusOr<bool>(std::string*)>&) override {
    return PermissionDenied("hosts do not push");
  }
  absl::Status GetBlob(const std::string&, const std::string& digest,
                       const std::function<absl::Status(std::string_view)>& write) override {
    RETURN_IF_ERROR(network_->Transfer(name_));
    const auto it = blobs_->find(digest);
    if (it == blobs_->end()) return NotFound("blob {}", digest);
    return write(it->second);
  }

 private:
  Network* const network_;
  const std::string name_;
  const Blobs* const blobs_;
};

SimHost::SimHost(Kernel* kernel, Network* network, const Options& options)
    : kernel_(kernel),
      network_(network),
      name_(options.name),
      uid_(options.uid),
      planted_(options.planted),
      chance_(kernel->seed(), name_),
      undo_watch_(&os_, planted_,
                  [name = name_, violation = options.violation](const std::string& what) {
                    violation(name + ": " + what);
                  }),
      content_(std::make_unique<BlobClient>(network, name_, options.blobs)) {
  MakeForeignThings();
  const agents::Host host = {
      .files = os_.files(), .exec = os_.exec(), .bus = os_.bus(), .net = os_.net()};
  const absl::Status prepared = agents::nginx::Prepare(host, false);
  CHECK(prepared.ok(), prepared.ToString());
  client_ = network_->Connect(name_, apiserver::Identity::Host(name_, uid_));
  StartAgent();
}

SimHost::~SimHost() { KillAgent(); }

void SimHost::MakeForeignThings() {
  foreign_ = {
      {"/etc/systemd/system/legacy.service", "[Service]\nExecStart=/usr/bin/true\n"},
      {kForeignSite, "server {\n  listen 8080;\n  server_name legacy.example;\n}\n"},
      {"/srv/legacy/data", "precious\n"},
  };
  for (const auto& [path, content] : foreign_) os_.WriteFile(path, content);
}

std::string SimHost::ForeignDamage() {
  if (os_.calls() == looked_at_) return "";
  looked_at_ = os_.calls();
  for (const auto& [path, content] : foreign_) {
    if (os_.ReadFile(path) != content) return path;
  }
  return "";
}

void SimHost::StartAgent() {
  os_.Revive();
  const agents::Host host = {.files = os_.files(),
                             .exec = os_.exec(),
                             .bus = os_.bus(),
                             .net = os_.net(),
                             .content = content_.get()};
  auto agent = agents::AgentCore::Start({.host = name_,
                                         .address = "192.0.2.1",
                                         .version = "simulated",
                                         .sweep = kSweep,
                                         .wake =
                                             [this] {
                                               if (stepper_ != nullptr) stepper_->Wake();
                                             }},
                                        {.client = client_.get(),
                                         .host = host,
                                         .providers = undo_watch_.Wrap(agents::NewProviders(host)),
                                         .renderers = agents::NewRenderers(host.paths)},
                                        kernel_->now());
  if (!agent.ok()) {
    kernel_->Trace(fmt::format("{} agent does not start: {}", name_, agent.status().ToString()));
    return kernel_->After(kAgentRestart, [this] {
      if (!agent_up()) StartAgent();
    });
  }
  agent_ = *std::move(agent);
  stepper_ = std::make_unique<Stepper>(
      kernel_, &chance_,
      Stepper::Options{.step = [this] { return Step(); },
                       .next_wake =
                           [this] {
                             return agent_ == nullptr ? absl::InfiniteDuration()
                                                      : agent_->NextWake(kernel_->now());
                           }});
  StartHeartbeat();
}

// As in the agent's program, it beats beside the agent's work.
void SimHost::StartHeartbeat() {
  heartbeat_ = std::make_unique<agents::Heartbeat>(client_.get(), name_);
  heartbeat_stepper_ = std::make_unique<Stepper>(
      kernel_, &chance_,
      Stepper::Options{.step = [] { return false; },
                       .next_wake = [this] { return heartbeat_->ProcessOne(kernel_->now()); }});
}

bool SimHost::Step() {
  agent_->Sync(kernel_->now());
  const int64_t mutations = os_.mutations();
  agent_->ProcessOne(kernel_->now());
  if (os_.mutations() != mutations)
    kernel_->Trace(fmt::format("{} changed: {} calls", name_, os_.calls()));
  if (planted_ == Planted::kTouchesForeign && os_.counters().nginx_reloads > 0)
    os_.RemoveFile(kForeignSite);
  if (!os_.crashed()) return false;
  // The stepper that runs this must not be destroyed under its own feet.
  kernel_->Trace(fmt::format("{} agent died in the middle", name_));
  disturbed_ = kernel_->now().mono;
  kernel_->After(absl::ZeroDuration(), [this] { KillAgent(); });
  kernel_->After(kAgentRestart, [this] {
    if (!agent_up()) StartAgent();
  });
  return false;
}

void SimHost::KillAgent() {
  heartbeat_stepper_.reset();
  heartbeat_.reset();
  stepper_.reset();
  agent_.reset();
}

// Most calls only look, so the ones that change something have their own turn.
void SimHost::CrashAgent(Chance* chance) {
  if (chance->OneIn(2)) return os_.CrashAtMutation(1 + static_cast<int64_t>(chance->Below(30)));
  os_.CrashAt(1 + static_cast<int64_t>(chance->Below(120)));
}

void SimHost::FailACall(Chance* chance) {
  const absl::Status status = Unavailable("the disk is full");
  if (chance->OneIn(2))
    return os_.FailMutation(1 + static_cast<int64_t>(chance->Below(30)), status);
  os_.FailCall(1 + static_cast<int64_t>(chance->Below(60)), status);
}

// What an attempt found before it says nothing any more.
void SimHost::Interfere() {
  disturbed_ = kernel_->now().mono;
  undo_watch_.Forget();
}

void SimHost::KillNginx() {
  Interfere();
  os_.KillNginx();
}

void SimHost::Reboot() {
  Interfere();
  kernel_->Trace(name_ + " reboots");
  KillAgent();
  os_.Revive();
  os_.systemd().Reboot();
  kernel_->After(kAgentRestart, [this] {
    if (!agent_up()) StartAgent();
  });
}

std::string SimHost::Leftover(const std::set<std::string>& wanted) {
  std::string leftover;
  const auto look = [&](const std::string& folder, std::string_view path) {
    std::string_view name = path.substr(folder.size() + 1);
    const bool direct = name.find('/') == std::string_view::npos;
    if (name.ends_with(".service")) name.remove_suffix(8);
    if (direct && name.starts_with("reeve-") && !wanted.contains(std::string(name)))
      leftover = path;
  };
  for (const std::string folder : {"/etc/systemd/system", "/srv/reeve"}) {
    os_.tree().Walk(folder,
                    [&](const std::string& path, const agents::Inode&) { look(folder, path); });
  }
  return leftover;
}

std::string SimHost::Missing(const v1::WorkSpec& spec) {
  if (disturbed_ != absl::ZeroDuration() && kernel_->now().mono - disturbed_ < kDisturbance)
    return "";
  for (const v1::Artifact& artifact : spec.artifacts()) {
    if (std::string missing = MissingArtifact(artifact); !missing.empty()) return missing;
  }
  return "";
}

std::string SimHost::MissingArtifact(const v1::Artifact& artifact) {
  if (artifact.has_unpack()) {
    const std::string link = fmt::format("/srv/reeve/{}/current", artifact.unpack().dir());
    const agents::InodePtr current = os_.tree().Find(link);
    const bool there = current != nullptr && os_.tree().Follow(link) != nullptr &&
                       current->content.ends_with(artifact.unpack().blob());
    return there ? "" : link;
  }
  if (artifact.has_unit()) {
    const std::string unit = artifact.unit().name() + ".service";
    return os_.systemd().Get(unit).active_state == "active" ? "" : unit;
  }
  if (!artifact.has_nginx_site()) return "";
  const std::string file =
      fmt::format("/etc/nginx/reeve/current/{}.conf", artifact.nginx_site().name());
  return os_.tree().Follow(file) != nullptr ? "" : file;
}

std::vector<std::string> SimHost::OurFiles() {
  std::vector<std::string> ours;
  const auto collect = [&](const std::string& path, const agents::Inode& inode) {
    const bool unit = path.starts_with("/etc/systemd/system/reeve-") && path.ends_with(".service");
    const bool site =
        path.starts_with("/etc/nginx/reeve/gen-") && path.find("/reeve-") != std::string::npos;
    if (inode.type == agents::FileType::kRegular && (unit || site)) ours.push_back(path);
  };
  os_.tree().Walk("/etc/systemd/system", collect);
  os_.tree().Walk("/etc/nginx/reeve", collect);
  return ours;
}

void SimHost::Drift(Chance* chance) {
  const std::vector<std::string> files = OurFiles();
  if (files.empty()) return;
  Interfere();
  const std::string& path = files[chance->Below(files.size())];
  const size_t slash = path.rfind('/');
  switch (chance->Below(3)) {
    case 0:
      os_.RemoveFile(path);
      break;
    case 1:
      os_.WriteFile(path, *os_.ReadFile(path) + "# edited\n");
      break;
    default:
      if (path.ends_with(".service")) os_.systemd().Stop(path.substr(slash + 1)).IgnoreError();
      break;
  }
  kernel_->Trace(fmt::format("somebody interferes on {}: {}", name_, path));
  if (stepper_ != nullptr) stepper_->Wake();
}

}  // namespace reeve::simulation
