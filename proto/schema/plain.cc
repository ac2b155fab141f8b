#include "proto/schema/plain.h"

#include <fmt/format.h>

#include <vector>

#include "proto/schema/text.h"

namespace reeve::schema {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char32_t kByteMax = 0xff;

std::string Escaped(char32_t c) {
  const auto value = static_cast<uint32_t>(c);
  return c <= kByteMax ? fmt::format("\\x{:02x}", value) : fmt::format("\\u{:04x}", value);
}

void MakeStringsPlain(const FieldDescriptor* field, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  if (!field->is_repeated())
    return reflection.SetString(message, field, Plain(reflection.GetString(*message, field)));
  for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
    reflection.SetRepeatedString(message, field, i,
                                 Plain(reflection.GetRepeatedString(*message, field, i)));
  }
}

void MakeMessagesPlain(const FieldDescriptor* field, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  if (!field->is_repeated()) return MakePlain(reflection.MutableMessage(message, field));
  for (int i = 0; i < reflection.FieldSize(*message, field); ++i)
    MakePlain(reflection.MutableRepeatedMessage(message, field, i));
}

}  // namespace

std::string Plain(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    const size_t bytes = point.bytes == 0 ? 1 : point.bytes;
    if (point.bytes == 0) {
      plain += Escaped(static_cast<unsigned char>(text[0]));
    } else if (!WhyForbidden(point.value).empty()) {
      plain += Escaped(point.value);
    } else {
      plain += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return plain;
}

void MakePlain(Message* message) {
  std::vector<const FieldDescriptor*> fields;
  message->GetReflection()->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() == FieldDescriptor::TYPE_STRING) MakeStringsPlain(field, message);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) MakeMessagesPlain(field, message);
  }
}

}  // namespace reeve::schema
