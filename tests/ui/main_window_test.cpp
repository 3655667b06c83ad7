// The frame of the window: navigation, what it remembers, how it closes, and what its banner advises.
#include "ui/main_window.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QLabel>
#include <QListWidget>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <QToolButton>

#include "tests/support/scripted_service.h"
#include "tests/support/temp_folder.h"
#include "tests/ui/some_models.h"
#include "ui/ask.h"
#include "ui/look.h"
#include "ui/pages/overview_page.h"
#include "ui/widgets/banner.h"

namespace larder::ui {
namespace {

class MainWindowTest : public testing::Test {
protected:
    MainWindowTest() {
        Look::install(*qApp, QStringLiteral("light"));
        edit([&](ServiceSnapshot& s) { s.settings.baseDir = folder.path(); });
        open();
    }
    void open() {
        window = std::make_unique<MainWindow>(model);
        window->show();
        window->activateWindow();
        EXPECT_TRUE(waitUntil([&] { return window->isActiveWindow(); }));
    }
    void edit(const std::function<void(ServiceSnapshot&)>& change) {
        service->editQuietly(change);
        model.refresh();
    }
    bool waitUntil(const std::function<bool()>& condition) { return QTest::qWaitFor(condition, 20'000); }
    QListWidget* navigation() const { return window->findChild<QListWidget*>(QStringLiteral("navigation")); }
    QString stored(const char* key) const {
        return QSettings(QString::fromStdString((folder / "window.ini").string()), QSettings::IniFormat)
            .value(QLatin1String(key))
            .toString();
    }
    // The banner of the window, not those of its pages.
    Banner* banner() const {
        for (auto* each : window->findChildren<Banner*>()) {
            bool ofPage = false;
            for (const PageId id : {PageId::Overview, PageId::Requests, PageId::Models, PageId::Agents, PageId::Cache, PageId::Logs, PageId::Settings})
                ofPage = ofPage || window->page(id)->isAncestorOf(each);
            if (!ofPage) return each;
        }
        return nullptr;
    }
    QString advice() const { return banner()->isVisible() ? banner()->findChild<QLabel*>()->text() : QString(); }
    int sentencesShown(const QString& part) const {  // how often the window says it
        int count = 0;
        for (const auto* each : window->findChildren<Banner*>())
            if (each->isVisible() && each->findChild<QLabel*>()->text().contains(part)) ++count;
        return count;
    }
    void takeAdvice() {
        auto* button = banner()->findChild<QPushButton*>();
        ASSERT_TRUE(button->isVisible());
        QTest::mouseClick(button, Qt::LeftButton);
    }
    void makeStopped() {
        edit([](ServiceSnapshot& s) {
            s.server = ServerState::Stopped;
            s.engine = {};
        });
    }

    support::TempFolder folder;
    support::ScriptedService* service = nullptr;
    EngineModel model{support::ScriptedService::maker(service)};
    std::unique_ptr<MainWindow> window;
};

TEST_F(MainWindowTest, ControlAndANumberChangeThePage) {
    EXPECT_EQ(window->currentPage(), PageId::Overview);
    const std::pair<Qt::Key, PageId> keys[] = {{Qt::Key_2, PageId::Requests},
                                               {Qt::Key_3, PageId::Models},
                                               {Qt::Key_7, PageId::Settings},
                                               {Qt::Key_4, PageId::Agents},
                                               {Qt::Key_5, PageId::Cache},
                                               {Qt::Key_6, PageId::Logs},
                                               {Qt::Key_1, PageId::Overview}};
    for (const auto& [key, page] : keys) {
        QTest::keyClick(window.get(), key, Qt::ControlModifier);
        EXPECT_EQ(window->currentPage(), page);
        EXPECT_TRUE(window->page(page)->isVisible());
        for (const PageId other : {PageId::Overview, PageId::Requests, PageId::Models, PageId::Agents, PageId::Cache, PageId::Logs, PageId::Settings})
            EXPECT_EQ(window->page(other)->isVisible(), other == page);
    }
}

TEST_F(MainWindowTest, ArrowsWalkThroughThePages) {
    navigation()->setFocus();
    QTest::keyClick(navigation(), Qt::Key_Down);
    EXPECT_EQ(window->currentPage(), PageId::Requests);
    QTest::keyClick(navigation(), Qt::Key_End);
    EXPECT_EQ(window->currentPage(), PageId::Settings);
    QTest::keyClick(navigation(), Qt::Key_Down);
    EXPECT_EQ(window->currentPage(), PageId::Settings) << "the last";
    QTest::keyClick(navigation(), Qt::Key_Up);
    EXPECT_EQ(window->currentPage(), PageId::Logs);
}

TEST_F(MainWindowTest, TabReachesNavigationAndPage) {
    navigation()->setFocus();
    bool inPage = false;
    bool back = false;
    for (int i = 0; i < 200 && !(inPage && back); ++i) {
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        ASSERT_NE(QApplication::focusWidget(), nullptr);
        inPage = inPage || window->page(PageId::Overview)->isAncestorOf(QApplication::focusWidget());
        back = inPage && QApplication::focusWidget() == navigation();
    }
    EXPECT_TRUE(inPage);
    EXPECT_TRUE(back) << "the focus goes round";
}

TEST_F(MainWindowTest, OtherShortcuts) {
    QSignalSpy quit(window.get(), &MainWindow::quitWanted);
    QTest::keyClick(window.get(), Qt::Key_F5);
    EXPECT_TRUE(service->called("refreshModels"));
    QTest::keyClick(window.get(), Qt::Key_Q, Qt::ControlModifier);
    EXPECT_EQ(quit.size(), 1);
    EXPECT_TRUE(window->isVisible()) << "who quits is asked elsewhere";
    QTest::keyClick(window.get(), Qt::Key_W, Qt::ControlModifier);
    EXPECT_FALSE(window->isVisible());
    EXPECT_EQ(quit.size(), 1) << "there is a tray";
}

TEST_F(MainWindowTest, PagesAreNamedForThoseWhoListen) {
    EXPECT_FALSE(navigation()->accessibleName().isEmpty());
    window->resize(640, 420);
    QApplication::processEvents();
    for (int row = 0; row < navigation()->count(); ++row) {
        EXPECT_TRUE(navigation()->item(row)->text().isEmpty()) << "a narrow window shows icons";
        EXPECT_FALSE(navigation()->item(row)->data(Qt::AccessibleTextRole).toString().isEmpty());
        EXPECT_FALSE(navigation()->item(row)->toolTip().isEmpty());
    }
    window->resize(1200, 700);
    QApplication::processEvents();
    EXPECT_EQ(navigation()->item(1)->text(), QStringLiteral("Requests"));
}

TEST_F(MainWindowTest, ShrinksTo640By420AndNoFurther) {
    EXPECT_EQ(window->minimumSize(), QSize(640, 420));
    for (const PageId id : {PageId::Overview, PageId::Requests, PageId::Models, PageId::Agents, PageId::Cache, PageId::Logs, PageId::Settings}) {
        window->showPage(id);
        window->resize(100, 100);
        QApplication::processEvents();
        EXPECT_EQ(window->size(), QSize(640, 420)) << static_cast<int>(id);
    }
}

TEST_F(MainWindowTest, RemembersPageAndSize) {
    window->showPage(PageId::Logs);
    window->resize(777, 555);
    QApplication::processEvents();
    window->close();
    EXPECT_EQ(stored("page"), QString::number(static_cast<int>(PageId::Logs)));
    open();
    EXPECT_EQ(window->currentPage(), PageId::Logs);
    EXPECT_EQ(window->size(), QSize(777, 555));
}

TEST_F(MainWindowTest, RememberedNonsenseIsNoMatter) {
    window->close();
    window.reset();
    {
        QSettings place(QString::fromStdString((folder / "window.ini").string()), QSettings::IniFormat);
        place.setValue(QStringLiteral("page"), QStringLiteral("99"));
        place.setValue(QStringLiteral("geometry"), QByteArray("rubbish"));
    }
    open();
    EXPECT_EQ(window->currentPage(), PageId::Overview);
    EXPECT_GE(window->width(), 640);
}

TEST_F(MainWindowTest, BeforeSetupNothingIsWritten) {
    edit([&](ServiceSnapshot& s) { s.settings.baseDir = folder / "not made yet"; });
    window->close();
    EXPECT_FALSE(std::filesystem::exists(folder / "not made yet"));
}

TEST_F(MainWindowTest, IsWatchedOnlyWhileItIsSeen) {
    const auto sampling = [&] {
        const auto timers = model.findChildren<QTimer*>();
        return std::any_of(timers.begin(), timers.end(),
                           [](const QTimer* t) { return t->isActive() && t->interval() >= 1'000; });
    };
    EXPECT_TRUE(sampling());
    window->hide();
    EXPECT_TRUE(waitUntil([&] { return !sampling(); }));
    window->show();
    EXPECT_TRUE(sampling());
    window->showMinimized();
    EXPECT_TRUE(waitUntil([&] { return !sampling(); }));
    window->showNormal();
    EXPECT_TRUE(waitUntil(sampling));
    window.reset();
    EXPECT_TRUE(waitUntil([&] { return !sampling(); }));
}

TEST_F(MainWindowTest, ClosingWithATrayLeavesItRunningUnlessTheUserChoseElse) {
    QSignalSpy quit(window.get(), &MainWindow::quitWanted);
    window->close();
    EXPECT_FALSE(window->isVisible());
    EXPECT_EQ(quit.size(), 0);
    EXPECT_TRUE(service->savedSettings().empty()) << "nothing was asked";
    edit([](ServiceSnapshot& s) { s.settings.keepRunningWhenClosed = false; });
    window->show();
    window->close();
    EXPECT_EQ(quit.size(), 1);
}

TEST_F(MainWindowTest, ClosingWithoutATrayAsksOnce) {
    for (const bool answer : {true, false}) {
        SCOPED_TRACE(answer);
        edit([](ServiceSnapshot& s) {
            s.settings.closeAsked = false;
            s.settings.keepRunningWhenClosed = true;
        });
        open();
        window->setTrayAvailable(false);
        QSignalSpy quit(window.get(), &MainWindow::quitWanted);
        const std::size_t saved = service->savedSettings().size();
        Ask::answerNext(answer);
        window->close();
        EXPECT_EQ(quit.size(), answer ? 0 : 1);
        ASSERT_EQ(service->savedSettings().size(), saved + 1);
        EXPECT_TRUE(service->savedSettings().back().closeAsked);
        EXPECT_EQ(service->savedSettings().back().keepRunningWhenClosed, answer);
        EXPECT_EQ(service->savedSettings().back().baseDir, folder.path()) << "the rest stays";
        model.refresh();
        window->show();
        window->close();  // a second question would wait for an answer here
        EXPECT_EQ(quit.size(), answer ? 0 : 2);
        EXPECT_EQ(service->savedSettings().size(), saved + 1);
    }
}

TEST_F(MainWindowTest, TheQuestionCanBeAnsweredByKeyboard) {
    window->setTrayAvailable(false);
    QSignalSpy quit(window.get(), &MainWindow::quitWanted);
    bool seen = false;
    std::function<void()> answer = [&] {
        auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
        if (!box) return QTimer::singleShot(10, window.get(), answer);
        seen = true;
        QTest::keyClick(box, Qt::Key_Return);  // the default: keep running
    };
    QTimer::singleShot(0, window.get(), answer);
    window->close();
    EXPECT_TRUE(seen);
    EXPECT_EQ(quit.size(), 0);
    ASSERT_EQ(service->savedSettings().size(), 1u);
    EXPECT_TRUE(service->savedSettings()[0].keepRunningWhenClosed);
}

TEST_F(MainWindowTest, TheOverviewsWishesChangeThePage) {
    auto* overview = qobject_cast<OverviewPage*>(window->page(PageId::Overview));
    ASSERT_NE(overview, nullptr);
    Q_EMIT overview->modelsWanted();
    EXPECT_EQ(window->currentPage(), PageId::Models);
    Q_EMIT overview->settingsWanted();
    EXPECT_EQ(window->currentPage(), PageId::Settings);
}

TEST_F(MainWindowTest, TheStateBelowLeadsToTheOverview) {
    window->showPage(PageId::Logs);
    QToolButton* state = nullptr;
    for (auto* each : window->findChildren<QToolButton*>())
        if (each->text() == QStringLiteral("Stopped")) state = each;
    ASSERT_NE(state, nullptr);
    EXPECT_TRUE(state->accessibleName().startsWith(QStringLiteral("Stopped. ")));
    state->setFocus();
    QTest::keyClick(state, Qt::Key_Space);
    EXPECT_EQ(window->currentPage(), PageId::Overview);
    edit([](ServiceSnapshot& s) { s.server = ServerState::Running; });
    EXPECT_EQ(state->text(), QStringLiteral("Serving"));
}

TEST_F(MainWindowTest, NothingToSayNoBanner) {
    for (const ServerState state :
         {ServerState::Stopped, ServerState::Starting, ServerState::Running, ServerState::Stopping}) {
        edit([&](ServiceSnapshot& s) { s.server = state; });
        EXPECT_EQ(advice(), QString());
    }
}

TEST_F(MainWindowTest, AFailedServerIsSaidOnceAndTriedAgain) {
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Failed;
        s.failure = "Port 1337 is taken.";
    });
    EXPECT_EQ(advice(), QString()) << "Overview says it itself";
    window->showPage(PageId::Models);
    EXPECT_EQ(advice(), QStringLiteral("Port 1337 is taken."));
    takeAdvice();
    EXPECT_TRUE(service->called("startServer"));
    makeStopped();
    EXPECT_EQ(advice(), QString());
}

TEST_F(MainWindowTest, AFailedModelLeadsToTheModels) {
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.models = {failedModel("tiny: the file ends early.")};
    });
    EXPECT_EQ(advice(), QStringLiteral("tiny: the file ends early."));
    takeAdvice();
    EXPECT_EQ(window->currentPage(), PageId::Models);
    edit([](ServiceSnapshot& s) { s.engine.models.push_back(modelIn(ModelState::Loaded, "big")); });
    EXPECT_EQ(advice(), QString()) << "another one serves; the page of the models says the rest";
}

TEST_F(MainWindowTest, AWarningIsSaidOnceOnEveryPage) {
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.warning = "tiny was not loaded.";
    });
    for (const PageId id : {PageId::Overview, PageId::Requests, PageId::Models, PageId::Agents, PageId::Cache, PageId::Logs, PageId::Settings}) {
        window->showPage(id);
        EXPECT_EQ(sentencesShown(QStringLiteral("tiny was not loaded.")), 1) << static_cast<int>(id);
    }
    takeAdvice();
    EXPECT_EQ(window->currentPage(), PageId::Models);
}

