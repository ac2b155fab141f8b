// Kubernetes' behaviours over plain requests and answers; the expectations are from Kubernetes'
// documentation (https://kubernetes.io/docs/reference/using-api/api-concepts/).
#include "apiserver/http/kube_handler.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "apiserver/testing/registry_fixture.h"
#include "base/limits.h"

namespace reeve::apiserver {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSites[] = "/apis/reeve/v1/namespaces/default/sites";
constexpr char kBlog[] = "/apis/reeve/v1/namespaces/default/sites/blog";
constexpr char kTable[] = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
constexpr char kMerge[] = "application/merge-patch+json";
constexpr char kApply[] = "application/apply-patch+yaml";
constexpr char kSite[] =
    R"({"apiVersion": "reeve/v1", "kind": "Site", "metadata": {"name": "blog",)"
    R"( "creationTimestamp": null}, "spec": {"type": "Static", "replicas": 2}, "status": {}})";

struct Answered {
  int code = 0;
  Json body;
};

class KubeHandlerTest : public RegistryTest {
 protected:
  Answered Do(const std::string& method, const std::string& target, const std::string& body = "",
              const std::string& content_type = "application/json",
              const std::string& accept = "application/json") {
    const HttpResponse response = Raw(method, target, body, content_type, accept);
    Answered answered{response.code, Json::parse(response.body, nullptr, false)};
    if (response.code >= 400) {
      EXPECT_EQ(answered.body.value("kind", ""), "Status") << response.body;
      EXPECT_EQ(answered.body.value("code", 0), response.code);
    }
    return answered;
  }
  HttpResponse Raw(const std::string& method, const std::string& target,
                   const std::string& body = "", const std::string& content_type = "",
                   const std::string& accept = "") {
    return handler_.Handle({.method = method,
                            .target = target,
                            .accept = accept,
                            .content_type = content_type,
                            .user_agent = user_agent_,
                            .body = body,
                            .client_cert_pem = cert_},
                           [] {});
  }
  // The events of a watch that are there now.
  std::vector<Json> Events(HttpStream* stream) {
    while (*hub_->Pump()) {
    }
    std::vector<Json> events;
    for (;;) {
      const auto piece = stream->Next();
      if (!piece.ok() || !piece->has_value()) return events;
      for (size_t at = 0; at < (*piece)->size();) {
        const size_t end = (*piece)->find('\n', at);
        events.push_back(Json::parse((*piece)->substr(at, end - at), nullptr, false));
        at = end + 1;
      }
    }
  }
  static std::string Seen(const std::vector<Json>& events) {
    std::string text;
    for (const Json& event : events) {
      const Json& meta = event["object"]["metadata"];
      text += fmt::format("{} {} ", event["type"].get<std::string>(),
                          meta.contains("name") ? meta["name"].get<std::string>() : "-");
    }
    return text;
  }
  std::string present() const { return fmt::format("{}", revision()); }

  std::string cert_ = "admin";
  std::string user_agent_ = "tests/v1.0";
  absl::Status ready_;
  KubeHandler handler_{
      {.api = api_.get(),
       .clock = &clock_,
       .identify = [](const std::string& pem) -> absl::StatusOr<Identity> {
         if (pem == "admin") return Identity::Admin();
         if (pem == "host") return Identity::Host("h1", "uid-1");
         if (pem == "controller") return Identity::Controller("tests");
         return absl::UnauthenticatedError("a client certificate is needed");
       },
       .checks =
           [this] {
             return std::vector<client::ReadinessCheck>{{"storage", [this] { return ready_; }}};
           },
       .address = "127.0.0.1:7446"}};
};

TEST_F(KubeHandlerTest, TheLifeOfAnObject) {
  const Answered created = Do("POST", kSites, kSite);
  ASSERT_EQ(created.code, 201) << created.body;
  EXPECT_EQ(created.body["metadata"]["managedFields"][0]["manager"], "tests");
  EXPECT_EQ(created.body["spec"]["replicas"], 2);
  Answered got = Do("GET", kBlog);
  EXPECT_EQ(got.code, 200);
  EXPECT_EQ(got.body, created.body);

  got.body["spec"]["replicas"] = 3;
  const Answered updated = Do("PUT", kBlog, got.body.dump());
  ASSERT_EQ(updated.code, 200) << updated.body;
  EXPECT_EQ(updated.body["spec"]["replicas"], 3);
  // A stale update is a conflict.
  const Answered stale = Do("PUT", kBlog, got.body.dump());
  EXPECT_EQ(stale.code, 409);
  EXPECT_EQ(stale.body["reason"], "Conflict");
  EXPECT_THAT(stale.body["message"].get<std::string>(),
              HasSubstr("Operation cannot be fulfilled on sites \"blog\": the object has been "
                        "modified; please apply your changes to the latest version"));

  const Answered deleted = Do("DELETE", kBlog);
  EXPECT_EQ(deleted.code, 200);
  const Answered gone = Do("GET", kBlog);
  EXPECT_EQ(gone.code, 404);
  EXPECT_EQ(gone.body["reason"], "NotFound");
  EXPECT_EQ(gone.body["details"], Json({{"name", "blog"}, {"group", "reeve"}, {"kind", "sites"}}));
}

TEST_F(KubeHandlerTest, WhatIsWrongWithABody) {
  ASSERT_EQ(Do("POST", kSites, kSite).code, 201);
  const Answered again = Do("POST", kSites, kSite);
  EXPECT_EQ(again.code, 409);
  EXPECT_EQ(again.body["reason"], "AlreadyExists");
  const struct {
    std::string body, content_type;
    int code;
    std::string message;
  } cases[] = {
      {"{", "application/json", 400, "no JSON object"},
      {"[]", "application/json", 400, "no JSON object"},
      {R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"x"},"spec":{"typo":1}})",
       "application/json", 400, "strict decoding error: unknown field \"spec.typo\""},
      {R"({"metadata":{"name":"x","namespace":"other"},"spec":{"type":"Static"}})",
       "application/json", 400, "does not match the namespace sent on the request"},
      {R"({"kind":"Host","apiVersion":"reeve/v1","metadata":{"name":"x"}})", "application/json",
       400, "the path of kind Site"},
      {R"({"metadata":{"name":"x"},"spec":{"type":"Static","replicas":-1}})", "application/json",
       422, "spec.replicas"},
      {R"({"metadata":{"name":"x"},"spec":{"type":"Wrong"}})", "application/json", 422,
       "spec.type"},
      {"abc", "application/vnd.kubernetes.protobuf", 415, "accepted media types"},
  };
  for (const auto& c : cases) {
    const Answered answered = Do("POST", kSites, c.body, c.content_type);
    EXPECT_EQ(answered.code, c.code) << answered.body;
    EXPECT_THAT(answered.body["message"].get<std::string>(), HasSubstr(c.message)) << c.body;
  }
}

