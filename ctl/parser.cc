#include "ctl/parser.h"

#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "base/strings.h"
#include "ctl/help.h"

namespace reeve::ctl {
namespace {

// Where CLI11 puts the values of one flag. It has other types for flags that take no value.
struct Slot {
  const Flag* flag = nullptr;
  bool truth = false;
  std::vector<std::string> texts;
  std::vector<CLI::Option*> options;

  bool given() const {
    for (const CLI::Option* option : options) {
      if (option->count() > 0) return true;
    }
    return false;
  }
};

std::string CliName(const Flag& flag) {
  std::string name = flag.letter == 0 ? "" : fmt::format("-{},", flag.letter);
  name += fmt::format("--{}", flag.name);
  return flag.alias.empty() ? name : name + fmt::format(",--{}", flag.alias);
}

// CLI11's tree for the table: groups ("config") are apps that hold apps. Commands of whose path no
// word was typed are left out: making all of them takes longer than reading the line.
class Tree {
 public:
  explicit Tree(const std::vector<std::string>& argv) {
    Prepare(&root_);
    for (const Flag& flag : GlobalFlags()) slots_.push_back(NewSlot(flag));
    for (const auto& slot : slots_) AddFlag(&root_, slot.get());
    for (const Command& command : Commands()) {
      const std::string_view word = command.path.substr(0, command.path.find(' '));
      if (std::find(argv.begin(), argv.end(), word) != argv.end()) Add(command);
    }
  }

  Parsed Run(const std::vector<std::string>& argv) {
    std::vector<std::string> reversed(argv.rbegin(), argv.rend());
    std::string error;
    try {
      root_.parse(std::move(reversed));
    } catch (const CLI::ParseError& e) {
      error = e.what();
    }
    return Judge(error);
  }

 private:
  struct Leaf {
    const Command* command = nullptr;
    CLI::App* app = nullptr;
    std::vector<std::string> args;
    std::vector<std::unique_ptr<Slot>> slots;
  };

  void Prepare(CLI::App* app) {
    app->set_help_flag("");
    app->allow_extras();
    app->require_subcommand(
        0, 1);  // Else an argument that is called like another command would be one.
    app->add_flag("-h,--help", help_);
  }

  static std::unique_ptr<Slot> NewSlot(const Flag& flag) {
    auto slot = std::make_unique<Slot>();
    slot->flag = &flag;
    return slot;
  }

  static void AddFlag(CLI::App* app, Slot* slot) {
    const std::string name = CliName(*slot->flag);
    CLI::Option* option = slot->flag->type == Flag::Type::kBool
                              ? app->add_flag(name, slot->truth)
                              : app->add_option(name, slot->texts);
    if (slot->flag->type != Flag::Type::kBool)
      option->expected(1)->take_all()->allow_extra_args(false);
    if (slot->flag->type == Flag::Type::kBool) option->take_last();
    slot->options.push_back(option);
  }

  static CLI::App* Sub(CLI::App* app, const std::string& name) {
    const auto found =
        app->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == name; });
    return found.empty() ? nullptr : found.front();
  }

  CLI::App* AppAt(std::string_view path) {
    CLI::App* app = &root_;
    for (const std::string& word : Split(path, ' ')) {
      CLI::App* next = Sub(app, word);
      if (next == nullptr) {
        next = app->add_subcommand(word);
        Prepare(next);
      }
      app = next;
    }
    return app;
  }

  void Add(const Command& command) {
    auto leaf = std::make_unique<Leaf>();
    leaf->command = &command;
    leaf->app = AppAt(command.path);
    for (const Flag& flag : command.flags) leaf->slots.push_back(NewSlot(flag));
    for (const auto& slot : leaf->slots) AddFlag(leaf->app, slot.get());
    for (const auto& slot : slots_) AddFlag(leaf->app, slot.get());
    leaf->app->add_option("args", leaf->args);
    leaves_.push_back(std::move(leaf));
  }

  // The deepest app that was named, and how it was named.
  std::pair<CLI::App*, std::string> Reached() {
    CLI::App* app = &root_;
    std::string path;
    while (!app->get_subcommands().empty()) {
      app = app->get_subcommands().front();
      path += (path.empty() ? "" : " ") + app->get_name();
    }
    return {app, path};
  }

  const Leaf* LeafOf(const CLI::App* app) const {
    for (const auto& leaf : leaves_) {
      if (leaf->app == app) return leaf.get();
    }
    return nullptr;
  }

  Parsed Judge(const std::string& error) {
    const auto [app, path] = Reached();
    const Leaf* leaf = LeafOf(app);
    if (leaf == nullptr) return Undecided(app, path);
    if (help_) return HelpText{HelpOf(*leaf->command)};
    for (const std::string& word : app->remaining(false)) {
      if (word.starts_with('-')) return UnknownFlag(word, *leaf);
    }
    if (!error.empty())
      return UsageError{fmt::format("error: {}\nSee 'ctl {} --help' for usage.\n", error, path),
                        leaf->command->failure};
    if (const std::string wrong = WrongChoice(*leaf); !wrong.empty()) {
      return UsageError{fmt::format("error: {}\nSee 'ctl {} --help' for usage.\n", wrong, path),
                        leaf->command->failure};
    }
    return ToInvocation(*leaf);
  }

