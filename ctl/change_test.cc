// ctl patch, scale, label, annotate, edit, api-versions, auth whoami: kubectl's words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/editor.h"
#include "ctl/testing/run_fixture.h"

namespace reeve::ctl {
namespace {

using ::testing::HasSubstr;

class ChangeTest : public RunTest {
 protected:
  ChangeTest() {
    v1::Object site = SiteNamed("blog");
    site.mutable_site()->mutable_spec()->set_replicas(2);
    (*site.mutable_site()->mutable_metadata()->mutable_labels())["env"] = "prod";
    api_.Put(site);
  }

  const v1::Site& Blog() { return api_.Find({"Site", "default", "blog"})->site(); }
  // An editor that replaces one text by another.
  void Editing(std::vector<std::pair<std::string, std::string>> edits) {
    on_run = [this, edits, at = size_t{0}](const std::vector<std::string>& argv) mutable {
      std::ifstream in(argv.back());
      std::stringstream text;
      text << in.rdbuf();
      shown_ = text.str();
      editor_ = argv;
      if (at == edits.size()) return absl::OkStatus();
      std::string changed = shown_;
      const auto& [from, to] = edits[at++];
      if (const size_t found = changed.find(from); found != changed.npos)
        changed.replace(found, from.size(), to);
      std::ofstream(argv.back()) << (from.empty() ? to : changed);
      return absl::OkStatus();
    };
  }
  bool LeftFiles() const {
    for (const auto& entry : fs::directory_iterator(dir_)) {
      if (entry.path().filename().string().starts_with("ctl-edit-")) return true;
    }
    return false;
  }