TEST_F(KubeHandlerTest, InvalidNamesTheFields) {
  const Answered answered =
      Do("POST", kSites, R"({"metadata":{"name":"x"},"spec":{"domains":["a"],"replicas":101}})");
  EXPECT_EQ(answered.code, 422);
  EXPECT_EQ(answered.body["reason"], "Invalid");
  EXPECT_EQ(answered.body["details"]["kind"], "Site");
  EXPECT_EQ(answered.body["details"]["name"], "x");
  std::vector<std::string> fields;
  for (const Json& cause : answered.body["details"]["causes"]) fields.push_back(cause["field"]);
  EXPECT_THAT(fields, testing::Not(testing::IsEmpty()));
}

TEST_F(KubeHandlerTest, NullsManagedFieldsAndGeneratedNamesAreUnderstood) {
  const Answered created =
      Do("POST", kSites,
         R"({"metadata":{"generateName":"tmp-","managedFields":[{"manager":"x","fieldsV1":{}}]},)"
         R"("spec":{"type":"Static","domains":null}})");
  ASSERT_EQ(created.code, 201) << created.body;
  EXPECT_THAT(created.body["metadata"]["name"].get<std::string>(), testing::StartsWith("tmp-"));
}

TEST_F(KubeHandlerTest, YamlBodiesAreRead) {
  const Answered created =
      Do("POST", kSites,
         "apiVersion: reeve/v1\nkind: Site\nmetadata: {name: blog}\nspec: {type: Static}\n",
         "application/yaml");
  EXPECT_EQ(created.code, 201) << created.body;
}

TEST_F(KubeHandlerTest, ServerSideApply) {
  const std::string body = R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"blog",)"
                           R"("creationTimestamp":null},"spec":{"type":"Static","replicas":2}})";
  EXPECT_EQ(Do("PATCH", kBlog, body, kApply).code, 422);  // No manager.
  const std::string first = std::string(kBlog) + "?fieldManager=one";
  ASSERT_EQ(Do("PATCH", first, body, kApply).code, 201);
  const Answered same = Do("PATCH", first, body, kApply);
  EXPECT_EQ(same.code, 200);
  const Revision before = revision();
  EXPECT_EQ(Do("PATCH", first, body, kApply).code, 200);
  EXPECT_EQ(revision(), before);

  const std::string other =
      "apiVersion: reeve/v1\nkind: Site\nmetadata: {name: blog}\nspec: {replicas: 5}\n";
  const std::string second = std::string(kBlog) + "?fieldManager=two";
  const Answered conflict = Do("PATCH", second, other, kApply);
  EXPECT_EQ(conflict.code, 409) << conflict.body;
  EXPECT_EQ(conflict.body["reason"], "Conflict");
  EXPECT_THAT(conflict.body["message"].get<std::string>(),
              HasSubstr("Apply failed with 1 conflict: conflict with \"one\""));
  EXPECT_EQ(conflict.body["details"]["causes"][0]["reason"], "FieldManagerConflict");
  const Answered forced = Do("PATCH", second + "&force=true", other, kApply);
  EXPECT_EQ(forced.code, 200);
  EXPECT_EQ(forced.body["spec"]["replicas"], 5);
}

