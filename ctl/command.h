// The table of commands: what parsing, help, suggestions and documents are made from.
#pragma once

#include <absl/status/status.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::ctl {

class Session;

// What an argument or the value of a flag is: shells complete it, parsing checks choices.
struct Words {
  enum class Type {
    kAny,
    kFiles,
    kDirectories,
    kChoices,   // Those of `text`, parted by commas; one that ends in '=' goes on. Others are
                // refused by the command, in kubectl's words.
    kOneOf,     // Likewise; others are refused when the line is parsed.
    kList,      // Several of them, parted by commas; likewise.
    kObjects,   // KIND NAME... or KIND/NAME...
    kFields,    // KIND.FIELD...
    kNames,     // Of objects of the kind `text`.
    kGoals,     // Of wait --for.
    kContexts,  // Of the config file.
    kBackups,   // Of the store.
  };
  Type type = Type::kAny;
  std::string_view text = "";
};

struct Flag {
  enum class Type { kBool, kText, kTexts };
  std::string_view name;  // "output"
  char letter = 0;        // 'o'
  Type type = Type::kText;
  std::string_view help;
  std::string_view value = "";  // Without the flag; for kBool "true" or "" (false).
  std::string_view alias = "";  // Another long name.
  Words words = {};
};

struct Command {
  std::string_view path;                   // "config use-context": what is typed after ctl.
  std::string_view usage;                  // Arguments, in kubectl's notation: "(-f FILENAME)".
  std::string_view summary;                // One line.
  std::string_view about;                  // Further paragraphs of the help, or "".
  std::vector<std::string_view> examples;  // "# What it does" and "ctl ..." lines.
  std::vector<Flag> flags;
  absl::Status (*run)(Session&);
  int failure = 1;               // What ctl returns when this fails.
  std::vector<Words> args = {};  // One by one; kObjects is for all that follow.
};

// What was typed.
struct Invocation {
  const Command* command = nullptr;
  std::vector<std::string> args;
  std::map<std::string, std::vector<std::string>, std::less<>> flags;  // Given or by default.

  bool Bool(std::string_view flag) const { return Text(flag) == "true"; }
  std::string Text(std::string_view flag) const;  // The last one given; "" when none is.
  const std::vector<std::string>& Texts(std::string_view flag) const;
};

const std::vector<Command>& Commands();
const Command* FindCommand(std::string_view path);  // nullptr: none.
// Of every command.
const std::vector<Flag>& GlobalFlags();

}  // namespace reeve::ctl
