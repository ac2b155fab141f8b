// meta.k8s.io/v1 Tables: what kubectl get prints. Pure.
//
// https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
#pragma once

#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <vector>

#include "proto/schema/object.h"

namespace reeve::apiserver {

struct TableOptions {
  // includeObject of the request: what each row carries beside its cells.
  enum class Include { kNone, kMetadata, kObject };
  Include include = Include::kMetadata;
  bool headers = true;  // columnDefinitions; a watch sends them with its first event only.
  absl::Time now;
  // Of the list, or of the one object; left out when empty.
  std::string resource_version;
  std::string continue_token;
};

// Parses "None", "Metadata", "Object" or "" (Metadata); false when it is another word.
bool ParseInclude(std::string_view text, TableOptions::Include* include);

// The Table with a row for each of `objects`, all of `kind`, as one line of JSON.
std::string TableJson(const schema::Kind& kind,
                      const std::vector<const google::protobuf::Message*>& objects,
                      const TableOptions& options);

}  // namespace reeve::apiserver
