#include "agents/testing/model_nginx.h"

#include <fnmatch.h>

#include <cstdlib>
#include <regex>

#include "agents/os/path.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents {
namespace {

const std::set<std::string>& KnownDirectives() {
  static const auto* names = new std::set<std::string>{"user",
                                                       "worker_processes",
                                                       "pid",
                                                       "error_log",
                                                       "include",
                                                       "events",
                                                       "worker_connections",
                                                       "http",
                                                       "sendfile",
                                                       "tcp_nopush",
                                                       "types_hash_max_size",
                                                       "default_type",
                                                       "access_log",
                                                       "gzip",
                                                       "server",
                                                       "listen",
                                                       "server_name",
                                                       "root",
                                                       "index",
                                                       "return",
                                                       "location",
                                                       "try_files",
                                                       "proxy_pass",
                                                       "proxy_set_header",
                                                       "proxy_http_version",
                                                       "proxy_buffering",
                                                       "proxy_read_timeout",
                                                       "proxy_connect_timeout",
                                                       "proxy_redirect",
                                                       "add_header",
                                                       "map",
                                                       "client_max_body_size",
                                                       "server_names_hash_bucket_size",
                                                       "server_names_hash_max_size",
                                                       "server_tokens",
                                                       "disable_symlinks",
                                                       "default",
                                                       "etag",
                                                       "expires",
                                                       "if_modified_since",
                                                       "autoindex",
                                                       "log_not_found",
                                                       "ssl_protocols",
                                                       "types",
                                                       "set",
                                                       "allow",
                                                       "deny",
                                                       "keepalive_timeout",
                                                       "absolute_redirect",
                                                       "variables_hash_max_size",
                                                       "error_page",
                                                       "internal"};
  return *names;
}

// Reads files into one tree of directives, the includes in their places.
class Reader {
 public:
  Reader(const MemTree& tree, const MemTree::Mounts& mounts, std::string etc)
      : tree_(tree), mounts_(mounts), etc_(std::move(etc)) {}

  absl::StatusOr<std::vector<NginxDirective>> ReadFile(const std::string& path,
                                                       const std::string& from) {
    const InodePtr inode = tree_.Follow(path, mounts_);
    if (inode == nullptr || inode->type != FileType::kRegular) {
      return InvalidArgument("open() \"{}\" failed (2: No such file or directory){}", path, from);
    }
    ASSIGN_OR_RETURN(std::vector<NginxDirective> read, ParseNginxConf(path, inode->content));
    return Expand(std::move(read), "");
  }

 private:
  absl::StatusOr<std::vector<NginxDirective>> Expand(std::vector<NginxDirective> read,
                                                     const std::string& parent) {
    std::vector<NginxDirective> expanded;
    for (NginxDirective& directive : read) {
      if (directive.name == "include" && !directive.has_block && directive.args.size() == 1) {
        ASSIGN_OR_RETURN(const std::vector<NginxDirective> included, Include(directive));
        expanded.insert(expanded.end(), included.begin(), included.end());
        continue;
      }
      // A map's and a types' lines are pairs, not directives.
      if (parent != "map" && parent != "types") RETURN_IF_ERROR(CheckKnown(directive));
      ASSIGN_OR_RETURN(directive.block, Expand(std::move(directive.block), directive.name));
      expanded.push_back(std::move(directive));
    }
    return expanded;
  }

  static absl::Status CheckKnown(const NginxDirective& directive) {
    if (KnownDirectives().contains(directive.name)) return absl::OkStatus();
    return InvalidArgument("unknown directive \"{}\" in {}:{}", directive.name, directive.file,
                           directive.line);
  }

