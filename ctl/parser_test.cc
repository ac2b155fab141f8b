#include "ctl/parser.h"

#include <gtest/gtest.h>

#include <set>

#include "ctl/help.h"

namespace reeve::ctl {
namespace {

Invocation Good(const std::vector<std::string>& argv) {
  Parsed parsed = Parse(argv);
  if (const auto* error = std::get_if<UsageError>(&parsed)) ADD_FAILURE() << error->text;
  if (std::holds_alternative<HelpText>(parsed)) ADD_FAILURE() << "help";
  return std::holds_alternative<Invocation>(parsed) ? std::get<Invocation>(parsed) : Invocation();
}

std::string Error(const std::vector<std::string>& argv) {
  const Parsed parsed = Parse(argv);
  const auto* error = std::get_if<UsageError>(&parsed);
  return error == nullptr ? "(understood)" : error->text;
}

std::string Help(const std::vector<std::string>& argv) {
  const Parsed parsed = Parse(argv);
  const auto* help = std::get_if<HelpText>(&parsed);
  return help == nullptr ? "(no help)" : help->text;
}

TEST(Parser, FlagsBeforeAndAfterArguments) {
  const Invocation get = Good({"-n", "prod", "get", "sites", "-oyaml", "blog", "--watch"});
  EXPECT_EQ(get.command->path, "get");
  EXPECT_EQ(get.args, (std::vector<std::string>{"sites", "blog"}));
  EXPECT_EQ(get.Text("namespace"), "prod");
  EXPECT_EQ(get.Text("output"), "yaml");
  EXPECT_TRUE(get.Bool("watch"));
  EXPECT_FALSE(get.Bool("all-namespaces"));
}

TEST(Parser, RepeatedFlagsAndStandardInput) {
  const Invocation apply = Good({"apply", "-f", "a.yaml", "-f", "-", "--filename=b.yaml"});
  EXPECT_EQ(apply.Texts("filename"), (std::vector<std::string>{"a.yaml", "-", "b.yaml"}));
  EXPECT_EQ(apply.Text("dry-run"), "none");
  EXPECT_EQ(apply.Text("field-manager"), "ctl");
  EXPECT_TRUE(apply.args.empty());
}

TEST(Parser, AFlagTakesOneWord) {
  const Invocation get = Good({"get", "-o", "wide", "sites"});
  EXPECT_EQ(get.Text("output"), "wide");
  EXPECT_EQ(get.args, (std::vector<std::string>{"sites"}));
}

TEST(Parser, ArgumentsMayBeCalledLikeCommands) {
  const Invocation get = Good({"get", "events", "apply", "config"});
  EXPECT_EQ(get.command->path, "get");
  EXPECT_EQ(get.args, (std::vector<std::string>{"events", "apply", "config"}));
  EXPECT_EQ(Good({"host", "remove", "token"}).args, (std::vector<std::string>{"token"}));
}

TEST(Parser, BooleansWithValues) {
  EXPECT_FALSE(Good({"delete", "site", "a", "--wait=false"}).Bool("wait"));
  EXPECT_TRUE(Good({"delete", "site", "a", "--wait=true"}).Bool("wait"));
  EXPECT_TRUE(Good({"delete", "site", "a"}).Bool("wait"));
}

TEST(Parser, ValuesMayHoldEqualsAndCommas) {
  EXPECT_EQ(Good({"wait", "site/a", "--for=condition=Ready=False"}).Text("for"),
            "condition=Ready=False");
  EXPECT_EQ(Good({"get", "sites", "-l", "a=b,c in (x,y)"}).Text("selector"), "a=b,c in (x,y)");
}

TEST(Parser, GroupsAndAliases) {
  EXPECT_EQ(Good({"config", "use-context", "prod"}).command->path, "config use-context");
  EXPECT_EQ(Good({"host", "token", "h1"}).args, (std::vector<std::string>{"h1"}));
  EXPECT_EQ(Good({"get", "sites", "--kubeconfig", "/x"}).Text("config"), "/x");
}

TEST(Parser, UnknownCommand) {
  EXPECT_EQ(Error({"gett"}),
            "Error: unknown command \"gett\" for \"ctl\"\n\nDid you mean this?\n\tget\n\nRun 'ctl "
            "--help' for usage.\n");
  EXPECT_EQ(Error({"config", "use-contxt"}),
            "Error: unknown command \"use-contxt\" for \"ctl config\"\n\nDid you mean "
            "this?\n\tuse-context\n\n"
            "Run 'ctl config --help' for usage.\n");
  EXPECT_EQ(Error({"frobnicate"}),
            "Error: unknown command \"frobnicate\" for \"ctl\"\nRun 'ctl --help' for usage.\n");
}

TEST(Parser, UnknownFlag) {
  EXPECT_EQ(Error({"get", "sites", "--bogus"}),
            "Error: unknown flag: --bogus\nSee 'ctl get --help' for usage.\n");
  EXPECT_EQ(
      Error({"get", "sites", "--ouput=yaml"}),
      "Error: unknown flag: --ouput\nDid you mean --output?\nSee 'ctl get --help' for usage.\n");
  EXPECT_EQ(Error({"get", "-z"}),
            "Error: unknown shorthand flag: 'z' in -z\nSee 'ctl get --help' for usage.\n");
}

TEST(Parser, AFlagWithoutItsValue) {
  EXPECT_NE(Error({"get", "sites", "-o"}).find("See 'ctl get --help' for usage."),
            std::string::npos);
}

TEST(Parser, HelpInEveryForm) {
  EXPECT_EQ(Help({}), HelpOf(""));
  EXPECT_EQ(Help({"--help"}), HelpOf(""));
  EXPECT_EQ(Help({"help", "get"}), Help({"get", "-h"}));
  EXPECT_NE(Help({"get", "--help"}).find("ctl get site/blog -o yaml"), std::string::npos);
  EXPECT_NE(Help({"config"}).find("config use-context"), std::string::npos);
}

TEST(CommandTable, IsConsistent) {
  std::set<std::string_view> paths;
  for (const Command& command : Commands()) {
    EXPECT_TRUE(paths.insert(command.path).second) << command.path;
    EXPECT_NE(command.run, nullptr) << command.path;
    EXPECT_FALSE(command.summary.empty()) << command.path;
    EXPECT_FALSE(command.summary.ends_with('.')) << command.path;
    std::set<std::string> names;
    for (const std::vector<Flag>* flags : {&command.flags, &GlobalFlags()}) {
      for (const Flag& flag : *flags) {
        EXPECT_TRUE(names.insert(std::string(flag.name)).second)
            << command.path << " " << flag.name;
        if (flag.letter == 0) continue;
        EXPECT_TRUE(names.insert({'-', flag.letter}).second) << command.path << " -" << flag.letter;
      }
    }
  }
}

}  // namespace
}  // namespace reeve::ctl
