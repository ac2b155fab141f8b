// Text in columns, as kubectl prints it: three spaces between columns, no borders, nothing after
// the last cell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reeve::ctl {

struct Table {
  std::vector<std::string> headers;
  std::vector<std::vector<std::string>> rows;
};

struct TableStyle {
  bool headers = true;
  size_t gap = 3;
  // Not 0: lines are fitted to this many columns of the terminal by cutting the widest cells; the
  // first column, of names, only when nothing else is left to cut.
  size_t width = 0;
  // With the colours of terminals: headers bold, what is well green, what is not yellow or red.
  bool color = false;
  // Columns are at least this wide: for rows that come later, of a watch.
  std::vector<size_t> widths_min;
};

// Columns of the terminal that `text` (UTF-8) takes.
size_t DisplayWidth(std::string_view text);

// The colour of a cell, as an escape sequence: of conditions (True, False (NoContent), Unknown),
// ready counts (1/2), and words that say something failed. "" for all else.
std::string_view CellColor(std::string_view cell);

// What each column takes in Render.
std::vector<size_t> ColumnWidths(const Table& table, const TableStyle& style);
std::string Render(const Table& table, const TableStyle& style = {});

}  // namespace reeve::ctl
