// An object on its way from the store to the wire, without being decoded: the stored bytes, with
// the resourceVersion put where it belongs.
//
// Stored:   Object { kind { metadata { ... } spec { ... } ... } }
// Written:  the same, with resource_version as the last field of metadata. What is around it gets
// longer, so that three lengths are written anew and all else is copied.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

namespace reeve::apiserver {

// Thread-compatible. Points into the version it was made from.
class EncodedObject {
 public:
  // Nullopt when the bytes are not laid out as EncodeForStore does it: they may still be an object.
  static std::optional<EncodedObject> Of(const store::Version& version);

  size_t size() const;
  // Appends the bytes of the Object.
  void AppendTo(std::string* out) const;
  // As field `number` of another message.
  void AppendAsField(int number, std::string* out) const;

 private:
  uint32_t kind_tag_ = 0;
  size_t inner_size_ = 0;
  size_t meta_size_ = 0;
  std::string_view meta_;  // Without resource_version.
  std::string_view rest_;  // What follows metadata.
  std::string resource_version_;
};

}  // namespace reeve::apiserver
