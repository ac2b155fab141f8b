#include "controllers/runtime/facts.h"

#include <utility>

namespace reeve::controllers {

std::optional<FactAnswer> NotCheckedFacts::Next() {
  if (asked_.empty()) return std::nullopt;
  FactAnswer answer{std::move(asked_.front()), kNotChecked};
  asked_.pop_front();
  return answer;
}

}  // namespace reeve::controllers
