#include "proto/schema/json_patch.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/json_node.h"
#include "proto/schema/kube_json.h"
#include "proto/schema/reflect.h"
#include "proto/schema/secrets.h"

namespace reeve::schema {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

// "[json.exception.out_of_range.403] key 'x' not found" without its number.
std::string Reason(const json::exception& thrown) {
  const std::string_view what = thrown.what();
  const size_t end = what.find("] ");
  return std::string(end == std::string_view::npos ? what : what.substr(end + 2));
}

// One after the other of RFC 6902's operations on one document.
class Operations {
 public:
  explicit Operations(json* document) : document_(*document) {}

  absl::Status Run(const json& operations) {
    if (!operations.is_array()) return InvalidArgument("a JSON patch must be a list of operations");
    if (operations.size() > static_cast<size_t>(kJsonPatchOperationsMax)) {
      return InvalidArgument("a JSON patch may have at most {} operations, this one has {}",
                             kJsonPatchOperationsMax, operations.size());
    }
    for (size_t i = 0; i < operations.size(); ++i) {
      absl::Status status = RunOne(operations[i]);
      if (!status.ok()) return Annotate(status, Name(i, operations[i]));
    }
    return absl::OkStatus();
  }

 private:
  static std::string Text(const json& operation, const char* member) {
    const auto found = operation.is_object() ? operation.find(member) : operation.end();
    return found != operation.end() && found->is_string() ? found->get<std::string>() : "";
  }

  static std::string Name(size_t i, const json& operation) {
    return fmt::format("operation {} ({} {})", i, Text(operation, "op"), Text(operation, "path"));
  }

  absl::Status RunOne(const json& operation) {
    try {
      RETURN_IF_ERROR(Check(operation));
      document_.patch_inplace(json::array({operation}));
    } catch (const json::exception& thrown) {
      return InvalidArgument("{}", Reason(thrown));
    }
    return absl::OkStatus();
  }

  // What the library takes for granted: that places exist, and that what is written into can hold
  // something.
  absl::Status Check(const json& operation) {
    const std::string op = Text(operation, "op");
    const Pointer path(Text(operation, "path"));
    RETURN_IF_ERROR(CheckDepth(operation));
    if (op == "remove" || op == "replace") return CheckExists(path);
    if (op == "test") return CheckTest(operation, path);
    if (op == "copy" || op == "move") {
      const Pointer from(Text(operation, "from"));
      RETURN_IF_ERROR(CheckExists(from));
      if (op == "copy") RETURN_IF_ERROR(CountCopy(document_.at(from)));
    }
    return CheckParent(path);
  }

  // Copies into copies would nest without end, and what is written or compared needs a stack as
  // deep.
  static absl::Status CheckDepth(const json& operation) {
    for (const char* member : {"path", "from"}) {
      const std::string place = Text(operation, member);
      if (std::count(place.begin(), place.end(), '/') > kManifestDepthMax)
        return InvalidArgument("{}: more than {} levels deep", member, kManifestDepthMax);
    }
    return absl::OkStatus();
  }

  absl::Status CheckExists(const Pointer& path) const {
    if (document_.contains(path)) return absl::OkStatus();
    return InvalidArgument("there is nothing at \"{}\"", path.to_string());
  }

  absl::Status CheckTest(const json& operation, const Pointer& path) const {
    if (!operation.contains("value")) return absl::OkStatus();  // The library says what is missing.
    const bool same = document_.contains(path) && document_.at(path) == operation.at("value");
    return same ? absl::OkStatus() : InvalidArgument("testing value {} failed", path.to_string());
  }

  absl::Status CheckParent(const Pointer& path) const {
    if (path.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(CheckExists(path.parent_pointer()));
    if (document_.at(path.parent_pointer()).is_structured()) return absl::OkStatus();
    return InvalidArgument("\"{}\" is a single value, nothing can be in it",
                           path.parent_pointer().to_string());
  }

  // A few copies of copies would fill the memory.
  absl::Status CountCopy(const json& value) {
    copied_bytes_ += value.dump().size();
    if (copied_bytes_ <= kJsonPatchCopyBytesMax) return absl::OkStatus();
    return InvalidArgument("the copies of a JSON patch may have at most {} bytes together",
                           kJsonPatchCopyBytesMax);
  }

  json& document_;
  size_t copied_bytes_ = 0;
};

constexpr std::string_view kDirective = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDeleteFromList = "$deleteFromPrimitiveList/";
constexpr std::string_view kElementOrder = "$setElementOrder/";

// Kubernetes' strategic merge of one document into another, by the merge keys of the schema.
class Strategic {
 public:
  // `type`: of the message that `target` is; null for maps and what the schema does not know.
  absl::Status Merge(const json& patch, const Descriptor* type, json* target) {
    if (!patch.is_object()) return InvalidArgument("a strategic merge patch must be an object");
    if (!target->is_object()) *target = json::object();
    ASSIGN_OR_RETURN(const std::string directive, DirectiveOf(patch));
    if (directive == "delete" || directive == "replace") *target = json::object();
    if (directive == "delete") return absl::OkStatus();
    RETURN_IF_ERROR(Retain(patch, target));
    for (const auto& [key, value] : patch.items())
      RETURN_IF_ERROR(MergeMember(key, value, type, target));
    return Order(patch, type, target);
  }

