#include "apiserver/http/negotiation.h"

#include <optional>
#include <string>

#include "apiserver/http/kube_status.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::apiserver {
namespace {

// `name` of "application/json;as=Table;v=v1".
std::string Parameter(std::string_view range, std::string_view name) {
  for (const std::string& part : Split(range, ';')) {
    const std::string_view trimmed = Trim(part);
    const size_t equals = trimmed.find('=');
    if (equals != std::string_view::npos && trimmed.substr(0, equals) == name)
      return std::string(trimmed.substr(equals + 1));
  }
  return "";
}

bool IsJson(std::string_view type) {
  return type == "application/json" || type == "*/*" || type == "application/*";
}

std::optional<Accepted> FormOf(std::string_view range) {
  if (!IsJson(MediaType(range))) return std::nullopt;
  const std::string as = Parameter(range, "as");
  if (as.empty()) return Accepted{};
  const std::string version = Parameter(range, "v");
  if (Parameter(range, "g") != "meta.k8s.io" || (version != "v1" && version != "v1beta1"))
    return std::nullopt;
  const bool beta = version == "v1beta1";
  if (as == "Table") return Accepted{Accepted::Form::kTable, beta};
  if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList")
    return Accepted{Accepted::Form::kPartial, beta};
  return std::nullopt;
}

}  // namespace

std::string_view MediaType(std::string_view header) {
  return Trim(header.substr(0, header.find(';')));
}

bool Prefers(std::string_view header, std::string_view type) {
  for (const std::string& range : Split(header, ',')) {
    if (MediaType(range) == type) return true;
    if (IsJson(MediaType(range)) && Parameter(range, "as").empty()) return false;
  }
  return false;
}

absl::StatusOr<Accepted> ParseAccept(std::string_view header) {
  if (Trim(header).empty()) return Accepted{};
  for (const std::string& range : Split(header, ',')) {
    if (const std::optional<Accepted> form = FormOf(range)) return *form;
  }
  return WithKubeError(
      InvalidArgument("only the following media types are accepted: application/json"),
      KubeError::kNotAcceptable);
}

}  // namespace reeve::apiserver