// Status is a subresource with field managers of its own, also for apply.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
TEST_F(KubeHandlerTest, StatusIsAppliedByItself) {
  const std::string status = std::string(kBlog) + "/status";
  const auto body = [](int ready) {
    return fmt::format(R"({{"apiVersion":"reeve/v1","kind":"Site","metadata":{{"name":"blog"}},)"
                       R"("spec":{{"replicas":7}},"status":{{"readyReplicas":{}}}}})",
                       ready);
  };
  EXPECT_EQ(Do("PATCH", status + "?fieldManager=one", body(1), kApply).code, 404);
  ASSERT_EQ(Do("POST", kSites, kSite).code, 201);
  Answered applied = Do("PATCH", status + "?fieldManager=one", body(1), kApply);
  ASSERT_EQ(applied.code, 200) << applied.body;
  EXPECT_EQ(applied.body["status"]["readyReplicas"], 1);
  EXPECT_EQ(applied.body["status"]["phase"], "Created");
  EXPECT_EQ(applied.body["spec"]["replicas"], 2);
  Json managed = applied.body["metadata"]["managedFields"];
  const auto entry = std::find_if(managed.begin(), managed.end(), [](const Json& one) {
    return one.value("manager", "") == "one";
  });
  ASSERT_NE(entry, managed.end()) << managed;
  EXPECT_EQ(entry->value("operation", ""), "Apply") << managed;
  EXPECT_EQ(entry->value("subresource", ""), "status") << managed;
  // Again writes nothing; another's is a conflict, unless forced.
  Answered again = Do("PATCH", status + "?fieldManager=one", body(1), kApply);
  EXPECT_EQ(again.body["metadata"]["resourceVersion"], applied.body["metadata"]["resourceVersion"]);
  EXPECT_EQ(Do("PATCH", status + "?fieldManager=two", body(2), kApply).code, 409);
  EXPECT_EQ(Do("PATCH", status + "?fieldManager=two&force=true", body(2), kApply).code, 200);
}

// As in Kubernetes: what the applied configuration mentions is its manager's, zero values too.
TEST_F(KubeHandlerTest, AppliedZerosAreOwned) {
  const auto apply = [&](const std::string& manager, const std::string& value) {
    return Do("PATCH", std::string(kSites) + "/app?fieldManager=" + manager,
              R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"app"},"spec":{)"
              R"("type":"Process","process":{"command":["a.js"],"env":[{"name":"E","value":")" +
                  value + R"("}]}}})",
              kApply);
  };
  const Answered first = apply("one", "");
  ASSERT_EQ(first.code, 201) << first.body;
  const Json fields = first.body["metadata"]["managedFields"][0]["fieldsV1"];
  EXPECT_TRUE(fields["f:spec"]["f:process"]["f:env"]["k:{\"name\":\"E\"}"].contains("f:value"))
      << fields;
  const Answered refused = apply("two", "x");
  EXPECT_EQ(refused.code, 409);
  EXPECT_EQ(refused.body["details"]["causes"][0]["field"], "spec.process.env[E].value");
}

// A condition whose status is the zero of its enum is said, and owned, too.
TEST_F(KubeHandlerTest, AppliedZerosOfStatusAreOwned) {
  ASSERT_EQ(Do("POST", kSites, kSite).code, 201);
  const auto apply = [&](const std::string& query, const std::string& value) {
    return Do("PATCH", std::string(kBlog) + "/status?" + query,
              R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"blog"},"status":{)"
              R"("conditions":[{"type":"Tried","status":")" +
                  value + R"("}]}})",
              kApply);
  };
  ASSERT_EQ(apply("fieldManager=one", "True").code, 200);
  const Answered unknown = apply("fieldManager=one", "Unknown");
  ASSERT_EQ(unknown.code, 200) << unknown.body;
  EXPECT_NE(unknown.body["status"]["conditions"][0].value("status", ""), "True") << unknown.body;
  EXPECT_EQ(apply("fieldManager=two", "True").code, 409);
  EXPECT_EQ(apply("fieldManager=two&force=true", "True").code, 200);
}

// An apply may say which object it means, and nothing about managers. Kubernetes' codes and words.
TEST_F(KubeHandlerTest, AppliesAndUpdatesOfAnotherUidAreConflicts) {
  const Answered made = Do("POST", kSites, kSite);
  ASSERT_EQ(made.code, 201);
  const auto apply = [&](const std::string& name, const std::string& metadata) {
    return Do("PATCH", std::string(kSites) + "/" + name + "?fieldManager=tests",
              R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":")" + name + "\"," +
                  metadata + R"(},"spec":{"type":"Static"}})",
              kApply);
  };
  const auto uid = made.body["metadata"]["uid"].get<std::string>();
  EXPECT_EQ(apply("blog", "\"uid\":\"" + uid + "\"").code, 200);
  const Answered other = apply("blog", R"("uid":"another")");
  EXPECT_EQ(other.code, 409);
  EXPECT_EQ(other.body["reason"], "Conflict");
  EXPECT_THAT(other.body["message"].get<std::string>(),
              HasSubstr("Precondition failed: UID in precondition: another"));
  const Answered none = apply("new", R"("uid":"another")");
  EXPECT_EQ(none.code, 409);
  EXPECT_THAT(none.body["message"].get<std::string>(), HasSubstr("no existing object was found"));
  Json update = Do("GET", kBlog).body;
  update["metadata"]["uid"] = "another";
  EXPECT_EQ(Do("PUT", kBlog, update.dump()).code, 409);
  const Answered managed = apply("blog", R"("managedFields":[])");
  EXPECT_EQ(managed.code, 400);
  EXPECT_EQ(managed.body["message"], "metadata.managedFields must be nil");
}

