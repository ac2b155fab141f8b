#include "agents/nginx/nginx_host.h"

#include "agents/nginx/site_file.h"
#include "agents/os/path.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents::nginx {
namespace {

constexpr absl::Duration kTestTimeout = absl::Seconds(20);
constexpr absl::Duration kProofTimeout = absl::Seconds(5);

HttpProbe ProbeOf(const Host& host) {
  return {.port = host.paths.nginx_probe_port,
          .host = "reeve-probe.invalid",
          .path = kProbePath,
          .timeout = absl::Seconds(1)};
}

std::string FirstLine(const std::string& output) { return output.substr(0, output.find('\n')); }

}  // namespace

std::string ReeveDir(const HostPaths& paths) { return paths.nginx + "/reeve"; }

absl::StatusOr<bool> IsInstalled(const Host& host) {
  const auto [dir, name] = SplitPath(host.paths.nginx_program);
  const absl::StatusOr<std::unique_ptr<Root>> root = host.files->Open(std::string(dir));
  if (absl::IsNotFound(root.status())) return false;
  RETURN_IF_ERROR(root.status());
  const absl::StatusOr<FileInfo> info = (*root)->Stat(name);
  if (absl::IsNotFound(info.status())) return false;
  RETURN_IF_ERROR(info.status());
  return true;
}

absl::StatusOr<Trial> TestConf(const Host& host, const std::string& staged,
                               const std::string& run_name) {
  TransientRun run{
      .name = run_name, .argv = {host.paths.nginx_program, "-t", "-q"}, .timeout = kTestTimeout};
  if (!staged.empty())
    run.bind_read_only.emplace_back(staged, fmt::format("{}/{}", ReeveDir(host.paths), kCurrent));
  // What `nginx -t` makes stays in here: logs, temporary directories, the pid file.
  run.temporary_file_systems = {"/var/log/nginx", "/var/lib/nginx", "/run"};
  const absl::StatusOr<TransientResult> result = host.bus->RunTransient(run);
  if (!result.ok()) return Annotate(result.status(), "testing nginx's configuration");
  Trial trial;
  trial.verdict = ReadVerdict(result->output, ReeveDir(host.paths));
  trial.passed = result->exit_code == 0 && trial.verdict.errors.empty();
  trial.first_line =
      trial.verdict.errors.empty() ? FirstLine(result->output) : trial.verdict.errors[0].text;
  if (!trial.passed && trial.first_line.empty())
    trial.first_line = fmt::format("exit status {}", result->exit_code);
  return trial;
}

absl::Status ReloadAndProve(const Host& host, int64_t generation) {
  RETURN_IF_ERROR(host.bus->ReloadUnit(kUnit));
  // Neither the job's result nor nginx's own says whether the master took the configuration.
  const absl::Status proved =
      host.net->HttpAwait(ProbeOf(host), std::to_string(generation), kProofTimeout);
  return Annotate(proved,
                  fmt::format("nginx was reloaded but does not serve generation {}", generation));
}

bool Serves(const Host& host, int64_t generation) {
  const absl::StatusOr<HttpAnswer> answer = host.net->HttpGet(ProbeOf(host));
  return answer.ok() && answer->status == 200 && answer->body == std::to_string(generation);
}

}  // namespace reeve::agents::nginx
