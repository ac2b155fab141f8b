// Which objects a command is about: "sites", "site blog", "st,ho", "site/blog host/h1".
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "proto/schema/kind_registry.h"

namespace reeve::ctl {

struct Selection {
  const schema::Kind* kind = nullptr;
  std::vector<std::string> names;  // Empty: all, as selectors say.
};

// The kind that `alias` (a name, plural or short name, in any case) stands for; the error suggests
// a near one.
absl::StatusOr<const schema::Kind*> FindKind(
    std::string_view alias, const schema::KindRegistry& kinds = schema::KindRegistry::Get());

// What `args` name, in their order; neighbours of the same kind are one Selection. `verb` is for
// the message when `args` is empty.
absl::StatusOr<std::vector<Selection>> ParseSelections(const std::vector<std::string>& args,
                                                       std::string_view verb);

// The one object that `args` name: "site/blog", "site blog".
struct One {
  const schema::Kind* kind = nullptr;
  std::string name;
};
absl::StatusOr<One> ParseOne(const std::vector<std::string>& args, std::string_view verb);

}  // namespace reeve::ctl
