#include "apiserver/fields.h"

#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/object.h"

namespace reeve::apiserver {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

constexpr int kIndexDepthMax = 4;

// Walks to the message that holds the last step; nullptr when one on the way is unset. `last` is
// the field there.
const Message* Walk(const Message& object, std::string_view path, const FieldDescriptor** last) {
  const Message* at = &schema::Inner(object);
  const std::vector<std::string> steps = Split(path, '.');
  for (size_t i = 0; i < steps.size(); ++i) {
    *last = FieldCalled(at->GetDescriptor(), steps[i]);
    CHECK(*last != nullptr, fmt::format("the schema has no field {}", path));
    if (i + 1 == steps.size()) return at;
    if (!at->GetReflection()->HasField(*at, *last)) return nullptr;
    at = &at->GetReflection()->GetMessage(*at, *last);
  }
  return nullptr;
}

void CollectIndexed(const Descriptor* message, const std::string& prefix, int depth,
                    std::vector<std::string>* result) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (field->is_repeated()) continue;
    const std::string path =
        prefix.empty() ? field->json_name() : prefix + "." + field->json_name();
    if (field->options().GetExtension(v1::rules).indexed()) result->push_back(path);
    if (field->message_type() != nullptr && depth > 0)
      CollectIndexed(field->message_type(), path, depth - 1, result);
  }
}

}  // namespace

const FieldDescriptor* FieldCalled(const Descriptor* descriptor, std::string_view name) {
  const std::string text(name);
  const FieldDescriptor* by_name = descriptor->FindFieldByName(text);
  if (by_name != nullptr) return by_name;
  for (int i = 0; i < descriptor->field_count(); ++i) {
    if (descriptor->field(i)->json_name() == text) return descriptor->field(i);
  }
  return nullptr;
}

bool HasParent(const Message& object, std::string_view path) {
  const FieldDescriptor* last = nullptr;
  return Walk(object, path, &last) != nullptr;
}

int64_t GetInt(const Message& object, std::string_view path) {
  const FieldDescriptor* last = nullptr;
  const Message* parent = Walk(object, path, &last);
  if (parent == nullptr) return 0;
  const auto* reflection = parent->GetReflection();
  return last->cpp_type() == FieldDescriptor::CPPTYPE_INT32 ? reflection->GetInt32(*parent, last)
                                                            : reflection->GetInt64(*parent, last);
}

void SetInt(Message* object, std::string_view path, int64_t value) {
  const FieldDescriptor* last = nullptr;
  // Walk reads only; what it returns is a part of `object`, which the caller may change.
  auto* parent = const_cast<Message*>(Walk(*object, path, &last));
  CHECK(parent != nullptr, "the message around the field is set");
  if (last->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
    parent->GetReflection()->SetInt32(parent, last, static_cast<int32_t>(value));
  } else {
    parent->GetReflection()->SetInt64(parent, last, value);
  }
}

std::vector<std::string> IndexedFields(const Descriptor* kind) {
  std::vector<std::string> result;
  CollectIndexed(kind, "", kIndexDepthMax, &result);
  return result;
}

}  // namespace reeve::apiserver
