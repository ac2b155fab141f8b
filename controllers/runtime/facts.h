// Facts from outside the API: asked for by an effect, answered into the world. A reconciler never
// looks them up itself.
//
// Names are "<space>/<subject>": "dns/blog.example". Values are text that the asking reconciler
// understands.
#pragma once

#include <deque>
#include <optional>
#include <string>

namespace reeve::controllers {

struct FactAnswer {
  std::string name;
  std::string value;
};

// Where answers come from. Thread-compatible: called from the thread that steps the manager; must
// not block.
class FactSource {
 public:
  virtual ~FactSource() = default;
  virtual void Request(const std::string& name) = 0;
  // The next answer, nullopt when there is none now.
  virtual std::optional<FactAnswer> Next() = 0;
};

// The answer of a source that does not look: what depends on it stays Unknown.
inline constexpr char kNotChecked[] = "NotChecked";

// Answers kNotChecked to everything.
class NotCheckedFacts final : public FactSource {
 public:
  void Request(const std::string& name) override { asked_.push_back(name); }
  std::optional<FactAnswer> Next() override;

 private:
  std::deque<std::string> asked_;
};

}  // namespace reeve::controllers
