#include "store/testing/linearizable.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <map>
#include <utility>

namespace reeve::store {
namespace {

using Value = RegisterOp::Value;

// A depth-first search over orders.
class Search {
 public:
  explicit Search(std::vector<RegisterOp> ops) : ops_(std::move(ops)), taken_(ops_.size(), '0') {
    std::ranges::sort(ops_, {}, &RegisterOp::start);
    left_ = std::ranges::count_if(ops_, [](const RegisterOp& op) { return op.end != kNever; });
  }

  bool Explain(const Value& state) {
    if (left_ == 0) return true;
    if (!tried_.insert({taken_, state}).second) return false;
    const int64_t horizon = EarliestEnd();
    // Known ones first: one of unknown outcome is only needed where they do not fit.
    return TryAll(state, horizon, /*known=*/true) || TryAll(state, horizon, /*known=*/false);
  }

 private:
  // Nothing that begins after this can be next.
  int64_t EarliestEnd() const {
    int64_t end = kNever;
    for (size_t i = first_; i < ops_.size(); ++i) {
      if (taken_[i] == '0') end = std::min(end, ops_[i].end);
      if (ops_[i].start > end) break;
    }
    return end;
  }

  bool TryAll(const Value& state, int64_t horizon, bool known) {
    for (size_t i = first_; i < ops_.size() && ops_[i].start < horizon; ++i) {
      if (taken_[i] != '0' || (ops_[i].end != kNever) != known) continue;
      Value next = state;
      if (TakesEffect(ops_[i], &next) && Take(i, next)) return true;
    }
    return false;
  }

  static bool TakesEffect(const RegisterOp& op, Value* state) {
    const bool matches = !op.expected || *op.expected == *state;
    if (op.outcome == RegisterOp::Outcome::kRefused) return !matches;
    if (!matches) return false;
    if (op.written) *state = *op.written;
    return true;
  }

  bool Take(size_t i, const Value& next) {
    const size_t before = first_;
    const bool known = ops_[i].end != kNever;
    taken_[i] = '1';
    left_ -= known ? 1 : 0;
    while (first_ < ops_.size() && taken_[first_] == '1') ++first_;
    if (Explain(next)) return true;
    first_ = before;
    left_ += known ? 1 : 0;
    taken_[i] = '0';
    return false;
  }

  std::vector<RegisterOp> ops_;  // By start.
  std::string taken_;            // '1' for those that have their place.
  size_t first_ = 0;             // All before it have.
  int64_t left_ = 0;             // Known ones that have none.
  absl::flat_hash_set<std::pair<std::string, Value>> tried_;
};

}  // namespace

bool IsLinearizable(std::vector<RegisterOp> ops) {
  return Search(std::move(ops)).Explain(std::nullopt);
}

namespace {

Value ValueOf(const std::optional<Version>& version) {
  return version ? Value(version->value) : std::nullopt;
}

// A transaction as an operation on `key`; nullopt when it says nothing about it.
std::optional<RegisterOp> OpOf(const std::string& key, const Attempt& attempt,
                               const std::map<Revision, std::string>& values) {
  RegisterOp op{.start = attempt.start, .end = attempt.end, .expected = {}, .written = {}};
  for (const Precondition& precondition : attempt.txn.preconditions) {
    if (precondition.key != key) continue;
    if (precondition.kind == Precondition::Kind::kAbsent) op.expected = Value();
    if (precondition.kind == Precondition::Kind::kModifiedAt) {
      const auto value = values.find(precondition.modified);
      if (value == values.end()) return std::nullopt;
      op.expected = Value(value->second);
    }
  }
  for (const Write& write : attempt.txn.writes) {
    if (write.key == key) op.written = write.value;
  }
  if (!op.written) return std::nullopt;
  if (attempt.outcome == Attempt::Outcome::kUnknown) op.outcome = RegisterOp::Outcome::kUnknown;
  if (attempt.outcome == Attempt::Outcome::kRefused) {
    if (attempt.txn.preconditions.size() != 1 || !op.expected) return std::nullopt;
    op.outcome = RegisterOp::Outcome::kRefused;
  }
  return op;
}

}  // namespace

std::vector<RegisterOp> RegisterOf(const std::string& key, const std::vector<Attempt>& attempts,
                                   const std::vector<Look>& looks) {
  std::vector<RegisterOp> ops;
  std::map<Revision, std::string> values;  // Of the versions that somebody read.
  for (const Look& look : looks) {
    if (look.key != key) continue;
    if (look.found) values[look.found->modified] = look.found->value;
    ops.push_back(
        {.start = look.start, .end = look.end, .expected = ValueOf(look.found), .written = {}});
  }
  for (const Attempt& attempt : attempts) {
    if (auto op = OpOf(key, attempt, values)) ops.push_back(*std::move(op));
  }
  return ops;
}

}  // namespace reeve::store
