#include "ctl/tree_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/strings.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::ctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::array<std::string_view, 7> kAcronyms = {"uid", "url", "api", "ip",
                                                       "dns", "tls", "os"};
constexpr size_t kGap = 2;

std::string Word(std::string word) {
  for (const std::string_view acronym : kAcronyms) {
    if (ToLower(word) != acronym) continue;
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    return word;
  }
  if (!word.empty()) word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  return word;
}

void AddMap(const Message& message, const FieldDescriptor* field, int depth, AlignedLines* lines) {
  lines->Add(depth, LabelOf(field->json_name()), std::nullopt);
  for (const auto& [key, value] : schema::MapItems(message, field))
    lines->Add(depth + 1, key, value);
}

void AddList(const Message& message, const FieldDescriptor* field, int depth,
             const FieldFilter& shown, AlignedLines* lines) {
  lines->Add(depth, LabelOf(field->json_name()), std::nullopt);
  const int size = message.GetReflection()->FieldSize(message, field);
  for (int i = 0; i < size; ++i) {
    if (schema::IsSubmessage(field)) {
      AddFields(message.GetReflection()->GetRepeatedMessage(message, field, i), depth + 1, shown,
                lines);
    } else {
      lines->Add(depth + 1, "", schema::ScalarText(message, field, i));
    }
  }
}

void AddField(const Message& message, const FieldDescriptor* field, int depth,
              const FieldFilter& shown, AlignedLines* lines) {
  if (schema::RulesOf(field).sensitive()) {
    return lines->Add(depth, LabelOf(field->json_name()), std::string(schema::kRedacted));
  }
  if (field->is_map()) return AddMap(message, field, depth, lines);
  if (field->is_repeated()) return AddList(message, field, depth, shown, lines);
  if (!schema::IsSubmessage(field)) {
    return lines->Add(depth, LabelOf(field->json_name()), schema::ScalarText(message, field));
  }
  lines->Add(depth, LabelOf(field->json_name()), std::nullopt);
  AddFields(message.GetReflection()->GetMessage(message, field), depth + 1, shown, lines);
}

}  // namespace

void AlignedLines::Add(int depth, std::string_view label, std::optional<std::string> value) {
  std::string left(static_cast<size_t>(depth) * 2, ' ');
  left += label;
  if (!label.empty()) left += ":";
  if (label.empty() && value) {
    left += *value;
    value.reset();
  }
  lines_.push_back({std::move(left), std::move(value)});
}

std::string AlignedLines::Text() const {
  std::string text;
  for (size_t i = 0; i < lines_.size();) {
    size_t end = i;
    size_t width = 0;
    for (; end < lines_.size() && lines_[end].right; ++end)
      width = std::max(width, lines_[end].left.size());
    for (; i < end; ++i) {
      text += lines_[i].left + std::string(width - lines_[i].left.size() + kGap, ' ') +
              *lines_[i].right + "\n";
    }
    if (i < lines_.size()) text += lines_[i++].left + "\n";
  }
  return text;
}

std::string LabelOf(std::string_view field) {
  std::string label;
  std::string word;
  for (const char c : field) {
    if (std::isupper(static_cast<unsigned char>(c)) && !word.empty()) {
      label += Word(word) + " ";
      word.clear();
    }
    word += c;
  }
  return label + Word(word);
}

void AddFields(const Message& message, int depth, const FieldFilter& shown, AlignedLines* lines) {
  const google::protobuf::Descriptor* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (schema::IsSet(message, field) && shown(field))
      AddField(message, field, depth, shown, lines);
  }
}

}  // namespace reeve::ctl