  absl::StatusOr<std::vector<NginxDirective>> Include(const NginxDirective& include) {
    const std::string path =
        include.args[0].starts_with('/') ? include.args[0] : etc_ + "/" + include.args[0];
    const std::string from = fmt::format(" in {}:{}", include.file, include.line);
    const auto [dir, pattern] = SplitPath(path);
    if (pattern.find_first_of("*?[") == pattern.npos) return ReadFile(path, from);
    std::vector<NginxDirective> all;
    const InodePtr inode = tree_.Follow(std::string(dir), mounts_);
    if (inode == nullptr) return all;
    for (const auto& [name, entry] : inode->entries) {
      if (::fnmatch(std::string(pattern).c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
      ASSIGN_OR_RETURN(const std::vector<NginxDirective> one,
                       ReadFile(fmt::format("{}/{}", dir, name), from));
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }

  const MemTree& tree_;
  const MemTree::Mounts& mounts_;
  const std::string etc_;
};

std::string At(const NginxDirective& directive) {
  return fmt::format("{}:{}", directive.file, directive.line);
}

// Makes servers of "server" blocks; a server with two listens is there twice.
class Builder {
 public:
  absl::Status Add(const NginxDirective& server) {
    NginxServer made{.conf = server};
    for (const NginxDirective& directive : server.block) {
      if (directive.name == "server_name") made.names = directive.args;
    }
    for (const NginxDirective& directive : server.block) {
      if (directive.name == "listen") RETURN_IF_ERROR(AddListen(directive, made));
    }
    return absl::OkStatus();
  }

  NginxLoaded loaded;
  std::string warnings;

 private:
  absl::Status AddListen(const NginxDirective& listen, NginxServer server) {
    if (listen.args.empty()) {
      return InvalidArgument("invalid number of arguments in \"listen\" directive in {}",
                             At(listen));
    }
    const std::string& address = listen.args[0];
    if (address.starts_with('[')) return absl::OkStatus();  // The model's network is IPv4.
    const size_t colon = address.rfind(':');
    server.port = std::atoi(address.substr(colon == std::string::npos ? 0 : colon + 1).c_str());
    if (colon != std::string::npos) server.address = address.substr(0, colon);
    if (server.port <= 0 || server.port > 65535) {
      return InvalidArgument("invalid port in \"{}\" of the \"listen\" directive in {}", address,
                             At(listen));
    }
    for (size_t i = 1; i < listen.args.size(); ++i)
      server.is_default |= listen.args[i] == "default_server";
    RETURN_IF_ERROR(CheckDefault(server, At(listen)));
    WarnOfNames(&server);
    loaded.ports.insert(server.port);
    loaded.servers.push_back(std::move(server));
    return absl::OkStatus();
  }

  absl::Status CheckDefault(const NginxServer& server, const std::string& at) const {
    for (const NginxServer& other : loaded.servers) {
      if (server.is_default && other.is_default && other.port == server.port &&
          other.address == server.address) {
        return InvalidArgument("a duplicate default server for {}:{} in {}", Shown(server),
                               server.port, at);
      }
    }
    return absl::OkStatus();
  }

  static std::string Shown(const NginxServer& server) {
    return server.address == "*" ? "0.0.0.0" : server.address;
  }

  void WarnOfNames(NginxServer* server) {
    for (const std::string& name : server->names) {
      if (!seen_.insert(fmt::format("{} {}:{}", name, server->address, server->port)).second) {
        warnings += fmt::format("nginx: [warn] conflicting server name \"{}\" on {}:{}, ignored\n",
                                name, Shown(*server), server->port);
      }
    }
  }

  std::set<std::string> seen_;
};

absl::Status AddServers(const std::vector<NginxDirective>& directives, Builder& builder) {
  for (const NginxDirective& directive : directives) {
    if (directive.name == "server") RETURN_IF_ERROR(builder.Add(directive));
    if (directive.name == "http") RETURN_IF_ERROR(AddServers(directive.block, builder));
  }
  return absl::OkStatus();
}

// The first server with the name wins; without one the default; without a default the first.
const NginxServer* Choose(const NginxLoaded& loaded, int port, const std::string& host) {
  const NginxServer* fallback = nullptr;
  for (const NginxServer& server : loaded.servers) {
    if (server.port != port) continue;
    for (const std::string& name : server.names) {
      if (name == host) return &server;
    }
    if (fallback == nullptr || (server.is_default && !fallback->is_default)) fallback = &server;
  }
  return fallback;
}

const NginxDirective* Child(const NginxDirective& parent, std::string_view name) {
  for (const NginxDirective& directive : parent.block) {
    if (directive.name == name) return &directive;
  }
  return nullptr;
}

const NginxDirective* Location(const NginxDirective& server, const std::string& path) {
  const NginxDirective* best = nullptr;
  for (const NginxDirective& directive : server.block) {
    if (directive.name != "location") continue;
    if (directive.args.size() == 2 && directive.args[0] == "=" && directive.args[1] == path)
      return &directive;
    // Expressions come before all prefixes, the first that matches.
    if (directive.args.size() == 2 && directive.args[0] == "~" &&
        std::regex_search(path, std::regex(directive.args[1])))
      return &directive;
    const std::string& prefix = directive.args.back();
    if ((directive.args.size() == 1 || directive.args[0] == "^~") && path.starts_with(prefix) &&
        (best == nullptr || prefix.size() > best->args.back().size())) {
      best = &directive;
    }
  }
  return best;
}

HttpAnswer Return(const NginxDirective& directive) {
  return {std::atoi(directive.args[0].c_str()), directive.args.size() > 1 ? directive.args[1] : ""};
}

std::optional<HttpAnswer> FileAt(const MemTree& tree, const std::string& path) {
  const InodePtr inode = tree.Follow(path);
  if (inode == nullptr || inode->type != FileType::kRegular) return std::nullopt;
  if ((inode->mode & 0004u) == 0) return HttpAnswer{403, ""};
  return HttpAnswer{200, inode->content};
}

HttpAnswer Served(const MemTree& tree, const std::string& root, const NginxDirective& location,
                  const std::string& path) {
  const NginxDirective* tries = Child(location, "try_files");
  const std::vector<std::string> candidates =
      tries == nullptr ? std::vector<std::string>{"$uri", "$uri/", "=404"} : tries->args;
  for (const std::string& candidate : candidates) {
    if (candidate.starts_with('=')) return {std::atoi(candidate.c_str() + 1), ""};
    std::string at = candidate;
    if (at.starts_with("$uri")) at = path + at.substr(4);
    if (at.ends_with('/')) at += "index.html";
    if (std::optional<HttpAnswer> answer = FileAt(tree, root + at)) return *std::move(answer);
  }
  return {404, ""};
}

int ProxiedPort(const NginxDirective& pass) {
  const std::string& url = pass.args[0];
  return std::atoi(url.substr(url.rfind(':') + 1).c_str());
}

}  // namespace

NginxLoad LoadNginx(const MemTree& tree, const MemTree::Mounts& mounts, const std::string& conf) {
  Builder builder;
  Reader reader(tree, mounts, std::string(SplitPath(conf).first));
  const absl::StatusOr<std::vector<NginxDirective>> directives = reader.ReadFile(conf, "");
  const absl::Status status =
      directives.ok() ? AddServers(*directives, builder) : directives.status();
  if (!status.ok()) {
    return {std::nullopt,
            fmt::format("{}nginx: [emerg] {}\nnginx: configuration file {} test failed\n",
                        builder.warnings, Message(status), conf)};
  }
  return {std::move(builder.loaded), builder.warnings};
}

HttpAnswer AnswerNginx(const NginxLoaded& loaded, const MemTree& tree, const HttpProbe& probe,
                       const NginxBackend& backend) {
  const NginxServer* server = Choose(loaded, probe.port, probe.host);
  if (server == nullptr) return {0, ""};
  if (const NginxDirective* direct = Child(server->conf, "return")) return Return(*direct);
  const std::string path = probe.path.substr(0, probe.path.find('?'));
  const NginxDirective* location = Location(server->conf, path);
  static const NginxDirective nothing;
  if (location == nullptr) location = &nothing;
  if (const NginxDirective* direct = Child(*location, "return")) return Return(*direct);
  if (const NginxDirective* pass = Child(*location, "proxy_pass")) {
    const absl::StatusOr<HttpAnswer> answer = backend(ProxiedPort(*pass), probe);
    return answer.ok() ? *answer : HttpAnswer{502, ""};
  }
  const NginxDirective* root = Child(*location, "root");
  if (root == nullptr) root = Child(server->conf, "root");
  return root == nullptr ? HttpAnswer{404, ""} : Served(tree, root->args[0], *location, path);
}

}  // namespace reeve::agents
