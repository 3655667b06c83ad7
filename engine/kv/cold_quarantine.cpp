#include "engine/kv/cold_quarantine.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace larder::kv {
namespace {

constexpr std::size_t kMostKept = 16;
constexpr std::uint64_t kShareOfLimit = 100;
constexpr std::size_t kNumberDigits = 6;
constexpr double kRetryMs = 60'000;

}  // namespace

Expected<void> ColdQuarantine::load() {
    base::FileSystem& files = m_context->folder.files();
    auto entries = files.list(m_context->folder.quarantine());
    if (!entries && entries.error().code == ErrorCode::NotFound) return {};
    if (!entries) return std::move(entries).error();
    std::sort(entries->begin(), entries->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    m_files.clear();
    m_bytes = 0;
    for (const base::FolderEntry& entry : *entries) {
        if (entry.isFolder) continue;
        const auto file = m_context->folder.quarantine() / entry.name;
        m_files.push_back({file, files.diskBytes(file)});
        m_bytes += m_files.back().bytes;
        std::uint64_t number = 0;
        std::from_chars(entry.name.data(), entry.name.data() + std::min(entry.name.size(), kNumberDigits), number);
        m_number = std::max(m_number, number);
    }
    publish();
    return trim();
}

void ColdQuarantine::publish() {
    m_context->books.with([&](ColdBooks& books) {
        books.bytes.quarantine = m_bytes;
        books.counters.quarantineFiles = m_files.size();
    });
}

Expected<void> ColdQuarantine::settleLeftovers() {
    std::vector<ColdLeftover> leftovers = m_context->books.with([](ColdBooks& books) { return std::exchange(books.leftovers, {}); });
    if (!m_stuck.empty() && m_context->steadyMs() >= m_retryMs) {
        leftovers.insert(leftovers.end(), m_stuck.begin(), m_stuck.end());
        m_stuck.clear();
    }
    Expected<void> result;
    for (const ColdLeftover& leftover : leftovers) {
        auto settled = settle(leftover);
        if (settled) continue;
        // One file that cannot be removed must not keep others from being written.
        m_stuck.push_back(leftover);
        m_retryMs = m_context->steadyMs() + kRetryMs;
        result = settled;
    }
    return result;
}

Expected<void> ColdQuarantine::settle(const ColdLeftover& leftover) {
    // The block may have come back under its name: then its new file has replaced the old one.
    const bool replaced = m_context->books.with([&](const ColdBooks& books) {
        const ColdEntryId entry = books.catalog.find(leftover.key);
        return entry != kNoColdEntry && !books.catalog.at(entry).staged;
    });
    const auto file = m_context->folder.block(leftover.key);
    Expected<void> done;
    if (!replaced) done = leftover.bad ? take(file, leftover.key, leftover.bytes) : m_context->folder.files().remove(file);
    if (!done) return done;
    m_context->books.with([&](ColdBooks& books) { books.bytes.leftover -= leftover.bytes; });
    return {};
}

Expected<void> ColdQuarantine::take(const std::filesystem::path& file, const BlockKey& key, std::uint64_t bytes) {
    base::FileSystem& files = m_context->folder.files();
    if (auto made = files.makeFolder(m_context->folder.quarantine()); !made) return made;
    std::string number = std::to_string(++m_number);
    if (number.size() < kNumberDigits) number.insert(0, kNumberDigits - number.size(), '0');
    const auto kept = m_context->folder.quarantine() / (number + "-" + hexOf(key) + ".safetensors");
    auto moved = files.rename(file, kept);
    if (!moved && moved.error().code == ErrorCode::NotFound) return {};
    if (!moved) return files.remove(file);  // better no evidence than a bad file in the way of a good one
    m_files.push_back({kept, bytes});
    m_bytes += bytes;
    m_context->books.with([](ColdBooks& books) { ++books.counters.quarantinedBlocks; });
    publish();
    (void)trim();  // what cannot be removed now is tried again with the next one
    return {};
}

Expected<void> ColdQuarantine::trim() {
    const std::uint64_t most = m_context->books.with([](const ColdBooks& books) { return books.limitBytes; }) / kShareOfLimit;
    while (!m_files.empty() && (m_files.size() > kMostKept || m_bytes > most))
        if (auto removed = removeOldest(); !removed) return removed;
    return {};
}

Expected<void> ColdQuarantine::removeOldest() {
    if (auto removed = m_context->folder.files().remove(m_files.front().file); !removed) return removed;
    m_bytes -= m_files.front().bytes;
    m_files.pop_front();
    publish();
    return {};
}

}  // namespace larder::kv
