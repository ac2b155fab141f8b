// Whole invocations against a server in memory: what is printed, and where, and the exit code.
#include "ctl/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/golden.h"
#include "ctl/testing/run_fixture.h"
#include "proto/schema/phases.h"
#include "proto/schema/validate.h"

namespace reeve::ctl {
namespace {

using ::testing::HasSubstr;

TEST_F(RunTest, GetPrintsATable) {
  api_.Put(SiteNamed("blog"));
  api_.Put(SiteNamed("a-longer-name"));
  EXPECT_EQ(Ctl({"get", "sites"}), 0);
  EXPECT_EQ(out_,
            "NAME            READY   DOMAINS                      PHASE    AGE\n"
            "a-longer-name   1/2     a-longer-name.example.test   Active   41s\n"
            "blog            1/2     blog.example.test            Active   41s\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(connected_.endpoint, "127.0.0.1:7443");
}

TEST_F(RunTest, GetFitsATerminal) {
  tty_ = true;
  api_.Put(SiteNamed("a-longer-name"));
  Ctl({"get", "sites"});
  EXPECT_EQ(out_,
            "NAME            READY   DOMAINS                 PHASE    AGE\n"
            "a-longer-name   1/2     a-longer-name.exampl…   Active   41s\n");
}

TEST_F(RunTest, ColorOnlyOnATerminal) {
  constexpr std::string_view kEscape = "\x1b[";
  api_.Put(SiteNamed("blog"));
  const auto colored = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"get", "sites"});
    EXPECT_EQ(Ctl(more), 0);
    return out_.find(kEscape) != out_.npos;
  };
  env_.clear();
  EXPECT_FALSE(colored({}));
  EXPECT_TRUE(colored({"--color=always"}));
  tty_ = true;
  EXPECT_TRUE(colored({}));
  EXPECT_FALSE(colored({"--color=never"}));
  EXPECT_FALSE(colored({"-o", "yaml"}));
  env_["NO_COLOR"] = "1";
  EXPECT_FALSE(colored({}));
  EXPECT_TRUE(colored({"--color", "always"}));
  env_ = {{"TERM", "dumb"}};
  EXPECT_FALSE(colored({}));
  EXPECT_EQ(Ctl({"get", "sites", "--color=sometimes"}), 1);
  EXPECT_THAT(err_, HasSubstr("must be one of auto, always, never"));
}

TEST_F(RunTest, ANamespaceThatIsNotThereIsTold) {
  v1::Namespace ns;
  ns.mutable_metadata()->set_name("shops");
  api_.Put(schema::Wrap(ns));
  EXPECT_EQ(Ctl({"get", "sites", "-n", "shop"}), 0);
  EXPECT_EQ(err_,
            "No resources found in shop namespace.\n"
            "Warning: there is no namespace \"shop\"; did you mean \"shops\"?\n");
  Ctl({"get", "sites", "-n", "shops"});
  EXPECT_EQ(err_, "No resources found in shops namespace.\n");
}

TEST_F(RunTest, WordsThatAreNoChoiceAreRefused) {
  EXPECT_EQ(Ctl({"events", "--types=Nope"}), 1);
  EXPECT_EQ(err_,
            "error: invalid argument \"Nope\" for \"--types\": must be one of Normal, Warning\n"
            "See 'ctl events --help' for usage.\n");
  EXPECT_EQ(Ctl({"events", "--types=Normal,Warnin"}), 1);
  EXPECT_THAT(err_, HasSubstr("did you mean \"Warning\"?"));
  EXPECT_EQ(Ctl({"events", "--types=Normal,Warning"}), 0);
  api_.Put(SiteNamed("blog"));
  EXPECT_EQ(Ctl({"delete", "site/blog", "--dry-run=sever"}), 1);
  EXPECT_NE(api_.Find({"Site", "default", "blog"}), nullptr);
  EXPECT_EQ(Ctl({"get", "instances,domain/x"}), 1);
  EXPECT_EQ(err_,
            "error: arguments in resource/name form must have a single resource and name: "
            "\"instances,domain/x\"\n");
}

TEST_F(RunTest, GetWideAndLabels) {
  v1::Object site = SiteNamed("blog");
  (*site.mutable_site()->mutable_metadata()->mutable_labels())["app"] = "web";
  SetReady(&site, v1::Condition::False, "NoContent", "no blob");
  api_.Put(site);
  Ctl({"get", "site", "blog", "-o", "wide", "--show-labels", "--no-headers"});
  EXPECT_EQ(out_,
            "blog   1/2   blog.example.test   Active   41s   Static   <none>   False (NoContent)   "
            "app=web\n");
}

TEST_F(RunTest, GetSeveralKindsAndNamespaces) {
  api_.Put(SiteNamed("blog"));
  api_.Put(SiteNamed("shop", "shops"));
  api_.Put(HostNamed("h1"));
  Ctl({"get", "sites,hosts"});
  EXPECT_EQ(out_,
            "NAME        READY   DOMAINS             PHASE    AGE\n"
            "site/blog   1/2     blog.example.test   Active   41s\n"
            "\n"
            "NAME      READY     ADDRESS    CORDONED   VERSION   AGE\n"
            "host/h1   Unknown   10.0.0.1   false      <none>    41s\n");
  Ctl({"get", "sites", "-A"});
  EXPECT_EQ(out_,
            "NAMESPACE   NAME   READY   DOMAINS             PHASE    AGE\n"
            "default     blog   1/2     blog.example.test   Active   41s\n"
            "shops       shop   1/2     shop.example.test   Active   41s\n");
  Ctl({"get", "sites", "--context", "prod", "-o", "name"});
  EXPECT_EQ(out_, "site/shop\n");
}

