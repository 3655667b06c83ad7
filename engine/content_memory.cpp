#include "engine/content_memory.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/log.h"

namespace larder {
namespace {

constexpr std::size_t kMostEntries = 256;
constexpr std::size_t kMostBytes = std::size_t{1} << 20;
// Raise it when the hash of a file's content is computed otherwise.
constexpr int kContentVersion = 1;

}  // namespace

ContentMemory::ContentMemory(const std::filesystem::path& baseDir) {
    if (baseDir.empty()) return;
    m_file = baseDir / "contents.json";
    read();
}

void ContentMemory::read() {
    const auto text = base::readFile(m_file, kMostBytes);
    if (!text) return;
    const auto json = base::parseJson(*text);
    if (!json || !json->is_object() || json->value("version", base::Json()) != kContentVersion || !json->contains("files") || !(*json)["files"].is_array())
        return;
    for (const base::Json& row : (*json)["files"]) {
        const bool numbers = row.is_array() && row.size() == 7 && std::all_of(row.begin(), row.end(), [](const base::Json& each) { return each.is_number_integer(); });
        if (!numbers) return m_entries.clear();
        base::FileStamp stamp{row[0].get<std::uint64_t>(), row[1].get<std::uint64_t>(), row[2].get<std::uint64_t>(),
                              row[3].get<std::int64_t>(), row[4].get<std::int64_t>(), true};
        m_entries.emplace_back(stamp, base::Hash128{row[5].get<std::uint64_t>(), row[6].get<std::uint64_t>()});
    }
}

void ContentMemory::write() const {
    base::Json files = base::Json::array();
    for (const auto& [stamp, content] : m_entries)
        files.push_back(base::Json::array({stamp.device, stamp.inode, stamp.bytes, stamp.modifiedNs, stamp.changedNs, content.low, content.high}));
    const base::Json json{{"version", kContentVersion}, {"files", std::move(files)}};
    if (auto written = base::writeFileAtomically(m_file, json.dump(), 0600); !written) base::logWarning(written.error().message);
}

std::optional<base::Hash128> ContentMemory::recall(const base::FileStamp& stamp) const {
    const auto found = std::find_if(m_entries.begin(), m_entries.end(), [&](const Entry& each) { return each.first == stamp; });
    if (found == m_entries.end()) return std::nullopt;
    return found->second;
}

void ContentMemory::remember(const base::FileStamp& stamp, const base::Hash128& content) {
    if (m_file.empty() || recall(stamp) == content) return;
    std::erase_if(m_entries, [&](const Entry& each) { return each.first.device == stamp.device && each.first.inode == stamp.inode; });
    if (m_entries.size() >= kMostEntries) m_entries.erase(m_entries.begin());
    m_entries.emplace_back(stamp, content);
    write();
}

}  // namespace larder
