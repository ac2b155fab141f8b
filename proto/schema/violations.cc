#include <absl/strings/cord.h>

#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::schema {
namespace {

constexpr char kTypeUrl[] = "type.googleapis.com/reeve.v1.Violations";

std::string Line(const v1::FieldViolation& violation) {
  if (violation.field().empty()) return violation.message();
  return fmt::format("{}: {}", violation.field(), violation.message());
}

std::string Text(const Violations& violations, const ObjectKey& key) {
  const std::string head = fmt::format("{} \"{}\" is invalid:", key.kind, key.name);
  if (violations.size() == 1) return fmt::format("{} {}", head, Line(violations[0]));
  std::string text = head;
  for (const v1::FieldViolation& violation : violations) text += "\n* " + Line(violation);
  return text;
}

}  // namespace

absl::Status WithViolations(absl::Status status, const Violations& violations) {
  if (status.ok() || violations.empty()) return status;
  v1::Violations all;
  for (const v1::FieldViolation& violation : violations) *all.add_violations() = violation;
  status.SetPayload(kTypeUrl, absl::Cord(all.SerializeAsString()));
  return status;
}

absl::Status ToStatus(const Violations& violations, const ObjectKey& key) {
  if (violations.empty()) return absl::OkStatus();
  Violations named = violations;
  for (v1::FieldViolation& violation : named) {
    if (violation.object().empty()) violation.set_object(ToString(key));
  }
  return WithViolations(InvalidArgument("{}", Text(named, key)), named);
}

Violations ViolationsOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kTypeUrl);
  v1::Violations all;
  if (!payload.has_value() || !all.ParseFromString(std::string(*payload))) return {};
  return {all.violations().begin(), all.violations().end()};
}

}  // namespace reeve::schema
