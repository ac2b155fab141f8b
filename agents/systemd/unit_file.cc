#include "agents/systemd/unit_file.h"

#include <algorithm>
#include <map>

#include "agents/mark.h"
#include "agents/os/path.h"
#include "base/status.h"

namespace reeve::agents::systemd {
namespace {

// Runtimes that a command may name instead of a program of its content.
constexpr std::string_view kRuntimes[] = {"node", "python3"};
constexpr auto kStateDirs = "reeve-sites";  // Below /var/lib.
constexpr auto kHostAddress = "127.0.0.1";

absl::Status CheckPrintable(std::string_view text) {
  for (const unsigned char c : text) {
    if (c < ' ' || c == 0x7f)
      return InvalidArgument("has the control byte 0x{:02x}", static_cast<int>(c));
  }
  return absl::OkStatus();
}

std::string Escape(std::string_view text, bool dollars) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\\' || c == '"') quoted += '\\';
    if (c == '%' || (c == '$' && dollars)) quoted += c;
    quoted += c;
  }
  return quoted + "\"";
}

// Lines of a unit file; the first error is kept.
class Emitter {
 public:
  void Section(std::string_view name) {
    text_ += fmt::format("{}[{}]\n", text_.empty() ? "" : "\n", name);
  }
  // Of our own making: nothing in it comes from a manifest but what has been checked.
  void Set(std::string_view key, std::string_view value) {
    text_ += fmt::format("{}={}\n", key, value);
  }
  void Set(std::string_view key, const absl::StatusOr<std::string>& value, std::string_view field) {
    if (value.ok()) return Set(key, *value);
    if (status_.ok()) status_ = Annotate(value.status(), field);
  }

  absl::StatusOr<std::string> Finish() const {
    if (!status_.ok()) return status_;
    return text_;
  }

 private:
  std::string text_;
  absl::Status status_;
};

const std::string& StateName(const v1::Artifact::Unit& unit) {
  return unit.state().empty() ? unit.name() : unit.state();
}

std::string StateDir(const v1::Artifact::Unit& unit) {
  return fmt::format("/var/lib/{}/{}", kStateDirs, StateName(unit));
}

using Variables = std::map<std::string, std::string>;

Variables VariablesOf(const v1::Artifact::Unit& unit) {
  return {
      {"PORT", std::to_string(unit.port())}, {"HOST", kHostAddress}, {"STATE_DIR", StateDir(unit)}};
}

// $(NAME) is replaced, $$ is a dollar sign, any other dollar sign is itself.
absl::StatusOr<std::string> Expand(std::string_view text, const Variables& variables) {
  std::string expanded;
  while (!text.empty()) {
    const size_t end = text.starts_with("$(") ? text.find(')') : text.npos;
    if (end != text.npos) {
      const std::string name(text.substr(2, end - 2));
      const auto found = variables.find(name);
      if (found == variables.end()) return InvalidArgument("unknown variable $({})", name);
      expanded += found->second;
      text.remove_prefix(end + 1);
      continue;
    }
    expanded += text.front();
    text.remove_prefix(text.starts_with("$$") ? 2 : 1);
  }
  return expanded;
}

std::string ReleaseOf(const UnitInput& input) {
  return fmt::format("{}/{}/current", input.paths->content, input.unit->dir());
}

// The program by absolute path: systemd gives a first byte other than "/" a meaning, and expands
// what we do not quote.
absl::StatusOr<std::string> ProgramOf(const UnitInput& input) {
  std::string_view name = input.unit->command(0);
  for (const auto& [runtime, path] : input.runtimes) {
    if (runtime == name) return path;
  }
  if (std::ranges::find(kRuntimes, name) != std::end(kRuntimes)) {
    return InvalidArgument("this host has no {}", name);
  }
  if (name.starts_with("./")) name.remove_prefix(2);
  RETURN_IF_ERROR(CheckRelativePath(name));
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("._-+/").find(c) != std::string_view::npos;
    if (!plain) return InvalidArgument("{}: a program is [A-Za-z0-9._+/-]", name);
  }
  return fmt::format("{}/{}", ReleaseOf(input), name);
}

absl::StatusOr<std::string> CommandLine(const UnitInput& input) {
  if (input.unit->command().empty()) return InvalidArgument("command: required");
  const absl::StatusOr<std::string> program = ProgramOf(input);
  if (!program.ok()) return Annotate(program.status(), "command[0]");
  std::string line = Escape(*program, true);
  const Variables variables = VariablesOf(*input.unit);
  for (int i = 1; i < input.unit->command_size(); ++i) {
    absl::StatusOr<std::string> argument = Expand(input.unit->command(i), variables);
    if (argument.ok()) argument = QuoteArgument(*argument);
    if (!argument.ok()) return Annotate(argument.status(), fmt::format("command[{}]", i));
    line += " " + *argument;
  }
  return line;
}

bool IsEnvName(std::string_view name) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::ranges::all_of(name, good);
}

// What decides how a program is loaded is not the manifest's.
bool IsLoaderName(std::string_view name) {
  return name.starts_with("LD_") || name == "BASH_ENV" || name == "ENV";
}

// A variable of the manifest: $(NAME) in its value is replaced as in the command.
absl::StatusOr<std::string> Assignment(const v1::EnvVar& variable, const Variables& variables) {
  if (!IsEnvName(variable.name()) || IsLoaderName(variable.name())) {
    return InvalidArgument("not a name for a variable");
  }
  ASSIGN_OR_RETURN(const std::string value, Expand(variable.value(), variables));
  return QuoteEnvironment(variable.name() + "=" + value);
}

