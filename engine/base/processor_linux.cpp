#include "engine/base/processor.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "engine/base/utf8.h"

namespace larder::base {
namespace {

// Without the spaces at both ends and between words twice, and nothing that is no text.
std::string tidied(const std::string& text) {
    std::string tidy;
    for (const char c : repairUtf8(text)) {
        const bool space = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
        if (!space) tidy += c;
        else if (!tidy.empty() && tidy.back() != ' ') tidy += ' ';
    }
    if (!tidy.empty() && tidy.back() == ' ') tidy.pop_back();
    return tidy;
}

}  // namespace

std::string processorName() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("model name")) continue;
        if (const std::size_t colon = line.find(':'); colon != line.npos) return tidied(line.substr(colon + 1));
    }
    // Most ARM machines name the board instead.
    std::string board;
    std::getline(std::ifstream("/sys/firmware/devicetree/base/model"), board);
    return tidied(board);
}

std::size_t lastLevelCacheBytes() {
    long bytes = 0;
#if defined(_SC_LEVEL3_CACHE_SIZE)
    bytes = std::max(::sysconf(_SC_LEVEL3_CACHE_SIZE), ::sysconf(_SC_LEVEL2_CACHE_SIZE));
#endif
    return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace larder::base