TEST_F(RunTest, GetNothing) {
  EXPECT_EQ(Ctl({"get", "sites"}), 0);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_, "No resources found in default namespace.\n");
  Ctl({"get", "hosts"});
  EXPECT_EQ(err_, "No resources found\n");
  EXPECT_EQ(Ctl({"get", "site", "blog"}), 1);
  EXPECT_EQ(err_, "Error from server (NotFound): sites \"blog\" not found\n");
  EXPECT_EQ(Ctl({"get", "site", "blog", "--ignore-not-found"}), 0);
  EXPECT_EQ(err_, "");
}

TEST_F(RunTest, GetSomeOfSeveral) {
  api_.Put(SiteNamed("blog"));
  EXPECT_EQ(Ctl({"get", "site", "blog", "none", "-o", "name"}), 1);
  EXPECT_EQ(out_, "site/blog\n");
  EXPECT_EQ(err_, "Error from server (NotFound): sites \"none\" not found\n");
}

TEST_F(RunTest, GetRefusals) {
  EXPECT_EQ(Ctl({"get", "foos"}), 1);
  EXPECT_EQ(err_, "error: the server doesn't have a resource type \"foos\"\n");
  Ctl({"get", "sites", "-o", "bogus"});
  EXPECT_THAT(
      err_, HasSubstr("error: unable to match a printer suitable for the output format \"bogus\""));
  Ctl({"get", "site", "blog", "-A"});
  EXPECT_EQ(err_, "error: a resource cannot be retrieved by name across all namespaces\n");
}

TEST_F(RunTest, GetYamlReadsBack) {
  api_.Put(SiteNamed("blog"));
  Ctl({"get", "site", "blog", "-o", "yaml"});
  EXPECT_THAT(out_, testing::StartsWith("apiVersion: reeve/v1\nkind: Site\n"));
  const std::string yaml = out_;
  EXPECT_EQ(Ctl({"apply", "-f", "-"}, yaml), 0);
  EXPECT_EQ(out_, "site/blog unchanged\n");
  EXPECT_THAT(err_, HasSubstr("Warning: "));  // What the server owns is ignored, and said so.
  Ctl({"get", "sites", "-o", "json"});
  EXPECT_THAT(out_, HasSubstr("\"kind\": \"List\""));
}

TEST_F(RunTest, GetJsonPath) {
  api_.Put(SiteNamed("blog"));
  Ctl({"get", "site", "blog", "-o",
       "jsonpath={.metadata.name} {.spec.domains[*]} {.status.replicas}"});
  EXPECT_EQ(out_, "blog blog.example.test 2");
}

TEST_F(RunTest, GetJsonPathOfAList) {
  api_.Put(SiteNamed("blog"));
  api_.Put(SiteNamed("shop"));
  Ctl({"get", "sites", "-o", "jsonpath={range .items[*]}{.metadata.name}{\"\\n\"}{end}"});
  EXPECT_EQ(out_, "blog\nshop\n");
  Ctl({"get", "sites", "-o", R"(jsonpath={.items[?(@.metadata.name=="shop")].spec.domains})"});
  EXPECT_EQ(out_, "[\"shop.example.test\"]");
  Ctl({"get", "site/blog", "-o", "jsonpath-file=" + File("t", "{.kind}={.metadata.name}\n")});
  EXPECT_EQ(out_, "Site=blog\n");
}

TEST_F(RunTest, GetCustomColumns) {
  api_.Put(SiteNamed("blog"));
  api_.Put(HostNamed("h1"));
  Ctl({"get", "sites,hosts", "-o",
       "custom-columns=NAME:.metadata.name,PHASE:{.status.phase},N:status.replicas"});
  EXPECT_EQ(out_, "NAME   PHASE    N\nblog   Active   2\nh1     <none>   <none>\n");
  Ctl({"get", "site/blog", "--no-headers", "-o",
       "custom-columns-file=" + File("c", "NAME DOMAINS\n.metadata.name  .spec.domains[*]\n")});
  EXPECT_EQ(out_, "blog   blog.example.test\n");
  Ctl({"get", "site/blog", "-o", "custom-columns=X:.metadata['name','namespace'],Y:.kind"});
  EXPECT_EQ(out_, "X              Y\nblog,default   Site\n");
}

