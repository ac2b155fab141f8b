// The real kubectl against a real server: the whole life of a Site, as people type it. Exit codes
// and words are those of kubectl's documentation (https://kubernetes.io/docs/reference/kubectl/).
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "base/strings.h"
#include "tests/clients/client_fixture.h"

namespace reeve::clients {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kBlog[] = R"(apiVersion: reeve/v1
kind: Site
metadata:
  name: blog
  labels: {app: blog}
spec:
  type: Static
  replicas: 2
  domains: [blog.example.test]
)";

std::string With(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class Kubectl : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { estate_ = new Estate; }
  static void TearDownTestSuite() {
    delete estate_;
    estate_ = nullptr;
  }
  // Each test has a namespace of its own.
  Kubectl() : ns_(fmt::format("t{}", ++tests_)) {
    const std::string ns =
        fmt::format("apiVersion: reeve/v1\nkind: Namespace\nmetadata: {{name: {}}}\n", ns_);
    EXPECT_EQ(Good({"create", "-f", "-"}, ns), fmt::format("namespace.reeve/{} created\n", ns_));
  }
  // Domains belong to one site of the whole estate.
  ~Kubectl() override { Good({"delete", "sites", "--all"}); }

 public:
  // KUBECTL names another version than the one on PATH.
  static std::string Program() {
    const char* given = std::getenv("KUBECTL");
    return given == nullptr ? "kubectl" : given;
  }

 protected:
  std::vector<std::string> Argv(std::vector<std::string> args) const {
    args.insert(args.begin(), {Program(), "-n", ns_});
    return args;
  }
  Ran Run(const std::vector<std::string>& args, const std::string& in = "") {
    return estate_->Run(Argv(args), in);
  }
  std::string Good(const std::vector<std::string>& args, const std::string& in = "") {
    const Ran ran = Run(args, in);
    EXPECT_EQ(ran.code, 0) << Join(args, " ") << "\n" << ran.output;
    return ran.output;
  }
  std::string Bad(const std::vector<std::string>& args, const std::string& in = "") {
    const Ran ran = Run(args, in);
    EXPECT_EQ(ran.code, 1) << Join(args, " ") << "\n" << ran.output;
    return ran.output;
  }
  // A field of blog.
  std::string Field(const std::string& path) {
    return Good({"get", "site", "blog", "-o", fmt::format("jsonpath={{{}}}", path)});
  }
  void Apply(const std::string& manifest) { Good({"apply", "-f", "-"}, manifest); }
  // As a controller does it.
  void SetStatus(const std::string& status) {
    const std::string version = Field(".metadata.resourceVersion");
    const std::string object = fmt::format(
        R"({{"apiVersion":"reeve/v1","kind":"Site","metadata":{{"name":"blog","namespace":"{}",)"
        R"("resourceVersion":"{}"}},"spec":{{"type":"Static"}},"status":{}}})",
        ns_, version, status);
    Good({"replace", "--raw", fmt::format("/apis/reeve/v1/namespaces/{}/sites/blog/status", ns_),
          "-f", "-"},
         object);
  }

  static Estate* estate_;
  static int tests_;
  const std::string ns_;
};

Estate* Kubectl::estate_ = nullptr;
int Kubectl::tests_ = 0;

TEST_F(Kubectl, FindsOutWhatThereIs) {
  const std::string resources = Good({"api-resources"});
  for (const char* word : {"sites", "st ", "reeve/v1", "true", "Site", "namespaces", "hosts"})
    EXPECT_THAT(resources, HasSubstr(word));
  EXPECT_THAT(Good({"api-versions"}), HasSubstr("reeve/v1"));
  const std::string wide = Good({"api-resources", "-o", "wide"});
  EXPECT_THAT(wide, AllOf(HasSubstr("deletecollection"), HasSubstr("watch")));
  EXPECT_THAT(Good({"version"}), HasSubstr("reeve"));
  EXPECT_THAT(Good({"explain", "site"}),
              AllOf(HasSubstr("VERSION:"), HasSubstr("v1"), HasSubstr("spec")));
  EXPECT_THAT(Good({"explain", "site.spec.replicas"}), HasSubstr("How many copies"));
  EXPECT_THAT(Good({"explain", "site.spec", "--recursive"}), HasSubstr("failureThreshold"));
  Bad({"explain", "site.spec.nothing"});
  EXPECT_THAT(Bad({"get", "foos"}), HasSubstr("the server doesn't have a resource type \"foos\""));
  EXPECT_THAT(Good({"get", "--raw", "/readyz?verbose"}), HasSubstr("[+]storage ok"));
}

