#include "apiserver/http/route.h"

#include <optional>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/formats.h"
#include "proto/schema/reflect.h"

namespace reeve::apiserver {
namespace {

using Type = Route::Type;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `form`: "+" is a blank, as in queries.
std::optional<std::string> Unescaped(std::string_view text, bool form) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexValue(text[i + 1]), low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      plain += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      plain += form && text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

const schema::Kind* FindPlural(const schema::KindRegistry& kinds, std::string_view plural) {
  for (const schema::Kind& kind : kinds.kinds()) {
    if (kind.plural == plural) return &kind;
  }
  return nullptr;
}

bool HasSubresource(const schema::Kind& kind, std::string_view name) {
  return (name == "status" && HasStatus(kind)) || (name == "scale" && HasScale(kind));
}

const google::protobuf::FieldDescriptor* FieldIn(const schema::Kind& kind, std::string_view part,
                                                 std::string_view name) {
  const auto* outer = schema::FindField(kind.descriptor, part);
  if (outer == nullptr || outer->message_type() == nullptr) return nullptr;
  return schema::FindField(outer->message_type(), name);
}

// What is left of a path, one part after the other.
class Parts {
 public:
  explicit Parts(std::vector<std::string> parts) : parts_(std::move(parts)) {}

  bool empty() const { return at_ == parts_.size(); }
  size_t left() const { return parts_.size() - at_; }
  const std::string& front() const { return parts_[at_]; }
  std::string Take() { return parts_[at_++]; }

 private:
  std::vector<std::string> parts_;
  size_t at_ = 0;
};

// Below the group's version: [namespaces/NS/]PLURAL[/NAME[/SUBRESOURCE]].
Route ResourceRoute(Parts parts, const schema::KindRegistry& kinds) {
  Route route;
  if (parts.left() > 2 && parts.front() == "namespaces") {
    // namespaces/NS/status is of the Namespace itself.
    Parts inner = parts;
    inner.Take();
    const std::string ns = inner.Take();
    const schema::Kind* kind = FindPlural(kinds, inner.front());
    if (kind != nullptr) {
      if (!kind->namespaced()) return {};
      route.ns = ns;
      parts = inner;
    }
  }
  route.kind = FindPlural(kinds, parts.Take());
  if (route.kind == nullptr || parts.left() > 2) return {};
  route.type = Type::kCollection;
  if (!parts.empty()) {
    if (route.kind->namespaced() && route.ns.empty()) return {};
    route.type = Type::kObject;
    route.name = parts.Take();
  }
  if (!parts.empty()) {
    route.type = Type::kSubresource;
    route.subresource = parts.Take();
    if (!HasSubresource(*route.kind, route.subresource)) return {};
  }
  return route;
}

Route CoreRoute(Parts parts, const schema::KindRegistry& kinds) {
  if (parts.empty()) return {.type = Type::kCoreVersions};
  if (parts.Take() != kVersionName) return {};
  if (parts.empty()) return {.type = Type::kCoreResources};
  Route route = ResourceRoute(parts, kinds);
  if (route.type == Type::kNone) return {};
  const bool known = route.kind->plural == "namespaces" || route.kind->plural == "events";
  if (!known) return {};
  route.core = true;
  return route;
}

Route GroupRoute(Parts parts, const schema::KindRegistry& kinds) {
  if (parts.empty()) return {.type = Type::kGroups};
  if (parts.Take() != kGroupName) return {};
  if (parts.empty()) return {.type = Type::kGroup};
  if (parts.Take() != kVersionName) return {};
  if (parts.empty()) return {.type = Type::kResources};
  return ResourceRoute(parts, kinds);
}

Route OpenApiRoute(std::string_view rest) {
  if (rest == "v2") return {.type = Type::kOpenApiV2};
  if (rest == "v3") return {.type = Type::kOpenApiV3Root};
  if (rest == "v3/apis/reeve/v1") return {.type = Type::kOpenApiV3};
  return {};
}

}  // namespace

absl::StatusOr<Target> ParseTarget(std::string_view text) {
  if (!text.starts_with('/')) return InvalidArgument("the path must begin with a slash");
  const size_t mark = text.find('?');
  Target target = {.path = std::string(text.substr(0, mark)), .query = {}};
  if (mark == std::string_view::npos) return target;
  for (const std::string& pair : Split(text.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const auto name = Unescaped(std::string_view(pair).substr(0, equals), true);
    const auto value = equals == std::string::npos
                           ? ""
                           : Unescaped(std::string_view(pair).substr(equals + 1), true);
    if (!name || !value) return InvalidArgument("the query has a broken escape: {}", pair);
    if (!schema::WhyNotText(*name).empty() || !schema::WhyNotText(*value).empty())
      return InvalidArgument("the query must be text in UTF-8: {}", pair);
    // In "dryRun=All&dryRun=" the one is as good as the other.
    if (!target.query.emplace(*name, *value).second)
      return InvalidArgument("the query says {} twice", *name);
  }
  return target;
}

Route ParseRoute(std::string_view path, const schema::KindRegistry& kinds) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  path.remove_prefix(1);
  if (path.empty()) return {.type = Type::kRoot};
  std::vector<std::string> plain;
  for (const std::string& part : Split(path, '/')) {
    const auto unescaped = Unescaped(part, false);
    if (!unescaped || unescaped->empty() || !schema::WhyNotText(*unescaped).empty()) return {};
    plain.push_back(*unescaped);
  }
  Parts parts(plain);
  const std::string first = parts.Take();
  if (first == "api") return CoreRoute(parts, kinds);
  if (first == "apis") return GroupRoute(parts, kinds);
  if (first == "openapi" && !parts.empty()) return OpenApiRoute(path.substr(first.size() + 1));
  if (!parts.empty()) return {};
  if (first == "version") return {.type = Type::kVersion};
  if (first == "livez" || first == "readyz" || first == "healthz")
    return {.type = Type::kHealth, .name = first};
  return {};
}

std::string_view Param(const Query& query, std::string_view name) {
  const auto found = query.find(name);
  return found == query.end() ? std::string_view() : std::string_view(found->second);
}

bool BoolParam(const Query& query, std::string_view name) {
  const auto found = query.find(name);
  if (found == query.end()) return false;
  return found->second.empty() || found->second == "1" || ToLower(found->second) == "true";
}

bool HasStatus(const schema::Kind& kind) {
  return schema::FindField(kind.descriptor, "status") != nullptr;
}

bool HasScale(const schema::Kind& kind) {
  return FieldIn(kind, "spec", "replicas") != nullptr &&
         FieldIn(kind, "status", "replicas") != nullptr;
}

}  // namespace reeve::apiserver
