// What a namespace that is being deleted still holds, and what that waits for. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/runtime/world.h"

namespace reeve::controllers {

struct Contents {
  // By kind, without zeros and without what goes with its namespace.
  std::map<std::string, int64_t> counts;
  // How many of them have each finalizer.
  std::map<std::string, int64_t> finalizers;
  // Those that nothing here owns: what to delete. The others go with their owners.
  std::vector<const v1::Object*> roots;
  // The one whose condition says most about what the deletion waits for; null: none says anything.
  const v1::Object* blocker = nullptr;
};

Contents LookInto(const World& world, std::string_view ns);

// "1 site, 2 works remain; Instance shop/blog-0: waiting for host h1 to confirm the removal".
std::string Describe(const Contents& contents);
// "sites has 1 resource instances, works has 2 resource instances": Kubernetes' words.
std::string DescribeKinds(const Contents& contents);
// "reeve/instances in 2 resource instances"; "" for none.
std::string DescribeFinalizers(const Contents& contents);

}  // namespace reeve::controllers
