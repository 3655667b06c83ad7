// The Cache page as a user works it: every state of the tiers, every verb and what comes of it, and the limits.
#include "ui/pages/cache_page.h"

#include <gtest/gtest.h>

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QTest>
#include <QTimer>

#include "tests/support/scripted_service.h"
#include "ui/ask.h"
#include "ui/charts/hour_chart.h"
#include "ui/look.h"
#include "ui/pages/prefix_table.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/figure.h"
#include "ui/widgets/meter.h"
#include "ui/widgets/stacked_meter.h"

namespace larder::ui {
namespace {

CachedPrefix prefixOf(const std::string& id, const std::string& model, bool pinned, std::int64_t used) {
    CachedPrefix made;
    made.id = id;
    made.model = model;
    made.tokens = 640;
    made.bytes = 70'000'000;
    made.ownBytes = 7'000'000;
    made.uses = 4;
    made.lastUsedUnixMs = used;
    made.pinned = pinned;
    return made;
}

class CachePageTest : public testing::Test {
protected:
    CachePageTest() {
        Look::install(*qApp, QStringLiteral("light"));
        service->listing.models = {{"large", "a", 1200, 8'400'000'000, 1'200'000'000, 214, 1}, {"small", "b", 60, 412'000'000, 0, 1, 0}};
        service->listing.prefixes = {prefixOf("1111", "large", true, 30), prefixOf("2222", "small", false, 20)};
        serve();
        page.resize(900, 700);
        page.show();
        settle();
    }
    void edit(const std::function<void(ServiceSnapshot&)>& change) {
        service->editQuietly(change);
        model.refresh();
    }
    void serve() {
        edit([](ServiceSnapshot& s) {
            s.server = ServerState::Running;
            s.engine.hotTier = {5'600'000'000, 1'200'000'000, 3'400'000'000, 0};
            ColdTierStatus& tier = s.engine.coldTier;
            tier.on = true;
            tier.folder = "/cache";
            tier.limitBytes = 20'000'000'000;
            tier.usedBytes = 8'812'000'000;
            tier.pinnedBytes = 1'200'000'000;
            tier.blocks = 1260;
            tier.freeDiskBytes = 183'000'000'000;
            tier.floorBytes = 2'000'000'000;
            tier.bytesPerDay = 100'000'000'000;
            tier.writtenTodayBytes = 6'000'000'000;
            tier.readBlocks = 1345;
            tier.missedBlocks = 12;
        });
    }
    void settle() {   // replies come through the event loop
        for (int i = 0; i < 5; ++i) QApplication::processEvents();
    }
    void click(QPushButton* button) {
        ASSERT_TRUE(button->isVisible() && button->isEnabled());
        button->click();
        settle();
    }
    long listed() const { return called("listCache"); }
    long called(const std::string& call) const {
        const auto calls = service->calls();
        return std::count(calls.begin(), calls.end(), call);
    }
    template <class T>
    T* part(const char* name) const {
        auto* found = page.findChild<T*>(QLatin1String(name));
        EXPECT_NE(found, nullptr) << name;
        return found;
    }
    QPushButton* button(const char* name) const { return part<QPushButton>(name); }
    template <class T>
    T* named(const char* name) const {
        for (auto* found : page.findChildren<T*>())
            if (found->accessibleName() == QLatin1String(name)) return found;
        ADD_FAILURE() << "nothing is called " << name;
        return nullptr;
    }
    std::string banner(const char* name) const {
        auto* found = part<Banner>(name);
        return found->isVisible() ? found->findChild<QLabel*>()->text().toStdString() : std::string();
    }
    std::string result() const { return banner("cacheResult"); }
    std::string state() const { return banner("cacheState"); }
    std::string badge() const { return part<Badge>("coldState")->text().toStdString(); }
    std::string label(const char* name) const { return part<QLabel>(name)->text().remove(QChar(0x200b)).toStdString(); }
    QStringList models() const {
        QStringList shown;
        for (auto* row : page.findChildren<QWidget*>(QStringLiteral("cachedModel")))
            if (row->isVisible()) shown += row->accessibleName() + QStringLiteral(": ") + row->accessibleDescription();
        return shown;
    }
    bool says(const char* words) const {
        for (auto* each : page.findChildren<QLabel*>())
            if (each->isVisible() && each->text().contains(QLatin1String(words))) return true;
        return false;
    }
    QTableView* table() const { return part<QTableView>("prefixes"); }
    void type(QLineEdit* edit, const char* text) {
        edit->selectAll();
        QTest::keyClick(edit, Qt::Key_Delete);
        QTest::keyClicks(edit, QString::fromLatin1(text));
    }

    support::ScriptedService* service = nullptr;
    EngineModel model{support::ScriptedService::maker(service)};
    CachePage page{model};
};

TEST_F(CachePageTest, TheTiersAreBarsAgainstTheirLimits) {
    EXPECT_EQ(part<StackedMeter>("hotMeter")->accessibleDescription().toStdString(), "1.2 GB in use, 3.4 GB kept of 5.6 GB");
    EXPECT_EQ(part<StackedMeter>("coldMeter")->accessibleDescription().toStdString(), "8.8 GB kept of 20 GB, 1.2 GB of it pinned");
    EXPECT_EQ(label("coldNote"), "183 GB are free on this disk; 2.0 GB of them are left to other programs.");
    EXPECT_EQ(part<Meter>("writtenToday")->accessibleDescription().toStdString(), "6.0 GB written today, of 100 GB a day");
    EXPECT_EQ(named<Figure>("Blocks")->accessibleDescription(), QStringLiteral("1,260"));
    EXPECT_EQ(named<Figure>("Hits")->accessibleDescription(), QStringLiteral("1,345"));
    EXPECT_EQ(named<Figure>("Misses")->accessibleDescription(), QStringLiteral("12"));
    edit([](ServiceSnapshot& s) { s.engine.coldTier.bytesPerDay = s.engine.coldTier.floorBytes = 0; });
    EXPECT_EQ(part<Meter>("writtenToday")->accessibleDescription().toStdString(), "6.0 GB written today; there is no limit for a day");
    EXPECT_EQ(label("coldNote"), "183 GB are free on this disk.");
}

TEST_F(CachePageTest, TheStateIsAWordAndWhatIsWrongABanner) {
    EXPECT_EQ(badge(), "on");
    EXPECT_EQ(state(), "");
    edit([](ServiceSnapshot& s) { s.engine.coldTier.writing = true; });
    EXPECT_EQ(badge(), "writing");
    edit([](ServiceSnapshot& s) { s.engine.coldTier.problem = "only 1.4 GB are free on /cache"; });
    EXPECT_EQ(badge(), "not writing");
    EXPECT_EQ(state(), "Nothing new is written to the disk: only 1.4 GB are free on /cache. What is there already is used as before.");
    click(part<Banner>("cacheState")->findChild<QPushButton*>());
    EXPECT_FALSE(part<QWidget>("cacheLimits")->visibleRegion().isEmpty()) << "the limits are seen";
}

TEST_F(CachePageTest, WhereItCannotBeOpenedTheServerIsRestartedAfterMending) {
    edit([](ServiceSnapshot& s) {
        s.engine.coldTier = {};
        s.engine.coldTier.problem = "the folder /cache cannot be written.";
    });
    EXPECT_EQ(badge(), "off");
    EXPECT_EQ(state(), "The cache on the disk cannot be used: the folder /cache cannot be written. Mend that, then restart the server. "
                       "Requests are answered without it meanwhile.");
    EXPECT_FALSE(part<QWidget>("coldMeter")->isVisible());
    EXPECT_EQ(label("coldNote"), "8.8 GB are kept, 1.2 GB of them pinned.") << "as listed";
    click(part<Banner>("cacheState")->findChild<QPushButton*>());
    EXPECT_EQ(called("restartServer"), 1);
}

TEST_F(CachePageTest, OffItCanBeTurnedOn) {
    edit([](ServiceSnapshot& s) {
        s.engine.coldTier = {};
        s.settings.coldCacheBytes = 0;
    });
    EXPECT_EQ(badge(), "off");
    EXPECT_TRUE(says("its limit is 0"));
    service->failWith("saveSettings", {ErrorCode::Io, "the disk is full"});
    click(part<Banner>("cacheState")->findChild<QPushButton*>());
    EXPECT_EQ(result(), "the disk is full.");
    service->succeed("saveSettings");
    click(part<Banner>("cacheState")->findChild<QPushButton*>());
    ASSERT_EQ(service->savedSettings().size(), 1u);
    EXPECT_EQ(service->savedSettings()[0].coldCacheBytes, std::nullopt) << "automatic";
    EXPECT_EQ(state(), "");
}

TEST_F(CachePageTest, WithoutAServerTheListsStillWork) {
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Stopped;
        s.engine = {};
    });
    EXPECT_EQ(badge(), "server stopped");
    EXPECT_EQ(state(), "");
    EXPECT_TRUE(says("Empty while the server is stopped."));
    EXPECT_EQ(label("coldNote"), "8.8 GB are kept, 1.2 GB of them pinned.");
    EXPECT_FALSE(part<QWidget>("writtenToday")->isVisible());
    EXPECT_EQ(models().size(), 2);
    EXPECT_EQ(table()->model()->rowCount(), 2);
    click(button("refreshCache"));
    EXPECT_EQ(listed(), 2);
}

TEST_F(CachePageTest, QuarantineIsExplained) {
    EXPECT_FALSE(part<QLabel>("quarantine")->isVisible());
    edit([](ServiceSnapshot& s) { s.engine.coldTier.quarantineFiles = 1; });
    EXPECT_TRUE(label("quarantine").starts_with("1 file is in quarantine: it did not match its checksum and is never used"));
    EXPECT_TRUE(says("/cache/quarantine"));
    edit([](ServiceSnapshot& s) { s.engine.coldTier.quarantineFiles = 3; });
    EXPECT_TRUE(label("quarantine").starts_with("3 files are in quarantine"));
}

TEST_F(CachePageTest, EachModelSaysWhatItTakes) {
    const QStringList shown = models();
    ASSERT_EQ(shown.size(), 2);
    EXPECT_TRUE(shown[0].startsWith(QStringLiteral("large: 8.4 GB, 95 % of all · 1.2 GB pinned · 214 prefixes · used "))) << shown[0].toStdString();
    EXPECT_EQ(shown[1].toStdString(), "small: 412 MB, 4 % of all · 1 prefix");
}

TEST_F(CachePageTest, TabGoesDownThePageAsItIsSeen) {
    table()->selectRow(0);
    QStringList names;
    QWidget* at = part<QComboBox>("hoursRange");
    for (int i = 0; i < 40 && at != named<QLineEdit>("Prompt cache on the disk"); ++i) {
        at = at->nextInFocusChain();
        const bool stop = (at->focusPolicy() & Qt::TabFocus) != 0 && at->isVisible() && at->isEnabled() && !at->accessibleName().isEmpty();
        if (stop) names += at->accessibleName();
    }
    EXPECT_EQ(names, QStringList({"Clear what is kept of large", "Clear what is kept of small", "Prefixes on the disk",
                                  "Unpin the chosen prefix", "Prompt cache on the disk"}));
}

TEST_F(CachePageTest, ListsAreReadWhenShownAndOnRefreshNotOtherwise) {
    EXPECT_EQ(listed(), 1);
    edit([](ServiceSnapshot& s) { s.engine.coldTier.blocks = 5; });
    EXPECT_EQ(listed(), 1) << "a changed figure is no reason";
    page.hide();
    edit([](ServiceSnapshot& s) { s.engine.coldTier.blocks = 6; });
    EXPECT_EQ(named<Figure>("Blocks")->accessibleDescription(), QStringLiteral("5")) << "hidden it does nothing";
    page.show();
    settle();
    EXPECT_EQ(listed(), 2);
    EXPECT_EQ(named<Figure>("Blocks")->accessibleDescription(), QStringLiteral("6"));
    service->listing = {};
    click(button("refreshCache"));
    EXPECT_EQ(listed(), 3);
    EXPECT_TRUE(models().isEmpty());
    EXPECT_TRUE(says("Nothing is kept on the disk yet."));
    EXPECT_FALSE(table()->isVisible());
}

TEST_F(CachePageTest, WhatCannotBeListedIsSaid) {
    service->failWith("listCache", {ErrorCode::Unavailable, "another Larder uses this folder"});
    click(button("refreshCache"));
    EXPECT_TRUE(says("What is kept cannot be listed: another Larder uses this folder."));
    EXPECT_TRUE(models().isEmpty());
    service->succeed("listCache");
    click(button("refreshCache"));
    EXPECT_EQ(models().size(), 2);
}

TEST_F(CachePageTest, OnlyTheLatestListCounts) {
    service->holdReplies();
    page.hide();
    page.show();
    EXPECT_FALSE(button("refreshCache")->isEnabled());
    service->listing = {};
    page.hide();
    page.show();
    service->releaseReplies();
    settle();
    EXPECT_TRUE(models().isEmpty());
    EXPECT_TRUE(button("refreshCache")->isEnabled());
}

TEST_F(CachePageTest, AModelIsClearedAfterAQuestion) {
    QPushButton* clear = named<QPushButton>("Clear what is kept of small");
    Ask::answerNext(false);
    click(clear);
    EXPECT_EQ(called("clearCache small"), 0);
    Ask::answerNext(true, true);   // there is no box: nothing of it is pinned
    service->cleared = {60, 412'000'000, 0};
    click(clear);
    EXPECT_EQ(called("clearCache small"), 1);
    EXPECT_EQ(listed(), 2);
    EXPECT_EQ(result(), "412 MB were freed (60 blocks).");
    click(part<Banner>("cacheResult")->findChild<QPushButton*>());
    EXPECT_EQ(result(), "");
}

TEST_F(CachePageTest, AllIsClearedAndPinnedOnesOnlyWhenTicked) {
    service->cleared = {1088, 7'612'000'000, 172};
    Ask::answerNext(true, false);
    click(button("clearCache"));
    EXPECT_EQ(called("clearCache"), 1);
    EXPECT_EQ(result(), "7.6 GB were freed (1,088 blocks). 172 pinned blocks were kept.");
    Ask::answerNext(true, true);
    click(button("clearCache"));
    EXPECT_EQ(called("clearCache  pinned too"), 1);
    service->failWith("clearCache", {ErrorCode::Io, "the disk cannot be read"});
    Ask::answerNext(true);
    click(button("clearCache"));
    EXPECT_EQ(result(), "The cache cannot be cleared: the disk cannot be read.");
    EXPECT_EQ(listed(), 4) << "after each";
}

TEST_F(CachePageTest, OneWorkAtATime) {
    service->holdReplies();
    button("checkCache")->click();
    EXPECT_TRUE(part<Meter>("cacheProgress")->isVisible());
    EXPECT_FALSE(button("checkCache")->isEnabled());
    EXPECT_FALSE(button("clearCache")->isEnabled());
    EXPECT_FALSE(named<QPushButton>("Clear what is kept of large")->isEnabled());
    page.hide();
    page.show();
    EXPECT_TRUE(part<Meter>("cacheProgress")->isVisible()) << "it goes on";
    service->releaseReplies();
    settle();
    EXPECT_FALSE(part<Meter>("cacheProgress")->isVisible());
    EXPECT_TRUE(button("checkCache")->isEnabled());
    EXPECT_TRUE(named<QPushButton>("Clear what is kept of large")->isEnabled());
}

TEST_F(CachePageTest, TheCheckSaysWhatItFound) {
    const auto check = [&](CacheVerified found) {
        service->verified = found;
        click(button("checkCache"));
        return result();
    };
    EXPECT_EQ(check({1260, 8'800'000'000, 0, true}), "All 1,260 files are sound (8.8 GB).");
    EXPECT_EQ(check({1260, 8'800'000'000, 2, true}),
              "2 of 1,260 files were damaged and are in quarantine now. They are not used: what they held is computed again.");
    EXPECT_EQ(check({100, 700'000'000, 0, false}), "100 files were checked, and they are sound (700 MB). The check was stopped before the end.");
    EXPECT_EQ(check({0, 0, 0, true}), "There is no file to check.");
    service->failWith("verifyCache", {ErrorCode::Unavailable, "Larder is closing."});
    EXPECT_EQ(check({}), "The files cannot be checked: Larder is closing.");
}

TEST_F(CachePageTest, TheChosenPrefixIsPinnedOrUnpinned) {
    QPushButton* pin = button("pinPrefix");
    EXPECT_FALSE(pin->isEnabled()) << "none is chosen";
    table()->selectRow(0);
    EXPECT_EQ(pin->text(), QStringLiteral("Unpin"));
    table()->selectRow(1);
    EXPECT_EQ(pin->text(), QStringLiteral("Pin"));
    service->listing.prefixes[1].pinned = true;
    click(pin);
    EXPECT_EQ(called("pinCached 2222"), 1);
    EXPECT_EQ(listed(), 2);
    EXPECT_EQ(pin->text(), QStringLiteral("Unpin")) << "it is still chosen";
    service->failWith("unpinCached", {ErrorCode::Io, "the index cannot be written"});
    Q_EMIT table()->activated(table()->currentIndex());   // Return, or a double click
    settle();
    EXPECT_EQ(called("unpinCached 2222"), 1);
    EXPECT_EQ(result(), "the index cannot be written.");
    service->failWith("pinCached", {ErrorCode::NoSpace, "the pins would take 21 GB of 20 GB"});
    service->listing.prefixes[1].pinned = false;
    click(button("refreshCache"));
    click(pin);
    EXPECT_EQ(result(), "the pins would take 21 GB of 20 GB.");
}

TEST_F(CachePageTest, TheChartIsReadWhenShownAndEveryMinuteWhileItIs) {
    const auto asked = [&] {
        long count = 0;
        for (const std::string& call : service->calls()) count += call.starts_with("usageByHour ");
        return count;
    };
    auto* minute = part<QTimer>("everyMinute");
    EXPECT_TRUE(minute->isActive());
    EXPECT_EQ(minute->interval(), 60'000);
    EXPECT_EQ(asked(), 1);
    part<QComboBox>("hoursRange")->setCurrentIndex(2);
    EXPECT_EQ(asked(), 2);
    page.hide();
    EXPECT_FALSE(minute->isActive());
    page.show();
    EXPECT_EQ(asked(), 3);
    minute->setInterval(1);
    EXPECT_TRUE(QTest::qWaitFor([&] { return asked() > 4; }, 20'000));
}

TEST_F(CachePageTest, TheChartSumsTheModelsOfAnHour) {
    auto* chart = page.findChild<HourChart*>();
    EXPECT_TRUE(chart->isEmpty());
    EXPECT_EQ(chart->accessibleDescription(), QStringLiteral("No requests in this time"));
    std::int64_t first = 0;
    for (const std::string& call : service->calls())
        if (call.starts_with("usageByHour ")) first = std::stoll(call.substr(12));
    for (const char* name : {"large", "small"}) {
        UsageHour hour;
        hour.unixHour = first + 20;
        hour.model = name;
        hour.counters.promptTokens = 500;
        hour.counters.cachedTokens = 300;
        service->hours.push_back(hour);
    }
    service->hours.push_back({first - 100, "old", {.promptTokens = 1'000'000}});
    service->hours.push_back({first + 100, "of another clock", {.promptTokens = 1'000'000}});
    click(button("refreshCache"));
    EXPECT_EQ(chart->accessibleDescription().toStdString(), "60 % of 1,000 prompt tokens came from the cache");
    service->failWith("usageByHour", {ErrorCode::Io, "usage.sqlite3 cannot be read"});
    click(button("refreshCache"));
    EXPECT_TRUE(says("The figures cannot be read: usage.sqlite3 cannot be read."));
    EXPECT_FALSE(chart->isEmpty()) << "the last ones stay";
}

TEST_F(CachePageTest, LimitsAreStoredTogetherAndReverted) {
    EXPECT_FALSE(part<QWidget>("limitButtons")->isVisible());
    type(named<QLineEdit>("Prompt cache on the disk"), "4G");
    type(named<QLineEdit>("Prompt cache in memory"), "2G");
    named<QComboBox>("Compression on the disk")->setCurrentIndex(1);
    named<QSpinBox>("Written a day at most")->setValue(50);
    named<QSpinBox>("Left free on the disk")->setValue(5);
    EXPECT_TRUE(says("Used once the server starts anew: Prompt cache in memory."));
    click(button("saveLimits"));
    ASSERT_EQ(service->savedSettings().size(), 1u);
    Settings expected;
    expected.coldCacheBytes = std::size_t{4} << 30;
    expected.hotCacheBytes = std::size_t{2} << 30;
    expected.coldCompression = ColdCompression::Zstd;
    expected.coldBytesPerDay = 50'000'000'000;
    expected.coldFloorBytes = 5'000'000'000;
    EXPECT_EQ(service->savedSettings()[0], expected);
    EXPECT_FALSE(part<QWidget>("limitButtons")->isVisible());
    type(named<QLineEdit>("Prompt cache on the disk"), "");
    named<QSpinBox>("Written a day at most")->setValue(0);
    click(button("saveLimits"));
    EXPECT_EQ(service->savedSettings()[1].coldCacheBytes, std::nullopt) << "automatic";
    EXPECT_EQ(service->savedSettings()[1].coldBytesPerDay, 0u) << "no limit";
    named<QSpinBox>("Left free on the disk")->setValue(7);
    click(button("revertLimits"));
    EXPECT_EQ(named<QSpinBox>("Left free on the disk")->value(), 5);
}

TEST_F(CachePageTest, WhatIsWrongWithALimitStandsBesideIt) {
    QLineEdit* limit = named<QLineEdit>("Prompt cache on the disk");
    type(limit, "many");
    EXPECT_TRUE(limit->accessibleDescription().contains(QStringLiteral("many"))) << limit->accessibleDescription().toStdString();
    EXPECT_FALSE(button("saveLimits")->isEnabled());
    type(limit, "40G");
    service->failWith("saveSettings", {ErrorCode::NoSpace, "the pinned prefixes alone take more"});
    click(button("saveLimits"));
    EXPECT_EQ(limit->accessibleDescription(), QStringLiteral("the pinned prefixes alone take more."));
    EXPECT_TRUE(button("saveLimits")->isEnabled());
    type(limit, "50G");
    EXPECT_FALSE(says("the pinned prefixes alone take more"));
    named<QSpinBox>("Left free on the disk")->setValue(7);
    click(button("saveLimits"));
    EXPECT_FALSE(limit->accessibleDescription().contains(QStringLiteral("pinned prefixes"))) << "either may be the cause";
    EXPECT_TRUE(says("the pinned prefixes alone take more."));
}

TEST_F(CachePageTest, LimitsChangedElsewhereAreFollowedUnlessEdited) {
    named<QSpinBox>("Left free on the disk")->setValue(9);
    edit([](ServiceSnapshot& s) {
        s.settings.coldBytesPerDay = 30'000'000'000;
        s.settings.coldFloorBytes = 3'000'000'000;
    });
    EXPECT_EQ(named<QSpinBox>("Written a day at most")->value(), 30);
    EXPECT_EQ(named<QSpinBox>("Left free on the disk")->value(), 9);
}

TEST_F(CachePageTest, LongNamesAndANarrowPageLeaveNothingOutside) {
    const std::string name = "A-Model-With-A-Name-That-Somebody-Made-Far-Too-Long-For-Any-Window-Instruct-2507-GGUF-UD-Q4_K_XL";
    service->listing.models[0].name = name;
    service->listing.prefixes[0].model = name;
    click(button("refreshCache"));
    page.resize(520, 420);
    settle();
    for (auto* row : page.findChildren<QWidget*>(QStringLiteral("cachedModel"))) EXPECT_LE(row->width(), 520);
    EXPECT_GE(table()->columnWidth(PrefixTable::Model), Look::instance().space(40));
    EXPECT_EQ(models()[0].section(QLatin1Char(':'), 0, 0).toStdString(), name) << "heard whole";
}

}  // namespace
}  // namespace larder::ui
