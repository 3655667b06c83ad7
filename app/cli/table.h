// Columns for people. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace larder::app {

using TableRow = std::vector<std::string>;

// One line a row, cells padded to the widest of their column, two spaces between; as many cells in each row as in the first.
std::string table(const std::vector<TableRow>& rows);
std::size_t tableWidth(const std::vector<TableRow>& rows);  // columns of its widest line

// Columns that UTF-8 text takes on a terminal: code points; wide characters count as one.
std::size_t shownWidth(std::string_view text);

// At most so many columns; an ellipsis at the end where something is missing.
std::string shortened(const std::string& text, std::size_t columns);

}  // namespace larder::app
