#include "engine/hub/part_file.h"

#include <cassert>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/log.h"

namespace larder::hub {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kModelFileMode = 0644;
constexpr std::size_t kMaxJournalBytes = 16 * 1024 * 1024;
// The hash thread is told of so many new bytes at a time.
constexpr std::uint64_t kHashStepBytes = 1024 * 1024;

// A process that was killed while it wrote a journal leaves its temporary file: the journal's name and six letters.
void removeHalfJournals(const fs::path& finalPath) {
    const std::string start = partJournalPath(finalPath).filename().string() + ".";
    const auto isOne = [&](const std::string& name) { return name.starts_with(start) && name.size() == start.size() + 6; };
    std::error_code failure;
    for (fs::directory_iterator it(finalPath.parent_path(), failure); !failure && it != fs::directory_iterator(); it.increment(failure))
        if (isOne(it->path().filename().string())) (void)base::removeFile(it->path());
}

}  // namespace

fs::path partPath(const fs::path& finalPath) {
    return finalPath.parent_path() / ("." + finalPath.filename().string() + ".part");
}

fs::path partJournalPath(const fs::path& finalPath) { return partPath(finalPath).string() + ".json"; }

PartFile::PartFile(fs::path finalPath, Content content, Pace pace, base::RandomAccessFile file)
    : m_finalPath(std::move(finalPath)), m_content(std::move(content)), m_pace(pace), m_file(std::move(file)) {}

PartFile::~PartFile() = default;

Expected<std::unique_ptr<PartFile>> PartFile::open(const fs::path& finalPath, Content content, Pace pace) {
    auto file = base::RandomAccessFile::openLocked(partPath(finalPath), kModelFileMode);
    if (!file.ok() && file.error().code == ErrorCode::Unavailable)
        return Error{ErrorCode::Overloaded, "another process downloads " + finalPath.filename().string() +
                                                " already: wait until it is done, or stop it"};
    if (!file.ok()) return file.error();
    removeHalfJournals(finalPath);
    std::unique_ptr<PartFile> part(new PartFile(finalPath, std::move(content), pace, std::move(*file)));
    if (auto recalled = part->recall(); !recalled.ok()) return recalled.error();
    // Takes the disk space at once: better no start than a stop at 90 %. What is there already counts.
    if (auto reserved = part->m_file.reserve(part->m_content.bytes); !reserved.ok()) return reserved.error();
    part->startThreads();
    return part;
}

// Takes over what an earlier try surely wrote, if it was the same content: the sha256 says so, else the commit.
Expected<void> PartFile::recall() {
    const fs::path path = partJournalPath(m_finalPath);
    const auto text = base::readFile(path, kMaxJournalBytes);
    if (!text.ok() && text.error().code == ErrorCode::NotFound) return {};
    const auto journal = text.ok() ? parsePartJournal(*text) : std::nullopt;
    const auto size = m_file.size();
    if (!size.ok()) return size.error();
    const bool fits = journal && journal->bytes == m_content.bytes && journal->sha256 == m_content.sha256 &&
                      (!m_content.sha256.empty() || journal->commit == m_content.commit) &&
                      (journal->ranges.list().empty() || journal->ranges.list().back().last <= *size);
    if (!fits) return base::removeFile(path);
    m_etag = journal->etag;
    m_present = journal->ranges;
    m_presentBytes = m_present.bytes();
    m_journaledBytes = m_presentBytes;
    return {};
}

void PartFile::startThreads() {
    m_journal = std::make_unique<PartJournalWriter>(m_file, partJournalPath(m_finalPath));
    m_journaledAt = std::chrono::steady_clock::now();
    if (m_content.sha256.empty()) return;
    m_hash = std::make_unique<PartHash>(m_file, m_content.bytes);
    m_announcedPrefix = m_present.prefixEnd();
    m_hash->advance(m_announcedPrefix);
}

