#include "proto/schema/formats.h"

#include <gtest/gtest.h>

#include "proto/schema/text.h"
#include "proto/schema/validate.h"

namespace reeve::schema {
namespace {

using namespace std::string_literals;

struct Row {
  v1::Format format;
  std::vector<std::string> right;
  std::vector<std::string> wrong;
};

const std::string& Longest() {
  static const auto* const label = new std::string(63, 'a');
  return *label;
}

Row HostNames() {
  const std::string host253 =
      Longest() + "." + Longest() + "." + Longest() + "." + std::string(61, 'a');
  return {v1::HOST_NAME,
          {"a.example", "xn--mnchen-3ya.example", "1.example", "a-b.c-d.example", host253,
           "xn--bcher-kva.de"},
          {"",
           "localhost",
           "com",
           "A.example",
           "a.example.",
           "a..example",
           ".a.example",
           "-a.example",
           "a-.example",
           "_x.example",
           "\xd0\xb0pple.example",
           "xn--.example",
           "xn--a.example",
           "xn--999999999.example",
           "ab--c.example",
           Longest() + "a.example",
           host253 + "a",
           "*.example",
           "*",
           "w*.example",
           "~^(.*)$",
           "_",
           "$host",
           "a.example b.example",
           "a.example\tb",
           "a.example\n",
           "a.example;",
           "a{}.example",
           "a\".example",
           "a'.example",
           "a\\.example",
           "a#.example",
           "127.0.0.1",
           "[::1]",
           "::1",
           "0x7f.1",
           "a.example\0b"s}};
}

std::vector<Row> Rows() {
  const std::string l63 = Longest();
  const std::string digest = "sha256-" + std::string(64, 'a');
  return {
      HostNames(),
      {v1::LABEL,
       {"a", "a-b", "0a", l63},
       {"", "-a", "a-", "A", "a.b", "a_b", l63 + "a", "a\n", "ä"}},
      {v1::WILDCARD_HOST,
       {"*.a.example", "a.example"},
       {"*", "*.", "*.com", "a.*.example", "w*.a.example", "**.a.example"}},
      {v1::URL_PATH,
       {"/", "/a/b", "/a.b_c~d-e", "/..a"},
       {"", "a", "//", "/a//b", "/../a", "/a/..", "/a/./b", "/a b", "/a?b", "/a%2fb", "/\n", "/$x",
        "/a;"}},
      {v1::REL_PATH,
       {"a", "a/b.c", "dist", ".well-known/x"},
       {"", "/a", "../a", "a/..", "a//b", "a/", "a b", "~root", "a\\b", "a\n", "a/./b", ".."}},
      {v1::DIGEST_REF,
       {digest},
       {"", "sha256-", digest + "a", "sha256:" + std::string(64, 'a'),
        "sha256-" + std::string(64, 'A')}},
      {v1::ENV_NAME,
       {"A", "_A1", "NODE_ENV", "LDX", std::string(64, 'A')},
       {"", "a", "1A", "A-B", "LD_PRELOAD", "BASH_ENV", "PATH", "A=B", "A\n",
        std::string(65, 'A')}},
      {v1::LINE, {"", "Größe, ok", "a b"}, {"a\nb", "a\tb"}},
      {v1::HEADER_NAME,
       {"X-Frame-Options", "a"},
       {"", "a b", "a:", "a\n", "\xc3\xa4", "Content-Length", "transfer-ENCODING"}},
      {v1::HEADER_VALUE,
       {"DENY", "a b;c"},
       {" a", "a ", "$x", "a\"", "a\\", "a\nb", "\xc3\xa4", "a\x7f"}},
      {v1::IP_ADDRESS,
       {"127.0.0.1", "::1", "2001:db8::1"},
       {"", "1.2.3", "01.2.3.4", "1.2.3.256", "::g", "a", "1.2.3.4\0"s, "[::1]"}},
      {v1::LABEL_KEY,
       {"a", "A_b.c", "example.com/a", l63},
       {"", "a/b/c", "/a", "a/", "-a", "a b", l63 + "a", "A.com/a", std::string(254, 'a') + "/a"}},
      {v1::LABEL_VALUE, {"", "a", "A_b.c", l63}, {"-a", "a ", "a/b", l63 + "a"}},
      {v1::ANY, {"", "a\nb\tc"}, {}},
  };
}

TEST(Formats, AcceptExactlyWhatTheyName) {
  for (const Row& row : Rows()) {
    for (const std::string& value : row.right) {
      EXPECT_EQ(WhyNotFormat(row.format, value), "")
          << v1::Format_Name(row.format) << " '" << value << "'";
    }
    for (const std::string& value : row.wrong) {
      EXPECT_NE(WhyNotFormat(row.format, value), "")
          << v1::Format_Name(row.format) << " '" << value << "'";
    }
  }
}

TEST(Formats, NoStringHidesWhatItSays) {
  for (const std::string& value :
       {"a\0b"s, "\x01"s, "\x1b[31m"s, "\x7f"s, "a\rb"s, "\xc2\x85"s, "\xe2\x80\xa8"s,
        "\xe2\x80\xae"s, "\xe2\x81\xa6"s, "\xe2\x80\x8f"s, "\xef\xbb\xbf"s, "\xc0\xaf"s,
        "\xed\xa0\x80"s, "\xf4\x90\x80\x80"s, "\xff"s, "\xc3"s}) {
    EXPECT_NE(WhyNotText(value), "") << testing::PrintToString(value);
    std::string why;
    EXPECT_FALSE(MatchesFormat(v1::ANY, value, &why));
    EXPECT_NE(why, "");
  }
  for (const char* value : {"", "plain", "line\nline\ttab", "Größe", "日本語", "👩‍💻"})
    EXPECT_EQ(WhyNotText(value), "");
}

TEST(Formats, NamesOfObjects) {
  const std::string forty(40, 'a');
  const std::tuple<v1::NameGrammar, std::string, bool> cases[] = {
      {v1::DNS_LABEL, "a", true},
      {v1::DNS_LABEL, "a-b", true},
      {v1::DNS_LABEL, forty, true},
      {v1::DNS_LABEL, forty + "a", false},
      {v1::DNS_LABEL, "1a", false},
      {v1::DNS_LABEL, "a--b", false},
      {v1::DNS_LABEL, "a.b", false},
      {v1::DNS_LABEL, "../../etc/cron.d/x", false},
      {v1::DNS_LABEL, "-rf", false},
      {v1::DNS_LABEL, "CON", false},
      {v1::DNS_LABEL, "a ", false},
      {v1::DNS_LABEL, "a%2fb", false},
      {v1::HOSTNAME, "www.a.example", true},
      {v1::HOSTNAME, "WWW.a.example", false},
      {v1::DNS_SUBDOMAIN, "h1.tcp.20000", true},
      {v1::DNS_SUBDOMAIN, std::string(100, 'a'), true},
      {v1::DNS_SUBDOMAIN, "a..b", false},
      {v1::DNS_SUBDOMAIN, "a/b", false},
      {v1::DNS_SUBDOMAIN, std::string(254, 'a'), false},
      {v1::DIGEST, "sha256-" + std::string(64, '0'), true},
      {v1::DIGEST, "sha256-0", false},
  };
  for (const auto& [grammar, name, right] : cases)
    EXPECT_EQ(WhyNotName(grammar, name).empty(), right) << name;
}

TEST(Formats, PunycodeOfRfc3492) {
  for (const char* label :
       {"mnchen-3ya", "bcher-kva", "80akhbyknj4f", "ls8h", "egbpdaj6bu4bxfgehfvwxn"}) {
    EXPECT_TRUE(DecodePunycode(label).has_value()) << label;
  }
  for (const char* label : {"", "a-", "abc-", "99999999", "a-\x80"})
    EXPECT_FALSE(DecodePunycode(label).has_value()) << label;
  EXPECT_EQ(DecodePunycode("bcher-kva"), (std::vector<char32_t>{'b', 'c', 'h', 'e', 'r', 0xfc}));
}

// What people would take for another name, and what only looks like it might be.
TEST(Formats, HostnamesThatImitate) {
  const std::pair<const char*, bool> cases[] = {
      {"xn--pple-43d.example", false},    // One Cyrillic letter in a Latin word.
      {"xn--a-ylb.example", false},       // Greek and Latin.
      {"xn--ab-m1t.example", false},      // A zero-width joiner.
      {"xn--80ak6aa92e.example", false},  // All Cyrillic, all like Latin.
      {"www.xn--80ak6aa92e.example", false},
      {"xn--n1aen.xn--p1ai", true},         // All like Latin, in a Cyrillic domain.
      {"xn--e1afmkfd.example", true},       // Cyrillic that looks like nothing else.
      {"xn--a-jn6bt1bbz6g.example", true},  // Japanese names have Latin letters.
      {"xn--bcher-kva.example", true},
  };
  for (const auto& [name, right] : cases)
    EXPECT_EQ(WhyNotFormat(v1::HOST_NAME, name).empty(), right) << name;
}

}  // namespace
}  // namespace reeve::schema
