#include "proto/schema/fields_v1.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/field_path.h"
#include "base/status.h"
#include "proto/schema/json_node.h"
#include "proto/schema/reflect.h"

namespace reeve::schema {
namespace {

constexpr std::string_view kSelf = ".";

// The steps of all paths, merged.
struct Tree {
  bool member = false;  // A path ends here.
  std::map<std::string, Tree> children;
};

// Where a path has come to: inside a message, or in front of a list's or map's item.
struct Place {
  const Descriptor* message = nullptr;
  const FieldDescriptor* list = nullptr;

  Place Enter(std::string_view name) const {
    const FieldDescriptor* field = message == nullptr ? nullptr : FindField(message, name);
    if (field == nullptr) return {};
    if (field->is_repeated()) return {nullptr, field};
    return {IsSubmessage(field) ? field->message_type() : nullptr, nullptr};
  }
  Place EnterItem() const {
    const bool submessage = list != nullptr && IsSubmessage(list);
    return {submessage ? list->message_type() : nullptr, nullptr};
  }
};

// A value of `field`, as JSON has it.
Node ScalarNode(const FieldDescriptor* field, const std::string& text) {
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL)
    return {.type = Node::Type::kBool, .text = text};
  const bool number = field->cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
                      field->cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
                      field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32;
  return {.type = number ? Node::Type::kNumber : Node::Type::kString, .text = text};
}

std::string ItemText(const FieldDescriptor* list, const std::string& key) {
  if (list == nullptr || list->is_map()) return "f:" + key;
  const FieldDescriptor* merge_key = MergeKeyOf(list);
  if (merge_key == nullptr) return "v:" + DumpJson(ScalarNode(list, key));
  Node node = MapNode();
  Put(&node, merge_key->json_name(), ScalarNode(merge_key, key));
  return "k:" + DumpJson(node);
}

void AddPath(const Descriptor* type, const FieldPath& path, Tree* tree) {
  Place place = {type, nullptr};
  for (const FieldPath::Step& step : path.steps()) {
    if (const auto* field = std::get_if<FieldPath::Field>(&step)) {
      tree = &tree->children["f:" + field->name];
      place = place.Enter(field->name);
    } else if (const auto* key = std::get_if<FieldPath::Key>(&step)) {
      tree = &tree->children[ItemText(place.list, key->key)];
      place = place.EnterItem();
    } else {
      tree = &tree->children[fmt::format("i:{}", std::get<FieldPath::Index>(step).index)];
      place = place.EnterItem();
    }
  }
  tree->member = true;
}

Node ToNode(const Tree& tree) {
  Node node = MapNode();
  if (tree.member && !tree.children.empty()) Put(&node, kSelf, MapNode());
  for (const auto& [step, child] : tree.children) Put(&node, step, ToNode(child));
  return node;
}

// What stands in a path without brackets. Of a field that nobody knows, anything may be the name.
bool IsFieldName(std::string_view name) {
  return !name.empty() && name.find_first_of(".[") == std::string_view::npos;
}

absl::Status BadStep(std::string_view step) {
  return InvalidArgument("fieldsV1: \"{}\" is no f:NAME, k:{{\"KEY\":VALUE}}, v:VALUE or i:INDEX",
                         step);
}

// FieldsV1 to paths.
class Reader {
 public:
  absl::Status Read(const Node& node, const FieldPath& path, Place place) {
    if (node.type != Node::Type::kMap)
      return InvalidArgument("fieldsV1: must be a mapping at \"{}\"", path.ToString());
    if (node.entries.empty() && !path.empty()) paths.push_back(path.ToString());
    for (const Entry& entry : node.entries) {
      if (entry.key == kSelf) {
        paths.push_back(path.ToString());
      } else {
        RETURN_IF_ERROR(ReadStep(entry, path, place));
      }
    }
    return absl::OkStatus();
  }

  std::vector<std::string> paths;

 private:
  absl::Status ReadStep(const Entry& entry, const FieldPath& path, Place place) {
    const std::string_view step = entry.key;
    if (step.size() < 2 || step[1] != ':') return BadStep(step);
    const std::string_view rest = step.substr(2);
    if (step[0] == 'f') {
      if (place.list != nullptr) return Read(entry.value, path.AtKey(rest), place.EnterItem());
      if (!IsFieldName(rest)) return Read(entry.value, path.AtKey(rest), {});
      return Read(entry.value, path.Child(rest), place.Enter(rest));
    }
    if (step[0] == 'i') {
      int index = 0;
      const char* end = rest.data() + rest.size();
      const auto parsed = std::from_chars(rest.data(), end, index);
      if (parsed.ec != std::errc() || parsed.ptr != end || index < 0) return BadStep(step);
      return Read(entry.value, path.At(index), place.EnterItem());
    }
    ASSIGN_OR_RETURN(const std::string key, KeyOf(step));
    return Read(entry.value, path.AtKey(key), place.EnterItem());
  }

  static absl::StatusOr<std::string> KeyOf(std::string_view step) {
    Problems problems;
    const Node value = ParseJson(step.substr(2), &problems);
    if (!problems.empty()) return BadStep(step);
    if (step[0] == 'v' && value.entries.empty() && value.items.empty()) return value.text;
    if (step[0] == 'k' && value.entries.size() == 1) return value.entries[0].value.text;
    return BadStep(step);
  }
};

}  // namespace

std::string ToFieldsV1(const Descriptor* type, const std::vector<std::string>& paths) {
  Tree tree;
  for (const std::string& text : paths) {
    const absl::StatusOr<FieldPath> path = FieldPath::Parse(text);
    if (path.ok() && !path->empty()) AddPath(type, *path, &tree);
  }
  return DumpJson(ToNode(tree));
}

absl::StatusOr<std::vector<std::string>> FromFieldsV1(const Descriptor* type,
                                                      std::string_view json) {
  Problems problems;
  const Node node = ParseJson(json, &problems);
  RETURN_IF_ERROR(ProblemsToStatus(problems));
  Reader reader;
  RETURN_IF_ERROR(reader.Read(node, {}, {type, nullptr}));
  std::sort(reader.paths.begin(), reader.paths.end());
  return std::move(reader.paths);
}

}  // namespace reeve::schema
