#include <absl/strings/numbers.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/jsonpath_syntax.h"

namespace reeve::ctl::jsonpath {
namespace {

constexpr size_t kDepthMax = 32;  // Of ranges, filters and unions in each other.

constexpr std::array<std::pair<std::string_view, Comparison>, 6> kComparisons = {{
    {"==", Comparison::kEqual},
    {"!=", Comparison::kNotEqual},
    {"<=", Comparison::kLessOrEqual},
    {">=", Comparison::kMoreOrEqual},
    {"<", Comparison::kLess},
    {">", Comparison::kMore},
}};

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What ends the name of a field.
bool EndsName(char c) {
  return IsBlank(c) || std::string_view(".,[]()$@{}=!<>?*'\"").find(c) != std::string_view::npos;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  // `inside`: up to the {end} of a range.
  absl::StatusOr<std::vector<Part>> Template(bool inside) {
    std::vector<Part> parts;
    while (at_ < text_.size()) {
      const size_t open = std::min(text_.find('{', at_), text_.size());
      if (open > at_) parts.push_back({.text = std::string(text_.substr(at_, open - at_))});
      at_ = open;
      if (at_ == text_.size()) break;
      const size_t start = at_++;
      SkipBlanks();
      if (Word("end")) {
        if (!inside) return Wrong(start, "{{end}} without a {{range}}");
        RETURN_IF_ERROR(Close(start));
        return parts;
      }
      RETURN_IF_ERROR(Action(start, &parts));
    }
    if (inside) return Wrong(range_at_, "{{range}} without its {{end}}");
    return parts;
  }

  absl::StatusOr<Path> WholePath() {
    SkipBlanks();
    const size_t start = at_;
    const bool braces = Take('{');
    ASSIGN_OR_RETURN(Path path, ReadPath());
    if (braces) RETURN_IF_ERROR(Close(start));
    SkipBlanks();
    if (at_ < text_.size()) return Wrong(at_, "unexpected '{}'", text_.substr(at_, 1));
    return path;
  }

 private:
  template <typename... Args>
  absl::Status Wrong(size_t at, fmt::format_string<Args...> format, Args&&... args) const {
    return InvalidArgument("error parsing jsonpath {}: column {}: {}", text_, at + 1,
                           fmt::format(format, std::forward<Args>(args)...));
  }

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool Take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  // `word` as a whole.
  bool Word(std::string_view word) {
    const std::string_view rest = text_.substr(at_);
    const bool whole =
        rest.starts_with(word) && (rest.size() == word.size() || EndsName(rest[word.size()]));
    if (whole) at_ += word.size();
    return whole;
  }

  absl::Status Close(size_t start) {
    SkipBlanks();
    if (at_ == text_.size()) return Wrong(start, "'{{' without its '}}'");
    if (!Take('}')) return Wrong(at_, "unexpected '{}'", text_.substr(at_, 1));
    return absl::OkStatus();
  }

  // What stands between braces; the first one is taken.
  absl::Status Action(size_t start, std::vector<Part>* parts) {
    Part part;
    if (Peek() == '"' || Peek() == '\'') {
      ASSIGN_OR_RETURN(part.text, Quoted());
      RETURN_IF_ERROR(Close(start));
    } else if (Word("range")) {
      const size_t outer = std::exchange(range_at_, start);
      if (++depth_ > kDepthMax) return Wrong(start, "is too deep");
      part.type = Part::Type::kRange;
      SkipBlanks();
      ASSIGN_OR_RETURN(part.path, ReadPath());
      RETURN_IF_ERROR(Close(start));
      ASSIGN_OR_RETURN(part.body, Template(true));
      --depth_;
      range_at_ = outer;
    } else {
      part.type = Part::Type::kPath;
      if (Peek() != '}' && !BeginsPath())
        return Wrong(at_, "a path begins with '.', '[', '$' or '@', a text with a quote");
      ASSIGN_OR_RETURN(part.path, ReadPath());
      RETURN_IF_ERROR(Close(start));
    }
    parts->push_back(std::move(part));
    return absl::OkStatus();
  }

  bool BeginsPath() const {
    return at_ < text_.size() && std::string_view(".[$@").find(Peek()) != std::string_view::npos;
  }

  // Steps as long as there are some. The first may be a field without its dot.
  absl::StatusOr<Path> ReadPath() {
    Path path;
    if (Peek() == '$' || Peek() == '@') ++at_;
    if (at_ < text_.size() && !EndsName(Peek())) RETURN_IF_ERROR(Field(&path));
    while (at_ < text_.size()) {
      if (Take("..")) {
        path.steps.push_back({.type = Step::Type::kDescend});
        if (Peek() != '[') RETURN_IF_ERROR(FieldOrAll(&path));
      } else if (Take('.')) {
        RETURN_IF_ERROR(FieldOrAll(&path));
      } else if (Peek() == '[') {
        RETURN_IF_ERROR(Bracket(&path));
      } else {
        break;
      }
    }
    return path;
  }

  // A name after its dot, "*", or nothing: the value itself.
  absl::Status FieldOrAll(Path* path) {
    if (Take('*')) {
      path->steps.push_back({.type = Step::Type::kWildcard});
      return absl::OkStatus();
    }
    return Peek() == '[' || at_ == text_.size() || EndsName(Peek()) ? absl::OkStatus()
                                                                    : Field(path);
  }

  absl::Status Field(Path* path) {
    std::string name;
    while (at_ < text_.size() && !EndsName(text_[at_])) {
      if (text_[at_] == '\\' && ++at_ == text_.size()) return Wrong(at_, "ends after '\\'");
      name += text_[at_++];
    }
    path->steps.push_back({.type = Step::Type::kField, .name = std::move(name)});
    return absl::OkStatus();
  }

  absl::Status Bracket(Path* path) {
    const size_t start = at_++;
    SkipBlanks();
    if (Take('?')) return Filter(start, path);
    Step all{.type = Step::Type::kUnion};
    do {
      SkipBlanks();
      Path item;
      RETURN_IF_ERROR(Item(start, &item));
      all.paths.push_back(std::move(item));
      SkipBlanks();
    } while (Take(','));
    if (!Take(']')) return Unclosed(start);
    if (all.paths.size() > 1) {
      path->steps.push_back(std::move(all));
    } else {
      for (Step& step : all.paths[0].steps) path->steps.push_back(std::move(step));
    }
    return absl::OkStatus();
  }

  absl::Status Unclosed(size_t start) const {
    if (at_ == text_.size() || Peek() == '}') return Wrong(start, "'[' without its ']'");
    return Wrong(at_, "unexpected '{}'", text_.substr(at_, 1));
  }

  // What stands between brackets and commas: *, 'a.b', 1, 1:2, 1:4:2.
  absl::Status Item(size_t start, Path* item) {
    if (Take('*')) {
      item->steps.push_back({.type = Step::Type::kWildcard});
      return absl::OkStatus();
    }
    if (Peek() == '\'' || Peek() == '"') {
      const size_t at = at_ + 1;
      ASSIGN_OR_RETURN(const std::string name, RawQuoted());
      absl::StatusOr<Path> path = Parser(name).WholePath();
      if (!path.ok()) return Wrong(at, "\"{}\" is no path", name);
      *item = *std::move(path);
      return absl::OkStatus();
    }
    if (at_ == text_.size() || Peek() == ']' || Peek() == '}') return Unclosed(start);
    return Slice(item);
  }

  absl::Status Slice(Path* item) {
    Step step{.type = Step::Type::kSlice};
    const size_t start = at_;
    ASSIGN_OR_RETURN(step.first, Number());
    step.only = !Take(':');
    if (step.only && !step.first) return Wrong(start, "is no index: a number, *, or 'name'");
    if (!step.only) {
      ASSIGN_OR_RETURN(step.last, Number());
      if (Take(':')) {
        const size_t stride_at = at_;
        ASSIGN_OR_RETURN(const std::optional<int> stride, Number());
        step.stride = stride.value_or(1);
        if (step.stride < 1) return Wrong(stride_at, "a step must be at least 1");
      }
    }
    item->steps.push_back(std::move(step));
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<int>> Number() {
    const size_t start = at_;
    if (Peek() == '-') ++at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    if (at_ == start) return std::optional<int>();
    int value = 0;
    if (!absl::SimpleAtoi(ToAbsl(text_.substr(start, at_ - start)), &value))
      return Wrong(start, "is no index: \"{}\"", text_.substr(start, at_ - start));
    return std::optional<int>(value);
  }

  // After "[?".
  absl::Status Filter(size_t start, Path* path) {
    if (++depth_ > kDepthMax) return Wrong(start, "is too deep");
    Step step{.type = Step::Type::kFilter};
    SkipBlanks();
    if (!Take('(')) return Wrong(at_, "a filter is in parentheses: ?(@.name==\"x\")");
    RETURN_IF_ERROR(AddOperand(&step));
    for (const auto& [sign, comparison] : kComparisons) {
      if (!Take(sign)) continue;
      step.comparison = comparison;
      RETURN_IF_ERROR(AddOperand(&step));
      break;
    }
    if (!Take(')')) {
      if (at_ == text_.size()) return Wrong(start, "'(' without its ')'");
      return Wrong(at_, "unexpected '{}' in a filter", text_.substr(at_, 1));
    }
    SkipBlanks();
    if (!Take(']')) return Unclosed(start);
    path->steps.push_back(std::move(step));
    --depth_;
    return absl::OkStatus();
  }

  absl::Status AddOperand(Step* step) {
    Operand operand;
    SkipBlanks();
    if (Peek() == '"' || Peek() == '\'') {
      ASSIGN_OR_RETURN(const std::string text, Quoted());
      operand.value = schema::Node{.type = schema::Node::Type::kString, .text = text};
    } else if (BeginsPath()) {
      ASSIGN_OR_RETURN(Path path, ReadPath());
      operand.path.push_back(std::move(path));
    } else {
      RETURN_IF_ERROR(Literal(&operand));
    }
    SkipBlanks();
    step->operands.push_back(std::move(operand));
    return absl::OkStatus();
  }

  // true, false, a number.
  absl::Status Literal(Operand* operand) {
    const size_t start = at_;
    while (at_ < text_.size() && (!EndsName(text_[at_]) || text_[at_] == '.')) ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    double number = 0;
    const bool truth = word == "true" || word == "false";
    if (!truth && !absl::SimpleAtod(ToAbsl(word), &number))
      return Wrong(start, "is neither a path nor a value: \"{}\"", word);
    operand->value =
        schema::Node{.type = truth ? schema::Node::Type::kBool : schema::Node::Type::kNumber,
                     .text = std::string(word)};
    return absl::OkStatus();
  }

  // Between quotes of either kind, backslashes kept.
  absl::StatusOr<std::string> RawQuoted() {
    const size_t start = at_;
    const char quote = text_[at_++];
    std::string raw;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) raw += text_[at_++];
      raw += text_[at_++];
    }
    if (!Take(quote)) return Wrong(start, "a quote without its end");
    return raw;
  }

  absl::StatusOr<std::string> Quoted() {
    ASSIGN_OR_RETURN(const std::string raw, RawQuoted());
    std::string text;
    for (size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\' || i + 1 == raw.size()) {
        text += raw[i];
        continue;
      }
      const char c = raw[++i];
      text += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
    }
    return text;
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t range_at_ = 0;
  size_t depth_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<Part>> ParseTemplate(std::string_view text) {
  return Parser(text).Template(false);
}

absl::StatusOr<Path> ParsePath(std::string_view text) { return Parser(text).WholePath(); }

}  // namespace reeve::ctl::jsonpath
