// A message as kubectl's describe shows it: "Creation Timestamp:  2026-01-01T00:00:00Z", nested by
// two blanks.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::ctl {

// Lines of a label and a value; values of neighbouring lines are aligned, as text/tabwriter does.
class AlignedLines {
 public:
  void Add(int depth, std::string_view label, std::optional<std::string> value);
  std::string Text() const;

 private:
  struct Line {
    std::string left;
    std::optional<std::string> right;
  };
  std::vector<Line> lines_;
};

// "creationTimestamp" -> "Creation Timestamp", "uid" -> "UID".
std::string LabelOf(std::string_view field);

using FieldFilter = std::function<bool(const google::protobuf::FieldDescriptor*)>;

// Adds every set field of `message` that `shown` allows. Sensitive fields are ***.
void AddFields(const google::protobuf::Message& message, int depth, const FieldFilter& shown,
               AlignedLines* lines);

}  // namespace reeve::ctl
