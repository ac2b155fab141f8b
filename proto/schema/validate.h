// Checks objects against their (rules), and reports everything that is wrong at once.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>
#include <vector>

#include "proto/schema/object.h"
#include "reeve/v1/meta.pb.h"

namespace reeve::schema {

using Violations = std::vector<v1::FieldViolation>;

// Everything about `object` by itself, metadata.namespace and defaults filled in: required,
// formats, ranges, sizes, merge keys, name grammar, unknown fields. Formats that have a canonical
// form (hostnames) must already have it: see Canonicalize.
Violations Validate(const Message& object);

// Rules about a change: immutable fields, and no legal phase skipped. REQUIRES: same key.
Violations ValidateUpdate(const Message& before, const Message& after);

// Canonical forms: lower-cases hostnames and drops their trailing dot, wherever a field's format
// has a canonical form.
void Canonicalize(Message* object);

// True when `value` is what `format` says; else `why` is filled in ("must be a DNS label: ...").
bool MatchesFormat(v1::Format format, std::string_view value, std::string* why);

// INVALID_ARGUMENT in kubectl's words: `Site "x" is invalid: spec.replicas: must be at least 1`;
// several come one a line after "* ". They are attached as a payload too, those without an `object`
// as of `key`. OK when empty.
absl::Status ToStatus(const Violations& violations, const ObjectKey& key);
// The violations attached to `status`, if any.
Violations ViolationsOf(const absl::Status& status);
// Attaches them to a status of any code.
absl::Status WithViolations(absl::Status status, const Violations& violations);

}  // namespace reeve::schema
