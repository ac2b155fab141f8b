// Rows 26-38: names of the web that people may not have.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "base/testing/status_matchers.h"
#include "tests/hostile/hostile.h"

namespace reeve::hostile {
namespace {

using integration::Said;

const char kNoHostname[] =
    "must be a hostname: DNS labels (lower-case letters, digits and '-') with dots between them; "
    "international names in their xn-- form";

// A site that wants `domain`, written as YAML has it.
Refused Domain(const std::string& name, const std::string& domain, const std::string& why) {
  return {name, WithDomains("other", "[" + domain + "]"),
          "STDIN:7:13: spec.domains[0]: " + why + "\n"};
}

std::string Imitates(const std::string& label) {
  return "must be a hostname that cannot be taken for another: " + label +
         " mixes alphabets, hides characters or imitates Latin letters";
}

std::string Labels(int count) { return Repeat("a.", count - 1) + "a"; }

std::vector<Refused> NoHostnames() {
  const std::string ip = "must be a hostname, not an IP address";
  const std::string short_name =
      "must be a hostname of at least two labels, such as www.example.com";
  const std::string long_name = "must be a hostname of at most 253 characters";
  return {
      Domain("N27_TwoDots", "a..example", kNoHostname),
      Domain("N27_LeadingDot", ".a.example", kNoHostname),
      Domain("N27_TwoTrailingDots", "a.example..", kNoHostname),
      Domain("N27_LeadingHyphen", "-a.example", kNoHostname),
      Domain("N27_TrailingHyphen", "a-.example", kNoHostname),
      Domain("N27_Underscore", "_x.example", kNoHostname),
      Domain("N28_Cyrillic", "\xd0\xb0pple.example", kNoHostname),
      Domain("N28_InvalidPunycode", "xn--a.example", kNoHostname),
      Domain("N28_EmptyPunycode", "xn--.example", kNoHostname),
      Domain("N28_OtherMarks", "zz--a.example", kNoHostname),
      Domain("N28_ZeroWidthJoiner", "a\xe2\x80\x8d.example", kNoHostname),
      Domain("N28_ZeroWidthJoinerEncoded", "xn--ab-m1t.example", Imitates("xn--ab-m1t")),
      Domain("N28_MixedScripts", "xn--pple-43d.example", Imitates("xn--pple-43d")),
      Domain("N28_CyrillicThatLooksLatin", "xn--80ak6aa92e.example", Imitates("xn--80ak6aa92e")),
      Domain("N29_LabelOf64", std::string(64, 'a') + ".example", kNoHostname),
      Domain("N29_NameOf254", Repeat("aaaaaaaaa.", 24) + "aaaaaaaaaaaaaa", long_name),
      Domain("N29_128Labels", Labels(128), long_name),
      Domain("N29_Localhost", "localhost", short_name),
      Domain("N29_TopLevelOnly", "com", short_name),
      Domain("N30_Wildcard", "\"*.example\"", kNoHostname),
      Domain("N30_Everything", "\"*\"", kNoHostname),
      Domain("N30_PartWildcard", "w*.example", kNoHostname),
      Domain("N30_Regex", "\"~^(.*)$\"", kNoHostname),
      Domain("N30_Empty", "\"\"", "may not be empty"),
      Domain("N30_CatchAll", "_", kNoHostname),
      Domain("N30_Variable", "$host", kNoHostname),
      Domain("N31_Space", "a.example b.example", kNoHostname),
      Domain("N31_Tab", "\"a.example\\tb.example\"", kNoHostname),
      Domain("N31_Newline", "\"a.example\\nb.example\"", kNoHostname),
      Domain("N31_Semicolon", "a.example;", kNoHostname),
      Domain("N31_OpenBrace", "\"a.example{\"", kNoHostname),
      Domain("N31_CloseBrace", "\"a.example}\"", kNoHostname),
      Domain("N31_DoubleQuote", "'a.example\"'", kNoHostname),
      Domain("N31_SingleQuote", "\"a.example'\"", kNoHostname),
      Domain("N31_Backslash", "'a.example\\'", kNoHostname),
      Domain("N31_Hash", "\"a.example#\"", kNoHostname),
      Domain("N31_Dollar", "a$b.example", kNoHostname),
      Domain("N32_Address", "127.0.0.1", ip),
      Domain("N32_Address6", "\"[::1]\"", kNoHostname),
      Domain("N32_HexAddress", "0x7f.1", ip),
  };
}

class HostileDomainsTest : public testing::TestWithParam<Refused> {};

TEST_P(HostileDomainsTest, IsRefused) { ExpectRefused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(All, HostileDomainsTest, testing::ValuesIn(NoHostnames()), NameOf);

Said Apply(const std::string& manifest) { return Server().Ctl({"apply", "-f", "-"}, manifest); }

// The other forms of a name are the name: the second claim says who holds it.
TEST(HostileDomains, N26_N27_OneNameHasOneForm) {
  EXPECT_EQ(Apply(WithDomains("capital", "[A.Forms.Example]")).out, "site/capital created\n");
  EXPECT_EQ(Server().Ctl({"get", "site", "capital", "-o", "jsonpath={.spec.domains[*]}"}).out,
            "a.forms.example");
  for (const char* form : {"a.forms.example", "A.FORMS.EXAMPLE", "a.forms.example."}) {
    ExpectRefused(Domain("N26", form, "\"a.forms.example\" is held by Site default/capital"));
  }
  v1::CreateRequest request;
  v1::Site* site = request.mutable_object()->mutable_site();
  site->mutable_metadata()->set_name("second");
  site->mutable_spec()->set_type(v1::SiteSpec::Static);
  site->mutable_spec()->add_domains("A.FORMS.example");
  EXPECT_EQ(Server().api()->Create(request).status().code(), absl::StatusCode::kAlreadyExists);
}

// A DNS name that carries an address is a DNS name; nobody here looks it up.
TEST(HostileDomains, N32_NamesWithAddressesInThemAreNames) {
  EXPECT_EQ(Apply(WithDomains("nip", "[1.2.3.4.nip.io]")).code, 0);
}

TEST(HostileDomains, N34_OfTwoAtOnceOneGetsTheName) {
  std::atomic<int> created = 0;
  std::atomic<int> held = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      const Said said = Apply(WithDomains(fmt::format("racer{}", i), "[race.example]"));
      if (said.code == 0) ++created;
      const std::string text =
          "STDIN:7:13: spec.domains[0]: \"race.example\" is held by Site default/racer";
      if (said.err.substr(0, text.size()) == text) ++held;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(held, 15);
}

// A name is free when its last owner is gone, not when its deletion was asked for.
TEST(HostileDomains, N35_ANameIsHeldUntilItsOwnerIsGone) {
  ASSERT_EQ(Apply(Site("leaving",
                       "  finalizers: [example.test/wait]\nspec: {type: Static, domains: "
                       "[leaving.example]}\n"))
                .code,
            0);
  ASSERT_EQ(Server().Ctl({"delete", "site", "leaving", "--wait=false"}).code, 0);
  ExpectRefused(
      Domain("N35", "leaving.example", "\"leaving.example\" is held by Site default/leaving"));
  ASSERT_EQ(Server()
                .Ctl({"patch", "site", "leaving", "--type=merge", "-p",
                      R"({"metadata":{"finalizers":null}})"})
                .code,
            0);
  EXPECT_EQ(Apply(WithDomains("next", "[leaving.example]")).out, "site/next created\n");
}

}  // namespace
}  // namespace reeve::hostile
