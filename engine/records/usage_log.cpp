#include "engine/records/usage_log.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "engine/base/log.h"
#include "engine/records/set_aside.h"

namespace larder::records {
namespace {

constexpr std::int64_t kHoursKept = 400 * 24;
constexpr std::int64_t kFoldEveryHours = 24;

std::int64_t systemUnixMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

FiguresByModel byModel(const std::vector<ModelUsage>& usage) {
    FiguresByModel figures;
    for (const ModelUsage& model : usage) figures[model.model] = figuresOf(model.counters);
    return figures;
}

std::vector<ModelUsage> usageOf(const FiguresByModel& figures) {
    std::vector<ModelUsage> usage;
    for (const auto& [model, each] : figures) usage.push_back({model, countersOf(each), {}});
    return usage;
}

// Adds them to the rows of one hour, keeping the order.
void addTo(std::vector<UsageHour>& hours, std::int64_t hour, const FiguresByModel& figures) {
    for (const auto& [model, more] : figures) {
        const auto place = std::lower_bound(hours.begin(), hours.end(), std::pair(hour, model), [](const UsageHour& row, const auto& key) {
            return std::pair(row.unixHour, row.model) < key;
        });
        if (place != hours.end() && place->unixHour == hour && place->model == model)
            place->counters = countersOf(plus(figuresOf(place->counters), more));
        else
            hours.insert(place, {hour, model, countersOf(more)});
    }
}

Expected<std::unique_ptr<UsageStore>> openThere(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return Error{ErrorCode::NotFound, "there are no records of usage in " + file.string()};
    return UsageStore::open(file, nullptr);
}

}  // namespace

UsageLog::UsageLog(UsageLogParts parts) : m_parts(std::move(parts)) {
    if (!m_parts.unixMs) m_parts.unixMs = systemUnixMs;
    open();
    m_thread = base::Thread("records", [this] { run(); });
}

UsageLog::~UsageLog() {
    m_mailbox.close();
    m_thread.join();
}

void UsageLog::touched() {
    if (m_touched.exchange(true)) return;
    post([this] {
        if (!m_due) m_due = Clock::now() + m_parts.writeEvery;
    });
}

UsageTotalsSource UsageLog::totalsSource() const {
    return [before = m_before](const std::vector<ModelUsage>& now) { return addUsage(before->read(), now); };
}

void UsageLog::flush() {
    const auto done = std::make_shared<base::Mailbox<bool>>();
    if (post([this, done] {
            write();
            done->post(true);
        }))
        done->wait();
}

Expected<std::vector<UsageHour>> UsageLog::hours(std::int64_t first, std::int64_t last) {
    using Rows = Expected<std::vector<UsageHour>>;
    const auto answer = std::make_shared<base::Mailbox<Rows>>();
    const bool posted = post([this, answer, first, last] {
        settleLastTry();
        Rows rows = m_store ? m_store->hours(first, last) : Rows(std::vector<UsageHour>());
        const std::int64_t hour = unixHourOf(now());
        if (!rows) failed(rows.error());
        else if (first <= hour && hour <= last) addTo(*rows, hour, unwritten(byModel(m_parts.current())));
        answer->post(std::move(rows));
    });
    if (!posted) return Error{ErrorCode::Unavailable, "Larder is shutting down"};
    return answer->wait().front();
}

void UsageLog::run() {
    while (!m_mailbox.closed()) {
        for (const std::function<void()>& task : m_due ? m_mailbox.waitUntil(*m_due) : m_mailbox.wait()) task();
        if (!m_due || Clock::now() < *m_due) continue;
        m_due.reset();
        m_touched = false;  // before the counters are read: who changes them from now on asks again
        if (!write()) m_due = Clock::now() + m_parts.writeEvery;
    }
    for (const std::function<void()>& task : m_mailbox.take()) task();
    if (!write()) write();  // a broken file has been replaced by now
}

bool UsageLog::open() {
    if (m_store) return true;
    auto opened = tryToOpen();
    if (!opened && opened.error().code == ErrorCode::Corrupt && setBrokenAside(opened.error())) opened = tryToOpen();
    if (!opened) warnOnce(opened.error());
    return opened.ok();
}

Expected<void> UsageLog::tryToOpen() {
    auto store = UsageStore::open(m_parts.file, m_parts.files);
    if (!store) return store.error();
    if (m_seed)
        if (auto seeded = (*store)->seed(addUsage(m_before->read(), usageOf(m_written))); !seeded) return seeded;
    auto stored = (*store)->totals();
    if (!stored) return stored.error();
    const auto writes = (*store)->writes();
    if (!writes) return writes.error();
    if (!std::exchange(m_beforeKnown, true)) m_before->publish(std::move(*stored));
    m_seed = false;
    m_writes = *writes;
    m_store = std::move(*store);
    return {};
}

FiguresByModel UsageLog::unwritten(const FiguresByModel& current) const {
    FiguresByModel more;
    for (const auto& [model, figures] : current) {
        const auto written = m_written.find(model);
        const UsageFigures difference = written == m_written.end() ? figures : minus(figures, written->second);
        if (difference != UsageFigures{}) more[model] = difference;
    }
    return more;
}

// An error does not tell whether the file has the rows; its number of writes does.
void UsageLog::settleLastTry() {
    if (!m_tried || !m_store) return;
    const auto writes = m_store->writes();
    if (!writes) return failed(writes.error());
    if (*writes > m_writes) m_written = *m_tried;
    m_writes = *writes;
    m_tried.reset();
}

bool UsageLog::write() {
    const FiguresByModel current = byModel(m_parts.current());
    if (unwritten(current).empty() && !m_seed) return true;
    if (!open()) return false;
    settleLastTry();
    if (m_tried || !m_store) return false;  // it cannot even be read
    const FiguresByModel more = unwritten(current);
    if (more.empty()) return true;
    m_tried = current;
    const std::int64_t when = now();
    if (auto added = m_store->add(when, more); !added) {
        failed(added.error());
        return false;
    }
    if (UsageTotals before = m_before->read(); before.sinceUnixMs == 0) {
        before.sinceUnixMs = when;
        m_before->publish(std::move(before));
    }
    m_tried.reset();
    m_written = current;
    ++m_writes;
    m_warned = false;
    fold();
    return true;
}

void UsageLog::failed(const Error& error) {
    if (error.code != ErrorCode::Corrupt) return warnOnce(error);
    m_store.reset();
    m_tried.reset();
    m_seed = true;
    (void)setBrokenAside(error);  // or at the next write
    if (!m_due) m_due = Clock::now() + m_parts.writeEvery;
}

bool UsageLog::setBrokenAside(const Error& error) {
    const auto aside = setAside(m_parts.file, m_parts.files != nullptr ? *m_parts.files : base::realFileSystem());
    if (aside)
        base::logWarning(error.message + ": the records of usage were set aside as " + m_parts.file.filename().string() + ".broken; " +
                         (m_seed ? "their hours are lost, the totals go on" : "they start anew"));
    else
        warnOnce(aside.error());
    return aside.ok();
}

void UsageLog::warnOnce(const Error& error) {
    if (!std::exchange(m_warned, true))
        base::logWarning("the records of usage cannot be written and stay in memory: " + error.message);
}

void UsageLog::fold() {
    const std::int64_t hour = unixHourOf(now());
    if (m_foldedHour && std::abs(hour - *m_foldedHour) < kFoldEveryHours) return;
    m_foldedHour = hour;
    if (auto folded = m_store->foldBefore(hour - kHoursKept); !folded) failed(folded.error());
}

Expected<UsageTotals> readTotals(const std::filesystem::path& file) {
    auto store = openThere(file);
    if (!store) return store.error();
    return (*store)->totals();
}

Expected<std::vector<UsageHour>> readHours(const std::filesystem::path& file, std::int64_t first, std::int64_t last) {
    auto store = openThere(file);
    if (!store) return store.error();
    return (*store)->hours(first, last);
}

}  // namespace larder::records
