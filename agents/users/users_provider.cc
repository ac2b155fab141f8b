#include "agents/users/users_provider.h"

#include <absl/strings/numbers.h>

#include <string>
#include <utility>

#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents::users {
namespace {

constexpr std::string_view kComment = "reeve-managed";
constexpr std::string_view kPrefix = "reeve-";
constexpr uint64_t kPasswdBytesMax = 16 << 20;
constexpr int kUidFirst = 30000;
constexpr int kUidLast = 39999;
constexpr size_t kPasswdFields = 7;
constexpr size_t kUidField = 2;
constexpr size_t kCommentField = 4;
constexpr size_t kGroupFields = 4;
constexpr size_t kGidField = 2;

class UsersProvider final : public HostProvider {
 public:
  explicit UsersProvider(const Host& host) : host_(host) {}

  std::string_view name() const override { return "users"; }
  absl::Status Observe(pb::Inventory* inventory) override;
  bool Runs(const pb::Step& step) const override {
    return step.has_ensure_user() || step.has_remove_user();
  }
  absl::StatusOr<pb::Receipt> Prepare(const pb::Step& step) override;
  absl::Status Do(const pb::Step& step, const pb::Receipt& receipt,
                  pb::StepReport* report) override;
  absl::Status Undo(const pb::Step& step, const pb::Receipt& receipt) override;

 private:
  absl::StatusOr<bool> Exists(const std::string& user);
  absl::StatusOr<bool> GroupExists(const std::string& group);
  absl::Status CheckGroup(const pb::Step::EnsureUser& user);
  absl::Status Make(const pb::Step::EnsureUser& user);
  absl::Status Delete(const std::string& user);
  absl::Status RunTool(const std::string& program, std::vector<std::string> args);

  const Host host_;
};

absl::Status UsersProvider::Observe(pb::Inventory* inventory) {
  ASSIGN_OR_RETURN(const auto etc, host_.files->Open("/etc"));
  ASSIGN_OR_RETURN(const std::string passwd, etc->Read("passwd", kPasswdBytesMax));
  for (const std::string& line : Split(passwd, '\n')) {
    const std::vector<std::string> fields = Split(line, ':');
    int uid = 0;
    if (fields.size() < kPasswdFields || !absl::SimpleAtoi(fields[kUidField], &uid)) continue;
    const bool in_range = uid >= kUidFirst && uid <= kUidLast;
    if (!in_range && !fields[0].starts_with(kPrefix)) continue;
    auto* user = inventory->add_users();
    user->set_name(fields[0]);
    user->set_uid(uid);
    user->set_ours(fields[kCommentField] == kComment);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> UsersProvider::Exists(const std::string& user) {
  pb::Inventory inventory;
  RETURN_IF_ERROR(Observe(&inventory));
  for (const auto& there : inventory.users()) {
    if (there.name() == user) return true;
  }
  return false;
}

absl::StatusOr<bool> UsersProvider::GroupExists(const std::string& group) {
  ASSIGN_OR_RETURN(const auto etc, host_.files->Open("/etc"));
  ASSIGN_OR_RETURN(const std::string text, etc->Read("group", kPasswdBytesMax));
  for (const std::string& line : Split(text, '\n')) {
    if (line.starts_with(group + ":")) return true;
  }
  return false;
}

// The group of a new user has its name and its number, and nobody else has one of the two.
absl::Status UsersProvider::CheckGroup(const pb::Step::EnsureUser& user) {
  ASSIGN_OR_RETURN(const auto etc, host_.files->Open("/etc"));
  ASSIGN_OR_RETURN(const std::string text, etc->Read("group", kPasswdBytesMax));
  for (const std::string& line : Split(text, '\n')) {
    const std::vector<std::string> fields = Split(line, ':');
    int gid = 0;
    if (fields.size() < kGroupFields || !absl::SimpleAtoi(fields[kGidField], &gid)) continue;
    if ((fields[0] == user.name()) == (gid == user.uid())) continue;
    return FailedPrecondition("group {} (gid {}) is in the way of group {} (gid {})", fields[0],
                              gid, user.name(), user.uid());
  }
  return absl::OkStatus();
}

absl::StatusOr<pb::Receipt> UsersProvider::Prepare(const pb::Step& step) {
  const std::string& user =
      step.has_ensure_user() ? step.ensure_user().name() : step.remove_user().name();
  ASSIGN_OR_RETURN(const bool exists, Exists(user));
  if (!exists && step.has_ensure_user()) RETURN_IF_ERROR(CheckGroup(step.ensure_user()));
  pb::Receipt receipt;
  receipt.set_kind(exists ? pb::Receipt::ALREADY_THERE : pb::Receipt::CREATED);
  return receipt;
}

absl::Status UsersProvider::RunTool(const std::string& program, std::vector<std::string> args) {
  ASSIGN_OR_RETURN(const ExitInfo exit,
                   host_.exec->Run({.program = program, .args = std::move(args)}));
  if (exit.code == 0) return absl::OkStatus();
  return FailedPrecondition("{} ended with {}: {}", program, exit.code, Trim(exit.output));
}

// Left to useradd, a group gets the lowest free number: that of a deleted Site, whose files it
// could then read. Uids are never given out twice, so the group's number is the uid.
absl::Status UsersProvider::Make(const pb::Step::EnsureUser& user) {
  const std::string id = std::to_string(user.uid());
  ASSIGN_OR_RETURN(const bool has_group, GroupExists(user.name()));
  if (!has_group) RETURN_IF_ERROR(RunTool("/usr/sbin/groupadd", {"--gid", id, user.name()}));
  return RunTool("/usr/sbin/useradd", {"--system", "--uid", id, "--gid", id, "--no-create-home",
                                       "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin",
                                       "--comment", std::string(kComment), user.name()});
}

absl::Status UsersProvider::Delete(const std::string& user) {
  ASSIGN_OR_RETURN(const bool exists, Exists(user));
  if (exists) RETURN_IF_ERROR(RunTool("/usr/sbin/userdel", {user}));
  // userdel takes the group along, unless login.defs says otherwise or there was no user yet.
  ASSIGN_OR_RETURN(const bool has_group, GroupExists(user));
  return has_group ? RunTool("/usr/sbin/groupdel", {user}) : absl::OkStatus();
}

absl::Status UsersProvider::Do(const pb::Step& step, const pb::Receipt&, pb::StepReport*) {
  if (step.has_remove_user()) return Delete(step.remove_user().name());
  ASSIGN_OR_RETURN(const bool exists, Exists(step.ensure_user().name()));
  return exists ? absl::OkStatus() : Make(step.ensure_user());
}

absl::Status UsersProvider::Undo(const pb::Step& step, const pb::Receipt& receipt) {
  const bool made_by_us = step.has_ensure_user() && receipt.kind() == pb::Receipt::CREATED;
  return made_by_us ? Delete(step.ensure_user().name()) : absl::OkStatus();
}

}  // namespace

std::unique_ptr<HostProvider> NewUsersProvider(const Host& host) {
  return std::make_unique<UsersProvider>(host);
}

}  // namespace reeve::agents::users
