#include "proto/schema/json.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/decode.h"
#include "proto/schema/encode.h"
#include "proto/schema/json_node.h"

namespace reeve::schema {
namespace {

using Json = nlohmann::ordered_json;
using Type = Node::Type;

// nlohmann's events into a Node.
class Sax final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Sax(Problems* problems) : builder(problems), problems_(*problems) {}

  bool null() override { return Scalar(Type::kNull, ""); }
  bool boolean(bool value) override { return Scalar(Type::kBool, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return Scalar(Type::kNumber, std::to_string(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Scalar(Type::kNumber, std::to_string(value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return Scalar(Type::kNumber, text);
  }
  bool string(string_t& value) override { return Scalar(Type::kString, value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Begin(Type::kMap); }
  bool start_array(std::size_t) override { return Begin(Type::kList); }
  bool end_object() override { return End(); }
  bool end_array() override { return End(); }
  bool key(string_t& value) override {
    builder.Key({}, value);
    return true;
  }
  bool parse_error(std::size_t byte, const std::string& token,
                   const nlohmann::detail::exception&) override {
    constexpr size_t kShownMax = 40;  // The token may be all that was read.
    const size_t hidden = token.size() > kShownMax ? token.size() - kShownMax : 0;
    problems_.push_back({{},
                         fmt::format("not JSON: byte {}, near \"{}{}\"", byte,
                                     hidden > 0 ? "..." : "", token.substr(hidden))});
    return false;
  }

  NodeBuilder builder;

 private:
  bool Scalar(Type type, std::string_view text) {
    builder.Scalar({}, type, text);
    return true;
  }
  bool Begin(Type type) {
    builder.Begin({}, type);
    return true;
  }
  bool End() {
    builder.End();
    return true;
  }

  Problems& problems_;
};

Json NumberValue(const std::string& text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end) return value;
  return Json::parse(text, nullptr, false);
}

Json ToJsonValue(const Node& node) {
  switch (node.type) {
    case Type::kMap: {
      Json value = Json::object();
      for (const Entry& entry : node.entries) value[entry.key] = ToJsonValue(entry.value);
      return value;
    }
    case Type::kList: {
      Json value = Json::array();
      for (const Node& item : node.items) value.push_back(ToJsonValue(item));
      return value;
    }
    case Type::kNumber:
      return NumberValue(node.text);
    case Type::kBool:
      return node.text == "true";
    case Type::kNull:
      return nullptr;
    default:
      return node.text;
  }
}

}  // namespace

Node ParseJson(std::string_view text, Problems* problems) {
  if (text.size() > kRequestBytesMax) {
    problems->push_back({{},
                         fmt::format("the text has {} bytes, at most {} are allowed", text.size(),
                                     kRequestBytesMax)});
    return {};
  }
  Sax sax(problems);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &sax)) return {};
  return sax.builder.Take();
}

std::string DumpJson(const Node& node, int indent) {
  return ToJsonValue(node).dump(indent, ' ', false, Json::error_handler_t::replace);
}

absl::Status ProblemsToStatus(const Problems& problems) {
  if (problems.empty()) return absl::OkStatus();
  constexpr size_t kShownMax = 1000;
  std::string text;
  for (size_t i = 0; i < std::min(problems.size(), kShownMax); ++i)
    text += (text.empty() ? "" : "\n") + problems[i].text;
  if (problems.size() > kShownMax)
    text += fmt::format("\nand {} more errors", problems.size() - kShownMax);
  return InvalidArgument("{}", text);
}

Node TextNode(std::string_view text) { return {.type = Type::kString, .text = std::string(text)}; }
Node NumberNode(int64_t number) { return {.type = Type::kNumber, .text = std::to_string(number)}; }
Node BoolNode(bool value) { return {.type = Type::kBool, .text = value ? "true" : "false"}; }
Node MapNode(std::vector<Entry> entries) {
  return {.type = Type::kMap, .entries = std::move(entries)};
}
Node ListNode(std::vector<Node> items) { return {.type = Type::kList, .items = std::move(items)}; }

void Put(Node* map, std::string_view key, Node value) {
  map->entries.push_back({.key = std::string(key), .value = std::move(value)});
}
void Put(Node* map, std::string_view key, std::string_view text) { Put(map, key, TextNode(text)); }

std::string ToJson(const Message& object, int indent) {
  return DumpJson(EncodeObject(object), indent);
}
std::string ToJsonList(const std::vector<v1::Object>& objects, int indent) {
  return DumpJson(EncodeList(objects), indent);
}

absl::StatusOr<v1::Object> FromJson(std::string_view text, const KindRegistry& registry) {
  Problems problems, warnings;
  const Node node = ParseJson(text, &problems);
  if (!problems.empty()) return ProblemsToStatus(problems);
  std::vector<Decoded> objects =
      Decoder(registry, {.keep_server_owned = true}, &problems, &warnings).DecodeDocument(node);
  if (problems.empty() && objects.size() != 1)
    problems.push_back({{}, "must be one object, not a List"});
  RETURN_IF_ERROR(ProblemsToStatus(problems));
  v1::Object object;
  CHECK(object.ParseFromString(Encode(*objects[0].object)), "an Object's bytes are an Object");
  return object;
}

}  // namespace reeve::schema
