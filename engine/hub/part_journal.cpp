#include "engine/hub/part_journal.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/mailbox.h"
#include "engine/base/snapshot.h"
#include "engine/base/thread.h"

namespace larder::hub {
namespace {

constexpr int kJournalVersion = 1;

std::optional<ByteRanges> readRanges(const base::Json& list, std::uint64_t bytes) {
    if (!list.is_array()) return std::nullopt;
    ByteRanges ranges;
    std::uint64_t end = 0;
    for (const base::Json& pair : list) {
        if (!pair.is_array() || pair.size() != 2) return std::nullopt;
        if (!pair[0].is_number_unsigned() || !pair[1].is_number_unsigned()) return std::nullopt;
        const ByteRange range{pair[0].get<std::uint64_t>(), pair[1].get<std::uint64_t>()};
        if (range.first < end || range.first >= range.last || range.last > bytes) return std::nullopt;
        end = range.last;
        ranges.add(range);
    }
    return ranges;
}

}  // namespace

std::string printPartJournal(const PartJournal& journal) {
    base::Json ranges = base::Json::array();
    for (const ByteRange& range : journal.ranges.list()) ranges.push_back({range.first, range.last});
    const base::Json document = {{"version", kJournalVersion}, {"commit", journal.commit}, {"etag", journal.etag},
                                 {"size", journal.bytes},      {"sha256", journal.sha256}, {"ranges", std::move(ranges)}};
    return base::dumpJson(document) + "\n";
}

std::optional<PartJournal> parsePartJournal(std::string_view text) {
    const auto document = base::parseJson(text);
    if (!document.ok() || !document->is_object()) return std::nullopt;
    const auto has = [&](const char* key, auto check) { return document->contains(key) && check((*document)[key]); };
    const auto isText = [](const base::Json& value) { return value.is_string(); };
    const auto isCount = [](const base::Json& value) { return value.is_number_unsigned(); };
    const auto isVersion = [](const base::Json& value) { return value == kJournalVersion; };
    if (!has("version", isVersion) || !has("commit", isText) || !has("etag", isText) || !has("size", isCount) ||
        !has("sha256", isText) || !document->contains("ranges"))
        return std::nullopt;
    PartJournal journal;
    journal.commit = (*document)["commit"].get<std::string>();
    journal.etag = (*document)["etag"].get<std::string>();
    journal.bytes = (*document)["size"].get<std::uint64_t>();
    journal.sha256 = (*document)["sha256"].get<std::string>();
    auto ranges = readRanges((*document)["ranges"], journal.bytes);
    if (!ranges) return std::nullopt;
    journal.ranges = std::move(*ranges);
    return journal;
}

// Invariant: `done` counts the orders that are dealt with; `ordered` is only touched by the owner's thread.
struct PartJournalWriter::Inner {
    struct Outcome {
        std::uint64_t done = 0;
        std::optional<Error> failure;
    };

    const base::RandomAccessFile& part;
    std::filesystem::path path;
    std::uint64_t ordered = 0;
    base::Mailbox<PartJournal> orders;
    base::Snapshot<Outcome> outcome;
    base::Thread thread;

    Inner(const base::RandomAccessFile& file, std::filesystem::path journalPath) : part(file), path(std::move(journalPath)) {
        thread = base::Thread("download-sync", [this] { run(); });
    }

    void run() {
        Outcome current;
        for (;;) {
            const auto batch = orders.wait();
            if (batch.empty()) return;
            if (!current.failure) {
                Expected<void> written = part.sync();
                if (written.ok()) written = base::writeFileAtomically(path, printPartJournal(batch.back()), 0644);
                if (!written.ok()) current.failure = written.error();
            }
            current.done += batch.size();
            outcome.publish(current);
        }
    }
};

PartJournalWriter::PartJournalWriter(const base::RandomAccessFile& part, std::filesystem::path journalPath)
    : m_inner(std::make_unique<Inner>(part, std::move(journalPath))) {}

PartJournalWriter::~PartJournalWriter() { finish(); }

void PartJournalWriter::finish() {
    m_inner->orders.close();
    m_inner->thread.join();
}

void PartJournalWriter::write(PartJournal journal) {
    ++m_inner->ordered;
    m_inner->orders.post(std::move(journal));
}

bool PartJournalWriter::idle() const { return m_inner->outcome.read().done == m_inner->ordered; }

std::optional<Error> PartJournalWriter::failure() const { return m_inner->outcome.read().failure; }

}  // namespace larder::hub