// An apply that says a resourceVersion is refused when it is not the object's.
TEST_F(KubeHandlerTest, AnApplyOfAnotherVersionIsAConflict) {
  ASSERT_EQ(Do("POST", kSites, kSite).code, 201);
  const auto apply = [&](const std::string& name, const std::string& version, int replicas) {
    return Do("PATCH", std::string(kSites) + "/" + name + "?fieldManager=tests&force=true",
              fmt::format(R"({{"apiVersion":"reeve/v1","kind":"Site","metadata":{{"name":"{}",)"
                          R"("resourceVersion":"{}"}},"spec":{{"type":"Static","replicas":{}}}}})",
                          name, version, replicas),
              kApply)
        .code;
  };
  const std::string old = Do("GET", kBlog).body["metadata"]["resourceVersion"];
  EXPECT_EQ(apply("blog", old, 3), 200);
  EXPECT_EQ(apply("blog", old, 4), 409);
  EXPECT_EQ(apply("other", old, 1), 409);
  EXPECT_EQ(Do("GET", kBlog).body["spec"]["replicas"], 3);
}

TEST_F(KubeHandlerTest, PatchesAndScale) {
  ASSERT_EQ(Do("POST", kSites, kSite).code, 201);
  const Answered patched = Do("PATCH", kBlog, R"({"metadata":{"labels":{"a":"b"}}})", kMerge);
  ASSERT_EQ(patched.code, 200) << patched.body;
  EXPECT_EQ(patched.body["metadata"]["labels"]["a"], "b");
  const Answered json =
      Do("PATCH", kBlog, R"([{"op":"replace","path":"/spec/replicas","value":4}])",
         "application/json-patch+json");
  EXPECT_EQ(json.body["spec"]["replicas"], 4) << json.body;
  EXPECT_EQ(Do("PATCH", kBlog, "{}", "application/json").code, 415);
  const Answered wrong = Do("PATCH", kBlog, R"({"spec":{"replicas":"many"}})", kMerge);
  EXPECT_EQ(wrong.code, 422);
  EXPECT_EQ(wrong.body["details"]["causes"][0]["field"], "spec.replicas") << wrong.body;
  EXPECT_EQ(Do("PATCH", kBlog, R"({"spec":{"typo":1}})", kMerge).code, 400);
  EXPECT_EQ(Do("PATCH", kBlog, "{", kMerge).code, 400);

  const std::string scale = std::string(kBlog) + "/scale";
  Answered scaled = Do("GET", scale);
  EXPECT_EQ(scaled.body["kind"], "Scale");
  EXPECT_EQ(scaled.body["spec"]["replicas"], 4);
  EXPECT_EQ(Do("PATCH", scale, R"({"spec":{"replicas":7}})", kMerge).body["spec"]["replicas"], 7);
  // An update with a stale version is refused.
  scaled.body["spec"]["replicas"] = 1;
  EXPECT_EQ(Do("PUT", scale, scaled.body.dump()).code, 409);
  EXPECT_EQ(Do("PATCH", scale, R"({"spec":{"replicas":"x"}})", kMerge).code, 400);
  EXPECT_EQ(Do("GET", kBlog).body["spec"]["replicas"], 7);
}

TEST_F(KubeHandlerTest, ListsHaveARevisionAndPages) {
  for (const char* name : {"a", "b", "c"}) Create(MakeStaticSite(name));
  const Answered all = Do("GET", kSites);
  EXPECT_EQ(all.body["kind"], "SiteList");
  EXPECT_EQ(all.body["apiVersion"], "reeve/v1");
  EXPECT_EQ(all.body["metadata"]["resourceVersion"], present());
  EXPECT_EQ(all.body["items"].size(), 3u);
  const Answered page = Do("GET", std::string(kSites) + "?limit=2");
  EXPECT_EQ(page.body["items"].size(), 2u);
  EXPECT_EQ(page.body["metadata"]["remainingItemCount"], 1);
  const Answered rest = Do("GET", std::string(kSites) + "?limit=2&continue=" +
                                      page.body["metadata"]["continue"].get<std::string>());
  EXPECT_EQ(rest.body["items"].size(), 1u);
  EXPECT_FALSE(rest.body["metadata"].contains("continue"));

  EXPECT_EQ(Do("GET", std::string(kSites) + "?fieldSelector=metadata.name%3Db")
                .body["items"][0]["metadata"]["name"],
            "b");
  EXPECT_EQ(Do("GET", std::string(kSites) + "?labelSelector=x%3Dy").body["items"].size(), 0u);
  EXPECT_EQ(Do("GET", std::string(kSites) + "?limit=x").code, 400);
}

