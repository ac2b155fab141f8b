#include "agents/host_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "agents/ledger.h"
#include "agents/os/net.h"
#include "base/sha256.h"
#include "base/status.h"
#include "client/finalizers.h"

namespace reeve::agents {
namespace {

using Entry = pb::Ledger::Entry;
using Item = pb::Ledger::Item;

constexpr size_t kReleasesKept = 2;

// What one Work needs, before it is decided which stage comes next.
struct Draft {
  const Entry* entry = nullptr;
  pb::Lane lane;
  bool daemon_reload = false;
  bool sites_differ = false;
  // Of several Works: made in a lane of its own, so that the undo of one Work does not take it from
  // the others. What needs it waits until it is there.
  std::vector<pb::Step> shared_users;
  std::vector<pb::Drift> drifts;
  std::optional<pb::Refusal> refusal;

  bool Settled() const { return !refusal && !sites_differ && !NeedsBuild(); }
  bool NeedsBuild() const {
    return daemon_reload || !lane.before().empty() || !lane.after().empty() ||
           !shared_users.empty();
  }
};

template <typename List>
auto FindNamed(const List& list, const std::string& name) -> decltype(&*list.begin()) {
  for (const auto& item : list) {
    if (item.name() == name) return &item;
  }
  return nullptr;
}

const pb::Inventory::Content* FindContent(const pb::Inventory& inventory, const std::string& dir) {
  for (const auto& content : inventory.contents()) {
    if (content.dir() == dir) return &content;
  }
  return nullptr;
}

const Item* FindItem(const Entry& entry, Item::Kind kind, const std::string& name) {
  for (const Item& item : entry.items()) {
    if (item.kind() == kind && item.name() == name) return &item;
  }
  return nullptr;
}

bool IsActive(const pb::Inventory::Unit* unit) {
  return unit != nullptr &&
         (unit->active_state() == "active" || unit->active_state() == "activating" ||
          unit->active_state() == "reloading");
}

class Planner {
 public:
  explicit Planner(const HostPlanInput& in) : in_(in), inventory_(*in.inventory) {}

  pb::Plan Make();

 private:
  Draft DraftBuild(const Entry& entry) const;
  void DraftArtifact(const v1::Artifact& artifact, Draft* draft) const;
  void DraftUser(const v1::Artifact& artifact, Draft* draft) const;
  void DraftContent(const v1::Artifact& artifact, Draft* draft) const;
  void DraftUnit(const v1::Artifact& artifact, Draft* draft) const;
  void DraftRun(const v1::Artifact& artifact, bool same, bool drifted, Draft* draft) const;
  void DraftSite(const v1::Artifact& artifact, Draft* draft);
  std::optional<pb::Refusal> ForeignListener(const v1::Artifact& artifact, const Entry& entry,
                                             bool runs) const;
  uint32_t UidOfInstance(const std::string& uid) const;
  bool LeadsAstray(const v1::Artifact::NginxSite& site) const;

  enum class Owner { kOurs, kOther, kForeign };
  Owner OwnerOf(const Entry& entry, Item::Kind kind, const std::string& name,
                const pb::Inventory::File& file) const;
  bool RefuseUnlessOurs(Item::Kind kind, const std::string& name, const pb::Inventory::File& file,
                        const std::string& artifact, Draft* draft) const;

  void CollectSites();
  bool CommonEdited() const;
  void DraftCommon();
  bool RoutesDiffer() const;
  std::optional<pb::Lane> RouteLane() const;
  std::optional<pb::Lane> RemovalLane(const Entry& entry, bool* daemon_reload) const;
  void RemoveItem(const Entry& entry, const Item& item, pb::Lane* lane, bool* daemon_reload) const;
  void RemoveUnit(const Item& item, pb::Lane* lane, bool* daemon_reload) const;
  void Prune(const Entry& entry, pb::Lane* lane) const;
  int CountWanting(Item::Kind kind, const std::string& name) const;
  bool WantedByAny(const Item& item) const { return CountWanting(item.kind(), item.name()) > 0; }
  static void AddSharedUsers(const Draft& draft, pb::Plan* plan);
  std::vector<std::string> UnwantedSites(const Entry& entry) const;
  bool Held(const std::string& work) const { return in_.held.contains(work); }

