// Row 13, and what the grammar of names keeps from paths: names that no object can have.
#include "tests/hostile/hostile.h"

namespace reeve::hostile {
namespace {

Refused Named(const std::string& name, const std::string& text) {
  return {
      name, Site(text, "spec: {type: Static}\n"),
      "STDIN:4:3: metadata.name: must be lower-case letters, digits and single '-', at most 40, "
      "starting with a letter, ending with a letter or digit\n"};
}

class HostileNamesTest : public testing::TestWithParam<Refused> {};

TEST_P(HostileNamesTest, IsRefused) { ExpectRefused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    All, HostileNamesTest,
    testing::Values(Named("N13_NotNormalised", "ame\xcc\x81lie"),
                    Named("N13_Normalised", "am\xc3\xa9lie"), Named("N39_Up", "../../etc/cron.d/x"),
                    Named("N39_Slash", "a/b"), Named("N39_EscapedSlash", "a%2fb"),
                    Named("N39_Backslash", "a\\b"), Named("N39_Dot", "."), Named("N39_Dots", ".."),
                    Named("N39_Option", "-rf"), Named("N39_LongOption", "--help"),
                    Named("N39_Home", "~root"), Named("N39_Capitals", "CON"),
                    Named("N39_TrailingSpace", "\"a \""), Named("N39_TwoHyphens", "a--b")),
    NameOf);

}  // namespace
}  // namespace reeve::hostile
