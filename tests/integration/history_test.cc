// The past of objects, on the real store and over the wire, through a restart of the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "base/testing/status_matchers.h"
#include "proto/schema/object.h"
#include "tests/integration/estate.h"

namespace reeve::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

std::string Manifest(int replicas, const std::string& domain) {
  return fmt::format(R"(apiVersion: reeve/v1
kind: Site
metadata:
  name: blog
  labels:
    tier: gold
spec:
  type: Static
  replicas: {}
  domains:
    - {}
)",
                     replicas, domain);
}

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() { EXPECT_OK(estate_.Start()); }

  // The revision after it.
  int64_t Apply(const std::string& manifest) {
    const Said said = estate_.Ctl({"apply", "-f", "-"}, manifest);
    EXPECT_EQ(said.code, 0) << said.err;
    return estate_.Revision();
  }
  std::string Out(const std::vector<std::string>& argv) {
    const Said said = estate_.Ctl(argv);
    EXPECT_EQ(said.code, 0) << said.err;
    return said.out;
  }
  v1::Object Blog() {
    const absl::StatusOr<v1::Object> object = estate_.api()->Get({"Site", "default", "blog"});
    EXPECT_OK(object);
    return object.ok() ? *object : v1::Object();
  }
  void SetReady(int ready) {
    v1::UpdateRequest request;
    *request.mutable_object() = Blog();
    request.mutable_object()->mutable_site()->mutable_status()->set_ready_replicas(ready);
    EXPECT_OK(estate_.api()->UpdateStatus(request));
  }
  // MANAGER and CHANGE of each line.
  std::vector<std::string> Changes(std::vector<std::string> argv) {
    argv.push_back("--no-headers");
    std::vector<std::string> lines;
    for (const std::string& line : Split(Trim(Out(argv)), '\n')) {
      std::vector<std::string> words = Split(line, ' ');
      std::erase(words, "");
      words.erase(words.begin(), words.begin() + 2);
      lines.push_back(Join(words, " "));
    }
    return lines;
  }

  Estate estate_;
};

TEST_F(HistoryTest, SurvivesTheServerAndTheObject) {
  const int64_t made = Apply(Manifest(1, "a.example.test"));
  for (int ready = 1; ready <= 3; ++ready) SetReady(ready);
  const int64_t scaled = Apply(Manifest(2, "a.example.test"));
  ASSERT_OK(estate_.server().Stop());
  ASSERT_OK(estate_.server().Start());
  Apply(Manifest(2, "b.example.test"));
  const std::vector<std::string> folded = {
      "ctl created", "admin status (3 versions)", "ctl spec.replicas",
      "ctl spec.domains[\"a.example.test\"], spec.domains[\"b.example.test\"]"};
  EXPECT_EQ(Changes({"history", "site/blog"}), folded);
  EXPECT_EQ(Changes({"history", "site", "blog", "--all"}).size(), 6u);
  EXPECT_EQ(
      Out({"get", "site/blog", "--at", std::to_string(made), "-o", "jsonpath={.spec.replicas}"}),
      "1");
  EXPECT_EQ(Out({"get", "site/blog", "--at", std::to_string(scaled), "-o",
                 "jsonpath={.spec.domains[*]}"}),
            "a.example.test");
  EXPECT_EQ(Out({"get", "site/blog", "--at", "0s", "-o", "name"}), "site/blog\n");
  const Said before = estate_.Ctl({"get", "site/blog", "--at", std::to_string(made - 1)});
  EXPECT_EQ(before.code, 1);
  EXPECT_EQ(before.err, fmt::format("Error from server (NotFound): sites \"blog\" not found at "
                                    "revision {}: it was created at revision {}\n",
                                    made - 1, made));
  EXPECT_THAT(estate_.Ctl({"get", "site/blog", "--at", "999999"}).err,
              HasSubstr("Error from server (Expired): revision 999999 is ahead of the store"));
  Out({"delete", "site/blog"});
  EXPECT_EQ(Changes({"history", "site/blog"}).back(), "admin deleted");
  EXPECT_EQ(Out({"get", "site/blog", "--at", std::to_string(made), "-o", "name"}), "site/blog\n");
  EXPECT_THAT(Out({"history", "site/blog", "-o", "yaml"}),
              MatchesRegex("versions:\n- revision: [0-9]+\n  time: \"[^\"]+\"\n  manager: "
                           "\"admin\"\n  deleted: true\n  object:\n    apiVersion: reeve/v1\n.*"));
  EXPECT_THAT(Out({"history", "site/blog", "-o", "json"}), HasSubstr("\"deleted\": true"));
}

