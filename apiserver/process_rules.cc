#include "apiserver/process_rules.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "apiserver/violations.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

// As agents/systemd/unit_file.cc replaces and sets them.
constexpr std::string_view kVariables[] = {"PORT", "HOST", "STATE_DIR"};

bool IsVariable(std::string_view name) {
  return std::ranges::find(kVariables, name) != std::end(kVariables);
}

// Of the first $(NAME) that there is not; "" when all are known. $$ is a dollar sign.
std::string WhyNotExpandable(std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.starts_with("$(") ? text.find(')') : text.npos;
    if (end != text.npos && !IsVariable(text.substr(2, end - 2))) {
      return fmt::format(
          "{} is no variable: there are $(PORT), $(HOST) and $(STATE_DIR); $$ is a dollar sign",
          text.substr(0, end + 1));
    }
    text.remove_prefix(text.starts_with("$$") ? 2 : 1);
  }
  return "";
}

std::string WhyNotProgram(std::string_view program) {
  constexpr std::string_view kWhat =
      "must be a program that the host has (node, python3) or a path inside of the content "
      "(bin/app)";
  if (program.starts_with("./")) program.remove_prefix(2);
  std::string why;
  if (program.empty()) return std::string(kWhat);
  if (!schema::MatchesFormat(v1::REL_PATH, program, &why)) return fmt::format("{}; {}", kWhat, why);
  return "";
}

void CheckCommand(const v1::ProcessSpec& process, schema::Violations* violations) {
  for (int i = 0; i < process.command_size(); ++i) {
    const std::string& word = process.command(i);
    const std::string why = i == 0 ? WhyNotProgram(word) : WhyNotExpandable(word);
    if (!why.empty()) AddViolation(violations, fmt::format("spec.process.command[{}]", i), why);
  }
}

void CheckEnv(const v1::ProcessSpec& process, schema::Violations* violations) {
  for (int i = 0; i < process.env_size(); ++i) {
    const v1::EnvVar& variable = process.env(i);
    if (IsVariable(variable.name())) {
      AddViolation(violations, fmt::format("spec.process.env[{}].name", i),
                   fmt::format("{} is given by Reeve to every process", variable.name()));
    }
    const std::string why = WhyNotExpandable(variable.value());
    if (!why.empty()) AddViolation(violations, fmt::format("spec.process.env[{}].value", i), why);
  }
}

}  // namespace

void CheckProcess(const v1::ProcessSpec& process, schema::Violations* violations) {
  CheckCommand(process, violations);
  CheckEnv(process, violations);
}

}  // namespace reeve::apiserver
