#include <gtest/gtest.h>

#include <QApplication>
#include <QImage>
#include <cmath>
#include <limits>
#include <random>

#include "ui/charts/axis.h"
#include "ui/charts/history_charts.h"
#include "ui/charts/line_chart.h"
#include "ui/look.h"

namespace larder::ui {
namespace {

bool isRoundStep(double step) {
    const double mantissa = step / std::pow(10.0, std::floor(std::log10(step) + 1e-9));
    return std::abs(mantissa - 1) < 1e-6 || std::abs(mantissa - 2) < 1e-6 || std::abs(mantissa - 5) < 1e-6;
}

TEST(ChartAxis, EndsAboveTheLargestWithFewRoundSteps) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> exponent(-3, 14);
    for (int i = 0; i < 2000; ++i) {
        const double largest = std::pow(10.0, exponent(random));
        const Axis axis = roundAxis(largest, 0.001, 4);
        EXPECT_GE(axis.top, largest * (1 - 1e-8)) << largest;
        EXPECT_LE(axis.top, largest * 2.5) << largest;   // most of the chart is used
        EXPECT_TRUE(isRoundStep(axis.step)) << largest << " " << axis.step;
        EXPECT_GE(axis.steps(), 1);
        EXPECT_LE(axis.steps(), 4);
    }
}

TEST(ChartAxis, OddFiguresGiveTheSmallestAxis) {
    for (const double odd : {0.0, -5.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
        const Axis axis = roundAxis(odd, 10, 4);
        EXPECT_DOUBLE_EQ(axis.top, 10) << odd;
        EXPECT_GT(axis.step, 0);
    }
    EXPECT_DOUBLE_EQ(roundAxis(100, 100, 2).top, 100);
    EXPECT_DOUBLE_EQ(roundAxis(100, 100, 2).step, 50);
}

QString number(double value) { return QString::number(value); }

// How many pixels are about this colour between two heights (shares of the image, from the top).
int pixelsLike(const QImage& image, const QColor& colour, double from, double to) {
    int count = 0;
    for (int y = static_cast<int>(image.height() * from); y < static_cast<int>(image.height() * to); ++y) {
        for (int x = image.width() / 4; x < image.width(); ++x) {
            const QColor pixel = image.pixelColor(x, y);
            count += std::abs(pixel.red() - colour.red()) + std::abs(pixel.green() - colour.green()) +
                         std::abs(pixel.blue() - colour.blue()) < 40;
        }
    }
    return count;
}

class LineChartTest : public testing::Test {
protected:
    LineChartTest() {
        chart.addSeries(QStringLiteral("Decode"), Look::Role::Decode, LineChart::Shape::Line);
        chart.setFixedTop(100);
        chart.setEmptyText(QStringLiteral("Waiting for the first request"));
        chart.resize(400, 200);
    }
    ~LineChartTest() override { Look::instance().setAppearance(QStringLiteral("system")); }
    void show(double value) {
        std::vector<ChartPoint> points;
        for (int second = 0; second < 300; ++second) points.push_back({1000 + second, value});
        chart.show(1299, 300, {points}, {number(value)});
    }
    LineChart chart{QStringLiteral("Speed"), number};
};

TEST_F(LineChartTest, SaysInWordsWhatItShows) {
    EXPECT_TRUE(chart.isEmpty());
    EXPECT_EQ(chart.accessibleName(), QStringLiteral("Speed"));
    EXPECT_EQ(chart.accessibleDescription(), QStringLiteral("Waiting for the first request"));
    show(42);
    EXPECT_FALSE(chart.isEmpty());
    EXPECT_EQ(chart.accessibleDescription(), QStringLiteral("Decode: 42"));
}

TEST_F(LineChartTest, DrawsHighValuesHighAndLowOnesLow) {
    for (const char* appearance : {"light", "dark"}) {
        Look::instance().setAppearance(QLatin1String(appearance));
        const QColor colour = Look::instance().color(Look::Role::Decode);
        show(95);
        QImage high = chart.grab().toImage();
        EXPECT_GT(pixelsLike(high, colour, 0.1, 0.5), 200) << appearance;
        EXPECT_EQ(pixelsLike(high, colour, 0.6, 1.0), 0) << appearance;
        show(5);
        QImage low = chart.grab().toImage();
        EXPECT_EQ(pixelsLike(low, colour, 0.1, 0.5), 0) << appearance;
        EXPECT_GT(pixelsLike(low, colour, 0.6, 1.0), 200) << appearance;
    }
}

TEST_F(LineChartTest, LeavesOutWhatIsOlderThanTheWindow) {
    const QColor colour = Look::instance().color(Look::Role::Decode);
    chart.show(5000, 300, {{{1000, 50}, {1001, 50}}}, {QString()});
    EXPECT_EQ(pixelsLike(chart.grab().toImage(), colour, 0.15, 1.0), 0);
}

TEST_F(LineChartTest, SurvivesOddFiguresAndSizes) {
    const double huge = std::numeric_limits<double>::max();
    LineChart free(QStringLiteral("Free"), number);
    free.addSeries(QStringLiteral("a"), Look::Role::Cache, LineChart::Shape::Line);
    free.addSeries(QStringLiteral("b"), Look::Role::Ttft, LineChart::Shape::Points);
    free.show(12, 300, {{{10, huge}, {11, -1}, {12, 0}}, {{12, 1e-9}}}, {QString(), QString()});
    for (const QSize size : {QSize(1, 1), QSize(40, 20), QSize(3000, 30), QSize(400, 200)}) {
        free.resize(size);
        EXPECT_EQ(free.grab().toImage().size(), size * free.devicePixelRatio());
    }
    EXPECT_TRUE(std::isfinite(free.axis().top));
}

class PaintCounter : public QObject {
public:
    explicit PaintCounter(QObject* watched) { watched->installEventFilter(this); }
    int updates = 0;
    bool eventFilter(QObject*, QEvent* event) override {
        updates += event->type() == QEvent::Paint;
        return false;
    }
};

ServiceSnapshot snapshotAt(std::uint64_t prompt, std::uint64_t cached, std::uint64_t generated) {
    ServiceSnapshot snapshot;
    snapshot.models = std::make_shared<const std::vector<ModelInfo>>();
    snapshot.downloads = std::make_shared<const std::vector<DownloadStatus>>();
    snapshot.processMemoryBytes = 400'000'000;
    snapshot.runningSinceUnixMs = 1;
    snapshot.engine.total.promptTokens = prompt;
    snapshot.engine.total.cachedTokens = cached;
    snapshot.engine.total.computedPromptTokens = prompt - cached;
    snapshot.engine.total.generatedTokens = generated;
    snapshot.engine.total.prefillSeconds = static_cast<double>(prompt - cached) / 500;
    snapshot.engine.total.decodeSeconds = static_cast<double>(generated) / 20;
    if (generated > 0) {
        snapshot.engine.total.firstTokens = 1;
        snapshot.engine.total.ttftMs = 500;
    }
    return snapshot;
}

TEST(HistoryChartsTest, WaitsForTheFirstRequestAndThenShowsItsFigures) {
    HistoryCharts charts;
    charts.resize(900, 500);
    History history;
    charts.show(history, QStringLiteral("Waiting"));
    history.add(snapshotAt(0, 0, 0), 1'000'000);
    charts.show(history, QStringLiteral("Waiting"));
    const auto all = charts.findChildren<LineChart*>();
    ASSERT_EQ(all.size(), 4);
    EXPECT_EQ(all[0]->accessibleDescription(), QStringLiteral("Waiting"));
    EXPECT_EQ(all[1]->accessibleDescription(), QStringLiteral("Waiting"));
    EXPECT_EQ(all[2]->accessibleDescription(), QStringLiteral("Waiting"));
    EXPECT_TRUE(all[3]->accessibleDescription().contains(QStringLiteral("400 MB")));   // memory needs no request

    history.add(snapshotAt(1000, 400, 20), 1'001'000);
    charts.show(history, QStringLiteral("Waiting"));
    EXPECT_EQ(all[0]->accessibleDescription(), QStringLiteral("Prefill: 500, Decode: 19"));
    EXPECT_TRUE(all[1]->accessibleDescription().contains(QStringLiteral("0.5 s"))) << all[1]->accessibleDescription().toStdString();
    EXPECT_TRUE(all[2]->accessibleDescription().contains(QStringLiteral("40 %"))) << all[2]->accessibleDescription().toStdString();
}

TEST(HistoryChartsTest, PaintsOnceForEachSample) {
    HistoryCharts charts;
    charts.resize(900, 500);
    charts.QWidget::show();
    History history;
    history.add(snapshotAt(1000, 400, 20), 1'000'000);
    history.add(snapshotAt(2000, 800, 40), 1'001'000);
    charts.show(history, QString());
    QApplication::processEvents();
    PaintCounter counter(charts.findChildren<LineChart*>().first());
    for (int i = 0; i < 10; ++i) {
        charts.show(history, QString());
        QApplication::processEvents();
    }
    EXPECT_EQ(counter.updates, 0);
    history.add(snapshotAt(3000, 1200, 60), 1'002'000);
    charts.show(history, QString());
    QApplication::processEvents();
    EXPECT_EQ(counter.updates, 1);
}

}  // namespace
}  // namespace larder::ui
