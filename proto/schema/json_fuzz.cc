// Any bytes are JSON or are refused; what is JSON prints to what reads the same; what is an object,
// in our dialect or in that of Kubernetes' clients, stays the same object.
#include "base/status.h"
#include "proto/schema/fuzzing.h"
#include "proto/schema/json.h"
#include "proto/schema/json_node.h"
#include "proto/schema/kube_json.h"

namespace reeve::schema {
namespace {

// Numbers are printed in one way only, so the first print may differ from the text.
void CheckText(const Node& node) {
  Problems problems;
  const std::string once = DumpJson(node);
  const Node again = ParseJson(once, &problems);
  CHECK(problems.empty(), once);
  CHECK(DumpJson(again) == once, once);
}

}  // namespace
}  // namespace reeve::schema

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reeve::schema;  // NOLINT: libFuzzer wants a plain C function.
  const std::string_view text = FuzzInput(data, size);
  Problems problems;
  const Node node = ParseJson(text, &problems);
  const auto object = FromJson(text);
  if (!problems.empty()) {
    CHECK(!object.ok(), "no object in what is no JSON");
    return 0;
  }
  CheckText(node);
  if (object.ok()) {
    CHECK(Encode(FromJson(ToJson(*object)).value()) == Encode(*object), ToJson(*object));
    CheckObject(*object);
  }
  const auto kube = FromKubeJson(text);
  if (kube.ok()) {
    const auto again = FromKubeJson(ToKubeJson(**kube));
    CHECK(again.ok() && Encode(**again) == Encode(**kube), ToKubeJson(**kube));
  }
  return 0;
}