TEST_F(RunTest, TemplatesThatAreWrong) {
  api_.Put(SiteNamed("blog"));
  const auto error = [&](const std::string& output) {
    EXPECT_EQ(Ctl({"get", "site/blog", "-o", output}), 1);
    EXPECT_EQ(out_, "");
    return err_;
  };
  EXPECT_EQ(error("jsonpath={.spec"),
            "error: error parsing jsonpath {.spec: column 1: '{' without its '}'\n");
  EXPECT_EQ(error("jsonpath={.spec.domains[7]}"),
            "error: error executing jsonpath: array index out of bounds: index 7, length 1\n");
  EXPECT_EQ(error("jsonpath"), "error: jsonpath format specified but no template given\n");
  EXPECT_EQ(error("custom-columns=NAME"),
            "error: unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>\n");
  EXPECT_EQ(error("custom-columns-file=" + File("c", "A B\n.a\n")),
            "error: number of headers (2) and field specifications (1) don't match\n");
  EXPECT_THAT(error("custom-columns-file=/none"), HasSubstr("/none"));
  EXPECT_THAT(error("jsonpth={.a}"), HasSubstr("; did you mean \"jsonpath\"?"));
}

TEST_F(RunTest, WatchPrintsRowsAsTheyCome) {
  api_.Put(SiteNamed("blog"));
  int changes = 0;
  api_.on_idle = [&] {
    if (++changes > 2) return;
    v1::Object site = *api_.Find({"Site", "default", "blog"});
    site.mutable_site()->mutable_status()->set_phase(changes == 1 ? v1::SiteStatus::DomainPending
                                                                  : v1::SiteStatus::Failed);
    api_.Put(site);
  };
  EXPECT_EQ(Ctl({"get", "sites", "-w", "--timeout", "10ms"}), 0);
  EXPECT_EQ(out_,
            "NAME   READY   DOMAINS             PHASE    AGE\n"
            "blog   1/2     blog.example.test   Active   41s\n"
            "blog   1/2     blog.example.test   DomainPending   41s\n"
            "blog   1/2     blog.example.test   Failed          41s\n");
}

TEST_F(RunTest, ApplyCreatesThenConfiguresThenLeavesAlone) {
  const std::string file = File("site.yaml", kSite);
  EXPECT_EQ(Ctl({"apply", "-f", file}), 0);
  EXPECT_EQ(out_, "site/blog created\n");
  EXPECT_EQ(api_.last_apply.field_manager(), "ctl");
  EXPECT_THAT(api_.last_apply.mentioned(0).paths(), testing::Contains("spec.domains[0]"));
  Ctl({"apply", "-f", file});
  EXPECT_EQ(out_, "site/blog unchanged\n");
  File("site.yaml", std::string(kSite) + "    - www.example.test\n");
  Ctl({"apply", "-f", file});
  EXPECT_EQ(out_, "site/blog configured\n");
}

TEST_F(RunTest, ApplyDryRuns) {
  const std::string file = File("site.yaml", kSite);
  EXPECT_EQ(Ctl({"apply", "-f", file, "--dry-run=server"}), 0);
  EXPECT_EQ(out_, "site/blog created (server dry run)\n");
  EXPECT_EQ(api_.Find({"Site", "default", "blog"}), nullptr);
  connected_ = {};
  EXPECT_EQ(Ctl({"apply", "-f", file, "--dry-run=client"}), 0);
  EXPECT_EQ(out_, "site/blog applied (dry run)\n");
  EXPECT_EQ(Ctl({"create", "-f", file, "--dry-run=client"}), 0);
  EXPECT_EQ(out_, "site/blog created (dry run)\n");
  std::string wrong(kSite);
  wrong.replace(wrong.find("replicas: 2"), 11, "replicas: 101");
  EXPECT_EQ(Ctl({"apply", "-f", File("wrong.yaml", wrong), "--dry-run=client"}), 1);
  EXPECT_THAT(err_, testing::StartsWith("wrong.yaml:7:"));
  EXPECT_EQ(connected_.endpoint, "") << "a dry run at the client asks no server";
  EXPECT_EQ(Ctl({"apply", "-f", file, "--dry-run=maybe"}), 1);
  EXPECT_EQ(err_,
            "error: Invalid dry-run value (maybe). Must be \"none\", \"server\", or \"client\".\n");
}

TEST_F(RunTest, ApplyDirectoriesAndManyDocuments) {
  File("dir/b.yaml",
       std::string(kSite) + "---\napiVersion: reeve/v1\nkind: Host\nmetadata:\n  name: h1\n");
  File("dir/a.yml", "apiVersion: reeve/v1\nkind: Namespace\nmetadata:\n  name: shops\n");
  File("dir/sub/c.yaml", "apiVersion: reeve/v1\nkind: Namespace\nmetadata:\n  name: deep\n");
  File("dir/readme.txt", "not a manifest");
  EXPECT_EQ(Ctl({"apply", "-f", (dir_ / "dir").string()}), 0);
  EXPECT_EQ(out_, "namespace/shops created\nsite/blog created\nhost/h1 created\n");
  Ctl({"apply", "-R", "-f", (dir_ / "dir").string()});
  EXPECT_THAT(out_, HasSubstr("namespace/deep created\n"));
}

TEST_F(RunTest, ApplyRefusals) {
  EXPECT_EQ(Ctl({"apply", "-f", "/nowhere.yaml"}), 1);
  EXPECT_EQ(err_, "error: the path \"/nowhere.yaml\" does not exist\n");
  Ctl({"apply"});
  EXPECT_EQ(err_, "error: must specify -f: a file, a directory, or - for standard input\n");
  const std::string file = File("site.yaml", std::string(kSite) + "    - b.example.test\n");
  std::string other(kSite);
  other.replace(other.find("name: blog"), 10, "name: blog\n  namespace: shops");
  Ctl({"apply", "-n", "default", "-f", "-"}, other);
  EXPECT_THAT(err_, HasSubstr("the namespace from the provided object \"shops\" does not match the "
                              "namespace \"default\""));
}

