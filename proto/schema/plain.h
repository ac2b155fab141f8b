// What a host says in its own words (names of processes and files, messages of programs), made fit
// for the API: one odd byte must not cost a whole report. Pure.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace reeve::schema {

// `text` with everything that no object may hold written as in C: "\x1b" for U+001B, "\xff" for a
// byte that is not UTF-8, "\u202e" for U+202E. Line feeds and tabs stay.
std::string Plain(std::string_view text);

// Plain for every string below `message`.
void MakePlain(google::protobuf::Message* message);

}  // namespace reeve::schema
