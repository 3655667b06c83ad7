// The Logs page: rows follow the log, filters, copying, and the view that stays where the user looks.
#include "ui/pages/logs_page.h"

#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QScrollBar>
#include <QTest>

#include "tests/support/scripted_service.h"
#include "ui/look.h"

namespace larder::ui {
namespace {

// A log the test writes itself.
class WrittenLog {
public:
    void write(LogSeverity severity, const std::string& text) {
        m_lines.push_back({m_lines.size() + 1, 1'700'000'000'000 + static_cast<std::int64_t>(m_lines.size()), severity, text});
    }
    LogSource source() {
        return [this](std::uint64_t after) {
            ++m_looks;
            const auto first = std::min<std::size_t>(after, m_lines.size());
            return std::vector<LogLine>(m_lines.begin() + static_cast<std::ptrdiff_t>(first), m_lines.end());
        };
    }
    int looks() const { return m_looks; }

private:
    std::vector<LogLine> m_lines;
    int m_looks = 0;
};

struct LogsPageTest : testing::Test {
    LogsPageTest() : model(support::ScriptedService::maker(service)) { Look::install(*qApp, QStringLiteral("light")); }

    void open() {
        page = std::make_unique<LogsPage>(model, nullptr, log.source());
        page->resize(900, 500);
        page->show();
        table = page->findChild<QTableView*>();
        ASSERT_NE(table, nullptr);
    }
    QPushButton* button(const QString& text) const {
        for (auto* found : page->findChildren<QPushButton*>())
            if (found->text() == text) return found;
        return nullptr;
    }
    QString cell(int row, int column) const { return table->model()->index(row, column).data().toString(); }
    void somethingChanged() {
        service->publish();
        QTest::qWait(0);
        model.refresh();
    }

