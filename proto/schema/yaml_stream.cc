#include "proto/schema/yaml_stream.h"

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/text.h"

namespace reeve::schema {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Why the character at the front of `text` may not be there; "" when it may.
std::string WhyNotHere(std::string_view text, const CodePoint& c) {
  if (c.bytes == 0)
    return fmt::format("not UTF-8: byte 0x{:02x}", static_cast<unsigned char>(text[0]));
  if (c.value == '\r')
    return text.substr(0, 2) == "\r\n" ? "" : "carriage return without line feed";
  return WhyForbidden(c.value);
}

// One problem a line, at most ten: a binary file has more of them than anyone reads.
void CheckCharacters(std::string_view text, Problems* problems) {
  constexpr size_t kReportedMax = 10;
  Position at = {.line = 1, .column = 1};
  int reported_line = 0;
  while (!text.empty() && problems->size() < kReportedMax) {
    const size_t plain = PrintableAsciiPrefix(text);  // Nearly all there is.
    at.column += static_cast<int>(plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const CodePoint c = FirstCodePoint(text);
    const size_t bytes = c.bytes == 0 ? 1 : c.bytes;
    if (std::string why = WhyNotHere(text, c); !why.empty() && reported_line != at.line) {
      problems->push_back({at, std::move(why)});
      reported_line = at.line;
    }
    at = c.value == '\n' ? Position{at.line + 1, 1}
                         : Position{at.line, at.column + static_cast<int>(bytes)};
    text.remove_prefix(bytes);
  }
}

bool IsMarker(std::string_view line, std::string_view marker) {
  if (!line.starts_with(marker)) return false;
  return line.size() == marker.size() ||
         std::string_view(" \t\r").find(line[marker.size()]) != std::string_view::npos;
}

// Whether the line says something: not blank, no comment, no directive, not only a marker.
bool HasContent(std::string_view line) {
  if (line.starts_with('%')) return false;
  if (IsMarker(line, "---") || IsMarker(line, "...")) line.remove_prefix(3);
  const size_t first = line.find_first_not_of(" \t\r");
  return first != std::string_view::npos && line[first] != '#';
}

class Splitter {
 public:
  Splitter(std::string_view text, Problems* problems) : text_(text), problems_(*problems) {}

  std::vector<YamlDocument> Split() {
    for (size_t start = 0; start < text_.size() && !stopped_; ++line_) {
      const size_t end = std::min(text_.find('\n', start), text_.size());
      ReadLine(text_.substr(start, end - start), start, std::min(end + 1, text_.size()));
      start = end + 1;
    }
    Close(text_.size());
    return std::move(documents_);
  }

 private:
  void ReadLine(std::string_view line, size_t start, size_t next) {
    if (line.starts_with('%'))
      problems_.push_back({{line_, 1}, "directives (%YAML, %TAG) are not supported"});
    if (IsMarker(line, "---")) Close(start);
    content_ = content_ || HasContent(line);
    if (IsMarker(line, "...")) {
      Close(next);
      ++open_.first_line;  // The next document begins below this line.
    }
  }

  // Ends the open document at byte `end`, the start of the current line unless it belongs to the
  // document.
  void Close(size_t end) {
    open_.text = text_.substr(begin_, end - begin_);
    if (content_) Add();
    open_ = {.first_line = line_};
    begin_ = end;
    content_ = false;
  }

  void Add() {
    const Position at = {open_.first_line, 1};
    if (open_.text.size() > kManifestDocumentBytesMax) {
      problems_.push_back({at, fmt::format("the document has {} bytes, at most {} are allowed",
                                           open_.text.size(), kManifestDocumentBytesMax)});
    } else if (documents_.size() == static_cast<size_t>(kManifestDocumentsMax)) {
      problems_.push_back({at, fmt::format("more than {} documents", kManifestDocumentsMax)});
      stopped_ = true;
    } else {
      documents_.push_back(open_);
    }
  }

  const std::string_view text_;
  Problems& problems_;
  std::vector<YamlDocument> documents_;
  YamlDocument open_;
  size_t begin_ = 0;
  int line_ = 1;
  bool content_ = false;
  bool stopped_ = false;
};

}  // namespace

std::vector<YamlDocument> SplitYaml(std::string_view text, Problems* problems) {
  if (text.size() > kManifestFileBytesMax) {
    problems->push_back(
        {{}, fmt::format("the file has more than {} bytes", kManifestFileBytesMax)});
    return {};
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  CheckCharacters(text, problems);
  if (!problems->empty()) return {};
  return Splitter(text, problems).Split();
}

}  // namespace reeve::schema
