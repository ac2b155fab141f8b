#include "base/sha256.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

// FIPS 180-2, appendix B.
constexpr std::string_view kAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Sha256Test, IsThatOfTheStandard) {
  EXPECT_EQ(Sha256Hex("abc"), kAbc);
  EXPECT_EQ(Sha256Hex(""), kNothing);
  EXPECT_EQ(Sha256Bytes("abc").size(), 32u);
}

TEST(Sha256Test, PiecesAreOneText) {
  Sha256 hash;
  for (const char* piece : {"a", "", "bc"}) hash.Add(piece);
  EXPECT_EQ(hash.Hex(), kAbc);
}

TEST(Sha256Test, ADigestIsThePrefixAndLowerCaseHex) {
  Sha256 hash;
  hash.Add("abc");
  const std::string digest = hash.Digest();
  EXPECT_EQ(digest, "sha256-" + std::string(kAbc));
  EXPECT_TRUE(IsDigest(digest));
  for (const std::string& other : {digest + "0", digest.substr(1), digest.substr(0, 70),
                                   "sha256-" + std::string(64, 'A'), std::string()})
    EXPECT_FALSE(IsDigest(other)) << other;
}

}  // namespace
}  // namespace reeve