  // What is wrong with the first value that is none of its flag's choices; "" when nothing is.
  std::string WrongChoice(const Leaf& leaf) const {
    for (const auto* slots : {&leaf.slots, &slots_}) {
      for (const auto& slot : *slots) {
        if (!HasChoices(slot->flag->words)) continue;
        for (const std::string& text : slot->texts) {
          const std::string wrong = WrongChoice(*slot->flag, text);
          if (!wrong.empty()) return wrong;
        }
      }
    }
    return "";
  }

  static bool HasChoices(const Words& words) {
    return words.type == Words::Type::kOneOf || words.type == Words::Type::kList;
  }

  static std::string WrongChoice(const Flag& flag, const std::string& text) {
    const std::vector<std::string> choices = Split(flag.words.text, ',');
    const bool list = flag.words.type == Words::Type::kList;
    for (const std::string& word : list ? Split(text, ',') : std::vector<std::string>{text}) {
      if (std::find(choices.begin(), choices.end(), word) != choices.end()) continue;
      const std::string near = DidYouMean(word, choices);
      return fmt::format("invalid argument \"{}\" for \"--{}\": must be {}{}{}", word, flag.name,
                         choices.size() > 1 ? "one of " : "", Join(choices, ", "),
                         near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
    }
    return "";
  }

  // No command was reached: help, a group's help, or a word that is no command.
  Parsed Undecided(CLI::App* app, const std::string& path) {
    for (const std::string& word : app->remaining(false)) {
      if (!word.starts_with('-')) return UnknownCommand(path, word);
      if (!help_)
        return UsageError{
            fmt::format("Error: unknown flag: {}\nSee 'ctl --help' for usage.\n", word)};
    }
    return HelpText{HelpOf(path)};
  }

  static Parsed UnknownCommand(const std::string& path, const std::string& word) {
    const std::string group = path.empty() ? "" : path + " ";
    std::vector<std::string> names;
    for (const Command& command : Commands()) {
      if (!command.path.starts_with(group)) continue;
      const std::string_view rest = command.path.substr(group.size());
      names.emplace_back(rest.substr(0, rest.find(' ')));
    }
    const std::string program = path.empty() ? "ctl" : "ctl " + path;
    std::string text = fmt::format("Error: unknown command \"{}\" for \"{}\"\n", word, program);
    const std::string near = DidYouMean(word, names);
    if (!near.empty()) text += fmt::format("\nDid you mean this?\n\t{}\n\n", near);
    return UsageError{text + fmt::format("Run '{} --help' for usage.\n", program)};
  }

  Parsed UnknownFlag(const std::string& word, const Leaf& leaf) const {
    const std::string flag = word.substr(0, word.find('='));
    std::vector<std::string> names;
    for (const auto& slot : leaf.slots) names.push_back(fmt::format("--{}", slot->flag->name));
    for (const auto& slot : slots_) names.push_back(fmt::format("--{}", slot->flag->name));
    std::string text =
        flag.starts_with("--")
            ? fmt::format("Error: unknown flag: {}\n", flag)
            : fmt::format("Error: unknown shorthand flag: '{}' in {}\n", flag[1], flag);
    const std::string near = flag.size() > 3 ? DidYouMean(flag, names) : "";
    if (!near.empty()) text += fmt::format("Did you mean {}?\n", near);
    return UsageError{text + fmt::format("See 'ctl {} --help' for usage.\n", leaf.command->path),
                      leaf.command->failure};
  }

  Parsed ToInvocation(const Leaf& leaf) const {
    Invocation invocation{.command = leaf.command, .args = leaf.args};
    // A lone "--" only ends the flags.
    std::erase(invocation.args, "--");
    for (const auto& slot : leaf.slots) TakeValues(*slot, &invocation);
    for (const auto& slot : slots_) TakeValues(*slot, &invocation);
    return invocation;
  }

  static void TakeValues(const Slot& slot, Invocation* invocation) {
    std::vector<std::string>& values = invocation->flags[std::string(slot.flag->name)];
    if (!slot.given()) {
      if (!slot.flag->value.empty()) values = {std::string(slot.flag->value)};
    } else if (slot.flag->type == Flag::Type::kBool) {
      values = {slot.truth ? "true" : "false"};
    } else {
      values = slot.texts;
    }
  }

  CLI::App root_{"", "ctl"};
  bool help_ = false;
  std::vector<std::unique_ptr<Slot>> slots_;  // Of the global flags.
  std::vector<std::unique_ptr<Leaf>> leaves_;
};

}  // namespace

std::string Invocation::Text(std::string_view flag) const {
  const auto it = flags.find(flag);
  return it == flags.end() || it->second.empty() ? "" : it->second.back();
}

const std::vector<std::string>& Invocation::Texts(std::string_view flag) const {
  static const std::vector<std::string> none;
  const auto it = flags.find(flag);
  return it == flags.end() ? none : it->second;
}

Parsed Parse(const std::vector<std::string>& argv) {
  std::vector<std::string> words = argv;
  if (!words.empty() && words.front() == "help") {  // ctl help get: ctl get --help.
    words.erase(words.begin());
    words.push_back("--help");
  }
  return Tree(words).Run(words);
}

}  // namespace reeve::ctl
