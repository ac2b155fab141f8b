// Tables of objects, by the printer columns of their kind. No kind is known here.
#pragma once

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "ctl/table.h"
#include "proto/schema/kind_registry.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::ctl {

struct ColumnOptions {
  bool wide = false;
  bool with_namespace = false;
  bool with_kind = false;  // Names as site/blog: for tables of several kinds.
  bool show_labels = false;
  absl::Time now;
};

std::vector<std::string> HeadersOf(const schema::Kind& kind, const ColumnOptions& options);
std::vector<std::string> RowOf(const schema::Kind& kind, const v1::Object& object,
                               const ColumnOptions& options);

// "site/blog".
std::string RefOf(const v1::Object& object);

}  // namespace reeve::ctl
