// A list under way: the objects of one revision that a request asks for, some at a time. Between
// the times nothing is held but the view, so that a slow reader costs no thread and no buffer.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>

#include "apiserver/list_token.h"
#include "apiserver/object_index.h"
#include "apiserver/object_io.h"
#include "proto/schema/list_hash.h"
#include "proto/schema/selector.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {

// A list with a limit of at most this is no whole list.
inline constexpr int kListPageMax = 500;

// Thread-compatible. `kinds` must outlive it.
class ListCursor {
 public:
  struct Options {
    const schema::KindRegistry* kinds = nullptr;
    schema::Matcher matcher;
    Candidates candidates;
    ListToken token;
    int64_t limit = 0;  // 0: none.
    std::string epoch;
  };
  explicit ListCursor(Options options) : options_(std::move(options)) {}

  // Calls `visit` for the next objects, until it returns false: enough for now. True when there are
  // no more. DATA_LOSS: a stored object that cannot be read; then the cursor is of no more use.
  absl::StatusOr<bool> Next(const std::function<bool(const store::Version&)>& visit);

  // Of what was visited. REQUIRES: Next returned true.
  v1::ListSummary Summary() const;

 private:
  absl::StatusOr<bool> Matches(const store::Version& version) const;

  const Options options_;
  schema::ListHash hash_;
  std::string last_;   // The key of the last object visited.
  std::string next_;   // Where to go on.
  bool more_ = false;  // Beyond the limit.
};

}  // namespace reeve::apiserver
