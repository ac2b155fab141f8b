#include "ctl/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace reeve::ctl {
namespace {

std::string Spelling(const Flag& flag) {
  std::string text = flag.letter == 0 ? "    " : fmt::format("-{}, ", flag.letter);
  text += fmt::format("--{}", flag.name);
  if (flag.type == Flag::Type::kText) text += fmt::format("='{}'", flag.value);
  if (flag.type == Flag::Type::kTexts) text += "=[]";
  if (flag.type == Flag::Type::kBool && !flag.value.empty()) text += "=true";
  return text;
}

std::string Options(const std::vector<Flag>& flags) {
  size_t width = 0;
  for (const Flag& flag : flags) width = std::max(width, Spelling(flag).size());
  std::string text;
  for (const Flag& flag : flags)
    text += fmt::format("  {:<{}}   {}\n", Spelling(flag), width, flag.help);
  return text;
}

std::string Examples(const std::vector<std::string_view>& lines) {
  std::string text = "Examples:\n";
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0 && lines[i].starts_with('#')) text += "\n";
    text += fmt::format("  {}\n", lines[i]);
  }
  return text + "\n";
}

}  // namespace

std::string HelpOf(std::string_view group) {
  std::string text = group.empty()
                         ? "ctl controls an estate of hosts and the sites on them.\n\nCommands:\n"
                         : fmt::format("Commands of {}:\n", group);
  size_t width = 0;
  for (const Command& command : Commands()) width = std::max(width, command.path.size());
  for (const Command& command : Commands()) {
    const bool in_group = group.empty() || command.path.starts_with(std::string(group) + " ");
    if (in_group) text += fmt::format("  {:<{}}   {}\n", command.path, width, command.summary);
  }
  text += "\nOptions of every command:\n" + Options(GlobalFlags());
  return text + "\nUse \"ctl <command> --help\" for more about a command.\n";
}

std::string HelpOf(const Command& command) {
  std::string text = fmt::format("{}.\n\n", command.summary);
  if (!command.about.empty()) text += fmt::format("{}\n\n", command.about);
  if (!command.examples.empty()) text += Examples(command.examples);
  if (!command.flags.empty()) text += "Options:\n" + Options(command.flags) + "\n";
  text += fmt::format("Usage:\n  ctl {}{}{} [options]\n\n", command.path,
                      command.usage.empty() ? "" : " ", command.usage);
  return text + "Use \"ctl --help\" for the options of every command.\n";
}

}  // namespace reeve::ctl
