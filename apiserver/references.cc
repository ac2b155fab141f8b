#include "apiserver/references.h"

#include "apiserver/keys.h"
#include "apiserver/object_io.h"
#include "base/status.h"
#include "base/strings.h"
#include "reeve/v1/options.pb.h"

namespace reeve::apiserver {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

// How many users an error names.
constexpr size_t kUsersNamedMax = 10;

bool References(const FieldDescriptor* field, const std::string& kind) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
         field->options().GetExtension(v1::rules).references() == kind;
}

// No message of the schema holds itself.
bool MayReference(const Descriptor* type, const std::string& kind) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (References(field, kind)) return true;
    if (field->message_type() != nullptr && MayReference(field->message_type(), kind)) return true;
  }
  return false;
}

bool Names(const Message& message, const std::string& kind, const std::string& name) {
  const Reflection* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    const bool text = References(field, kind);
    if (!text && field->message_type() == nullptr) continue;
    for (int i = 0; i < size; ++i) {
      if (text && (field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                        : reflection->GetString(message, field)) == name)
        return true;
      if (!text && Names(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                              : reflection->GetMessage(message, field),
                         kind, name))
        return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> UsersOf(const Attempt& attempt, const ObjectKey& key,
                                                 size_t max) {
  std::vector<std::string> users;
  for (const schema::Kind& kind : attempt.kinds().kinds()) {
    if (!MayReference(kind.descriptor, key.kind)) continue;
    const KeyRange range = ObjectRange(kind, kind.namespaced() ? key.ns : "");
    absl::Status decoded;
    RETURN_IF_ERROR(
        attempt.view().Scan(range.first, range.last, [&](const store::Version& version) {
          const absl::StatusOr<ObjectPtr> object = DecodeFromStore(attempt.kinds(), version);
          decoded = object.status();
          if (!decoded.ok()) return false;
          if (Names(schema::Inner(**object), key.kind, key.name))
            users.push_back(ToString(schema::KeyOf(**object)));
          return users.size() < max;
        }));
    RETURN_IF_ERROR(decoded);
  }
  return users;
}

absl::Status CheckUnused(const Attempt& attempt, const schema::Kind& kind, const ObjectKey& key) {
  ASSIGN_OR_RETURN(std::vector<std::string> users, UsersOf(attempt, key, kUsersNamedMax + 1));
  if (users.empty()) return absl::OkStatus();
  if (users.size() > kUsersNamedMax) users.back() = "others";
  return FailedPrecondition("{} \"{}\" cannot be deleted: it is used by {}", kind.plural, key.name,
                            Join(users, ", "));
}

}  // namespace reeve::apiserver
