// One workload, disturbed at its points: after every write the controllers crash, or the answer is
// lost; at many of them a call is refused, a kind's watch stands still, all streams end. The end is
// the same as without.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include <fmt/format.h>

#include "base/strings.h"
#include "client/conditions.h"
#include "client/finalizers.h"
#include "controllers/runtime/work_state.h"
#include "controllers/testing/harness.h"

namespace reeve::controllers {
namespace {

constexpr char kV1[] = "sha256-1";
constexpr char kV2[] = "sha256-2";

template <typename T>
std::string Ready(const T& object) {
  const v1::Condition* ready = client::FindCondition(object.status().conditions(), client::kReady);
  return ready == nullptr ? "-" : ready->reason();
}

std::string Words(const v1::Object& object) {
  if (object.has_site()) {
    const v1::SiteStatus& status = object.site().status();
    return fmt::format("{} {} {}", v1::SiteStatus::Phase_Name(status.phase()), Ready(object.site()),
                       status.blob());
  }
  if (object.has_instance()) {
    const v1::InstanceStatus& status = object.instance().status();
    return fmt::format("{} {} {} {}", object.instance().spec().host(), status.port(),
                       status.live_blob(), v1::InstanceStatus::Phase_Name(status.phase()));
  }
  if (object.has_domain()) {
    const auto& edges = object.domain().status().edges();
    return v1::DomainStatus::Phase_Name(object.domain().status().phase()) + " " +
           Join({edges.begin(), edges.end()}, ",");
  }
  if (object.has_port()) {
    return fmt::format("{} {}", object.port().spec().holder().name(),
                       object.port().status().history_size());
  }
  return "";
}

// What is there at the end, without what may differ: uids, revisions, times.
std::string EndState(const Estate& estate_in) {
  auto& estate = const_cast<Estate&>(estate_in);
  std::string out;
  std::multiset<std::string> works;
  for (const auto& [key, object] : estate.api().objects()) {
    if (key.kind == "Event" || key.kind == "Lease") continue;
    if (object.has_work()) {
      works.insert(fmt::format("Work {} {}\n", object.work().spec().host(),
                               object.work().spec().artifacts_size()));
    } else {
      out += ToString(key) + " " + Words(object) + "\n";
    }
  }
  for (const std::string& work : works) out += work;
  return out;
}

// At every moment: no copy has two ports, no two copies of a site share a host, no route leads to a
// copy without a Work.
void CheckInvariants(Estate* estate) {
  std::map<std::string, int> ports;
  std::set<std::string> seats, works;
  std::vector<const v1::Artifact::NginxSite*> routes;
  for (const auto& [key, object] : estate->api().objects()) {
    if (object.has_port() && object.port().spec().has_holder())
      ++ports[object.port().spec().holder().uid()];
    if (object.has_instance() && !object.instance().spec().host().empty()) {
      const std::string seat =
          object.instance().spec().site() + "@" + object.instance().spec().host();
      EXPECT_TRUE(seats.insert(seat).second) << seat;
    }
    if (!object.has_work()) continue;
    if (const auto* route = FindRoute(object.work().spec())) routes.push_back(route);
    if (!client::IsDeleting(object.work().metadata()))
      works.insert(client::FindController(object.work().metadata())->uid());
  }
  for (const auto& [uid, count] : ports) EXPECT_EQ(count, 1) << uid;
  for (const auto* route : routes) {
    if (!route->has_upstream()) continue;
    EXPECT_TRUE(works.contains(route->upstream().instance_uid())) << route->name();
  }
}

// What must come out even where a refusal may change who is first: which sites there are and how,
// and how many of each kind.
std::string Shape(const std::string& end) {
  std::map<std::string, int> kinds;
  std::string out;
  for (const std::string& line : Split(end, '\n')) {
    ++kinds[line.substr(0, line.find(' '))];
    if (line.rfind("Site ", 0) == 0) out += line + "\n";
  }
  kinds.erase("Port");
  for (const auto& [kind, count] : kinds) out += fmt::format("{} {}\n", count, kind);
  return out;
}

v1::Site On(v1::Site site, std::vector<std::string> hosts) {
  for (const std::string& host : hosts) site.mutable_spec()->mutable_placement()->add_hosts(host);
  return site;
}

// Called after every write, with its number.
using Disturb = std::function<void(Estate* estate, int write)>;

struct Played {
  std::string end;
  int writes = 0;
};

void Play(Estate* estate) {
  estate->AddHost("h1");
  estate->AddHost("h2");
  estate->Settle();
  estate->api().MustCreate(schema::Wrap(On(ProcessSite("blog", kV1, 2), {"h1", "h2"})));
  estate->api().MustCreate(schema::Wrap(On(StaticSite("pages", kV1), {"h2"})));
  estate->Settle();  // Which of two sites gets the lower port may depend on a disturbance; so only
                     // one asks.
  estate->api().MustCreate(schema::Wrap(On(ProcessSite("shop", kV1), {"h1"})));
  estate->Settle();
  estate->api().Edit<v1::Site>("default", "blog",
                               [](v1::Site* site) { site->mutable_spec()->set_blob(kV2); });
  estate->api().MustDelete({"Site", "default", "shop"});
  estate->Settle();
  estate->api().Edit<v1::Site>("default", "blog",
                               [](v1::Site* site) { site->mutable_spec()->set_replicas(1); });
  estate->api().MustCreate(schema::Wrap(On(ProcessSite("next", kV1), {"h1"})));
  estate->Settle();
}

bool IsOurs(const std::string& what) { return what.find(" Lease ") == std::string::npos; }

// Steps of the workload itself are not disturbed: only what happens within Settle is counted.
Played PlayWith(const Disturb& disturb, const std::function<absl::Status(int)>& before = nullptr,
                const std::function<absl::Status(int)>& after = nullptr) {
  Estate estate;
  Played run;
  bool stepping = false;
  estate.invariant = [&] { CheckInvariants(&estate); };
  estate.api().before_write = [&](const std::string& what) -> absl::Status {
    stepping = IsOurs(what) && what.rfind("Update Site", 0) != 0 &&
               what.find(" Host ") == std::string::npos && what.rfind("Create Site", 0) != 0 &&
               what.rfind("Delete Site", 0) != 0;
    if (!stepping) return absl::OkStatus();
    ++run.writes;
    return before == nullptr ? absl::OkStatus() : before(run.writes);
  };
  estate.api().after_write = [&](const std::string&) -> absl::Status {
    if (!stepping) return absl::OkStatus();
    if (disturb != nullptr) disturb(&estate, run.writes);
    return after == nullptr ? absl::OkStatus() : after(run.writes);
  };
  Play(&estate);
  run.end = EndState(estate);
  return run;
}

class RobustnessTest : public ::testing::Test {
 protected:
  const Played reference = PlayWith(nullptr);
};

TEST_F(RobustnessTest, TheWorkloadIsWorthDisturbing) {
  EXPECT_GT(reference.writes, 60);
  EXPECT_NE(reference.end.find("Port h1-tcp-20001 next-0 1"), std::string::npos) << reference.end;
}

TEST_F(RobustnessTest, CrashAfterEveryWrite) {
  for (int k = 1; k <= reference.writes; ++k) {
    const Played run = PlayWith([&](Estate* estate, int write) {
      if (write == k) estate->CrashSoon();
    });
    ASSERT_EQ(run.end, reference.end) << "crash after write " << k;
  }
}

TEST_F(RobustnessTest, EveryAnswerLost) {
  for (int k = 1; k <= reference.writes; ++k) {
    const Played run = PlayWith(nullptr, nullptr, [&](int write) {
      return write == k ? absl::UnavailableError("the answer is lost") : absl::OkStatus();
    });
    ASSERT_EQ(run.end, reference.end) << "answer of write " << k;
  }
}

TEST_F(RobustnessTest, EverySecondCallRefusedOnce) {
  for (int k = 1; k <= reference.writes; k += 2) {
    const Played run = PlayWith(nullptr, [&](int write) {
      return write == k ? absl::UnavailableError("not now") : absl::OkStatus();
    });
    ASSERT_EQ(Shape(run.end), Shape(reference.end)) << "refused write " << k;
  }
}

TEST_F(RobustnessTest, EveryKindsWatchStandsStillForAWhile) {
  for (const char* kind : {"Site", "Instance", "Domain", "Port", "Work", "Host"}) {
    for (int k = 1; k <= reference.writes; k += 16) {
      int frozen_at = 0;
      const Played run = PlayWith([&](Estate* estate, int write) {
        if (write == k) {
          estate->api().Freeze(kind);
          frozen_at = write;
        }
        if (frozen_at > 0 && write == frozen_at + 6) estate->api().Thaw();
      });
      ASSERT_EQ(run.end, reference.end) << kind << " still from write " << k;
    }
  }
}

TEST_F(RobustnessTest, AllStreamsEnd) {
  for (const absl::Status& status :
       {absl::UnavailableError("gone"), absl::OutOfRangeError("compacted")}) {
    for (int k = 1; k <= reference.writes; k += 4) {
      const Played run = PlayWith([&](Estate* estate, int write) {
        if (write == k) estate->api().BreakStreams(status);
      });
      ASSERT_EQ(run.end, reference.end) << status << " after write " << k;
    }
  }
}

}  // namespace
}  // namespace reeve::controllers
