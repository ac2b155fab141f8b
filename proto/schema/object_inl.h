// Template definitions of object.h; include that.
#pragma once

#include <utility>

namespace reeve::schema {

template <typename T>
v1::Object Wrap(T inner) {
  v1::Object object;
  const Kind* kind = KindRegistry::Get().FindByName(T::descriptor()->name());
  Message* slot = object.GetReflection()->MutableMessage(&object, kind->field);
  static_cast<T*>(slot)->Swap(&inner);
  return object;
}

}  // namespace reeve::schema
