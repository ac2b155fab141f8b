#include "proto/schema/openapi_paths.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace reeve::schema {
namespace {

constexpr std::string_view kRoot = "/apis/reeve/v1";
constexpr std::string_view kJsonType = "application/json";

// What one HTTP method does at one path.
struct Verb {
  std::string_view method;  // "get"
  std::string_view action;  // x-kubernetes-action: "list"
  std::string_view words;   // "list objects of kind"
  std::string id;           // operationId.
  std::string body;         // Definition of the body; empty: none.
  std::string answer;       // Definition of the answer.
  bool created = false;     // May answer 201.
  bool accepted = false;    // May answer 202.
  std::vector<std::string_view> query;
};

struct Parameter {
  std::string_view name;
  std::string_view type;
  std::string_view description;
};

constexpr Parameter kParameters[] = {
    {"pretty", "string", "true: the answer is indented."},
    {"allowWatchBookmarks", "boolean", "A watch may send BOOKMARK events."},
    {"continue", "string", "The token of the next page, from the page before."},
    {"dryRun", "string", "All: everything is checked, nothing is stored."},
    {"fieldManager", "string", "The name under which the written fields are owned."},
    {"fieldSelector", "string", "Only objects with these fields: spec.host=h1,metadata.name=x."},
    {"fieldValidation", "string", "Unknown fields are always refused: Strict."},
    {"force", "boolean", "An apply takes over fields that other managers own."},
    {"labelSelector", "string", "Only objects with these labels: a=b,c!=d,e in (x,y),!f."},
    {"limit", "integer", "At most so many objects in one answer."},
    {"propagationPolicy", "string", "Background, Foreground or Orphan."},
    {"resourceVersion", "string", "The version to start from."},
    {"resourceVersionMatch", "string", "Exact or NotOlderThan."},
    {"sendInitialEvents", "boolean", "A watch starts with the state, then a bookmark."},
    {"timeoutSeconds", "integer", "A list or watch ends after this time."},
    {"watch", "boolean", "Changes as they happen, instead of a list."},
};

const std::vector<std::string_view>& ListQuery() {
  static const std::vector<std::string_view> names = {"allowWatchBookmarks",
                                                      "continue",
                                                      "fieldSelector",
                                                      "labelSelector",
                                                      "limit",
                                                      "resourceVersion",
                                                      "resourceVersionMatch",
                                                      "sendInitialEvents",
                                                      "timeoutSeconds",
                                                      "watch"};
  return names;
}

std::string MetaName(std::string_view name) { return fmt::format("{}{}", kMetaPrefix, name); }

Node Texts(std::initializer_list<std::string_view> texts) {
  Node list = ListNode();
  for (const std::string_view text : texts) list.items.push_back(TextNode(text));
  return list;
}

// Writes the operations of one form of OpenAPI.
class PathWriter {
 public:
  explicit PathWriter(OpenApi version) : version_(version) {}

  void AddKind(const Kind& kind) {
    kind_ = &kind;
    definition_ = DefinitionName(kind.descriptor);
    const std::string all = fmt::format("{}/{}", kRoot, kind.plural);
    if (!kind.namespaced()) return AddResource(all, kind.name, false);
    AddPath(all, {ListVerb(fmt::format("list{}ForAllNamespaces", Id(kind.name)))}, false, false);
    AddResource(fmt::format("{}/namespaces/{{namespace}}/{}", kRoot, kind.plural),
                "Namespaced" + kind.name, true);
  }

  Node Take() { return std::move(paths_); }

 private:
  static std::string Id(std::string_view name) { return fmt::format("ReeveV1{}", name); }

  void AddResource(const std::string& collection, const std::string& name, bool namespaced) {
    const std::string id = Id(name);
    AddPath(collection, {ListVerb("list" + id), CreateVerb(id), DeleteCollectionVerb(name)},
            namespaced, false);
    const std::string one = collection + "/{name}";
    std::vector<Verb> verbs = ObjectVerbs(id);
    verbs.push_back(DeleteVerb(id));
    AddPath(one, verbs, namespaced, true);
    if (kind_->descriptor->FindFieldByName("status") != nullptr)
      AddPath(one + "/status", ObjectVerbs(id + "Status"), namespaced, true);
  }

  Verb ListVerb(std::string id) const {
    return {.method = "get",
            .action = "list",
            .words = "list or watch objects of kind",
            .id = std::move(id),
            .answer = ListDefinitionName(*kind_),
            .query = ListQuery()};
  }
  Verb CreateVerb(const std::string& id) const {
    return {.method = "post",
            .action = "post",
            .words = "create",
            .id = "create" + id,
            .body = definition_,
            .answer = definition_,
            .created = true,
            .query = {"dryRun", "fieldManager", "fieldValidation"}};
  }
  static Verb DeleteCollectionVerb(const std::string& name) {
    return {.method = "delete",
            .action = "deletecollection",
            .words = "delete collection of",
            .id = "deleteReeveV1Collection" + name,
            .body = MetaName("DeleteOptions"),
            .answer = MetaName("Status"),
            .query = {"dryRun", "fieldSelector", "labelSelector", "propagationPolicy"}};
  }
  std::vector<Verb> ObjectVerbs(const std::string& id) const {
    return {{.method = "get",
             .action = "get",
             .words = "read the specified",
             .id = "read" + id,
             .answer = definition_},
            {.method = "put",
             .action = "put",
             .words = "replace the specified",
             .id = "replace" + id,
             .body = definition_,
             .answer = definition_,
             .query = {"dryRun", "fieldManager", "fieldValidation"}},
            {.method = "patch",
             .action = "patch",
             .words = "partially update the specified",
             .id = "patch" + id,
             .body = MetaName("Patch"),
             .answer = definition_,
             .created = true,
             .query = {"dryRun", "fieldManager", "fieldValidation", "force"}}};
  }
  static Verb DeleteVerb(const std::string& id) {
    return {.method = "delete",
            .action = "delete",
            .words = "delete",
            .id = "delete" + id,
            .body = MetaName("DeleteOptions"),
            .answer = MetaName("Status"),
            .accepted = true,
            .query = {"dryRun", "propagationPolicy"}};
  }

