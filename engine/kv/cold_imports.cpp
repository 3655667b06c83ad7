#include "engine/kv/cold_imports.h"

#include <algorithm>
#include <utility>

namespace larder::kv {
namespace {

constexpr std::uint64_t kAllocation = 4096;

std::string nameOfIncoming(const BlockKey& key) {
    return hexOf(key) + ".safetensors";
}

}  // namespace

std::filesystem::path incomingFile(const ColdFolder& folder, std::uint64_t number, const BlockKey& key) {
    return folder.incoming() / std::to_string(number) / nameOfIncoming(key);
}

Expected<std::uint64_t> ColdImports::begin() {
    const std::uint64_t number = ++m_last;
    if (auto made = m_context->folder.files().makeFolder(m_context->folder.incoming() / std::to_string(number)); !made) return made.error();
    m_files[number];
    return number;
}

Expected<void> ColdImports::add(std::uint64_t number, const BlockKey& key, std::span<const std::byte> file) {
    const std::uint64_t bytes = (file.size() + kAllocation - 1) / kAllocation * kAllocation;
    if (m_room->make(bytes) != ColdRoomResult::Made) return m_room->problem();
    base::FileSystem& files = m_context->folder.files();
    const auto path = incomingFile(m_context->folder, number, key);
    m_files[number][nameOfIncoming(key)] = bytes;
    m_context->books.with([&](ColdBooks& books) { books.bytes.incoming += bytes; });
    auto opened = files.open(path, base::OpenMode::Replace);
    if (!opened) return opened.error();
    if (auto written = (*opened)->writeAt(0, file); !written) return written;
    return (*opened)->sync();
}

Expected<void> ColdImports::takeIn(std::uint64_t number, const ColdHead& head) {
    const bool known = m_context->books.with([&](const ColdBooks& books) { return books.catalog.find(head.key) != kNoColdEntry; });
    if (known) return {};
    base::FileSystem& files = m_context->folder.files();
    const auto block = m_context->folder.block(head.key);
    if (auto made = files.makeFolder(block.parent_path()); !made) return made;
    if (auto moved = m_removals->rename(incomingFile(m_context->folder, number, head.key), block); !moved) return moved;
    const std::uint64_t bytes = files.diskBytes(block);
    const std::uint32_t now = m_context->secondsNow();
    const std::int64_t today = m_context->dayNow();
    const auto file = m_files[number].extract(nameOfIncoming(head.key));
    m_context->books.with([&](ColdBooks& books) {
        books.today = today;
        books.bytes.incoming -= file.mapped();
        books.countWritten(bytes);
        books.counters.writtenBytes += bytes;
        ++books.counters.writtenBlocks;
        const auto model = books.catalog.modelNumber(head.identity);
        if (!model || books.catalog.find(head.key) != kNoColdEntry) {
            books.leftovers.push_back({head.key, bytes, false});
            books.bytes.leftover += bytes;
            return;
        }
        ColdEntry entry = coldEntryOf(head, *model, now);
        entry.bytes = static_cast<std::uint32_t>(bytes);
        entry.tick = ++books.tick;
        books.catalog.add(entry, head.parent);
        books.writtenRows.push_back(head.key);
        books.changedModels.insert(*model);
    });
    return {};
}

Expected<void> ColdImports::accept(std::uint64_t number, std::span<const ColdHead> blocks, const std::string& model) {
    if (!m_files.contains(number)) return Error{ErrorCode::NotFound, "There is no such import."};
    Expected<void> result;
    for (const ColdHead& head : blocks)
        if (result = takeIn(number, head); !result) break;
    drop(number);
    if (result) result = m_removals->sync();
    if (!blocks.empty() && !model.empty())
        m_context->books.with([&](ColdBooks& books) {
            const auto of = books.catalog.modelNumber(blocks.front().identity);
            if (!of || !books.catalog.models()[*of].name.empty()) return;
            books.catalog.nameModel(*of, model);
            books.changedModels.insert(*of);
        });
    return result;
}

// What cannot be removed now is counted until the next start empties the folder.
void ColdImports::drop(std::uint64_t number) {
    const auto import = m_files.find(number);
    if (import == m_files.end()) return;
    const auto folder = m_context->folder.incoming() / std::to_string(number);
    for (const auto& [name, bytes] : import->second) {
        if (!m_removals->remove(folder / name)) continue;
        m_context->books.with([&, freed = bytes](ColdBooks& books) { books.bytes.incoming -= freed; });
    }
    (void)m_removals->remove(folder);
    m_files.erase(import);
}

}  // namespace larder::kv
