#include "proto/schema/decode.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"
#include "proto/schema/validate.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;
using Type = Node::Type;

constexpr std::string_view kApiVersionField = "apiVersion";
constexpr std::string_view kKindField = "kind";
constexpr std::string_view kItemsField = "items";
constexpr std::string_view kListKind = "List";

bool IsScalar(Type type) {
  return type == Type::kPlain || type == Type::kString || type == Type::kNumber ||
         type == Type::kBool;
}

// What a node is, for "must be a list, not a mapping".
std::string_view Describe(const Node& node) {
  switch (node.type) {
    case Type::kMap:
      return "a mapping";
    case Type::kList:
      return "a list";
    default:
      return "a single value";
  }
}

std::string Shown(std::string_view text, size_t bytes_max = 60) {
  return fmt::format("\"{}{}\"", text.substr(0, bytes_max), text.size() > bytes_max ? "..." : "");
}

std::string Suggest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best = DidYouMean(word, candidates);
  for (const std::string& candidate : candidates) {  // `Name` for `name` is nearer than any other.
    if (ToLower(candidate) == ToLower(word)) best = candidate;
  }
  return best.empty() ? "" : fmt::format(", did you mean \"{}\"?", best);
}

bool IsDecimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos &&
         (text.size() == 1 || text[0] != '0');
}

// What an integer field may hold, its own type's bounds included. In manifests a number is not
// negative unless the rules say so.
struct Bounds {
  int64_t min;
  int64_t max;
};

Bounds BoundsOf(const FieldDescriptor* field, bool any_sign) {
  Bounds bounds = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
    bounds = {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
    bounds = {0, std::numeric_limits<uint32_t>::max()};
  }
  const v1::FieldRules& rules = RulesOf(field);
  if (rules.has_min()) {
    bounds.min = std::max(bounds.min, rules.min());
  } else if (!any_sign) {
    bounds.min = 0;
  }
  if (rules.has_max()) bounds.max = std::min(bounds.max, rules.max());
  return bounds;
}

// "" when the decimal `text` is within bounds.
std::string WhyOutOfBounds(std::string_view text, const Bounds& bounds) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool overflow = error == std::errc::result_out_of_range;
  if (overflow ? text.starts_with('-') : value < bounds.min) {
    return fmt::format("must be at least {}, got {}", bounds.min, Shown(text));
  }
  if (overflow || value > bounds.max)
    return fmt::format("must be at most {}, got {}", bounds.max, Shown(text));
  return "";
}

// Reads one tree into one message.
class Filler {
 public:
  Filler(const DecodeOptions& options, Problems* problems, Problems* warnings)
      : options_(options), problems_(*problems), warnings_(*warnings) {}

  std::map<FieldPath, Position> positions;
  std::vector<FieldPath> refused;

  // `object`: `message` is what an Object holds, and `node` has apiVersion and kind beside its
  // fields.
  void FillMessage(const FieldPath& path, const Node& node, Message* message, bool object) {
    if (node.type == Type::kBroken) return refused.push_back(path);
    if (node.type != Type::kMap)
      return Report(node.at, path, fmt::format("must be a mapping, not {}", Describe(node)));
    for (const Entry& entry : node.entries) {
      if (object && (entry.key == kApiVersionField || entry.key == kKindField)) continue;
      FillEntry(path, entry, message, object);
    }
  }

 private:
  void FillEntry(const FieldPath& path, const Entry& entry, Message* message, bool object) {
    const FieldDescriptor* field = FindField(message->GetDescriptor(), entry.key);
    if (field == nullptr || field->json_name() != entry.key) {
      return Unknown(path.Child(entry.key), entry, message->GetDescriptor(), object);
    }
    const FieldPath at = path.Child(entry.key);
    positions.emplace(at, entry.at);
    const bool owned = RulesOf(field).server_owned() || (object && entry.key == "status");
    if (owned && !options_.keep_server_owned) {
      warnings_.push_back({entry.at, at.ToString() + " is ignored: the server sets it"});
      return;
    }
    if (owned && entry.value.type == Type::kNull) return;
    if (!CheckOneof(at, entry, *message, field)) return;
    FillField(at, entry.value, message, field);
  }