  std::string shown_;
  std::vector<std::string> editor_;
};

TEST_F(ChangeTest, PatchSaysWhetherAnythingChanged) {
  EXPECT_EQ(Ctl({"patch", "site/blog", "-p", R"({"spec":{"replicas":3}})"}), 0);
  EXPECT_EQ(out_, "site/blog patched\n");
  EXPECT_EQ(Blog().spec().replicas(), 3);
  EXPECT_EQ(api_.last_patch.type(), v1::PatchRequest::STRATEGIC);
  EXPECT_EQ(api_.last_patch.field_manager(), "ctl");
  Ctl({"patch", "site", "blog", "-p", R"({"spec":{"replicas":3}})"});
  EXPECT_EQ(out_, "site/blog patched (no change)\n");
}

TEST_F(ChangeTest, PatchTypesAndFiles) {
  const std::string file =
      File("p.json", R"([{"op":"add","path":"/spec/domains/-","value":"x.test"}])");
  EXPECT_EQ(Ctl({"patch", "site/blog", "--type=json", "--patch-file", file}), 0);
  EXPECT_EQ(Blog().spec().domains_size(), 2);
  EXPECT_EQ(Ctl({"patch", "site/blog", "--type=merge", "--patch-file", "-"},
                R"({"spec":{"domains":["y.test"]}})"),
            0);
  EXPECT_EQ(Blog().spec().domains(0), "y.test");
  EXPECT_EQ(Blog().spec().domains_size(), 1);
  EXPECT_EQ(Ctl({"patch", "site/blog", "-p", "{}", "--subresource=status"}), 0);
  EXPECT_TRUE(api_.last_patch.status());
}

TEST_F(ChangeTest, PatchDryRuns) {
  const std::vector<std::string> patch = {"patch", "site/blog", "-p", R"({"spec":{"replicas":9}})"};
  std::vector<std::string> client = patch, server = patch;
  client.push_back("--dry-run=client");
  server.push_back("--dry-run=server");
  EXPECT_EQ(Ctl(client), 0);
  EXPECT_EQ(out_, "site/blog patched (dry run)\n");
  EXPECT_FALSE(api_.last_patch.has_key());
  EXPECT_EQ(Ctl(server), 0);
  EXPECT_EQ(out_, "site/blog patched (server dry run)\n");
  EXPECT_TRUE(api_.last_patch.dry_run());
  EXPECT_EQ(Blog().spec().replicas(), 2);
  client.insert(client.end(), {"-o", "jsonpath={.spec.replicas}"});
  Ctl(client);
  EXPECT_EQ(out_, "9");
}

TEST_F(ChangeTest, PatchRefusals) {
  EXPECT_EQ(Ctl({"patch", "site/blog"}), 1);
  EXPECT_EQ(err_, "error: must specify --patch or --patch-file, and not both\n");
  EXPECT_EQ(Ctl({"patch", "site/none", "-p", "{}"}), 1);
  EXPECT_EQ(err_, "Error from server (NotFound): sites \"none\" not found\n");
  EXPECT_EQ(Ctl({"patch", "site/blog", "-p", "{}", "--type=apply"}), 1);
  EXPECT_EQ(err_, "error: --type must be one of [json merge strategic], not \"apply\"\n");
  EXPECT_EQ(Ctl({"patch", "site/blog", "-p", R"({"spec":{"replica":1}})"}), 1);
  EXPECT_THAT(err_, HasSubstr("did you mean \"replicas\"?"));
  EXPECT_EQ(Ctl({"patch", "sites", "-p", "{}"}), 1);
  EXPECT_EQ(err_, "error: resource(s) were provided, but no name was specified\n");
}

TEST_F(ChangeTest, Scale) {
  EXPECT_EQ(Ctl({"scale", "site/blog", "--replicas=5"}), 0);
  EXPECT_EQ(out_, "site/blog scaled\n");
  EXPECT_EQ(Blog().spec().replicas(), 5);
  EXPECT_EQ(Ctl({"scale", "site/blog", "--current-replicas=2", "--replicas=3"}), 1);
  EXPECT_EQ(err_, "error: Expected replicas to be 2, was 5\n");
  EXPECT_EQ(Ctl({"scale", "site/blog", "--current-replicas=5", "--replicas=0"}), 0);
  EXPECT_EQ(Blog().spec().replicas(), 0);
  EXPECT_THAT(api_.last_patch.document(), HasSubstr("resourceVersion"));
  EXPECT_EQ(Ctl({"scale", "site/blog", "--replicas=-1"}), 1);
  EXPECT_EQ(err_,
            "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal "
            "to 0\n");
  api_.Put(HostNamed("h1"));
  EXPECT_EQ(Ctl({"scale", "host/h1", "--replicas=1"}), 1);
  EXPECT_EQ(err_, "error: hosts cannot be scaled: they have no spec.replicas\n");
}

TEST_F(ChangeTest, LabelOutcomes) {
  EXPECT_EQ(Ctl({"label", "site/blog", "team=web", "tier=a"}), 0);
  EXPECT_EQ(out_, "site/blog labeled\n");
  EXPECT_EQ(Blog().metadata().labels().at("team"), "web");
  Ctl({"label", "site/blog", "team=web"});
  EXPECT_EQ(out_, "site/blog not labeled\n");
  Ctl({"label", "site/blog", "team-"});
  EXPECT_EQ(out_, "site/blog unlabeled\n");
  EXPECT_FALSE(Blog().metadata().labels().contains("team"));
  Ctl({"label", "site/blog", "team-"});
  EXPECT_EQ(out_, "label \"team\" not found.\nsite/blog not labeled\n");
  Ctl({"label", "site/blog", "--list"});
  EXPECT_EQ(out_, "env=prod\ntier=a\n");
}

TEST_F(ChangeTest, LabelOverwritesOnlyWhenTold) {
  EXPECT_EQ(Ctl({"label", "site/blog", "env=dev"}), 1);
  EXPECT_EQ(err_, "error: 'env' already has a value (prod), and --overwrite is false\n");
  EXPECT_EQ(Ctl({"label", "site/blog", "env=dev", "--overwrite"}), 0);
  EXPECT_EQ(Blog().metadata().labels().at("env"), "dev");
  EXPECT_EQ(Ctl({"label", "sites", "--all", "env=x", "--overwrite", "--dry-run=server"}), 0);
  EXPECT_EQ(out_, "site/blog labeled (server dry run)\n");
  EXPECT_EQ(Blog().metadata().labels().at("env"), "dev");
}

TEST_F(ChangeTest, LabelRefusals) {
  EXPECT_EQ(Ctl({"label", "site/blog"}), 1);
  EXPECT_EQ(err_, "error: at least one label update is required\n");
  EXPECT_EQ(Ctl({"label", "site/blog", "a=1", "a-"}), 1);
  EXPECT_EQ(err_, "error: can not both modify and remove a label in the same command\n");
  EXPECT_EQ(Ctl({"label", "a=1", "site/blog"}), 1);
  EXPECT_EQ(err_, "error: all resources must be specified before label changes: site/blog\n");
  EXPECT_EQ(Ctl({"label", "site/blog", "a=not ok"}), 1);
  EXPECT_THAT(err_, HasSubstr("metadata.labels[a]"));
  EXPECT_EQ(Ctl({"label", "site/blog", "a=1", "--resource-version=1000"}), 1);
  EXPECT_THAT(err_, HasSubstr("Error from server (Conflict): "));
}

TEST_F(ChangeTest, Annotate) {
  EXPECT_EQ(Ctl({"annotate", "site/blog", "note=a b", "x.y/z="}), 0);
  EXPECT_EQ(out_, "site/blog annotated\n");
  EXPECT_EQ(Blog().metadata().annotations().at("note"), "a b");
  EXPECT_EQ(Ctl({"annotate", "site/blog", "note=c"}), 1);
  EXPECT_EQ(err_,
            "error: --overwrite is false but found the following declared annotation(s): 'note' "
            "already has a value (a b)\n");
  EXPECT_EQ(Ctl({"annotate", "site/blog", "note-"}), 0);
  EXPECT_FALSE(Blog().metadata().annotations().contains("note"));
}

TEST_F(ChangeTest, EditSendsWhatWasChanged) {
  Editing({{"replicas: 2", "replicas: 4"}});
  EXPECT_EQ(Ctl({"edit", "site/blog"}), 0);
  EXPECT_EQ(out_, "site/blog edited\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(api_.last_patch.document(), R"({"spec":{"replicas":4}})");
  EXPECT_EQ(Blog().status().ready_replicas(), 1);
  EXPECT_EQ(editor_[0], "vi");
  EXPECT_THAT(shown_, HasSubstr("# Please edit the object below."));
  EXPECT_FALSE(LeftFiles());
}

TEST_F(ChangeTest, EditCancelled) {
  Editing({});
  EXPECT_EQ(Ctl({"edit", "site", "blog"}), 0);
  EXPECT_EQ(out_, "Edit cancelled, no changes made.\n");
  Editing({{"", "# nothing\n\n"}});
  EXPECT_EQ(Ctl({"edit", "site", "blog"}), 0);
  EXPECT_EQ(out_, "Edit cancelled, saved file was empty.\n");
  EXPECT_FALSE(api_.last_patch.has_key());
  EXPECT_FALSE(LeftFiles());
}

TEST_F(ChangeTest, EditOpensAgainWithWhatIsWrong) {
  Editing({{"replicas: 2", "replica: 4"}, {"replica: 4", "replicas: 4"}});
  EXPECT_EQ(Ctl({"edit", "site/blog"}), 0);
  EXPECT_THAT(shown_, HasSubstr("did you mean \"replicas\"?"));
  EXPECT_EQ(Blog().spec().replicas(), 4);
}

TEST_F(ChangeTest, EditKeepsWhatIsNeverRight) {
  Editing({{"replicas: 2", "replicas: 1000"}});
  EXPECT_EQ(Ctl({"edit", "site/blog"}), 1);
  EXPECT_THAT(err_, HasSubstr("A copy of your changes has been stored to \"ctl-edit-"));
  EXPECT_THAT(err_, HasSubstr("error: Edit cancelled, no valid changes were saved.\n"));
  EXPECT_TRUE(LeftFiles());
  EXPECT_EQ(Blog().spec().replicas(), 2);
}

TEST_F(ChangeTest, EditorsComeFromTheEnvironment) {
  std::istringstream in;
  std::ostringstream out;
  Io io{.in = in, .out = out, .err = out};
  EXPECT_EQ(EditorOf(io), std::vector<std::string>{"vi"});
  io.env = [](std::string_view name) { return name == "EDITOR" ? "nano  -w" : ""; };
  EXPECT_EQ(EditorOf(io), (std::vector<std::string>{"nano", "-w"}));
  EXPECT_TRUE(RunOnTerminal({"true"}).ok());
  EXPECT_FALSE(RunOnTerminal({"false"}).ok());
  EXPECT_FALSE(RunOnTerminal({"/no/such/editor"}).ok());
}

TEST_F(ChangeTest, WhoAmIAndVersions) {
  EXPECT_EQ(Ctl({"auth", "whoami"}), 0);
  EXPECT_EQ(out_,
            "ATTRIBUTE   VALUE\n"
            "Username    admin\n"
            "Groups      [system:masters system:authenticated]\n");
  EXPECT_EQ(Ctl({"api-versions"}), 0);
  EXPECT_EQ(out_, "reeve/v1\n");
}

}  // namespace
}  // namespace reeve::ctl
