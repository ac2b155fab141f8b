#include "proto/schema/yaml.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/decode.h"
#include "proto/schema/encode.h"
#include "proto/schema/text.h"
#include "proto/schema/yaml_stream.h"
#include "proto/schema/yaml_writer.h"

namespace reeve::schema {
namespace {

using Type = Node::Type;

constexpr std::string_view kPlainTag = "?";
constexpr std::string_view kQuotedTag = "!";

// yaml-cpp's events of one document into a Node. What it would resolve (anchors, tags) is refused
// here, before there is a tree that could grow.
class Handler final : public YAML::EventHandler {
 public:
  Handler(const YamlDocument& document, Problems* problems)
      : document_(document), problems_(*problems), builder(problems) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) Report(mark, "expected the end of the document here");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { Report(mark, kNoAnchors); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Report(mark, kNoAnchors);
    if (!Later()) builder.Broken(At(mark));
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (Later()) return;
    if (builder.WantsKey()) Report(mark, "a key must be a string");
    builder.WantsKey() ? builder.Broken(At(mark)) : builder.Scalar(At(mark), Type::kNull, "");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    if (Later()) return;
    CheckTag(mark, tag, tag == kQuotedTag && CharAt(mark) != '!');
    CheckClosed(mark);
    if (builder.WantsKey()) return builder.Key(At(mark), value);
    builder.Scalar(At(mark), tag == kPlainTag ? Type::kPlain : Type::kString, value);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Begin(mark, tag, Type::kList);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Begin(mark, tag, Type::kMap);
  }
  void OnSequenceEnd() override { End(); }
  void OnMapEnd() override { End(); }

  // Past the first document of the text: reported once, not read.
  bool Later() const { return documents_ > 1; }

  Position At(const YAML::Mark& mark) const {
    return {.line = document_.first_line + mark.line, .column = mark.column + 1};
  }

 private:
  static constexpr std::string_view kNoAnchors = "anchors (&) and aliases (*) are not supported";

  void Begin(const YAML::Mark& mark, const std::string& tag, Type type) {
    if (Later()) return;
    CheckTag(mark, tag, false);
    builder.Begin(At(mark), type);
  }

  void End() {
    if (!Later()) builder.End();
  }

  char CharAt(const YAML::Mark& mark) const {
    const auto pos = static_cast<size_t>(mark.pos);
    return pos < document_.text.size() ? document_.text[pos] : '\0';
  }

  void CheckTag(const YAML::Mark& mark, const std::string& tag, bool quoted) {
    if (!tag.empty() && tag != kPlainTag && !quoted && !IsBlockScalar(mark))
      Report(mark, "tags (!) are not supported");
  }

  bool IsBlockScalar(const YAML::Mark& mark) const {
    return CharAt(mark) == '|' || CharAt(mark) == '>';
  }

  // yaml-cpp takes the end of the text for the end of a quoted string.
  void CheckClosed(const YAML::Mark& mark) {
    const char quote = CharAt(mark);
    if (quote != '\'' && quote != '"') return;
    const std::string_view text = document_.text;
    for (size_t i = static_cast<size_t>(mark.pos) + 1; i < text.size(); ++i) {
      if (quote == '"' && text[i] == '\\') {
        ++i;
      } else if (text[i] == quote) {
        if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return;
        ++i;
      }
    }
    Report(mark, "the quoted string is never closed");
  }

  void Report(const YAML::Mark& mark, std::string_view text) {
    problems_.push_back({At(mark), std::string(text)});
  }

  const YamlDocument& document_;
  Problems& problems_;
  int documents_ = 0;

 public:
  NodeBuilder builder;
};

constexpr std::string_view kNoTabs = "indentation must be spaces, not tabs";

// Whether line `line` (from 0) of the document has a tab before its text: what most syntax errors
// there come from.
bool IsTabIndented(const YamlDocument& document, int line) {
  const std::vector<std::string> lines = Split(document.text, '\n');
  if (line < 0 || static_cast<size_t>(line) >= lines.size()) return false;
  const std::string& text = lines[static_cast<size_t>(line)];
  return text.substr(0, text.find_first_not_of(" \t")).find('\t') != std::string::npos;
}

// yaml-cpp's terse messages, said so that they help.
std::string Explain(const std::string& message) {
  if (message == YAML::ErrorMsg::UNKNOWN_ANCHOR)
    return "anchors (&) and aliases (*) are not supported";
  if (message == YAML::ErrorMsg::END_OF_MAP) return "expected \"key: value\" here";
  if (message == YAML::ErrorMsg::MAP_VALUE)
    return "a value cannot have \": \" in it without quotes";
  if (message == YAML::ErrorMsg::TAB_IN_INDENTATION) return std::string(kNoTabs);
  if (message == YAML::ErrorMsg::UNKNOWN_TOKEN)
    return "a value cannot start with this character without quotes";
  return "not YAML: " + message;
}

// The tree of one document; a broken one when it has none.
Node ReadDocument(const YamlDocument& document, Problems* problems) {
  Handler handler(document, problems);
  try {
    std::istringstream stream{std::string(document.text)};
    YAML::Parser parser(stream);
    // Not until the end: where a document ends at a token it does not know, yaml-cpp finds empty
    // ones there for ever.
    while (!handler.Later() && parser.HandleNextDocument(handler)) {
    }
    return handler.builder.Take();
  } catch (const YAML::DeepRecursion& error) {  // Its limit is above ours, but counts keys too.
    const std::string text = fmt::format("nested too deeply: at most {} levels", kManifestDepthMax);
    if (!handler.builder.too_deep()) problems->push_back({handler.At(error.mark), text});
  } catch (const YAML::Exception& error) {
    const Position at = handler.At(error.mark);
    const bool tab = IsTabIndented(document, error.mark.line);
    problems->push_back(
        {tab ? Position{at.line, 1} : at, tab ? std::string(kNoTabs) : Explain(error.msg)});
  }
  return {.type = Type::kBroken};
}

std::string Place(std::string_view source, Position at) {
  return at.line == 0 ? std::string(source) : fmt::format("{}:{}:{}", source, at.line, at.column);
}

// What a manifest says is shown in messages: it is not to move a terminal's cursor or begin a line.
std::string OneLine(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const CodePoint c = FirstCodePoint(text);
    const size_t bytes = std::max<size_t>(c.bytes, 1);
    const bool plain = c.bytes > 0 && c.value >= 0x20 && WhyForbidden(c.value).empty();
    const auto number = c.bytes > 0 ? static_cast<uint32_t>(c.value)
                                    : static_cast<uint32_t>(static_cast<unsigned char>(text[0]));
    shown += plain ? std::string(text.substr(0, bytes)) : fmt::format("\\u{:04x}", number);
    text.remove_prefix(bytes);
  }
  return shown;
}

