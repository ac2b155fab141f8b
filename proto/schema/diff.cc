#include <algorithm>
#include <map>

#include "base/status.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;
using Leaves = std::map<FieldPath, std::string>;

void AddMessage(const FieldPath& path, const Message& message, Leaves* leaves);

void AddMap(const FieldPath& path, const Message& message, const FieldDescriptor* field,
            Leaves* leaves) {
  for (auto& [key, value] : MapItems(message, field)) leaves->emplace(path.AtKey(key), value);
}

// A list without merge key or set is one value: whoever changes an item changes the list.
void AddAtomicList(const FieldPath& path, const Message& message, const FieldDescriptor* field,
                   Leaves* leaves) {
  std::string all;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    const std::string item =
        IsSubmessage(field) ? Encode(message.GetReflection()->GetRepeatedMessage(message, field, i))
                            : ScalarText(message, field, i);
    all += fmt::format("{}:{},", item.size(), item);
  }
  leaves->emplace(path, all);
}

void AddList(const FieldPath& path, const Message& message, const FieldDescriptor* field,
             Leaves* leaves) {
  const Reflection* reflection = message.GetReflection();
  const FieldDescriptor* key = MergeKeyOf(field);
  if (key == nullptr && !RulesOf(field).set()) return AddAtomicList(path, message, field, leaves);
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    if (key == nullptr) {
      leaves->emplace(path.AtKey(ScalarText(message, field, i)), "");
      continue;
    }
    const Message& item = reflection->GetRepeatedMessage(message, field, i);
    AddMessage(path.AtKey(ScalarText(item, key)), item, leaves);
  }
}

void AddField(const FieldPath& path, const Message& message, const FieldDescriptor* field,
              Leaves* leaves) {
  if (field->is_map()) return AddMap(path, message, field, leaves);
  if (field->is_repeated()) return AddList(path, message, field, leaves);
  if (!IsSubmessage(field)) {
    leaves->emplace(path, ScalarText(message, field));
    return;
  }
  AddMessage(path, message.GetReflection()->GetMessage(message, field), leaves);
}

// An empty message is a leaf too: `static: {}` says something.
void AddMessage(const FieldPath& path, const Message& message, Leaves* leaves) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  if (fields.empty() && !path.empty()) leaves->emplace(path, "{}");
  for (const FieldDescriptor* field : fields) {
    AddField(path.Child(field->json_name()), message, field, leaves);
  }
}

// Writes down the paths that AddMessage would find, in one text that grows and shrinks on the way.
class PathWriter {
 public:
  using Part = std::function<bool(std::string_view top, std::string_view below)>;
  explicit PathWriter(const Part& part) : part_(part) {}

  std::vector<std::string> Write(const Message& inner) {
    Enter(inner);
    std::sort(paths_.begin(), paths_.end());
    paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());
    return std::move(paths_);
  }

 private:
  void Leaf() {
    if (depth_ != 1 || part_(top_, "")) paths_.push_back(path_);
  }

  void Enter(const Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    if (fields.empty() && depth_ > 0) return Leaf();
    const size_t length = path_.size();
    for (const FieldDescriptor* field : fields) {
      const std::string& name = field->json_name();
      if (depth_ == 0) top_ = name;
      if (depth_ == 1 && !part_(top_, name)) continue;
      if (!path_.empty()) path_ += '.';
      path_ += name;
      ++depth_;
      EnterField(message, field);
      --depth_;
      path_.resize(length);
    }
  }

  void EnterField(const Message& message, const FieldDescriptor* field) {
    if (field->is_map()) {
      for (const auto& item : MapItems(message, field)) AtKey(item.first, nullptr);
    } else if (field->is_repeated()) {
      EnterList(message, field);
    } else if (IsSubmessage(field)) {
      Enter(message.GetReflection()->GetMessage(message, field));
    } else {
      Leaf();
    }
  }

  void EnterList(const Message& message, const FieldDescriptor* field) {
    const FieldDescriptor* key = MergeKeyOf(field);
    if (key == nullptr && !RulesOf(field).set()) return Leaf();
    const Reflection* reflection = message.GetReflection();
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (key == nullptr) {
        AtKey(ScalarText(message, field, i), nullptr);
      } else {
        const Message& item = reflection->GetRepeatedMessage(message, field, i);
        AtKey(ScalarText(item, key), &item);
      }
    }
  }

  // `item` is null where the key says it all.
  void AtKey(std::string_view key, const Message* item) {
    const size_t length = path_.size();
    path_ += FieldPath().AtKey(key).ToString();
    ++depth_;
    item == nullptr ? Leaf() : Enter(*item);
    --depth_;
    path_.resize(length);
  }

  const Part& part_;
  int depth_ = 0;  // Steps in `path_`.
  std::string_view top_;
  std::string path_;
  std::vector<std::string> paths_;
};

