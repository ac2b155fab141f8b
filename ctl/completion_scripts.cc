// ctl completion: the scripts of completion/, which the build embeds.
#include <array>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "ctl/verbs.h"

namespace reeve::ctl {

extern const unsigned char kBashScript[];
extern const unsigned kBashScriptSize;
extern const unsigned char kZshScript[];
extern const unsigned kZshScriptSize;
extern const unsigned char kFishScript[];
extern const unsigned kFishScriptSize;

namespace {

std::string_view Text(const unsigned char* bytes, unsigned size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

absl::Status RunCompletion(Session& session) {
  const std::string shell = session.args().size() == 1 ? session.args()[0] : "";
  const std::array<std::pair<std::string_view, std::string_view>, 3> scripts = {
      {{"bash", Text(kBashScript, kBashScriptSize)},
       {"zsh", Text(kZshScript, kZshScriptSize)},
       {"fish", Text(kFishScript, kFishScriptSize)}}};
  for (const auto& [name, script] : scripts) {
    if (name != shell) continue;
    session.Out("{}", script);
    return absl::OkStatus();
  }
  return InvalidArgument("ctl completion is for one shell: bash, zsh or fish");
}

}  // namespace reeve::ctl