TEST_F(MainWindowTest, ARestartIsOfferedOnceOnEveryPage) {
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.restartNeeded = true;
    });
    for (const PageId id : {PageId::Overview, PageId::Models, PageId::Settings, PageId::Logs}) {
        window->showPage(id);
        EXPECT_EQ(sentencesShown(QStringLiteral("when the server starts anew")) +
                      sentencesShown(QStringLiteral("once the server starts anew")),
                  1)
            << static_cast<int>(id);
    }
    takeAdvice();
    EXPECT_TRUE(service->called("restartServer"));
    window->showPage(PageId::Overview);
    edit([](ServiceSnapshot& s) { s.engine.warning = "tiny was not loaded."; });
    EXPECT_TRUE(advice().contains(QStringLiteral("starts anew"))) << "the page shows the warning instead";
}

TEST_F(MainWindowTest, AFullDiskLeadsToTheSettings) {
    edit([](ServiceSnapshot& s) { s.modelFolderFreeBytes = 1'500'000'000; });
    EXPECT_TRUE(advice().contains(QStringLiteral("1.5 GB")));
    takeAdvice();
    EXPECT_EQ(window->currentPage(), PageId::Settings);
    edit([](ServiceSnapshot& s) { s.settings.lowDiskBytes = 0; });
    EXPECT_EQ(advice(), QString()) << "never";
    edit([](ServiceSnapshot& s) {
        s.settings.lowDiskBytes = 2'000'000'000;
        s.modelFolderFreeBytes = 0;
    });
    EXPECT_EQ(advice(), QString()) << "not known";
}

TEST_F(MainWindowTest, TheGravestComesFirst) {
    window->showPage(PageId::Logs);
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Failed;
        s.failure = "Port 1337 is taken.";
        s.engine.warning = "tiny was not loaded.";
        s.modelFolderFreeBytes = 1'000;
        s.restartNeeded = true;
    });
    EXPECT_EQ(advice(), QStringLiteral("Port 1337 is taken."));
    edit([](ServiceSnapshot& s) { s.server = ServerState::Running; });
    EXPECT_TRUE(advice().contains(QStringLiteral("starts anew")));
    edit([](ServiceSnapshot& s) { s.restartNeeded = false; });
    EXPECT_EQ(advice(), QStringLiteral("tiny was not loaded."));
    edit([](ServiceSnapshot& s) { s.engine.warning.clear(); });
    EXPECT_TRUE(advice().contains(QStringLiteral("disk")));
}

}  // namespace
}  // namespace larder::ui
