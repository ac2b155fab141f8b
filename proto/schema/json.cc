#include "proto/schema/json.h"

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/decode.h"
#include "proto/schema/encode.h"

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
    problems_.push_back({{}, fmt::format("not JSON: byte {}, near \"{}\"", byte, token)});
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
      return std::stoll(node.text);
    case Type::kBool:
      return node.text == "true";
    default:
      return node.text;
  }
}

std::string Dump(const Node& node, int indent) {
  return ToJsonValue(node).dump(indent, ' ', false, Json::error_handler_t::replace);
}

absl::Status ToStatus(const Problems& problems) {
  if (problems.empty()) return absl::OkStatus();
  std::string text;
  for (const Problem& problem : problems) text += (text.empty() ? "" : "\n") + problem.text;
  return InvalidArgument("{}", text);
}

}  // namespace

std::string ToJson(const Message& object, int indent) { return Dump(EncodeObject(object), indent); }
std::string ToJsonList(const std::vector<v1::Object>& objects, int indent) {
  return Dump(EncodeList(objects), indent);
}

absl::StatusOr<v1::Object> FromJson(std::string_view text, const KindRegistry& registry) {
  if (text.size() > kRequestBytesMax) {
    return InvalidArgument("the text has {} bytes, at most {} are allowed", text.size(),
                           kRequestBytesMax);
  }
  Problems problems, warnings;
  Sax sax(&problems);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &sax)) {
    std::vector<Decoded> objects =
        Decoder(registry, {.keep_server_owned = true}, &problems, &warnings)
            .DecodeDocument(sax.builder.Take());
    if (problems.empty() && objects.size() == 1) {
      v1::Object object;
      CHECK(object.ParseFromString(Encode(*objects[0].object)), "an Object's bytes are an Object");
      return object;
    }
    if (problems.empty()) problems.push_back({{}, "must be one object, not a List"});
  }
  return ToStatus(problems);
}

}  // namespace reeve::schema
