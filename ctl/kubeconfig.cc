// ctl kubeconfig: the context as kubectl and the Kubernetes client libraries want it.
#include <absl/strings/escaping.h>

#include "base/durable_file.h"
#include "base/status.h"
#include "ctl/verbs.h"

namespace reeve::ctl {
namespace {

// The default of --kube-listen.
constexpr int kKubePort = 7446;

// "host" of host:port; an address in brackets keeps them.
std::string_view HostOf(std::string_view endpoint) {
  return endpoint.substr(0, endpoint.rfind(':'));
}

absl::StatusOr<std::string> ServerUrl(const Session& session,
                                      const client::Connection& connection) {
  std::string url = session.flags().Text("url");
  if (url.empty()) return fmt::format("https://{}:{}", HostOf(connection.endpoint), kKubePort);
  if (url.starts_with("https://")) return url;
  if (url.find("://") == std::string::npos) return "https://" + url;
  return InvalidArgument("--url: must be https://host:port, got \"{}\"", url);
}

std::string Encoded(const std::string& pem) { return absl::Base64Escape(pem); }

std::string KubeconfigText(const client::Connection& connection, const std::string& url,
                           const std::string& ns) {
  const std::string name = connection.server_name.empty()
                               ? ""
                               : fmt::format("      tls-server-name: {}\n", connection.server_name);
  return fmt::format(
      "apiVersion: v1\nkind: Config\n"
      "clusters:\n  - name: reeve\n    cluster:\n      server: {}\n{}"
      "      certificate-authority-data: {}\n"
      "users:\n  - name: admin\n    user:\n      client-certificate-data: {}\n"
      "      client-key-data: {}\n"
      "contexts:\n  - name: reeve\n    context:\n      cluster: reeve\n      user: admin\n"
      "      namespace: {}\n"
      "current-context: reeve\n",
      url, name, Encoded(connection.ca_pem), Encoded(connection.cert_pem),
      Encoded(connection.key_pem), ns);
}

}  // namespace

absl::Status RunKubeconfig(Session& session) {
  RETURN_IF_ERROR(session.Connection().status());
  const client::Connection& connection = *session.Connection();
  if (connection.cert_pem.empty() || connection.key_pem.empty())
    return InvalidArgument("context {}: its user has no client certificate and key",
                           connection.context);
  ASSIGN_OR_RETURN(const std::string url, ServerUrl(session, connection));
  const std::string text = KubeconfigText(connection, url, session.Namespace());
  const std::string path = session.flags().Text("out");
  if (path.empty()) {
    session.Out("{}", text);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(ReplaceFile(path, text, kPrivateFile));
  session.Err("{} written; use it:  kubectl --kubeconfig {} get sites", path, path);
  return absl::OkStatus();
}

}  // namespace reeve::ctl
