#include "engine/records/prompt_store.h"

#include <utility>

#include "engine/base/log.h"
#include "engine/records/set_aside.h"

namespace larder::records {
namespace {

constexpr std::size_t kPromptBytesAWrite = 1 << 20;

std::size_t changeBytes(const PromptChange& change) {
    std::size_t bytes = sizeof(change);
    if (const auto* begin = std::get_if<PromptBegin>(&change)) bytes += begin->model.size() + begin->ids.size() * sizeof(TokenId);
    if (const auto* end = std::get_if<PromptEnd>(&change))
        bytes += end->answer.size() * sizeof(TokenId) + end->ends.size() * sizeof(std::uint32_t) + end->contained.size() * sizeof(PromptKey);
    return bytes;
}

}  // namespace

PromptStore::PromptStore(PromptStoreParts parts) : m_parts(std::move(parts)) {
    m_thread = base::Thread("prompts", [this] { run(); });
}

PromptStore::~PromptStore() {
    m_mailbox.close();
    m_thread.join();
}

void PromptStore::load(std::size_t mostBytes, std::function<void(std::vector<StoredPrompt>)> take) {
    post([this, mostBytes, take = std::move(take)] { take(read(mostBytes)); });
}

// A disk that does not keep up must not fill the RAM: then it never learns of this one.
void PromptStore::change(PromptChange change) {
    const std::size_t bytes = changeBytes(change);
    if (m_queuedBytes + bytes > m_parts.queueBytes) return;
    m_queuedBytes += bytes;
    const auto shared = std::make_shared<PromptChange>(std::move(change));
    post([this, shared] { m_changes.push_back(std::move(*shared)); });
}

void PromptStore::clear(const std::string& model) {
    post([this, model] { drop(model); });
}

void PromptStore::flush() {
    const auto done = std::make_shared<base::Mailbox<bool>>();
    if (post([this, done] {
            writeChanges();
            done->post(true);
        }))
        done->wait();
}

void PromptStore::run() {
    while (!m_mailbox.closed()) {
        for (const std::function<void()>& task : m_mailbox.wait()) task();
        writeChanges();
    }
    for (const std::function<void()>& task : m_mailbox.take()) task();
    writeChanges();
    if (m_file) (void)m_file->endCleanly();
}

bool PromptStore::open() {
    if (m_file) return true;
    if (Clock::now() < m_openAt) return false;
    auto opened = PromptFile::open(m_parts.file, m_parts.files, m_parts.limits, m_lastRun);
    if (!opened && opened.error().code == ErrorCode::Corrupt && setBrokenAside(opened.error()))
        opened = PromptFile::open(m_parts.file, m_parts.files, m_parts.limits, m_lastRun);
    if (!opened) {
        m_openAt = Clock::now() + m_parts.openEvery;
        warnOnce(opened.error());
        return false;
    }
    m_file = std::move(*opened);
    m_lastRun = m_file->run();
    return true;
}

std::vector<StoredPrompt> PromptStore::read(std::size_t mostBytes) {
    if (!open()) return {};
    auto loaded = m_file->load(mostBytes);
    if (loaded) return std::move(*loaded);
    failed(loaded.error());
    return {};
}

// All of it is the file itself; the next change makes a new one. What is changed meanwhile comes behind this.
void PromptStore::drop(const std::string& model) {
    if (!model.empty()) {
        writeChanges();
        if (!open()) return;
        if (auto cleared = m_file->clear(model); !cleared) failed(cleared.error());
        return;
    }
    for (const PromptChange& change : std::exchange(m_changes, {})) m_queuedBytes -= changeBytes(change);
    m_file.reset();
    if (auto removed = removeDatabase(m_parts.file, disk()); !removed) warnOnce(removed.error());
}

void PromptStore::writeChanges() {
    if (m_changes.empty()) return;
    const std::vector<PromptChange> changes = std::exchange(m_changes, {});
    for (auto first = changes.begin(); first != changes.end();) {
        auto last = first;
        for (std::size_t bytes = 0; last != changes.end() && bytes < kPromptBytesAWrite; ++last) bytes += changeBytes(*last);
        write({first, last});
        for (; first != last; ++first) m_queuedBytes -= changeBytes(*first);
    }
}

void PromptStore::write(std::span<const PromptChange> changes) {
    if (!open()) return;
    if (auto written = m_file->write(changes); !written) return failed(written.error());
    m_warned = false;
}

void PromptStore::failed(const Error& error) {
    if (error.code != ErrorCode::Corrupt) return warnOnce(error);
    m_file.reset();
    if (!setBrokenAside(error)) m_openAt = Clock::now() + m_parts.openEvery;
}

bool PromptStore::setBrokenAside(const Error& error) {
    const auto aside = setAside(m_parts.file, disk());
    if (aside)
        base::logWarning(error.message + ": the record of prompts was set aside as " + m_parts.file.filename().string() +
                         ".broken; of prompts before now nothing is known");
    else
        warnOnce(aside.error());
    return aside.ok();
}

void PromptStore::warnOnce(const Error& error) {
    if (!std::exchange(m_warned, true)) base::logWarning("prompts are known only until Larder ends: " + error.message);
}

}  // namespace larder::records
