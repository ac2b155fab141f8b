#include "proto/schema/kube_json.h"

#include <algorithm>

#include "base/status.h"
#include "proto/schema/decode.h"
#include "proto/schema/encode.h"
#include "proto/schema/fields_v1.h"
#include "proto/schema/json_node.h"
#include "proto/schema/reflect.h"

namespace reeve::schema {
namespace {

constexpr std::string_view kApiVersionField = "apiVersion";
constexpr std::string_view kMetadata = "metadata";
constexpr std::string_view kManagedFields = "managedFields";
constexpr std::string_view kOwnerReferences = "ownerReferences";

Node* FindMutable(Node* map, std::string_view key) {
  for (Entry& entry : map->entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

void Remove(Node* map, std::string_view key) {
  std::erase_if(map->entries, [&](const Entry& entry) { return entry.key == key; });
}

// {manager, operation, fields} to {manager, operation, apiVersion, fieldsType, fieldsV1}.
void ShowManagedFields(const Descriptor* type, Node* entry) {
  std::vector<std::string> paths;
  if (const Entry* fields = FindEntry(*entry, "fields")) {
    for (const Node& path : fields->value.items) paths.push_back(path.text);
  }
  Remove(entry, "fields");
  Put(entry, kApiVersionField, kApiVersion);
  Put(entry, "fieldsType", "FieldsV1");
  Problems none;
  Put(entry, "fieldsV1", ParseJson(ToFieldsV1(type, paths), &none));
}

void ShowMetadata(const Descriptor* type, Node* metadata) {
  if (Node* owners = FindMutable(metadata, kOwnerReferences)) {
    for (Node& owner : owners->items) {
      owner.entries.insert(owner.entries.begin(),
                           {.key = std::string(kApiVersionField), .value = TextNode(kApiVersion)});
    }
  }
  if (Node* entries = FindMutable(metadata, kManagedFields)) {
    for (Node& entry : entries->items) ShowManagedFields(type, &entry);
  }
}

Node MetadataOf(Node object) {
  Node* metadata = FindMutable(&object, kMetadata);
  return metadata == nullptr ? MapNode() : std::move(*metadata);
}

// In Kubernetes a null member is one that is not there; items of lists are left as they are.
void DropNulls(Node* node) {
  std::erase_if(node->entries,
                [](const Entry& entry) { return entry.value.type == Node::Type::kNull; });
  for (Entry& entry : node->entries) DropNulls(&entry.value);
  for (Node& item : node->items) DropNulls(&item);
}

// Kubernetes' form of an object to ours.
void FromKubeNode(Node* node) {
  DropNulls(node);
  Node* metadata = FindMutable(node, kMetadata);
  if (metadata == nullptr) return;
  for (const std::string_view ignored : {kManagedFields, std::string_view("selfLink"),
                                         std::string_view("deletionGracePeriodSeconds")})
    Remove(metadata, ignored);
  if (Node* owners = FindMutable(metadata, kOwnerReferences)) {
    for (Node& owner : owners->items) Remove(&owner, kApiVersionField);
  }
}

}  // namespace

Node ToKubeNode(const Message& object, Secrets* secrets) {
  Node node = EncodeObject(object, secrets);
  if (Node* metadata = FindMutable(&node, kMetadata))
    ShowMetadata(Inner(object).GetDescriptor(), metadata);
  return node;
}

std::string ToKubeJson(const Message& object) { return DumpJson(ToKubeNode(object)); }

std::string ToKubeMetadataJson(const Message& object) {
  return DumpJson(MetadataOf(ToKubeNode(object)));
}

std::string ToKubePartialJson(const Message& object) {
  Node node = MapNode();
  Put(&node, "kind", "PartialObjectMetadata");
  Put(&node, kApiVersionField, "meta.k8s.io/v1");
  Put(&node, kMetadata, MetadataOf(ToKubeNode(object)));
  return DumpJson(node);
}

absl::StatusOr<std::unique_ptr<Message>> FromKubeJson(std::string_view text,
                                                      const KindRegistry& registry,
                                                      std::vector<FieldPath>* mentioned) {
  Problems problems;
  Node node = ParseJson(text, &problems);
  if (problems.empty()) return DecodeKube(std::move(node), registry, mentioned);
  return ProblemsToStatus(problems);
}

absl::StatusOr<std::unique_ptr<Message>> DecodeKube(Node node, const KindRegistry& registry,
                                                    std::vector<FieldPath>* mentioned) {
  Problems problems, warnings;
  FromKubeNode(&node);
  std::vector<Decoded> objects =
      Decoder(registry, {.keep_server_owned = true}, &problems, &warnings).DecodeDocument(node);
  if (problems.empty() && objects.size() == 1) {
    for (const auto& [path, at] : objects[0].positions) {
      if (mentioned != nullptr) mentioned->push_back(path);
    }
    return std::move(objects[0].object);
  }
  if (problems.empty()) problems.push_back({{}, "must be one object, not a List"});
  return ProblemsToStatus(problems);
}

}  // namespace reeve::schema
