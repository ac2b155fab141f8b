#include "ctl/jsonpath.h"

#include <absl/strings/numbers.h>

#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/jsonpath_syntax.h"
#include "proto/schema/json_node.h"

namespace reeve::ctl {
namespace {

using jsonpath::Comparison;
using jsonpath::Operand;
using jsonpath::Part;
using jsonpath::Path;
using jsonpath::Step;
using schema::Node;

absl::StatusOr<Nodes> FindPath(const Path& path, Nodes from);

bool IsScalar(const Node& node) {
  return node.type != Node::Type::kMap && node.type != Node::Type::kList;
}

bool IsNumber(const Node& node) { return node.type == Node::Type::kNumber; }

void AddField(const Node& node, const std::string& name, Nodes* found) {
  if (node.type != Node::Type::kMap) return;
  if (const schema::Entry* entry = FindEntry(node, name)) found->push_back(&entry->value);
}

void AddChildren(const Node& node, Nodes* found) {
  for (const schema::Entry& entry : node.entries) found->push_back(&entry.value);
  for (const Node& item : node.items) found->push_back(&item);
}

// The value and all below it, each before what is below it.
void AddTree(const Node& node, Nodes* found) {
  if (IsScalar(node)) return;
  found->push_back(&node);
  Nodes children;
  AddChildren(node, &children);
  for (const Node* child : children) AddTree(*child, found);
}

absl::Status OutOfBounds(int index, int size) {
  return InvalidArgument("array index out of bounds: index {}, length {}", index, size);
}

absl::Status AddSlice(const Node& node, const Step& step, Nodes* found) {
  if (node.type != Node::Type::kList) return absl::OkStatus();
  const int size = static_cast<int>(node.items.size());
  int first = step.first.value_or(0);
  int last = step.only ? first + 1 : step.last.value_or(size);
  if (first < 0) first += size;
  if (step.only) last = first + 1;
  if (last < 0) last += size;
  if (!step.only && first == last) return absl::OkStatus();
  if (first < 0 || first >= size) {
    if (size == 0 && !step.only && !step.first) return absl::OkStatus();
    return OutOfBounds(first, size);
  }
  if (last > size) return OutOfBounds(last - 1, size);
  for (int i = first; i < last; i += step.stride) found->push_back(&node.items[i]);
  return absl::OkStatus();
}

absl::StatusOr<Nodes> Values(const Operand& operand, const Node& item) {
  if (operand.value) return Nodes{&*operand.value};
  return FindPath(operand.path[0], {&item});
}

// Below, equal or above 0, as `left` is to `right`.
absl::StatusOr<int> Order(const Node& left, const Node& right) {
  if (IsNumber(left) && IsNumber(right)) {
    double a = 0, b = 0;
    if (!absl::SimpleAtod(left.text, &a) || !absl::SimpleAtod(right.text, &b))
      return InvalidArgument("incompatible types for comparison");
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const bool same = IsNumber(left) == IsNumber(right) &&
                    (left.type == Node::Type::kBool) == (right.type == Node::Type::kBool);
  if (!same || !IsScalar(left) || !IsScalar(right))
    return InvalidArgument("incompatible types for comparison: {} and {}", NodeText(left),
                           NodeText(right));
  return left.text.compare(right.text);
}

absl::StatusOr<bool> Holds(const Step& filter, const Node& item) {
  ASSIGN_OR_RETURN(const Nodes left, Values(filter.operands[0], item));
  if (filter.comparison == Comparison::kExists) return !left.empty();
  ASSIGN_OR_RETURN(const Nodes right, Values(filter.operands[1], item));
  if (left.empty() || right.empty()) return false;
  if (left.size() > 1 || right.size() > 1)
    return InvalidArgument("can only compare one value with one value");
  ASSIGN_OR_RETURN(const int order, Order(*left[0], *right[0]));
  switch (filter.comparison) {
    case Comparison::kEqual:
      return order == 0;
    case Comparison::kNotEqual:
      return order != 0;
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessOrEqual:
      return order <= 0;
    case Comparison::kMore:
      return order > 0;
    default:
      return order >= 0;
  }
}

absl::Status AddFiltered(const Node& node, const Step& filter, Nodes* found) {
  for (const Node& item : node.items) {
    ASSIGN_OR_RETURN(const bool holds, Holds(filter, item));
    if (holds) found->push_back(&item);
  }
  return absl::OkStatus();
}

absl::Status TakeStep(const Step& step, const Node& node, Nodes* found) {
  switch (step.type) {
    case Step::Type::kField:
      AddField(node, step.name, found);
      return absl::OkStatus();
    case Step::Type::kWildcard:
      AddChildren(node, found);
      return absl::OkStatus();
    case Step::Type::kDescend:
      AddTree(node, found);
      return absl::OkStatus();
    case Step::Type::kSlice:
      return AddSlice(node, step, found);
    default:
      return AddFiltered(node, step, found);
  }
}

// All that the first path of a union leads to, then the second.
absl::StatusOr<Nodes> Union(const Step& step, const Nodes& from) {
  Nodes found;
  for (const Path& path : step.paths) {
    ASSIGN_OR_RETURN(const Nodes some, FindPath(path, from));
    found.insert(found.end(), some.begin(), some.end());
  }
  return found;
}

absl::StatusOr<Nodes> FindPath(const Path& path, Nodes from) {
  for (const Step& step : path.steps) {
    Nodes found;
    if (step.type == Step::Type::kUnion) {
      ASSIGN_OR_RETURN(found, Union(step, from));
    } else {
      for (const Node* node : from) RETURN_IF_ERROR(TakeStep(step, *node, &found));
    }
    from = std::move(found);
  }
  return from;
}

absl::Status RenderParts(const std::vector<Part>& parts, const Node& node, std::string* text) {
  for (const Part& part : parts) {
    if (part.type == Part::Type::kText) {
      *text += part.text;
      continue;
    }
    ASSIGN_OR_RETURN(const Nodes found, FindPath(part.path, {&node}));
    bool first = true;
    for (const Node* value : found) {
      if (part.type == Part::Type::kRange) {
        RETURN_IF_ERROR(RenderParts(part.body, *value, text));
        continue;
      }
      if (!std::exchange(first, false)) *text += ' ';
      *text += NodeText(*value);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JsonPath> JsonPath::Parse(std::string_view text) {
  JsonPath result;
  ASSIGN_OR_RETURN(Path path, jsonpath::ParsePath(text));
  result.path_ = std::make_shared<const Path>(std::move(path));
  return result;
}

absl::StatusOr<Nodes> JsonPath::Find(const Node& document) const {
  return FindPath(*path_, {&document});
}

absl::StatusOr<JsonTemplate> JsonTemplate::Parse(std::string_view text) {
  JsonTemplate result;
  ASSIGN_OR_RETURN(std::vector<Part> parts, jsonpath::ParseTemplate(text));
  result.parts_ = std::make_shared<const std::vector<Part>>(std::move(parts));
  return result;
}

absl::StatusOr<std::string> JsonTemplate::Render(const Node& document) const {
  std::string text;
  RETURN_IF_ERROR(Annotate(RenderParts(*parts_, document, &text), "error executing jsonpath"));
  return text;
}

std::string NodeText(const Node& node) {
  return IsScalar(node) ? node.text : schema::DumpJson(node);
}

}  // namespace reeve::ctl
