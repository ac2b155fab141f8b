#include "ctl/config_commands.h"

#include "ctl/common_flags.h"
#include "ctl/verbs.h"

namespace reeve::ctl {
namespace {

using enum Flag::Type;

Command SetContext() {
  return {
      .path = "config set-context",
      .usage = "(NAME | --current)",
      .summary = "Make or change a context",
      .about = "Only what is given changes. The namespace is where it is: in --namespace.",
      .examples = {"# Work in another namespace from now on",
                   "ctl config set-context --current --namespace=shops",
                   "ctl config set-context prod --cluster=prod --user=admin"},
      .flags = {{"current", 0, kBool, "The current context"},
                {"cluster", 0, kText, "Its cluster, by name"},
                {"user", 0, kText, "Its user, by name"}},
      .run = RunConfigSetContext,
      .args = {kContextWords},
  };
}

Command View() {
  return {
      .path = "config view",
      .summary = "Show the config file",
      .about = "Certificates and keys that are in it show as DATA+OMITTED and REDACTED.",
      .examples = {"ctl config view --minify -o jsonpath='{..namespace}'"},
      .flags = {{"minify", 0, kBool, "Only what the context in use needs"},
                {"raw", 0, kBool, "With certificates and keys"},
                {"output", 'o', kText, "yaml, json, jsonpath=TEMPLATE or jsonpath-file=FILE",
                 "yaml", "", Choices("yaml,json,jsonpath=,jsonpath-file=")}},
      .run = RunConfigView,
  };
}

}  // namespace

std::vector<Command> ConfigCommands() {
  return {
      {.path = "config get-contexts",
       .usage = "[NAME...]",
       .summary = "List the contexts of the config file",
       .flags = {kNoHeaders, {"output", 'o', kText, "name", "", "", OneOf("name")}},
       .run = RunConfigGetContexts,
       .args = {kContextWords}},
      {.path = "config current-context",
       .summary = "Print the current context",
       .run = RunConfigCurrentContext},
      {.path = "config use-context",
       .usage = "NAME",
       .summary = "Make a context the current one",
       .run = RunConfigUseContext,
       .args = {kContextWords}},
      SetContext(),
      {.path = "config rename-context",
       .usage = "NAME NEW-NAME",
       .summary = "Give a context another name",
       .run = RunConfigRenameContext,
       .args = {kContextWords}},
      {.path = "config delete-context",
       .usage = "NAME",
       .summary = "Take a context out of the config file",
       .run = RunConfigDeleteContext,
       .args = {kContextWords}},
      View(),
  };
}

}  // namespace reeve::ctl
