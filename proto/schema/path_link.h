// A field path while an object is walked: each step on the walker's stack, linked to the one before
// it. Most paths of a walk are never shown, so that no FieldPath is made of them. Internal to
// proto/schema.
#pragma once

#include <string_view>

#include "base/field_path.h"

namespace reeve::schema {

// Every link of a path, and the texts in it, must outlive the links after it. Thread-compatible.
class PathLink {
 public:
  PathLink() = default;

  PathLink Child(std::string_view field) const { return PathLink(Kind::kField, this, field, 0); }
  PathLink At(int index) const { return PathLink(Kind::kIndex, this, "", index); }
  PathLink AtKey(std::string_view key) const { return PathLink(Kind::kKey, this, key, 0); }

  // Whether it is the field `name` of the whole.
  bool IsTop(std::string_view name) const {
    return kind_ == Kind::kField && parent_->parent_ == nullptr && text_ == name;
  }

  FieldPath ToFieldPath() const {
    switch (kind_) {
      case Kind::kWhole:
        break;
      case Kind::kField:
        return parent_->ToFieldPath().Child(text_);
      case Kind::kIndex:
        return parent_->ToFieldPath().At(index_);
      case Kind::kKey:
        return parent_->ToFieldPath().AtKey(text_);
    }
    return FieldPath();
  }

 private:
  enum class Kind { kWhole, kField, kIndex, kKey };

  PathLink(Kind kind, const PathLink* parent, std::string_view text, int index)
      : kind_(kind), parent_(parent), text_(text), index_(index) {}

  Kind kind_ = Kind::kWhole;
  const PathLink* parent_ = nullptr;
  std::string_view text_;
  int index_ = 0;
};

}  // namespace reeve::schema
