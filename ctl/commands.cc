// The table. In it, nothing but words.
#include <utility>

#include "ctl/change_commands.h"
#include "ctl/command.h"
#include "ctl/common_flags.h"
#include "ctl/config_commands.h"
#include "ctl/verbs.h"

namespace reeve::ctl {
namespace {

using enum Flag::Type;

constexpr Flag kOutput{
    "output",
    'o',
    kText,
    "json, yaml, name, wide, jsonpath=TEMPLATE, jsonpath-file=FILE, custom-columns=NAME:PATH,... "
    "or custom-columns-file=FILE",
    "",
    "",
    Choices("json,yaml,name,wide,jsonpath=,jsonpath-file=,custom-columns=,custom-columns-file=")};

Command Apply() {
  return {
      .path = "apply",
      .usage = "-f FILENAME",
      .summary = "Make the estate as files say",
      .about =
          "Up to 256 objects are one transaction: all are written or none. Objects that are as "
          "the files say\n"
          "are left alone.",
      .examples = {"# Make the sites of a directory", "ctl apply -f sites/",
                   "# See what the server would do", "ctl apply -f site.yaml --dry-run=server",
                   "# Make the estate as a directory says, and delete what it said before",
                   "ctl apply -f sites/ --prune --applyset shop",
                   "# From standard input, and wait until all is ready",
                   "cat site.yaml | ctl apply -f - --wait --timeout=2m"},
      .flags = {kFilename,
                kRecursive,
                kDryRun,
                kFieldManager,
                {"force-conflicts", 0, kBool, "Take over fields that another manager set"},
                {"applyset", 0, kText, "Name of the set that the objects are members of"},
                {"prune", 0, kBool, "Delete members of the set that the files no longer hold"},
                {"yes", 0, kBool, "Also when more than 10 objects would be pruned"},
                {"wait", 0, kBool, "Until every object is Ready"},
                Timeout("How long to wait, with --wait", "5m")},
      .run = RunApply,
  };
}

Command Create() {
  return {
      .path = "create",
      .usage = "-f FILENAME",
      .summary = "Make objects that are not there yet",
      .examples = {"ctl create -f site.yaml"},
      .flags = {kFilename, kRecursive, kDryRun, kFieldManager},
      .run = RunCreate,
  };
}

Command Get() {
  return {
      .path = "get",
      .usage = "(KIND[,KIND...] [NAME...] | KIND/NAME...)",
      .summary = "Show objects",
      .about = "Kinds are typed as name, plural or short name; `ctl api-resources` lists them.",
      .examples = {"# All sites of the namespace", "ctl get sites", "# One object, whole",
                   "ctl get site/blog -o yaml", "# Sites and hosts, with more columns",
                   "ctl get st,ho -o wide", "# What changes, as it changes", "ctl get instances -w",
                   "# A field", "ctl get site blog -o jsonpath='{.status.phase}'",
                   "# Fields of all, one line each",
                   "ctl get sites -o custom-columns=NAME:.metadata.name,PHASE:.status.phase",
                   "# As it was an hour ago", "ctl get site/blog --at 1h -o yaml"},
      .flags = {kOutput,
                kSelector,
                kFieldSelector,
                kAllNamespaces,
                kNoHeaders,
                {"watch", 'w', kBool, "Then every change, until interrupted"},
                Timeout("With --watch: end after this long; 0s: never", "0s"),
                {"at", 0, kText,
                 "As it was at a revision, at a time (2026-01-31T12:00:00Z), or so long ago (1h)"},
                {"show-labels", 0, kBool, "Labels as the last column"},
                kIgnoreNotFound},
      .run = RunGet,
      .args = {kObjectWords},
  };
}

Command Describe() {
  return {
      .path = "describe",
      .usage = "(KIND [NAME...] | KIND/NAME...)",
      .summary = "Show everything about objects: fields, conditions, events",
      .examples = {"ctl describe site/blog"},
      .flags = {kSelector, kFieldSelector, kAllNamespaces},
      .run = RunDescribe,
      .args = {kObjectWords},
  };
}

Command Delete() {
  return {
      .path = "delete",
      .usage = "(-f FILENAME | KIND NAME... | KIND/NAME... | KIND (-l SELECTOR | --all))",
      .summary = "Delete objects",
      .about = "Waits until they are gone: hosts take down what they run first.",
      .examples = {"ctl delete site blog", "ctl delete -f sites/",
                   "ctl delete site/blog --wait=false", "# A namespace and all that is in it",
                   "ctl delete namespace shop"},
      .flags = {kFilename,
                kRecursive,
                kSelector,
                kFieldSelector,
                kAll,
                kAllNamespaces,
                kIgnoreNotFound,
                kDryRun,
                {"cascade", 0, kText,
                 "background: what the object owns goes after it; foreground: before it; orphan: "
                 "stays",
                 "background", "", Choices("background,foreground,orphan")},
                {"yes", 0, kBool, "Also more than 10 objects by a selector, or with a namespace"},
                {"wait", 0, kBool, "Until the objects are gone", "true"},
                Timeout("How long to wait; 0s: for ever", "0s")},
      .run = RunDelete,
      .args = {kObjectWords},
  };
}

Command Wait() {
  return {
      .path = "wait",
      .usage = "(KIND NAME... | KIND/NAME... | -f FILENAME) --for=GOAL",
      .summary = "Wait until objects are as wanted",
      .examples = {"ctl wait site/blog --for=condition=Ready --timeout=2m",
                   "ctl wait site/blog --for=phase=DomainActive", "ctl wait site/blog --for=delete",
                   "ctl wait host/h1 --for=jsonpath='{.spec.cordoned}'=true"},
      .flags = {{"for",
                 0,
                 kText,
                 "delete, create, condition=TYPE[=STATUS], phase=PHASE or jsonpath={.path}=VALUE",
                 "",
                 "",
                 {Words::Type::kGoals}},
                Timeout("How long to wait; 0s: for ever", "30s"),
                kFilename,
                kRecursive,
                kSelector,
                kFieldSelector,
                kAll,
                kAllNamespaces},
      .run = RunWait,
      .args = {kObjectWords},
  };
}

Command Push() {
  return {
      .path = "push",
      .usage = "DIR",
      .summary = "Upload a directory, and print its digest",
      .about =
          "The same files have the same digest on every machine, and are uploaded once. "
          "Symbolic links are\n"
          "followed inside the directory, and left out when they lead outside.",
      .examples = {"ctl push public/"},
      .run = RunPush,
      .args = {{Words::Type::kDirectories}},
  };
}

Command Deploy() {
  return {
      .path = "deploy",
      .usage = "site/NAME DIR",
      .summary = "Upload a directory and make it the content of a site",
      .examples = {"ctl deploy site/blog public/"},
      .flags = {{"wait", 0, kBool, "Until it is live", "true"}, Timeout("How long to wait", "5m")},
      .run = RunDeploy,
      .args = {kObjectWords, {Words::Type::kDirectories}},
  };
}

Command HostToken() {
  return {
      .path = "host token",
      .usage = "NAME",
      .summary = "Print the command by which a machine joins as a host, once",
      .examples = {"ctl host token h1"},
      .flags = {{"ttl", 0, kText, "How long the token is good", "30m"},
                {"output", 'o', kText, "token: only the token", "", "", OneOf("token")}},
      .run = RunHostToken,
      .args = {kHostWords},
  };
}

Command HostRemove() {
  return {
      .path = "host remove",
      .usage = "NAME",
      .summary = "Take a host out of the estate",
      .about =
          "Waits until its agent has taken down what the host runs. With --force what it held "
          "is released\n"
          "without it: for a machine that is lost.",
      .examples = {"ctl host remove h1", "# The machine is gone for good",
                   "ctl host remove h1 --force"},
      .flags = {{"force", 0, kBool, "Do not wait for the host's agent"},
                {"wait", 0, kBool, "Until the host is gone", "true"},
                Timeout("How long to wait", "2m")},
      .run = RunHostRemove,
      .args = {kHostWords},
  };
}

Command Cordoning(std::string_view path, std::string_view summary, absl::Status (*run)(Session&)) {
  return {.path = path, .usage = "HOST", .summary = summary, .run = run, .args = {kHostWords}};
}

Command Events() {
  return {
      .path = "events",
      .summary = "Show what happened, oldest first",
      .examples = {"ctl events --for=site/blog", "ctl events --types=Warning -A -w"},
      .flags = {{"for", 0, kText, "Only about this object: kind/name", "", "", kObjectWords},
                {"types",
                 0,
                 kText,
                 "Only these: Normal, Warning",
                 "",
                 "",
                 {Words::Type::kList, "Normal,Warning"}},
                {"watch", 'w', kBool, "Then every event, until interrupted"},
                kAllNamespaces,
                kNoHeaders},
      .run = RunEvents,
  };
}

Command History() {
  return {
      .path = "history",
      .usage = "KIND/NAME",
      .summary = "Show what was done to an object, the oldest first",
      .about =
          "Also of an object that was deleted. Neighbouring versions that changed only the status "
          "are one line.",
      .examples = {"ctl history site/blog", "# How it was at one of the revisions",
                   "ctl get site/blog --at 1042 -o yaml"},
      .flags = {{"all", 0, kBool, "Every version, also those that changed only the status"},
                {"output", 'o', kText, "One of: wide, yaml, json", "", "",
                 Choices("wide,yaml,json")},
                kNoHeaders},
      .run = RunHistory,
      .args = {kObjectWords},
  };
}

Command Diff() {
  return {
      .path = "diff",
      .usage = "(-f FILENAME | KIND/NAME --from REV [--to REV])",
      .summary = "Show what an apply would change, or what has changed",
      .about =
          "Returns 0 when there is no difference, 1 when there is one, and more when it failed. "
          "The program\n"
          "that compares is `diff -u -N`, or the one that CTL_EXTERNAL_DIFF names.",
      .examples = {"# What would applying this change?", "ctl diff -f site.yaml",
                   "# What has changed since yesterday?", "ctl diff site/blog --from 1d",
                   "ctl diff site/blog --from 1042 --to 1050"},
      .flags = {kFilename,
                kRecursive,
                {"from", 0, kText, "A revision, a time, or how long ago"},
                {"to", 0, kText, "Likewise; else as it is now"},
                kFieldManager,
                {"force-conflicts", 0, kBool, "As if applied with --force-conflicts"}},
      .run = RunDiff,
      .failure = 2,
      .args = {kObjectWords},
  };
}

Command Undo() {
  return {
      .path = "undo",
      .usage = "KIND/NAME [--to=REV]",
      .summary = "Take back the last change of an object's spec",
      .about =
          "A new write that gives the object the spec, labels and annotations of an earlier "
          "version: the one\n"
          "before the last change of its spec, or that of --to. An object that was deleted is made "
          "again.",
      .examples = {"ctl undo site/blog", "ctl undo site/blog --to 1042", "# Would it go?",
                   "ctl undo site/blog --dry-run=server"},
      .flags = {{"to", 0, kText, "Revision of the version to go back to"},
                {"dry-run", 0, kText, "none; server: check there, change nothing", "none", "",
                 Choices("none,server")},
                kFieldManager},
      .run = RunUndo,
      .args = {kObjectWords},
  };
}

Command Blame() {
  return {
      .path = "blame",
      .usage = "KIND/NAME",
      .summary = "Show who set each field of an object, and when",
      .about =
          "AGE and REVISION are of the write that gave the field its present value; <= where that "
          "is older\n"
          "than the history that is kept. Fields without a manager have their default.",
      .examples = {"ctl blame site/blog"},
      .flags = {kNoHeaders},
      .run = RunBlame,
      .args = {kObjectWords},
  };
}

Command BackupCreate() {
  return {
      .path = "backup create",
      .summary = "Copy the whole store, with all content, on the server's machine",
      .about =
          "While it serves. Table files and content are hard links, which take no space until "
          "something is deleted:\n"
          "copy the backup to another machine, too. `reeve-apiserver restore` puts it in place.",
      .examples = {"ctl backup create"},
      .run = RunBackupCreate,
  };
}

Command ApiResources() {
  return {
      .path = "api-resources",
      .summary = "List the kinds of objects",
      .flags = {{"output", 'o', kText, "wide or name", "", "", OneOf("wide,name")}, kNoHeaders},
      .run = RunApiResources,
  };
}

Command Explain() {
  return {
      .path = "explain",
      .usage = "KIND[.FIELD...]",
      .summary = "Say what a kind or a field means",
      .examples = {"ctl explain site", "ctl explain site.spec.placement",
                   "ctl explain site --recursive"},
      .flags = {{"recursive", 0, kBool, "All fields below, names only"}},
      .run = RunExplain,
      .args = {{Words::Type::kFields}},
  };
}

Command Kubeconfig() {
  return {
      .path = "kubeconfig",
      .summary = "Write the context as kubectl wants it",
      .about = "Certificate and key are in it: keep it to yourself.",
      .examples = {"ctl kubeconfig --out ~/.kube/reeve",
                   "kubectl --kubeconfig ~/.kube/reeve get sites"},
      .flags = {{"out", 0, kText, "File to write; else standard output", "", "", kFileWords},
                {"url", 0, kText,
                 "https://host:port of the API for kubectl; else the server's host and port 7446"}},
      .run = RunKubeconfig,
  };
}

Command Version() {
  return {
      .path = "version",
      .summary = "Print the versions of ctl and of the server",
      .flags = {{"client", 0, kBool, "Only that of ctl"}},
      .run = RunVersion,
  };
}

Command Completion() {
  return {
      .path = "completion",
      .usage = "(bash | zsh | fish)",
      .summary = "Print a script by which a shell completes ctl's words",
      .about = "Commands, flags and kinds are known here; names are asked of the server.",
      .examples = {"# In ~/.bashrc", "source <(ctl completion bash)", "# In ~/.zshrc",
                   "source <(ctl completion zsh)", "# Once",
                   "ctl completion fish > ~/.config/fish/completions/ctl.fish"},
      .run = RunCompletion,
      .args = {Choices("bash,zsh,fish")},
  };
}

std::vector<Command> MakeCommands() {
  std::vector<Command> commands = {
      Apply(),
      Create(),
      Get(),
      Describe(),
      Delete(),
      Wait(),
      Push(),
      Deploy(),
      HostToken(),
      HostRemove(),
      {.path = "host accept-deletions",
       .usage = "NAME",
       .summary = "Let a host remove what a restored store does not know",
       .about =
           "After a restore a host keeps what runs on it if the store lacks most of that: look "
           "at its\ncondition DeletionsAccepted first. Good for the present epoch of the store "
           "only.",
       .run = RunHostAcceptDeletions,
       .args = {kHostWords}},
      Cordoning("cordon", "Place no new instances on a host", RunCordon),
      Cordoning("uncordon", "Place instances on a host again", RunUncordon),
      History(),
      Diff(),
      Undo(),
      Blame(),
      BackupCreate(),
      {.path = "backup list",
       .summary = "List the backups on the server's machine, the newest first",
       .flags = {kNoHeaders},
       .run = RunBackupList},
      {.path = "backup verify",
       .usage = "NAME",
       .summary = "Read every file of a backup again",
       .run = RunBackupVerify,
       .args = {{Words::Type::kBackups}}},
      Events(),
      ApiResources(),
      Explain(),
      Kubeconfig(),
      Version(),
      Completion(),
      {.path = "man",
       .usage = "DIR",
       .summary = "Write the manual pages into a directory",
       .examples = {"ctl man ~/.local/share/man/man1"},
       .run = RunMan,
       .args = {{Words::Type::kDirectories}}},
  };
  for (Command& command : ConfigCommands()) commands.push_back(std::move(command));
  for (Command& command : ChangeCommands()) commands.push_back(std::move(command));
  return commands;
}

}  // namespace

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = MakeCommands();
  return commands;
}

const Command* FindCommand(std::string_view path) {
  for (const Command& command : Commands()) {
    if (command.path == path) return &command;
  }
  return nullptr;
}

const std::vector<Flag>& GlobalFlags() {
  static const std::vector<Flag> flags = {
      {"namespace",
       'n',
       kText,
       "Namespace; else the context's, else default",
       "",
       "",
       {Words::Type::kNames, "Namespace"}},
      {"config", 0, kText, "Config file; else $CTL_CONFIG, else ~/.config/ctl/config", "",
       "kubeconfig", kFileWords},
      {"context", 0, kText, "Context of the config file; else its current one", "", "",
       kContextWords},
      {"server", 's', kText, "host:port of the API server, instead of the context's"},
      {"color", 0, kText, "auto: on a terminal, unless $NO_COLOR is set; always; never", "auto", "",
       OneOf("auto,always,never")},
      {"request-timeout", 0, kText, "How long one request may take", "30s"},
  };
  return flags;
}

}  // namespace reeve::ctl
