// What nginx says about a configuration, understood. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reeve::agents::nginx {

struct Complaint {
  std::string
      text;  // Without the time, the level and the process: `unknown directive "x" in /a/b.conf:3`.
  std::string site;  // The site whose file in our directory it names; empty: none of ours.
};

struct Verdict {
  std::vector<Complaint> errors;               // [emerg], [alert] and [crit].
  std::vector<std::string> conflicting_names;  // Of `conflicting server name "x"` warnings.
};

// `output` is what `nginx -t` wrote; our files are those below `dir`, under any generation's name.
Verdict ReadVerdict(std::string_view output, std::string_view dir);

}  // namespace reeve::agents::nginx