  void Unknown(const FieldPath& path, const Entry& entry, const Descriptor* type, bool object) {
    std::vector<std::string> names = FieldNames(type);
    if (object) names.insert(names.end(), {std::string(kApiVersionField), std::string(kKindField)});
    problems_.push_back({entry.at, fmt::format("unknown field {}{}", Shown(path.ToString(), 200),
                                               Suggest(entry.key, names))});
  }

  bool CheckOneof(const FieldPath& path, const Entry& entry, const Message& message,
                  const FieldDescriptor* field) {
    const google::protobuf::OneofDescriptor* oneof = field->real_containing_oneof();
    if (oneof == nullptr || !message.GetReflection()->HasOneof(message, oneof)) return true;
    const FieldDescriptor* other = message.GetReflection()->GetOneofFieldDescriptor(message, oneof);
    Report(entry.at, path, fmt::format("cannot be together with \"{}\"", other->json_name()));
    return false;
  }

  void FillField(const FieldPath& path, const Node& node, Message* message,
                 const FieldDescriptor* field) {
    if (node.type == Type::kBroken) return refused.push_back(path);
    if (node.type == Type::kNull)
      return Report(node.at, path, "null is no value: leave the field out");
    if (field->is_map()) return FillMap(path, node, message, field);
    if (field->is_repeated()) return FillList(path, node, message, field);
    FillOne(path, node, message, field);
  }

  // A single value, or one item of a list.
  void FillOne(const FieldPath& path, const Node& node, Message* message,
               const FieldDescriptor* field) {
    if (!IsSubmessage(field)) return FillScalar(path, node, message, field);
    const Reflection* reflection = message->GetReflection();
    Message* below = field->is_repeated() ? reflection->AddMessage(message, field)
                                          : reflection->MutableMessage(message, field);
    FillMessage(path, node, below, false);
  }

  void FillList(const FieldPath& path, const Node& node, Message* message,
                const FieldDescriptor* field) {
    if (node.type != Type::kList)
      return Report(node.at, path, fmt::format("must be a list, not {}", Describe(node)));
    if (node.items.size() > static_cast<size_t>(kListItemsMax)) {
      return Report(
          node.at, path,
          fmt::format("must have at most {} items, has {}", kListItemsMax, node.items.size()));
    }
    for (size_t i = 0; i < node.items.size(); ++i) {
      const FieldPath at = path.At(static_cast<int>(i));
      const Node& item = node.items[i];
      positions.emplace(at, item.at);
      if (item.type == Type::kNull) {
        Report(item.at, at, "null is no value: leave the item out");
      } else if (item.type != Type::kBroken) {
        FillOne(at, item, message, field);
      }
    }
    if (static_cast<size_t>(message->GetReflection()->FieldSize(*message, field)) !=
        node.items.size())
      refused.push_back(path);
  }

  void FillMap(const FieldPath& path, const Node& node, Message* message,
               const FieldDescriptor* field) {
    if (node.type != Type::kMap)
      return Report(node.at, path, fmt::format("must be a mapping, not {}", Describe(node)));
    const FieldDescriptor* key = field->message_type()->map_key();
    const FieldDescriptor* value = field->message_type()->map_value();
    for (const Entry& entry : node.entries) {
      const FieldPath at = path.AtKey(entry.key);
      positions.emplace(at, entry.at);
      Message* item = message->GetReflection()->AddMessage(message, field);
      item->GetReflection()->SetString(item, key, entry.key);
      FillField(at, entry.value, item, value);
    }
  }