// What undo sends says which version it looked at: whoever changed the object meanwhile is not
// overwritten, although undo takes fields by force.
TEST_F(HistoryTest, AnUndoOfWhatHasChangedMeanwhileIsRefused) {
  Apply(Manifest(1, "a.example.test"));
  v1::ApplyRequest undo;
  undo.set_field_manager("ctl");
  undo.set_force(true);
  *undo.add_objects() = Blog();
  undo.mutable_objects(0)->mutable_site()->mutable_spec()->set_replicas(5);
  Apply(Manifest(3, "b.example.test"));
  EXPECT_TRUE(absl::IsAborted(estate_.api()->Apply(undo).status()));
  EXPECT_EQ(Blog().site().spec().replicas(), 3);
}

TEST_F(HistoryTest, UndoGivesEveryFieldItsOldOwner) {
  Apply(Manifest(1, "a.example.test"));
  const int64_t good = estate_.Revision();
  Apply(Manifest(3, "b.example.test"));
  SetReady(2);
  EXPECT_EQ(Out({"undo", "site/blog", "--dry-run=server"}),
            fmt::format("site/blog rolled back to revision {} (server dry run)\n", good));
  EXPECT_EQ(Blog().site().spec().replicas(), 3);
  EXPECT_EQ(Out({"undo", "site/blog"}),
            fmt::format("site/blog rolled back to revision {}\n", good));
  EXPECT_EQ(Blog().site().spec().replicas(), 1);
  EXPECT_EQ(Blog().site().spec().domains(0), "a.example.test");
  EXPECT_EQ(Blog().site().status().ready_replicas(), 2);
  // The old file says what is there; a new one meets no conflict, and removes what it drops.
  EXPECT_EQ(estate_.Ctl({"apply", "-f", "-"}, Manifest(1, "a.example.test")).out,
            "site/blog unchanged\n");
  const Said next = estate_.Ctl({"apply", "-f", "-"}, Manifest(2, "c.example.test"));
  EXPECT_EQ(next.out, "site/blog configured\n") << next.err;
  EXPECT_EQ(Blog().site().spec().domains_size(), 1);
  // Undone twice is as before.
  Out({"undo", "site/blog"});
  EXPECT_EQ(Blog().site().spec().replicas(), 1);
  Out({"undo", "site/blog"});
  EXPECT_EQ(Blog().site().spec().replicas(), 2);
}

TEST_F(HistoryTest, UndoOfWhatSeveralWrote) {
  Apply(Manifest(1, "a.example.test"));
  const int64_t good = estate_.Revision();
  v1::UpdateRequest scale;
  *scale.mutable_object() = Blog();
  scale.mutable_object()->mutable_site()->mutable_spec()->set_replicas(5);
  scale.set_field_manager("scaler");
  ASSERT_OK(estate_.api()->Update(scale));
  const int64_t scaled = estate_.Revision();
  Apply("apiVersion: reeve/v1\nkind: Site\nmetadata: {name: blog}\nspec: {type: Static}\n");
  EXPECT_EQ(Blog().site().spec().domains_size(), 0);
  Out({"undo", "site/blog", "--to", std::to_string(scaled)});
  EXPECT_EQ(Blog().site().spec().replicas(), 5);
  EXPECT_EQ(Blog().site().spec().domains_size(), 1);
  Out({"undo", "site/blog", "--to", std::to_string(good)});
  EXPECT_EQ(Blog().site().spec().replicas(), 1);
}

TEST_F(HistoryTest, UndoRefusals) {
  Apply(Manifest(1, "a.example.test"));
  const int64_t made = estate_.Revision();
  Said said = estate_.Ctl({"undo", "site/blog"});
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.err,
            "error: nothing to undo: no version of site/blog with another spec is kept\n");
  said = estate_.Ctl({"undo", "site/blog", "--to", std::to_string(made)});
  EXPECT_EQ(said.err,
            fmt::format("error: nothing to undo: site/blog is as it was at revision {}\n", made));
  said = estate_.Ctl({"undo", "site/blog", "--to", std::to_string(made - 1)});
  EXPECT_EQ(said.err,
            fmt::format("error: the history of site/blog is kept from revision {} on\n", made));
  EXPECT_EQ(estate_.Ctl({"undo", "site/none"}).err,
            "Error from server (NotFound): sites \"none\" not found\n");
  // Somebody else has the hostname now.
  Apply(Manifest(1, "b.example.test"));
  std::string other = Manifest(1, "a.example.test");
  other.replace(other.find("blog"), 4, "shop");
  Apply(other);
  said = estate_.Ctl({"undo", "site/blog"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.err, HasSubstr("\"a.example.test\" is held by Site default/shop"));
  EXPECT_EQ(Blog().site().spec().domains(0), "b.example.test");
}