TEST_F(Kubectl, AppliesFromTheClient) {
  EXPECT_THAT(Good({"apply", "-f", "-"}, kBlog), HasSubstr("site.reeve/blog created"));
  EXPECT_THAT(Good({"apply", "-f", "-"}, kBlog), HasSubstr("site.reeve/blog unchanged"));
  const std::string three = With(kBlog, "replicas: 2", "replicas: 3");
  EXPECT_THAT(Good({"apply", "-f", "-"}, three), HasSubstr("site.reeve/blog configured"));
  EXPECT_EQ(Field(".spec.replicas"), "3");
  // What leaves the manifest leaves the object.
  Apply(With(kBlog, "  domains: [blog.example.test]\n", ""));
  EXPECT_EQ(Field(".spec.domains"), "");
  EXPECT_THAT(Good({"apply", "--dry-run=server", "-f", "-"}, three), HasSubstr("server dry run"));
  EXPECT_EQ(Field(".spec.replicas"), "2");
}

TEST_F(Kubectl, SaysWhatIsWrongWithAManifest) {
  EXPECT_THAT(Bad({"apply", "-f", "-"}, With(kBlog, "replicas", "replicsa")),
              AllOf(HasSubstr("unknown field"), HasSubstr("replicsa")));
  EXPECT_THAT(Bad({"apply", "--validate=false", "-f", "-"}, With(kBlog, "replicas", "replicsa")),
              HasSubstr("unknown field \"spec.replicsa\""));
  EXPECT_THAT(Bad({"create", "-f", "-"}, With(kBlog, "replicas: 2", "replicas: 200")),
              AllOf(HasSubstr("The Site \"blog\" is invalid"), HasSubstr("spec.replicas")));
  Apply(kBlog);
  EXPECT_THAT(Bad({"create", "-f", "-"}, kBlog), HasSubstr("(AlreadyExists)"));
  EXPECT_THAT(Bad({"get", "site", "nope"}),
              HasSubstr("Error from server (NotFound): sites \"nope\" not found"));
  // A domain that another site holds.
  EXPECT_THAT(Bad({"apply", "-f", "-"}, With(kBlog, "name: blog", "name: other")),
              HasSubstr("blog.example.test"));
}

TEST_F(Kubectl, GetsInEveryForm) {
  Apply(kBlog);
  EXPECT_THAT(Good({"get", "sites"}),
              AllOf(HasSubstr("NAME   READY"), HasSubstr("blog.example.test"), HasSubstr("AGE"),
                    Not(HasSubstr("TYPE"))));
  EXPECT_THAT(Good({"get", "st/blog", "-o", "wide"}),
              AllOf(HasSubstr("TYPE"), HasSubstr("Static")));
  EXPECT_EQ(Good({"get", "site", "-o", "name"}), "site.reeve/blog\n");
  EXPECT_THAT(Good({"get", "sites", "-o", "yaml"}),
              AllOf(HasSubstr("kind: List"), HasSubstr("type: Static")));
  EXPECT_THAT(Good({"get", "site", "blog", "-o", "json"}),
              HasSubstr("\"apiVersion\": \"reeve/v1\""));
  EXPECT_EQ(Good({"get", "site", "-o", "custom-columns=N:.metadata.name,R:.spec.replicas"}),
            "N      R\nblog   2\n");
  EXPECT_THAT(Good({"get", "sites", "-A"}), HasSubstr("NAMESPACE"));
  EXPECT_EQ(Good({"get", "sites", "-l", "app in (blog,shop)", "-o", "name"}), "site.reeve/blog\n");
  EXPECT_EQ(Good({"get", "sites", "-l", "app!=blog", "-o", "name"}), "");
  EXPECT_EQ(Good({"get", "sites", "--field-selector", "metadata.name=blog", "-o", "name"}),
            "site.reeve/blog\n");
  EXPECT_THAT(Good({"get", "sites", "-L", "app", "--show-labels"}), HasSubstr("app=blog"));
  EXPECT_THAT(Good({"get", "all"}), HasSubstr("site.reeve/blog"));
  EXPECT_THAT(Good({"get", "sites", "--chunk-size=1"}), HasSubstr("blog"));
  EXPECT_THAT(Good({"get", "domains"}), HasSubstr("No resources found"));
}

