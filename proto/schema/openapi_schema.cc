#include "proto/schema/openapi_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "proto/schema/comments.h"
#include "proto/schema/openapi_meta.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::schema {
namespace {

constexpr std::string_view kDurationPattern = "^([0-9]+(h|m|s|ms|us|ns))+$";

// What a value must look like, where a regular expression can say it. Nothing written is no value.
std::string_view PatternOf(v1::Format format) {
  switch (format) {
    case v1::LABEL:
      return "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$";
    case v1::DIGEST_REF:
      return "^(sha256-[0-9a-f]{64})?$";
    case v1::ENV_NAME:
      return "^([A-Z_][A-Z0-9_]{0,63})?$";
    case v1::URL_PATH:
      return "^(/[A-Za-z0-9._~/-]*)?$";
    default:
      return "";
  }
}

Node IntegerSchema(const FieldDescriptor* field) {
  Node node = MapNode();
  Put(&node, "type", "integer");
  Put(&node, "format", field->cpp_type() == FieldDescriptor::CPPTYPE_INT32 ? "int32" : "int64");
  const v1::FieldRules& rules = RulesOf(field);
  if (rules.has_min()) Put(&node, "minimum", NumberNode(rules.min()));
  if (rules.has_max()) Put(&node, "maximum", NumberNode(rules.max()));
  return node;
}

Node EnumSchema(const EnumDescriptor* type) {
  Node node = MapNode();
  Put(&node, "type", "string");
  Node names = ListNode();
  for (const std::string& name : EnumNames(type)) names.items.push_back(TextNode(name));
  Put(&node, "enum", std::move(names));
  return node;
}

Node StringSchema(const FieldDescriptor* field) {
  Node node = MapNode();
  Put(&node, "type", "string");
  const v1::FieldRules& rules = RulesOf(field);
  if (rules.sensitive()) Put(&node, "format", "password");
  if (rules.format() == v1::HOST_NAME) Put(&node, "format", "hostname");
  if (const std::string_view pattern = PatternOf(rules.format()); !pattern.empty())
    Put(&node, "pattern", pattern);
  if (rules.max_length() != 0) Put(&node, "maxLength", NumberNode(rules.max_length()));
  return node;
}

Node DurationSchema() {
  Node node = MapNode();
  Put(&node, "type", "string");
  Put(&node, "pattern", kDurationPattern);
  return node;
}

Node ScalarSchema(const FieldDescriptor* field) {
  if (IsDuration(field)) return DurationSchema();
  if (IsTimestamp(field)) return TimeSchema();
  if (IsInteger(field)) return IntegerSchema(field);
  if (field->enum_type() != nullptr) return EnumSchema(field->enum_type());
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return TypeSchema("boolean");
  return StringSchema(field);
}

// A default in its own type.
Node DefaultOf(const FieldDescriptor* field) {
  const std::string& text = RulesOf(field).default_value();
  if (IsSubmessage(field)) return MapNode();
  if (IsInteger(field)) return {.type = Node::Type::kNumber, .text = text};
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return BoolNode(text == "true");
  return TextNode(text);
}

std::string DescriptionOf(const FieldDescriptor* field) {
  std::string text = CommentOf(field);
  if (text.empty() && IsSubmessage(field)) text = CommentOf(field->message_type());
  const v1::FieldRules& rules = RulesOf(field);
  const auto add = [&](std::string_view more) {
    text += (text.empty() ? "" : " ") + std::string(more);
  };
  if (!rules.references().empty()) add(fmt::format("Names a {}.", rules.references()));
  if (rules.server_owned()) add("Set by the server.");
  return text;
}

// From the messages of the kinds to definitions.
class Builder {
 public:
  explicit Builder(OpenApi version) : version_(version) {}

  void AddKind(const Kind& kind) {
    AddMessage(kind.descriptor);
    Node& node = definitions_.at(DefinitionName(kind.descriptor));
    PutGvks(&node, kind.name);
    definitions_.emplace(ListDefinitionName(kind), ListSchema(kind));
  }

  void Add(std::string name, Node node) { definitions_.emplace(std::move(name), std::move(node)); }

  Node Take() {
    Node all = MapNode();
    for (auto& [name, node] : definitions_) Put(&all, name, std::move(node));
    return all;
  }

 private:
  static void PutGvks(Node* node, std::string_view kind) {
    Put(node, "x-kubernetes-group-version-kind", ListNode({GroupVersionKind(kApiGroup, kind)}));
  }

  void AddMessage(const Descriptor* type) {
    const std::string name = DefinitionName(type);
    if (definitions_.contains(name)) return;
    definitions_.emplace(name, Node());  // Messages name each other once.
    definitions_[name] = MessageSchema(type);
  }

