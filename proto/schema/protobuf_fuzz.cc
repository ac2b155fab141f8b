// Any bytes that claim to be an object of the wire: what the API server does with one that it
// receives. Unknown fields and unknown enum values are violations, not losses; what is valid is
// stored in the one canonical form and says the same in every dialect.
#include <google/protobuf/stubs/logging.h>

#include "base/status.h"
#include "proto/schema/fuzzing.h"
#include "proto/schema/json.h"
#include "proto/schema/validate.h"

// Bytes that are no UTF-8 are logged by protobuf, each time.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reeve::schema;  // NOLINT: libFuzzer wants a plain C function.
  reeve::v1::Object object;
  if (!object.ParseFromArray(data, static_cast<int>(size))) return 0;
  if (KindOf(object) == nullptr) {
    CHECK(!Validate(object).empty(), "an object of no kind is not valid");
    return 0;
  }
  // What is logged and shown of an object does not wait for it to be valid.
  const std::string shown = ToJson(object, -1);
  CHECK(!shown.empty(), "every object can be shown");
  CheckObject(object);
  return 0;
}
