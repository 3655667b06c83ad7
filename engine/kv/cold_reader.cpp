#include "engine/kv/cold_reader.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/log.h"

namespace larder::kv {
namespace {

constexpr std::size_t kReadsAhead = 4;  // files that the disk is told about while another is read

std::size_t commonBeginning(std::span<const TokenId> a, std::span<const TokenId> b) {
    const auto most = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + most, b.begin()).first - a.begin());
}

// Tokens of this block that the order can use.
std::size_t usableTokens(const ColdHead& head, const ColdRead& order) {
    if (head.parent != order.parent || head.identity != order.identity || head.position != order.position) return 0;
    if (order.kind == ColdKind::Tail) return head.kind == ColdKind::State ? 0 : commonBeginning(head.tokens, order.tokens);
    return head.kind == order.kind && head.tokens == order.tokens ? head.tokens.size() : 0;
}

}  // namespace

// Where a block's bytes are: in the staging, or in a file that is open.
struct ColdReader::Source {
    BlockKey key;
    std::shared_ptr<const StagedBlock> staged;
    std::optional<ColdFile> file;
    std::size_t tokens = 0;
};

bool ColdReader::readNext() {
    std::vector<BlockKey> ahead;
    const auto next = m_context->books.with([&](ColdBooks& books) -> std::optional<ColdBooks::Waiting> {
        if (books.closed || books.reads.empty()) return std::nullopt;
        ColdBooks::Waiting first = std::move(books.reads.front());
        books.reads.pop_front();
        books.reading.insert(first.ticket);
        for (std::size_t i = 0; i < std::min(kReadsAhead, books.reads.size()); ++i) {
            if (std::exchange(books.reads[i].expected, true)) continue;
            const BlockKey& key = books.reads[i].order.candidates.front();
            const ColdEntryId entry = books.catalog.findReachable(key);
            if (entry != kNoColdEntry && !books.catalog.at(entry).staged) ahead.push_back(key);
        }
        return first;
    });
    if (!next) return false;
    expect(ahead);
    std::uint64_t fileBytes = 0;
    const std::size_t tokens = read(next->order, fileBytes);
    m_context->books.with([&](ColdBooks& books) {
        books.reading.erase(next->ticket);
        books.done.push_back({next->ticket, tokens, tokens > 0 ? DiskLoss::None : m_loss});
        ++(tokens > 0 ? books.counters.readBlocks : books.counters.missedBlocks);
        books.counters.readBytes += fileBytes;
    });
    m_context->tellNews();
    return true;
}

void ColdReader::expect(const std::vector<BlockKey>& keys) {
    base::FileSystem& files = m_context->folder.files();
    for (const BlockKey& key : keys) {
        const auto file = files.open(m_context->folder.block(key), base::OpenMode::Read);
        if (!file) continue;
        if (const auto bytes = (*file)->size()) (*file)->expectRead(0, *bytes);
    }
}

std::size_t ColdReader::read(const ColdRead& order, std::uint64_t& fileBytes) {
    m_loss = DiskLoss::None;
    std::vector<Source> sources;
    for (const BlockKey& key : order.candidates) {
        Source source;
        if (openSource(key, order, source)) sources.push_back(std::move(source));
    }
    std::stable_sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) { return a.tokens > b.tokens; });
    for (const Source& source : sources) {
        const auto filled = fill(source, order);
        if (!filled) {
            giveUp(source.key, filled.error());
            continue;
        }
        if (source.file) fileBytes += source.file->head.fileBytes();
        return source.tokens;
    }
    return 0;
}

// False: there is nothing of use.
bool ColdReader::openSource(const BlockKey& key, const ColdRead& order, Source& source) {
    source.key = key;
    const bool there = m_context->books.with([&](const ColdBooks& books) {
        source.staged = books.staging.find(key);
        return books.catalog.findReachable(key) != kNoColdEntry;
    });
    if (!there) return false;
    if (!source.staged) {
        auto opened = openColdFile(m_context->folder.files(), m_context->folder.block(key), key);
        if (!opened) {
            giveUp(key, opened.error());
            return false;
        }
        source.file = std::move(opened).value();
    }
    source.tokens = usableTokens(source.staged ? source.staged->head : source.file->head, order);
    return source.tokens > 0;
}

Expected<void> ColdReader::fill(const Source& source, const ColdRead& order) {
    std::vector<ColdTarget> targets;
    for (const ColdRead::Target& target : order.targets) targets.push_back({target.group, target.bytes});
    if (source.file) return readColdPayload(*source.file, targets, m_scratch);
    for (const ColdTarget& target : targets) {
        const auto& parts = source.staged->head.parts;
        const auto part = std::find_if(parts.begin(), parts.end(), [&](const ColdHead::Part& each) { return each.group == target.group; });
        if (part == parts.end() || part->rawBytes != target.bytes.size())
            return Error{ErrorCode::InvalidArgument, "The staged block does not have the part that was asked for."};
        const auto bytes = source.staged->part(static_cast<std::size_t>(part - parts.begin()));
        if (!bytes.empty()) std::memcpy(target.bytes.data(), bytes.data(), bytes.size());
    }
    return {};
}

// A damaged file goes to quarantine and leaves its descendants where they are: they are lost until the block comes again, and
// whoever computes it again has all of them back. One that is gone leaves the books. Anything else is a miss now, not later.
bool ColdReader::giveUp(const BlockKey& key, const Error& error) {
    if (error.code != ErrorCode::Corrupt && error.code != ErrorCode::NotFound) return false;
    const bool bad = error.code == ErrorCode::Corrupt;
    if (m_loss != DiskLoss::Damaged) m_loss = bad ? DiskLoss::Damaged : DiskLoss::Gone;
    const bool known = m_context->books.with([&](ColdBooks& books) {
        const ColdEntryId entry = books.catalog.find(key);
        if (entry == kNoColdEntry || books.catalog.at(entry).staged) return false;
        books.forget(entry, bad);
        return true;
    });
    if (known && bad) base::logWarning(error.message);
    return known && bad;
}

bool ColdReader::verify(const BlockKey& key, std::uint64_t& bytes) {
    const auto file = openColdFile(m_context->folder.files(), m_context->folder.block(key), key);
    Expected<void> checked;
    if (file)
        checked = readColdPayload(*file, {}, m_scratch);
    else
        checked = file.error();
    if (file) file->file->forget();
    if (file) bytes = file->head.fileBytes();
    if (checked) return true;
    return !giveUp(key, checked.error());
}

}  // namespace larder::kv
