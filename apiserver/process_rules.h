// What a Process site's command and environment must be, beyond what options can say: the agent
// would refuse the rest on the host, long after whoever wrote it has gone. Pure.
#pragma once

#include "proto/schema/validate.h"
#include "reeve/v1/site.pb.h"

namespace reeve::apiserver {

// The program is a name or a path inside of the content; $(NAME) is a variable that there is; the
// variables that Reeve gives are not the manifest's.
void CheckProcess(const v1::ProcessSpec& process, schema::Violations* violations);

}  // namespace reeve::apiserver
