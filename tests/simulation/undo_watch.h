// Checks at every undo that the host is as it was before the attempt began: what a failed or
// crashed transaction made of a unit, a release or the routes is not there any more, and what it
// replaced is back.
//
// Stands between the agent and its providers. Survives the agent's crashes, as the host does: after
// one the recovery undoes. An attempt is known by the name of what it makes (an instance's unit and
// directory have one name); before it is the text of that name's part of the host at its first
// step. Thread-compatible.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "agents/provider.h"
#include "agents/testing/fake_os.h"
#include "tests/simulation/planted.h"

namespace reeve::simulation {

class UndoWatch {
 public:
  // `os` outlives it.
  UndoWatch(agents::FakeOs* os, Planted planted, std::function<void(std::string)> violation)
      : os_(os), planted_(planted), violation_(std::move(violation)) {}

  // The same providers, watched.
  agents::Providers Wrap(agents::Providers providers);
  // Somebody else changed the host: what it was before an attempt says nothing any more.
  void Forget() { attempts_.clear(); }
  // How many undone attempts were compared.
  int64_t compared() const { return compared_; }

 private:
  class Provider;
  struct Attempt {
    std::string first_step;
    std::string before;
    bool undoing = false;
  };

  void Began(const agents::pb::Step& step);
  // False: this undo is left out, as the planted bug wants it.
  bool Undoing(const agents::pb::Step& step);
  void Undone(const agents::pb::Step& step);
  // The next round begins: attempts that are not being undone were completed.
  void Observed();
  std::string PartOf(const std::string& name);

  agents::FakeOs* const os_;
  const Planted planted_;
  const std::function<void(std::string)> violation_;
  std::map<std::string, Attempt> attempts_;  // By name.
  int64_t compared_ = 0;
};

}  // namespace reeve::simulation
