// Parts of objects. Pure.
#pragma once

#include <set>

#include "base/field_path.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::ctl {

// Nothing but the name of `object` and what `paths` name of it: leaf paths as in managedFields. The
// keys of list items stay with what stays of the items.
v1::Object Pick(const v1::Object& object, const std::set<FieldPath>& paths);

// Makes spec (all but metadata and status), labels and annotations of `to` what they are in `from`.
// REQUIRES: one kind.
void CopyIntent(const v1::Object& from, v1::Object* to);
// Whether they are the same in both.
bool SameIntent(const v1::Object& a, const v1::Object& b);
bool SameLabels(const v1::Object& a, const v1::Object& b);

// Whether it holds fields, at any depth, that this program's schema does not have.
bool HasUnknownFields(const v1::Object& object);

}  // namespace reeve::ctl
