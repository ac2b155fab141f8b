#include "agents/systemd/unit_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "agents/mark.h"
#include "agents/os/exec.h"
#include "base/testing/golden.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents::systemd {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Artifact::Unit Plain() {
  v1::Artifact::Unit unit;
  unit.set_name("reeve-inst-blog-0a1b2c3d");
  unit.set_dir("reeve-site-blog-0a1b2c3d");
  unit.set_user("reeve-u30001");
  unit.add_command("bin/app");
  unit.set_port(8000);
  unit.set_blob("sha256-00");
  unit.set_description("Instance default/blog");
  return unit;
}

v1::Artifact::Unit Hostile() {
  v1::Artifact::Unit unit = Plain();
  *unit.mutable_command() = {};
  for (const char* arg : {"node", "server.js", "--port=$(PORT)", "$(STATE_DIR)/db",
                          "$$HOME ${X} %h \"q\" \\", "; rm -rf /", ""}) {
    unit.add_command(arg);
  }
  v1::EnvVar* variable = unit.add_env();
  variable->set_name("GREETING");
  variable->set_value("100% \"sure\" $HOME \\ é");
  variable = unit.add_env();
  variable->set_name("PORT");
  variable->set_value("1");
  unit.mutable_resources()->set_memory_max_bytes(256 << 20);
  unit.mutable_resources()->set_cpu_percent(150);
  unit.mutable_resources()->set_tasks_max(64);
  unit.set_description("50% off");
  return unit;
}

absl::StatusOr<std::string> Render(const v1::Artifact::Unit& unit) {
  static const HostPaths paths;
  return RenderUnit({.unit = &unit,
                     .owner = "0a1b2c3d",
                     .paths = &paths,
                     .runtimes = {{"node", "/usr/bin/node"}}});
}

TEST(UnitFileTest, Goldens) {
  ExpectGolden("agents/systemd/testdata/plain.service", *Render(Plain()));
  ExpectGolden("agents/systemd/testdata/hostile.service", *Render(Hostile()));
}

TEST(UnitFileTest, BearsAMarkThatHolds) {
  const std::string text = *Render(Plain());
  ASSERT_TRUE(ReadMark(text).has_value());
  EXPECT_EQ(ReadMark(text)->owner, "0a1b2c3d");
  EXPECT_TRUE(ReadMark(text)->intact);
}

TEST(UnitFileTest, NewContentIsANewFile) {
  v1::Artifact::Unit next = Plain();
  next.set_blob("sha256-11");
  EXPECT_NE(*Render(Plain()), *Render(next));
}

// No text of a manifest may begin a line of its own.
TEST(UnitFileTest, RefusesControlBytesEverywhere) {
  const std::string evil = "x\nExecStart=/bin/evil";
  for (const auto& change : std::vector<std::function<void(v1::Artifact::Unit&)>>{
           [&](auto& unit) { unit.set_description(evil); },
           [&](auto& unit) { unit.set_description("joins the next line \\"); },
           [&](auto& unit) { unit.add_command(evil); },
           [&](auto& unit) { unit.set_command(0, evil); }, [&](auto& unit) { unit.set_user(evil); },
           [&](auto& unit) { unit.set_name(evil); }, [&](auto& unit) { unit.set_dir("../etc"); },
           [&](auto& unit) { unit.set_blob(evil); }, [&](auto& unit) { unit.set_port(0); },
           [&](auto& unit) { unit.add_env()->set_name(evil); },
           [&](auto& unit) { unit.add_env()->set_name("A"), unit.mutable_env(0)->set_value(evil); },
           [&](auto& unit) { unit.add_env()->set_name("LD_PRELOAD"); }}) {
    v1::Artifact::Unit unit = Plain();
    change(unit);
    EXPECT_THAT(Render(unit), IsError(StatusCode::kInvalidArgument, "")) << unit.ShortDebugString();
  }
}

