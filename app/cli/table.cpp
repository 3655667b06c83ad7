#include "app/cli/table.h"

#include <algorithm>
#include <cassert>

namespace larder::app {
namespace {

constexpr std::size_t kGap = 2;

bool beginsCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

std::vector<std::size_t> columnWidths(const std::vector<TableRow>& rows) {
    std::vector<std::size_t> width(rows.empty() ? 0 : rows.front().size());
    for (const TableRow& row : rows) {
        assert(row.size() == width.size());
        for (std::size_t i = 0; i < width.size(); ++i) width[i] = std::max(width[i], shownWidth(row[i]));
    }
    return width;
}

}  // namespace

std::size_t shownWidth(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), beginsCharacter));
}

std::string shortened(const std::string& text, std::size_t columns) {
    if (shownWidth(text) <= columns) return text;
    std::size_t end = 0;
    for (std::size_t width = 0; end < text.size(); ++end)
        if (beginsCharacter(text[end]) && ++width >= columns) break;
    return text.substr(0, end) + "…";
}

std::size_t tableWidth(const std::vector<TableRow>& rows) {
    std::size_t total = 0;
    for (const std::size_t width : columnWidths(rows)) total += width + kGap;
    return total > 0 ? total - kGap : 0;
}

std::string table(const std::vector<TableRow>& rows) {
    const std::vector<std::size_t> width = columnWidths(rows);
    std::string text;
    for (const TableRow& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < width.size(); ++i) line += row[i] + std::string(width[i] - shownWidth(row[i]) + kGap, ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

}  // namespace larder::app
