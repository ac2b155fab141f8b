#include "apiserver/access.h"

#include <gmock/gmock.h>

#include "apiserver/testing/registry_fixture.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

using Code = absl::StatusCode;

class AccessTest : public RegistryTest {
 protected:
  AccessTest() {
    Create(MakeHost("h1"));
    Create(MakeHost("h2"));
    mine_ = Create(MakeWork("mine", "h1"));
    theirs_ = Create(MakeWork("theirs", "h2"));
  }

  Code GetCode(const std::string& kind, const std::string& name) {
    v1::GetRequest request;
    request.mutable_key()->set_kind(kind);
    request.mutable_key()->set_name(name);
    return api_->Get(h1_, request).status().code();
  }
  Code ListCode(const std::string& kind, const std::string& fields) {
    v1::ListRequest request;
    request.mutable_selector()->set_kind(kind);
    request.mutable_selector()->set_fields(fields);
    return TryList(request, nullptr, h1_).status().code();
  }
  Code WatchCode(const std::string& kind, const std::string& fields) {
    v1::WatchRequest request;
    request.mutable_selector()->set_kind(kind);
    request.mutable_selector()->set_fields(fields);
    return api_->Watch(h1_, request, [] {}).status().code();
  }

  const Identity h1_ = Identity::Host("h1", "uid-1");
  v1::Object mine_;
  v1::Object theirs_;
};

TEST_F(AccessTest, NobodyGetsNothing) {
  v1::GetRequest request;
  request.mutable_key()->set_kind("Site");
  request.mutable_key()->set_name("blog");
  EXPECT_EQ(api_->Get(Identity(), request).status().code(), Code::kUnauthenticated);
  EXPECT_EQ(TryCreate(MakeStaticSite("blog"), Identity()).status().code(), Code::kUnauthenticated);
}

TEST_F(AccessTest, AHostReadsItsOwn) {
  EXPECT_EQ(GetCode("Host", "h1"), Code::kOk);
  EXPECT_EQ(GetCode("Host", "h2"), Code::kPermissionDenied);
  EXPECT_EQ(GetCode("Work", "mine"), Code::kOk);
  EXPECT_EQ(GetCode("Work", "theirs"), Code::kNotFound);
  EXPECT_EQ(GetCode("Work", "none"), Code::kNotFound);
  for (const char* kind : {"Namespace", "Site", "Instance", "Domain", "Port", "Blob"}) {
    EXPECT_EQ(GetCode(kind, "default"), Code::kPermissionDenied) << kind;
  }
}

TEST_F(AccessTest, WhoGetsAnObjectGetsItsBytes) {
  for (const Identity& who : {Identity(), Identity::Admin(), Identity::Controller("test"), h1_}) {
    for (const char* kind : {"Work", "Host", "Namespace", "Nothing"}) {
      for (const char* name : {"mine", "theirs", "none", "h1", "default"}) {
        v1::GetRequest request;
        request.mutable_key()->set_kind(kind);
        request.mutable_key()->set_name(name);
        const absl::StatusOr<v1::Object> object = api_->Get(who, request);
        const absl::StatusOr<std::string> bytes = api_->GetEncoded(who, request);
        EXPECT_EQ(bytes.status(), object.status()) << kind << " " << name;
        if (!bytes.ok()) continue;
        v1::Object decoded;
        ASSERT_TRUE(decoded.ParseFromString(*bytes)) << kind << " " << name;
        EXPECT_EQ(schema::Encode(decoded), schema::Encode(*object)) << kind << " " << name;
      }
    }
  }
}

TEST_F(AccessTest, AHostListsAndWatchesOnlyWithItsOwnSelector) {
  for (const auto& [kind, field] :
       {std::pair("Work", "spec.host"), std::pair("Host", "metadata.name")}) {
    EXPECT_EQ(ListCode(kind, fmt::format("{}=h1", field)), Code::kOk);
    EXPECT_EQ(WatchCode(kind, fmt::format("{}=h1", field)), Code::kOk);
    for (const std::string& fields :
         {std::string(), fmt::format("{}=h2", field), fmt::format("{}!=h2", field)}) {
      EXPECT_EQ(ListCode(kind, fields), Code::kPermissionDenied) << kind << fields;
      EXPECT_EQ(WatchCode(kind, fields), Code::kPermissionDenied) << kind << fields;
    }
  }
  EXPECT_EQ(ListCode("Site", ""), Code::kPermissionDenied);
}

TEST_F(AccessTest, AHostWritesItsOwnStatusOnly) {
  mine_.mutable_work()->mutable_status()->set_state(v1::WorkStatus::Applied);
  EXPECT_TRUE(TryStatus(mine_, h1_).ok());
  theirs_.mutable_work()->mutable_status()->set_state(v1::WorkStatus::Applied);
  EXPECT_EQ(TryStatus(theirs_, h1_).status().code(), Code::kNotFound);
  EXPECT_EQ(TryUpdate(mine_, h1_).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(TryCreate(MakeWork("more", "h1"), h1_).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(TryCreate(MakeStaticSite("blog"), h1_).status().code(), Code::kPermissionDenied);
  v1::DeleteRequest request;
  request.mutable_key()->set_kind("Work");
  request.mutable_key()->set_name("mine");
  EXPECT_EQ(api_->Delete(h1_, request).status().code(), Code::kPermissionDenied);
}

TEST_F(AccessTest, AStatusWriteCarriesNothingElseAlong) {
  v1::Object sneaky = mine_;
  (*Meta(&sneaky)->mutable_labels())["placement"] = "me";
  Meta(&sneaky)->add_finalizers("x/y");
  sneaky.mutable_work()->mutable_spec()->set_host("h2");
  sneaky.mutable_work()->mutable_status()->set_state(v1::WorkStatus::Applied);
  const v1::Object written = *TryStatus(sneaky, h1_);
  EXPECT_TRUE(written.work().metadata().labels().empty());
  EXPECT_TRUE(written.work().metadata().finalizers().empty());
  EXPECT_EQ(written.work().spec().host(), "h1");
}

TEST_F(AccessTest, AHostWritesItsLeaseAndItsEvents) {
  EXPECT_TRUE(TryCreate(MakeLease("h1"), h1_).ok());
  EXPECT_EQ(TryCreate(MakeLease("h2"), h1_).status().code(), Code::kPermissionDenied);
  v1::Object event;
  event.mutable_event()->mutable_metadata()->set_name("mine.1");
  event.mutable_event()->mutable_spec()->mutable_regarding()->set_kind("Work");
  event.mutable_event()->mutable_spec()->set_reason("Drifted");
  event.mutable_event()->mutable_spec()->set_host("h2");
  EXPECT_EQ(TryCreate(event, h1_).status().code(), Code::kPermissionDenied);
  event.mutable_event()->mutable_spec()->set_host("h1");
  Meta(&event)->add_finalizers("x/y");
  EXPECT_EQ(TryCreate(event, h1_).status().code(), Code::kPermissionDenied);
  Meta(&event)->clear_finalizers();
  EXPECT_TRUE(TryCreate(event, h1_).ok());
}

TEST_F(AccessTest, PeopleDeleteWhatControllersWrite) {
  EXPECT_EQ(TryCreate(MakeWork("w", "h1")).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(TryUpdate(mine_).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(TryStatus(mine_, Identity::Admin()).status().code(), Code::kPermissionDenied);
  EXPECT_EQ(TryApply({MakeWork("w", "h1")}).status().code(), Code::kPermissionDenied);
  EXPECT_TRUE(TryDelete("Work", "default", "mine").ok());
}

}  // namespace
}  // namespace reeve::apiserver