// What a query says wrongly is a bad request, of no field of an object.
TEST_F(KubeHandlerTest, WrongQueriesAreBadRequests) {
  for (const char* wrong : {"fieldSelector=nope%3Dy", "fieldSelector=x", "labelSelector=a%20b",
                            "labelSelector=a%3D%3D%3D", "continue=bogus"}) {
    for (const char* more : {"", "&watch=1"}) {
      if (*more != '\0' && std::string_view(wrong).starts_with("continue")) continue;
      const Answered answered = Do("GET", fmt::format("{}?{}{}", kSites, wrong, more));
      EXPECT_EQ(answered.code, 400) << wrong << more;
      EXPECT_EQ(answered.body["reason"], "BadRequest") << wrong << more;
    }
    EXPECT_EQ(Raw("GET", fmt::format("{}?{}", kSites, wrong), "", "", kTable).code, 400) << wrong;
  }
  EXPECT_EQ(Do("DELETE", std::string(kSites) + "?labelSelector=a%20b").code, 400);
  const Answered bogus =
      Do("GET", std::string(kSites) + "?resourceVersion=1&resourceVersionMatch=Bogus");
  EXPECT_EQ(bogus.code, 422);
  EXPECT_EQ(bogus.body["details"]["causes"][0]["field"], "resourceVersionMatch");
  EXPECT_EQ(Do("GET", std::string(kSites) + "?watch=1&resourceVersionMatch=Bogus").code, 422);
}

