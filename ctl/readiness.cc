#include "ctl/readiness.h"

#include "base/status.h"
#include "base/strings.h"
#include "ctl/watching.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"

namespace reeve::ctl {
namespace {

constexpr std::string_view kReady = "Ready";

// A condition that speaks about an older generation says nothing about the present spec.
bool Current(const v1::Object& object, const v1::Condition& condition) {
  return condition.observed_generation() == 0 ||
         condition.observed_generation() >= schema::Meta(object).generation();
}

bool ConditionIs(const v1::Object& object, std::string_view type, std::string_view status) {
  const std::optional<v1::Condition> condition = FindCondition(object, type);
  if (!condition) return ToLower(status) == "unknown";
  const bool same = ToLower(v1::Condition::Status_Name(condition->status())) == ToLower(status);
  return same && Current(object, *condition);
}

bool IsReady(const v1::Object& object) {
  return schema::Conditions(object) == nullptr || ConditionIs(object, kReady, "True");
}

// "{.status.phase}" or ".status.phase" as a field path.
std::string PathOf(std::string_view text) {
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  if (text.starts_with('.')) text.remove_prefix(1);
  return std::string(text);
}

// Splits at the first '='; the second part is empty when there is none.
std::pair<std::string_view, std::string_view> SplitOnce(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == text.npos) return {text, ""};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// `wait` describes a Ready that does not come.
std::string WhyNotReady(const v1::Object& object) {
  const std::optional<v1::Condition> ready = FindCondition(object, kReady);
  if (!ready || ready->reason().empty()) return "";
  return fmt::format(": {}{}{}", ready->reason(), ready->message().empty() ? "" : ": ",
                     ready->message());
}

}  // namespace

std::optional<v1::Condition> FindCondition(const v1::Object& object, std::string_view type) {
  const auto* conditions = schema::Conditions(object);
  if (conditions == nullptr) return std::nullopt;
  for (const v1::Condition& condition : *conditions) {
    if (ToLower(condition.type()) == ToLower(type)) return condition;
  }
  return std::nullopt;
}

std::vector<std::string> PhasesOf(const schema::Kind& kind) {
  const auto* status = schema::FindField(kind.descriptor, "status");
  if (status == nullptr || status->message_type() == nullptr) return {};
  const auto* phase = schema::FindField(status->message_type(), "phase");
  if (phase == nullptr || phase->enum_type() == nullptr) return {};
  return schema::EnumNames(phase->enum_type());
}

absl::Status WaitUntilReady(Session& session, const ObjectKey& key, absl::Duration timeout) {
  std::string why;
  const absl::Status end =
      WaitForObject(session, key, timeout, [&](const v1::Object* object) -> absl::StatusOr<Next> {
        if (object == nullptr) return NotFound("{} was deleted", ToString(key));
        why = WhyNotReady(*object);
        return IsReady(*object) ? Next::kStop : Next::kGoOn;
      });
  if (!absl::IsDeadlineExceeded(end)) return end;
  return DeadlineExceeded("timed out waiting for {}/{} to be Ready{}", ToLower(key.kind), key.name,
                          why);
}

bool Goal::Met(const v1::Object* object) const {
  if (type == Type::kDelete || object == nullptr) return type == Type::kDelete && object == nullptr;
  if (type == Type::kCreate) return true;
  if (type == Type::kCondition) return ConditionIs(*object, subject, value);
  for (const std::string& found : schema::ValuesAt(*object, subject)) {
    if (value.empty() || found == value) return true;
  }
  return false;
}

absl::StatusOr<Goal> ParseGoal(std::string_view text) {
  if (text == "delete") return Goal{.type = Goal::Type::kDelete};
  if (text == "create") return Goal{.type = Goal::Type::kCreate};
  const auto [word, rest] = SplitOnce(text);
  const auto [subject, value] = SplitOnce(rest);
  if (word == "condition" && !subject.empty()) {
    return Goal{Goal::Type::kCondition, std::string(subject),
                value.empty() ? "True" : std::string(value)};
  }
  if (word == "phase" && !rest.empty())
    return Goal{Goal::Type::kValue, "status.phase", std::string(rest)};
  if (word == "jsonpath" && !subject.empty())
    return Goal{Goal::Type::kValue, PathOf(subject), std::string(value)};
  return InvalidArgument(
      "unrecognized condition: \"{}\"; use delete, create, condition=TYPE[=STATUS], phase=PHASE or "
      "jsonpath={{.path}}=VALUE",
      text);
}

}  // namespace reeve::ctl
