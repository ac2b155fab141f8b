// Texts shown as `diff` shows them, in kubectl's form: two directories of files, compared by
// `diff -u -N` or by what CTL_EXTERNAL_DIFF names.
#pragma once

#include <absl/status/status.h>

#include <map>
#include <string>
#include <string_view>

#include "ctl/session.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::ctl {

// By file name; a file may be in one of the two only.
using Texts = std::map<std::string, std::string>;

// "reeve.v1.Site.default.blog".
std::string FileNameOf(const v1::Object& object);
// What is compared of an object: its YAML without what every write changes. Sensitive fields are
// masked.
std::string ComparableYaml(v1::Object object);

// Prints the differences. The session ends with 0 when there are none and with 1 when there are; an
// error is of the program that compares, and its exit code is above 1. `before` and `after` begin
// the names of the directories.
absl::Status PrintDifferences(Session& session, std::string_view before, const Texts& left,
                              std::string_view after, const Texts& right);

}  // namespace reeve::ctl