TEST_F(Kubectl, Describes) {
  Apply(kBlog);
  Good({"create", "-f", "-"},
       fmt::format("apiVersion: reeve/v1\nkind: Event\nmetadata: {{name: e1}}\nspec:\n  regarding: "
                   "{{kind: Site, namespace: {}, name: blog}}\n  reason: Tried\n  message: it was "
                   "tried\n  source: tests\n  count: 3\n",
                   ns_));
  EXPECT_THAT(Good({"describe", "site", "blog"}),
              AllOf(HasSubstr("Name:         blog"), HasSubstr("Replicas:  2"),
                    HasSubstr("Events:"), HasSubstr("Tried"), HasSubstr("it was tried")));
}

TEST_F(Kubectl, Diffs) {
  Apply(kBlog);
  EXPECT_EQ(Run({"diff", "-f", "-"}, kBlog).code, 0);
  const Ran changed = Run({"diff", "-f", "-"}, With(kBlog, "replicas: 2", "replicas: 3"));
  EXPECT_EQ(changed.code, 1) << changed.output;
  EXPECT_THAT(changed.output, AllOf(HasSubstr("-  replicas: 2"), HasSubstr("+  replicas: 3")));
  EXPECT_EQ(Field(".spec.replicas"), "2");
  // "0: No differences were found. 1: Differences were found. >1: Kubectl or diff failed with an
  // error." https://kubernetes.io/docs/reference/kubectl/generated/kubectl_diff/
  EXPECT_GT(
      Run({"diff", "--field-manager=a", "-f", "-"}, With(kBlog, "replicas: 2", "replicas: 200"))
          .code,
      1);
}

TEST_F(Kubectl, Edits) {
  Apply(kBlog);
  const std::string editor =
      estate_->File("editor", "#!/bin/sh\nsed -i 's/replicas: 2/replicas: 5/' \"$1\"\n");
  std::filesystem::permissions(editor, std::filesystem::perms::owner_all);
  setenv("KUBE_EDITOR", editor.c_str(), 1);
  EXPECT_THAT(Good({"edit", "site", "blog"}), HasSubstr("site.reeve/blog edited"));
  EXPECT_EQ(Field(".spec.replicas"), "5");
  setenv("KUBE_EDITOR", "true", 1);
  EXPECT_THAT(Good({"edit", "site", "blog"}), HasSubstr("no changes made"));
}

TEST_F(Kubectl, Patches) {
  Apply(kBlog);
  EXPECT_THAT(Good({"patch", "site", "blog", "--type=merge", "-p", R"({"spec":{"replicas":3}})"}),
              HasSubstr("site.reeve/blog patched"));
  EXPECT_EQ(Field(".spec.replicas"), "3");
  Good({"patch", "site", "blog", "--type=json", "-p",
        R"([{"op":"replace","path":"/spec/replicas","value":4}])"});
  EXPECT_EQ(Field(".spec.replicas"), "4");
  Good({"patch", "site", "blog", "--type=strategic", "-p",
        R"({"spec":{"domains":["more.example.test"]}})"});
  EXPECT_THAT(Field(".spec.domains"), HasSubstr("more.example.test"));
  EXPECT_THAT(Good({"patch", "site", "blog", "--type=merge", "-p", R"({"spec":{"replicas":4}})"}),
              HasSubstr("no change"));
  EXPECT_THAT(
      Bad({"patch", "site", "blog", "--type=merge", "-p", R"({"spec":{"replicas":"many"}})"}),
      HasSubstr("spec.replicas"));
}

