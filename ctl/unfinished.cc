#include "ctl/unfinished.h"

#include <fmt/format.h>

#include <string_view>

namespace reeve::ctl {
namespace {

class Reader {
 public:
  Unfinished Read(const std::vector<std::string>& words) {
    for (size_t i = 0; i + 1 < words.size(); ++i) Take(words[i]);
    if (!words.empty()) TakeLast(words.back());
    AddDefaults(GlobalFlags());
    if (line_.invocation.command != nullptr) AddDefaults(line_.invocation.command->flags);
    return std::move(line_);
  }

 private:
  static const Flag* Find(const std::vector<Flag>& flags, std::string_view name, bool letter) {
    for (const Flag& flag : flags) {
      if (letter ? flag.letter == name[0] : flag.name == name || flag.alias == name) return &flag;
    }
    return nullptr;
  }

  const Flag* Find(std::string_view name, bool letter) const {
    const Command* command = line_.invocation.command;
    const Flag* flag = command == nullptr ? nullptr : Find(command->flags, name, letter);
    return flag != nullptr ? flag : Find(GlobalFlags(), name, letter);
  }

  bool IsFlag(std::string_view word) const {
    return !line_.only_args && word.size() > 1 && word[0] == '-';
  }

  void Take(const std::string& word) {
    if (line_.flag != nullptr) return SetFlag(*std::exchange(line_.flag, nullptr), word);
    if (word == "--" && !line_.only_args) {
      line_.only_args = true;
    } else if (IsFlag(word)) {
      TakeFlag(word);
    } else if (line_.invocation.command != nullptr) {
      line_.invocation.args.push_back(word);
    } else {
      line_.group += (line_.group.empty() ? "" : " ") + word;
      line_.invocation.command = FindCommand(line_.group);
    }
  }

  // "--output", "--output=yaml", "-o", "-oyaml", "-A".
  void TakeFlag(std::string_view word) {
    const Flag* flag = nullptr;
    const std::string_view value = Parted(word, &flag);
    if (flag == nullptr) return;
    if (value.data() != nullptr) return SetFlag(*flag, value);
    if (flag->type == Flag::Type::kBool) return SetFlag(*flag, "true");
    line_.flag = flag;
  }

  // The value that `word` itself holds, else a view of nothing.
  std::string_view Parted(std::string_view word, const Flag** flag) const {
    if (word.starts_with("--")) {
      const size_t equals = word.find('=');
      *flag = Find(word.substr(2, equals == word.npos ? word.npos : equals - 2), false);
      return equals == word.npos ? std::string_view() : word.substr(equals + 1);
    }
    *flag = Find(word.substr(1, 1), true);
    const bool holds = word.size() > 2 && *flag != nullptr && (*flag)->type != Flag::Type::kBool;
    return holds ? word.substr(2) : std::string_view();
  }

  void TakeLast(std::string_view word) {
    line_.word = word;
    if (line_.flag != nullptr || !IsFlag(word)) return;
    const Flag* flag = nullptr;
    const std::string_view value = Parted(word, &flag);
    if (flag == nullptr || value.data() == nullptr || flag->type == Flag::Type::kBool) return;
    line_.flag = flag;
    line_.word = value;
    line_.before = word.substr(0, word.size() - value.size());
  }

  void SetFlag(const Flag& flag, std::string_view value) {
    line_.invocation.flags[std::string(flag.name)].emplace_back(value);
  }

  void AddDefaults(const std::vector<Flag>& flags) {
    for (const Flag& flag : flags) {
      if (!flag.value.empty() && !line_.invocation.flags.contains(flag.name))
        SetFlag(flag, flag.value);
    }
  }

  Unfinished line_;
};

}  // namespace

Unfinished ReadUnfinished(const std::vector<std::string>& words) { return Reader().Read(words); }

}  // namespace reeve::ctl
