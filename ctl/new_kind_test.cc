// A kind that ctl has no line of code about (proto/schema/testing/sample_kind.proto): it is
// explained and completed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "ctl/run.h"
#include "schema/testing/sample_kind.pb.h"

namespace reeve::ctl {
namespace {

using ::testing::HasSubstr;

// What ctl prints when Backup is among its kinds.
std::string Print(const std::vector<std::string>& argv) {
  static const schema::KindRegistry kinds(reeve::testing::Object::descriptor());
  std::istringstream in;
  std::ostringstream out, err;
  Io io{.in = in, .out = out, .err = err, .kinds = &kinds};
  EXPECT_EQ(Run(argv, io), 0) << err.str();
  return out.str();
}

TEST(NewKind, IsExplained) {
  const std::string kind = Print({"explain", "bk"});
  EXPECT_THAT(kind, HasSubstr("KIND:       Backup\n"));
  const std::string spec = Print({"explain", "backups.spec"});
  EXPECT_THAT(spec, HasSubstr("  site\t<string> -required-\n  names a: Site\n"));
  EXPECT_THAT(spec, HasSubstr("  enum: Hourly, Daily\n  default: Daily\n"));
  EXPECT_THAT(Print({"explain", "backup.spec.targets.weight"}), HasSubstr("range: -10-10"));
}

TEST(NewKind, IsCompleted) {
  EXPECT_EQ(Print({"__complete", "--", "get", "back"}),
            "backups\tCopies of a Site's content (bk)\n:4\n");
  EXPECT_EQ(Print({"__complete", "--", "explain", "backup.spec.pas"}),
            "backup.spec.passphrase\t\n:6\n");
  EXPECT_EQ(Print({"__complete", "--", "events", "--for", "back"}),
            "backup/\tCopies of a Site's content (bk)\n:6\n");
}

}  // namespace
}  // namespace reeve::ctl