TEST_F(HistoryTest, UndoMakesADeletedObjectAgain) {
  Apply(Manifest(2, "a.example.test"));
  const std::string uid = Blog().site().metadata().uid();
  const int64_t last = estate_.Revision();
  Out({"delete", "site/blog"});
  EXPECT_EQ(Out({"undo", "site/blog"}),
            fmt::format("site/blog made again from revision {}\n", last));
  EXPECT_NE(Blog().site().metadata().uid(), uid);
  EXPECT_EQ(Blog().site().metadata().labels().at("tier"), "gold");
  EXPECT_EQ(estate_.Ctl({"apply", "-f", "-"}, Manifest(2, "a.example.test")).out,
            "site/blog unchanged\n");
}

TEST_F(HistoryTest, DiffOfManifestsAndOfMoments) {
  const int64_t made = Apply(Manifest(1, "a.example.test"));
  Said said = estate_.Ctl({"diff", "-f", "-"}, Manifest(1, "a.example.test"));
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "");
  said = estate_.Ctl({"diff", "-f", "-"}, Manifest(2, "a.example.test"));
  EXPECT_EQ(said.code, 1) << said.err;
  EXPECT_THAT(said.out, HasSubstr("\n-  replicas: 1\n+  replicas: 2\n"));
  EXPECT_THAT(said.out, HasSubstr("/reeve.v1.Site.default.blog\t"));
  EXPECT_EQ(estate_.Revision(), made);
  said = estate_.Ctl({"diff", "-f", "-"}, "kind: Nonsense\n");
  EXPECT_EQ(said.code, 2);
  EXPECT_EQ(estate_.Ctl({"diff", "--bogus"}).code, 2);
  EXPECT_EQ(estate_.Ctl({"diff"}).code, 2);
  const int64_t scaled = Apply(Manifest(2, "a.example.test"));
  const std::vector<std::string> span = {"diff", "site/blog", "--from", std::to_string(made)};
  said = estate_.Ctl(span);
  EXPECT_EQ(said.code, 1) << said.err;
  EXPECT_THAT(said.out, HasSubstr("\n-  replicas: 1\n+  replicas: 2\n"));
  std::vector<std::string> same = span;
  same.insert(same.end(), {"--to", std::to_string(scaled - 1)});
  EXPECT_EQ(estate_.Ctl(same).code, 0);
  // It was not there: all of it is new.
  said = estate_.Ctl({"diff", "site/blog", "--from", std::to_string(made - 1)});
  EXPECT_EQ(said.code, 1) << said.err;
  EXPECT_THAT(said.out, Not(testing::ContainsRegex("\n-[^-]")));
  EXPECT_EQ(estate_.Ctl({"diff", "site/none", "--from", "1"}).code, 2);
}

TEST_F(HistoryTest, BlameSaysWhoAndSinceWhen) {
  const int64_t made = Apply(Manifest(1, "a.example.test"));
  v1::UpdateRequest scale;
  *scale.mutable_object() = Blog();
  scale.mutable_object()->mutable_site()->mutable_spec()->set_replicas(5);
  scale.set_field_manager("scaler");
  ASSERT_OK(estate_.api()->Update(scale));
  const int64_t scaled = estate_.Revision();
  SetReady(1);
  const std::string out = Out({"blame", "site/blog"});
  EXPECT_THAT(out, MatchesRegex("MANAGER +REVISION +AGE +FIELD\n.*"));
  const auto line = [](const std::string& manager, int64_t revision, const std::string& field) {
    return testing::ContainsRegex(
        fmt::format("\n{} +{} +[0-9]+m?s +{}\n", manager, revision, field));
  };
  EXPECT_THAT(out, line("scaler", scaled, "  replicas: 5"));
  EXPECT_THAT(out, line("ctl", made, "    tier: gold"));
  EXPECT_THAT(out, line("ctl", made, "  - a.example.test"));
  EXPECT_THAT(out, testing::ContainsRegex("\n +name: blog\n"));
}

}  // namespace
}  // namespace reeve::integration
