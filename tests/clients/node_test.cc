// Programs for Node against a real server that is restarted under their informers:
// @kubernetes/client-node (node/site_life.mjs) over HTTP, and @grpc/grpc-js (grpc/site_life.mjs),
// which has the protocol from the server's reflection. The libraries come from npm, at the versions
// of the package-lock.json beside each script, once for a build directory.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/testing/status_matchers.h"
#include "tests/clients/client_fixture.h"
#include "tests/support/channels.h"

namespace reeve::clients {
namespace {

namespace fs = std::filesystem;

void Copy(const fs::path& from, const fs::path& to) {
  fs::copy_file(from, to, fs::copy_options::overwrite_existing);
}

// tests/clients/`name` with its library below the build directory; "" and why not when npm cannot
// get it.
std::string Install(Estate* estate, const std::string& name, const std::string& library,
                    std::string* why) {
  const fs::path from = "tests/clients", to = support::BinDir() + "/clients";
  const std::string dir = to / name;
  fs::create_directories(dir);
  Copy(from / "life.mjs", to / "life.mjs");
  for (const char* file : {"package.json", "package-lock.json", "site_life.mjs"})
    Copy(from / name / file, to / name / file);
  if (!fs::exists(dir + "/node_modules/" + library)) {
    const Ran npm = estate->Run({"npm", "ci", "--prefix", dir, "--ignore-scripts", "--no-audit",
                                 "--no-fund", "--fetch-retries=0"});
    *why = npm.output;
    if (npm.code != 0) return "";
  }
  return dir + "/site_life.mjs";
}

// NODE names another version than the one on PATH.
std::string Node() {
  const char* given = std::getenv("NODE");
  return given == nullptr ? "node" : given;
}

// Runs `argv`, which prints `before` and is then told that the server was restarted.
void LiveThroughARestart(Estate* estate, const std::vector<std::string>& argv,
                         const std::string& before) {
  const std::string log = estate->dir() + "/life.log", tell = estate->dir() + "/tell";
  ASSERT_EQ(mkfifo(tell.c_str(), 0600), 0);
  // Both ends, so that opening waits for nobody.
  std::fstream teller(tell, std::ios::in | std::ios::out);
  auto script = support::ChildProcess::Start(argv, log, tell);
  ASSERT_OK(script.status());
  ASSERT_TRUE(Estate::Comes(log, "watching\n")) << support::ReadFile(log);
  ASSERT_OK(estate->server().Stop());
  ASSERT_OK(estate->server().Start());
  teller << "restarted" << std::endl;
  EXPECT_EQ(script->Wait(absl::Seconds(120)), 0) << support::ReadFile(log);
  EXPECT_EQ(support::ReadFile(log), before + "watching\nresumed\ndeleted\n");
}

TEST(Node, AnInformerSurvivesARestart) {
  Estate estate;
  std::string why;
  const std::string program = Install(&estate, "node", "@kubernetes/client-node", &why);
  if (program.empty()) GTEST_SKIP() << "npm cannot install @kubernetes/client-node: " << why;
  LiveThroughARestart(&estate, {Node(), program}, "created\nchanged\n");
}

// No .proto file is given to it. Node deprecates that the server is reached by its address.
TEST(GrpcJs, LivesByReflectionAndSurvivesARestart) {
  Estate estate;
  std::string why;
  const std::string program = Install(&estate, "grpc", "@grpc/grpc-js", &why);
  if (program.empty()) GTEST_SKIP() << "npm cannot install @grpc/grpc-js: " << why;
  LiveThroughARestart(
      &estate,
      {Node(), "--no-deprecation", program, estate.server().endpoint(), estate.server().pki()},
      "described\ncreated\nchanged\n");
}

}  // namespace
}  // namespace reeve::clients
