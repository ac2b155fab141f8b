#include <map>

#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/phases.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"
#include "proto/schema/validate.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;

class ChangeChecker {
 public:
  Violations violations;

  void Compare(const FieldPath& path, const Message& before, const Message& after) {
    const Descriptor* type = before.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const FieldPath at = path.Child(field->json_name());
      if (RulesOf(field).immutable()) {
        CompareFixed(at, before, after, field);
      } else if (IsSubmessage(field)) {
        CompareBelow(at, before, after, field);
      }
    }
  }

  void Add(const FieldPath& path, const std::string& message) {
    v1::FieldViolation& violation = violations.emplace_back();
    violation.set_field(path.ToString());
    violation.set_message(message);
  }

 private:
  void CompareFixed(const FieldPath& path, const Message& before, const Message& after,
                    const FieldDescriptor* field) {
    if (!IsSet(before, field)) return;
    if (FieldText(before, field) == FieldText(after, field)) return;
    const bool scalar =
        !field->is_repeated() && !IsSubmessage(field) && !RulesOf(field).sensitive();
    Add(path, scalar ? fmt::format("may not be changed, is \"{}\"", ScalarText(before, field))
                     : "may not be changed");
  }

  // Text that is equal exactly when the field's values are.
  static std::string FieldText(const Message& message, const FieldDescriptor* field) {
    if (!field->is_repeated() && !IsSubmessage(field)) return ScalarText(message, field);
    const std::unique_ptr<Message> only(message.New());
    only->CopyFrom(message);
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* other : fields) {
      if (other != field) only->GetReflection()->ClearField(only.get(), other);
    }
    return Encode(*only);
  }

  void CompareBelow(const FieldPath& path, const Message& before, const Message& after,
                    const FieldDescriptor* field) {
    if (field->is_repeated()) return CompareItems(path, before, after, field);
    if (!IsSet(before, field) || !IsSet(after, field)) return;
    Compare(path, before.GetReflection()->GetMessage(before, field),
            after.GetReflection()->GetMessage(after, field));
  }

  void CompareItems(const FieldPath& path, const Message& before, const Message& after,
                    const FieldDescriptor* field) {
    const FieldDescriptor* key = MergeKeyOf(field);
    if (key == nullptr) return;
    const Reflection* reflection = before.GetReflection();
    std::map<std::string, const Message*> old;
    for (int i = 0; i < reflection->FieldSize(before, field); ++i) {
      const Message& item = reflection->GetRepeatedMessage(before, field, i);
      old.emplace(ScalarText(item, key), &item);
    }
    for (int i = 0; i < reflection->FieldSize(after, field); ++i) {
      const Message& item = reflection->GetRepeatedMessage(after, field, i);
      const auto found = old.find(ScalarText(item, key));
      if (found != old.end()) Compare(path.At(i), *found->second, item);
    }
  }
};

std::string WhyNotTransition(const Message& before, const Message& after) {
  const v1::KindOptions& options = Inner(after).GetDescriptor()->options().GetExtension(v1::kind);
  const Lifecycle* lifecycle = FindLifecycle(options.lifecycle());
  if (lifecycle == nullptr) return "";
  const std::string from = Phase(before);
  const std::string to = Phase(after);
  if (TransitionAllowed(*lifecycle, from, to)) return "";
  const std::vector<std::string> allowed = PhasesAfter(*lifecycle, from);
  return fmt::format("may not go from \"{}\" to \"{}\"{}", from, to,
                     allowed.empty() ? ": it is final" : ", only to " + Join(allowed, ", "));
}

}  // namespace

Violations ValidateUpdate(const Message& before, const Message& after) {
  CHECK(Inner(before).GetDescriptor() == Inner(after).GetDescriptor(),
        "ValidateUpdate of two kinds");
  ChangeChecker checker;
  checker.Compare(FieldPath(), Inner(before), Inner(after));
  const std::string why = WhyNotTransition(before, after);
  if (!why.empty()) checker.Add(FieldPath().Child("status").Child("phase"), why);
  return std::move(checker.violations);
}

}  // namespace reeve::schema
