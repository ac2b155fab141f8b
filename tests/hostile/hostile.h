// What the tests of hostile inputs share: inputs with their numbers, and one server for all of
// them.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/integration/estate.h"

namespace reeve::hostile {

// A manifest that is refused, and what `ctl apply -f -` says then.
struct Refused {
  std::string name;  // Begins with its number in docs/hostile-inputs.md: N05_TheSameKeyTwice.
  std::string manifest;
  std::string message;
  bool whole = true;  // False: `message` is how it begins; every line of it has a place.
};
void PrintTo(const Refused& input, std::ostream* out);

// A name of the tests: "N05_TheSameKeyTwice".
std::string NameOf(const testing::TestParamInfo<Refused>& info);

// "apiVersion: reeve/v1" and so on, to line 4: `rest` goes on with line 5.
std::string Site(const std::string& name, const std::string& rest = "");
// A Static site with these domains, as YAML has them; they are at line 7, column 12.
std::string WithDomains(const std::string& name, const std::string& domains);
// `text`, `times` times.
std::string Repeat(const std::string& text, int times);

// One API server for all tests of the program.
integration::Estate& Server();

// Applies `input`: it is refused with its message, nothing is written, and the server answers.
void ExpectRefused(const Refused& input);

}  // namespace reeve::hostile