void EmitEnvironment(const v1::Artifact::Unit& unit, Emitter& out) {
  const Variables variables = VariablesOf(unit);
  for (const v1::EnvVar& variable : unit.env()) {
    out.Set("Environment", Assignment(variable, variables), "env." + variable.name());
  }
  // Ours come last, and win.
  for (const auto& [name, value] : variables) {
    out.Set("Environment", QuoteEnvironment(fmt::format("{}={}", name, value)), name);
  }
}

void EmitLimits(const v1::ResourceLimits& limits, Emitter& out) {
  out.Set("CPUAccounting", "yes");
  out.Set("MemoryAccounting", "yes");
  if (limits.memory_max_bytes() > 0)
    out.Set("MemoryMax", std::to_string(limits.memory_max_bytes()));
  if (limits.cpu_percent() > 0) out.Set("CPUQuota", fmt::format("{}%", limits.cpu_percent()));
  if (limits.tasks_max() > 0) out.Set("TasksMax", std::to_string(limits.tasks_max()));
}

// What every site's process is fenced in with. Not MemoryDenyWriteExecute: node compiles as it
// runs.
void EmitSandbox(const UnitInput& input, Emitter& out) {
  for (const char* key :
       {"NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "ProtectClock",
        "ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules",
        "ProtectKernelTunables", "LockPersonality", "RestrictNamespaces", "RestrictRealtime",
        "RestrictSUIDSGID"}) {
    out.Set(key, "yes");
  }
  out.Set("ProtectSystem", "strict");
  out.Set("ProtectProc", "invisible");
  out.Set("CapabilityBoundingSet", "");
  out.Set("SystemCallArchitectures", "native");
  out.Set("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX AF_NETLINK");
  // It sees its own content and state and none of the others', nor who else is served here: systemd
  // tells everybody on the bus what is in a unit, environment included.
  out.Set("TemporaryFileSystem",
          fmt::format("{}:ro /var/lib/{}:ro", input.paths->content, kStateDirs));
  out.Set("BindReadOnlyPaths", fmt::format("{}/{}", input.paths->content, input.unit->dir()));
  out.Set("BindPaths", StateDir(*input.unit));
  out.Set("InaccessiblePaths",
          fmt::format("-{} -{}/reeve -/run/dbus", input.paths->state, input.paths->nginx));
}

void EmitService(const UnitInput& input, Emitter& out) {
  const v1::Artifact::Unit& unit = *input.unit;
  out.Section("Service");
  out.Set("Type", "exec");
  out.Set("User", PlainText(unit.user()), "user");
  out.Set("Group", PlainText(unit.user()), "user");
  out.Set("WorkingDirectory", ReleaseOf(input));
  out.Set("ExecStart", CommandLine(input), "unit");
  EmitEnvironment(unit, out);
  // Also when it ends well: a unit that is inactive was stopped by somebody.
  out.Set("Restart", "always");
  out.Set("RestartSec", "1s");
  out.Set("KillMode", "control-group");
  out.Set("TimeoutStopSec", "20s");
  out.Set("StateDirectory", fmt::format("{}/{}", kStateDirs, StateName(unit)));
  out.Set("StateDirectoryMode", "0700");
  out.Set("UMask", "0077");
  EmitLimits(unit.resources(), out);
  EmitSandbox(input, out);
}

// Names come from Reeve, but what is read back from a disk is checked again before it becomes a
// path.
absl::Status CheckNames(const v1::Artifact::Unit& unit) {
  for (const auto& [field, name] : {std::pair("name", unit.name()),
                                    {"dir", unit.dir()},
                                    {"user", unit.user()},
                                    {"state", StateName(unit)}}) {
    const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
    if (name.empty() || name.starts_with('-') || !std::ranges::all_of(name, good)) {
      return InvalidArgument("{}: \"{}\" is not a label", field, name);
    }
  }
  if (unit.port() < 1 || unit.port() > 65535)
    return InvalidArgument("port: {} is not a port", unit.port());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> QuoteArgument(std::string_view text) {
  RETURN_IF_ERROR(CheckPrintable(text));
  return Escape(text, true);
}

absl::StatusOr<std::string> QuoteEnvironment(std::string_view text) {
  RETURN_IF_ERROR(CheckPrintable(text));
  return Escape(text, false);
}

absl::StatusOr<std::string> PlainText(std::string_view text) {
  RETURN_IF_ERROR(CheckPrintable(text));
  if (text.ends_with('\\')) return InvalidArgument("ends with a backslash");
  std::string plain;
  for (const char c : text) plain.append(c == '%' ? 2 : 1, c);
  return plain;
}

absl::StatusOr<std::string> RenderUnit(const UnitInput& input) {
  RETURN_IF_ERROR(CheckNames(*input.unit));
  Emitter out;
  out.Section("Unit");
  out.Set("Description", PlainText(input.unit->description()), "description");
  out.Set("After", "network.target");
  out.Set("StartLimitIntervalSec", "60");
  out.Set("StartLimitBurst", "10");
  EmitService(input, out);
  out.Section("Install");
  out.Set("WantedBy", "multi-user.target");
  out.Section("X-Reeve");
  out.Set("Blob", PlainText(input.unit->blob()), "blob");
  ASSIGN_OR_RETURN(const std::string body, out.Finish());
  return WithMark(input.owner, body);
}

}  // namespace reeve::agents::systemd
