// While it lives, this thread reads file names as UTF-8, whatever locale the process was started
// in: libarchive translates the names of a pax tar to it, and a daemon's locale is C.
#pragma once

#include <locale.h>

namespace reeve {

class Utf8Locale {
 public:
  // Without C.UTF-8 on the system nothing changes.
  Utf8Locale() : own_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (own_ != nullptr) before_ = uselocale(own_);
  }
  ~Utf8Locale() {
    if (own_ == nullptr) return;
    uselocale(before_);
    freelocale(own_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  const locale_t own_;
  locale_t before_ = nullptr;
};

}  // namespace reeve
