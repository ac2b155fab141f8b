#include "agents/nginx/candidate.h"

#include <iterator>
#include <set>

#include "agents/nginx/site_file.h"
#include "base/status.h"

namespace reeve::agents::nginx {
namespace {

constexpr std::string_view kSuffix = ".conf";

std::string SiteOf(const std::string& file) { return file.substr(0, file.size() - kSuffix.size()); }

class Search {
 public:
  Search(const Tree& base, const TestTree& test) : test_(test) { found_.files = base; }

  absl::Status Accept(Tree changes) {
    for (;;) {
      ASSIGN_OR_RETURN(const Trial trial, test_(With(changes)));
      const std::vector<Quarantined> culprits = Culprits(trial, changes);
      if (culprits.empty() && trial.passed) break;
      if (culprits.empty()) return Narrow(std::move(changes), trial);
      for (const Quarantined& culprit : culprits) {
        changes.erase(culprit.site + std::string(kSuffix));
        found_.quarantined.push_back(culprit);
      }
    }
    found_.files = With(changes);
    return absl::OkStatus();
  }

  Candidate Take() { return std::move(found_); }

 private:
  Tree With(const Tree& changes) const {
    Tree files = found_.files;
    for (const auto& [name, content] : changes) files[name] = content;
    return files;
  }

  // nginx blames none of the changes by name: half of them at a time.
  absl::Status Narrow(Tree changes, const Trial& trial) {
    if (!base_passed_) {
      ASSIGN_OR_RETURN(const Trial base, test_(found_.files));
      if (!base.passed)
        return FailedPrecondition("nginx refuses what is there already: {}", base.first_line);
      base_passed_ = true;
    }
    if (changes.empty())
      return FailedPrecondition("nginx refuses what is there already: {}", trial.first_line);
    if (changes.size() == 1) {
      found_.quarantined.push_back({SiteOf(changes.begin()->first), trial.first_line});
      return absl::OkStatus();
    }
    const auto middle = std::next(changes.begin(), static_cast<ptrdiff_t>(changes.size() / 2));
    Tree second(middle, changes.end());
    changes.erase(middle, changes.end());
    RETURN_IF_ERROR(Accept(std::move(changes)));
    return Accept(std::move(second));
  }

  std::vector<Quarantined> Culprits(const Trial& trial, const Tree& changes) const {
    std::vector<Quarantined> culprits;
    for (const Complaint& complaint : trial.verdict.errors) {
      const bool changed = changes.contains(complaint.site + std::string(kSuffix));
      if (changed && culprits.empty()) culprits.push_back({complaint.site, complaint.text});
    }
    if (!culprits.empty()) return culprits;
    std::set<std::string> seen;
    for (const std::string& name : trial.verdict.conflicting_names) {
      for (const std::string& site : Claimants(name, changes)) {
        if (seen.insert(site).second) {
          culprits.push_back(
              {site,
               fmt::format("conflicting server name \"{}\": another server of this host has it",
                           name)});
        }
      }
    }
    return culprits;
  }

  // The changed sites that may not have `name`: all of them, but the first when only changed sites
  // want it.
  std::vector<std::string> Claimants(const std::string& name, const Tree& changes) const {
    std::vector<std::string> sites;
    for (const auto& [file, content] : changes) {
      if (SummarizeSite(content).server_names.contains(name)) sites.push_back(SiteOf(file));
    }
    bool held = false;
    for (const auto& [file, content] : found_.files) {
      held |= !changes.contains(file) && SummarizeSite(content).server_names.contains(name);
    }
    if (!held && sites.size() > 1) sites.erase(sites.begin());
    return sites;
  }

  const TestTree& test_;
  Candidate found_;
  bool base_passed_ = false;
};

}  // namespace

absl::StatusOr<Candidate> FindCandidate(const Tree& base, const Tree& changes,
                                        const TestTree& test) {
  Search search(base, test);
  RETURN_IF_ERROR(search.Accept(changes));
  return search.Take();
}

}  // namespace reeve::agents::nginx
