#include "apiserver/pki.h"

#include <gmock/gmock.h>

#include "base/status.h"
#include "base/testing/status_matchers.h"

namespace reeve::apiserver {
namespace {

using Code = absl::StatusCode;
const absl::Time kNow = absl::FromUnixSeconds(1767225600);

TEST(Pki, ServersAndClients) {
  ASSERT_OK_AND_ASSIGN(const KeyPair ca, MakeCa("playground", kNow));
  ASSERT_OK_AND_ASSIGN(const KeyPair server,
                       MakeCert(ca, {.common_name = "server",
                                     .servers = {"localhost", "127.0.0.1", "::1"},
                                     .now = kNow,
                                     .lifetime = absl::Hours(1)}));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, ServerNames(server.cert_pem));
  EXPECT_THAT(names, ::testing::ElementsAre("localhost", "127.0.0.1", "::1"));
  EXPECT_THAT(server.cert_pem, ::testing::EndsWith(ca.cert_pem));
  EXPECT_NE(*SpkiSha256(server.cert_pem), *SpkiSha256(ca.cert_pem));
  EXPECT_EQ(SpkiSha256(ca.cert_pem)->size(), 64u);
  EXPECT_FALSE(MakeCert(ca, {.servers = {"a,URI:spiffe://x/user/admin"}, .now = kNow}).ok());
}

TEST(Pki, OfACsrOnlyTheKeyCounts) {
  ASSERT_OK_AND_ASSIGN(const KeyPair ca, MakeCa("playground", kNow));
  ASSERT_OK_AND_ASSIGN(const Csr csr, MakeCsr());
  const CertRequest request = {.common_name = "h1",
                               .uri = "spiffe://playground/host/h1/u1",
                               .now = kNow,
                               .lifetime = absl::Hours(1)};
  ASSERT_OK_AND_ASSIGN(const std::string cert, CertForCsr(ca, csr.csr_pem, request));
  EXPECT_OK(SpkiSha256(cert));
  EXPECT_THAT(CertForCsr(ca, "rubbish", request), IsError(Code::kInvalidArgument, "csrPem"));
  std::string damaged = csr.csr_pem;
  damaged[damaged.size() / 2] = damaged[damaged.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(CertForCsr(ca, damaged, request).status().code(), Code::kInvalidArgument);
}

TEST(Pki, SpiffeNamesOfOneEstate) {
  EXPECT_EQ(SpiffeUri("e", {"host", "h1", "u"}), "spiffe://e/host/h1/u");
  EXPECT_THAT(*ParseSpiffe("spiffe://e/host/h1/u", "e"), ::testing::ElementsAre("host", "h1", "u"));
  for (const char* bad : {"spiffe://other/user/admin", "spiffe://e/", "spiffe://e//admin",
                          "https://e/user/admin", ""}) {
    EXPECT_EQ(ParseSpiffe(bad, "e").status().code(), Code::kUnauthenticated) << bad;
  }
}

TEST(Pki, RandomTextsDiffer) {
  EXPECT_EQ(RandomBase32(26).size(), 26u);
  EXPECT_NE(RandomBase32(26), RandomBase32(26));
  EXPECT_EQ(RandomUuid().size(), 36u);
  EXPECT_NE(RandomUuid(), RandomUuid());
  EXPECT_TRUE(SameSecret("a", "a"));
  EXPECT_FALSE(SameSecret("a", "b"));
  EXPECT_FALSE(SameSecret("a", "aa"));
}

}  // namespace
}  // namespace reeve::apiserver