    support::ScriptedService* service = nullptr;
    EngineModel model;
    WrittenLog log;
    std::unique_ptr<LogsPage> page;
    QTableView* table = nullptr;
};

TEST(LogLines, IsAProperModelWhileItGrowsAndDropsRows) {
    WrittenLog log;
    LogLines lines(log.source());
    LogFilter filter;
    filter.setSourceModel(&lines);
    QAbstractItemModelTester own(&lines, QAbstractItemModelTester::FailureReportingMode::Fatal);
    QAbstractItemModelTester filtered(&filter, QAbstractItemModelTester::FailureReportingMode::Fatal);
    lines.fetch();
    EXPECT_EQ(lines.rowCount(), 0);
    for (int i = 0; i < 3000; ++i) log.write(i % 2 == 0 ? LogSeverity::Info : LogSeverity::Error, "line " + std::to_string(i));
    lines.fetch();
    EXPECT_EQ(lines.rowCount(), 3000);
    for (int i = 3000; i < 7000; ++i) log.write(LogSeverity::Info, "line " + std::to_string(i));
    lines.fetch();
    ASSERT_EQ(lines.rowCount(), 5000);
    EXPECT_EQ(lines.index(0, LogLines::TextColumn).data().toString(), QStringLiteral("line 2000"));
    EXPECT_EQ(lines.index(4999, LogLines::TextColumn).data().toString(), QStringLiteral("line 6999"));
    for (int i = 0; i < 12'000; ++i) log.write(LogSeverity::Info, "flood");
    lines.fetch();
    EXPECT_EQ(lines.rowCount(), 5000);
    filter.setLeast(LogSeverity::Error);
    EXPECT_EQ(filter.rowCount(), 0);
}

TEST_F(LogsPageTest, ShowsWhatIsLoggedWithTheLevelAsAWord) {
    log.write(LogSeverity::Warning, "the disk is <b>nearly</b> full");
    open();
    ASSERT_EQ(table->model()->rowCount(), 1);
    EXPECT_EQ(cell(0, LogLines::LevelColumn), QStringLiteral("Warning"));
    EXPECT_EQ(cell(0, LogLines::TextColumn), QStringLiteral("the disk is <b>nearly</b> full"));
    log.write(LogSeverity::Error, "port 1337 is used by another program");
    somethingChanged();
    ASSERT_EQ(table->model()->rowCount(), 2);
    EXPECT_EQ(cell(1, LogLines::LevelColumn), QStringLiteral("Error"));
}

TEST_F(LogsPageTest, LooksOnlyWhileVisible) {
    open();
    page->hide();
    const int before = log.looks();
    log.write(LogSeverity::Info, "unseen");
    somethingChanged();
    EXPECT_EQ(log.looks(), before);
    page->show();
    EXPECT_EQ(table->model()->rowCount(), 1);
}

TEST_F(LogsPageTest, FiltersByLevelAndText) {
    log.write(LogSeverity::Debug, "alpha one");
    log.write(LogSeverity::Info, "beta one");
    log.write(LogSeverity::Warning, "beta two");
    log.write(LogSeverity::Error, "alpha two");
    open();
    EXPECT_EQ(table->model()->rowCount(), 4);
    auto* level = page->findChild<QComboBox*>();
    level->setFocus();
    QTest::keyClick(level, Qt::Key_Down);
    EXPECT_EQ(table->model()->rowCount(), 3);
    QTest::keyClick(level, Qt::Key_Down);
    EXPECT_EQ(table->model()->rowCount(), 2);
    QTest::keyClick(level, Qt::Key_Home);
    auto* filter = page->findChild<QLineEdit*>();
    QTest::keyClicks(filter, QStringLiteral("TWO alpha"));
    ASSERT_EQ(table->model()->rowCount(), 1);
    EXPECT_EQ(cell(0, LogLines::TextColumn), QStringLiteral("alpha two"));
    QTest::keyClicks(filter, QStringLiteral(" missing"));
    EXPECT_EQ(table->model()->rowCount(), 0);
    EXPECT_FALSE(button(QStringLiteral("Copy all shown"))->isEnabled());
}

TEST_F(LogsPageTest, FollowsTheEndButNotWhileReadingFurtherUp) {
    for (int i = 0; i < 200; ++i) log.write(LogSeverity::Info, "line " + std::to_string(i));
    open();
    QScrollBar* bar = table->verticalScrollBar();
    ASSERT_TRUE(QTest::qWaitFor([&] { return bar->maximum() > 0 && bar->value() == bar->maximum(); }));
    log.write(LogSeverity::Info, "at the end");
    somethingChanged();
    ASSERT_TRUE(QTest::qWaitFor([&] { return bar->value() == bar->maximum(); }));
    bar->setValue(10);
    log.write(LogSeverity::Info, "further down");
    somethingChanged();
    QApplication::processEvents();
    EXPECT_EQ(bar->value(), 10);
}

TEST_F(LogsPageTest, CopiesTheSelectionInOrderAndEverythingShown) {
    log.write(LogSeverity::Info, "first");
    log.write(LogSeverity::Warning, "second");
    log.write(LogSeverity::Error, "third");
    open();
    EXPECT_FALSE(button(QStringLiteral("Copy selected"))->isEnabled());
    table->selectRow(2);
    table->setFocus();
    QTest::keyClick(table, Qt::Key_Up, Qt::ShiftModifier);
    QTest::mouseClick(button(QStringLiteral("Copy selected")), Qt::LeftButton);
    const QStringList two = QApplication::clipboard()->text().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    ASSERT_EQ(two.size(), 2);
    EXPECT_TRUE(two[0].endsWith(QStringLiteral("Warning\tsecond")));
    EXPECT_TRUE(two[1].endsWith(QStringLiteral("Error\tthird")));
    QTest::mouseClick(button(QStringLiteral("Copy all shown")), Qt::LeftButton);
    EXPECT_EQ(QApplication::clipboard()->text().split(QLatin1Char('\n'), Qt::SkipEmptyParts).size(), 3);
}

TEST_F(LogsPageTest, AVeryLongLineCanBeScrolledToItsEnd) {
    log.write(LogSeverity::Error, std::string(400, 'w'));
    open();
    QScrollBar* bar = table->horizontalScrollBar();
    EXPECT_GT(bar->maximum(), 0);
    EXPECT_GE(table->columnWidth(LogLines::TextColumn), table->fontMetrics().horizontalAdvance(QString(400, QLatin1Char('w'))));
}

}  // namespace
}  // namespace larder::ui
