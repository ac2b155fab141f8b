// Flags that several commands have, and what their values are. For the tables of commands only.
#pragma once

#include <string_view>

#include "ctl/command.h"

namespace reeve::ctl {

inline constexpr Words kFileWords{Words::Type::kFiles};
inline constexpr Words kObjectWords{Words::Type::kObjects};
inline constexpr Words kHostWords{Words::Type::kNames, "Host"};
inline constexpr Words kContextWords{Words::Type::kContexts};

constexpr Words OneOf(std::string_view text) { return {Words::Type::kOneOf, text}; }
constexpr Words Choices(std::string_view text) { return {Words::Type::kChoices, text}; }

inline constexpr Flag kFilename{
    "filename",
    'f',
    Flag::Type::kTexts,
    "File, directory, or - for standard input; may be given more than once",
    "",
    "",
    kFileWords};
inline constexpr Flag kRecursive{"recursive", 'R', Flag::Type::kBool,
                                 "Directories of -f with all below them"};
inline constexpr Flag kSelector{"selector", 'l', Flag::Type::kText,
                                "Only objects with these labels: a=b,c!=d,e in (x,y),!f"};
inline constexpr Flag kFieldSelector{
    "field-selector", 0, Flag::Type::kText,
    "Only objects with these fields: spec.host=h1,metadata.name=x"};
inline constexpr Flag kAllNamespaces{"all-namespaces", 'A', Flag::Type::kBool,
                                     "Objects of every namespace"};
inline constexpr Flag kNoHeaders{"no-headers", 0, Flag::Type::kBool, "No line of headers"};
inline constexpr Flag kDryRun{"dry-run",
                              0,
                              Flag::Type::kText,
                              "none; client: check here; server: check there, change nothing",
                              "none",
                              "",
                              Choices("none,client,server")};
inline constexpr Flag kFieldManager{"field-manager", 0, Flag::Type::kText,
                                    "Name under which the fields are owned", "ctl"};
inline constexpr Flag kIgnoreNotFound{"ignore-not-found", 0, Flag::Type::kBool,
                                      "What is not there is no error"};
inline constexpr Flag kAll{"all", 0, Flag::Type::kBool, "All objects of the kind in the namespace"};
inline constexpr Flag kResourceVersion{"resource-version", 0, Flag::Type::kText,
                                       "Only if the object still has this version"};

constexpr Flag Timeout(std::string_view help, std::string_view value) {
  return {"timeout", 0, Flag::Type::kText, help, value};
}

}  // namespace reeve::ctl
