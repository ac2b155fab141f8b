#include "ctl/table.h"

#include <algorithm>
#include <numeric>

namespace reeve::ctl {
namespace {

constexpr size_t kColumnMin = 6;  // Cells are not cut below this,
constexpr size_t kNameMin = 12;   // and names not below this.
constexpr std::string_view kBold = "\x1b[1m", kRed = "\x1b[31m", kGreen = "\x1b[32m",
                           kYellow = "\x1b[33m", kPlain = "\x1b[0m";
constexpr std::string_view kCut = "…";

// One code point of valid UTF-8; a byte that is none counts as itself.
size_t CodePointBytes(unsigned char lead) {
  if (lead < 0xC0) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

char32_t CodePoint(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (text.size() == 1) return lead;
  char32_t value = lead & (0xFF >> (text.size() + 1));
  for (const char c : text.substr(1)) value = (value << 6) | (static_cast<unsigned char>(c) & 0x3F);
  return value;
}

// Without the locale that wcwidth() needs: combining marks take nothing, East Asian wide and emoji
// take two.
size_t WidthOf(char32_t c) {
  if ((c >= 0x300 && c <= 0x36F) || c == 0x200B || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F))
    return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
                    (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

// Calls `take(piece, width)` for each code point until it says no.
template <typename F>
void EachCodePoint(std::string_view text, F take) {
  while (!text.empty()) {
    const std::string_view piece =
        text.substr(0, CodePointBytes(static_cast<unsigned char>(text[0])));
    if (!take(piece, WidthOf(CodePoint(piece)))) return;
    text.remove_prefix(piece.size());
  }
}

std::string CutTo(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  std::string result;
  size_t used = 0;
  EachCodePoint(text, [&](std::string_view piece, size_t piece_width) {
    if (used + piece_width + 1 > width) return false;
    result += piece;
    used += piece_width;
    return true;
  });
  return result + std::string(kCut);
}

size_t LineOf(const std::vector<size_t>& widths, size_t gap) {
  return std::accumulate(widths.begin(), widths.end(), gap * (widths.size() - 1));
}

// Takes from the widest column but the first until the line fits, then from the first.
void Fit(size_t line, size_t gap, std::vector<size_t>* widths) {
  if (widths->empty()) return;
  while (widths->size() > 1 && LineOf(*widths, gap) > line) {
    const auto widest = std::max_element(widths->begin() + 1, widths->end());
    if (*widest <= kColumnMin) break;
    --*widest;
  }
  const size_t taken = LineOf(*widths, gap);
  size_t& first = widths->front();
  if (taken > line && first > kNameMin)
    first = std::max(kNameMin, first - std::min(first, taken - line));
}

bool IsReady(std::string_view cell) { return cell == "True" || cell.starts_with("True "); }

// "1/2": the two numbers as they are written.
bool ReadyCount(std::string_view cell, std::string_view* ready, std::string_view* wanted) {
  const size_t slash = cell.find('/');
  if (slash == cell.npos || slash == 0 || slash + 1 == cell.size()) return false;
  if (cell.find_first_not_of("0123456789/") != cell.npos || cell.find('/', slash + 1) != cell.npos)
    return false;
  *ready = cell.substr(0, slash);
  *wanted = cell.substr(slash + 1);
  return true;
}

// `color` says how a cell is to look.
template <typename F>
void AddRow(const std::vector<std::string>& cells, const std::vector<size_t>& widths, size_t gap,
            F color, std::string* text) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = CutTo(cells[i], widths[i]);
    const std::string_view look = color(cells[i]);
    line += look;
    line += cell;
    if (!look.empty()) line += kPlain;
    if (i + 1 < cells.size()) line.append(widths[i] - DisplayWidth(cell) + gap, ' ');
  }
  *text += line + "\n";
}

}  // namespace

std::string_view CellColor(std::string_view cell) {
  std::string_view ready, wanted;
  if (ReadyCount(cell, &ready, &wanted)) return ready == wanted ? kGreen : kYellow;
  if (IsReady(cell)) return kGreen;
  if (cell == "False" || cell.starts_with("False (") || cell == "Failed") return kRed;
  if (cell == "Unknown" || cell.starts_with("Unknown (") || cell == "Warning") return kYellow;
  return "";
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  EachCodePoint(text, [&](std::string_view, size_t piece_width) {
    width += piece_width;
    return true;
  });
  return width;
}

std::vector<size_t> ColumnWidths(const Table& table, const TableStyle& style) {
  std::vector<size_t> widths = style.widths_min;
  widths.resize(table.headers.size(), 0);
  const auto widen = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], DisplayWidth(cells[i]));
  };
  if (style.headers) widen(table.headers);
  for (const auto& row : table.rows) widen(row);
  if (style.width > 0) Fit(style.width, style.gap, &widths);
  return widths;
}

std::string Render(const Table& table, const TableStyle& style) {
  const std::vector<size_t> widths = ColumnWidths(table, style);
  std::string text;
  const auto header = [&](const std::string&) { return style.color ? kBold : std::string_view(); };
  const auto look = [&](const std::string& cell) {
    return style.color ? CellColor(cell) : std::string_view();
  };
  if (style.headers) AddRow(table.headers, widths, style.gap, header, &text);
  for (const auto& row : table.rows) AddRow(row, widths, style.gap, look, &text);
  return text;
}

}  // namespace reeve::ctl
