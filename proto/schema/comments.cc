#include "proto/schema/comments.h"

#include <google/protobuf/descriptor.pb.h>

#include <string_view>

#include "base/status.h"
#include "base/strings.h"

namespace reeve::schema {

// Made by the build: protoc's descriptor set with source info.
extern const unsigned char kDescriptorSet[];
extern const unsigned kDescriptorSetSize;

namespace {

// A pool of its own: the same files as the program's, with their comments.
const google::protobuf::DescriptorPool& Pool() {
  static const google::protobuf::DescriptorPool* pool = [] {
    google::protobuf::FileDescriptorSet set;
    CHECK(set.ParseFromArray(kDescriptorSet, static_cast<int>(kDescriptorSetSize)),
          "the embedded schema is whole");
    auto* made = new google::protobuf::DescriptorPool;  // Lives as long as the program.
    for (const auto& file : set.file()) made->BuildFile(file);
    return made;
  }();
  return *pool;
}

std::string OneLine(const google::protobuf::SourceLocation& location) {
  const std::string& text =
      location.leading_comments.empty() ? location.trailing_comments : location.leading_comments;
  std::string line;
  for (const std::string& part : Split(text, '\n')) {
    if (!Trim(part).empty()) line += (line.empty() ? "" : " ") + std::string(Trim(part));
  }
  return line;
}

template <typename D>
std::string Comment(const D* commented) {
  google::protobuf::SourceLocation location;
  return commented != nullptr && commented->GetSourceLocation(&location) ? OneLine(location) : "";
}

}  // namespace

std::string CommentOf(const google::protobuf::Descriptor* type) {
  return Comment(Pool().FindMessageTypeByName(type->full_name()));
}

std::string CommentOf(const google::protobuf::FieldDescriptor* field) {
  return Comment(Pool().FindFieldByName(field->full_name()));
}

}  // namespace reeve::schema