// True when both have the same value in a field that both have set. Of a submessage nothing is
// said.
bool SameValue(const Message& a, const Message& b, const FieldDescriptor* field) {
  if (field->is_map()) return MapItems(a, field) == MapItems(b, field);
  if (!field->is_repeated())
    return !IsSubmessage(field) && ScalarText(a, field) == ScalarText(b, field);
  const int size = a.GetReflection()->FieldSize(a, field);
  if (b.GetReflection()->FieldSize(b, field) != size) return false;
  for (int i = 0; i < size; ++i) {
    const bool same = IsSubmessage(field)
                          ? Encode(a.GetReflection()->GetRepeatedMessage(a, field, i)) ==
                                Encode(b.GetReflection()->GetRepeatedMessage(b, field, i))
                          : ScalarText(a, field, i) == ScalarText(b, field, i);
    if (!same) return false;
  }
  return true;
}

void CompareLeaves(const Leaves& before, const Leaves& after, std::vector<FieldPath>* changed) {
  for (const auto& [path, value] : before) {
    const auto found = after.find(path);
    if (found == after.end() || found->second != value) changed->push_back(path);
  }
  for (const auto& [path, value] : after) {
    if (!before.contains(path)) changed->push_back(path);
  }
}

void CompareMessages(const FieldPath& path, const Message& a, const Message& b,
                     std::vector<FieldPath>* changed);

// Null: the field is not set in that one. Most of an object stays as it was: no path is made of
// what is the same.
void CompareField(const FieldPath& path, const Message* a, const Message* b,
                  const FieldDescriptor* field, std::vector<FieldPath>* changed) {
  const bool both = a != nullptr && b != nullptr;
  if (both && SameValue(*a, *b, field)) return;
  if (both && IsSubmessage(field) && !field->is_repeated()) {
    return CompareMessages(path.Child(field->json_name()),
                           a->GetReflection()->GetMessage(*a, field),
                           b->GetReflection()->GetMessage(*b, field), changed);
  }
  Leaves before, after;
  if (a != nullptr) AddField(path.Child(field->json_name()), *a, field, &before);
  if (b != nullptr) AddField(path.Child(field->json_name()), *b, field, &after);
  CompareLeaves(before, after, changed);
}

void CompareMessages(const FieldPath& path, const Message& a, const Message& b,
                     std::vector<FieldPath>* changed) {
  std::vector<const FieldDescriptor*> in_a, in_b;
  a.GetReflection()->ListFields(a, &in_a);
  b.GetReflection()->ListFields(b, &in_b);
  // An empty message is a leaf, see AddMessage.
  if (in_a.empty() != in_b.empty() && !path.empty()) changed->push_back(path);
  size_t i = 0, j = 0;
  while (i < in_a.size() || j < in_b.size()) {  // Both are sorted by number.
    const bool left =
        j == in_b.size() || (i < in_a.size() && in_a[i]->number() <= in_b[j]->number());
    const FieldDescriptor* field = left ? in_a[i] : in_b[j];
    const bool right = j < in_b.size() && in_b[j] == field;
    CompareField(path, left ? &a : nullptr, right ? &b : nullptr, field, changed);
    i += left ? 1 : 0;
    j += right ? 1 : 0;
  }
}

// The list item that step `step` means in `field` of `message`: its index, or -1.
int ItemIndex(const Message& message, const FieldDescriptor* field, const FieldPath::Step& step) {
  const Reflection* reflection = message.GetReflection();
  const int size = reflection->FieldSize(message, field);
  if (const auto* index = std::get_if<FieldPath::Index>(&step))
    return index->index < size ? index->index : -1;
  const auto* wanted = std::get_if<FieldPath::Key>(&step);
  const FieldDescriptor* key = MergeKeyOf(field);
  for (int i = 0; wanted != nullptr && i < size; ++i) {
    if (IsSubmessage(field) && key == nullptr) return -1;
    const std::string value =
        IsSubmessage(field) ? ScalarText(reflection->GetRepeatedMessage(message, field, i), key)
                            : ScalarText(message, field, i);
    if (value == wanted->key) return i;
  }
  return -1;
}