  void FillScalar(const FieldPath& path, const Node& node, Message* message,
                  const FieldDescriptor* field) {
    const std::string expected = ExpectedScalar(field);
    if (!IsScalar(node.type))
      return Report(node.at, path, fmt::format("{}, not {}", expected, Describe(node)));
    if (const std::string_view why = WhyNotStyle(node, field); !why.empty()) {
      return Report(node.at, path, fmt::format("{} {}, got {}", expected, why, Shown(node.text)));
    }
    if (IsInteger(field) && IsDecimal(node.text)) {
      const Bounds bounds = BoundsOf(field, options_.keep_server_owned);
      if (const std::string why = WhyOutOfBounds(node.text, bounds); !why.empty())
        return Report(node.at, path, why);
    }
    if (ParseScalar(message, field, node.text)) return;
    const std::string hint =
        field->enum_type() == nullptr ? "" : Suggest(node.text, EnumNames(field->enum_type()));
    Report(node.at, path, fmt::format("{}, got {}{}", expected, Shown(node.text), hint));
  }

  // Numbers and booleans go without quotes, everything else JSON writes with them.
  static std::string_view WhyNotStyle(const Node& node, const FieldDescriptor* field) {
    const bool bare = IsInteger(field) || field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL;
    if (bare && node.type == Type::kString) return "without quotes";
    if (!bare && (node.type == Type::kNumber || node.type == Type::kBool)) return "in quotes";
    return "";
  }

  void Report(Position at, const FieldPath& path, std::string_view text) {
    refused.push_back(path);
    problems_.push_back({at, path.empty() ? fmt::format("the document {}", text)
                                          : fmt::format("{}: {}", path.ToString(), text)});
  }

  const DecodeOptions& options_;
  Problems& problems_;
  Problems& warnings_;
};

// Whether `violation` is only said because something was refused, or said of what nobody could
// read.
bool FollowsFrom(const v1::FieldViolation& violation, const FieldPath& at,
                 const std::vector<FieldPath>& refused) {
  const bool missing = violation.message() == "required";
  return std::any_of(refused.begin(), refused.end(), [&](const FieldPath& path) {
    return at.StartsWith(path) || (missing && path.StartsWith(at));
  });
}

std::unique_ptr<Message> NewMessage(const Descriptor* type) {
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
  CHECK(prototype != nullptr, type->full_name() + " is not linked in");
  return std::unique_ptr<Message>(prototype->New());
}

// The text of apiVersion or kind; "" and a problem when it is not there.
std::string Required(const Node& node, std::string_view field, std::string_view such_as,
                     Problems* problems) {
  const Entry* entry = FindEntry(node, field);
  if (entry == nullptr) {
    problems->push_back({node.at, fmt::format("{}: required, such as {}", field, such_as)});
  } else if (entry->value.type != Type::kPlain && entry->value.type != Type::kString) {
    problems->push_back({entry->value.at, fmt::format("{}: must be a string", field)});
  } else {
    return entry->value.text;
  }
  return "";
}

void CheckApiVersion(const Node& node, std::string_view wanted, Problems* problems) {
  const std::string version = Required(node, kApiVersionField, wanted, problems);
  if (version.empty() || version == wanted) return;
  problems->push_back({FindEntry(node, kApiVersionField)->value.at,
                       fmt::format("apiVersion: must be {}, got {}", wanted, Shown(version))});
}

const Kind* FindKind(const Node& node, const std::string& name, const KindRegistry& registry,
                     Problems* problems) {
  const Kind* kind = registry.FindByName(name);
  if (kind != nullptr || name.empty()) return kind;
  std::vector<std::string> names;
  for (const Kind& known : registry.kinds()) names.push_back(known.name);
  problems->push_back({FindEntry(node, kKindField)->value.at,
                       fmt::format("unknown kind {}{}", Shown(name), Suggest(name, names))});
  return nullptr;
}

}  // namespace

Position Decoded::At(const FieldPath& path) const {
  for (FieldPath at = path; !at.empty(); at = at.Parent()) {
    const auto found = positions.find(at);
    if (found != positions.end()) return found->second;
  }
  return start;
}

