// Any text is a field path or is refused; a path prints to what parses to the same path, in our
// form and in Kubernetes' FieldsV1; and any path may be looked up in an object that does not have
// it.
#include "base/field_path.h"

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/fields_v1.h"
#include "proto/schema/formats.h"
#include "proto/schema/fuzzing.h"
#include "proto/schema/json.h"
#include "proto/schema/reflect.h"

namespace reeve::schema {
namespace {

const v1::Object& Sample() {
  static const auto* const object =
      new v1::Object(FromJson(
                         R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"blog",
        "labels":{"a":"1","team.example/x":"2"}},
        "spec":{"type":"Process","replicas":2,"domains":["a.example","b.example"],
        "process":{"command":["/bin/x"],
        "env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}}})")
                         .value());
  return *object;
}

void CheckPath(const FieldPath& path) {
  const std::string text = path.ToString();
  const auto again = FieldPath::Parse(text);
  CHECK(again.ok(), text);
  CHECK(*again == path, text);
  CHECK(path.empty() || path.StartsWith(path.Parent()), text);
  const FieldPath by_key = ByKey(Sample(), path);
  CHECK(ByKey(Sample(), by_key) == by_key, text);
  const FieldPath by_index = ByIndex(Sample(), path);
  CHECK(ByIndex(Sample(), by_index) == by_index, text);
  CHECK(ByKey(Sample(), by_index) == by_key, text);
}

// What FieldsV1 says of a path is read back as the same thing to say. A path that does not fit the
// schema may get another form the first time.
void CheckFieldsV1(const std::string& path) {
  const Descriptor* type = Inner(Sample()).GetDescriptor();
  const auto paths = FromFieldsV1(type, ToFieldsV1(type, {path}));
  CHECK(paths.ok(), path);
  const auto again = FromFieldsV1(type, ToFieldsV1(type, *paths));
  CHECK(again.ok() && *again == *paths, path);
}

}  // namespace
}  // namespace reeve::schema

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reeve::schema;  // NOLINT: libFuzzer wants a plain C function.
  const std::string_view text = FuzzInput(data, size);
  const auto path = reeve::FieldPath::Parse(text);
  if (!path.ok()) return 0;
  ValuesAt(Sample(), text);
  CheckPath(*path);
  // As FieldsV1 a path is a document, with a document's limits.
  const bool writable = path->steps().size() < static_cast<size_t>(reeve::kManifestDepthMax);
  if (writable && WhyNotText(text).empty()) CheckFieldsV1(path->ToString());
  return 0;
}
