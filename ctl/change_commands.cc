#include "ctl/change_commands.h"

#include "ctl/common_flags.h"
#include "ctl/verbs.h"

namespace reeve::ctl {
namespace {

using enum Flag::Type;

Command Patch() {
  return {
      .path = "patch",
      .usage = "(KIND NAME | KIND/NAME) -p PATCH",
      .summary = "Change fields of an object by a patch",
      .about =
          "A strategic patch merges lists by their key, item by item; a merge patch (RFC 7386) "
          "replaces them;\n"
          "a JSON patch (RFC 6902) is a list of operations, all done or none.",
      .examples = {"ctl patch site/blog -p '{\"spec\":{\"replicas\":3}}'", "# Take a field away",
                   "ctl patch site blog --type=merge -p '{\"spec\":{\"blob\":null}}'",
                   "# Only if it is what we think",
                   "ctl patch site/blog --type=json -p "
                   "'[{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":3},"
                   "{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":4}]'"},
      .flags =
          {{"patch", 'p', kText, "The patch, as JSON"},
           {"patch-file", 0, kText, "A file with the patch, or - for standard input", "", "",
            kFileWords},
           {"type", 0, kText, "strategic, merge or json", "strategic", "",
            Choices("strategic,merge,json")},
           {"subresource", 0, kText, "status: only the status is changed", "", "",
            Choices("status")},
           {"output", 'o', kText, "The object as yaml, json, name or jsonpath=TEMPLATE", "", "",
            Choices(
                "yaml,json,name,jsonpath=,jsonpath-file=,custom-columns=,custom-columns-file=")},
           kDryRun,
           kFieldManager},
      .run = RunPatch,
      .args = {kObjectWords},
  };
}

Command Scale() {
  return {
      .path = "scale",
      .usage = "(KIND NAME... | KIND/NAME...) --replicas=COUNT",
      .summary = "Set the number of copies",
      .examples = {"ctl scale site/blog --replicas=3", "# Only if there are two now",
                   "ctl scale site/blog --current-replicas=2 --replicas=3"},
      .flags = {{"replicas", 0, kText, "How many copies"},
                {"current-replicas", 0, kText, "Only if so many are asked for now"},
                kResourceVersion,
                kSelector,
                kFieldSelector,
                kAll,
                kDryRun,
                kFieldManager},
      .run = RunScale,
      .args = {kObjectWords},
  };
}

std::vector<Flag> MapFlags(std::string_view list_help) {
  return {{"overwrite", 0, kBool, "Change what has another value"},
          {"list", 0, kBool, list_help},
          kResourceVersion,
          kSelector,
          kFieldSelector,
          kAll,
          kAllNamespaces,
          kDryRun,
          kFieldManager};
}

Command Label() {
  return {
      .path = "label",
      .usage = "(KIND NAME... | KIND/NAME...) KEY=VALUE... KEY-...",
      .summary = "Set and remove labels",
      .examples = {"ctl label host/h1 zone=a", "ctl label host h1 h2 zone=b --overwrite",
                   "# Remove one", "ctl label site/blog team-"},
      .flags = MapFlags("Show the labels, change nothing"),
      .run = RunLabel,
      .args = {kObjectWords},
  };
}

Command Annotate() {
  return {
      .path = "annotate",
      .usage = "(KIND NAME... | KIND/NAME...) KEY=VALUE... KEY-...",
      .summary = "Set and remove annotations",
      .examples = {"ctl annotate site/blog note='moved in May'", "ctl annotate site/blog note-"},
      .flags = MapFlags("Show the annotations, change nothing"),
      .run = RunAnnotate,
      .args = {kObjectWords},
  };
}

Command Edit() {
  return {
      .path = "edit",
      .usage = "(KIND NAME | KIND/NAME)",
      .summary = "Change an object in your editor",
      .about =
          "Opens $CTL_EDITOR, $KUBE_EDITOR, $EDITOR or vi. What was changed is sent as a merge "
          "patch; on an\n"
          "error the file is opened again with what is wrong.",
      .examples = {"ctl edit site/blog", "EDITOR='nano -w' ctl edit site blog"},
      .flags = {kDryRun, kFieldManager},
      .run = RunEdit,
      .args = {kObjectWords},
  };
}

}  // namespace

std::vector<Command> ChangeCommands() {
  return {
      Patch(),
      Scale(),
      Label(),
      Annotate(),
      Edit(),
      {.path = "api-versions", .summary = "List the versions of the API", .run = RunApiVersions},
      {.path = "auth whoami", .summary = "Say who the server takes you for", .run = RunAuthWhoAmI},
  };
}

}  // namespace reeve::ctl
