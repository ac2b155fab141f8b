#include "ctl/complete.h"

#include <absl/time/time.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "client/config.h"
#include "ctl/readiness.h"
#include "ctl/selection.h"
#include "ctl/session.h"
#include "ctl/unfinished.h"
#include "ctl/verbs.h"
#include "proto/schema/comments.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"

namespace reeve::ctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Somebody waits at the keyboard.
constexpr std::string_view kPatience = "2s";

// Nobody reads through more.
constexpr int kNamesMax = 500;

constexpr int kNoSpace = 2;
constexpr int kNoFiles = 4;
constexpr int kDirectoriesOnly = 16;

struct Candidate {
  std::string word;
  std::string about;
};

// Everything from the comma on that ends the first part: "site,ho" is "site," and "ho".
std::pair<std::string, std::string> AfterLast(const std::string& word, char separator) {
  const size_t at = word.rfind(separator);
  if (at == word.npos) return {"", word};
  return {word.substr(0, at + 1), word.substr(at + 1)};
}

class Completer {
 public:
  Completer(Session* session, const Unfinished& line)
      : session_(*session), line_(line), prefix_(line.before), word_(line.word) {}

  void Run() {
    if (line_.flag != nullptr) return Value(line_.flag->words);
    if (!line_.only_args && word_.starts_with('-')) return Flags();
    if (line_.invocation.command == nullptr) return CommandWords();
    Argument();
  }

  // One line per candidate, then the directive.
  std::string Text() {
    std::string text;
    for (const Candidate& candidate : candidates_)
      text += fmt::format("{}\t{}\n", candidate.word, candidate.about);
    return text + fmt::format(":{}\n", directive_);
  }

 private:
  void Add(const std::string& word, std::string_view about) {
    if (word.starts_with(word_) && seen_.insert(word).second)
      candidates_.push_back({prefix_ + word, std::string(about)});
  }

  void NoSpace() { directive_ |= kNoSpace; }

  // From here on only what follows `separator` is completed.
  void StartAfter(char separator) {
    const auto [done, rest] = AfterLast(word_, separator);
    prefix_ += done;
    word_ = rest;
  }

  void Flags() {
    const Command* command = line_.invocation.command;
    if (command != nullptr) AddFlags(command->flags);
    AddFlags(GlobalFlags());
  }
  void AddFlags(const std::vector<Flag>& flags) {
    for (const Flag& flag : flags) Add(fmt::format("--{}", flag.name), flag.help);
  }

  // The next word of a command, below the group that was typed.
  void CommandWords() {
    const std::string group = line_.group.empty() ? "" : line_.group + " ";
    for (const Command& command : Commands()) {
      if (!command.path.starts_with(group)) continue;
      const std::string rest(command.path.substr(group.size()));
      const size_t blank = rest.find(' ');
      Add(rest.substr(0, blank),
          blank == rest.npos ? command.summary : std::string_view("A group of commands"));
    }
  }

  void Argument() {
    const std::vector<Words>& expected = line_.invocation.command->args;
    const size_t at = line_.invocation.args.size();
    if (at < expected.size()) return Value(expected[at]);
    if (!expected.empty() && expected.back().type == Words::Type::kObjects) Value(expected.back());
  }

  void Value(const Words& words) {
    switch (words.type) {
      case Words::Type::kAny:
        return;
      case Words::Type::kFiles:
        directive_ &= ~kNoFiles;
        return;
      case Words::Type::kDirectories:
        directive_ = kDirectoriesOnly;
        return;
      case Words::Type::kList:
        StartAfter(',');
        [[fallthrough]];
      case Words::Type::kChoices:
      case Words::Type::kOneOf:
        return ChoicesOf(words.text);
      case Words::Type::kObjects:
        return Objects();
      case Words::Type::kFields:
        return Fields();
      case Words::Type::kNames:
        return Names(words.text, {});
      case Words::Type::kGoals:
        return Goals();
      case Words::Type::kContexts:
        return Contexts();
      case Words::Type::kBackups:
        return Backups();
    }
  }

  void ChoicesOf(std::string_view text) {
    for (const std::string& choice : Split(text, ',')) Add(choice, "");
    const bool go_on = std::all_of(candidates_.begin(), candidates_.end(),
                                   [](const Candidate& c) { return c.word.ends_with('='); });
    if (go_on && !candidates_.empty()) NoSpace();
  }

  void Objects() {
    const std::vector<std::string>& args = line_.invocation.args;
    const bool pairs = line_.flag != nullptr || args.empty() || args[0].find('/') != args[0].npos;
    if (!pairs) return Names(args[0], {args.begin() + 1, args.end()});
    const size_t slash = word_.find('/');
    if (slash == word_.npos) return Kinds(line_.flag == nullptr && args.empty());
    const std::string kind = word_.substr(0, slash);
    StartAfter('/');
    Names(kind, {});
  }

