// The Cache page as a user works it: every state of the tiers, every verb and what comes of it.
#include "tests/ui/cache_page_fixture.h"
#include "ui/pages/prefix_table.h"
#include "ui/widgets/figure.h"
#include "ui/widgets/meter.h"
#include "ui/widgets/stacked_meter.h"

namespace larder::ui {
namespace {

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
