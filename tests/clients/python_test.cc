// python3-kubernetes against a real server that is restarted under its watch: python/site_life.py.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "base/testing/status_matchers.h"
#include "tests/clients/client_fixture.h"
#include "tests/support/channels.h"

namespace reeve::clients {
namespace {

TEST(Python, AWatchSurvivesARestart) {
  Estate estate;
  const std::string log = estate.dir() + "/life.log", tell = estate.dir() + "/tell";
  ASSERT_EQ(mkfifo(tell.c_str(), 0600), 0);
  // Both ends, so that opening waits for nobody.
  std::fstream teller(tell, std::ios::in | std::ios::out);
  auto script = support::ChildProcess::Start(
      {"/usr/bin/python3", "tests/clients/python/site_life.py"}, log, tell);
  ASSERT_OK(script.status());
  ASSERT_TRUE(Estate::Comes(log, "watching\n")) << support::ReadFile(log);
  ASSERT_OK(estate.server().Stop());
  ASSERT_OK(estate.server().Start());
  teller << "restarted" << std::endl;
  EXPECT_EQ(script->Wait(absl::Seconds(120)), 0) << support::ReadFile(log);
  EXPECT_EQ(support::ReadFile(log), "created\nlisted\nchanged\nwatching\nresumed\ndeleted\n");
}

}  // namespace
}  // namespace reeve::clients
