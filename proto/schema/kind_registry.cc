#include "proto/schema/kind_registry.h"

#include <algorithm>
#include <set>

#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/reflect.h"
#include "reeve/v1/kinds.pb.h"
#include "reeve/v1/meta.pb.h"

namespace reeve::schema {
namespace {

bool HasDialectType(const FieldDescriptor* field) {
  switch (field->type()) {
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_BOOL:
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_ENUM:
    case FieldDescriptor::TYPE_MESSAGE:
      return true;
    default:
      return false;
  }
}

void CheckMap(const FieldDescriptor* field) {
  const Descriptor* entry = field->message_type();
  const FieldDescriptor::Type value = entry->map_value()->type();
  CHECK(entry->map_key()->type() == FieldDescriptor::TYPE_STRING &&
            (value == FieldDescriptor::TYPE_STRING || value == FieldDescriptor::TYPE_INT64),
        field->full_name() +
            ": maps are of strings to strings or int64; use a list with a merge_key");
}

void CheckMergeKey(const FieldDescriptor* field) {
  if (RulesOf(field).merge_key().empty()) return;
  CHECK(field->is_repeated() && IsSubmessage(field), field->full_name() + ": merge_key of no list");
  const FieldDescriptor* key = MergeKeyOf(field);
  CHECK(key != nullptr && key->type() == FieldDescriptor::TYPE_STRING,
        field->full_name() + ": merge_key names no string field");
}

// Every field below `message` has a type of the dialect, and no message contains itself: everything
// that walks a kind by reflection relies on both.
void CheckMessage(const Descriptor* message, std::set<const Descriptor*>* open) {
  CHECK(open->insert(message).second, message->full_name() + " contains itself");
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    CHECK(HasDialectType(field), field->full_name() + ": a type that manifests cannot write");
    if (field->is_map()) {
      CheckMap(field);
      continue;
    }
    CheckMergeKey(field);
    CHECK(field->message_type() == nullptr || !IsSubmessage(field) ||
              field->file()->package() != "google.protobuf",
          field->full_name() + ": of google.protobuf only Duration and Timestamp");
    if (IsSubmessage(field)) CheckMessage(field->message_type(), open);
  }
  open->erase(message);
}

Kind ReadKind(const FieldDescriptor* field) {
  const Descriptor* message = field->message_type();
  CHECK(message != nullptr && message->options().HasExtension(v1::kind),
        field->full_name() + " has no option (kind)");
  const FieldDescriptor* meta = message->FindFieldByNumber(1);
  CHECK(meta != nullptr && meta->name() == "metadata" &&
            meta->message_type() == v1::ObjectMeta::descriptor(),
        message->full_name() + ": field 1 must be ObjectMeta metadata");
  std::set<const Descriptor*> open;
  CheckMessage(message, &open);
  Kind kind = {.id = field->number(),
               .name = message->name(),
               .singular = ToLower(message->name()),
               .descriptor = message,
               .field = field};
  kind.options = message->options().GetExtension(v1::kind);
  kind.plural = kind.options.plural();
  CHECK(!kind.plural.empty(), message->full_name() + " has no plural");
  return kind;
}

}  // namespace

KindRegistry::KindRegistry(const google::protobuf::Descriptor* object) : object_(object) {
  const google::protobuf::OneofDescriptor* oneof = KindOneof(object);
  for (int i = 0; i < oneof->field_count(); ++i) kinds_.push_back(ReadKind(oneof->field(i)));
  std::sort(kinds_.begin(), kinds_.end(), [](const Kind& a, const Kind& b) { return a.id < b.id; });
  for (size_t i = 0; i < kinds_.size(); ++i) {
    const auto add = [&](const std::string& alias) {
      const bool added = by_alias_.emplace(ToLower(alias), i).second;
      CHECK(added, alias + " means two kinds");
    };
    add(kinds_[i].singular);
    if (kinds_[i].plural != kinds_[i].singular) add(kinds_[i].plural);
    for (const std::string& name : kinds_[i].options.short_names()) add(name);
  }
}

const KindRegistry& KindRegistry::Get() {
  static const KindRegistry* const registry = new KindRegistry(v1::Object::descriptor());
  return *registry;
}

const Kind* KindRegistry::FindById(int id) const {
  for (const Kind& kind : kinds_) {
    if (kind.id == id) return &kind;
  }
  return nullptr;
}

const Kind* KindRegistry::FindByName(std::string_view name) const {
  const Kind* kind = FindByAlias(name);
  return kind != nullptr && kind->name == name ? kind : nullptr;
}

const Kind* KindRegistry::FindByAlias(std::string_view alias) const {
  const auto found = by_alias_.find(ToLower(alias));
  return found == by_alias_.end() ? nullptr : &kinds_[found->second];
}

}  // namespace reeve::schema
