#include "agents/nginx/site_file.h"

#include <algorithm>
#include <cstdlib>

#include "agents/mark.h"
#include "agents/nginx/conf.h"
#include "agents/os/path.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents::nginx {
namespace {

constexpr int kMisdirected = 421;
constexpr auto kHiddenPath = "/[.](?!well-known/)";  // Anywhere in the path.

absl::Status CheckLabel(std::string_view field, std::string_view text) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
  if (!text.empty() && !text.starts_with('-') && std::ranges::all_of(text, good))
    return absl::OkStatus();
  return InvalidArgument("{}: \"{}\" is not a label", field, text);
}

absl::Status CheckPort(std::string_view field, int port) {
  if (port >= 1 && port <= 65535) return absl::OkStatus();
  return InvalidArgument("{}: {} is not a port", field, port);
}

// Lower-case host names only: no wildcards, expressions or trailing dots, which would reach into
// other names.
absl::Status CheckServerName(std::string_view name) {
  const auto good = [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '.';
  };
  const bool shape = !name.empty() && name.size() <= 253 && !name.starts_with('.') &&
                     !name.ends_with('.') && name.find("..") == name.npos;
  if (shape && std::ranges::all_of(name, good)) return absl::OkStatus();
  return InvalidArgument("serverNames: \"{}\" is not a host name", name);
}

absl::Status CheckHeader(const v1::Header& header) {
  const auto token = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (header.name().empty() || !std::ranges::all_of(header.name(), token)) {
    return InvalidArgument("http.headers: \"{}\" is not a header name", header.name());
  }
  return Annotate(Literal(header.value()).status(), "http.headers." + header.name());
}

absl::Status CheckSite(const v1::Artifact::NginxSite& site) {
  RETURN_IF_ERROR(CheckLabel("name", site.name()));
  RETURN_IF_ERROR(CheckPort("listenPort", site.listen_port()));
  if (site.server_names().empty()) return InvalidArgument("serverNames: required");
  for (const std::string& name : site.server_names()) RETURN_IF_ERROR(CheckServerName(name));
  for (const v1::Header& header : site.http().headers()) RETURN_IF_ERROR(CheckHeader(header));
  if (site.http().max_body_bytes() < 0) return InvalidArgument("http.maxBodyBytes: negative");
  return absl::OkStatus();
}

absl::StatusOr<std::string> SubPath(std::string_view field, const std::string& path) {
  RETURN_IF_ERROR(Annotate(CheckRelativePath(path), field));
  absl::StatusOr<std::string> literal = Literal(path);
  return literal.ok() ? literal : Annotate(literal.status(), field);
}

absl::StatusOr<std::vector<NginxBlock>> FilesBackend(const SiteInput& input) {
  const v1::Artifact::Files& files = input.site->files();
  RETURN_IF_ERROR(CheckLabel("files.dir", files.dir()));
  std::string root = fmt::format("{}/{}/current", input.paths->content, files.dir());
  if (!files.root().empty()) {
    ASSIGN_OR_RETURN(const std::string sub, SubPath("files.root", files.root()));
    root += "/" + sub;
  }
  std::vector<std::string> tries = {"$uri", "$uri/"};
  if (!files.fallback().empty()) {
    ASSIGN_OR_RETURN(const std::string fallback, SubPath("files.fallback", files.fallback()));
    tries.push_back("/" + fallback);
  }
  // Last, so that a fallback that is not there is a 404 and not a cycle, which nginx answers 500.
  tries.push_back("=404");
  return std::vector<NginxBlock>{
      {"root", {root}},
      {"index", {"index.html"}},
      // What was pushed with the content by mistake: .env, .git. The exception is for proofs.
      {"location", {"~", kHiddenPath}, {{"return", {"404"}}}},
      {"location", {"/"}, {{"try_files", tries}}},
  };
}

