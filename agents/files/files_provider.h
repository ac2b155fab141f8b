// Content of sites: blobs unpacked to <content root>/<dir>/releases/<digest>, and the link
// `current` to one of them.
//
// A directory of ours holds the file `.reeve` with our mark; a release is there only when it is
// complete.
#pragma once

#include <memory>

#include "agents/provider.h"

namespace reeve::agents::files {

// Runs UnpackRelease, SwitchRelease, PruneReleases, RemoveContent; observes contents.
std::unique_ptr<HostProvider> NewFilesProvider(const Host& host);

}  // namespace reeve::agents::files
