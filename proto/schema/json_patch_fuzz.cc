// Any bytes are a patch of any type or are refused, and what comes of a patch is an object. The
// first byte says which type. Run with a directory of patches as corpus: json_patch_fuzz CORPUS
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "proto/schema/json.h"
#include "proto/schema/json_patch.h"
#include "proto/schema/validate.h"

namespace reeve::schema {
namespace {

const v1::Object& Live() {
  static const auto* const object =
      new v1::Object(FromJson(
                         R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"blog",
        "labels":{"a":"1"}},
        "spec":{"type":"Process","replicas":2,"domains":["a.example","b.example"],
        "process":{"command":["/bin/x"],
        "env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}}})")
                         .value());
  return *object;
}

}  // namespace
}  // namespace reeve::schema

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using reeve::schema::Live;
  if (size == 0) return 0;
  const auto type = static_cast<reeve::v1::PatchRequest::Type>(data[0] % 3);
  const std::string_view document(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto patched = reeve::schema::Patched(Live(), type, document);
  if (!patched.ok()) return 0;
  reeve::schema::Validate(**patched);
  const auto again = reeve::schema::FromJson(reeve::schema::ToJson(**patched));
  CHECK(again.ok(), again.status().ToString());
  // The difference to what it was leads to it again.
  const auto merged = reeve::schema::Patched(Live(), reeve::v1::PatchRequest::MERGE,
                                             reeve::schema::MergePatch(Live(), **patched));
  CHECK(merged.ok(), merged.status().ToString());
  return 0;
}