TEST_F(Kubectl, LabelsAnnotatesAndScales) {
  Apply(kBlog);
  EXPECT_THAT(Good({"label", "site", "blog", "tier=web"}), HasSubstr("site.reeve/blog labeled"));
  EXPECT_THAT(Bad({"label", "site", "blog", "tier=db"}), HasSubstr("--overwrite is false"));
  Good({"label", "site", "blog", "tier=db", "--overwrite"});
  EXPECT_EQ(Field(".metadata.labels.tier"), "db");
  Good({"label", "site", "blog", "tier-"});
  EXPECT_EQ(Field(".metadata.labels.tier"), "");
  EXPECT_THAT(Good({"annotate", "site", "blog", "note=hello"}), HasSubstr("annotate"));
  EXPECT_EQ(Field(".metadata.annotations.note"), "hello");
  EXPECT_THAT(Good({"scale", "site", "blog", "--replicas=7"}), HasSubstr("site.reeve/blog scaled"));
  EXPECT_EQ(Field(".spec.replicas"), "7");
  Bad({"scale", "site", "blog", "--replicas=1", "--current-replicas=3"});
  EXPECT_EQ(Field(".spec.replicas"), "7");
}

TEST_F(Kubectl, AppliesOnTheServer) {
  const std::vector<std::string> one = {"apply", "--server-side", "--field-manager=one", "-f", "-"};
  const std::vector<std::string> two = {"apply", "--server-side", "--field-manager=two", "-f", "-"};
  EXPECT_THAT(Good(one, kBlog), HasSubstr("site.reeve/blog serverside-applied"));
  const std::string version = Field(".metadata.resourceVersion");
  Good(one, kBlog);
  EXPECT_EQ(Field(".metadata.resourceVersion"), version);  // Nothing was written.

  constexpr char kReplicas[] =
      "apiVersion: reeve/v1\nkind: Site\nmetadata: {name: blog}\n"
      "spec: {type: Static, replicas: 9}\n";
  EXPECT_THAT(Bad(two, kReplicas),
              AllOf(HasSubstr("conflict with \"one\""), HasSubstr(".spec.replicas")));
  EXPECT_EQ(Field(".spec.replicas"), "2");
  std::vector<std::string> force = two;
  force.push_back("--force-conflicts");
  Good(force, kReplicas);
  EXPECT_EQ(Field(".spec.replicas"), "9");
  // A field that the manager no longer says, and nobody else owns, is removed.
  Good(one, With(With(kBlog, "  replicas: 2\n", ""), "  domains: [blog.example.test]\n", ""));
  EXPECT_EQ(Field(".spec.domains"), "");
  EXPECT_EQ(Field(".spec.replicas"), "9");
}

TEST_F(Kubectl, WatchesAndWaits) {
  Apply(kBlog);
  const std::string log = estate_->dir() + "/watch-" + ns_ + ".log";
  const support::ChildProcess watch =
      estate_->Begin(Argv({"get", "sites", "-w", "--output-watch-events"}), log);
  ASSERT_TRUE(Estate::Comes(log, "ADDED"));
  Good({"scale", "site", "blog", "--replicas=3"});
  EXPECT_TRUE(Estate::Comes(log, "MODIFIED"));

  const std::string waited = estate_->dir() + "/wait-" + ns_ + ".log";
  support::ChildProcess wait =
      estate_->Begin(Argv({"wait", "--for=condition=Ready", "site/blog", "--timeout=50s"}), waited);
  SetStatus(R"({"phase":"Provisioning","conditions":[{"type":"Ready","status":"True"}]})");
  EXPECT_EQ(wait.Wait(absl::Seconds(50)), 0) << support::BinDir();
  EXPECT_TRUE(Estate::Comes(waited, "site.reeve/blog condition met"));
  EXPECT_THAT(Bad({"wait", "--for=condition=Other", "site/blog", "--timeout=1s"}),
              HasSubstr("timed out waiting for the condition on sites/blog"));

  support::ChildProcess gone = estate_->Begin(
      Argv({"wait", "--for=delete", "site/blog", "--timeout=50s"}), waited + ".delete");
  Good({"delete", "site", "blog"});
  EXPECT_NE(gone.Wait(absl::Seconds(50)), -1);
  EXPECT_TRUE(Estate::Comes(log, "DELETED"));
}

TEST_F(Kubectl, StaleUpdatesAreConflicts) {
  Apply(kBlog);
  const std::string old = Good({"get", "site", "blog", "-o", "yaml"});
  Good({"scale", "site", "blog", "--replicas=3"});
  EXPECT_THAT(Bad({"replace", "-f", "-"}, old),
              AllOf(HasSubstr("(Conflict)"), HasSubstr("the object has been modified")));
}