  Node MessageSchema(const Descriptor* type) {
    Node node = MapNode();
    if (const std::string text = CommentOf(type); !text.empty()) Put(&node, "description", text);
    Put(&node, "type", "object");
    Node required = ListNode();
    Node properties = MapNode();
    if (type->options().HasExtension(v1::kind)) AddTypeMeta(&properties);
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const v1::FieldRules& rules = RulesOf(field);
      // Kubernetes requires nothing of ObjectMeta in its schema, and the server fills in defaults.
      const bool needed =
          rules.required() && rules.default_value().empty() && type != v1::ObjectMeta::descriptor();
      if (needed) required.items.push_back(TextNode(field->json_name()));
      if (type == v1::ManagedFieldsEntry::descriptor() && field->json_name() == "fields") {
        AddFieldsV1(version_, &properties);
      } else {
        Put(&properties, field->json_name(), FieldSchema(field));
      }
    }
    if (type == v1::OwnerReference::descriptor())
      Put(&properties, "apiVersion", DescribedType("string", "API version of the referent."));
    if (!required.items.empty()) Put(&node, "required", std::move(required));
    if (!properties.entries.empty()) Put(&node, "properties", std::move(properties));
    return node;
  }

  Node FieldSchema(const FieldDescriptor* field) {
    Node node = field->is_map()        ? MapSchema(field)
                : field->is_repeated() ? ListSchema(field)
                                       : OneSchema(field);
    if (!RulesOf(field).default_value().empty()) Put(&node, "default", DefaultOf(field));
    const std::string text = DescriptionOf(field);
    if (!text.empty()) {
      node.entries.insert(node.entries.begin(), {.key = "description", .value = TextNode(text)});
    }
    return node;
  }

  // A reference with a description beside it: in OpenAPI 3 a "$ref" stands alone.
  Node OneSchema(const FieldDescriptor* field) {
    if (!IsSubmessage(field)) return ScalarSchema(field);
    AddMessage(field->message_type());
    Node ref = RefTo(version_, DefinitionName(field->message_type()));
    if (version_ == OpenApi::kV2) return ref;
    Node node = MapNode();
    Put(&node, "allOf", ListNode({std::move(ref)}));
    return node;
  }

  Node ItemSchema(const FieldDescriptor* field) {
    if (!IsSubmessage(field)) return ScalarSchema(field);
    AddMessage(field->message_type());
    return RefTo(version_, DefinitionName(field->message_type()));
  }

  static Node MapSchema(const FieldDescriptor* field) {
    Node node = MapNode();
    Put(&node, "type", "object");
    Put(&node, "additionalProperties", ScalarSchema(field->message_type()->map_value()));
    return node;
  }

  Node ListSchema(const FieldDescriptor* field) {
    Node node = MapNode();
    Put(&node, "type", "array");
    Put(&node, "items", ItemSchema(field));
    const v1::FieldRules& rules = RulesOf(field);
    if (rules.min_items() != 0) Put(&node, "minItems", NumberNode(rules.min_items()));
    if (rules.max_items() != 0) Put(&node, "maxItems", NumberNode(rules.max_items()));
    const FieldDescriptor* key = MergeKeyOf(field);
    if (key != nullptr) {
      Put(&node, "x-kubernetes-list-type", "map");
      Put(&node, "x-kubernetes-list-map-keys", ListNode({TextNode(key->json_name())}));
      Put(&node, "x-kubernetes-patch-merge-key", key->json_name());
    } else {
      Put(&node, "x-kubernetes-list-type", rules.set() ? "set" : "atomic");
    }
    if (key != nullptr || rules.set()) Put(&node, "x-kubernetes-patch-strategy", "merge");
    return node;
  }

  Node ListSchema(const Kind& kind) {
    Node node = MapNode();
    Put(&node, "description", fmt::format("A list of {}.", kind.plural));
    Put(&node, "type", "object");
    Put(&node, "required", ListNode({TextNode("items")}));
    Node properties = MapNode();
    AddTypeMeta(&properties);
    Node items = MapNode();
    Put(&items, "type", "array");
    Put(&items, "items", RefTo(version_, DefinitionName(kind.descriptor)));
    Put(&properties, "items", std::move(items));
    Put(&properties, "metadata", RefTo(version_, fmt::format("{}ListMeta", kMetaPrefix)));
    Put(&node, "properties", std::move(properties));
    PutGvks(&node, kind.name + "List");
    return node;
  }

  const OpenApi version_;
  std::map<std::string, Node> definitions_;
};

}  // namespace

std::string DefinitionName(const Descriptor* type) {
  const bool kubernetes =
      type == v1::ObjectMeta::descriptor() || type == v1::ManagedFieldsEntry::descriptor() ||
      type == v1::OwnerReference::descriptor() || type == v1::Condition::descriptor();
  return kubernetes ? fmt::format("{}{}", kMetaPrefix, type->name()) : type->full_name();
}

std::string ListDefinitionName(const Kind& kind) {
  return DefinitionName(kind.descriptor) + "List";
}

Node RefTo(OpenApi version, std::string_view definition) {
  Node node = MapNode();
  Put(&node, "$ref",
      fmt::format("#/{}/{}", version == OpenApi::kV2 ? "definitions" : "components/schemas",
                  definition));
  return node;
}

Node GroupVersionKind(std::string_view group, std::string_view kind) {
  Node node = MapNode();
  Put(&node, "group", group);
  Put(&node, "kind", kind);
  Put(&node, "version", kGroupVersion);
  return node;
}

Node Definitions(OpenApi version, const KindRegistry& registry) {
  Builder builder(version);
  for (const Kind& kind : registry.kinds()) builder.AddKind(kind);
  for (auto& [name, node] : MetaDefinitions(version)) builder.Add(name, std::move(node));
  return builder.Take();
}

}  // namespace reeve::schema