  void AddPath(std::string_view path, const std::vector<Verb>& verbs, bool namespaced, bool named) {
    Node item = MapNode();
    for (const Verb& verb : verbs) Put(&item, verb.method, Operation(verb));
    Node parameters = ListNode();
    if (named) parameters.items.push_back(PathParameter("name", "Name of the object."));
    if (namespaced) parameters.items.push_back(PathParameter("namespace", "Its namespace."));
    parameters.items.push_back(QueryParameter("pretty"));
    Put(&item, "parameters", std::move(parameters));
    Put(&paths_, path, std::move(item));
  }

  Node Operation(const Verb& verb) const {
    Node node = MapNode();
    Put(&node, "description", fmt::format("{} {}", verb.words, kind_->name));
    if (version_ == OpenApi::kV2) {
      Put(&node, "consumes", verb.method == "patch" ? PatchTypes() : Texts({"*/*"}));
      Put(&node, "produces", Texts({kJsonType}));
      Put(&node, "schemes", Texts({"https"}));
    }
    Put(&node, "tags", Texts({"reeve_v1"}));
    Put(&node, "operationId", verb.id);
    Node parameters = ListNode();
    for (const std::string_view name : verb.query) parameters.items.push_back(QueryParameter(name));
    if (!verb.body.empty() && version_ == OpenApi::kV2)
      parameters.items.push_back(BodyParameter(verb));
    if (!parameters.items.empty()) Put(&node, "parameters", std::move(parameters));
    if (!verb.body.empty() && version_ == OpenApi::kV3)
      Put(&node, "requestBody", RequestBody(verb));
    Put(&node, "responses", Responses(verb));
    Put(&node, "x-kubernetes-action", verb.action);
    Put(&node, "x-kubernetes-group-version-kind", GroupVersionKind(kApiGroup, kind_->name));
    return node;
  }

  static Node PatchTypes() {
    return Texts({"application/json-patch+json", "application/merge-patch+json",
                  "application/strategic-merge-patch+json", "application/apply-patch+yaml"});
  }

  static bool Required(const Verb& verb) { return verb.method != "delete"; }

  Node BodyParameter(const Verb& verb) const {
    Node node = MapNode();
    Put(&node, "name", "body");
    Put(&node, "in", "body");
    if (Required(verb)) Put(&node, "required", BoolNode(true));
    Put(&node, "schema", RefTo(version_, verb.body));
    return node;
  }

  Node Content(const std::string& definition, const Node& types) const {
    Node content = MapNode();
    for (const Node& type : types.items) {
      Node schema = MapNode();
      Put(&schema, "schema", RefTo(version_, definition));
      Put(&content, type.text, std::move(schema));
    }
    return content;
  }

  Node RequestBody(const Verb& verb) const {
    Node node = MapNode();
    Put(&node, "content",
        Content(verb.body, verb.method == "patch" ? PatchTypes() : Texts({"*/*"})));
    if (Required(verb)) Put(&node, "required", BoolNode(true));
    return node;
  }

  Node Response(std::string_view description, const std::string& definition) const {
    Node node = MapNode();
    Put(&node, "description", description);
    if (definition.empty()) return node;
    if (version_ == OpenApi::kV2) {
      Put(&node, "schema", RefTo(version_, definition));
    } else {
      Put(&node, "content", Content(definition, Texts({kJsonType})));
    }
    return node;
  }

  Node Responses(const Verb& verb) const {
    Node node = MapNode();
    Put(&node, "200", Response("OK", verb.answer));
    if (verb.created) Put(&node, "201", Response("Created", verb.answer));
    if (verb.accepted) Put(&node, "202", Response("Accepted", verb.answer));
    Put(&node, "401", Response("Unauthorized", ""));
    return node;
  }

  // The type of a parameter: beside its name in OpenAPI 2, a schema of its own in 3.
  void PutType(std::string_view type, Node* node) const {
    if (version_ == OpenApi::kV2) {
      Put(node, "type", type);
      Put(node, "uniqueItems", BoolNode(true));
      return;
    }
    Node schema = MapNode();
    Put(&schema, "type", type);
    Put(&schema, "uniqueItems", BoolNode(true));
    Put(node, "schema", std::move(schema));
  }

  Node PathParameter(std::string_view name, std::string_view description) const {
    Node node = MapNode();
    Put(&node, "name", name);
    Put(&node, "in", "path");
    Put(&node, "description", description);
    Put(&node, "required", BoolNode(true));
    PutType("string", &node);
    return node;
  }

  Node QueryParameter(std::string_view name) const {
    Node node = MapNode();
    for (const Parameter& parameter : kParameters) {
      if (parameter.name != name) continue;
      Put(&node, "name", name);
      Put(&node, "in", "query");
      Put(&node, "description", parameter.description);
      PutType(parameter.type, &node);
    }
    return node;
  }

  const OpenApi version_;
  const Kind* kind_ = nullptr;
  std::string definition_;
  Node paths_ = MapNode();
};

}  // namespace

Node Paths(OpenApi version, const KindRegistry& registry) {
  PathWriter writer(version);
  for (const Kind& kind : registry.kinds()) writer.AddKind(kind);
  return writer.Take();
}

}  // namespace reeve::schema
