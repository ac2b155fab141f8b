// Ordered bytes: what a store needs from the thing that keeps its data. The store decides what the
// bytes mean (key.h).
//
// Implementations: MemEngine, RocksEngine. Thread safety: safe. Range rule as in store.h: [first,
// last), an empty `last` means to the end.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve::store {

// Changes that become visible together, applied in the order they were added.
class EngineBatch {
 public:
  struct Op {
    enum class Kind { kPut, kDelete, kDeleteRange };
    Kind kind;
    std::string key;
    std::string value;  // kDeleteRange: the end of the range, never empty.
  };
  void Put(std::string key, std::string value) {
    ops_.push_back({Op::Kind::kPut, std::move(key), std::move(value)});
  }
  void Delete(std::string key) { ops_.push_back({Op::Kind::kDelete, std::move(key), ""}); }
  void DeleteRange(std::string first, std::string last) {
    ops_.push_back({Op::Kind::kDeleteRange, std::move(first), std::move(last)});
  }
  const std::vector<Op>& ops() const { return ops_; }
  bool empty() const { return ops_.empty(); }

 private:
  std::vector<Op> ops_;
};

// The data as it was at one moment. Immutable; keeps the engine's files alive while it lives.
class EngineSnapshot {
 public:
  virtual ~EngineSnapshot() = default;
  // DATA_LOSS: the bytes on disk are damaged.
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const = 0;
  // Calls `visit(key, value)` in key order until it returns false. No lock is held meanwhile.
  virtual absl::Status Scan(
      std::string_view first, std::string_view last,
      const std::function<bool(std::string_view, std::string_view)>& visit) const = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // All of `batch` or nothing. With `sync`, this and every earlier write is on disk when it returns
  // OK. After an error the state is unknown: no further write may be acknowledged.
  virtual absl::Status Write(const EngineBatch& batch, bool sync) = 0;

  virtual std::shared_ptr<const EngineSnapshot> Snapshot() = 0;

  // Makes the directory `dir`, which is absent, a copy of everything written so far, while others
  // read and write. FAILED_PRECONDITION: the engine has no files.
  virtual absl::Status Checkpoint(const std::string& dir) const {
    return absl::FailedPreconditionError("cannot copy to " + dir + ": the store is in memory");
  }

  // OK, or the error that happened in the background; it stays.
  virtual absl::Status Health() const = 0;
};

}  // namespace reeve::store