absl::Status ToStatus(Problems problems, std::string_view source) {
  constexpr size_t kShownMax = 1000;
  std::sort(problems.begin(), problems.end());
  problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
  if (problems.empty()) return absl::OkStatus();
  std::string text;
  for (size_t i = 0; i < std::min(problems.size(), kShownMax); ++i) {
    text += fmt::format("{}{}: {}", i == 0 ? "" : "\n", Place(source, problems[i].at),
                        OneLine(problems[i].text));
  }
  if (problems.size() > kShownMax)
    text += fmt::format("\n{}: and {} more errors", source, problems.size() - kShownMax);
  return InvalidArgument("{}", text);
}

void CheckTwice(const std::vector<Decoded>& objects, Problems* problems) {
  std::map<ObjectKey, Position> first;
  for (const Decoded& decoded : objects) {
    const ObjectKey key = KeyOf(*decoded.object);
    const auto [found, added] = first.emplace(key, decoded.start);
    if (added || key.name.empty()) continue;
    problems->push_back({decoded.start, fmt::format("{} is there twice, first at line {}",
                                                    ToString(key), found->second.line)});
  }
}

Manifest ToManifest(Decoded decoded, std::string_view source, const Problems& warnings) {
  Manifest manifest = {.source = std::string(source),
                       .start = decoded.start,
                       .positions = std::move(decoded.positions)};
  CHECK(manifest.object.ParseFromString(Encode(*decoded.object)),
        "an Object's bytes are an Object");
  for (const Problem& warning : warnings) {
    manifest.warnings.push_back(fmt::format("{}: {}", Place(source, warning.at), warning.text));
  }
  return manifest;
}

}  // namespace

std::string Manifest::Locate(const FieldPath& path) const {
  const bool known = KindOf(object) != nullptr;
  for (FieldPath at = known ? ByIndex(object, path) : path; !at.empty(); at = at.Parent()) {
    const auto found = positions.find(at);
    if (found != positions.end()) return Place(source, found->second);
  }
  return Place(source, start);
}

absl::StatusOr<std::vector<Manifest>> ParseManifests(std::string_view text, std::string_view source,
                                                     const KindRegistry& registry) {
  Problems problems;
  std::vector<Decoded> objects;
  std::vector<Problems> warnings;
  for (const YamlDocument& document : SplitYaml(text, &problems)) {
    Problems found;
    Decoder decoder(registry, {}, &problems, &found);
    for (Decoded& decoded : decoder.DecodeDocument(ReadDocument(document, &problems))) {
      objects.push_back(std::move(decoded));
      warnings.push_back(std::exchange(found, {}));  // Of a List, all with its first object.
    }
  }
  CheckTwice(objects, &problems);
  if (!problems.empty()) {
    for (const Decoded& decoded : objects) ReportViolations(decoded, registry, &problems);
  }
  RETURN_IF_ERROR(ToStatus(std::move(problems), source));
  std::vector<Manifest> manifests;
  for (size_t i = 0; i < objects.size(); ++i) {
    manifests.push_back(ToManifest(std::move(objects[i]), source, warnings[i]));
  }
  return manifests;
}

absl::Status ParseYamlMessage(std::string_view text, std::string_view source, Message* out) {
  Problems problems, warnings;
  const std::vector<YamlDocument> documents = SplitYaml(text, &problems);
  if (problems.empty() && documents.size() != 1) {
    problems.push_back({{}, fmt::format("must be one document, has {}", documents.size())});
  }
  for (const YamlDocument& document : documents) {
    Decoder(KindRegistry::Get(), {}, &problems, &warnings)
        .DecodeMessage(ReadDocument(document, &problems), out);
  }
  return ToStatus(std::move(problems), source);
}

std::string MessageToYaml(const Message& message) { return WriteYaml(EncodeMessage(message)); }
std::string ToYaml(const Message& object) { return WriteYaml(EncodeObject(object)); }
std::string ToYamlList(const std::vector<v1::Object>& objects) {
  return WriteYaml(EncodeList(objects));
}

}  // namespace reeve::schema
