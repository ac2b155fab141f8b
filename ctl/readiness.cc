#include "ctl/readiness.h"

#include "base/status.h"
#include "base/strings.h"
#include "ctl/watching.h"
#include "proto/schema/encode.h"
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

// Splits at the first '='; the second part is empty when there is none.
std::pair<std::string_view, std::string_view> SplitOnce(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == text.npos) return {text, ""};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// "{.a[?(@.b==1)]}=value": the path's own '=' are between braces.
std::pair<std::string_view, std::string_view> SplitPath(std::string_view text) {
  const size_t close = text.starts_with('{') ? text.rfind('}') : text.npos;
  if (close == text.npos) return SplitOnce(text);
  const std::string_view rest = text.substr(close + 1);
  return {text.substr(0, close + 1), rest.starts_with('=') ? rest.substr(1) : rest};
}

absl::StatusOr<Goal> ConditionGoal(std::string_view text) {
  const auto [type, value] = SplitOnce(text);
  const std::string status(value.empty() ? "True" : value);
  const std::vector<std::string> known = schema::EnumNames(v1::Condition::Status_descriptor());
  for (const std::string& name : known) {
    if (ToLower(name) == ToLower(status))
      return Goal{.type = Goal::Type::kCondition, .subject = std::string(type), .value = status};
  }
  return InvalidArgument("a condition is never \"{}\"; use one of: {}", status, Join(known, ", "));
}

absl::StatusOr<Goal> PathGoal(std::string_view text) {
  const auto [subject, value] = SplitPath(text);
  Goal goal{.type = Goal::Type::kValue, .value = std::string(value)};
  ASSIGN_OR_RETURN(goal.path, JsonPath::Parse(subject));
  return goal;
}

bool PathIs(const v1::Object& object, const JsonPath& path, std::string_view value) {
  const schema::Node document = schema::EncodeObject(object);
  const absl::StatusOr<Nodes> found = path.Find(document);
  if (!found.ok()) return false;  // Not yet: the list is too short.
  for (const schema::Node* node : *found) {
    if (value.empty() || NodeText(*node) == value) return true;
  }
  return false;
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
  if (type == Type::kPhase) return schema::Phase(*object) == value;
  return PathIs(*object, *path, value);
}

absl::StatusOr<Goal> ParseGoal(std::string_view text) {
  if (text == "delete") return Goal{.type = Goal::Type::kDelete};
  if (text == "create") return Goal{.type = Goal::Type::kCreate};
  const auto [word, rest] = SplitOnce(text);
  if (word == "condition" && !rest.empty()) return ConditionGoal(rest);
  if (word == "phase" && !rest.empty())
    return Goal{.type = Goal::Type::kPhase, .value = std::string(rest)};
  if (word == "jsonpath" && !rest.empty()) return PathGoal(rest);
  return InvalidArgument(
      "unrecognized condition: \"{}\"; use delete, create, condition=TYPE[=STATUS], phase=PHASE or "
      "jsonpath={{.path}}=VALUE",
      text);
}

absl::Status CheckGoal(const Goal& goal, const schema::Kind& kind) {
  if (goal.type != Goal::Type::kPhase) return absl::OkStatus();
  const std::vector<std::string> phases = PhasesOf(kind);
  if (phases.empty()) return InvalidArgument("{} have no phase", kind.plural);
  for (const std::string& phase : phases) {
    if (phase == goal.value) return absl::OkStatus();
  }
  const std::string near = DidYouMean(goal.value, phases);
  return InvalidArgument("{} have no phase \"{}\"{}; there are: {}", kind.plural, goal.value,
                         near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near),
                         Join(phases, ", "));
}

}  // namespace reeve::ctl