  bool PlanBuild(pb::Plan* plan) const;
  bool PlanRoutes(pb::Plan* plan) const;
  void PlanRemovals(pb::Plan* plan) const;

  const HostPlanInput& in_;
  const pb::Inventory& inventory_;
  std::vector<Draft> drafts_;
  struct WantedSite {
    std::string content;
    std::string work;
  };
  std::map<std::string, WantedSite> sites_;  // By name.
  std::set<std::string> keep_;
  std::vector<pb::Step> aside_;
  std::vector<pb::Drift> site_drifts_;
};

pb::Refusal Refuse(const Entry& entry, const std::string& artifact, std::string_view reason,
                   const std::string& message) {
  pb::Refusal refusal;
  refusal.set_work(entry.key());
  refusal.set_artifact(artifact);
  refusal.set_reason(std::string(reason));
  refusal.set_message(message);
  return refusal;
}

pb::Drift MakeDrift(const Entry& entry, const std::string& artifact, const std::string& what) {
  pb::Drift drift;
  drift.set_work(entry.key());
  drift.set_artifact(artifact);
  drift.set_what(what);
  return drift;
}

pb::Step AsideStep(const pb::Inventory::File& file, const std::string& artifact) {
  pb::Step step;
  step.set_artifact(artifact);
  step.mutable_save_aside()->set_path(file.path());
  const std::string name = file.path().substr(file.path().rfind('/') + 1);
  step.mutable_save_aside()->set_as(fmt::format("{}-{}", name, file.sha256().substr(0, 12)));
  return step;
}

Planner::Owner Planner::OwnerOf(const Entry& entry, Item::Kind kind, const std::string& name,
                                const pb::Inventory::File& file) const {
  const Item* recorded = FindItem(entry, kind, name);
  if (recorded != nullptr && !recorded->sha256().empty())
    return Owner::kOurs;  // Even when its mark was edited away.
  // Recorded without a hash: made by an attempt of which the end was not seen; it may have been
  // edited since.
  if (file.owner() == entry.work().metadata().uid() && (file.intact() || recorded != nullptr))
    return Owner::kOurs;
  for (const Entry& other : in_.ledger->entries()) {
    if (other.work().metadata().uid() == file.owner() && &other != &entry) return Owner::kOther;
  }
  return Owner::kForeign;
}

// False, and the refusal is set, when the file is not ours.
bool Planner::RefuseUnlessOurs(Item::Kind kind, const std::string& name,
                               const pb::Inventory::File& file, const std::string& artifact,
                               Draft* draft) const {
  switch (OwnerOf(*draft->entry, kind, name, file)) {
    case Owner::kOurs:
      return true;
    case Owner::kOther:
      draft->refusal = Refuse(*draft->entry, artifact, "OwnedByOther",
                              fmt::format("{} is still held by another Work", file.path()));
      return false;
    case Owner::kForeign:
      draft->refusal =
          Refuse(*draft->entry, artifact, "ForeignFile",
                 fmt::format("{} was not made by Reeve; nothing was changed", file.path()));
  }
  return false;
}

void Planner::DraftUser(const v1::Artifact& artifact, Draft* draft) const {
  const auto& user = artifact.user();
  for (const auto& there : inventory_.users()) {
    const bool same_name = there.name() == user.name();
    if (same_name && there.uid() == user.uid() && there.ours()) return;
    if (!same_name && there.uid() != user.uid()) continue;
    draft->refusal = Refuse(*draft->entry, artifact.id(), "ForeignUser",
                            fmt::format("user {} (uid {}) is in the way of user {} (uid {})",
                                        there.name(), there.uid(), user.name(), user.uid()));
    return;
  }
  pb::Step step;
  step.set_artifact(artifact.id());
  step.mutable_ensure_user()->set_name(user.name());
  step.mutable_ensure_user()->set_uid(user.uid());
  if (CountWanting(Item::USER, user.name()) > 1) {
    draft->shared_users.push_back(std::move(step));
  } else {
    *draft->lane.add_before() = std::move(step);
  }
}

int Planner::CountWanting(Item::Kind kind, const std::string& name) const {
  int count = 0;
  for (const Entry& entry : in_.ledger->entries()) {
    if (entry.removing()) continue;
    for (const Item& wanted : ItemsOf(EffectiveSpec(entry))) {
      if (wanted.kind() == kind && wanted.name() == name) ++count;
    }
  }
  return count;
}

void Planner::DraftContent(const v1::Artifact& artifact, Draft* draft) const {
  const auto& unpack = artifact.unpack();
  const Entry& entry = *draft->entry;
  const auto* there = FindContent(inventory_, unpack.dir());
  if (there != nullptr && there->owner() != entry.work().metadata().uid()) {
    draft->refusal = Refuse(entry, artifact.id(), "ForeignFile",
                            fmt::format("{}/{} was not made for this Work; nothing was changed",
                                        in_.paths->content, unpack.dir()));
    return;
  }
  const bool unpacked = there != nullptr && std::ranges::find(there->releases(), unpack.blob()) !=
                                                there->releases().end();
  if (!unpacked) {
    pb::Step* step = draft->lane.add_before();
    step->set_artifact(artifact.id());
    auto* what = step->mutable_unpack_release();
    what->set_owner(entry.work().metadata().uid());
    what->set_dir(unpack.dir());
    what->set_namespace_(entry.work().metadata().namespace_());
    what->set_blob(unpack.blob());
  }
  if (there != nullptr && there->current() == unpack.blob()) return;
  pb::Step* step = draft->lane.add_after();
  step->set_artifact(artifact.id());
  step->mutable_switch_release()->set_dir(unpack.dir());
  step->mutable_switch_release()->set_blob(unpack.blob());
}

// On any address while the unit is still to be started; once it runs, only where its visitors would
// be sent.
std::optional<pb::Refusal> Planner::ForeignListener(const v1::Artifact& artifact,
                                                    const Entry& entry, bool runs) const {
  const uint32_t own_uid = UidOf(EffectiveSpec(entry), artifact.unit().user());
  for (const auto& listener : inventory_.listeners()) {
    if (listener.port() != artifact.unit().port() || (own_uid != 0 && listener.uid() == own_uid))
      continue;
    if (runs && !CoversLoopback(listener.address())) continue;
    return Refuse(
        entry, artifact.id(), "PortInUse",
        fmt::format("port {} is held by {} (pid {}) on this host", listener.port(),
                    listener.process().empty() ? "a process" : listener.process(), listener.pid()));
  }
  return std::nullopt;
}

void Planner::DraftUnit(const v1::Artifact& artifact, Draft* draft) const {
  const Entry& entry = *draft->entry;
  const auto& unit = artifact.unit();
  const auto content = in_.renderers->unit(unit, entry.work().metadata().uid(), inventory_);
  if (!content.ok()) {
    draft->refusal = Refuse(entry, artifact.id(), "Invalid", Message(content.status()));
    return;
  }
  const auto* there = FindNamed(inventory_.units(), unit.name());
  const bool has_file = there != nullptr && there->has_file();
  if (has_file && !RefuseUnlessOurs(Item::UNIT, unit.name(), there->file(), artifact.id(), draft))
    return;
  const std::string sha = Sha256Hex(*content);
  const bool same = has_file && there->file().sha256() == sha;
  draft->refusal = ForeignListener(artifact, entry, same && IsActive(there));
  if (draft->refusal) return;

  const Item* recorded = FindItem(entry, Item::UNIT, unit.name());
  const bool drifted = recorded != nullptr && recorded->sha256() == sha;
  if (!same) {
    if (drifted)
      draft->drifts.push_back(MakeDrift(entry, artifact.id(),
                                        fmt::format("unit file {}.service was {}", unit.name(),
                                                    has_file ? "edited" : "missing")));
    if (has_file && (drifted || !there->file().intact()))
      *draft->lane.add_before() = AsideStep(there->file(), artifact.id());
    pb::Step* step = draft->lane.add_before();
    step->set_artifact(artifact.id());
    step->mutable_write_unit()->set_name(unit.name());
    step->mutable_write_unit()->set_content(*content);
  }
  if (!same || there->need_daemon_reload()) draft->daemon_reload = true;
  DraftRun(artifact, same, drifted, draft);
}

void Planner::DraftRun(const v1::Artifact& artifact, bool same, bool drifted, Draft* draft) const {
  const std::string& name = artifact.unit().name();
  const auto* there = FindNamed(inventory_.units(), name);
  const bool active = IsActive(there);
  // What failed has ended by itself: nobody changed anything.
  const bool failed = there != nullptr && there->active_state() == "failed";
  if (failed && same && in_.resting.contains(draft->entry->key())) return;
  if (drifted && same && !active && !failed) {
    draft->drifts.push_back(
        MakeDrift(*draft->entry, artifact.id(), fmt::format("unit {}.service was stopped", name)));
  }
  // What still runs since we started it runs the wanted file, whatever became of the file
  // meanwhile.
  const Item* recorded = FindItem(*draft->entry, Item::UNIT, name);
  const bool untouched = drifted && active && recorded->invocation_id() == there->invocation_id();
  const bool restart = active && !same && !untouched;
  if (active && !restart && there->enabled()) return;
  if (active && !restart && drifted) {
    draft->drifts.push_back(
        MakeDrift(*draft->entry, artifact.id(), fmt::format("unit {}.service was disabled", name)));
  }
  pb::Step* step = draft->lane.add_after();
  step->set_artifact(artifact.id());
  step->mutable_run_unit()->set_name(name);
  step->mutable_run_unit()->set_restart(restart);
}

uint32_t Planner::UidOfInstance(const std::string& uid) const {
  for (const Entry& entry : in_.ledger->entries()) {
    const v1::OwnerReference* owner = client::FindController(entry.work().metadata());
    if (owner != nullptr && owner->uid() == uid) return UidOfUnit(EffectiveSpec(entry));
  }
  return 0;
}

// Whether it sends its visitors to a process that is not the Instance's: one that took the port
// while it was free.
bool Planner::LeadsAstray(const v1::Artifact::NginxSite& site) const {
  if (!site.has_upstream()) return false;
  const uint32_t uid = UidOfInstance(site.upstream().instance_uid());
  return uid != 0 && std::ranges::any_of(inventory_.listeners(), [&](const auto& listener) {
           return listener.port() == site.upstream().port() && listener.uid() != uid &&
                  CoversLoopback(listener.address());
         });
}

// Routes are compared here; the files come together in one generation in RouteLane.
void Planner::DraftSite(const v1::Artifact& artifact, Draft* draft) {
  const Entry& entry = *draft->entry;
  v1::Artifact::NginxSite site = artifact.nginx_site();
  if (LeadsAstray(site)) site.mutable_upstream()->set_port(kNoPort);
  const auto* live = FindNamed(inventory_.sites(), site.name());
  const auto content = in_.renderers->site(site, entry.work().metadata().uid());
  if (!inventory_.nginx().installed() || !inventory_.nginx().hooked()) {
    draft->refusal =
        Refuse(entry, artifact.id(), "NginxMissing",
               inventory_.nginx().installed()
                   ? "nginx does not read Reeve's routes on this host: see its condition NginxReady"
                   : "nginx is not installed on this host");
  } else if (!content.ok()) {
    draft->refusal = Refuse(entry, artifact.id(), "Invalid", Message(content.status()));
  } else if (sites_.contains(site.name())) {
    draft->refusal = Refuse(entry, artifact.id(), "OwnedByOther",
                            fmt::format("route {} is of another Work", site.name()));
  } else if (live != nullptr) {
    RefuseUnlessOurs(Item::SITE, site.name(), live->file(), artifact.id(), draft);
  }
  if (draft->refusal) return;
  const std::string sha = Sha256Hex(*content);
  sites_[site.name()] = {.content = *content, .work = entry.key()};
  if (live != nullptr && live->file().sha256() == sha) return;
  draft->sites_differ = true;
  const Item* recorded = FindItem(entry, Item::SITE, site.name());
  if (Held(entry.key())) return;
  const bool drifted = recorded != nullptr && recorded->sha256() == sha;
  if (drifted)
    site_drifts_.push_back(MakeDrift(entry, artifact.id(),
                                     fmt::format("site file {}.conf was {}", site.name(),
                                                 live != nullptr ? "edited" : "missing")));
  if (live != nullptr && (drifted || !live->file().intact()))
    aside_.push_back(AsideStep(live->file(), artifact.id()));
}

void Planner::DraftArtifact(const v1::Artifact& artifact, Draft* draft) const {
  switch (artifact.what_case()) {
    case v1::Artifact::kUser:
      return DraftUser(artifact, draft);
    case v1::Artifact::kUnpack:
      return DraftContent(artifact, draft);
    case v1::Artifact::kUnit:
      return DraftUnit(artifact, draft);
    case v1::Artifact::kNginxSite:
    case v1::Artifact::kProbe:
      return;
    case v1::Artifact::WHAT_NOT_SET:
      draft->refusal = Refuse(
          *draft->entry, artifact.id(), "Invalid",
          fmt::format("artifact {} is of a kind that this agent does not know", artifact.id()));
  }
}

Draft Planner::DraftBuild(const Entry& entry) const {
  Draft draft;
  draft.entry = &entry;
  draft.lane.set_work(entry.key());
  for (const auto& artifact : EffectiveSpec(entry).artifacts()) {
    DraftArtifact(artifact, &draft);
    if (draft.refusal) break;
  }
  return draft;
}

void Planner::CollectSites() {
  for (Draft& draft : drafts_) {
    for (const auto& artifact : EffectiveSpec(*draft.entry).artifacts()) {
      if (!draft.refusal && artifact.has_nginx_site()) DraftSite(artifact, &draft);
    }
    if (!draft.refusal && !Held(draft.entry->key())) continue;
    for (const auto& artifact :
         EffectiveSpec(*draft.entry).artifacts()) {  // Left alone: as they are.
      const auto mine = sites_.find(artifact.nginx_site().name());
      if (mine != sites_.end() && mine->second.work == draft.entry->key()) sites_.erase(mine);
    }
  }
  std::set<std::string> dropped;
  for (const Entry& entry : in_.ledger->entries()) {
    if (!entry.removing() && Held(entry.key())) continue;
    for (const std::string& name : UnwantedSites(entry)) dropped.insert(name);
  }
  for (const auto& live : inventory_.sites()) {
    if (!sites_.contains(live.name()) && !dropped.contains(live.name())) keep_.insert(live.name());
  }
}

// Live files that are recorded as this Work's, and that no Work wants any more.
std::vector<std::string> Planner::UnwantedSites(const Entry& entry) const {
  std::vector<std::string> names;
  for (const Item& item : entry.items()) {
    const auto* live = FindNamed(inventory_.sites(), item.name());
    if (item.kind() != Item::SITE || live == nullptr || WantedByAny(item)) continue;
    if (OwnerOf(entry, Item::SITE, item.name(), live->file()) == Owner::kOurs)
      names.push_back(item.name());
  }
  return names;
}

// What all routes share in the live generation is not as it was written.
bool Planner::CommonEdited() const {
  const auto& nginx = inventory_.nginx();
  return nginx.installed() && nginx.hooked() && !nginx.common().intact();
}

void Planner::DraftCommon() {
  const auto& nginx = inventory_.nginx();
  if (!CommonEdited()) return;
  pb::Drift drift;
  drift.set_what(fmt::format("nginx's common file of generation {} was {}", nginx.generation(),
                             nginx.has_common() ? "edited" : "missing"));
  site_drifts_.push_back(std::move(drift));
  if (nginx.has_common()) aside_.push_back(AsideStep(nginx.common(), ""));
}

bool Planner::RoutesDiffer() const {
  if (CommonEdited()) return true;
  for (const auto& live : inventory_.sites()) {
    if (!sites_.contains(live.name()) && !keep_.contains(live.name())) return true;
  }
  for (const auto& [name, wanted] : sites_) {
    const auto* live = FindNamed(inventory_.sites(), name);
    if (live == nullptr || live->file().sha256() != Sha256Hex(wanted.content)) return true;
  }
  return false;
}

std::optional<pb::Lane> Planner::RouteLane() const {
  if (!RoutesDiffer()) return std::nullopt;
  pb::Lane lane;
  lane.set_work(std::string(kNginxLane));
  for (const pb::Step& step : aside_) *lane.add_before() = step;
  auto* stage = lane.add_before()->mutable_stage_sites();
  stage->set_generation(inventory_.nginx().newest() + 1);
  for (const auto& [name, wanted] : sites_) {
    auto* site = stage->add_sites();
    site->set_name(name);
    site->set_content(wanted.content);
  }
  for (const std::string& name : keep_) stage->add_keep(name);
  lane.add_after()->mutable_switch_sites()->set_generation(stage->generation());
  return lane;
}

void Planner::RemoveUnit(const Item& item, pb::Lane* lane, bool* daemon_reload) const {
  const auto* there = FindNamed(inventory_.units(), item.name());
  if (there == nullptr) return;
  pb::Step* stop = lane->add_before();
  stop->set_artifact(item.artifact());
  stop->mutable_stop_unit()->set_name(item.name());
  *daemon_reload = true;
  if (!there->has_file()) return;
  if (there->file().sha256() != item.sha256())
    *lane->add_before() = AsideStep(there->file(), item.artifact());
  pb::Step* remove = lane->add_before();
  remove->set_artifact(item.artifact());
  remove->mutable_remove_unit()->set_name(item.name());
}

// Only what is recorded as made by this Work, is there, and bears our mark or was written by us.
void Planner::RemoveItem(const Entry& entry, const Item& item, pb::Lane* lane,
                         bool* daemon_reload) const {
  pb::Step step;
  step.set_artifact(item.artifact());
  if (item.kind() == Item::UNIT) {
    const auto* there = FindNamed(inventory_.units(), item.name());
    const bool foreign = there != nullptr && there->has_file() &&
                         OwnerOf(entry, Item::UNIT, item.name(), there->file()) != Owner::kOurs;
    if (!foreign) RemoveUnit(item, lane, daemon_reload);
  } else if (item.kind() == Item::CONTENT) {
    const auto* there = FindContent(inventory_, item.name());
    const bool ours = there != nullptr && there->owner() == entry.work().metadata().uid();
    const bool remains =
        there == nullptr && std::ranges::count(inventory_.content_remains(), item.name()) > 0;
    if (!ours && !remains) return;
    step.mutable_remove_content()->set_dir(item.name());
    *lane->add_after() = step;
  } else if (item.kind() == Item::USER) {
    const auto* there = FindNamed(inventory_.users(), item.name());
    if (there == nullptr || !there->ours()) return;
    step.mutable_remove_user()->set_name(item.name());
    *lane->add_after() = step;
  }
}

void Planner::Prune(const Entry& entry, pb::Lane* lane) const {
  if (entry.removing()) return;
  for (const auto& artifact : EffectiveSpec(entry).artifacts()) {
    if (!artifact.has_unpack()) continue;
    const auto* there = FindContent(inventory_, artifact.unpack().dir());
    if (there == nullptr || static_cast<size_t>(there->releases_size()) <= kReleasesKept) continue;
    std::set<std::string> keep = {there->current(), artifact.unpack().blob()};
    for (const auto& good : entry.good_spec().artifacts()) {
      if (good.has_unpack() && good.unpack().dir() == artifact.unpack().dir())
        keep.insert(good.unpack().blob());
    }
    if (keep.size() >= static_cast<size_t>(there->releases_size())) continue;
    pb::Step* step = lane->add_after();
    step->set_artifact(artifact.id());
    step->mutable_prune_releases()->set_dir(artifact.unpack().dir());
    for (const std::string& digest : keep) step->mutable_prune_releases()->add_keep(digest);
  }
}

// nullopt: nothing to take down.
std::optional<pb::Lane> Planner::RemovalLane(const Entry& entry, bool* daemon_reload) const {
  pb::Lane lane;
  lane.set_work(entry.key());
  lane.set_forward(true);
  for (int i = entry.items_size() - 1; i >= 0; --i) {
    if (!WantedByAny(entry.items(i))) RemoveItem(entry, entry.items(i), &lane, daemon_reload);
  }
  Prune(entry, &lane);
  if (lane.before().empty() && lane.after().empty()) return std::nullopt;
  return lane;
}

void Planner::AddSharedUsers(const Draft& draft, pb::Plan* plan) {
  for (const pb::Step& step : draft.shared_users) {
    const std::string name = fmt::format("user {}", step.ensure_user().name());
    const bool there = std::ranges::any_of(
        plan->lanes(), [&](const pb::Lane& lane) { return lane.work() == name; });
    if (there) continue;
    pb::Lane* lane = plan->add_lanes();
    lane->set_work(name);
    *lane->add_before() = step;
  }
}

bool Planner::PlanBuild(pb::Plan* plan) const {
  const auto wanted = [&](const Draft& d) {
    return !d.refusal && !Held(d.entry->key()) && d.NeedsBuild();
  };
  for (const Draft& draft : drafts_) {
    if (wanted(draft)) AddSharedUsers(draft, plan);
  }
  for (const Draft& draft : drafts_) {
    if (!wanted(draft) || !draft.shared_users.empty()) continue;
    *plan->add_lanes() = draft.lane;
    if (draft.daemon_reload) plan->set_daemon_reload(true);
    for (const pb::Drift& drift : draft.drifts) *plan->add_drifts() = drift;
  }
  if (plan->lanes().empty()) return false;
  plan->set_stage(pb::Plan::BUILD);
  return true;
}

bool Planner::PlanRoutes(pb::Plan* plan) const {
  if (Held(std::string(kNginxLane))) return false;
  std::optional<pb::Lane> lane = RouteLane();
  if (!lane) return false;
  plan->set_stage(pb::Plan::ROUTE);
  *plan->add_lanes() = *std::move(lane);
  for (const pb::Drift& drift : site_drifts_) *plan->add_drifts() = drift;
  return true;
}

void Planner::PlanRemovals(pb::Plan* plan) const {
  for (const Entry& entry : in_.ledger->entries()) {
    if (entry.removed() || !UnwantedSites(entry).empty()) continue;
    bool daemon_reload = false;
    std::optional<pb::Lane> lane = RemovalLane(entry, &daemon_reload);
    if (!lane) {
      if (entry.removing()) plan->add_gone(entry.key());
    } else if (!Held(entry.key())) {
      plan->set_stage(pb::Plan::REMOVE);
      *plan->add_lanes() = *std::move(lane);
      if (daemon_reload) plan->set_daemon_reload(true);
    }
  }
}

pb::Plan Planner::Make() {
  for (const Entry& entry : in_.ledger->entries()) {
    if (!entry.removing()) drafts_.push_back(DraftBuild(entry));
  }
  CollectSites();
  DraftCommon();
  pb::Plan plan;
  for (const Draft& draft : drafts_) {
    if (draft.refusal) *plan.add_refusals() = *draft.refusal;
    if (draft.Settled()) plan.add_settled(draft.entry->key());
  }
  if (!PlanBuild(&plan) && !PlanRoutes(&plan)) PlanRemovals(&plan);
  return plan;
}

}  // namespace

pb::Plan MakeHostPlan(const HostPlanInput& input) { return Planner(input).Make(); }

}  // namespace reeve::agents