TEST(UnitFileTest, VariablesAreReplacedInTheEnvironmentToo) {
  v1::Artifact::Unit unit = Plain();
  unit.add_env()->set_name("DATA");
  unit.mutable_env(0)->set_value("$(STATE_DIR)/db at $(PORT), $$(PORT)");
  ASSERT_OK_AND_ASSIGN(const std::string text, Render(unit));
  EXPECT_THAT(text, HasSubstr("DATA=/var/lib/reeve-sites/reeve-inst-blog-0a1b2c3d/db at 8000, "));
  EXPECT_THAT(text, HasSubstr("(PORT)\""));
  unit.mutable_env(0)->set_value("$(NO_SUCH)");
  EXPECT_THAT(Render(unit), IsError(StatusCode::kInvalidArgument, "unknown variable $(NO_SUCH)"));
}

// Whoever else was or is on the host: neither modes nor names lead to what they keep.
TEST(UnitFileTest, SeesNoStateButItsOwn) {
  const std::string text = *Render(Plain());
  for (const char* line : {"UMask=0077\n", "StateDirectoryMode=0700\n",
                           "TemporaryFileSystem=/srv/reeve:ro /var/lib/reeve-sites:ro\n",
                           "BindPaths=/var/lib/reeve-sites/reeve-inst-blog-0a1b2c3d\n",
                           "InaccessiblePaths=-/var/lib/reeve-agent -/etc/nginx/reeve -/run/dbus\n",
                           "ProtectProc=invisible\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(UnitFileTest, AProgramStaysInItsRelease) {
  for (const char* program :
       {"../x", "/bin/sh", "-bin/app/..", "a b", "$(PORT)", "a%h", "!x", "@x", "a\"b", ""}) {
    v1::Artifact::Unit unit = Plain();
    unit.set_command(0, program);
    EXPECT_THAT(Render(unit), IsError(StatusCode::kInvalidArgument, "command[0]")) << program;
  }
  v1::Artifact::Unit unit = Plain();
  unit.set_command(0, "+/bin/sh");  // A prefix only where it is the first byte.
  EXPECT_THAT(*Render(unit),
              HasSubstr("ExecStart=\"/srv/reeve/reeve-site-blog-0a1b2c3d/current/+/bin/sh\"\n"));
}

TEST(UnitFileTest, ARuntimeMustBeThere) {
  v1::Artifact::Unit unit = Plain();
  unit.set_command(0, "python3");
  EXPECT_THAT(Render(unit),
              IsError(StatusCode::kInvalidArgument, "command[0]: this host has no python3"));
  unit.set_command(0, "bin/app");
  unit.add_command("$(WHAT)");
  EXPECT_THAT(Render(unit),
              IsError(StatusCode::kInvalidArgument, "command[1]: unknown variable $(WHAT)"));
}

// The only opinion that counts.
TEST(UnitFileTest, SystemdAcceptsThem) {
  if (::access("/usr/bin/systemd-analyze", X_OK) != 0)
    GTEST_SKIP() << "systemd-analyze is not installed";
  std::string dir = ::testing::TempDir() + "reeve-units-XXXXXX";
  ASSERT_NE(::mkdtemp(dir.data()), nullptr);
  int n = 0;
  for (const v1::Artifact::Unit& unit : {Plain(), Hostile()}) {
    std::string text = *Render(unit);
    // Verify looks whether the program is there.
    for (const std::string_view program :
         {"/srv/reeve/reeve-site-blog-0a1b2c3d/current/bin/app", "/usr/bin/node"}) {
      if (const size_t at = text.find(program);
          at != text.npos && text.compare(at - 1, 1, "\"") == 0) {
        text.replace(at, program.size(), "/bin/true");
      }
    }
    const std::string path = dir + "/reeve-test-" + std::to_string(n++) + ".service";
    std::ofstream(path) << text;
    const auto result =
        NewRealExec()->Run({.program = "/usr/bin/systemd-analyze",
                            .args = {"verify", "--recursive-errors=no", "--man=no", path}});
    ASSERT_OK(result);
    EXPECT_EQ(result->code, 0) << result->output;
    EXPECT_THAT(result->output, Not(HasSubstr("reeve-test")));
  }
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace reeve::agents::systemd
