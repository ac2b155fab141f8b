#include "proto/schema/comments.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/strings.h"

namespace reeve::schema {

// Made by the build: protoc's descriptor set with source info.
extern const unsigned char kDescriptorSet[];
extern const unsigned kDescriptorSetSize;

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptorProto;

// The same files as the program's, with their comments.
const google::protobuf::FileDescriptorSet& Files() {
  static const google::protobuf::FileDescriptorSet* files = [] {
    auto* made = new google::protobuf::FileDescriptorSet;  // Lives as long as the program.
    CHECK(made->ParseFromArray(kDescriptorSet, static_cast<int>(kDescriptorSetSize)),
          "the embedded schema is whole");
    return made;
  }();
  return *files;
}

// Where a declaration is in its file, as descriptor.proto counts (SourceCodeInfo.Location.path).
std::vector<int> PathOf(const Descriptor* type) {
  if (type->containing_type() == nullptr)
    return {FileDescriptorProto::kMessageTypeFieldNumber, type->index()};
  std::vector<int> path = PathOf(type->containing_type());
  path.push_back(google::protobuf::DescriptorProto::kNestedTypeFieldNumber);
  path.push_back(type->index());
  return path;
}

std::vector<int> PathOf(const google::protobuf::FieldDescriptor* field) {
  std::vector<int> path = PathOf(field->containing_type());
  path.push_back(google::protobuf::DescriptorProto::kFieldFieldNumber);
  path.push_back(field->index());
  return path;
}

std::string OneLine(const google::protobuf::SourceCodeInfo::Location& location) {
  const std::string& text = location.leading_comments().empty() ? location.trailing_comments()
                                                                : location.leading_comments();
  std::string line;
  for (const std::string& part : Split(text, '\n')) {
    if (!Trim(part).empty()) line += (line.empty() ? "" : " ") + std::string(Trim(part));
  }
  return line;
}

std::string Comment(const google::protobuf::FileDescriptor* file, const std::vector<int>& path) {
  for (const FileDescriptorProto& with_comments : Files().file()) {
    if (with_comments.name() != file->name()) continue;
    for (const auto& location : with_comments.source_code_info().location()) {
      if (std::equal(location.path().begin(), location.path().end(), path.begin(), path.end()))
        return OneLine(location);
    }
  }
  return "";
}

}  // namespace

std::string CommentOf(const google::protobuf::Descriptor* type) {
  return Comment(type->file(), PathOf(type));
}

std::string CommentOf(const google::protobuf::FieldDescriptor* field) {
  return Comment(field->file(), PathOf(field));
}

}  // namespace reeve::schema