// A manifest's own mistakes, found before anything is sent: all of them, at their places.
TEST_F(RunTest, ApplyLocatesMistakes) {
  std::string text(kSite);
  text.replace(text.find("replicas: 2"), 11, "replcas: two");
  const std::string file = File("site.yaml", text);
  EXPECT_EQ(Ctl({"apply", "-f", file}), 1);
  EXPECT_THAT(err_, testing::StartsWith("site.yaml:7:3: "));
  EXPECT_THAT(err_, HasSubstr("replicas"));
  EXPECT_EQ(out_, "");
}

// What the server finds comes back with field paths, and is shown at the places of the manifest.
TEST_F(RunTest, ApplyLocatesWhatTheServerFinds) {
  v1::FieldViolation replicas;
  replicas.set_field("spec.replicas");
  replicas.set_message("must be at least 1");
  replicas.set_object("Site default/blog");
  v1::FieldViolation domain;
  domain.set_field("spec.domains[0]");
  domain.set_message("is held by Site shops/other");
  domain.set_object("Site default/blog");
  api_.refusal = schema::ToStatus({replicas, domain}, {"Site", "default", "blog"});
  EXPECT_EQ(Ctl({"apply", "-f", File("site.yaml", kSite)}), 1);
  EXPECT_EQ(err_,
            "site.yaml:7:3: spec.replicas: must be at least 1\n"
            "site.yaml:9:7: spec.domains[0]: is held by Site shops/other\n");
}

TEST_F(RunTest, ApplyWaits) {
  const std::string file = File("site.yaml", kSite);
  api_.on_idle = [&] {
    v1::Object site = *api_.Find({"Site", "default", "blog"});
    SetReady(&site, v1::Condition::True, "", "");
    api_.Put(site);
  };
  EXPECT_EQ(Ctl({"apply", "-f", file, "--wait"}), 0);
  api_.on_idle = nullptr;
  v1::Object site = *api_.Find({"Site", "default", "blog"});
  SetReady(&site, v1::Condition::False, "NoHost", "no host is ready");
  api_.Put(site);
  EXPECT_EQ(Ctl({"apply", "-f", file, "--wait", "--timeout=10ms"}), 1);
  EXPECT_EQ(err_, "error: timed out waiting for site/blog to be Ready: NoHost: no host is ready\n");
}

TEST_F(RunTest, CreateTwice) {
  const std::string file = File("site.yaml", kSite);
  EXPECT_EQ(Ctl({"create", "-f", file}), 0);
  EXPECT_EQ(out_, "site/blog created\n");
  EXPECT_EQ(Ctl({"create", "-f", file}), 1);
  EXPECT_EQ(err_,
            "Error from server (AlreadyExists): error when creating \"site.yaml\": sites \"blog\" "
            "already exists\n");
}

TEST_F(RunTest, Delete) {
  api_.Put(SiteNamed("blog"));
  EXPECT_EQ(Ctl({"delete", "site/blog", "--dry-run=client"}), 0);
  EXPECT_EQ(out_, "site \"blog\" deleted (dry run)\n");
  EXPECT_EQ(Ctl({"delete", "site", "blog"}), 0);
  EXPECT_EQ(out_, "site \"blog\" deleted\n");
  EXPECT_EQ(Ctl({"delete", "site", "blog"}), 1);
  EXPECT_EQ(err_, "Error from server (NotFound): sites \"blog\" not found\n");
  EXPECT_EQ(Ctl({"delete", "site", "blog", "--ignore-not-found"}), 0);
  EXPECT_EQ(out_ + err_, "");
  EXPECT_EQ(Ctl({"delete", "sites"}), 1);
  EXPECT_EQ(err_, "error: resource(s) were provided, but no name was specified\n");
  Ctl({"delete", "sites", "--all"});
  EXPECT_EQ(err_, "No resources found\n");
}

// What kubectl apply --prune does:
// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/
TEST_F(RunTest, ApplyPrunesWhatTheManifestsNoLongerHold) {
  const auto site = [](const std::string& name) {
    return "apiVersion: reeve/v1\nkind: Site\nmetadata:\n  name: " + name +
           "\nspec:\n  type: Static\n---\n";
  };
  api_.Put(SiteNamed("bystander"));
  std::string file = File("sites.yaml", site("a") + site("b") + site("c"));
  EXPECT_EQ(Ctl({"apply", "-f", file, "--prune", "--applyset=shop"}), 0);
  EXPECT_EQ(out_, "site/a created\nsite/b created\nsite/c created\n");
  EXPECT_THAT(std::vector<std::string>(api_.last_apply.mentioned(0).paths().begin(),
                                       api_.last_apply.mentioned(0).paths().end()),
              testing::Contains("metadata.labels[reeve/part-of]"));
  file = File("sites.yaml", site("a"));
  EXPECT_EQ(Ctl({"apply", "-f", file, "--prune", "--applyset=shop", "--dry-run=server"}), 0);
  EXPECT_EQ(out_,
            "site/a unchanged (server dry run)\nsite/b pruned (server dry run)\n"
            "site/c pruned (server dry run)\n");
  EXPECT_NE(api_.Find({"Site", "default", "b"}), nullptr);
  EXPECT_EQ(Ctl({"apply", "-f", file, "--applyset=shop"}), 0);  // Without --prune nothing goes.
  EXPECT_NE(api_.Find({"Site", "default", "b"}), nullptr);
  EXPECT_EQ(Ctl({"apply", "-f", file, "--prune", "--applyset=shop"}), 0);
  EXPECT_EQ(out_, "site/a unchanged\nsite/b pruned\nsite/c pruned\n");
  EXPECT_EQ(api_.Find({"Site", "default", "b"}), nullptr);
  EXPECT_NE(api_.Find({"Site", "default", "bystander"}), nullptr);
}

