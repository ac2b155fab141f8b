// @kubernetes/client-node against a real server that is restarted under its informer:
// node/site_life.mjs. The library comes from npm, at the versions of node/package-lock.json, once
// for a build directory.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/testing/status_matchers.h"
#include "tests/clients/client_fixture.h"
#include "tests/support/channels.h"

namespace reeve::clients {
namespace {

namespace fs = std::filesystem;

// The script with its library below the build directory; "" and why not when npm cannot get it.
std::string Install(Estate* estate, std::string* why) {
  const std::string dir = support::BinDir() + "/node_client";
  fs::create_directories(dir);
  for (const char* file : {"package.json", "package-lock.json", "site_life.mjs"}) {
    fs::copy_file(fs::path("tests/clients/node") / file, fs::path(dir) / file,
                  fs::copy_options::overwrite_existing);
  }
  if (!fs::exists(dir + "/node_modules/@kubernetes/client-node")) {
    const Ran npm = estate->Run({"npm", "ci", "--prefix", dir, "--ignore-scripts", "--no-audit",
                                 "--no-fund", "--fetch-retries=0"});
    *why = npm.output;
    if (npm.code != 0) return "";
  }
  return dir + "/site_life.mjs";
}

TEST(Node, AnInformerSurvivesARestart) {
  Estate estate;
  std::string why;
  const std::string program = Install(&estate, &why);
  if (program.empty()) GTEST_SKIP() << "npm cannot install @kubernetes/client-node: " << why;
  const std::string log = estate.dir() + "/life.log", tell = estate.dir() + "/tell";
  ASSERT_EQ(mkfifo(tell.c_str(), 0600), 0);
  // Both ends, so that opening waits for nobody.
  std::fstream teller(tell, std::ios::in | std::ios::out);
  auto script = support::ChildProcess::Start({"node", program}, log, tell);
  ASSERT_OK(script.status());
  ASSERT_TRUE(Estate::Comes(log, "watching\n")) << support::ReadFile(log);
  ASSERT_OK(estate.server().Stop());
  ASSERT_OK(estate.server().Start());
  teller << "restarted" << std::endl;
  EXPECT_EQ(script->Wait(absl::Seconds(120)), 0) << support::ReadFile(log);
  EXPECT_EQ(support::ReadFile(log), "created\nchanged\nwatching\nresumed\ndeleted\n");
}

}  // namespace
}  // namespace reeve::clients
