#include "agents/nginx/verdict.h"

#include "agents/nginx/site_file.h"
#include "base/strings.h"

namespace reeve::agents::nginx {
namespace {

// "2026/11/21 00:35:01 [emerg] 12#12: text" and "nginx: [emerg] text" are both text; false for
// other levels.
bool TakeLevel(std::string_view* line, std::string_view level) {
  const size_t at = line->find(level);
  if (at == line->npos) return false;
  line->remove_prefix(at + level.size());
  *line = Trim(*line);
  const size_t hash = line->find('#'), colon = line->find(": ");
  const bool has_process = hash != line->npos && colon != line->npos && hash < colon && colon < 24;
  if (has_process) line->remove_prefix(colon + 2);
  return true;
}

// The site of "... in <dir>/<generation>/<site>.conf:3".
std::string SiteIn(std::string_view text, std::string_view dir) {
  const std::string begin = std::string(dir) + "/";
  const size_t at = text.find(begin);
  if (at == text.npos) return "";
  const std::string_view path = text.substr(at + begin.size());
  const size_t slash = path.find('/'), end = path.find(".conf");
  if (slash == path.npos || end == path.npos || end < slash) return "";
  const std::string site(path.substr(slash + 1, end - slash - 1));
  return site + ".conf" == kCommonFile ? "" : site;
}

std::string QuotedIn(std::string_view text) {
  const size_t begin = text.find('"');
  if (begin == text.npos) return "";
  return std::string(text.substr(begin + 1, text.find('"', begin + 1) - begin - 1));
}

}  // namespace

Verdict ReadVerdict(std::string_view output, std::string_view dir) {
  Verdict verdict;
  for (const std::string& full : Split(output, '\n')) {
    for (const std::string_view level : {"[emerg]", "[alert]", "[crit]"}) {
      std::string_view line = full;
      if (TakeLevel(&line, level)) verdict.errors.push_back({std::string(line), SiteIn(line, dir)});
    }
    std::string_view line = full;
    if (TakeLevel(&line, "[warn]") && line.starts_with("conflicting server name ")) {
      verdict.conflicting_names.push_back(QuotedIn(line));
    }
  }
  return verdict;
}

}  // namespace reeve::agents::nginx
