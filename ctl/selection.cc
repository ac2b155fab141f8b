#include "ctl/selection.h"

#include <utility>

#include "base/status.h"
#include "base/strings.h"

namespace reeve::ctl {
namespace {

std::string NearestKind(std::string_view alias, const schema::KindRegistry& kinds) {
  std::vector<std::string> names;
  for (const schema::Kind& kind : kinds.kinds()) {
    names.push_back(kind.plural);
    names.push_back(kind.singular);
  }
  return DidYouMean(ToLower(alias), names);
}

void Add(const schema::Kind* kind, std::vector<std::string> names,
         std::vector<Selection>* selections) {
  const bool joins = !names.empty() && !selections->empty() && selections->back().kind == kind &&
                     !selections->back().names.empty();
  if (!joins) return selections->push_back({kind, std::move(names)});
  for (std::string& name : names) selections->back().names.push_back(std::move(name));
}

// "site/blog host/h1".
absl::StatusOr<std::vector<Selection>> ParsePairs(const std::vector<std::string>& args) {
  std::vector<Selection> selections;
  for (const std::string& arg : args) {
    const std::vector<std::string> parts = Split(arg, '/');
    const bool pair = parts.size() == 2 && !parts[0].empty() && !parts[1].empty() &&
                      arg.find(',') == std::string::npos;
    if (!pair) {
      return InvalidArgument(
          "arguments in resource/name form must have a single resource and name: \"{}\"", arg);
    }
    ASSIGN_OR_RETURN(const schema::Kind* kind, FindKind(parts[0]));
    Add(kind, {parts[1]}, &selections);
  }
  return selections;
}

}  // namespace

absl::StatusOr<const schema::Kind*> FindKind(std::string_view alias,
                                             const schema::KindRegistry& kinds) {
  const schema::Kind* kind = kinds.FindByAlias(alias);
  if (kind != nullptr) return kind;
  const std::string near = NearestKind(alias, kinds);
  if (near.empty()) return InvalidArgument("the server doesn't have a resource type \"{}\"", alias);
  return InvalidArgument("the server doesn't have a resource type \"{}\"; did you mean \"{}\"?",
                         alias, near);
}

absl::StatusOr<std::vector<Selection>> ParseSelections(const std::vector<std::string>& args,
                                                       std::string_view verb) {
  if (args.empty()) {
    return InvalidArgument(
        "You must specify the type of resource to {}. Use \"ctl api-resources\" for a complete "
        "list of supported "
        "resources.",
        verb);
  }
  if (args[0].find('/') != std::string::npos) return ParsePairs(args);
  std::vector<Selection> selections;
  const std::vector<std::string> names(args.begin() + 1, args.end());
  for (const std::string& name : names) {
    if (name.find('/') != std::string::npos) {
      return InvalidArgument(
          "there is no need to specify a resource type as a separate argument when passing "
          "arguments in resource/name "
          "form (e.g. 'ctl {0} resource/<resource_name>' instead of 'ctl {0} resource "
          "resource/<resource_name>')",
          verb);
    }
  }
  for (const std::string& alias : Split(args[0], ',')) {
    ASSIGN_OR_RETURN(const schema::Kind* kind, FindKind(alias));
    Add(kind, names, &selections);
  }
  return selections;
}

absl::StatusOr<One> ParseOne(const std::vector<std::string>& args, std::string_view verb) {
  ASSIGN_OR_RETURN(const std::vector<Selection> selections, ParseSelections(args, verb));
  if (selections.size() != 1 || selections[0].names.size() != 1) {
    return InvalidArgument("ctl {} is about one object: kind/name", verb);
  }
  return One{selections[0].kind, selections[0].names[0]};
}

}  // namespace reeve::ctl
