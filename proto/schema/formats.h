// Grammars of strings: one function per v1::Format, and of metadata.name. Internal to proto/schema.
#pragma once

#include <string>
#include <string_view>

#include "reeve/v1/options.pb.h"

namespace reeve::schema {

// What `value` must be and is not ("must be a DNS label: ..."); "" when it is right.
std::string WhyNotFormat(v1::Format format, std::string_view value);
std::string WhyNotName(v1::NameGrammar grammar, std::string_view name);

// What no string of any field may hold, for it would show as something else than it is: control
// characters other than line feed and tab, line separators, bidirectional overrides (Trojan
// Source), bytes that are no UTF-8. "" when clean.
std::string WhyNotText(std::string_view value);

// Whether values of `format` are changed to a canonical form.
bool HasCanonicalForm(v1::Format format);
// The canonical form of a value of `format`: hostnames in lower case without their trailing dot.
std::string CanonicalForm(v1::Format format, std::string_view value);

}  // namespace reeve::schema
