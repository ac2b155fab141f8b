#include "agents/mark.h"

#include <fmt/format.h>

#include "base/sha256.h"

namespace reeve::agents {
namespace {

constexpr std::string_view kBegin = "# reeve-managed owner=";
constexpr std::string_view kHash = " sha256=";

}  // namespace

std::string WithMark(std::string_view owner, std::string_view body) {
  return fmt::format("{}{}{}{}\n{}", kBegin, owner, kHash, Sha256Hex(body), body);
}

std::optional<Mark> ReadMark(std::string_view content) {
  if (!content.starts_with(kBegin)) return std::nullopt;
  const size_t end = content.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = content.substr(kBegin.size(), end - kBegin.size());
  const size_t hash = line.find(kHash);
  if (hash == std::string_view::npos) return std::nullopt;
  return Mark{.owner = std::string(line.substr(0, hash)),
              .intact = line.substr(hash + kHash.size()) == Sha256Hex(content.substr(end + 1))};
}

}  // namespace reeve::agents
