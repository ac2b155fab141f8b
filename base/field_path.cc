#include "base/field_path.h"

#include <charconv>
#include <optional>

#include "base/status.h"

namespace reeve {
namespace {

bool NeedsQuotes(std::string_view key) {
  return key.empty() || key.find_first_of(".[]\"\\") != std::string_view::npos ||
         key.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string Quoted(std::string_view key) {
  std::string out = "\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

struct Printer {
  std::string text;
  void operator()(const FieldPath::Field& step) { text += (text.empty() ? "" : ".") + step.name; }
  void operator()(const FieldPath::Index& step) { text += fmt::format("[{}]", step.index); }
  void operator()(const FieldPath::Key& step) {
    text += fmt::format("[{}]", NeedsQuotes(step.key) ? Quoted(step.key) : step.key);
  }
};

// Reads `"..."` from the front of `text`, with backslash escapes.
std::optional<std::string> TakeQuoted(std::string_view* text) {
  std::string key;
  for (size_t i = 1; i < text->size(); ++i) {
    if ((*text)[i] == '"') {
      text->remove_prefix(i + 1);
      return key;
    }
    if ((*text)[i] == '\\' && i + 1 < text->size()) ++i;
    key += (*text)[i];
  }
  return std::nullopt;
}

std::optional<int> ToIndex(std::string_view text) {
  int index = 0;
  if (text.starts_with('-')) return std::nullopt;  // "-0" is a key.
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return index;
}

// Reads "[...]" from the front of `text`.
std::optional<FieldPath::Step> TakeBracket(std::string_view* text) {
  text->remove_prefix(1);
  if (!text->empty() && text->front() == '"') {
    std::optional<std::string> key = TakeQuoted(text);
    if (!key || text->empty() || text->front() != ']') return std::nullopt;
    text->remove_prefix(1);
    return FieldPath::Key{*key};
  }
  const size_t end = text->find(']');
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  const std::string_view inside = text->substr(0, end);
  text->remove_prefix(end + 1);
  if (const std::optional<int> index = ToIndex(inside)) return FieldPath::Index{*index};
  return FieldPath::Key{std::string(inside)};
}

}  // namespace

absl::StatusOr<FieldPath> FieldPath::Parse(std::string_view text) {
  const std::string_view whole = text;
  FieldPath path;
  while (!text.empty()) {
    if (text.front() == '[') {
      std::optional<Step> step = TakeBracket(&text);
      if (!step) return InvalidArgument("\"{}\" is not a field path: bad [...]", whole);
      path.steps_.push_back(*std::move(step));
      continue;
    }
    if (!path.empty()) {
      if (text.front() != '.') return InvalidArgument("\"{}\" is not a field path", whole);
      text.remove_prefix(1);
    }
    const std::string_view name = text.substr(0, text.find_first_of(".["));
    if (name.empty()) return InvalidArgument("\"{}\" is not a field path: an empty name", whole);
    path.steps_.push_back(Field{std::string(name)});
    text.remove_prefix(name.size());
  }
  return path;
}

FieldPath FieldPath::Parent() const {
  FieldPath parent = *this;
  if (!parent.steps_.empty()) parent.steps_.pop_back();
  return parent;
}

bool FieldPath::StartsWith(const FieldPath& prefix) const {
  if (prefix.steps_.size() > steps_.size()) return false;
  return std::equal(prefix.steps_.begin(), prefix.steps_.end(), steps_.begin());
}

std::string FieldPath::ToString() const {
  Printer printer;
  for (const Step& step : steps_) std::visit(printer, step);
  return printer.text;
}

FieldPath FieldPath::With(Step step) const {
  FieldPath longer = *this;
  longer.steps_.push_back(std::move(step));
  return longer;
}

}  // namespace reeve
