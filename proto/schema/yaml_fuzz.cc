// Any bytes are manifests or are refused with a place; what is a manifest stays the same through
// our own writers.
#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/fuzzing.h"
#include "proto/schema/json.h"
#include "proto/schema/yaml.h"

namespace reeve::schema {
namespace {

constexpr std::string_view kSource = "f.yaml";

// A manifest may break rules; but what it says is not lost by writing and reading it.
void CheckManifest(const Manifest& manifest) {
  const std::string yaml = ToYaml(manifest.object);
  if (yaml.size() <= kManifestDocumentBytesMax) {  // Escapes and indentation take room.
    const auto again = ParseManifests(yaml, "again");
    CHECK(again.ok() && again->size() == 1, again.status().ToString() + "\n" + yaml);
    CHECK(Encode((*again)[0].object) == Encode(manifest.object), yaml);
  }
  CHECK(Encode(FromJson(ToJson(manifest.object)).value()) == Encode(manifest.object), yaml);
  for (const auto& [path, position] : manifest.positions) {
    const std::string place = fmt::format("{}:{}:{}", kSource, position.line, position.column);
    CHECK(position.line > 0 && position.column > 0, path.ToString());
    CHECK(manifest.Locate(path) == place, path.ToString());
  }
  CheckObject(manifest.object);
}

}  // namespace
}  // namespace reeve::schema

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reeve::schema;  // NOLINT: libFuzzer wants a plain C function.
  const auto manifests = ParseManifests(FuzzInput(data, size), kSource);
  if (!manifests.ok()) {
    CHECK(std::string(manifests.status().message()).starts_with(kSource),
          manifests.status().ToString());
    return 0;
  }
  for (const Manifest& manifest : *manifests) CheckManifest(manifest);
  return 0;
}
