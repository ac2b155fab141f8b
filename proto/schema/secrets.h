// Sensitive values on a way through JSON that somebody else may write in: marks stand for them, and
// only a sensitive field gives a mark its value back. Internal to proto/schema.
#pragma once

#include <absl/status/status.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

namespace reeve::schema {

// Thread-compatible.
class Secrets {
 public:
  // The mark of a new secret.
  std::string Hide(std::string_view value);

  // Puts the values back for their marks. INVALID_ARGUMENT with its path when a mark is in a field
  // that is shown.
  absl::Status Restore(google::protobuf::Message* object) const;

 private:
  const std::string* Find(std::string_view mark) const;
  absl::Status RestoreBelow(google::protobuf::Message* message, bool sensitive) const;
  absl::Status RestoreField(google::protobuf::Message* message,
                            const google::protobuf::FieldDescriptor* field, int index,
                            bool sensitive) const;

  std::vector<std::string> values_;
};

}  // namespace reeve::schema
