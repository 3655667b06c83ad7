// What the Cache page is made of: the table of prefixes, the chart of hours, the question with a box.
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QCheckBox>
#include <QElapsedTimer>
#include <QMessageBox>
#include <QPushButton>
#include <QTest>
#include <QTimer>

#include "ui/ask.h"
#include "ui/charts/hour_chart.h"
#include "ui/look.h"
#include "ui/pages/cached_prefix_list.h"
#include "ui/pages/prefix_table.h"

namespace larder::ui {
namespace {

std::vector<CachedPrefix> somePrefixes(std::size_t count) {
    std::vector<CachedPrefix> all(count);
    for (std::size_t i = 0; i < count; ++i) {
        CachedPrefix& each = all[i];
        each.id = "id" + std::to_string(i);
        each.model = i % 3 == 0 ? "b" : "a";
        each.tokens = i * 7919 % 10'000;
        each.bytes = each.tokens * 1000;
        each.ownBytes = each.bytes / 2;
        each.uses = i % 10;
        each.lastUsedUnixMs = static_cast<std::int64_t>(count - i);
        each.pinned = i % 100 == 7;
    }
    return all;
}

std::vector<std::string> idsOf(const PrefixTable& table) {
    std::vector<std::string> ids;
    for (int row = 0; row < table.rowCount(); ++row) ids.push_back(table.prefix(row)->id);
    return ids;
}

TEST(PrefixTableTest, KeepsTheRulesOfAModel) {
    PrefixTable table;
    const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::Fatal);
    table.show(somePrefixes(50));
    for (int column = 0; column < PrefixTable::ColumnCount; ++column)
        for (const auto order : {Qt::AscendingOrder, Qt::DescendingOrder}) table.sort(column, order);
    table.show(somePrefixes(3));
    table.show({});
    EXPECT_EQ(table.rowCount(), 0);
    EXPECT_EQ(table.prefix(0), nullptr);
    EXPECT_FALSE(table.index(0, 0).isValid());
}

TEST(PrefixTableTest, SortsByNumbersNotByTheirTexts) {
    PrefixTable table;
    std::vector<CachedPrefix> three(3);
    three[0].id = "small", three[0].tokens = 640, three[0].bytes = 999'000;
    three[1].id = "large", three[1].tokens = 30'000, three[1].bytes = 3'400'000'000;
    three[2].id = "middle", three[2].tokens = 7'000, three[2].bytes = 20'000'000;
    table.show(three);
    for (const int column : {PrefixTable::Tokens, PrefixTable::Size}) {
        table.sort(column, Qt::AscendingOrder);
        EXPECT_EQ(idsOf(table), (std::vector<std::string>{"small", "middle", "large"}));
        table.sort(column, Qt::DescendingOrder);
        EXPECT_EQ(idsOf(table), (std::vector<std::string>{"large", "middle", "small"}));
    }
    EXPECT_EQ(table.headerData(PrefixTable::Size, Qt::Horizontal, Qt::DisplayRole).toString(), QStringLiteral("Size \u2193"));
    EXPECT_EQ(table.headerData(PrefixTable::Tokens, Qt::Horizontal, Qt::DisplayRole).toString(), QStringLiteral("Tokens"));
    table.show(three);
    EXPECT_EQ(idsOf(table).front(), "large") << "new rows come in the order asked for last";
    EXPECT_EQ(table.rowOf("small"), 2);
    EXPECT_EQ(table.rowOf("gone"), -1);
}

TEST(PrefixTableTest, SaysEverythingOfAPrefix) {
    PrefixTable table;
    CachedPrefix one;
    one.id = "00112233";
    one.model = "<b>odd</b>";
    one.tokens = 12'345;
    one.bytes = 1'400'000'000;
    one.ownBytes = 3'000'000;
    one.uses = 17;
    one.pinned = true;
    table.show({one});
    QStringList texts;
    for (int column = 0; column < PrefixTable::ColumnCount; ++column) texts += table.index(0, column).data(Qt::DisplayRole).toString();
    EXPECT_EQ(texts, QStringList({"<b>odd</b>", "12,345", "1.4 GB", "3.0 MB", "17", "-", "pinned"}));
    const QString tip = table.index(0, 0).data(Qt::ToolTipRole).toString();
    EXPECT_TRUE(tip.contains(QStringLiteral("00112233"))) << tip.toStdString();
    EXPECT_TRUE(tip.contains(QStringLiteral("&lt;b&gt;odd"))) << "a name is no markup";
}

TEST(PrefixTableTest, TheChosenRowGoesWithItsPrefixWhenSorted) {
    PrefixTable table;
    table.show(somePrefixes(1000));
    const QPersistentModelIndex chosen = table.index(table.rowOf("id500"), 0);
    table.sort(PrefixTable::Uses, Qt::AscendingOrder);
    ASSERT_TRUE(chosen.isValid());
    EXPECT_EQ(table.prefix(chosen.row())->id, "id500");
}

TEST(PrefixTableTest, TensOfThousandsAreShownAndSortedAtOnce) {
    Look::install(*qApp, QStringLiteral("light"));
    CachedPrefixList list;
    list.resize(800, 600);
    list.show(somePrefixes(20'000));
    list.QWidget::show();
    QElapsedTimer clock;
    clock.start();
    auto* view = list.findChild<QTableView*>();
    for (int column = 0; column < PrefixTable::ColumnCount; ++column) {
        view->sortByColumn(column, Qt::AscendingOrder);
        view->scrollToBottom();
        QApplication::processEvents();
    }
    list.show(somePrefixes(20'000));
    QApplication::processEvents();
    EXPECT_LT(clock.elapsed(), 20'000) << "one row at a time would take minutes";
    EXPECT_LE(view->height(), list.height());
}

UsageCounters hourOf(std::uint64_t prompt, std::uint64_t cached, std::uint64_t loaded) {
    return {.promptTokens = prompt, .cachedTokens = cached, .loadedTokens = loaded};
}

struct HourChartTest : testing::Test {
    HourChartTest() {
        Look::install(*qApp, QStringLiteral("light"));
        chart.resize(500, 200);
    }
    QImage picture() { return chart.grab().toImage(); }
    // How many pixels of this colour one hour's column has.
    int pixels(const QImage& image, std::size_t hour, Look::Role role) const {
        const QRgb wanted = Look::instance().color(role).rgb();
        int count = 0;
        for (int x = 0; x < image.width(); ++x)
            for (int y = 30; y < image.height(); ++y)
                if (chart.hourAt(QPointF(x, 100)) == static_cast<int>(hour) && image.pixel(x, y) == wanted) ++count;
        return count;
    }
    HourChart chart;
};

TEST_F(HourChartTest, WithoutPromptsItSaysWhy) {
    chart.setEmptyText(QStringLiteral("Nothing yet"));
    chart.show(1000, std::vector<UsageCounters>(24));
    EXPECT_TRUE(chart.isEmpty());
    EXPECT_EQ(chart.accessibleDescription(), QStringLiteral("Nothing yet"));
    EXPECT_EQ(chart.hourAt(QPointF(250, 100)), -1);
}

TEST_F(HourChartTest, AnHourWithoutPromptsIsAGapAndOneWithoutHitsAFoot) {
    std::vector<UsageCounters> hours(4);
    hours[1] = hourOf(100, 0, 0);
    hours[2] = hourOf(100, 80, 20);
    hours[3] = hourOf(100, 40, 40);
    chart.show(1000, hours);
    const QImage image = picture();
    const auto coloured = [&](std::size_t hour) {
        return pixels(image, hour, Look::Role::Cache) + pixels(image, hour, Look::Role::Ttft);
    };
    EXPECT_EQ(coloured(0) + pixels(image, 0, Look::Role::MutedText), 0) << "a gap";
    EXPECT_EQ(coloured(1), 0);
    EXPECT_GT(pixels(image, 1, Look::Role::MutedText), 0) << "there were requests, and none found anything";
    const double memory = pixels(image, 2, Look::Role::Cache), disk = pixels(image, 2, Look::Role::Ttft);
    EXPECT_NEAR(memory / disk, 3, 0.3);
    EXPECT_EQ(pixels(image, 3, Look::Role::Cache), 0) << "all from the disk";
    EXPECT_NEAR(pixels(image, 3, Look::Role::Ttft) / (memory + disk), 0.5, 0.05);
    EXPECT_EQ(chart.accessibleDescription(), QStringLiteral("40 % of 300 prompt tokens came from the cache"));
}

TEST_F(HourChartTest, EachHourSaysItsFigures) {
    std::vector<UsageCounters> hours(3);
    hours[1] = hourOf(1000, 640, 0);
    hours[2] = hourOf(1000, 640, 130);
    chart.show(1000, hours);
    EXPECT_TRUE(chart.hourText(0).endsWith(QStringLiteral(": no requests")));
    EXPECT_TRUE(chart.hourText(1).endsWith(QStringLiteral(": 64 % of 1,000 prompt tokens from the cache")));
    EXPECT_TRUE(chart.hourText(2).endsWith(QStringLiteral("from the cache, 13 % from the disk")));
    EXPECT_EQ(chart.hourAt(QPointF(chart.width() - 8, 100)), 2);
}

TEST_F(HourChartTest, AMonthOfBrokenCountersIsPaintedToo) {
    std::vector<UsageCounters> hours(720, hourOf(1, 5, 9));   // more cached than asked
    chart.show(490'000, hours);
    const QImage image = picture();
    EXPECT_GT(pixels(image, 300, Look::Role::Ttft) + pixels(image, 301, Look::Role::Ttft), 0) << "two hours have a pixel";
    chart.resize(20, 20);
    picture();
}

TEST(AskTest, TheBoxOfAQuestionIsReported) {
    for (const bool tick : {false, true}) {
        QTimer::singleShot(0, [tick] {
            auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
            ASSERT_NE(box, nullptr);
            ASSERT_NE(box->checkBox(), nullptr);
            EXPECT_EQ(box->checkBox()->text(), QStringLiteral("Also what is pinned"));
            EXPECT_FALSE(box->checkBox()->isChecked());
            box->checkBox()->setChecked(tick);
            for (QAbstractButton* button : box->buttons())
                if (button->text() == QLatin1String("Clear")) return button->click();
        });
        bool ticked = !tick;
        EXPECT_TRUE(Ask::confirm(nullptr, {QStringLiteral("T"), QStringLiteral("Sure?"), QStringLiteral("Clear"), QStringLiteral("Cancel"), true,
                                           QStringLiteral("Also what is pinned")},
                                 &ticked));
        EXPECT_EQ(ticked, tick);
    }
}

}  // namespace
}  // namespace larder::ui
