// The OpenAPI 2 document as protobuf: what openapi_schema.cc and openapi_paths.cc made, member by
// member.
#include "openapi/v2/openapi.pb.h"
#include "proto/schema/json_node.h"
#include "proto/schema/openapi.h"
#include "proto/schema/openapi_document.h"

namespace reeve::schema {
namespace {

namespace pb = ::openapi::v2;

std::string TextAt(const Node& node, std::string_view key) {
  const Entry* entry = FindEntry(node, key);
  return entry == nullptr ? "" : entry->value.text;
}

int64_t NumberAt(const Node& node, std::string_view key) {
  const std::string text = TextAt(node, key);
  return text.empty() ? 0 : std::stoll(text);
}

bool BoolAt(const Node& node, std::string_view key) { return TextAt(node, key) == "true"; }

// Calls `visit` with the value at `key`, if there is one.
template <typename Visit>
void At(const Node& node, std::string_view key, Visit visit) {
  if (const Entry* entry = FindEntry(node, key)) visit(entry->value);
}

template <typename Field>
void AddTexts(const Node& node, std::string_view key, Field* field) {
  At(node, key, [&](const Node& list) {
    for (const Node& item : list.items) *field->Add() = item.text;
  });
}

// JSON is YAML.
void SetAny(const Node& node, pb::Any* any) { any->set_yaml(DumpJson(node) + "\n"); }

void AddExtensions(const Node& node, google::protobuf::RepeatedPtrField<pb::NamedAny>* list) {
  for (const Entry& entry : node.entries) {
    if (!entry.key.starts_with("x-")) continue;
    pb::NamedAny* extension = list->Add();
    extension->set_name(entry.key);
    SetAny(entry.value, extension->mutable_value());
  }
}

void SetBounds(const Node& node, pb::Schema* schema) {
  schema->set_maximum(static_cast<double>(NumberAt(node, "maximum")));
  schema->set_minimum(static_cast<double>(NumberAt(node, "minimum")));
  schema->set_max_length(NumberAt(node, "maxLength"));
  schema->set_max_items(NumberAt(node, "maxItems"));
  schema->set_min_items(NumberAt(node, "minItems"));
}

void SetSchema(const Node& node, pb::Schema* schema) {
  schema->set_ref(TextAt(node, "$ref"));
  schema->set_format(TextAt(node, "format"));
  schema->set_description(TextAt(node, "description"));
  schema->set_pattern(TextAt(node, "pattern"));
  SetBounds(node, schema);
  AddTexts(node, "required", schema->mutable_required());
  At(node, "type", [&](const Node& type) { schema->mutable_type()->add_value(type.text); });
  At(node, "default", [&](const Node& value) { SetAny(value, schema->mutable_default_()); });
  At(node, "enum", [&](const Node& list) {
    for (const Node& item : list.items) SetAny(item, schema->add_enum_());
  });
  At(node, "additionalProperties", [&](const Node& below) {
    SetSchema(below, schema->mutable_additional_properties()->mutable_schema());
  });
  At(node, "items",
     [&](const Node& below) { SetSchema(below, schema->mutable_items()->add_schema()); });
  At(node, "properties", [&](const Node& below) {
    for (const Entry& entry : below.entries) {
      pb::NamedSchema* named = schema->mutable_properties()->add_additional_properties();
      named->set_name(entry.key);
      SetSchema(entry.value, named->mutable_value());
    }
  });
  AddExtensions(node, schema->mutable_vendor_extension());
}

template <typename Parameter>
void SetSimple(const Node& node, Parameter* parameter) {
  parameter->set_name(TextAt(node, "name"));
  parameter->set_in(TextAt(node, "in"));
  parameter->set_description(TextAt(node, "description"));
  parameter->set_type(TextAt(node, "type"));
  parameter->set_unique_items(BoolAt(node, "uniqueItems"));
}

void SetParameter(const Node& node, pb::Parameter* parameter) {
  const std::string in = TextAt(node, "in");
  if (in == "path") {
    pb::PathParameter* path =
        parameter->mutable_non_body_parameter()->mutable_path_parameter_sub_schema();
    SetSimple(node, path);
    path->set_required(true);
  } else if (in == "query") {
    SetSimple(node, parameter->mutable_non_body_parameter()->mutable_query_parameter_sub_schema());
  } else {
    pb::BodyParameter* body = parameter->mutable_body_parameter();
    body->set_name(TextAt(node, "name"));
    body->set_in(in);
    body->set_required(BoolAt(node, "required"));
    At(node, "schema", [&](const Node& schema) { SetSchema(schema, body->mutable_schema()); });
  }
}

void AddParameters(const Node& node, google::protobuf::RepeatedPtrField<pb::ParametersItem>* list) {
  At(node, "parameters", [&](const Node& parameters) {
    for (const Node& item : parameters.items) SetParameter(item, list->Add()->mutable_parameter());
  });
}

void SetResponses(const Node& node, pb::Responses* responses) {
  for (const Entry& entry : node.entries) {
    pb::NamedResponseValue* named = responses->add_response_code();
    named->set_name(entry.key);
    pb::Response* response = named->mutable_value()->mutable_response();
    response->set_description(TextAt(entry.value, "description"));
    At(entry.value, "schema", [&](const Node& schema) {
      SetSchema(schema, response->mutable_schema()->mutable_schema());
    });
  }
}

void SetOperation(const Node& node, pb::Operation* operation) {
  operation->set_description(TextAt(node, "description"));
  operation->set_operation_id(TextAt(node, "operationId"));
  AddTexts(node, "tags", operation->mutable_tags());
  AddTexts(node, "produces", operation->mutable_produces());
  AddTexts(node, "consumes", operation->mutable_consumes());
  AddTexts(node, "schemes", operation->mutable_schemes());
  AddParameters(node, operation->mutable_parameters());
  At(node, "responses",
     [&](const Node& responses) { SetResponses(responses, operation->mutable_responses()); });
  AddExtensions(node, operation->mutable_vendor_extension());
}

void SetPathItem(const Node& node, pb::PathItem* item) {
  At(node, "get", [&](const Node& below) { SetOperation(below, item->mutable_get()); });
  At(node, "put", [&](const Node& below) { SetOperation(below, item->mutable_put()); });
  At(node, "post", [&](const Node& below) { SetOperation(below, item->mutable_post()); });
  At(node, "delete", [&](const Node& below) { SetOperation(below, item->mutable_delete_()); });
  At(node, "patch", [&](const Node& below) { SetOperation(below, item->mutable_patch()); });
  AddParameters(node, item->mutable_parameters());
}

}  // namespace

std::string OpenApiV2Proto(const KindRegistry& registry) {
  const Node document = OpenApiV2Document(registry);
  pb::Document result;
  result.set_swagger(TextAt(document, "swagger"));
  At(document, "info", [&](const Node& info) {
    result.mutable_info()->set_title(TextAt(info, "title"));
    result.mutable_info()->set_version(TextAt(info, "version"));
  });
  At(document, "paths", [&](const Node& paths) {
    for (const Entry& entry : paths.entries) {
      pb::NamedPathItem* path = result.mutable_paths()->add_path();
      path->set_name(entry.key);
      SetPathItem(entry.value, path->mutable_value());
    }
  });
  At(document, "definitions", [&](const Node& definitions) {
    for (const Entry& entry : definitions.entries) {
      pb::NamedSchema* named = result.mutable_definitions()->add_additional_properties();
      named->set_name(entry.key);
      SetSchema(entry.value, named->mutable_value());
    }
  });
  return result.SerializeAsString();
}

}  // namespace reeve::schema
