#include "agents/testing/os_conformance.h"

#include <cstdlib>
#include <filesystem>

#include "agents/testing/fake_os.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

class RealOs : public OsUnderTest {
 public:
  RealOs() : files_(NewRealFiles()) {
    std::string name = ::testing::TempDir() + "reeve-os-XXXXXX";
    CHECK(::mkdtemp(name.data()) != nullptr, "a temporary directory can be made");
    dir_ = std::filesystem::canonical(name);
  }
  ~RealOs() override { std::filesystem::remove_all(dir_); }

  Files* files() override { return files_.get(); }
  std::string dir() override { return dir_; }
  void HardLink(const std::string& from, const std::string& to) override {
    std::filesystem::create_hard_link(from, to);
  }
  void Link(const std::string& target, const std::string& path) override {
    std::filesystem::create_symlink(target, path);
  }

 private:
  const std::unique_ptr<Files> files_;
  std::string dir_;
};

class InMemory : public OsUnderTest {
 public:
  InMemory() { os_.tree().MakeDirs("/var/test"); }
  Files* files() override { return os_.files(); }
  std::string dir() override { return "/var/test"; }
  void HardLink(const std::string& from, const std::string& to) override {
    os_.tree().HardLink(from, to);
  }
  void Link(const std::string& target, const std::string& path) override {
    os_.tree().Link(target, path);
  }

 private:
  FakeOs os_;
};

INSTANTIATE_TEST_SUITE_P(
    Os, OsConformance,
    ::testing::Values(std::pair("Real", OsMaker([] { return std::make_unique<RealOs>(); })),
                      std::pair("Fake", OsMaker([] { return std::make_unique<InMemory>(); }))),
    OsName);

}  // namespace
}  // namespace reeve::agents