TEST_F(RunTest, PruneIsSafe) {
  const auto sites = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += "apiVersion: reeve/v1\nkind: Site\nmetadata:\n  name: s" + std::to_string(i) +
              "\nspec:\n  type: Static\n---\n";
    }
    return text;
  };
  const auto count = [&] {
    int present = 0;
    for (int i = 0; i < 12; ++i)
      present += api_.Find({"Site", "default", "s" + std::to_string(i)}) != nullptr ? 1 : 0;
    return present;
  };
  ASSERT_EQ(Ctl({"apply", "-f", File("all.yaml", sites(12)), "--applyset=shop"}), 0);
  EXPECT_EQ(Ctl({"apply", "-f", File("none.yaml", ""), "--prune", "--applyset=shop"}), 1);
  EXPECT_EQ(err_, "error: no objects passed to apply\n");
  EXPECT_EQ(
      Ctl({"apply", "-f", File("bad.yaml", sites(1) + "kind: [\n"), "--prune", "--applyset=shop"}),
      1);
  EXPECT_EQ(Ctl({"apply", "-f", File("one.yaml", sites(1)), "--prune"}), 1);
  EXPECT_THAT(err_, HasSubstr("--prune needs --applyset NAME"));
  EXPECT_EQ(Ctl({"apply", "-f", File("one.yaml", sites(1)), "--prune", "--applyset=shop"}), 1);
  EXPECT_THAT(err_, HasSubstr("this would prune 11 objects"));
  api_.refusal = absl::InvalidArgumentError("no");
  EXPECT_EQ(Ctl({"apply", "-f", File("one.yaml", sites(1)), "--prune", "--applyset=shop", "--yes"}),
            1);
  api_.refusal = absl::OkStatus();
  EXPECT_EQ(Ctl({"apply", "-f", File("one.yaml", sites(1)), "--prune", "--applyset=other"}), 1);
  EXPECT_EQ(err_,
            "error: Site default/s0 is part of the apply set default.shop, not of default.other\n");
  EXPECT_EQ(Ctl({"apply", "-f", File("one.yaml", sites(1)), "--applyset=no/name"}), 1);
  EXPECT_EQ(count(), 12);
  EXPECT_EQ(Ctl({"apply", "-f", File("one.yaml", sites(1)), "--prune", "--applyset=shop", "--yes"}),
            0);
  EXPECT_EQ(count(), 1);
}

TEST_F(RunTest, DeleteSaysWhatBecomesOfDependents) {
  for (const auto& [word, value] :
       {std::pair{"background", v1::BACKGROUND}, std::pair{"foreground", v1::FOREGROUND},
        std::pair{"orphan", v1::ORPHAN}}) {
    api_.Put(SiteNamed("blog"));
    EXPECT_EQ(Ctl({"delete", "site/blog", std::string("--cascade=") + word}), 0);
    EXPECT_EQ(api_.last_delete.propagation(), value);
  }
  EXPECT_EQ(Ctl({"delete", "site/blog", "--cascade=true"}), 1);
  EXPECT_EQ(err_,
            "error: invalid cascade value (true). Must be \"background\", \"foreground\", or "
            "\"orphan\"\n");
}

TEST_F(RunTest, ManyAreDeletedOnlyWhenThatIsSaid) {
  for (int i = 0; i < 11; ++i) api_.Put(SiteNamed("s" + std::to_string(i)));
  v1::Object ns;
  ns.mutable_namespace_()->mutable_metadata()->set_name("default");
  api_.Put(ns);
  EXPECT_EQ(Ctl({"delete", "sites", "--all"}), 1);
  EXPECT_EQ(err_,
            "error: this would delete 11 objects; look with --dry-run=client, and say --yes if "
            "that is meant\n");
  EXPECT_EQ(Ctl({"delete", "namespace", "default"}), 1);
  EXPECT_EQ(err_,
            "error: this would delete more than 10 sites with their namespace; say --yes if that "
            "is meant\n");
  EXPECT_EQ(Ctl({"delete", "sites", "--all", "--dry-run=client"}), 0);
  EXPECT_NE(api_.Find({"Site", "default", "s10"}), nullptr);
  EXPECT_EQ(Ctl({"delete", "site", "s0"}), 0);
  EXPECT_EQ(Ctl({"delete", "sites", "--all"}), 0);  // Ten by now.
  EXPECT_EQ(api_.Find({"Site", "default", "s10"}), nullptr);
}

