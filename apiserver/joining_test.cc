#include "apiserver/joining.h"

#include <gmock/gmock.h>

#include "apiserver/authenticator.h"
#include "apiserver/testing/registry_fixture.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::apiserver {
namespace {

using Code = absl::StatusCode;

class JoiningTest : public RegistryTest {
 protected:
  JoiningTest()
      : ca_(*MakeCa("playground", clock_.Read().wall)),
        joining_({.registry = &registry_, .clock = &clock_, .estate = "playground", .ca = ca_}),
        authenticator_(&hosts_, "playground") {}

  absl::StatusOr<std::string> Token(const std::string& host,
                                    const Identity& who = Identity::Admin()) {
    v1::CreateTokenRequest request;
    request.set_host(host);
    return joining_.CreateToken(who, request);
  }
  absl::StatusOr<v1::JoinResponse> Join(const std::string& token) {
    v1::JoinRequest request;
    request.set_token(token);
    request.set_csr_pem(csr_.csr_pem);
    return joining_.Join(request);
  }
  std::string ClientCert(const std::string& uri) {
    return MakeCert(ca_, {.uri = uri, .now = clock_.Read().wall, .lifetime = absl::Hours(1)})
        ->cert_pem;
  }

  const KeyPair ca_;
  const Csr csr_ = *MakeCsr();
  Joining joining_;
  HostDirectory hosts_{store_.get()};
  Authenticator authenticator_;
};

TEST_F(JoiningTest, ATokenMakesAHostOnce) {
  const std::string token = *Token("h1");
  EXPECT_EQ(token.size(), std::string("reeve1.12345678.").size() + 26);
  const std::string uid = Get("Host", "", "h1").host().metadata().uid();
  const absl::StatusOr<v1::JoinResponse> joined = Join(token);
  ASSERT_TRUE(joined.ok()) << joined.status();
  EXPECT_EQ(joined->host(), "h1");
  EXPECT_EQ(joined->host_uid(), uid);
  EXPECT_EQ(joined->epoch(), "epoch-1");
  EXPECT_EQ(joined->ca_pem(), ca_.cert_pem);
  const Identity who = *authenticator_.Identify(joined->certificate_pem());
  EXPECT_EQ(who.role, Identity::Role::kHost);
  EXPECT_EQ(who.name, "h1");
  EXPECT_EQ(who.uid, uid);
  EXPECT_EQ(Join(token).status().code(), Code::kUnauthenticated);
  EXPECT_THAT(Token("h1"), IsError(Code::kFailedPrecondition, "has joined already"));
}

TEST_F(JoiningTest, TheSecretIsNotInTheStore) {
  const std::string secret = Split(*Token("h1"), '.')[2];
  ASSERT_TRUE((*store_->Read())
                  ->Scan("", "",
                         [&](const store::Version& version) {
                           EXPECT_EQ(version.value.find(secret), std::string::npos);
                           return true;
                         })
                  .ok());
}

TEST_F(JoiningTest, TokensGrowOld) {
  const std::string token = *Token("h1");
  clock_.Advance(kJoinTokenTtl);
  EXPECT_EQ(Join(token).status().code(), Code::kUnauthenticated);
}

TEST_F(JoiningTest, GuessingKillsTheToken) {
  const std::string token = *Token("h1");
  const std::string guess = token.substr(0, token.size() - 1) + (token.back() == 'a' ? 'b' : 'a');
  for (int i = 0; i < kJoinTokenFailuresMax; ++i)
    EXPECT_EQ(Join(guess).status().code(), Code::kUnauthenticated);
  EXPECT_EQ(Join(token).status().code(), Code::kUnauthenticated);
  for (const char* bad : {"", "reeve1.x", "reeve1.zzzzzzzz.y", "reeve2.a.b", "a.b.c.d"}) {
    EXPECT_EQ(Join(bad).status().code(), Code::kUnauthenticated) << bad;
  }
}

TEST_F(JoiningTest, ABadRequestForACertificateDoesNotBurnTheToken) {
  const std::string token = *Token("h1");
  v1::JoinRequest request;
  request.set_token(token);
  request.set_csr_pem("rubbish");
  EXPECT_EQ(joining_.Join(request).status().code(), Code::kInvalidArgument);
  EXPECT_TRUE(Join(token).ok());
}

TEST_F(JoiningTest, OnlyAdministratorsMakeTokens) {
  EXPECT_EQ(Token("h1", Identity::Controller("c")).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(Token("h1", Identity::Host("h1", "u")).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(Token("Not A Name").status().code(), Code::kInvalidArgument);
  v1::CreateTokenRequest request;
  request.set_host("h1");
  request.mutable_ttl()->set_seconds(-1);
  EXPECT_EQ(joining_.CreateToken(Identity::Admin(), request).status().code(),
            Code::kInvalidArgument);
}

TEST_F(JoiningTest, ATokenIsForOneLifeOfAName) {
  const std::string token = *Token("h1");
  ASSERT_TRUE(TryDelete("Host", "", "h1").ok());
  EXPECT_EQ(Join(token).status().code(), Code::kUnauthenticated);
  const std::string next = *Token("h1");
  EXPECT_EQ(Join(token).status().code(), Code::kUnauthenticated);
  EXPECT_TRUE(Join(next).ok());
}

TEST_F(JoiningTest, ARemovedHostIsNobody) {
  const std::string cert = Join(*Token("h1"))->certificate_pem();
  ASSERT_TRUE(TryDelete("Host", "", "h1").ok());
  EXPECT_EQ(authenticator_.Identify(cert).status().code(), Code::kUnauthenticated);
  Create(MakeHost("h1"));
  EXPECT_EQ(authenticator_.Identify(cert).status().code(), Code::kUnauthenticated);
}

TEST_F(JoiningTest, OnlyTheKeyThatJoinedSpeaksForTheHost) {
  const v1::JoinResponse joined = *Join(*Token("h1"));
  const std::string forged = ClientCert("spiffe://playground/host/h1/" + joined.host_uid());
  EXPECT_THAT(authenticator_.Identify(forged),
              IsError(Code::kUnauthenticated, "is not the one that host h1 joined with"));
}

TEST_F(JoiningTest, IdentitiesOfOneUriEach) {
  EXPECT_EQ(authenticator_.Identify(ClientCert("spiffe://playground/user/admin"))->role,
            Identity::Role::kAdmin);
  EXPECT_EQ(authenticator_.Identify(ClientCert("spiffe://playground/controller/c"))->name, "c");
  for (const char* uri : {"spiffe://elsewhere/user/admin", "spiffe://playground/user/eve",
                          "spiffe://playground/server", "spiffe://playground/host/h1",
                          "spiffe://playground/host/h9/uid"}) {
    EXPECT_EQ(authenticator_.Identify(ClientCert(uri)).status().code(), Code::kUnauthenticated)
        << uri;
  }
  const std::string server =
      MakeCert(ca_,
               {.servers = {"localhost"}, .now = clock_.Read().wall, .lifetime = absl::Hours(1)})
          ->cert_pem;
  EXPECT_EQ(authenticator_.Identify(server).status().code(), Code::kUnauthenticated);
  EXPECT_FALSE(authenticator_.Identify("rubbish").ok());
}

}  // namespace
}  // namespace reeve::apiserver