Expected<std::uint64_t> PartFile::write(std::uint64_t offset, std::string_view bytes) {
    const ByteRange whole{offset, offset + bytes.size()};
    assert(whole.last <= m_content.bytes);
    std::uint64_t written = 0;
    for (const ByteRange& gap : m_present.missing(whole)) {
        if (auto done = m_file.writeAt(gap.first, bytes.substr(gap.first - offset, gap.bytes())); !done.ok())
            return done.error();
        m_present.add(gap);
        m_presentBytes += gap.bytes();
        written += gap.bytes();
    }
    if (!m_hash) return written;
    const std::uint64_t prefix = m_present.prefixEnd();
    if (prefix >= m_announcedPrefix + kHashStepBytes || (complete() && written > 0)) {
        m_announcedPrefix = prefix;
        m_hash->advance(prefix);
    }
    return written;
}

void PartFile::setEtag(const std::string& etag) {
    if (m_etag == etag) return;
    m_etag = etag;
    orderJournal();
}

void PartFile::orderJournal() {
    m_journaledAt = std::chrono::steady_clock::now();
    m_journaledBytes = m_presentBytes;
    m_journal->write({m_content.commit, m_etag, m_content.bytes, m_content.sha256, m_present});
}

Expected<void> PartFile::keepJournal() {
    if (auto failure = m_journal->failure()) return *failure;
    const bool due = m_presentBytes >= m_journaledBytes + m_pace.bytes &&
                     std::chrono::steady_clock::now() >= m_journaledAt + m_pace.interval;
    if (due && m_journal->idle()) orderJournal();
    return {};
}

Expected<void> PartFile::flush() {
    if (!m_journal) return {};  // already verified
    orderJournal();
    m_journal->finish();
    const auto failure = m_journal->failure();
    m_journal = std::make_unique<PartJournalWriter>(m_file, partJournalPath(m_finalPath));
    if (failure) return *failure;
    return {};
}

Expected<void> PartFile::restart() {
    m_hash.reset();
    m_journal.reset();
    m_etag.clear();
    m_present = {};
    m_presentBytes = 0;
    m_journaledBytes = 0;
    m_announcedPrefix = 0;
    m_finalOrder = false;
    const auto removed = base::removeFile(partJournalPath(m_finalPath));
    startThreads();
    return removed;
}

std::optional<Expected<void>> PartFile::verdict() {
    assert(complete());
    if (m_journal && !m_finalOrder) {
        orderJournal();
        m_finalOrder = true;
        if (m_hash) m_hash->advance(m_content.bytes);
    }
    if (m_journal) {
        if (auto failure = m_journal->failure()) return *failure;
        if (!m_journal->idle()) return std::nullopt;
    }
    if (m_hash) {
        const PartHash::View view = m_hash->view();
        if (view.failure) return *view.failure;
        if (!view.digest) return std::nullopt;
        if (*view.digest != m_content.sha256)
            return Error{ErrorCode::Corrupt, m_finalPath.filename().string() + " arrived damaged: its sha256 is " +
                                                 view.digest->substr(0, 12) + "... instead of " +
                                                 m_content.sha256.substr(0, 12) + "..."};
    }
    m_hash.reset();
    m_journal.reset();
    return Expected<void>();
}

Expected<void> PartFile::publish() {
    if (auto renamed = base::renameDurably(partPath(m_finalPath), m_finalPath); !renamed.ok()) return renamed;
    // Best effort: a journal without its part is thrown away by whoever finds it.
    if (auto removed = base::removeFile(partJournalPath(m_finalPath)); !removed.ok()) base::logWarning(removed.error().message);
    return {};
}

void PartFile::discard() {
    m_hash.reset();
    m_journal.reset();
    // The journal first: a part without one is worth nothing, a journal without its part could be believed.
    for (const fs::path& path : {partJournalPath(m_finalPath), partPath(m_finalPath)})
        if (auto removed = base::removeFile(path); !removed.ok()) base::logWarning(removed.error().message);
}

void discardPart(const fs::path& finalPath) {
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(partPath(finalPath), ignored))) {
        (void)base::removeFile(partJournalPath(finalPath));
        removeHalfJournals(finalPath);
        return;
    }
    const auto locked = base::RandomAccessFile::openLocked(partPath(finalPath), kModelFileMode);
    if (!locked.ok()) return;
    removeHalfJournals(finalPath);
    (void)base::removeFile(partJournalPath(finalPath));
    (void)base::removeFile(partPath(finalPath));
}

}  // namespace larder::hub
