// Any bytes are a manifest or are refused, and what is a manifest stays the same through our own
// writers. Run with a directory of manifests as corpus: manifest_fuzz CORPUS manifests/examples
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/json.h"
#include "proto/schema/validate.h"
#include "proto/schema/yaml.h"

namespace reeve::schema {
namespace {

void CheckYaml(std::string_view text) {
  const auto manifests = ParseManifests(text, "fuzz");
  if (!manifests.ok()) return;
  for (const Manifest& manifest : *manifests) {
    const std::string yaml = ToYaml(manifest.object);
    const auto again = ParseManifests(yaml, "again");
    if (yaml.size() > kManifestDocumentBytesMax) continue;  // Escapes and indentation take room.
    CHECK(again.ok() && again->size() == 1, again.status().ToString());
    CHECK(Encode((*again)[0].object) == Encode(manifest.object), yaml);
    CHECK(Encode(FromJson(ToJson(manifest.object)).value()) == Encode(manifest.object), yaml);
    Validate(manifest.object);
  }
}

void CheckJson(std::string_view text) {
  const auto object = FromJson(text);
  if (!object.ok()) return;
  CHECK(Encode(FromJson(ToJson(*object)).value()) == Encode(*object), ToJson(*object));
  Validate(*object);
}

}  // namespace
}  // namespace reeve::schema

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  reeve::schema::CheckYaml(text);
  reeve::schema::CheckJson(text);
  return 0;
}