TEST_F(KubeHandlerTest, ResourceVersionsOfLists) {
  Create(MakeStaticSite("a"));
  const std::string old = present();
  Create(MakeStaticSite("b"));
  const std::string sites = std::string(kSites) + "?resourceVersion=";
  EXPECT_EQ(Do("GET", sites + "0").body["items"].size(), 2u);
  EXPECT_EQ(Do("GET", sites + old).body["items"].size(), 2u);  // Or newer.
  const Answered exact = Do("GET", sites + old + "&resourceVersionMatch=Exact");
  EXPECT_EQ(exact.body["items"].size(), 1u);
  EXPECT_EQ(exact.body["metadata"]["resourceVersion"], old);
  const Answered future = Do("GET", sites + "999999");
  EXPECT_EQ(future.code, 504);
  EXPECT_EQ(future.body["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
  EXPECT_EQ(Do("GET", sites + "abc").code, 400);
}

TEST_F(KubeHandlerTest, TablesAndPartialObjects) {
  Create(MakeStaticSite("blog"));
  const Answered table = Do("GET", kSites, "", "", kTable);
  EXPECT_EQ(table.body["kind"], "Table");
  EXPECT_EQ(table.body["apiVersion"], "meta.k8s.io/v1");
  EXPECT_EQ(table.body["rows"][0]["cells"][0], "blog");
  EXPECT_EQ(table.body["rows"][0]["object"]["kind"], "PartialObjectMetadata");
  const std::string beta = "application/json;as=Table;v=v1beta1;g=meta.k8s.io";
  EXPECT_EQ(Do("GET", kBlog, "", "", beta).body["apiVersion"], "meta.k8s.io/v1beta1");
  const std::string partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
  const Answered metadata = Do("GET", kSites, "", "", partial);
  EXPECT_EQ(metadata.body["kind"], "PartialObjectMetadataList");
  EXPECT_FALSE(metadata.body["items"][0].contains("spec"));
  EXPECT_EQ(Do("GET", kSites, "", "", "text/html").code, 406);
}

TEST_F(KubeHandlerTest, WatchFromARevision) {
  Create(MakeStaticSite("a"));
  const HttpResponse watch =
      Raw("GET", std::string(kSites) + "?watch=true&resourceVersion=" + present());
  ASSERT_NE(watch.stream, nullptr);
  EXPECT_EQ(Seen(Events(watch.stream.get())), "");
  Create(MakeStaticSite("b"));
  ASSERT_OK(TryDelete("Site", "default", "a").status());
  const std::vector<Json> events = Events(watch.stream.get());
  EXPECT_EQ(Seen(events), "ADDED b DELETED a ");
  // So that a client resumes after the end of the object, not after its last change.
  EXPECT_EQ(events[1]["object"]["metadata"]["resourceVersion"], present());
}

TEST_F(KubeHandlerTest, WatchWithoutARevisionBeginsWithTheState) {
  Create(MakeStaticSite("a"));
  const HttpResponse watch = Raw("GET", std::string(kSites) + "?watch=1");
  EXPECT_EQ(Seen(Events(watch.stream.get())), "ADDED a ");
}

TEST_F(KubeHandlerTest, AnAskedForInitialStateEndsWithABookmark) {
  Create(MakeStaticSite("a"));
  const std::string streaming = "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true";
  EXPECT_EQ(Do("GET", kSites + streaming).code, 422);
  const HttpResponse watch = Raw("GET", kSites + streaming + "&resourceVersionMatch=NotOlderThan");
  const std::vector<Json> events = Events(watch.stream.get());
  ASSERT_EQ(Seen(events), "ADDED a BOOKMARK - ");
  EXPECT_EQ(events[1]["object"]["kind"], "Site");
  EXPECT_EQ(events[1]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
  EXPECT_EQ(events[1]["object"]["metadata"]["resourceVersion"], present());
}

TEST_F(KubeHandlerTest, BookmarksComeOnlyWhenAllowed) {
  const std::string from = std::string(kSites) + "?watch=1&resourceVersion=" + present();
  const HttpResponse with = Raw("GET", from + "&allowWatchBookmarks=true");
  const HttpResponse without = Raw("GET", from);
  clock_.Advance(kBookmarkPeriod);
  EXPECT_EQ(Seen(Events(with.stream.get())), "BOOKMARK - ");
  EXPECT_EQ(Seen(Events(without.stream.get())), "");
}

TEST_F(KubeHandlerTest, AWatchOfAnotherStoresRevisionIsExpired) {
  const Answered future = Do("GET", std::string(kSites) + "?watch=1&resourceVersion=999999");
  EXPECT_EQ(future.code, 410);
  EXPECT_EQ(future.body["reason"], "Expired");
}

// "If the client watch is disconnected ... when the requested historical version is not available
// ... the server returns 410 Gone":
// https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses
TEST_F(KubeHandlerTest, AWatchFromACompactedRevisionIsGone) {
  Create(MakeStaticSite("a"));
  const std::string old = fmt::format("{}", revision() - 1);
  Create(MakeStaticSite("b"));
  ASSERT_TRUE(hub_->Pump().ok());
  ASSERT_TRUE(store_->Compact(revision()).ok());
  const Answered gone = Do("GET", std::string(kSites) + "?watch=1&resourceVersion=" + old);
  EXPECT_EQ(gone.code, 410);
  EXPECT_EQ(gone.body["kind"], "Status");
  EXPECT_EQ(gone.body["reason"], "Expired");
  EXPECT_EQ(Raw("GET", std::string(kSites) + "?watch=1&resourceVersion=" + present()).code, 200);
}

TEST_F(KubeHandlerTest, WatchesShowTables) {
  Create(MakeStaticSite("a"));
  Create(MakeStaticSite("b"));
  const HttpResponse watch = Raw("GET", std::string(kSites) + "?watch=1", "", "", kTable);
  const std::vector<Json> events = Events(watch.stream.get());
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["object"]["rows"].size(), 1u);
  EXPECT_FALSE(events[0]["object"]["columnDefinitions"].empty());
  EXPECT_TRUE(events[1]["object"].value("columnDefinitions", Json()).empty());
}

TEST_F(KubeHandlerTest, DryRunChangesNothing) {
  EXPECT_EQ(Do("POST", std::string(kSites) + "?dryRun=All", kSite).code, 201);
  EXPECT_EQ(Do("GET", kBlog).code, 404);
  EXPECT_EQ(Do("POST", std::string(kSites) + "?dryRun=Some", kSite).code, 422);
  ASSERT_EQ(Do("POST", kSites, kSite).code, 201);
  EXPECT_EQ(Do("DELETE", kBlog, R"({"dryRun":["All"]})").code, 200);
  EXPECT_EQ(Do("GET", kBlog).code, 200);
}

TEST_F(KubeHandlerTest, DeleteOptions) {
  const Answered created = Do("POST", kSites, kSite);
  const auto uid = created.body["metadata"]["uid"].get<std::string>();
  EXPECT_EQ(Do("DELETE", kBlog, R"({"preconditions":{"uid":"other"}})").code, 409);
  EXPECT_EQ(Do("DELETE", kBlog, R"({"propagationPolicy":"Sideways"})").code, 422);
  EXPECT_EQ(Do("DELETE", kBlog, "nonsense").code, 400);
  const Answered deleted =
      Do("DELETE", kBlog,
         R"({"propagationPolicy":"Background","preconditions":{"uid":")" + uid + R"("}})");
  EXPECT_EQ(deleted.code, 200);
  EXPECT_EQ(deleted.body["status"], "Success");
  EXPECT_EQ(deleted.body["details"]["uid"], uid);
}

TEST_F(KubeHandlerTest, DeleteCollectionTakesWhatIsSelected) {
  for (const char* name : {"a", "b", "c"}) Create(MakeStaticSite(name));
  EXPECT_EQ(Do("DELETE", std::string(kSites) + "?fieldSelector=metadata.name!%3Db").code, 200);
  EXPECT_EQ(Do("GET", kSites).body["items"].size(), 1u);
  EXPECT_EQ(Do("DELETE", "/apis/reeve/v1/sites").code, 405);
}

// `curl -X DELETE .../namespaces/$NS` without an NS.
TEST_F(KubeHandlerTest, WhatIsInNoNamespaceIsDeletedOneByOne) {
  for (const char* kind : {"namespaces/", "namespaces", "hosts/", "hosts?dryRun=All"})
    EXPECT_EQ(Do("DELETE", std::string("/apis/reeve/v1/") + kind).code, 405) << kind;
  EXPECT_EQ(Do("GET", "/apis/reeve/v1/namespaces/default").body["status"].value("phase", ""),
            "Active");
}

TEST_F(KubeHandlerTest, WhatTheQuerySaysTwiceIsRefused) {
  Create(MakeStaticSite("blog"));
  EXPECT_EQ(Do("DELETE", std::string(kBlog) + "?dryRun=All&dryRun=").code, 400);
  EXPECT_EQ(Do("GET", kBlog).code, 200);
}

TEST_F(KubeHandlerTest, AScaleOfAnotherObjectIsRefused) {
  Create(MakeStaticSite("blog"));
  const auto put = [&](const std::string& metadata) {
    return Do("PUT", std::string(kBlog) + "/scale",
              R"({"metadata":)" + metadata + R"(,"spec":{"replicas":7}})")
        .code;
  };
  EXPECT_EQ(put(R"({"name":"other"})"), 422);
  EXPECT_EQ(put(R"({"namespace":"zzz"})"), 422);
  EXPECT_EQ(put(R"({"uid":"nope"})"), 409);
  EXPECT_EQ(put(R"({"name":"blog","namespace":"default"})"), 200);
}

TEST_F(KubeHandlerTest, DeleteCollectionOfVeryMuchTakesNothing) {
  for (size_t i = 0; i <= kDeletionsPerMinuteMax; ++i)
    Create(MakeStaticSite(fmt::format("s{}", i)));
  EXPECT_EQ(Do("DELETE", kSites).code, 403);
  EXPECT_EQ(Do("GET", kSites).body["items"].size(), kDeletionsPerMinuteMax + 1);
}

// Large lists come in pieces, of one revision.
TEST_F(KubeHandlerTest, WholeListsAreStreamed) {
  for (int i = 0; i < 40; ++i) {
    v1::Object site = MakeStaticSite(fmt::format("s{}", i));
    (*Meta(&site)->mutable_annotations())["note"] = std::string(60'000, 'x');
    Create(site);
  }
  const HttpResponse list = Raw("GET", kSites);
  ASSERT_NE(list.stream, nullptr);
  const std::string begun = present();
  Create(MakeStaticSite("later"));
  std::string body;
  int pieces = 0;
  for (auto piece = list.stream->Next(); piece.ok(); piece = list.stream->Next()) {
    ++pieces;
    body += **piece;
  }
  EXPECT_GT(pieces, 1);
  const Json json = Json::parse(body, nullptr, false);
  EXPECT_EQ(json["kind"], "SiteList");
  EXPECT_EQ(json["items"].size(), 40u);
  EXPECT_EQ(json["metadata"]["resourceVersion"], begun);
}

TEST_F(KubeHandlerTest, RequestsHaveTheClassesOfTheirClients) {
  const auto of = [&](const std::string& method, const std::string& target, std::string cert) {
    return handler_.PriorityOf(
        {.method = method, .target = target, .client_cert_pem = std::move(cert)});
  };
  EXPECT_EQ(of("GET", kSites, "admin"), Priority::kLists);
  EXPECT_EQ(of("DELETE", kSites, "admin"), Priority::kLists);
  EXPECT_EQ(of("GET", std::string(kSites) + "?limit=500", "admin"), Priority::kPeople);
  EXPECT_EQ(of("GET", std::string(kSites) + "?watch=1", "admin"), Priority::kPeople);
  EXPECT_EQ(of("GET", kBlog, "admin"), Priority::kPeople);
  EXPECT_EQ(of("GET", kBlog, "host"), Priority::kSystem);
  EXPECT_EQ(of("GET", kBlog, "controller"), Priority::kControllers);
  EXPECT_EQ(of("PUT", "/apis/reeve/v1/leases/h1", "controller"), Priority::kSystem);
  EXPECT_EQ(of("GET", kSites, ""), Priority::kPeople);
}

// What cannot be read again must not be written: protobuf refuses to read such a string.
TEST_F(KubeHandlerTest, ManagersAndQueriesAreText) {
  ASSERT_EQ(Do("POST", kSites, kSite).code, 201);
  const std::string patch = R"({"metadata":{"labels":{"a":"b"}}})";
  const std::string merge = "application/merge-patch+json";
  EXPECT_EQ(Do("PATCH", std::string(kBlog) + "?fieldManager=%ff", patch, merge).code, 400);
  EXPECT_EQ(Do("PATCH", std::string(kBlog) + "?fieldManager=a%0ab", patch, merge).code, 422);
  const std::string long_name(129, 'x');
  EXPECT_EQ(Do("PATCH", kBlog + ("?fieldManager=" + long_name), patch, merge).code, 422);
  user_agent_ = "\xff/1";
  EXPECT_EQ(Do("PATCH", kBlog, patch, merge).code, 422);
  EXPECT_EQ(Do("GET", "/apis/reeve/v1/namespaces/%ff/sites").code, 404);
  EXPECT_EQ(Do("GET", kSites).body["items"].size(), 1u);
}

TEST_F(KubeHandlerTest, BodiesTooDeepOrTooLargeAreRefused) {
  ASSERT_EQ(Do("POST", kSites, kSite).code, 201);
  std::string deep = R"({"metadata":)", apply = "application/apply-patch+yaml";
  for (int i = 0; i < 500'000; ++i) deep += R"({"a":)";
  deep += "1" + std::string(500'001, '}');
  EXPECT_EQ(Do("POST", kSites, deep).code, 400);
  EXPECT_EQ(Do("PUT", kBlog, deep).code, 400);
  EXPECT_EQ(Do("PUT", std::string(kBlog) + "/status", deep).code, 400);
  EXPECT_EQ(Do("PUT", std::string(kBlog) + "/scale", deep).code, 400);
  EXPECT_EQ(Do("POST", "/api/v1/namespaces", deep).code, 400);
  EXPECT_EQ(Do("DELETE", kBlog, deep).code, 400);
  EXPECT_EQ(Do("PATCH", std::string(kBlog) + "?fieldManager=x", deep, apply).code, 400);
  EXPECT_EQ(Do("PATCH", kBlog, deep, "application/merge-patch+json").code, 413);
}

TEST_F(KubeHandlerTest, WhatIsCreatedHasNoRevisionYet) {
  const std::string body =
      R"({"metadata":{"name":"a","resourceVersion":"5"},"spec":{"type":"Static"}})";
  EXPECT_EQ(Do("POST", kSites, body).code, 400);
}

TEST_F(KubeHandlerTest, StatusIsASubresource) {
  Answered created = Do("POST", kSites, kSite);
  created.body["spec"]["replicas"] = 9;
  created.body["status"]["replicas"] = 2;
  cert_ = "admin";
  const Answered updated = Do("PUT", std::string(kBlog) + "/status", created.body.dump());
  EXPECT_EQ(updated.code, 200) << updated.body;
  EXPECT_EQ(updated.body["spec"]["replicas"], 2);
  EXPECT_EQ(updated.body["status"]["replicas"], 2);
}

TEST_F(KubeHandlerTest, DiscoveryIsOfEveryKind) {
  const Answered list = Do("GET", "/apis/reeve/v1");
  std::vector<std::string> names;
  for (const Json& resource : list.body["resources"]) names.push_back(resource["name"]);
  for (const schema::Kind& kind : schema::KindRegistry::Get().kinds())
    EXPECT_THAT(names, testing::Contains(kind.plural));
  EXPECT_THAT(names, testing::IsSupersetOf({"sites/status", "sites/scale", "hosts/status"}));
  EXPECT_THAT(names, testing::Not(testing::Contains("hosts/scale")));
  Json site;
  for (const Json& resource : list.body["resources"]) {
    if (resource["name"] == "sites") site = resource;
  }
  EXPECT_EQ(site["singularName"], "site");
  EXPECT_EQ(site["shortNames"], Json({"st"}));
  EXPECT_EQ(Do("GET", "/apis").body["groups"][0]["name"], "reeve");
  EXPECT_EQ(Do("GET", "/api").body["kind"], "APIVersions");
  EXPECT_EQ(Do("GET", "/openapi/v2").body["swagger"], "2.0");
  EXPECT_THAT(Raw("GET", "/openapi/v2", "", "",
                  "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
                  .content_type,
              HasSubstr("protobuf"));
  const Json index = Do("GET", "/openapi/v3").body;
  const auto url = index["paths"]["apis/reeve/v1"]["serverRelativeURL"].get<std::string>();
  EXPECT_TRUE(Do("GET", url).body.contains("components"));
  EXPECT_EQ(Do("GET", "/apis/other/v1").code, 404);
}

TEST_F(KubeHandlerTest, CoreNamespacesAndEvents) {
  EXPECT_EQ(Do("POST", "/api/v1/namespaces",
               R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})")
                .code,
            201);
  EXPECT_EQ(Do("GET", "/api/v1/namespaces/shop").body["apiVersion"], "v1");
  EXPECT_EQ(Do("GET", "/apis/reeve/v1/namespaces/shop").body["apiVersion"], "reeve/v1");
  v1::Event event;
  event.mutable_metadata()->set_name("e1");
  event.mutable_metadata()->set_namespace_("shop");
  event.mutable_spec()->mutable_regarding()->set_kind("Site");
  event.mutable_spec()->mutable_regarding()->set_name("blog");
  event.mutable_spec()->set_reason("Made");
  Create(schema::Wrap(event));
  const std::string events = "/api/v1/namespaces/shop/events?fieldSelector=involvedObject.name%3D";
  const Answered found = Do("GET", events + "blog,involvedObject.uid%3Dany");
  ASSERT_EQ(found.body["items"].size(), 1u) << found.body;
  EXPECT_EQ(found.body["items"][0]["involvedObject"]["kind"], "Site");
  EXPECT_EQ(Do("GET", events + "other").body["items"].size(), 0u);
  EXPECT_EQ(Do("POST", "/api/v1/namespaces/shop/events", "{}").code, 405);
}

TEST_F(KubeHandlerTest, WhoIsNobodyGetsHealthAndVersionOnly) {
  cert_ = "";
  EXPECT_EQ(Raw("GET", "/livez").code, 200);
  EXPECT_EQ(Raw("GET", "/readyz").code, 200);
  ready_ = absl::UnavailableError("no space");
  const HttpResponse bad = Raw("GET", "/readyz");
  EXPECT_EQ(bad.code, 503);
  EXPECT_EQ(bad.body, "[-]storage failed: no space\nreadyz check failed\n");
  EXPECT_EQ(Do("GET", "/version").body["major"], "1");
  for (const char* path : {"/apis", "/openapi/v2", kSites, kBlog}) {
    const Answered answered = Do("GET", path);
    EXPECT_EQ(answered.code, 401) << path;
    EXPECT_EQ(answered.body["reason"], "Unauthorized");
  }
}

TEST_F(KubeHandlerTest, MethodsThatAreNotThere) {
  EXPECT_EQ(Do("PUT", kSites, kSite).code, 405);
  EXPECT_EQ(Do("POST", kBlog, kSite).code, 405);
  EXPECT_EQ(Do("POST", "/apis/reeve/v1/sites", kSite).code, 405);  // In which namespace?
  EXPECT_EQ(Do("DELETE", std::string(kBlog) + "/status").code, 405);
  EXPECT_EQ(Do("BREW", kBlog).code, 405);
  EXPECT_EQ(Do("GET", "nonsense").code, 400);
}

}  // namespace
}  // namespace reeve::apiserver
