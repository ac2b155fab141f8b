#include "ctl/table.h"

#include <algorithm>
#include <numeric>

namespace reeve::ctl {
namespace {

constexpr size_t kColumnMin = 6;  // Cells are not cut below this.
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

// Takes from the widest column but the first until the line fits.
void Fit(size_t line, size_t gap, std::vector<size_t>* widths) {
  if (widths->size() < 2) return;
  while (std::accumulate(widths->begin(), widths->end(), gap * (widths->size() - 1)) > line) {
    const auto widest = std::max_element(widths->begin() + 1, widths->end());
    if (*widest <= kColumnMin) return;
    --*widest;
  }
}

void AddRow(const std::vector<std::string>& cells, const std::vector<size_t>& widths, size_t gap,
            std::string* text) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = CutTo(cells[i], widths[i]);
    line += cell;
    if (i + 1 < cells.size()) line.append(widths[i] - DisplayWidth(cell) + gap, ' ');
  }
  *text += line + "\n";
}

}  // namespace

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
  if (style.headers) AddRow(table.headers, widths, style.gap, &text);
  for (const auto& row : table.rows) AddRow(row, widths, style.gap, &text);
  return text;
}

}  // namespace reeve::ctl
