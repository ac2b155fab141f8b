// In which form a client wants objects: what its Accept header says. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <string_view>

namespace reeve::apiserver {

// The form of an answer.
struct Accepted {
  enum class Form {
    kObject,
    kTable,    // meta.k8s.io Table: rows for people.
    kPartial,  // PartialObjectMetadata, or a list of them.
  };
  Form form = Form::kObject;
  bool beta = false;  // meta.k8s.io/v1beta1 instead of v1.
};

// The first of the header's media types that we can serve; an empty header takes anything.
// NotAcceptable (kube_status.h) when there is none.
absl::StatusOr<Accepted> ParseAccept(std::string_view header);

// Whether the header names `type` before anything else that we would serve instead.
bool Prefers(std::string_view header, std::string_view type);

// The type of a Content-Type header, without its parameters, in lower case.
std::string_view MediaType(std::string_view header);

}  // namespace reeve::apiserver
