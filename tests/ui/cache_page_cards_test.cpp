// The cards of the Cache page that ask and store for themselves: the hours, the limits.
#include <QTimer>

#include "tests/ui/cache_page_fixture.h"
#include "ui/charts/hour_chart.h"

namespace larder::ui {
namespace {

using CacheCardsTest = CachePageTest;

TEST_F(CacheCardsTest, TheChartIsReadWhenShownAndEveryMinuteWhileItIs) {
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

TEST_F(CacheCardsTest, TheChartSumsTheModelsOfAnHour) {
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

TEST_F(CacheCardsTest, LimitsAreStoredTogetherAndReverted) {
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

TEST_F(CacheCardsTest, WhatIsWrongWithALimitStandsBesideIt) {
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

TEST_F(CacheCardsTest, LimitsChangedElsewhereAreFollowedUnlessEdited) {
    named<QSpinBox>("Left free on the disk")->setValue(9);
    edit([](ServiceSnapshot& s) {
        s.settings.coldBytesPerDay = 30'000'000'000;
        s.settings.coldFloorBytes = 3'000'000'000;
    });
    EXPECT_EQ(named<QSpinBox>("Written a day at most")->value(), 30);
    EXPECT_EQ(named<QSpinBox>("Left free on the disk")->value(), 9);
}

}  // namespace
}  // namespace larder::ui
