#include "apiserver/process_rules.h"

#include <gmock/gmock.h>

#include <vector>

namespace reeve::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::ProcessSpec WithCommand(const std::vector<std::string>& words) {
  v1::ProcessSpec process;
  process.mutable_command()->Assign(words.begin(), words.end());
  return process;
}

std::vector<std::string> FieldsOf(const v1::ProcessSpec& process) {
  schema::Violations violations;
  CheckProcess(process, &violations);
  std::vector<std::string> fields;
  for (const v1::FieldViolation& violation : violations) fields.push_back(violation.field());
  return fields;
}

TEST(ProcessRules, ProgramsAreNamesOrPathsInsideTheContent) {
  for (const char* good : {"node", "python3", "bin/app", "./server", "a.out"})
    EXPECT_THAT(FieldsOf(WithCommand({good})), IsEmpty()) << good;
  for (const char* bad : {"/bin/sh", "../x", "", ".", "./", "sp ace", "a//b", "bin/../../x", "-x;"})
    EXPECT_THAT(FieldsOf(WithCommand({bad})), ElementsAre("spec.process.command[0]")) << bad;
}

TEST(ProcessRules, VariablesAreThoseThatThereAre) {
  for (const char* good :
       {"$(PORT)", "--at=$(HOST):$(PORT)", "$(STATE_DIR)/db", "$$(NOPE)", "$5", "$("})
    EXPECT_THAT(FieldsOf(WithCommand({"node", good})), IsEmpty()) << good;
  schema::Violations violations;
  CheckProcess(WithCommand({"node", "a", "$(NOPE)"}), &violations);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field(), "spec.process.command[2]");
  EXPECT_THAT(violations[0].message(), HasSubstr("$(NOPE) is no variable"));
}

TEST(ProcessRules, WhatReeveGivesIsNotSet) {
  v1::ProcessSpec process = WithCommand({"node"});
  process.add_env()->set_name("MODE");
  process.add_env()->set_name("PORT");
  process.mutable_env(0)->set_value("$(WHAT)");
  EXPECT_THAT(FieldsOf(process),
              ElementsAre("spec.process.env[0].value", "spec.process.env[1].name"));
}

}  // namespace
}  // namespace reeve::apiserver