TEST_F(RunTest, DeleteWaitsForFinalizers) {
  v1::Object site = SiteNamed("blog");
  site.mutable_site()->mutable_metadata()->add_finalizers("reeve/instances");
  api_.Put(site);
  EXPECT_EQ(Ctl({"delete", "site/blog", "--timeout=10ms"}), 1);
  EXPECT_EQ(err_, "error: timed out waiting for the condition on sites/blog\n");
  EXPECT_EQ(Ctl({"delete", "site/blog", "--wait=false"}), 0);
  // Gone, and another one took the name: the deletion is done.
  api_.on_idle = [&] {
    api_.Remove({"Site", "default", "blog"});
    v1::Object next = SiteNamed("blog");
    next.mutable_site()->mutable_metadata()->set_uid("uid-next");
    api_.Put(next);
    api_.on_idle = nullptr;
  };
  EXPECT_EQ(Ctl({"delete", "site/blog"}), 0);
}

TEST_F(RunTest, Wait) {
  v1::Object site = SiteNamed("blog");
  api_.Put(site);
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=phase=Active"}), 0);
  EXPECT_EQ(out_, "site/blog condition met\n");
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=jsonpath={.status.replicas}=2"}), 0);
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=condition=Ready", "--timeout=10ms"}), 1);
  EXPECT_EQ(err_, "error: timed out waiting for the condition on sites/blog\n");
  api_.on_idle = [&] {
    SetReady(&site, v1::Condition::True, "", "");
    api_.Put(site);
  };
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=condition=Ready"}), 0);
  EXPECT_EQ(Ctl({"wait", "site/none", "--for=delete"}), 0);
  EXPECT_EQ(Ctl({"wait", "site/none", "--for=condition=Ready"}), 1);
  EXPECT_EQ(err_, "Error from server (NotFound): sites \"none\" not found\n");
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=luck"}), 1);
  EXPECT_THAT(err_, HasSubstr("unrecognized condition: \"luck\""));
}

TEST_F(RunTest, WaitForAPathWithAFilter) {
  v1::Object site = SiteNamed("blog");
  SetReady(&site, v1::Condition::True, "", "");
  api_.Put(site);
  const std::string path = R"({.status.conditions[?(@.type=="Ready")].status})";
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=jsonpath=" + path + "=True"}), 0);
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=jsonpath={.status.replicas}"}), 0);
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=jsonpath={.spec.domains[4]}=x", "--timeout=1ms"}), 1);
  EXPECT_THAT(err_, HasSubstr("timed out"));
}

