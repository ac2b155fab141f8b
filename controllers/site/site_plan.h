// What must be made, changed and deleted so that a Site's Instances and Domains are what its spec
// says. Pure.
#pragma once

#include "controllers/runtime/effect.h"
#include "controllers/site/site_view.h"

namespace reeve::controllers {

// Scale: missing copies are made, the highest ordinals too many are deleted, and so are copies that
// lost their host. Update: copies that never served take the new spec at once; of the others one at
// a time, and only while all that are up to date are ready. So a bad update stops at the first
// copy, and the rest stays as it was.
void PlanInstances(const SiteView& view, Outcome* outcome);

// One Domain per name of spec.domains.
void PlanDomains(const SiteView& view, Outcome* outcome);

}  // namespace reeve::controllers
