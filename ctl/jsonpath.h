// kubectl's JSONPath templates: text with {paths}, {range path}...{end} and {"quoted"} text.
//
// A path is steps from the document, or inside a range from the present item: .field, ['field'],
// [0], [-1], [start:end:step], [*], .*, ..field (below, at any depth), [0,2], ['a','b.c'] (unions)
// and [?(@.x=="y")] with == != < <= > >= or alone: what exists. A '.' in a field's name is \.
// there.
//
// As kubectl has it: a field that is not there gives nothing; an index beyond the list's end is an
// error; lists and maps print as JSON; several values with blanks between them.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/schema/node.h"

namespace reeve::ctl {

namespace jsonpath {
struct Path;
struct Part;
}  // namespace jsonpath

using Nodes = std::vector<const schema::Node*>;

// Immutable.
class JsonPath {
 public:
  // A path alone: "{.spec.replicas}", ".spec.replicas" or "spec.replicas". INVALID_ARGUMENT names
  // the column of what is wrong.
  static absl::StatusOr<JsonPath> Parse(std::string_view text);

  // What the path leads to in `document`, which must outlive it. INVALID_ARGUMENT: beyond the end
  // of a list, a filter of what is no list, a comparison of a text with a number.
  absl::StatusOr<Nodes> Find(const schema::Node& document) const;

 private:
  std::shared_ptr<const jsonpath::Path> path_;
};

// Immutable.
class JsonTemplate {
 public:
  // INVALID_ARGUMENT names the column of what is wrong.
  static absl::StatusOr<JsonTemplate> Parse(std::string_view text);

  absl::StatusOr<std::string> Render(const schema::Node& document) const;

 private:
  std::shared_ptr<const std::vector<jsonpath::Part>> parts_;
};

// One value as text: a scalar as it is, others as JSON in one line.
std::string NodeText(const schema::Node& node);

}  // namespace reeve::ctl