// Nothing to wait for: it would take until the end of patience.
TEST_F(RunTest, WaitRefusesWhatCanNeverBe) {
  api_.Put(SiteNamed("blog"));
  api_.Put(HostNamed("h1"));
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=phase=Actve"}), 1);
  EXPECT_THAT(err_, testing::StartsWith("error: sites have no phase \"Actve\", did you mean "
                                        "\"Active\"?; there are: "));
  EXPECT_EQ(Ctl({"wait", "host/h1", "--for=phase=Active"}), 1);
  EXPECT_EQ(err_, "error: hosts have no phase\n");
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=condition=Ready=Yes"}), 1);
  EXPECT_EQ(err_, "error: a condition is never \"Yes\"; use one of: Unknown, True, False\n");
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=jsonpath={.spec"}), 1);
  EXPECT_THAT(err_, HasSubstr("column 1"));
}

// A True that speaks about an older generation is not yet true of the present spec.
TEST_F(RunTest, WaitLooksAtTheGeneration) {
  v1::Object site = SiteNamed("blog");
  site.mutable_site()->mutable_metadata()->set_generation(1);
  SetReady(&site, v1::Condition::True, "", "");
  site.mutable_site()->mutable_metadata()->set_generation(2);
  api_.Put(site);
  EXPECT_EQ(Ctl({"wait", "site/blog", "--for=condition=Ready", "--timeout=10ms"}), 1);
}

TEST_F(RunTest, Describe) {
  v1::Object site = SiteNamed("blog");
  (*site.mutable_site()->mutable_metadata()->mutable_labels())["app"] = "web";
  SetReady(&site, v1::Condition::False, "NoContent", "the site has no blob; see ctl deploy");
  api_.Put(site);
  v1::Event event;
  event.mutable_metadata()->set_name("blog.1");
  event.mutable_metadata()->set_namespace_("default");
  event.mutable_spec()->mutable_regarding()->set_kind("Site");
  event.mutable_spec()->mutable_regarding()->set_namespace_("default");
  event.mutable_spec()->mutable_regarding()->set_name("blog");
  event.mutable_spec()->set_type(v1::EventSpec::Warning);
  event.mutable_spec()->set_reason("NginxTestFailed");
  event.mutable_spec()->set_message("unknown directive \"bogus\"");
  event.mutable_spec()->set_source("agent");
  event.mutable_spec()->set_host("h1");
  event.mutable_spec()->set_count(4);
  event.mutable_spec()->mutable_first_time()->set_seconds(1767225600 - 960);
  event.mutable_spec()->mutable_last_time()->set_seconds(1767225600 - 3);
  api_.Put(schema::Wrap(event));
  EXPECT_EQ(Ctl({"describe", "site", "blog"}), 0);
  ExpectGolden("ctl/testdata/describe_site.txt", out_);
  Ctl({"events"});
  EXPECT_EQ(
      out_,
      "LAST SEEN          TYPE      REASON            OBJECT      MESSAGE\n"
      "3s (x4 over 16m)   Warning   NginxTestFailed   site/blog   unknown directive \"bogus\"\n");
  EXPECT_EQ(Ctl({"get", "events"}), 0) << err_;
  EXPECT_EQ(out_,
            "LAST SEEN   TYPE      REASON            OBJECT      MESSAGE\n"
            "3s          Warning   NginxTestFailed   site/blog   unknown directive \"bogus\"\n");
  Ctl({"events", "--types=Normal"});
  EXPECT_EQ(err_, "No events found in default namespace.\n");
}

TEST_F(RunTest, PushUploadsOnce) {
  File("www/index.html", "<h1>hi</h1>");
  const std::string www = (dir_ / "www").string();
  EXPECT_EQ(Ctl({"push", www}), 0);
  EXPECT_THAT(out_, testing::MatchesRegex("sha256-[0-9a-f]+\n"));
  EXPECT_THAT(err_, HasSubstr("Uploaded 1 file, "));
  EXPECT_EQ(api_.blobs_received, 1);
  EXPECT_THAT(api_.blob_bytes, HasSubstr("<h1>hi</h1>"));
  const std::string digest = out_;
  EXPECT_EQ(Ctl({"push", www}), 0);
  EXPECT_EQ(out_, digest);
  EXPECT_THAT(err_, HasSubstr("The server already has 1 file,"));
  EXPECT_EQ(api_.blobs_received, 1);
}

TEST_F(RunTest, DeployWaitsUntilLive) {
  File("www/index.html", "<h1>hi</h1>");
  v1::Object site = SiteNamed("blog");
  SetReady(&site, v1::Condition::True, "", "");
  api_.Put(site);
  int step = 0;
  api_.on_idle = [&] {
    v1::Object now = *api_.Find({"Site", "default", "blog"});
    if (++step == 1) SetReady(&now, v1::Condition::False, "Updating", "1 of 2 copies");
    if (step == 2) {
      SetReady(&now, v1::Condition::True, "", "");
      now.mutable_site()->mutable_status()->set_ready_replicas(2);
      now.mutable_site()->mutable_status()->set_blob(now.site().spec().blob());
    }
    api_.Put(now);
  };
  EXPECT_EQ(Ctl({"deploy", "site/blog", (dir_ / "www").string()}), 0);
  EXPECT_EQ(out_, "site/blog deployed\n  http://blog.example.test\n");
  EXPECT_THAT(err_, HasSubstr("site/blog configured\n"));
  EXPECT_THAT(err_,
              HasSubstr("  Active, 1/2 ready, Updating: 1 of 2 copies\n  Active, 2/2 ready\n"));
  EXPECT_EQ(api_.last_apply.field_manager(), "ctl-deploy");
  ASSERT_EQ(api_.last_apply.mentioned(0).paths_size(), 1);
  EXPECT_EQ(api_.last_apply.mentioned(0).paths(0), "spec.blob");
}

TEST_F(RunTest, DeployEndsWhenNothingGetsFurther) {
  File("www/index.html", "<h1>hi</h1>");
  v1::Object site = SiteNamed("blog");
  SetCondition(&site, "Progressing", v1::Condition::False, "InstanceFailed", "of the last version");
  api_.Put(site);
  api_.on_apply = [&](v1::Object now) {
    now.mutable_site()->mutable_metadata()->set_generation(now.site().metadata().generation() + 1);
    api_.Put(now);
  };
  api_.on_idle = [&] {
    v1::Object now = *api_.Find({"Site", "default", "blog"});
    SetCondition(&now, "Progressing", v1::Condition::False, "InstanceFailed",
                 "blog-0: RolledBack: it did not become healthy in time");
    api_.Put(now);
  };
  EXPECT_EQ(Ctl({"deploy", "site/blog", (dir_ / "www").string()}), 1);
  EXPECT_THAT(err_, HasSubstr("error: site/blog is not live: blog-0: RolledBack: it did not become "
                              "healthy in time; see 'ctl describe site/blog'\n"));
  EXPECT_EQ(out_, "");
}

TEST_F(RunTest, DeployRefusals) {
  EXPECT_EQ(Ctl({"deploy", "site/none", dir_.string()}), 1);
  EXPECT_EQ(err_, "Error from server (NotFound): sites \"none\" not found\n");
  EXPECT_EQ(api_.blobs_received, 0);
  api_.Put(HostNamed("h1"));
  EXPECT_EQ(Ctl({"deploy", "host/h1", dir_.string()}), 1);
  EXPECT_THAT(err_, HasSubstr("error: hosts has no spec.blob\n"));
}

TEST_F(RunTest, HostCommands) {
  EXPECT_EQ(Ctl({"host", "token", "h1"}), 0);
  EXPECT_EQ(out_,
            "reeve-agent join --server=10.0.0.1:7444 --ca-sha256=abc --token=reeve1.h1.secret\n");
  Ctl({"host", "token", "h1", "-o", "token"});
  EXPECT_EQ(out_, "reeve1.h1.secret\n");
  api_.Put(HostNamed("h1"));
  EXPECT_EQ(Ctl({"cordon", "h1"}), 0);
  EXPECT_EQ(out_, "host/h1 cordoned\n");
  Ctl({"cordon", "h1"});
  EXPECT_EQ(out_, "host/h1 already cordoned\n");
  Ctl({"uncordon", "h1"});
  EXPECT_EQ(out_, "host/h1 uncordoned\n");
  EXPECT_FALSE(api_.Find({"Host", "", "h1"})->host().spec().cordoned());
  EXPECT_EQ(Ctl({"host", "remove", "h1", "--force"}), 0);
  EXPECT_EQ(out_, "host \"h1\" removed\n");
  EXPECT_EQ(Ctl({"cordon", "h1"}), 1);
  EXPECT_EQ(err_, "Error from server (NotFound): hosts \"h1\" not found\n");
}

TEST_F(RunTest, HostRemoveSaysWhatToDoWhenTheAgentIsSilent) {
  v1::Object host = HostNamed("h1");
  host.mutable_host()->mutable_metadata()->add_finalizers("reeve/host");
  api_.Put(host);
  EXPECT_EQ(Ctl({"host", "remove", "h1", "--timeout=10ms"}), 1);
  EXPECT_THAT(err_, HasSubstr("'ctl host remove h1 --force'"));
}

TEST_F(RunTest, HostRemoveNamesWhatTheHostHoldsAndWhatToDo) {
  v1::Object host = HostNamed("h1");
  host.mutable_host()->mutable_metadata()->add_finalizers("reeve/host");
  v1::Condition* released = host.mutable_host()->mutable_status()->add_conditions();
  released->set_type("Released");
  released->set_status(v1::Condition::False);
  released->set_reason("InstancesRemain");
  released->set_message("it still holds default/clock-0");
  api_.Put(host);
  EXPECT_EQ(Ctl({"host", "remove", "h1", "--timeout=10ms"}), 1);
  EXPECT_THAT(err_, HasSubstr("it still holds default/clock-0, which nothing moves"));
  EXPECT_THAT(err_, HasSubstr("delete their sites"));
  EXPECT_THAT(err_, ::testing::Not(HasSubstr("take down")));
}

TEST_F(RunTest, Config) {
  EXPECT_EQ(Ctl({"config", "get-contexts"}), 0);
  EXPECT_EQ(out_,
            "CURRENT   NAME    CLUSTER   AUTHINFO   NAMESPACE\n"
            "*         reeve   reeve     admin      \n"
            "          prod    reeve     admin      shops\n");
  EXPECT_EQ(Ctl({"config", "use-context", "prod"}), 0);
  EXPECT_EQ(out_, "Switched to context \"prod\".\n");
  Ctl({"config", "current-context"});
  EXPECT_EQ(out_, "prod\n");
  EXPECT_EQ(Ctl({"config", "use-context", "none"}), 1);
  EXPECT_EQ(err_, "error: no context exists with the name: \"none\"\n");
}

TEST_F(RunTest, ConnectionProblems) {
  EXPECT_EQ(Ctl({"get", "sites", "--config", "/nowhere"}), 1);
  EXPECT_THAT(err_, HasSubstr("error: there is no config file /nowhere"));
  EXPECT_EQ(Ctl({"get", "sites", "--context", "none"}), 1);
  EXPECT_EQ(err_, "error: context \"none\" does not exist\n");
  Ctl({"get", "sites", "-s", "h:9"});
  EXPECT_EQ(connected_.endpoint, "h:9");
}

TEST_F(RunTest, VersionAndKinds) {
  EXPECT_EQ(Ctl({"version"}), 0);
  EXPECT_THAT(out_, HasSubstr("Server Version: v0.1.0\n"));
  EXPECT_EQ(Ctl({"api-resources"}), 0);
  ExpectGolden("ctl/testdata/api_resources.txt", out_);
}

TEST_F(RunTest, Explain) {
  EXPECT_EQ(Ctl({"explain", "site.spec"}), 0);
  ExpectGolden("ctl/testdata/explain_site_spec.txt", out_);
  Ctl({"explain", "site.spec.type"});
  EXPECT_THAT(out_, HasSubstr("enum: Static, Process"));
  EXPECT_EQ(Ctl({"explain", "site.spec.bogus"}), 1);
  EXPECT_EQ(err_, "error: field \"bogus\" does not exist\n");
  EXPECT_EQ(Ctl({"explain", "site", "--recursive"}), 0);
  EXPECT_THAT(out_, HasSubstr("placement\t<Placement>\n"));
}

TEST_F(RunTest, HelpGoesOutErrorsGoErr) {
  EXPECT_EQ(Ctl({"get", "--help"}), 0);
  EXPECT_EQ(err_, "");
  EXPECT_EQ(Ctl({"gett"}), 1);
  EXPECT_EQ(out_, "");
}

}  // namespace
}  // namespace reeve::ctl
