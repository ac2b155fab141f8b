// What every implementation of the seams promises, as one gtest suite: run on the real ones over a
// temporary directory and on the fake one.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "agents/os/exec.h"
#include "agents/os/files.h"

namespace reeve::agents {

// One host to test on.
class OsUnderTest {
 public:
  virtual ~OsUnderTest() = default;
  virtual Files* files() = 0;
  virtual std::string dir() = 0;  // Absolute, there, empty.
  // What a stranger does behind Reeve's back; paths are absolute.
  virtual void HardLink(const std::string& from, const std::string& to) = 0;
  virtual void Link(const std::string& target, const std::string& path) = 0;
};

using OsMaker = std::function<std::unique_ptr<OsUnderTest>()>;

class OsConformance : public ::testing::TestWithParam<std::pair<std::string, OsMaker>> {
 protected:
  void SetUp() override;

  std::unique_ptr<OsUnderTest> os_;
  std::unique_ptr<Root> root_;
};

// For INSTANTIATE_TEST_SUITE_P.
inline std::string OsName(const ::testing::TestParamInfo<OsConformance::ParamType>& info) {
  return info.param.first;
}

}  // namespace reeve::agents
