#include "tests/pictures/cache_pictures.h"

#include <QDateTime>
#include <QPushButton>
#include <QTableView>
#include <cmath>

namespace larder::pictures {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

CachedModel cachedModel(const std::string& name, std::uint64_t bytes, std::uint64_t pinned, std::uint64_t prefixes, std::int64_t used) {
    CachedModel made;
    made.name = name;
    made.identity = std::string(31, 'a') + static_cast<char>('a' + prefixes % 7);
    made.blocks = bytes / 7'340'032;
    made.bytes = bytes;
    made.pinnedBytes = pinned;
    made.prefixes = prefixes;
    made.lastUsedUnixMs = used;
    return made;
}

CacheListing someListing(std::int64_t now) {
    CacheListing listing;
    listing.models = {cachedModel("Llama-3.2-3B-Instruct-Q4_0", 8'410'000'000, 1'260'000'000, 214, now - 90'000),
                      cachedModel("Qwen2.5-Coder-7B-Instruct-Q4_0", 2'730'000'000, 0, 61, now - 5 * kHourMs),
                      cachedModel("SmolLM2-135M-Instruct.Q4_1", 412'000'000, 0, 39, now - 70 * kHourMs)};
    for (std::uint64_t i = 0; i < 314; ++i) {
        CachedPrefix prefix;
        prefix.id = std::string(28, '0') + std::to_string(1000 + i);
        prefix.model = i % 5 == 3 ? "SmolLM2-135M-Instruct.Q4_1" : i % 3 == 1 ? "Qwen2.5-Coder-7B-Instruct-Q4_0" : "Llama-3.2-3B-Instruct-Q4_0";
        prefix.tokens = 640 + (i * 7919) % 30'000 / 64 * 64;
        prefix.bytes = prefix.tokens * 114'688;
        prefix.ownBytes = prefix.bytes / (1 + i % 9);
        prefix.uses = 1 + (i * 31) % 57;
        prefix.createdUnixMs = now - static_cast<std::int64_t>(i + 20) * kHourMs;
        prefix.lastUsedUnixMs = now - static_cast<std::int64_t>(i) * i * 200'000 - 50'000;
        prefix.pinned = i == 0 || i == 3;
        listing.prefixes.push_back(prefix);
    }
    return listing;
}

// A month of working days: mornings begin cold, afternoons are warm, more from the disk after a restart.
std::vector<UsageHour> someHours(std::int64_t now) {
    std::vector<UsageHour> hours;
    const std::int64_t last = now / kHourMs;
    for (std::int64_t hour = last - 719; hour <= last; ++hour) {
        const QDateTime when = QDateTime::fromMSecsSinceEpoch(hour * kHourMs);
        const bool night = when.time().hour() < 7 || when.time().hour() > 21;
        if (night || when.date().dayOfWeek() == 7 || hour % 11 == 3) continue;
        UsageHour made;
        made.unixHour = hour;
        made.model = "Llama-3.2-3B-Instruct-Q4_0";
        made.counters.requests = 12;
        made.counters.promptTokens = 40'000 + static_cast<std::uint64_t>(hour * 7919 % 30'000);
        const double share = std::min(0.97, 0.25 + 0.05 * (when.time().hour() - 7) + 0.15 * std::sin(static_cast<double>(hour)) + 0.1);
        made.counters.cachedTokens = static_cast<std::uint64_t>(share * static_cast<double>(made.counters.promptTokens));
        made.counters.loadedTokens = when.time().hour() < 12 ? made.counters.cachedTokens * 3 / 5 : made.counters.cachedTokens / 8;
        if (when.time().hour() == 7) made.counters.cachedTokens = made.counters.loadedTokens = 0;
        hours.push_back(made);
    }
    return hours;
}

void giveLongNames(CacheListing& listing) {
    listing.models[0].name = "A-Model-With-A-Name-That-Somebody-Made-Far-Too-Long-For-Any-Window-Instruct-2507-GGUF-UD-Q4_K_XL-00001-of-00009";
    for (CachedPrefix& prefix : listing.prefixes)
        if (prefix.pinned) prefix.model = listing.models[0].name;
}

}  // namespace

void setCache(ServiceSnapshot& snapshot) {
    ColdTierStatus& tier = snapshot.engine.coldTier;
    tier.on = true;
    tier.folder = "/home/ada/.larder/kv-cache";
    tier.limitBytes = 20'000'000'000;
    tier.usedBytes = 11'560'000'000;
    tier.pinnedBytes = 1'260'000'000;
    tier.blocks = 1574;
    tier.freeDiskBytes = 183'000'000'000;
    tier.floorBytes = 2'000'000'000;
    tier.bytesPerDay = 100'000'000'000;
    tier.writtenTodayBytes = 6'120'000'000;
    tier.readBytes = 9'870'000'000;
    tier.readBlocks = 1345;
    tier.missedBlocks = 12;
    snapshot.engine.loadingSequences = 1;
    ++snapshot.engine.waitingSequences;

    UsageTotals& all = snapshot.allTime;
    all.sinceUnixMs = 1'760'000'000'000;
    all.counters.requests = 18'204;
    all.counters.promptTokens = 96'412'880;
    all.counters.cachedTokens = 71'230'144;
    all.counters.loadedTokens = 18'402'112;
    all.counters.computedPromptTokens = 25'200'000;
    all.counters.prefillSeconds = 87'000;
    all.counters.generatedTokens = 5'120'400;
    all.models.assign(1, {"Llama-3.2-3B-Instruct-Q4_0", all.counters, {}});
}

void takeCache(Photographer& photographer, support::ScriptedService& service, ui::EngineModel& model, ui::MainWindow& window) {
    const ServiceSnapshot before = model.snapshot();
    const auto edit = [&](const std::function<void(ServiceSnapshot&)>& change) {
        service.editQuietly(change);
        model.refresh();
    };
    QWidget* page = window.page(ui::PageId::Cache);
    const auto takeListed = [&](const char* name) {   // from the top, with the lists anew
        window.showPage(ui::PageId::Logs);
        window.showPage(ui::PageId::Cache);
        photographer.take(window, QString::fromLatin1(name));
    };
    edit([](ServiceSnapshot& now) {
        ColdTierStatus& tier = now.engine.coldTier;
        tier.usedBytes = tier.pinnedBytes = tier.blocks = tier.writtenTodayBytes = tier.readBytes = tier.readBlocks = tier.missedBlocks = 0;
        now.engine.hotTier.leasedBytes = now.engine.hotTier.cachedBytes = 0;
    });
    takeListed("cache-empty");

    const std::int64_t now = QDateTime::currentMSecsSinceEpoch();
    service.listing = someListing(now);
    service.hours = someHours(now);
    edit([&](ServiceSnapshot& s) { s = before; });
    takeListed("cache");
    for (const char* part : {"cachedModels", "cachedPrefixes", "cacheLimits"})
        photographer.takePart(window, *page, *page->findChild<QWidget*>(QLatin1String(part)), QStringLiteral("cache-") + QLatin1String(part));
    auto* range = page->findChild<QComboBox*>(QStringLiteral("hoursRange"));
    range->setCurrentIndex(1);
    photographer.take(window, QStringLiteral("cache-7-days"));
    range->setCurrentIndex(2);
    auto* prefixes = page->findChild<QTableView*>(QStringLiteral("prefixes"));
    prefixes->selectRow(0);
    edit([](ServiceSnapshot& s) {
        s.engine.coldTier.problem = "only 1.4 GB are free on the disk of /home/ada/.larder/kv-cache";
        s.engine.coldTier.freeDiskBytes = 1'400'000'000;
        s.engine.coldTier.quarantineFiles = 2;
        s.engine.coldTier.writtenTodayBytes = 104'000'000'000;
    });
    photographer.take(window, QStringLiteral("cache-disk-full"));
    service.verified = {1574, 11'540'000'000, 2, true};
    service.holdReplies();
    page->findChild<QPushButton*>(QStringLiteral("checkCache"))->click();
    photographer.take(window, QStringLiteral("cache-checking"));
    service.releaseReplies();
    photographer.take(window, QStringLiteral("cache-checked"));
    page->findChild<QWidget*>(QStringLiteral("cacheResult"))->findChild<QPushButton*>()->click();
    range->setCurrentIndex(0);
    edit([](ServiceSnapshot& s) {
        s.engine.coldTier = {};
        s.engine.coldTier.problem = "the folder /home/ada/.larder/kv-cache cannot be written: Permission denied";
        s.engine.coldTier.limitBytes = 20'000'000'000;
    });
    takeListed("cache-failed");
    edit([](ServiceSnapshot& s) {
        s.engine.coldTier = {};
        s.settings.coldCacheBytes = 0;
    });
    takeListed("cache-off");
    edit([&](ServiceSnapshot& s) {
        s = before;
        s.server = ServerState::Stopped;
        s.engine = {};
    });
    takeListed("cache-stopped");
    giveLongNames(service.listing);
    edit([&](ServiceSnapshot& s) { s = before; });
    const QSize size = window.size();
    window.resize(640, 420);
    takeListed("cache-narrow");
    for (const char* part : {"writtenToday", "hoursRange", "cachedModels", "cachedPrefixes", "cacheLimits"})
        photographer.takePart(window, *page, *page->findChild<QWidget*>(QLatin1String(part)), QStringLiteral("cache-narrow-") + QLatin1String(part));
    window.resize(size);
    service.listing = {};
    service.hours.clear();
}

}  // namespace larder::pictures
