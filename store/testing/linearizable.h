// Whether what clients saw of one key can be explained by operations that took effect one at a
// time, each between its call and its answer. Trusts no revision: it searches for an order.
//
// The search is Wing and Gong's ("Testing and Verifying Concurrent Objects", JPDC 1993) with Lowe's
// memory of configurations that were tried ("Testing for Linearizability", 2017). One key at a time
// is enough, because linearizability is local (Herlihy and Wing, TOPLAS 1990).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/testing/history.h"

namespace reeve::store {

// An operation on a register that holds a value or nothing. A read expects what it saw; a
// compare-and-set expects and writes.
struct RegisterOp {
  enum class Outcome { kOk, kRefused, kUnknown };
  using Value = std::optional<std::string>;

  int64_t start = 0;
  int64_t end = kNever;
  std::optional<Value> expected;  // Refused: this is what it did not find.
  std::optional<Value> written;
  Outcome outcome = Outcome::kOk;
};

// From a register that holds nothing. An operation of unknown outcome takes effect once, at any
// time after its call, or never.
bool IsLinearizable(std::vector<RegisterOp> ops);

// What happened to `key`, out of a whole history. Transactions that were refused because of other
// keys say nothing about this one.
std::vector<RegisterOp> RegisterOf(const std::string& key, const std::vector<Attempt>& attempts,
                                   const std::vector<Look>& looks);

}  // namespace reeve::store
