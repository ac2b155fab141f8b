// A model of nginx: what it accepts, what it serves, and how it fails, as measured on nginx 1.22
// (reliability: include order; one broken file breaks all; the first of two equal server names wins
// with a warning; the first server of a port answers unknown names; a busy port passes the test and
// makes a reload keep the old configuration).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agents/os/net.h"
#include "agents/testing/mem_tree.h"
#include "agents/testing/nginx_conf.h"

namespace reeve::agents {

struct NginxServer {
  std::string address = "*";
  int port = 0;
  bool is_default = false;
  std::vector<std::string> names;
  NginxDirective conf;
};

struct NginxLoaded {
  std::vector<NginxServer> servers;  // In the order they were read.
  std::set<int> ports;
};

// What loading prints, and the result when there is no [emerg].
struct NginxLoad {
  std::optional<NginxLoaded> loaded;
  std::string output;
};

// Reads <etc>/nginx.conf of `tree` with `mounts` in place.
NginxLoad LoadNginx(const MemTree& tree, const MemTree::Mounts& mounts, const std::string& conf);

// Answers one request as `loaded` says. `backend` is asked for a proxied port.
using NginxBackend = std::function<absl::StatusOr<HttpAnswer>(int port, const HttpProbe& probe)>;
HttpAnswer AnswerNginx(const NginxLoaded& loaded, const MemTree& tree, const HttpProbe& probe,
                       const NginxBackend& backend);

}  // namespace reeve::agents
