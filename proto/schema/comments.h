// The comments of the .proto files: the build embeds them, since generated code has none.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>

namespace reeve::schema {

// The text before (or, if there is none, after) the declaration, as one line. "" when there is
// none.
std::string CommentOf(const google::protobuf::Descriptor* type);
std::string CommentOf(const google::protobuf::FieldDescriptor* field);

}  // namespace reeve::schema