  // Plurals; a word that begins none may begin a singular or short name. `alone`: names come as
  // words of their own, and several kinds may be typed with commas.
  void Kinds(bool alone) {
    if (alone) StartAfter(',');
    const std::string end = alone ? "" : "/";
    if (!alone) NoSpace();
    for (const schema::Kind& kind : session_.kinds().kinds())
      Add((alone ? kind.plural : kind.singular) + end, About(kind));
    if (!candidates_.empty()) return;
    for (const schema::Kind& kind : session_.kinds().kinds()) {
      for (const std::string& name : kind.options.short_names()) Add(name + end, About(kind));
    }
  }

  static std::string About(const schema::Kind& kind) {
    const auto& shorts = kind.options.short_names();
    const std::string names = shorts.empty() ? "" : Join({shorts.begin(), shorts.end()}, ", ");
    return names.empty() ? kind.options.short_help()
                         : fmt::format("{} ({})", kind.options.short_help(), names);
  }

  // Of objects, but for those of `without`.
  void Names(std::string_view alias, const std::set<std::string>& without) {
    const absl::StatusOr<const schema::Kind*> kind = FindKind(alias, session_.kinds());
    if (!kind.ok()) return;
    const absl::StatusOr<std::vector<std::string>> names = NamesBeginning(session_, **kind, word_);
    if (!names.ok()) return;
    for (const std::string& name : *names) {
      if (!without.contains(name)) Add(name, "");
    }
  }

  void Fields() {
    const std::vector<std::string> path = Split(word_, '.');
    if (path.size() == 1) return FieldKinds();
    const absl::StatusOr<const schema::Kind*> kind = FindKind(path[0], session_.kinds());
    if (!kind.ok()) return;
    const Descriptor* type = (*kind)->descriptor;
    for (size_t i = 1; i + 1 < path.size() && type != nullptr; ++i) {
      const FieldDescriptor* field = schema::FindField(type, path[i]);
      type = field != nullptr && schema::IsSubmessage(field) ? field->message_type() : nullptr;
    }
    if (type == nullptr) return;
    StartAfter('.');
    NoSpace();
    for (int i = 0; i < type->field_count(); ++i)
      Add(type->field(i)->json_name(), schema::CommentOf(type->field(i)));
  }

  void FieldKinds() {
    NoSpace();
    for (const schema::Kind& kind : session_.kinds().kinds())
      Add(kind.singular, kind.options.short_help());
  }

  void Goals() {
    constexpr std::string_view kPhase = "phase=";
    if (!word_.starts_with(kPhase)) {
      NoSpace();
      return ChoicesOf("condition=Ready,create,delete,jsonpath=,phase=");
    }
    StartAfter('=');
    const std::vector<std::string>& args = line_.invocation.args;
    if (args.empty()) return;
    const absl::StatusOr<const schema::Kind*> kind =
        FindKind(Split(args[0], '/')[0], session_.kinds());
    if (!kind.ok()) return;
    for (const std::string& phase : PhasesOf(**kind)) Add(phase, "");
  }

  void Contexts() {
    const absl::StatusOr<std::string> path = session_.ConfigFilePath();
    if (!path.ok()) return;
    const absl::StatusOr<client::ConfigFile> file = client::LoadConfig(*path);
    if (!file.ok()) return;
    for (const v1::NamedContext& context : file->config.contexts())
      Add(context.name(), context.context().cluster());
  }

  void Backups() {
    const absl::StatusOr<client::Api*> api = session_.Api();
    if (!api.ok()) return;
    const absl::StatusOr<std::vector<v1::StoreBackup>> backups = (*api)->ListBackups();
    if (!backups.ok()) return;
    for (const v1::StoreBackup& backup : *backups) Add(backup.name(), "");
  }

  Session& session_;
  const Unfinished& line_;
  std::string prefix_;  // Of every candidate; `word_` is what follows it.
  std::string word_;
  std::vector<Candidate> candidates_;
  std::set<std::string> seen_;
  int directive_ = kNoFiles;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> NamesBeginning(Session& session, const schema::Kind& kind,
                                                        std::string_view prefix) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  v1::ListRequest request;
  *request.mutable_selector() = SelectorFor(session, kind);
  if (!prefix.empty())
    request.mutable_selector()->set_fields(fmt::format("metadata.name={}*", prefix));
  request.set_limit(kNamesMax);
  ASSIGN_OR_RETURN(const client::List list, api->ListObjects(request));
  std::vector<std::string> names;
  for (const v1::Object& object : list.items) names.push_back(schema::Meta(object).name());
  return names;
}

void Complete(const std::vector<std::string>& words, Io& io) {
  Unfinished line = ReadUnfinished(words);
  line.invocation.flags["request-timeout"] = {std::string(kPatience)};
  Session session(&io, line.invocation);
  Completer completer(&session, line);
  completer.Run();
  io.out << completer.Text() << std::flush;
}

}  // namespace reeve::ctl