TEST_F(Kubectl, Deletes) {
  Apply(kBlog);
  EXPECT_THAT(Good({"delete", "site", "blog", "--dry-run=server"}), HasSubstr("server dry run"));
  EXPECT_THAT(Good({"delete", "site", "blog"}), HasSubstr("site.reeve \"blog\" deleted"));
  EXPECT_THAT(Bad({"delete", "site", "blog"}), HasSubstr("NotFound"));
  EXPECT_EQ(Good({"delete", "site", "blog", "--ignore-not-found"}), "");
  Apply(kBlog);
  // The object waits for what it owns; here there are no controllers that see that it owns nothing.
  Good({"delete", "site", "blog", "--cascade=foreground", "--wait=false"});
  EXPECT_THAT(Field(".metadata.finalizers"), HasSubstr("foregroundDeletion"));
  Good({"patch", "site", "blog", "--type=merge", "-p", R"({"metadata":{"finalizers":null}})"});
  Apply(kBlog);
  Good({"delete", "sites", "-l", "app=blog"});
  EXPECT_THAT(Good({"get", "sites"}), HasSubstr("No resources found"));
}

// "Once the "deletion in progress" state is set, the garbage collector deletes the object's
// dependents. Once the garbage collector has deleted all "blocking" dependents (objects with
// ownerReference.blockOwnerDeletion=true), it deletes the owner object."
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/#foreground-deletion
TEST(KubectlWithControllers, AForegroundDeletionWaitsForDependents) {
  Estate estate("reeve-standalone");
  const auto good = [&](std::vector<std::string> args, const std::string& in = "") {
    args.insert(args.begin(), Kubectl::Program());
    const Ran ran = estate.Run(args, in);
    EXPECT_EQ(ran.code, 0) << Join(args, " ") << "\n" << ran.output;
    return ran.output;
  };
  good({"apply", "-f", "-"}, kBlog);
  const std::string uid = good({"get", "site", "blog", "-o", "jsonpath={.metadata.uid}"});
  good({"apply", "-f", "-"},
       fmt::format("apiVersion: reeve/v1\nkind: Site\nmetadata:\n  name: child\n  finalizers: "
                   "[example.test/hold]\n  ownerReferences:\n  - {{apiVersion: reeve/v1, kind: "
                   "Site, name: blog, uid: \"{}\", blockOwnerDeletion: true}}\nspec: {{type: "
                   "Static}}\n",
                   uid));
  good({"delete", "site", "blog", "--cascade=foreground", "--wait=false"});
  // The collector has come to the child: it goes, but for its finalizer.
  const auto child = [&] {
    return good({"get", "site", "child", "-o", "jsonpath={.metadata.deletionTimestamp}"});
  };
  EXPECT_TRUE(support::WaitUntil(absl::Seconds(60), [&] { return !child().empty(); }));
  EXPECT_THAT(good({"get", "site", "blog", "-o", "jsonpath={.metadata.finalizers}"}),
              HasSubstr("foregroundDeletion"));
  good({"patch", "site", "child", "--type=merge", "-p", R"({"metadata":{"finalizers":null}})"});
  good({"wait", "--for=delete", "site/blog", "--timeout=50s"});
  EXPECT_EQ(good({"get", "sites", "-o", "name"}), "");
}

TEST_F(Kubectl, AFinalizerBlocks) {
  Apply(With(kBlog, "  labels:", "  finalizers: [example.test/hold]\n  labels:"));
  Good({"delete", "site", "blog", "--wait=false"});
  EXPECT_NE(Field(".metadata.deletionTimestamp"), "");
  Good({"patch", "site", "blog", "--type=merge", "-p", R"({"metadata":{"finalizers":null}})"});
  EXPECT_THAT(Bad({"get", "site", "blog"}), HasSubstr("NotFound"));
}

TEST_F(Kubectl, Prunes) {
  const std::string other =
      With(With(kBlog, "name: blog", "name: other"), "blog.example.test", "other.example.test");
  Apply(std::string(kBlog) + "---\n" + other);
  const std::string pruned = Good(
      {"apply", "--prune", "-l", "app=blog", "--prune-whitelist=reeve/v1/Site", "-f", "-"}, kBlog);
  EXPECT_THAT(pruned, HasSubstr("site.reeve/other pruned"));
  EXPECT_EQ(Good({"get", "sites", "-o", "name"}), "site.reeve/blog\n");
}

}  // namespace
}  // namespace reeve::clients