 private:
  static absl::StatusOr<std::string> DirectiveOf(const json& patch) {
    const auto found = patch.find(kDirective);
    if (found == patch.end()) return "";
    const std::string text = found->is_string() ? found->get<std::string>() : found->dump();
    if (text == "delete" || text == "replace" || text == "merge") return text;
    return InvalidArgument("$patch: must be delete, replace or merge, got {}", text);
  }

  static absl::Status Retain(const json& patch, json* target) {
    const auto found = patch.find(kRetainKeys);
    if (found == patch.end()) return absl::OkStatus();
    if (!found->is_array()) return InvalidArgument("$retainKeys: must be a list of keys");
    const std::set<json> kept(found->begin(), found->end());
    for (const auto& [key, value] : patch.items()) {
      const bool directive = key.starts_with('$');
      if (!directive && !value.is_null() && !kept.contains(key))
        return InvalidArgument("$retainKeys: lacks \"{}\", which the patch sets", key);
    }
    json rest = json::object();
    for (auto& [key, value] : target->items()) {
      if (kept.contains(key)) rest[key] = std::move(value);
    }
    *target = std::move(rest);
    return absl::OkStatus();
  }

  absl::Status MergeMember(const std::string& key, const json& value, const Descriptor* type,
                           json* target) {
    if (key == kDirective || key == kRetainKeys || key.starts_with(kElementOrder))
      return absl::OkStatus();
    if (key.starts_with(kDeleteFromList))
      return DeleteFrom(key.substr(kDeleteFromList.size()), value, target);
    if (key.starts_with('$')) return InvalidArgument("{}: no such directive", key);
    if (value.is_null()) {
      target->erase(key);
      return absl::OkStatus();
    }
    const FieldDescriptor* field = type == nullptr ? nullptr : FindField(type, key);
    if (value.is_object()) {
      const bool message = field != nullptr && !field->is_repeated() && IsSubmessage(field);
      return Annotated(key,
                       Merge(value, message ? field->message_type() : nullptr, &(*target)[key]));
    }
    if (value.is_array() && field != nullptr && field->is_repeated())
      return Annotated(key, MergeList(value, field, &(*target)[key]));
    (*target)[key] = value;
    return absl::OkStatus();
  }

  static absl::Status Annotated(std::string_view key, absl::Status status) {
    return status.ok() ? status : Annotate(status, key);
  }

  static absl::Status DeleteFrom(const std::string& key, const json& values, json* target) {
    if (!values.is_array()) return InvalidArgument("$deleteFromPrimitiveList/{}: no list", key);
    const auto list = target->find(key);
    if (list == target->end() || !list->is_array()) return absl::OkStatus();
    const std::set<json> gone(values.begin(), values.end());
    json rest = json::array();
    for (json& item : *list) {
      if (!gone.contains(item)) rest.push_back(std::move(item));
    }
    *list = std::move(rest);
    return absl::OkStatus();
  }

  absl::Status MergeList(const json& patch, const FieldDescriptor* field, json* target) {
    const FieldDescriptor* key = MergeKeyOf(field);
    if (!target->is_array()) *target = json::array();
    if (key != nullptr) return MergeKeyed(patch, field->message_type(), key->json_name(), target);
    if (RulesOf(field).set()) return Unite(patch, target);
    *target = patch;
    return absl::OkStatus();
  }

  static absl::Status Unite(const json& patch, json* target) {
    std::set<json> there(target->begin(), target->end());
    for (const json& item : patch) {
      if (there.insert(item).second) target->push_back(item);
    }
    return absl::OkStatus();
  }

  absl::Status MergeKeyed(const json& patch, const Descriptor* type, const std::string& key,
                          json* target) {
    // {"$patch": "replace"} anywhere in the list: the rest of it is the new list.
    for (const json& item : patch) {
      if (item.is_object() && item.size() == 1 && item.value(kDirective, json()) == "replace")
        *target = json::array();
    }
    std::map<json, json*> by_key;
    for (json& item : *target) {
      if (item.is_object() && item.contains(key)) by_key.emplace(item.at(key), &item);
    }
    json added = json::array();
    for (const json& item : patch) {
      if (item.is_object() && item.size() == 1 && item.contains(kDirective)) continue;
      RETURN_IF_ERROR(MergeItem(item, type, key, &by_key, &added));
    }
    for (json& item : added) target->push_back(std::move(item));
    std::erase_if(target->get_ref<json::array_t&>(),
                  [](const json& item) { return item.is_null(); });
    return absl::OkStatus();
  }

