// The continue token of a list: opaque to clients, (revision, last key) to us.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "apiserver/keys.h"
#include "base/names.h"

namespace reeve::apiserver {

struct ListToken {
  Revision revision = 0;
  std::string after;  // The key of the last item sent.
};

std::string FormatListToken(const ListToken& token);
// An empty text is the beginning. INVALID_ARGUMENT for one that we did not make, or made for a list
// outside `range`.
absl::StatusOr<ListToken> ParseListToken(const std::string& text, const KeyRange& range);

}  // namespace reeve::apiserver
