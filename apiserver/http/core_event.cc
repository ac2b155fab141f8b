#include "apiserver/http/core_event.h"

#include <nlohmann/json.hpp>

#include <map>

#include "apiserver/http/kube_status.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/kube_json.h"
#include "proto/schema/object.h"

namespace reeve::apiserver {
namespace {

using Json = nlohmann::ordered_json;

// Core's field -> ours.
const std::map<std::string, std::string, std::less<>>& Fields() {
  static const std::map<std::string, std::string, std::less<>> fields = {
      {"involvedObject.kind", "spec.regarding.kind"},
      {"involvedObject.namespace", "spec.regarding.namespace"},
      {"involvedObject.name", "spec.regarding.name"},
      {"involvedObject.uid", "spec.regarding.uid"},
      {"metadata.name", "metadata.name"},
      {"metadata.namespace", "metadata.namespace"},
      {"reason", "spec.reason"},
      {"type", "spec.type"},
  };
  return fields;
}

Json TimeOrNull(const v1::Object& object, std::string_view path) {
  const std::string text = schema::ValueAt(object, path);
  return text.empty() ? Json() : Json(text);
}

}  // namespace

std::string CoreEventJson(const v1::Object& object) {
  const v1::EventSpec& spec = object.event().spec();
  const v1::ObjectRef& regarding = spec.regarding();
  const Json json = {{"apiVersion", "v1"},
                     {"kind", "Event"},
                     {"metadata", Json::parse(schema::ToKubeMetadataJson(object), nullptr, false)},
                     {"involvedObject",
                      {{"kind", regarding.kind()},
                       {"namespace", regarding.namespace_()},
                       {"name", regarding.name()},
                       {"uid", regarding.uid()},
                       {"apiVersion", schema::kApiVersion}}},
                     {"reason", spec.reason()},
                     {"message", spec.message()},
                     {"source", {{"component", spec.source()}, {"host", spec.host()}}},
                     {"firstTimestamp", TimeOrNull(object, "spec.firstTime")},
                     {"lastTimestamp", TimeOrNull(object, "spec.lastTime")},
                     {"count", spec.count()},
                     {"type", v1::EventSpec::Type_Name(spec.type())},
                     {"eventTime", nullptr},
                     {"reportingComponent", spec.source()},
                     {"reportingInstance", spec.host()}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<CoreEventSelector> CoreEventSelector::Parse(std::string_view text) {
  CoreEventSelector selector;
  if (text.empty()) return selector;
  for (const std::string& part : Split(text, ',')) {
    const size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0)
      return BadRequest(fmt::format("fieldSelector: not a selector: {}", part));
    Term term;
    term.equal = part[equals - 1] != '!';
    term.field = part.substr(0, term.equal ? equals : equals - 1);
    const bool twice = equals + 1 < part.size() && part[equals + 1] == '=';
    term.value = part.substr(equals + (twice ? 2 : 1));
    if (!Fields().contains(term.field))
      return BadRequest(fmt::format("fieldSelector: field label not supported: {}", term.field));
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool CoreEventSelector::Matches(const v1::Object& object) const {
  for (const Term& term : terms_) {
    const std::string value = schema::ValueAt(object, Fields().at(term.field));
    if (value.empty() && term.field == "involvedObject.uid") continue;
    if ((value == term.value) != term.equal) return false;
  }
  return true;
}

}  // namespace reeve::apiserver
