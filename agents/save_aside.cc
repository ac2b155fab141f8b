#include "agents/save_aside.h"

#include <string>

#include "base/status.h"

namespace reeve::agents {
namespace {

constexpr uint64_t kBytesMax = 1 << 20;
constexpr uint32_t kDirMode = 0700;
constexpr uint32_t kFileMode = 0600;

class SaveAsideProvider final : public HostProvider {
 public:
  explicit SaveAsideProvider(const Host& host) : host_(host) {}

  std::string_view name() const override { return "save_aside"; }
  absl::Status Observe(pb::Inventory*) override { return absl::OkStatus(); }
  bool Runs(const pb::Step& step) const override { return step.has_save_aside(); }
  absl::StatusOr<pb::Receipt> Prepare(const pb::Step&) override { return pb::Receipt(); }

  absl::Status Do(const pb::Step& step, const pb::Receipt&, pb::StepReport*) override {
    const std::string& path = step.save_aside().path();
    const size_t slash = path.rfind('/');
    ASSIGN_OR_RETURN(const auto from, host_.files->Open(path.substr(0, slash)));
    const absl::StatusOr<std::string> bytes = from->Read(path.substr(slash + 1), kBytesMax);
    if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
    RETURN_IF_ERROR(bytes.status());
    ASSIGN_OR_RETURN(const auto state, host_.files->Open(host_.paths.state));
    const absl::Status made = state->MakeDir("drift", kDirMode);
    if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
    return ReplaceFile(*state, "drift/" + step.save_aside().as(), *bytes, kFileMode);
  }

  // What was kept aside harms nobody.
  absl::Status Undo(const pb::Step&, const pb::Receipt&) override { return absl::OkStatus(); }

 private:
  const Host host_;
};

}  // namespace

std::unique_ptr<HostProvider> NewSaveAside(const Host& host) {
  return std::make_unique<SaveAsideProvider>(host);
}

}  // namespace reeve::agents
