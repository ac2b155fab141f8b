#include "apiserver/strategies.h"

#include "apiserver/process_rules.h"
#include "apiserver/quota.h"
#include "apiserver/timestamps.h"
#include "apiserver/violations.h"
#include "base/status.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::apiserver {
namespace {

const v1::Site& SiteOf(const Message& object) {
  return static_cast<const v1::Site&>(schema::Inner(object));
}

// The host's range with the schema's defaults filled in.
v1::PortRange RangeOf(const Message& host_object) {
  v1::Object host;
  *host.mutable_host() = static_cast<const v1::Host&>(schema::Inner(host_object));
  host.mutable_host()->mutable_spec()->mutable_port_range();
  schema::ApplyDefaults(&host);
  return host.host().spec().port_range();
}

absl::Status CheckPortOnHost(Attempt* attempt, const v1::Site& site, int index,
                             schema::Violations* violations) {
  const std::string& name = site.spec().placement().hosts(index);
  const int port = site.spec().process().port();
  ASSIGN_OR_RETURN(const Message* host, attempt->Find({"Host", "", name}));
  if (host == nullptr) {
    AddViolation(
        violations, fmt::format("spec.placement.hosts[{}]", index),
        fmt::format("host \"{}\" does not exist, so that its port range is not known", name));
    return absl::OkStatus();
  }
  const v1::PortRange range = RangeOf(*host);
  if (port >= range.first() && port <= range.last()) return absl::OkStatus();
  AddViolation(violations, "spec.process.port",
               fmt::format("must be between {} and {}, the port range of host {}", range.first(),
                           range.last(), name));
  return absl::OkStatus();
}

absl::Status ValidatePort(Attempt* attempt, const v1::Site& site, schema::Violations* violations) {
  if (site.spec().process().port() == 0) return absl::OkStatus();
  if (site.spec().placement().hosts_size() != 1) {
    AddViolation(violations, "spec.placement.hosts",
                 "must name exactly one host when spec.process.port is set");
  }
  if (site.spec().replicas() != 1)
    AddViolation(violations, "spec.replicas", "must be 1 when spec.process.port is set");
  for (int i = 0; i < site.spec().placement().hosts_size(); ++i) {
    RETURN_IF_ERROR(CheckPortOnHost(attempt, site, i, violations));
  }
  return absl::OkStatus();
}

absl::Status ValidateSite(Attempt* attempt, const Message& object, schema::Violations* violations) {
  const v1::Site& site = SiteOf(object);
  const bool process = site.spec().type() == v1::SiteSpec::Process;
  if (process && !site.spec().has_process())
    AddViolation(violations, "spec.process", "required when spec.type is Process");
  if (!process && site.spec().has_process())
    AddViolation(violations, "spec.process", "only when spec.type is Process");
  if (process && site.spec().has_static_())
    AddViolation(violations, "spec.static", "only when spec.type is Static");
  CheckProcess(site.spec().process(), violations);
  return ValidatePort(attempt, site, violations);
}

// Sites and routes find a Domain by its hostname.
absl::Status ValidateDomain(Attempt*, const Message& object, schema::Violations* violations) {
  const auto& domain = static_cast<const v1::Domain&>(schema::Inner(object));
  if (domain.spec().hostname() != domain.metadata().name()) {
    AddViolation(violations, "metadata.name",
                 fmt::format("must be the same as spec.hostname, {}", domain.spec().hostname()));
  }
  return absl::OkStatus();
}

absl::Status ValidateHost(Attempt*, const Message& object, schema::Violations* violations) {
  const v1::PortRange range = RangeOf(object);
  if (range.first() > range.last()) {
    AddViolation(violations, "spec.portRange.first",
                 fmt::format("must not be greater than spec.portRange.last, {}", range.last()));
  }
  return absl::OkStatus();
}

absl::Status ValidateNamespace(Attempt* attempt, const Message& object,
                               schema::Violations* violations) {
  const auto& ns = static_cast<const v1::Namespace&>(schema::Inner(object));
  const std::string& name = ns.metadata().name();
  if (name.starts_with("reeve-") && name != kSystemNamespace)
    AddViolation(violations, "metadata.name", "names that begin with reeve- are Reeve's own");
  CheckQuota(attempt->kinds(), ns.spec().quota(), violations);
  return absl::OkStatus();
}

void PrepareNamespace(const Message*, Now, Message* after) {
  auto* ns = static_cast<v1::Namespace*>(schema::MutableInner(after));
  const bool deleting = ns->metadata().has_deletion_timestamp();
  ns->mutable_status()->set_phase(deleting ? v1::NamespaceStatus::Terminating
                                           : v1::NamespaceStatus::Active);
}

// The phase follows the deletion, whoever writes it.
absl::Status CheckNamespaceStatus(const Message& before, const Message& after) {
  const std::string phase = schema::Phase(after);
  const bool deleting = schema::Meta(before).has_deletion_timestamp();
  const std::string_view is = deleting ? "Terminating" : "Active";
  if (phase == schema::Phase(before) || phase == is) return absl::OkStatus();
  return FailedPrecondition(
      "{}: status.phase cannot go from {} to {}: it is {} {} the namespace is deleted",
      ToString(schema::KeyOf(before)), schema::Phase(before), phase.empty() ? "nothing" : phase, is,
      deleting ? "since" : "until");
}

void PrepareLease(const Message*, Now now, Message* after) {
  auto* lease = static_cast<v1::Lease*>(schema::MutableInner(after));
  *lease->mutable_spec()->mutable_renew_time() = ToTimestamp(now.wall);
}

constexpr Strategy kStrategies[] = {
    {.type = "reeve.v1.Blob", .goes_with_namespace = true, .kept_while_used = true},
    {.type = "reeve.v1.Domain", .validate = ValidateDomain, .parts = "works"},
    {.type = "reeve.v1.Event", .goes_with_namespace = true},
    {.type = "reeve.v1.Host", .validate = ValidateHost, .parts = "ports"},
    {.type = "reeve.v1.Instance", .parts = "works"},
    {.type = "reeve.v1.Lease", .prepare = PrepareLease},
    {.type = "reeve.v1.Namespace",
     .prepare = PrepareNamespace,
     .validate = ValidateNamespace,
     .check_status = CheckNamespaceStatus,
     .parts = "contents"},
    {.type = "reeve.v1.Site", .validate = ValidateSite, .parts = "instances and domains"},
};

}  // namespace

const Strategy* FindStrategy(const schema::Kind& kind) {
  for (const Strategy& strategy : kStrategies) {
    if (strategy.type == kind.descriptor->full_name()) return &strategy;
  }
  return nullptr;
}

}  // namespace reeve::apiserver
