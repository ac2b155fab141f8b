// What every Store must do. A test binary instantiates the suite for each implementation:
//
//   INSTANTIATE_TEST_SUITE_P(Mem, StoreConformance, testing::Values(ConformanceParam{...}),
//   ParamName);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "store/store.h"

namespace reeve::store {

// Where the data of one test lives. Open after the previous store is gone gives the same data
// again.
class StoreHome {
 public:
  virtual ~StoreHome() = default;
  virtual absl::StatusOr<std::unique_ptr<Store>> Open() = 0;
};

// How many times slower than a plain build this one is, about: random runs are shorter by that.
#if defined(REEVE_SANITIZE_THREAD) || defined(__SANITIZE_ADDRESS__)
inline constexpr int kBuildSlowness = 10;
#else
inline constexpr int kBuildSlowness = 1;
#endif

struct ConformanceParam {
  std::string name;
  std::function<std::unique_ptr<StoreHome>()> make_home;
  int model_seeds = 1;    // Random runs,
  int model_steps = 200;  // of this many steps each.
  int increments = 100;   // Compare-and-swap increments that each of eight threads does.
};

inline void PrintTo(const ConformanceParam& param, std::ostream* out) { *out << param.name; }

class StoreConformance : public testing::TestWithParam<ConformanceParam> {
 protected:
  void SetUp() override;
  void Reopen();

  std::unique_ptr<StoreHome> home_;
  std::unique_ptr<Store> store_;
};

std::string ParamName(const testing::TestParamInfo<ConformanceParam>& param);

// Transactions as tests write them.
Txn Put(std::string key, std::string value);
Txn Delete(std::string key);
Txn With(Txn txn, Precondition precondition);
Txn Ephemeral(Txn txn);

}  // namespace reeve::store
