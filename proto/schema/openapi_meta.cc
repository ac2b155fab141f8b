#include "proto/schema/openapi_meta.h"

#include <fmt/format.h>

namespace reeve::schema {
namespace {

std::string MetaName(std::string_view name) { return fmt::format("{}{}", kMetaPrefix, name); }

Node ObjectSchema(std::string_view description, Node properties) {
  Node node = MapNode();
  Put(&node, "description", description);
  Put(&node, "type", "object");
  if (!properties.entries.empty()) Put(&node, "properties", std::move(properties));
  return node;
}

Node ListOf(Node items, std::string_view description) {
  Node node = DescribedType("array", description);
  Put(&node, "items", std::move(items));
  return node;
}

// A name with a type and a description.
struct Property {
  std::string_view name;
  std::string_view type;
  std::string_view description;
};

void AddProperties(std::initializer_list<Property> list, Node* properties) {
  for (const Property& property : list)
    Put(properties, property.name, DescribedType(property.type, property.description));
}

Node Properties(std::initializer_list<Property> list) {
  Node node = MapNode();
  AddProperties(list, &node);
  return node;
}

Node ListMeta() {
  Node properties = Properties({
      {"continue", "string", "Not empty: there is more; the token of the next page."},
      {"remainingItemCount", "integer", "How many items the next pages have."},
      {"resourceVersion", "string", "The version of the whole list: a watch starts there."},
      {"selfLink", "string", "Not used."},
  });
  return ObjectSchema("Metadata of a list.", std::move(properties));
}

Node StatusCause() {
  return ObjectSchema("One thing that is wrong.",
                      Properties({
                          {"field", "string", "Path of the field."},
                          {"message", "string", "What is wrong with it."},
                          {"reason", "string", "One CamelCase word."},
                      }));
}

Node StatusDetails(OpenApi version) {
  Node properties = Properties({
      {"group", "string", "API group of the object."},
      {"kind", "string", "Kind of the object."},
      {"name", "string", "Name of the object."},
      {"retryAfterSeconds", "integer", "When to try again."},
      {"uid", "string", "UID of the object."},
  });
  Put(&properties, "causes",
      ListOf(RefTo(version, MetaName("StatusCause")), "Everything that is wrong."));
  return ObjectSchema("More about a failure.", std::move(properties));
}

Node StatusSchema(OpenApi version) {
  Node properties = MapNode();
  AddTypeMeta(&properties);
  AddProperties(
      {
          {"code", "integer", "HTTP status code."},
          {"message", "string", "For people."},
          {"reason", "string", "For programs, one CamelCase word."},
          {"status", "string", "Success or Failure."},
      },
      &properties);
  Put(&properties, "details", RefTo(version, MetaName("StatusDetails")));
  Put(&properties, "metadata", RefTo(version, MetaName("ListMeta")));
  Node node =
      ObjectSchema("What became of a request that returns no object.", std::move(properties));
  Put(&node, "x-kubernetes-group-version-kind", ListNode({GroupVersionKind("", "Status")}));
  return node;
}

Node Preconditions() {
  return ObjectSchema("What must hold before the object is deleted.",
                      Properties({
                          {"resourceVersion", "string", "It has this version."},
                          {"uid", "string", "It has this UID."},
                      }));
}

Node DeleteOptions(OpenApi version) {
  Node properties = MapNode();
  AddTypeMeta(&properties);
  Put(&properties, "dryRun",
      ListOf(TypeSchema("string"), "All: everything is checked, nothing is deleted."));
  AddProperties(
      {
          {"gracePeriodSeconds", "integer", "Not used."},
          {"orphanDependents", "boolean", "Deprecated: use propagationPolicy."},
          {"propagationPolicy", "string", "Background, Foreground or Orphan."},
      },
      &properties);
  Put(&properties, "preconditions", RefTo(version, MetaName("Preconditions")));
  Node node = ObjectSchema("How an object is to be deleted.", std::move(properties));
  Put(&node, "x-kubernetes-group-version-kind",
      ListNode(
          {GroupVersionKind("", "DeleteOptions"), GroupVersionKind(kApiGroup, "DeleteOptions")}));
  return node;
}

Node WatchEvent() {
  Node properties =
      Properties({{"type", "string", "ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."}});
  Put(&properties, "object", DescribedType("object", "The object, or a Status with ERROR."));
  return ObjectSchema("One event of a watch.", std::move(properties));
}

}  // namespace

Node TypeSchema(std::string_view type) {
  Node node = MapNode();
  Put(&node, "type", type);
  return node;
}

Node DescribedType(std::string_view type, std::string_view description) {
  Node node = MapNode();
  Put(&node, "description", description);
  Put(&node, "type", type);
  if (type == "integer") Put(&node, "format", "int64");
  return node;
}

Node TimeSchema() {
  Node node = TypeSchema("string");
  Put(&node, "format", "date-time");
  return node;
}

void AddTypeMeta(Node* properties) {
  Put(properties, "apiVersion", DescribedType("string", "The group and version of this form."));
  Put(properties, "kind", DescribedType("string", "What this is, in CamelCase."));
}

void AddFieldsV1(OpenApi version, Node* properties) {
  Put(properties, "apiVersion", DescribedType("string", "The version the fields are of."));
  Put(properties, "fieldsType", DescribedType("string", "FieldsV1."));
  Put(properties, "fieldsV1", RefTo(version, MetaName("FieldsV1")));
}

std::vector<std::pair<std::string, Node>> MetaDefinitions(OpenApi version) {
  return {
      {MetaName("DeleteOptions"), DeleteOptions(version)},
      {MetaName("FieldsV1"),
       ObjectSchema("Which fields, as a tree: f:NAME, k:KEY, v:VALUE.", MapNode())},
      {MetaName("ListMeta"), ListMeta()},
      {MetaName("Patch"), ObjectSchema("A patch, in the form of its Content-Type.", MapNode())},
      {MetaName("Preconditions"), Preconditions()},
      {MetaName("Status"), StatusSchema(version)},
      {MetaName("StatusCause"), StatusCause()},
      {MetaName("StatusDetails"), StatusDetails(version)},
      {MetaName("WatchEvent"), WatchEvent()},
  };
}

}  // namespace reeve::schema
