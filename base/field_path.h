// Paths of fields as people write them: spec.endpoints[0].domain, metadata.labels[team]. Built and
// parsed here only; validation, YAML positions, managedFields, diff and conflicts all use this
// type.
#pragma once

#include <absl/status/statusor.h>

#include <compare>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace reeve {

// Immutable value; Child and the like return longer paths. Thread-compatible.
class FieldPath {
 public:
  struct Field {
    std::string name;
    auto operator<=>(const Field&) const = default;
  };
  struct Index {
    int index;
    auto operator<=>(const Index&) const = default;
  };
  // A map key, or a list item's merge key.
  struct Key {
    std::string key;
    auto operator<=>(const Key&) const = default;
  };
  using Step = std::variant<Field, Index, Key>;

  FieldPath() = default;
  static absl::StatusOr<FieldPath> Parse(std::string_view text);

  FieldPath Child(std::string_view field) const { return With(Field{std::string(field)}); }
  FieldPath At(int index) const { return With(Index{index}); }
  FieldPath AtKey(std::string_view key) const { return With(Key{std::string(key)}); }

  const std::vector<Step>& steps() const { return steps_; }
  bool empty() const { return steps_.empty(); }
  FieldPath Parent() const;
  bool StartsWith(const FieldPath& prefix) const;

  // Keys that hold '.', '[', ']' or '"' are quoted: metadata.labels["a.b/c"].
  std::string ToString() const;

  auto operator<=>(const FieldPath&) const = default;

 private:
  FieldPath With(Step step) const;

  std::vector<Step> steps_;
};

}  // namespace reeve
