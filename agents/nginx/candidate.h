// Finds, of a tree of wanted sites, the largest part that nginx accepts.
//
// All changes are tried at once. When that fails, the sites that nginx names are taken back to
// their live file, and the rest is tried again; when it names none, halves are tried. n changes
// with k bad ones cost about k * log2(n) tests. Example: a, b, c changed, nginx says `... in
// .../b.conf:3`: b is quarantined, a and c are tried again and pass.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "agents/nginx/generations.h"
#include "agents/nginx/verdict.h"

namespace reeve::agents::nginx {

struct Trial {
  bool passed = false;
  Verdict verdict;
  std::string first_line;  // Of the output, for people.
};

struct Quarantined {
  std::string site;
  std::string error;
};

struct Candidate {
  Tree files;  // As they may go live, without the generation's common file.
  std::vector<Quarantined> quarantined;
};

// Tests a tree as it would be loaded. An error: it could not be tested, nothing is known.
using TestTree = std::function<absl::StatusOr<Trial>(const Tree& files)>;

// `base`: what is live of the wanted sites, and what is kept. `changes`: file names with wanted
// contents. FAILED_PRECONDITION: even `base` does not pass, with nginx's first line.
absl::StatusOr<Candidate> FindCandidate(const Tree& base, const Tree& changes,
                                        const TestTree& test);

}  // namespace reeve::agents::nginx
