// ctl config: contexts, as kubectl has them.
#include <algorithm>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/config_edit.h"
#include "ctl/output.h"
#include "ctl/screen.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "proto/schema/encode.h"
#include "proto/schema/json_node.h"
#include "proto/schema/yaml.h"

namespace reeve::ctl {
namespace {

absl::StatusOr<client::ConfigFile> Load(const Session& session) {
  ASSIGN_OR_RETURN(const std::string path, session.ConfigFilePath());
  return client::LoadConfig(path);
}

std::string ContextInUse(const Session& session, const v1::Config& config) {
  const std::string given = session.flags().Text("context");
  return given.empty() ? config.current_context() : given;
}

bool Wanted(const Session& session, const std::string& name) {
  const std::vector<std::string>& names = session.args();
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

// What the command is about: its one argument.
absl::StatusOr<std::string> OneName(const Session& session, std::string_view verb) {
  if (session.args().size() == 1) return session.args()[0];
  return InvalidArgument("ctl config {} takes one context name", verb);
}

// --current or the argument.
absl::StatusOr<std::string> NameToSet(const Session& session, const v1::Config& config) {
  if (!session.flags().Bool("current")) return OneName(session, "set-context");
  if (!session.args().empty())
    return InvalidArgument("you cannot specify both a context name and --current");
  if (config.current_context().empty()) return InvalidArgument("no current context is set");
  return config.current_context();
}

}  // namespace

absl::Status RunConfigGetContexts(Session& session) {
  ASSIGN_OR_RETURN(client::ConfigFile file, Load(session));
  for (const std::string& name : session.args()) {
    if (FindContext(&file.config, name) == nullptr)
      session.Report(InvalidArgument("context {} not found", name));
  }
  const bool names = session.flags().Text("output") == "name";
  Table table{.headers = {"CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"}};
  for (const v1::NamedContext& context : file.config.contexts()) {
    if (!Wanted(session, context.name())) continue;
    if (names) session.Out("{}\n", context.name());
    const bool current = context.name() == file.config.current_context();
    table.rows.push_back({current ? "*" : "", context.name(), context.context().cluster(),
                          context.context().user(), context.context().namespace_()});
  }
  if (names || session.failed()) return absl::OkStatus();
  session.Out("{}", Render(table, ScreenStyle(session)));
  return absl::OkStatus();
}

absl::Status RunConfigCurrentContext(Session& session) {
  ASSIGN_OR_RETURN(const client::ConfigFile file, Load(session));
  const std::string context = ContextInUse(session, file.config);
  if (context.empty()) return InvalidArgument("current-context is not set");
  session.Out("{}\n", context);
  return absl::OkStatus();
}

absl::Status RunConfigUseContext(Session& session) {
  ASSIGN_OR_RETURN(const std::string name, OneName(session, "use-context"));
  ASSIGN_OR_RETURN(const std::string path, session.ConfigFilePath());
  RETURN_IF_ERROR(client::UseContext(path, name));
  session.Out("Switched to context \"{}\".\n", name);
  return absl::OkStatus();
}

absl::Status RunConfigSetContext(Session& session) {
  ASSIGN_OR_RETURN(const std::string path, session.ConfigFilePath());
  absl::StatusOr<client::ConfigFile> loaded = client::LoadConfig(path);
  if (absl::IsNotFound(loaded.status())) loaded = client::ConfigFile{.path = path};
  RETURN_IF_ERROR(loaded.status());
  client::ConfigFile& file = *loaded;
  ASSIGN_OR_RETURN(const std::string name, NameToSet(session, file.config));
  const bool made = SetContext(&file.config, name,
                               {.cluster = session.flags().Text("cluster"),
                                .user = session.flags().Text("user"),
                                .ns = session.flags().Text("namespace")});
  RETURN_IF_ERROR(client::SaveConfig(file));
  session.Out("Context \"{}\" {}.\n", name, made ? "created" : "modified");
  return absl::OkStatus();
}

absl::Status RunConfigRenameContext(Session& session) {
  if (session.args().size() != 2)
    return InvalidArgument("ctl config rename-context takes two names: the present and the new");
  const std::string &from = session.args()[0], &to = session.args()[1];
  ASSIGN_OR_RETURN(client::ConfigFile file, Load(session));
  RETURN_IF_ERROR(RenameContext(&file, from, to));
  RETURN_IF_ERROR(client::SaveConfig(file));
  session.Out("Context \"{}\" renamed to \"{}\".\n", from, to);
  return absl::OkStatus();
}

absl::Status RunConfigDeleteContext(Session& session) {
  ASSIGN_OR_RETURN(const std::string name, OneName(session, "delete-context"));
  ASSIGN_OR_RETURN(client::ConfigFile file, Load(session));
  RETURN_IF_ERROR(DeleteContext(&file, name));
  RETURN_IF_ERROR(client::SaveConfig(file));
  if (file.config.current_context() == name) {
    session.Err(
        "Warning: this removed your current context; take another one with \"ctl config "
        "use-context\"\n");
  }
  session.Out("deleted context {} from {}\n", name, file.path);
  return absl::OkStatus();
}

absl::Status RunConfigView(Session& session) {
  ASSIGN_OR_RETURN(const OutputFormat format, ParseOutputFormat(session.flags().Text("output")));
  ASSIGN_OR_RETURN(client::ConfigFile file, Load(session));
  if (session.flags().Bool("minify"))
    RETURN_IF_ERROR(Minify(&file.config, ContextInUse(session, file.config)));
  if (!session.flags().Bool("raw")) Redact(&file.config);
  const schema::Node document = schema::EncodeMessage(file.config);
  std::string text = schema::MessageToYaml(file.config);
  if (format.type == OutputFormat::Type::kJson) text = schema::DumpJson(document, 4) + "\n";
  if (format.type == OutputFormat::Type::kJsonPath) {
    ASSIGN_OR_RETURN(text, format.text->Render(document));
  }
  session.Out("{}", text);
  return absl::OkStatus();
}

}  // namespace reeve::ctl
