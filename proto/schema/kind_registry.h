// The kinds there are: read once from the oneof of message Object, everything else follows from
// their options.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reeve/v1/options.pb.h"

namespace reeve::schema {

// What is known of a kind. Immutable.
struct Kind {
  int id = 0;            // Field number in Object: the kind's id in the store.
  std::string name;      // "Site".
  std::string singular;  // "site".
  std::string plural;    // "sites".
  const google::protobuf::Descriptor* descriptor = nullptr;
  const google::protobuf::FieldDescriptor* field = nullptr;  // In Object.
  v1::KindOptions options;

  bool namespaced() const { return options.scope() == v1::NAMESPACED; }
};

// Thread safety: immutable after construction.
class KindRegistry {
 public:
  // The kinds of `object`, a message with one oneof whose fields carry (kind). CHECKs what a kind
  // must have: options, metadata as field 1, a unique plural and short names.
  explicit KindRegistry(const google::protobuf::Descriptor* object);

  // The registry of reeve.v1.Object.
  static const KindRegistry& Get();

  const google::protobuf::Descriptor* object() const { return object_; }
  const std::vector<Kind>& kinds() const { return kinds_; }  // By id.
  const Kind* FindById(int id) const;
  const Kind* FindByName(std::string_view name) const;  // "Site".
  // By name, singular, plural or short name, in any case: what people type.
  const Kind* FindByAlias(std::string_view alias) const;

 private:
  const google::protobuf::Descriptor* const object_;
  std::vector<Kind> kinds_;
  std::map<std::string, size_t, std::less<>> by_alias_;
};

inline constexpr std::string_view kApiVersion = "reeve/v1";

}  // namespace reeve::schema