void ReportViolations(const Decoded& decoded, const KindRegistry& registry, Problems* problems) {
  const std::unique_ptr<Message> object(decoded.object->New());
  object->CopyFrom(*decoded.object);
  v1::ObjectMeta* meta = MutableMeta(object.get());
  if (KindOf(*object, registry)->namespaced() && meta->namespace_().empty())
    meta->set_namespace_("default");
  Canonicalize(object.get());
  ApplyDefaults(object.get());
  for (const v1::FieldViolation& violation : Validate(*object)) {
    const absl::StatusOr<FieldPath> path = FieldPath::Parse(violation.field());
    if (!path.ok() || FollowsFrom(violation, *path, decoded.refused)) continue;
    problems->push_back({decoded.At(*path), path->empty() ? violation.message()
                                                          : fmt::format("{}: {}", violation.field(),
                                                                        violation.message())});
  }
}

Decoder::Decoder(const KindRegistry& registry, DecodeOptions options, Problems* problems,
                 Problems* warnings)
    : registry_(registry), options_(options), problems_(*problems), warnings_(*warnings) {}

std::vector<Decoded> Decoder::DecodeDocument(const Node& root) {
  std::vector<Decoded> objects;
  if (root.type == Type::kBroken) return objects;
  if (root.type != Type::kMap) {
    problems_.push_back(
        {root.at, fmt::format("the document must be a mapping, not {}", Describe(root))});
    return objects;
  }
  const Entry* kind_entry = FindEntry(root, kKindField);
  if (kind_entry != nullptr && kind_entry->value.text == kListKind) return DecodeList(root);
  const size_t before = problems_.size();
  CheckApiVersion(root, kApiVersion, &problems_);
  const bool other_version = problems_.size() > before;
  const std::string name = Required(root, kKindField, "Site", &problems_);
  const Kind* kind = FindKind(root, name, registry_, &problems_);
  if (kind == nullptr) return objects;
  Decoded decoded = {.object = NewMessage(registry_.object()), .start = root.at};
  Filler filler(options_, &problems_, &warnings_);
  Message* inner =
      decoded.object->GetReflection()->MutableMessage(decoded.object.get(), kind->field);
  filler.FillMessage(FieldPath(), root, inner, true);
  decoded.positions = std::move(filler.positions);
  decoded.refused = std::move(filler.refused);
  if (other_version) decoded.refused.push_back(FieldPath());  // With rules of its own.
  objects.push_back(std::move(decoded));
  return objects;
}

// kubectl writes lists as apiVersion v1; ours are accepted under either name.
std::vector<Decoded> Decoder::DecodeList(const Node& root) {
  std::vector<Decoded> objects;
  const Entry* version = FindEntry(root, kApiVersionField);
  if (version == nullptr || version->value.text != "v1")
    CheckApiVersion(root, kApiVersion, &problems_);
  for (const Entry& entry : root.entries) {
    if (entry.key == kApiVersionField || entry.key == kKindField || entry.key == "metadata")
      continue;
    if (entry.key != kItemsField) {
      problems_.push_back({entry.at, fmt::format("unknown field {} of a List", Shown(entry.key))});
    } else if (entry.value.type != Type::kList) {
      problems_.push_back(
          {entry.value.at, fmt::format("items: must be a list, not {}", Describe(entry.value))});
    } else {
      DecodeItems(entry.value, &objects);
    }
  }
  return objects;
}

void Decoder::DecodeItems(const Node& items, std::vector<Decoded>* objects) {
  for (const Node& item : items.items) {
    const Entry* kind = FindEntry(item, kKindField);
    if (kind != nullptr && kind->value.text == kListKind) {
      problems_.push_back({item.at, "a List in a List"});
      continue;
    }
    for (Decoded& decoded : DecodeDocument(item)) objects->push_back(std::move(decoded));
  }
}

void Decoder::DecodeMessage(const Node& root, google::protobuf::Message* message) {
  Filler(options_, &problems_, &warnings_).FillMessage(FieldPath(), root, message, false);
}

}  // namespace reeve::schema