// Rewrites the list steps of a path: items to their keys, or keys to their indices.
class Rewriter {
 public:
  Rewriter(const FieldPath& path, bool by_key) : steps_(path.steps()), by_key_(by_key) {}

  FieldPath Rewrite(const Message& inner) {
    Walk(&inner);
    for (; at_ < steps_.size(); ++at_) Copy(steps_[at_]);
    return out_;
  }

 private:
  void Walk(const Message* message) {
    while (message != nullptr && at_ < steps_.size()) {
      const auto* step = std::get_if<FieldPath::Field>(&steps_[at_]);
      const FieldDescriptor* field =
          step == nullptr ? nullptr : FindField(message->GetDescriptor(), step->name);
      if (field == nullptr) return;
      out_ = out_.Child(field->json_name());
      ++at_;
      message = Enter(*message, field);
    }
  }

  const Message* Enter(const Message& message, const FieldDescriptor* field) {
    if (!field->is_repeated()) {
      return IsSubmessage(field) ? &message.GetReflection()->GetMessage(message, field) : nullptr;
    }
    if (field->is_map() || at_ == steps_.size()) return nullptr;
    const int index = ItemIndex(message, field, steps_[at_]);
    if (index < 0) return nullptr;
    AddItem(message, field, index);
    ++at_;
    return IsSubmessage(field) ? &message.GetReflection()->GetRepeatedMessage(message, field, index)
                               : nullptr;
  }

  void AddItem(const Message& message, const FieldDescriptor* field, int index) {
    const FieldDescriptor* key = MergeKeyOf(field);
    if (by_key_ && key != nullptr) {
      const Message& item = message.GetReflection()->GetRepeatedMessage(message, field, index);
      out_ = out_.AtKey(ScalarText(item, key));
    } else if (by_key_ && RulesOf(field).set()) {
      out_ = out_.AtKey(ScalarText(message, field, index));
    } else {
      out_ = out_.At(index);
    }
  }

  void Copy(const FieldPath::Step& step) {
    if (const auto* field = std::get_if<FieldPath::Field>(&step)) out_ = out_.Child(field->name);
    if (const auto* index = std::get_if<FieldPath::Index>(&step)) out_ = out_.At(index->index);
    if (const auto* key = std::get_if<FieldPath::Key>(&step)) out_ = out_.AtKey(key->key);
  }

  const std::vector<FieldPath::Step>& steps_;
  const bool by_key_;
  size_t at_ = 0;
  FieldPath out_;
};

}  // namespace

std::vector<FieldPath> ChangedPaths(const Message& a, const Message& b) {
  std::vector<FieldPath> changed;
  CompareMessages(FieldPath(), Inner(a), Inner(b), &changed);
  std::sort(changed.begin(), changed.end());
  return changed;
}

std::vector<FieldPath> SetPaths(const Message& object,
                                const std::function<bool(std::string_view)>& part) {
  const Message& inner = Inner(object);
  std::vector<const FieldDescriptor*> fields;
  inner.GetReflection()->ListFields(inner, &fields);
  Leaves leaves;
  for (const FieldDescriptor* field : fields) {
    if (part == nullptr || part(field->json_name()))
      AddField(FieldPath().Child(field->json_name()), inner, field, &leaves);
  }
  std::vector<FieldPath> paths;
  for (const auto& [path, value] : leaves) paths.push_back(path);
  return paths;
}

std::vector<std::string> SetPathTexts(const Message& object, const PathWriter::Part& part) {
  return PathWriter(part).Write(Inner(object));
}

FieldPath ByKey(const Message& object, const FieldPath& path) {
  return Rewriter(path, true).Rewrite(Inner(object));
}

FieldPath ByIndex(const Message& object, const FieldPath& path) {
  return Rewriter(path, false).Rewrite(Inner(object));
}

}  // namespace reeve::schema
