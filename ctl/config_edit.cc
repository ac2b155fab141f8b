#include "ctl/config_edit.h"

#include <algorithm>

#include "base/status.h"

namespace reeve::ctl {
namespace {

// Keeps those items for which `keep` holds.
template <typename Items, typename Keep>
void KeepIf(Items* items, Keep keep) {
  const auto end =
      std::remove_if(items->begin(), items->end(), [&](const auto& item) { return !keep(item); });
  items->DeleteSubrange(static_cast<int>(end - items->begin()),
                        static_cast<int>(items->end() - end));
}

void Hide(std::string* data, std::string_view instead) {
  if (!data->empty()) *data = instead;
}

}  // namespace

v1::NamedContext* FindContext(v1::Config* config, std::string_view name) {
  for (v1::NamedContext& context : *config->mutable_contexts()) {
    if (context.name() == name) return &context;
  }
  return nullptr;
}

bool SetContext(v1::Config* config, std::string_view name, const ContextChange& change) {
  v1::NamedContext* context = FindContext(config, name);
  const bool made = context == nullptr;
  if (made) {
    context = config->add_contexts();
    context->set_name(std::string(name));
  }
  // It is another server's or another user's then.
  if (!change.cluster.empty() || !change.user.empty()) context->mutable_context()->clear_socket();
  if (!change.cluster.empty()) context->mutable_context()->set_cluster(change.cluster);
  if (!change.user.empty()) context->mutable_context()->set_user(change.user);
  if (!change.ns.empty()) context->mutable_context()->set_namespace_(change.ns);
  return made;
}

absl::Status RenameContext(client::ConfigFile* file, std::string_view from, std::string_view to) {
  v1::NamedContext* context = FindContext(&file->config, from);
  if (context == nullptr)
    return NotFound("cannot rename the context \"{}\", it's not in {}", from, file->path);
  if (FindContext(&file->config, to) != nullptr)
    return AlreadyExists(
        "cannot rename the context \"{}\", the context \"{}\" already exists in {}", from, to,
        file->path);
  context->set_name(std::string(to));
  if (file->config.current_context() == from) file->config.set_current_context(std::string(to));
  return absl::OkStatus();
}

absl::Status DeleteContext(client::ConfigFile* file, std::string_view name) {
  if (FindContext(&file->config, name) == nullptr)
    return NotFound("cannot delete context {}, not in {}", name, file->path);
  KeepIf(file->config.mutable_contexts(),
         [&](const v1::NamedContext& context) { return context.name() != name; });
  return absl::OkStatus();
}

absl::Status Minify(v1::Config* config, std::string_view context) {
  const v1::NamedContext* found = FindContext(config, context);
  if (found == nullptr) return InvalidArgument("context \"{}\" does not exist", context);
  const v1::NamedContext kept = *found;
  KeepIf(config->mutable_contexts(),
         [&](const v1::NamedContext& item) { return item.name() == kept.name(); });
  KeepIf(config->mutable_clusters(),
         [&](const v1::NamedCluster& item) { return item.name() == kept.context().cluster(); });
  KeepIf(config->mutable_users(),
         [&](const v1::NamedUser& item) { return item.name() == kept.context().user(); });
  config->set_current_context(kept.name());
  return absl::OkStatus();
}

void Redact(v1::Config* config) {
  constexpr std::string_view kOmitted = "DATA+OMITTED", kRedacted = "REDACTED";
  for (v1::NamedCluster& item : *config->mutable_clusters())
    Hide(item.mutable_cluster()->mutable_certificate_authority_data(), kOmitted);
  for (v1::NamedUser& item : *config->mutable_users()) {
    Hide(item.mutable_user()->mutable_client_certificate_data(), kOmitted);
    Hide(item.mutable_user()->mutable_client_key_data(), kRedacted);
  }
}

}  // namespace reeve::ctl
