#include "ctl/man.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/durable_file.h"
#include "base/status.h"
#include "base/strings.h"
#include "ctl/verbs.h"

namespace reeve::ctl {
namespace {

// One line of text as roff: nothing in it is a request or an escape.
std::string Roff(std::string_view text) {
  std::string result;
  if (text.starts_with('.') || text.starts_with('\'')) result = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string Heading(std::string_view page) {
  std::string title(page);
  std::transform(title.begin(), title.end(), title.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return fmt::format(".TH \"{}\" \"1\" \"\" \"Reeve {}\" \"Reeve\"\n", title, REEVE_VERSION);
}

std::string Section(std::string_view title, std::string_view text) {
  return text.empty() ? "" : fmt::format(".SH {}\n{}", title, text);
}

std::string Paragraph(std::string_view text) {
  std::string result;
  for (const std::string& line : Split(text, '\n')) result += Roff(line) + "\n";
  return result;
}

std::string OptionText(const Flag& flag) {
  std::string names = flag.letter == 0 ? "" : fmt::format("\\fB\\-{}\\fR, ", flag.letter);
  names += fmt::format("\\fB{}\\fR", Roff(fmt::format("--{}", flag.name)));
  if (!flag.alias.empty())
    names += fmt::format(", \\fB{}\\fR", Roff(fmt::format("--{}", flag.alias)));
  if (flag.type != Flag::Type::kBool) names += "=\\fIVALUE\\fR";
  std::string text = fmt::format(".TP\n{}\n{}.", names, Roff(flag.help));
  if (!flag.value.empty()) text += fmt::format(" Default: {}.", Roff(flag.value));
  return text + "\n";
}

std::string OptionsText(const std::vector<Flag>& flags) {
  std::string text;
  for (const Flag& flag : flags) text += OptionText(flag);
  return text;
}

std::string ExamplesText(const std::vector<std::string_view>& lines) {
  if (lines.empty()) return "";
  std::string text = ".nf\n";
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0 && lines[i].starts_with('#')) text += ".sp\n";
    text += Roff(lines[i]) + "\n";
  }
  return text + ".fi\n";
}

std::string PageOf(const Command& command) {
  std::string name = "ctl-" + std::string(command.path);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string Index() {
  std::string commands;
  for (const Command& command : Commands())
    commands +=
        fmt::format(".TP\n\\fB{}\\fR(1)\n{}.\n", Roff(PageOf(command)), Roff(command.summary));
  return Heading("ctl") +
         Section("NAME", "ctl \\- control an estate of hosts and the sites on them\n") +
         Section("SYNOPSIS",
                 "\\fBctl\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n") +
         Section("COMMANDS", commands) + Section("OPTIONS", OptionsText(GlobalFlags()));
}

std::string Page(const Command& command) {
  const std::string name = PageOf(command);
  const std::string usage = command.usage.empty() ? "" : fmt::format(" {}", Roff(command.usage));
  const std::string exits =
      fmt::format("0 when it went well, {} when it failed.\n", command.failure);
  return Heading(name) +
         Section("NAME", fmt::format("{} \\- {}\n", Roff(name), Roff(command.summary))) +
         Section("SYNOPSIS",
                 fmt::format("\\fBctl {}\\fR{} [\\fIOPTIONS\\fR]\n", Roff(command.path), usage)) +
         Section("DESCRIPTION",
                 Paragraph(command.about.empty() ? fmt::format("{}.", command.summary)
                                                 : std::string(command.about))) +
         Section("OPTIONS", OptionsText(command.flags) +
                                ".PP\nThe options of every command are in \\fBctl\\fR(1).\n") +
         Section("EXIT STATUS", exits) + Section("EXAMPLES", ExamplesText(command.examples)) +
         Section("SEE ALSO", "\\fBctl\\fR(1)\n");
}

}  // namespace

std::vector<ManPage> ManPages() {
  std::vector<ManPage> pages = {{"ctl.1", Index()}};
  for (const Command& command : Commands())
    pages.push_back({PageOf(command) + ".1", Page(command)});
  return pages;
}

absl::Status RunMan(Session& session) {
  if (session.args().size() != 1) return InvalidArgument("ctl man takes one directory");
  const std::string dir = session.args()[0];
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return ErrnoStatus(error.value(), dir);
  for (const ManPage& page : ManPages())
    RETURN_IF_ERROR(ReplaceFile(fmt::format("{}/{}", dir, page.name), page.text, kPublicFile));
  return absl::OkStatus();
}

}  // namespace reeve::ctl
