#include "controllers/runtime/effect.h"

#include <string_view>

#include <fmt/format.h>

#include "proto/schema/object.h"
#include "proto/schema/yaml.h"

namespace reeve::controllers {
namespace {

std::string WithObject(std::string_view verb, const v1::Object& object) {
  return fmt::format("{} {}\n{}", verb, ToString(schema::KeyOf(object)), schema::ToYaml(object));
}

// One overload per effect: a new one does not compile until it is printed.
struct Printer {
  std::string operator()(const CreateObject& e) const { return WithObject("create", e.object); }
  std::string operator()(const UpdateObject& e) const { return WithObject("update", e.object); }
  std::string operator()(const UpdateStatus& e) const {
    return WithObject("update status", e.object);
  }
  std::string operator()(const DeleteObject& e) const {
    return fmt::format("delete {} uid {}{}\n", ToString(e.key), e.uid,
                       e.propagation == v1::FOREGROUND ? " foreground" : "");
  }
  std::string operator()(const RecordEvent& e) const {
    return fmt::format("event {} {} {} {}: {}\n", v1::EventSpec::Type_Name(e.type),
                       e.regarding.kind(), e.regarding.name(), e.reason, e.message);
  }
  std::string operator()(const RequestFact& e) const { return fmt::format("fact {}\n", e.name); }
};

}  // namespace

std::string ToString(const Outcome& outcome) {
  std::string out;
  for (const Effect& effect : outcome.effects) out += std::visit(Printer(), effect);
  if (outcome.after.has_value())
    out += fmt::format("after {}\n", absl::FormatDuration(*outcome.after));
  return out.empty() ? "nothing\n" : out;
}

}  // namespace reeve::controllers
