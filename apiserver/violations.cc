#include "apiserver/violations.h"

#include <utility>

namespace reeve::apiserver {

void AddViolation(schema::Violations* violations, std::string_view field, std::string message) {
  v1::FieldViolation& violation = violations->emplace_back();
  violation.set_field(std::string(field));
  violation.set_message(std::move(message));
}

}  // namespace reeve::apiserver
