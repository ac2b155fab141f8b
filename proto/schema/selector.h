// Label and field selectors in Kubernetes' syntax: "a=b,c!=d,e in (x,y),f notin (z),g,!h". Of
// fields, metadata.name=web-* also stands for all names that begin so.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/schema/object.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::schema {

struct Requirement {
  enum class Op { kIn, kNotIn, kExists, kNotExists, kPrefix };
  std::string key;
  Op op = Op::kIn;
  std::vector<std::string> values;  // Sorted.
};

// A parsed v1::Selector. Immutable; thread-safe.
class Matcher {
 public:
  // INVALID_ARGUMENT for bad syntax, an unknown kind, or a field that the schema does not mark
  // indexed.
  static absl::StatusOr<Matcher> Parse(const v1::Selector& selector,
                                       const KindRegistry& registry = KindRegistry::Get());

  const Kind& kind() const { return *kind_; }
  const std::string& ns() const { return ns_; }
  // The value that `field` (spec.host) must have, or "": what an index can serve.
  std::string RequiredField(std::string_view field) const;
  // What metadata.name must begin with, or "".
  std::string NamePrefix() const;
  bool Matches(const Message& object) const;
  // Whether it matches every object of its kind in its namespace, or in all when it names none.
  bool MatchesAll() const {
    return labels_.empty() && fields_.empty() && (ns_.empty() || kind_->namespaced());
  }

 private:
  const Kind* kind_ = nullptr;
  std::string ns_;
  std::vector<Requirement> labels_;
  std::vector<Requirement> fields_;
};

}  // namespace reeve::schema
