#include "agents/testing/nginx_conf.h"

#include <optional>

#include "base/status.h"

namespace reeve::agents {
namespace {

struct Token {
  enum Kind { kWord, kSemicolon, kOpen, kClose, kEnd };
  Kind kind = kEnd;
  std::string text;
};

class Parser {
 public:
  Parser(const std::string& file, std::string_view text) : file_(file), text_(text) {}

  absl::StatusOr<std::vector<NginxDirective>> Block(bool outermost) {
    std::vector<NginxDirective> directives;
    for (;;) {
      ASSIGN_OR_RETURN(Token token, Next());
      if (token.kind == Token::kEnd && outermost) return directives;
      if (token.kind == Token::kClose && !outermost) return directives;
      if (token.kind == Token::kEnd) return Fail("unexpected end of file, expecting \"}}\"");
      if (token.kind != Token::kWord) return Fail("unexpected \"{}\"", token.text);
      ASSIGN_OR_RETURN(NginxDirective directive, Directive(std::move(token.text)));
      directives.push_back(std::move(directive));
    }
  }

 private:
  template <typename... Args>
  absl::Status Fail(fmt::format_string<Args...> format, Args&&... args) {
    return InvalidArgument("{} in {}:{}", fmt::format(format, std::forward<Args>(args)...), file_,
                           line_);
  }

  absl::StatusOr<NginxDirective> Directive(std::string name) {
    NginxDirective directive{.name = std::move(name), .file = file_, .line = line_};
    for (;;) {
      ASSIGN_OR_RETURN(Token token, Next());
      switch (token.kind) {
        case Token::kWord:
          directive.args.push_back(std::move(token.text));
          break;
        case Token::kSemicolon:
          directive.line = line_;
          return directive;
        case Token::kOpen: {
          directive.has_block = true;
          ASSIGN_OR_RETURN(directive.block, Block(false));
          return directive;
        }
        case Token::kClose:
          return Fail("unexpected \"}}\"");
        case Token::kEnd:
          return Fail("unexpected end of file, expecting \";\" or \"}}\"");
      }
    }
  }

  void SkipBlanks() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      }
      if (at_ == text_.size()) return;
      if (text_[at_] == '\n') ++line_;
      if (std::string_view(" \t\r\n").find(text_[at_]) == std::string_view::npos) return;
    }
  }

  absl::StatusOr<Token> Next() {
    SkipBlanks();
    if (at_ == text_.size()) return Token{};
    const char c = text_[at_];
    if (c == ';') return ++at_, Token{Token::kSemicolon, ";"};
    if (c == '{') return ++at_, Token{Token::kOpen, "{"};
    if (c == '}') return ++at_, Token{Token::kClose, "}"};
    if (c == '"' || c == '\'') return Quoted();
    return Token{Token::kWord, Word()};
  }

  // A backslash keeps the next byte, and stays before anything but a quote or a backslash.
  void Escaped(std::string* word) {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\\';
    if (next != '"' && next != '\'' && next != '\\') word->push_back('\\');
    word->push_back(next);
    at_ += 2;
  }

  absl::StatusOr<Token> Quoted() {
    const char quote = text_[at_++];
    std::string word;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] == '\\') {
        Escaped(&word);
      } else {
        word.push_back(text_[at_++]);
      }
    }
    if (at_ >= text_.size()) return Fail("unexpected end of file, expecting \";\" or \"}}\"");
    ++at_;
    return Token{Token::kWord, std::move(word)};
  }

  std::string Word() {
    std::string word;
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n;{").find(text_[at_]) == std::string_view::npos) {
      if (text_[at_] == '\\') {
        Escaped(&word);
      } else if (text_[at_] == '$' && text_.substr(at_).starts_with("${")) {
        word += "${";
        at_ += 2;
      } else {
        word.push_back(text_[at_++]);
      }
    }
    return word;
  }

  const std::string& file_;
  const std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

absl::StatusOr<std::vector<NginxDirective>> ParseNginxConf(const std::string& file,
                                                           std::string_view text) {
  return Parser(file, text).Block(true);
}

}  // namespace reeve::agents
