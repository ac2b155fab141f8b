#include "tests/simulation/kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"

namespace reeve::simulation {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

// FNV-1a, 64 bits: turns a purpose into a stream number.
uint64_t Hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

Chance::Chance(uint64_t seed, std::string_view purpose) : state_(seed * kGolden ^ Hash(purpose)) {}

uint64_t Chance::Next() {
  uint64_t z = (state_ += kGolden);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

uint64_t Chance::Below(uint64_t bound) { return Next() % bound; }

absl::Duration Chance::Upto(absl::Duration longest) {
  return absl::Milliseconds(Below(absl::ToInt64Milliseconds(longest) + 1));
}

void Kernel::After(absl::Duration delay, std::function<void()> event) {
  events_.emplace(std::pair(now().mono + delay, sequence_++), std::move(event));
}

bool Kernel::RunNext(absl::Duration end) {
  const auto next = events_.begin();
  if (next == events_.end() || next->first.first > end) {
    clock_.Advance(std::max(absl::ZeroDuration(), end - now().mono));
    return false;
  }
  clock_.Advance(std::max(absl::ZeroDuration(), next->first.first - now().mono));
  const std::function<void()> event = std::move(next->second);
  events_.erase(next);
  event();
  return true;
}

void Kernel::Trace(std::string_view what) {
  trace_.push_back(fmt::format("{:.3f} {}", absl::ToDoubleSeconds(now().mono), what));
}

std::string Kernel::TraceHash() const {
  Sha256 hash;
  for (const std::string& line : trace_) {
    hash.Add(line);
    hash.Add("\n");
  }
  return hash.Hex();
}

std::string Kernel::TraceTail(size_t lines) const {
  std::string text;
  const size_t first = trace_.size() > lines ? trace_.size() - lines : 0;
  for (size_t i = first; i < trace_.size(); ++i) text += trace_[i] + "\n";
  return text;
}

}  // namespace reeve::simulation
