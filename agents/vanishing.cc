#include "agents/vanishing.h"

namespace reeve::agents {
namespace {

// More than these at once, and more than a fifth of all, do not just vanish.
constexpr int kVanishedMax = 10;
constexpr int kVanishedFraction = 5;
// A new epoch that lacks so many, and more than half of all, has forgotten them.
constexpr int kForgottenMin = 2;

}  // namespace

Vanishing JudgeVanished(const VanishedWorks& works) {
  if (works.held && works.accepted) return Vanishing::kRemove;
  const bool forgotten =
      works.new_epoch && works.vanished >= kForgottenMin && 2 * works.vanished > works.known;
  if (forgotten || (works.held && works.vanished > 0)) return Vanishing::kHold;
  const bool many =
      works.vanished > kVanishedMax && works.vanished * kVanishedFraction > works.known;
  return many || works.new_epoch ? Vanishing::kKeep : Vanishing::kRemove;
}

}  // namespace reeve::agents
