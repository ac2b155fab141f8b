#include "apiserver/host_directory.h"

#include <gmock/gmock.h>

#include "apiserver/testing/registry_fixture.h"
#include "reeve/v1/host.pb.h"

namespace reeve::apiserver {
namespace {

using Code = absl::StatusCode;

class HostDirectoryTest : public RegistryTest {
 protected:
  // A Host that joined with `key`.
  Identity Joined(const std::string& name, const std::string& key) {
    const std::string uid = Create(MakeHost(name)).host().metadata().uid();
    v1::HostIdentity identity;
    identity.add_spki_sha256(key);
    store::Txn txn;
    txn.writes.push_back({HostIdentityKey(uid), identity.SerializeAsString()});
    EXPECT_OK(store_->Commit(std::move(txn)).status);
    return Identity::Host(name, uid);
  }

  HostDirectory hosts_{store_.get()};
};

TEST_F(HostDirectoryTest, KnowsLivingHostsAndTheirKeys) {
  const Identity h1 = Joined("h1", "key-1");
  EXPECT_OK(hosts_.CheckKey(h1, "key-1"));
  const Identity h2 = Joined("h2", "key-2");
  EXPECT_OK(hosts_.CheckKey(h2, "key-2"));
  EXPECT_THAT(hosts_.CheckKey(h2, "key-1"), IsError(Code::kUnauthenticated, "joined with"));
  EXPECT_EQ(hosts_.Check(Identity::Host("h1", h2.uid)).code(), Code::kUnauthenticated);
  EXPECT_EQ(hosts_.Check(Identity::Host("h3", "u")).code(), Code::kUnauthenticated);
  EXPECT_OK(hosts_.Check(Identity::Admin()));
}

TEST_F(HostDirectoryTest, ARemovedHostIsGoneAtOnceAndStaysSo) {
  const Identity old = Joined("h1", "key-1");
  EXPECT_OK(hosts_.Check(old));
  ASSERT_OK(TryDelete("Host", "", "h1"));
  EXPECT_EQ(hosts_.CheckKey(old, "key-1").code(), Code::kUnauthenticated);
  const Identity again = Joined("h1", "key-2");
  EXPECT_OK(hosts_.CheckKey(again, "key-2"));
  EXPECT_EQ(hosts_.CheckKey(old, "key-1").code(), Code::kUnauthenticated);
}

TEST_F(HostDirectoryTest, WhatItMissedByCompactionIsReadAnew) {
  const Identity h1 = Joined("h1", "key-1");
  EXPECT_OK(hosts_.Check(h1));
  ASSERT_OK(TryDelete("Host", "", "h1"));
  Create(MakeNamespace("other"));
  ASSERT_OK(store_->Compact(revision()));
  EXPECT_EQ(hosts_.Check(h1).code(), Code::kUnauthenticated);
}

}  // namespace
}  // namespace reeve::apiserver