absl::StatusOr<std::vector<NginxBlock>> UpstreamBackend(const SiteInput& input) {
  if (input.site->upstream().port() == kNoPort)
    return std::vector<NginxBlock>{{"location", {"/"}, {{"return", {"503"}}}}};
  RETURN_IF_ERROR(CheckPort("upstream.port", input.site->upstream().port()));
  const std::string url = fmt::format("http://127.0.0.1:{}", input.site->upstream().port());
  return std::vector<NginxBlock>{{"location",
                                  {"/"},
                                  {
                                      {"proxy_pass", {url}},
                                      {"proxy_http_version", {"1.1"}},
                                      {"proxy_set_header", {"Host", "$host"}},
                                      {"proxy_set_header", {"X-Real-IP", "$remote_addr"}},
                                      {"proxy_set_header", {"X-Forwarded-For", "$remote_addr"}},
                                      {"proxy_set_header", {"X-Forwarded-Host", "$host"}},
                                      {"proxy_set_header", {"X-Forwarded-Proto", "$scheme"}},
                                      {"proxy_set_header", {"Upgrade", "$http_upgrade"}},
                                      {"proxy_set_header", {"Connection", "$reeve_connection"}},
                                  }}};
}

absl::StatusOr<std::vector<NginxBlock>> Backend(const SiteInput& input) {
  switch (input.site->backend_case()) {
    case v1::Artifact::NginxSite::kFiles:
      return FilesBackend(input);
    case v1::Artifact::NginxSite::kUpstream:
      return UpstreamBackend(input);
    case v1::Artifact::NginxSite::BACKEND_NOT_SET:
      break;
  }
  return InvalidArgument("backend: required");
}

void AddOptions(const v1::HttpOptions& http, std::vector<NginxBlock>* server) {
  if (http.max_body_bytes() > 0)
    server->push_back({"client_max_body_size", {std::to_string(http.max_body_bytes())}});
  for (const v1::Header& header : http.headers()) {
    server->push_back({"add_header", {header.name(), header.value(), "always"}});
  }
}

// Answers 421 to every name that no site of this port has: never another tenant's page.
NginxBlock RejectServer(int port) {
  return {"server",
          {},
          {{"listen", {std::to_string(port), "default_server"}},
           {"server_name", {"reeve-unknown.invalid"}},
           {"return", {std::to_string(kMisdirected)}}}};
}

NginxBlock ProbeServer(int64_t generation, int probe_port) {
  return {"server",
          {},
          {{"listen", {fmt::format("127.0.0.1:{}", probe_port)}},
           {"server_name", {"reeve-probe.invalid"}},
           {"access_log", {"off"}},
           {"location", {"=", kProbePath}, {{"return", {"200", std::to_string(generation)}}}},
           {"location", {"/"}, {{"return", {"404"}}}}}};
}

}  // namespace

absl::StatusOr<std::string> RenderSite(const SiteInput& input) {
  RETURN_IF_ERROR(CheckSite(*input.site));
  const auto& names = input.site->server_names();
  std::vector<NginxBlock> server = {{"listen", {std::to_string(input.site->listen_port())}},
                                    {"server_name", {names.begin(), names.end()}}};
  AddOptions(input.site->http(), &server);
  ASSIGN_OR_RETURN(std::vector<NginxBlock> backend, Backend(input));
  server.insert(server.end(), std::make_move_iterator(backend.begin()),
                std::make_move_iterator(backend.end()));
  ASSIGN_OR_RETURN(const std::string body, EmitConf({{"server", {}, std::move(server)}}));
  return WithMark(input.owner, body);
}

SiteSummary SummarizeSite(std::string_view content) {
  constexpr std::string_view kListen = "    listen ", kNames = "    server_name ";
  SiteSummary summary;
  for (const std::string& line : Split(content, '\n')) {
    if (!line.ends_with(';')) continue;
    const std::string inner = line.substr(0, line.size() - 1);
    if (inner.starts_with(kListen)) summary.ports.insert(std::atoi(inner.c_str() + kListen.size()));
    if (!inner.starts_with(kNames)) continue;
    for (std::string& name : Split(inner.substr(kNames.size()), ' '))
      summary.server_names.insert(std::move(name));
  }
  summary.ports.erase(0);
  return summary;
}

std::string RenderCommon(int64_t generation, int probe_port, const std::set<int>& ports) {
  std::vector<NginxBlock> conf = {{"map",
                                   {"$http_upgrade", "$reeve_connection"},
                                   {{"default", {"upgrade"}}, {"\"\"", {"close"}}}},
                                  ProbeServer(generation, probe_port)};
  for (const int port : ports) conf.push_back(RejectServer(port));
  const absl::StatusOr<std::string> body = EmitConf(conf);
  CHECK(body.ok(), "nothing in it comes from elsewhere");
  return WithMark(kHostOwner, *body);
}

}  // namespace reeve::agents::nginx
