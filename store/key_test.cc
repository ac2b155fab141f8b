#include "store/key.h"

#include <gmock/gmock.h>

#include <random>

#include "base/testing/status_matchers.h"

namespace reeve::store {
namespace {

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

TEST(KeyTest, TheLayoutIsWhatTheDocumentSays) {
  EXPECT_EQ(CurrentKey("ab"), "cab");
  EXPECT_EQ(LogKey(258), Bytes({'l', 0, 0, 0, 0, 0, 0, 1, 2}));
  EXPECT_EQ(VersionKey("a", 258),
            Bytes({'v', 'a', 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xfd}));
  EXPECT_EQ(EncodeCurrent({"a", "xy", 1, 2}),
            Bytes({1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 'x', 'y'}));
  EXPECT_EQ(EncodeVersion({.deleted = true, .ephemeral = true, .created = 0, .value = ""}),
            Bytes({1, 5, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(EncodeVersion({.created = 2,
                           .value = "xy",
                           .minor = true,
                           .time = absl::FromUnixMicros(259),
                           .author = "me"}),
            Bytes({2, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 3, 2, 'm', 'e', 'x', 'y'}));
  EXPECT_EQ(EncodeLog({{"a", true, 3}}), Bytes({1, 3, 0, 0, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 3}));
  EXPECT_EQ(EncodeMeta("e"), Bytes({1, 'e'}));
}

TEST(KeyTest, VersionKeysKeepTheOrderOfKeysAndReverseThatOfRevisions) {
  std::mt19937_64 random(1);
  const auto any = [&random] {
    std::string key;
    for (uint64_t n = random() % 4; n > 0; --n)
      key.push_back(
          "\0\x01\xff"
          "a"[random() % 4]);
    return key;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = any();
    const std::string b = any();
    const auto ra = static_cast<Revision>(random() % 3);
    const auto rb = static_cast<Revision>(random() % 3);
    const bool want = a < b || (a == b && ra > rb);
    ASSERT_EQ(VersionKey(a, ra) < VersionKey(b, rb), want) << i;
    ASSERT_EQ(VersionsOf(a) < VersionKey(b, rb), a <= b) << i;
  }
}

TEST(KeyTest, RoundTrips) {
  const std::string odd = Bytes({0, 1, 0xff, 'a', 0});
  ASSERT_OK_AND_ASSIGN(const auto version_key, DecodeVersionKey(VersionKey(odd, 7)));
  EXPECT_EQ(version_key.key, odd);
  EXPECT_EQ(version_key.revision, 7);
  ASSERT_OK_AND_ASSIGN(const auto log, DecodeLog(EncodeLog({{odd, false, {}}, {"", true, 9}})));
  ASSERT_EQ(log.size(), 2);
  EXPECT_EQ(log[0].key, odd);
  EXPECT_EQ(log[0].previous, std::nullopt);
  EXPECT_TRUE(log[1].deleted);
  EXPECT_EQ(log[1].previous, 9);
  Version current{"left", "over", 1, 2};
  ASSERT_OK(DecodeCurrent("k", EncodeCurrent({"k", odd, 3, 4}), &current));
  EXPECT_EQ(current.key, "k");
  EXPECT_EQ(current.value, odd);
  EXPECT_EQ(current.created, 3);
  EXPECT_EQ(current.modified, 4);
}

TEST(KeyTest, AVersionMayBeDatedAndSigned) {
  const StoredVersion past{.created = 3,
                           .value = "v",
                           .minor = true,
                           .time = absl::FromUnixMicros(-1),
                           .author = std::string(300, 'a')};
  const std::string bytes = EncodeVersion(past);
  ASSERT_OK_AND_ASSIGN(const auto back, DecodeVersion(bytes));
  EXPECT_EQ(back.created, 3);
  EXPECT_EQ(back.value, "v");
  EXPECT_TRUE(back.minor);
  EXPECT_EQ(back.time, past.time);
  EXPECT_EQ(back.author, std::string(kAuthorBytesMax, 'a'));
  ASSERT_OK_AND_ASSIGN(const auto plain, DecodeVersion(EncodeVersion({.value = "v"})));
  EXPECT_EQ(plain.time, absl::InfinitePast());
  for (size_t size = 0; size + 1 < bytes.size(); ++size) {
    EXPECT_THAT(DecodeVersion(bytes.substr(0, size)),
                IsError(absl::StatusCode::kDataLoss, "version"));
  }
}

TEST(KeyTest, WhatIsCutShortOrOfAnotherFormatIsDataLoss) {
  const std::vector<std::string> whole = {EncodeLog({{"abc", false, 1}}),
                                          EncodeCurrent({"a", "", 1, 2})};
  for (size_t size = 0; size + 1 < whole[0].size(); ++size) {
    if (size == 1) continue;  // A log record without changes.
    EXPECT_THAT(DecodeLog(whole[0].substr(0, size)), IsError(absl::StatusCode::kDataLoss, "log"));
  }
  for (size_t size = 0; size < whole[1].size(); ++size) {
    Version damaged;
    EXPECT_THAT(DecodeCurrent("a", whole[1].substr(0, size), &damaged),
                IsError(absl::StatusCode::kDataLoss, "object"));
  }
  EXPECT_THAT(DecodeMeta("\x02z"), IsError(absl::StatusCode::kDataLoss, "meta"));
  EXPECT_THAT(DecodeVersionKey(Bytes({'v', 'a', 0, 7, 0, 0, 0, 0, 0, 0, 0, 0})),
              IsError(absl::StatusCode::kDataLoss, "version key"));
}

}  // namespace
}  // namespace reeve::store
