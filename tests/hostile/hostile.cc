#include "tests/hostile/hostile.h"

#include <memory>
#include <regex>
#include <sstream>

#include "base/status.h"

namespace reeve::hostile {
namespace {

class ServerEnvironment final : public testing::Environment {
 public:
  void SetUp() override {
    estate = std::make_unique<integration::Estate>();
    const absl::Status started = estate->Start();
    CHECK(started.ok(), started.ToString());
  }
  void TearDown() override { estate.reset(); }

  static inline std::unique_ptr<integration::Estate> estate;
};

const testing::Environment* const kEnvironment =
    testing::AddGlobalTestEnvironment(new ServerEnvironment);

// "STDIN:4:7: what is wrong"; of what is wrong with the file as a whole, "STDIN: what".
void ExpectPlaces(const std::string& message) {
  static const std::regex place("STDIN(:[0-9]+:[0-9]+)?: .+");
  std::istringstream lines(message);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(std::regex_match(line, place)) << line;
  }
}

}  // namespace

void PrintTo(const Refused& input, std::ostream* out) { *out << input.name; }

std::string NameOf(const testing::TestParamInfo<Refused>& info) { return info.param.name; }

std::string Site(const std::string& name, const std::string& rest) {
  return "apiVersion: reeve/v1\nkind: Site\nmetadata:\n  name: " + name + "\n" + rest;
}

std::string WithDomains(const std::string& name, const std::string& domains) {
  return Site(name, "spec:\n  type: Static\n  domains: " + domains + "\n");
}

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

integration::Estate& Server() { return *ServerEnvironment::estate; }

void ExpectRefused(const Refused& input) {
  const int64_t before = Server().Revision();
  const integration::Said said = Server().Ctl({"apply", "-f", "-"}, input.manifest);
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.out, "");
  if (input.whole) {
    EXPECT_EQ(said.err, input.message);
  } else {
    EXPECT_EQ(said.err.substr(0, input.message.size()), input.message);
    ExpectPlaces(said.err);
  }
  EXPECT_EQ(Server().Revision(), before) << "something was written";
}

}  // namespace reeve::hostile