  // An item that goes becomes null.
  absl::Status MergeItem(const json& item, const Descriptor* type, const std::string& key,
                         std::map<json, json*>* by_key, json* added) {
    if (!item.is_object() || !item.contains(key))
      return InvalidArgument("an item lacks \"{}\", by which the list is merged", key);
    ASSIGN_OR_RETURN(const std::string directive, DirectiveOf(item));
    const auto found = by_key->find(item.at(key));
    if (directive == "delete") {
      if (found != by_key->end()) *found->second = nullptr;
      return absl::OkStatus();
    }
    if (found != by_key->end() && !found->second->is_null())
      return Merge(item, type, found->second);
    json made;
    RETURN_IF_ERROR(Merge(item, type, &made));
    added->push_back(std::move(made));
    return absl::OkStatus();
  }

  // $setElementOrder: the items it names stand in its order, in the places they have together.
  static absl::Status Order(const json& patch, const Descriptor* type, json* target) {
    for (const auto& [name, order] : patch.items()) {
      if (!name.starts_with(kElementOrder)) continue;
      const std::string key = name.substr(kElementOrder.size());
      const FieldDescriptor* field = type == nullptr ? nullptr : FindField(type, key);
      const auto list = target->find(key);
      if (!order.is_array()) return InvalidArgument("{}: must be a list", name);
      if (field != nullptr && list != target->end() && list->is_array())
        OrderList(order, MergeKeyOf(field), &*list);
    }
    return absl::OkStatus();
  }

  static json KeyOf(const json& item, const FieldDescriptor* key) {
    if (key == nullptr || !item.is_object()) return item;
    return item.value(key->json_name(), json());
  }

  static void OrderList(const json& order, const FieldDescriptor* key, json* list) {
    std::map<json, size_t> rank;
    for (const json& item : order) rank.emplace(KeyOf(item, key), rank.size());
    std::vector<size_t> places;
    std::multimap<size_t, json> named;
    for (size_t i = 0; i < list->size(); ++i) {
      const auto found = rank.find(KeyOf((*list)[i], key));
      if (found == rank.end()) continue;
      places.push_back(i);
      named.emplace(found->second, std::move((*list)[i]));
    }
    auto next = named.begin();
    for (const size_t place : places) (*list)[place] = std::move((next++)->second);
  }
};

absl::Status ApplyPatch(const json& patch, v1::PatchRequest::Type type, const Descriptor* kind,
                        json* document) {
  switch (type) {
    case v1::PatchRequest::JSON:
      return Operations(document).Run(patch);
    case v1::PatchRequest::STRATEGIC:
      return Strategic().Merge(patch, kind, document);
    case v1::PatchRequest::MERGE:
      if (!patch.is_object()) return InvalidArgument("a merge patch must be an object");
      document->merge_patch(patch);
      return absl::OkStatus();
    default:
      return InvalidArgument("type: no such type of patch");
  }
}

// `text` is the patch, checked: nothing twice, not too deep.
absl::StatusOr<json> ReadDocument(std::string_view text) {
  if (text.size() > kPatchBytesMax) {
    return InvalidArgument("the patch has {} bytes, more than the {} allowed", text.size(),
                           kPatchBytesMax);
  }
  Problems problems;
  ParseJson(text, &problems);
  if (!problems.empty()) return Annotate(ProblemsToStatus(problems), "the patch");
  return json::parse(text.begin(), text.end());
}

// RFC 7386's patch from one object to another.
json Difference(const json& before, const json& after) {
  json patch = json::object();
  for (const auto& [key, value] : before.items()) {
    if (!after.contains(key)) patch[key] = nullptr;
  }
  for (const auto& [key, value] : after.items()) {
    const auto old = before.find(key);
    if (old != before.end() && *old == value) continue;
    const bool both = old != before.end() && old->is_object() && value.is_object();
    patch[key] = both ? Difference(*old, value) : value;
  }
  return patch;
}

}  // namespace

std::string MergePatch(const Message& before, const Message& after) {
  return Difference(json::parse(ToKubeJson(before)), json::parse(ToKubeJson(after))).dump();
}

absl::StatusOr<std::unique_ptr<Message>> Patched(const Message& live, v1::PatchRequest::Type type,
                                                 std::string_view document,
                                                 const KindRegistry& registry) {
  ASSIGN_OR_RETURN(const json patch, ReadDocument(document));
  Secrets secrets;
  json object = json::parse(DumpJson(ToKubeNode(live, &secrets)));
  RETURN_IF_ERROR(ApplyPatch(patch, type, Inner(live).GetDescriptor(), &object));
  Problems problems;
  Node node = ParseJson(object.dump(), &problems);
  RETURN_IF_ERROR(ProblemsToStatus(problems));
  ASSIGN_OR_RETURN(std::unique_ptr<Message> result, DecodeKube(std::move(node), registry));
  if (KindOf(*result, registry) != KindOf(live, registry))
    return InvalidArgument("kind: cannot be changed");
  RETURN_IF_ERROR(secrets.Restore(result.get()));
  return result;
}

}  // namespace reeve::schema
