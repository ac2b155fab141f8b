#include "proto/schema/fuzzing.h"

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/json.h"
#include "proto/schema/kube_json.h"
#include "proto/schema/validate.h"
#include "proto/schema/yaml.h"

namespace reeve::schema {
namespace {

void CheckBytes(const v1::Object& object) {
  v1::Object again;
  CHECK(again.ParseFromString(Encode(object)), "an object's bytes are an object");
  CHECK(Encode(again) == Encode(object), object.DebugString());
  CHECK(ChangedPaths(object, again).empty(), object.DebugString());
}

void CheckJson(const v1::Object& object) {
  const std::string json = ToJson(object, -1);
  const auto again = FromJson(json);
  CHECK(again.ok(), again.status().ToString() + "\n" + json);
  CHECK(Encode(*again) == Encode(object), json);
}

void CheckKubeJson(const v1::Object& object) {
  v1::Object bare = object;
  MutableMeta(&bare)->clear_managed_fields();
  const std::string json = ToKubeJson(bare);
  const auto again = FromKubeJson(json);
  CHECK(again.ok(), again.status().ToString() + "\n" + json);
  CHECK(ToKubeJson(**again) == json, json);
}

void CheckYaml(const v1::Object& object) {
  const std::string yaml = ToYaml(object);
  if (yaml.size() > kManifestDocumentBytesMax) return;  // Escapes and indentation take room.
  const auto again = ParseManifests(yaml, "again");
  CHECK(again.ok() && again->size() == 1, again.status().ToString() + "\n" + yaml);
  // What the server owns is left out, with a warning.
  CHECK(!(*again)[0].warnings.empty() || !SpecDiffers((*again)[0].object, object), yaml);
}

}  // namespace

void CheckObject(const v1::Object& object) {
  CheckBytes(object);
  v1::Object stored = object;
  Canonicalize(&stored);
  ApplyDefaults(&stored);
  const Violations violations = Validate(stored);
  if (!violations.empty()) {
    CHECK(!ToStatus(violations, KeyOf(stored)).ok(), "a violation is an error");
    return;
  }
  v1::Object twice = stored;
  Canonicalize(&twice);
  ApplyDefaults(&twice);
  CHECK(Encode(twice) == Encode(stored), "what is canonical stays: " + stored.DebugString());
  CheckBytes(stored);
  CheckJson(stored);
  CheckKubeJson(stored);
  CheckYaml(stored);
  for (const FieldPath& path : SetPaths(stored)) {
    CHECK(ByKey(stored, ByIndex(stored, path)) == path, path.ToString());
  }
}

}  // namespace reeve::schema
