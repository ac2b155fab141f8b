// How much of a suite runs: a part of it in `./dev test`, the whole in `./dev soak`, which sets
// REEVE_SOAK. What was reached is printed on lines that begin with "reached:".
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "store/testing/store_conformance.h"

namespace reeve::store {

inline bool Soaking() { return std::getenv("REEVE_SOAK") != nullptr; }

// At least 1.
inline int64_t CountOf(int64_t in_test, int64_t in_soak) {
  const int64_t count = Soaking() ? in_soak : in_test / kBuildSlowness;
  return count > 0 ? count : 1;
}

// The seed of this run: REEVE_SEED, to repeat one, or `usual`.
inline uint64_t SeedOf(uint64_t usual) {
  const char* seed = std::getenv("REEVE_SEED");
  return seed == nullptr ? usual : std::strtoull(seed, nullptr, 10);
}

template <typename... Args>
void Reached(fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  std::printf("reached: %s\n", text.c_str());
  std::fflush(stdout);
}

}  // namespace reeve::store
