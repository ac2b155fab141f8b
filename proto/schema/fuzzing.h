// What every fuzzer of this folder holds objects to. For *_fuzz.cc only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/schema/object.h"

namespace reeve::schema {

inline std::string_view FuzzInput(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// What any object that was read must survive, valid or not: the checks of the server, and our own
// writers and readers, which give the same object again. Ends the process when one does not hold.
void CheckObject(const v1::Object& object);

}  // namespace reeve::schema
