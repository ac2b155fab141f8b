#include "proto/schema/yaml_writer.h"

#include <algorithm>
#include <array>

#include "base/status.h"
#include "base/strings.h"

namespace reeve::schema {
namespace {

using Type = Node::Type;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Words that YAML 1.1 or 1.2 take for a boolean, null, number or merge key, in any case to be safe.
bool IsWordWithMeaning(std::string_view text) {
  constexpr std::array<std::string_view, 16> kWords = {"true", "false", "yes",   "no",  "on", "off",
                                                       "y",    "n",     "null",  "~",   "<<", "=",
                                                       ".inf", "-.inf", "+.inf", ".nan"};
  return std::find(kWords.begin(), kWords.end(), ToLower(text)) != kWords.end();
}

// Integers, floats, base 60, dates and whatever comes near: 010, 0x1F, 1e3, 1_000, 22:22, 1.10,
// 2026-01-31. Anything that begins like a number and has only characters of one.
bool LooksLikeNumber(std::string_view text) {
  const bool starts =
      IsDigit(text[0]) || ((text[0] == '+' || text[0] == '-' || text[0] == '.') && text.size() > 1);
  return starts &&
         text.find_first_not_of("0123456789abcdefABCDEFxXoO_.,:+-TtZz ") == std::string_view::npos;
}

// Strings of these characters, with the rules below, are plain for every reader.
bool IsPlain(std::string_view text) {
  constexpr std::string_view kFirst =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.$(";
  constexpr std::string_view kRest =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.$()-+:;=@%^~<>?!*&| '\"\\";
  if (text.empty() || IsWordWithMeaning(text) || LooksLikeNumber(text)) return false;
  if (kFirst.find(text[0]) == std::string_view::npos ||
      text.find_first_not_of(kRest) != std::string_view::npos)
    return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  return text.find(": ") == std::string_view::npos && text.find("  ") == std::string_view::npos;
}

std::string DoubleQuoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Whether `text` can be a literal block, the form in which people read several lines.
bool FitsLiteral(std::string_view text) {
  const size_t newline = text.find('\n');
  if (newline == std::string_view::npos || newline == 0 || text[0] == ' ' || text[0] == '\t')
    return false;
  if (text.find("\n\n\n") != std::string_view::npos || text.ends_with("\n\n")) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }) &&
         text.find(" \n") == std::string_view::npos && text.back() != ' ' &&
         text.find("\n ") == std::string_view::npos;
}

class Writer {
 public:
  std::string out;

  // A map or list that is not empty, at `indent`; the first line has its indentation already when
  // `inline_first`.
  void Block(const Node& node, int indent, bool inline_first) {
    node.type == Type::kMap ? Map(node, indent, inline_first) : List(node, indent);
  }

  void Scalar(const Node& node, int indent) {
    if (node.type == Type::kString && FitsLiteral(node.text)) return Literal(node.text, indent);
    if (node.type == Type::kMap)
      out += "{}";
    else if (node.type == Type::kList)
      out += "[]";
    else
      out += node.type == Type::kString ? YamlScalar(node.text) : node.text;
    out += '\n';
  }

  static bool IsBlock(const Node& node) { return !node.entries.empty() || !node.items.empty(); }

 private:
  void Map(const Node& node, int indent, bool inline_first) {
    for (const Entry& entry : node.entries) {
      if (!inline_first) out.append(indent, ' ');
      inline_first = false;
      out += YamlScalar(entry.key) + ":";
      if (!IsBlock(entry.value)) {
        out += ' ';
        Scalar(entry.value, indent + kStep);
        continue;
      }
      out += '\n';  // As kubectl, the items of a list stand below the key itself.
      Block(entry.value, entry.value.type == Type::kList ? indent : indent + kStep, false);
    }
  }

  void List(const Node& node, int indent) {
    for (const Node& item : node.items) {
      out.append(indent, ' ');
      out += "- ";
      IsBlock(item) ? Block(item, indent + kStep, true) : Scalar(item, indent + kStep);
    }
  }

  void Literal(std::string_view text, int indent) {
    out += text.ends_with('\n') ? "|\n" : "|-\n";
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (const std::string& line : Split(text, '\n')) {
      if (!line.empty()) out.append(indent, ' ').append(line);
      out += '\n';
    }
  }

  static constexpr int kStep = 2;
};

}  // namespace

std::string YamlScalar(std::string_view text) {
  return IsPlain(text) ? std::string(text) : DoubleQuoted(text);
}

std::string WriteYaml(const Node& node) {
  Writer writer;
  Writer::IsBlock(node) ? writer.Block(node, 0, false) : writer.Scalar(node, 0);
  return std::move(writer.out);
}

}  // namespace reeve::schema
