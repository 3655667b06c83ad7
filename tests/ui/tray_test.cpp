// The tray icon's menu as a user works it, here where no desktop shows tray icons.
#include "ui/tray.h"

#include <gmock/gmock.h>

#include <QApplication>
#include <QClipboard>
#include <QSignalSpy>
#include <QTest>

#include "tests/support/scripted_service.h"
#include "tests/support/temp_folder.h"
#include "tests/ui/some_models.h"
#include "ui/look.h"

namespace larder::ui {
namespace {

using testing::ElementsAre;

ModelInfo modelOf(const std::string& name, const std::string& problem = "") {
    ModelInfo model;
    model.name = name;
    model.problem = problem;
    return model;
}

class TrayTest : public testing::Test {
protected:
    TrayTest() {
        Look::install(*qApp, QStringLiteral("light"));
        tray = std::make_unique<Tray>(model);
    }

    // What the tray shows follows within half a second.
    bool waitUntil(const std::function<bool()>& condition) { return QTest::qWaitFor(condition, 20'000); }
    void edit(const std::function<void(ServiceSnapshot&)>& change) { service->edit(change); }

    static QAction* find(const QMenu& menu, const QString& start) {
        for (QAction* action : menu.actions())
            if (action->isVisible() && !action->isSeparator() && action->text().startsWith(start)) return action;
        return nullptr;
    }
    QAction* entry(const char* start) { return find(tray->menu(), QString::fromLatin1(start)); }
    QMenu& submenu(const char* start) {
        QAction* action = entry(start);
        EXPECT_NE(action, nullptr) << start;
        return *action->menu();
    }
    static std::vector<std::string> texts(const QMenu& menu) {
        std::vector<std::string> all;
        for (const QAction* action : menu.actions())
            if (action->isVisible() && !action->isSeparator()) all.push_back(action->text().toStdString());
        return all;
    }
    void setState(ServerState state) {
        edit([&](ServiceSnapshot& s) { s.server = state; });
        EXPECT_TRUE(waitUntil([&] { return model.snapshot().server == state; }));
    }

    support::ScriptedService* service = nullptr;
    EngineModel model{support::ScriptedService::maker(service)};
    std::unique_ptr<Tray> tray;
};

TEST_F(TrayTest, HasEveryEntryAndWorksWithoutATray) {
    EXPECT_FALSE(tray->available());
    EXPECT_THAT(texts(tray->menu()),
                ElementsAre("Stopped", "Open Larder", "Start server", "Serving stats", "Models", "Copy address",
                            "Copy API key", "Settings", "Logs", "About Larder", "Quit"));
    EXPECT_FALSE(entry("Stopped")->isEnabled());
    for (const char* name : {"Open Larder", "Start server", "Settings", "Logs", "About Larder", "Quit"})
        EXPECT_TRUE(entry(name)->isEnabled()) << name;
    EXPECT_EQ(tray->icon().contextMenu(), &tray->menu());
}

struct ServerEntry {
    ServerState state;
    const char* text;
    bool enabled;
    const char* call;  // what a click asks of the service
};

TEST_F(TrayTest, TheServerEntryFollowsTheState) {
    const ServerEntry expected[] = {
        {ServerState::Starting, "Stop server", true, "stopServer"},
        {ServerState::Running, "Stop server", true, "stopServer"},
        {ServerState::Stopping, "Stopping ...", false, nullptr},
        {ServerState::Stopped, "Start server", true, "startServer"},
        {ServerState::Failed, "Try to start the server again", true, "startServer"},
    };
    QAction* action = entry("Start server");
    ASSERT_NE(action, nullptr);
    for (const ServerEntry& each : expected) {
        setState(each.state);
        ASSERT_TRUE(waitUntil([&] { return action->text() == QLatin1String(each.text); })) << each.text;
        EXPECT_EQ(action->isEnabled(), each.enabled) << each.text;
        if (!each.call) continue;
        const std::size_t before = service->calls().size();
        action->trigger();
        ASSERT_EQ(service->calls().size(), before + 1);
        EXPECT_EQ(service->calls().back(), each.call);
    }
}

TEST_F(TrayTest, RestartIsOfferedOnlyWhereItChangesSomething) {
    const char* name = "Restart server";
    EXPECT_EQ(entry(name), nullptr);
    edit([](ServiceSnapshot& s) { s.restartNeeded = true; });
    setState(ServerState::Running);
    ASSERT_TRUE(waitUntil([&] { return entry(name) != nullptr; }));
    entry(name)->trigger();
    EXPECT_TRUE(service->called("restartServer"));
    setState(ServerState::Stopped);
    EXPECT_TRUE(waitUntil([&] { return entry(name) == nullptr; }));
}

TEST_F(TrayTest, TheFirstLineSaysStateAndModel) {
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.models = {modelIn(ModelState::Loaded, "salt&pepper")};
    });
    EXPECT_TRUE(waitUntil([&] { return entry("Serving: salt&&pepper") != nullptr; })) << "an & is no shortcut";
    EXPECT_TRUE(tray->icon().toolTip().contains(QStringLiteral("salt&pepper")));
    edit([](ServiceSnapshot& s) { s.engine.models.push_back(modelIn(ModelState::Loaded, "big")); });
    EXPECT_TRUE(waitUntil([&] { return entry("Serving: 2 models loaded") != nullptr; }));
    EXPECT_TRUE(tray->icon().toolTip().contains(QStringLiteral("salt&pepper, big")));
}

TEST_F(TrayTest, StatsFollow) {
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.total.promptTokens = 100;
        s.engine.total.cachedTokens = 64;
        s.engine.total.generatedTokens = 22;
        s.engine.total.firstTokens = 2;
        s.engine.total.decodeSeconds = 1;
        s.engine.total.computedPromptTokens = 36;
        s.engine.total.prefillSeconds = 0.1;
        s.engine.total.ttftMs = 800;
    });
    EXPECT_TRUE(waitUntil([&] { return texts(submenu("Serving stats"))[0].find("122") != std::string::npos; }));
    EXPECT_THAT(texts(submenu("Serving stats")),
                ElementsAre("This run: 122 tokens processed", "Tokens from the cache: 64", "Cache efficiency: 64 %",
                            "Prefill: 360 tokens/s", "Decode: 20 tokens/s", "Time to first token: 0.4 s"));
}

TEST_F(TrayTest, TheModelsMenuHasWhatRunsHere) {
    EXPECT_THAT(texts(submenu("Models")), ElementsAre("No model yet", "Manage models ..."));
    EXPECT_FALSE(find(submenu("Models"), QStringLiteral("No model yet"))->isEnabled());
    service->setModels({modelOf("big"), modelOf("broken", "its header cannot be read"), modelOf("tiny")});
    ASSERT_TRUE(waitUntil([&] { return texts(submenu("Models")).size() == 3; }));
    EXPECT_THAT(texts(submenu("Models")), ElementsAre("big", "tiny", "Manage models ..."));
    EXPECT_FALSE(find(submenu("Models"), QStringLiteral("tiny"))->isChecked());
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.models = {loadingModel(0.1)};
    });
    ASSERT_TRUE(waitUntil([&] { return find(submenu("Models"), QStringLiteral("tiny"))->isChecked(); }));
    EXPECT_FALSE(find(submenu("Models"), QStringLiteral("big"))->isChecked());
    find(submenu("Models"), QStringLiteral("Unload"))->trigger();
    EXPECT_TRUE(service->called("unloadModel tiny"));
    edit([](ServiceSnapshot& s) { s.engine.models = {failedModel("")}; });
    EXPECT_TRUE(waitUntil([&] { return !find(submenu("Models"), QStringLiteral("tiny"))->isChecked(); }));
    EXPECT_EQ(find(submenu("Models"), QStringLiteral("Unload")), nullptr) << "there is nothing to unload";
}

TEST_F(TrayTest, OfSeveralModelsEachCanBeUnloadedOrAll) {
    service->setModels({modelOf("big"), modelOf("salt&pepper"), modelOf("tiny")});
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.models = {modelIn(ModelState::Loaded, "big"), modelIn(ModelState::Loaded, "salt&pepper"),
                           modelIn(ModelState::Unloaded, "tiny")};
    });
    const auto unload = [&] { return find(submenu("Models"), QStringLiteral("Unload")); };
    ASSERT_TRUE(waitUntil([&] { return unload() && unload()->menu(); }));
    EXPECT_TRUE(find(submenu("Models"), QStringLiteral("big"))->isChecked());
    EXPECT_TRUE(find(submenu("Models"), QStringLiteral("salt&&pepper"))->isChecked());
    EXPECT_FALSE(find(submenu("Models"), QStringLiteral("tiny"))->isChecked()) << "it waits for memory";
    EXPECT_THAT(texts(*unload()->menu()), ElementsAre("big", "salt&&pepper", "All of them"));
    find(*unload()->menu(), QStringLiteral("salt"))->trigger();
    EXPECT_EQ(service->calls().back(), "unloadModel salt&pepper");
    find(*unload()->menu(), QStringLiteral("All"))->trigger();
    EXPECT_EQ(service->calls().back(), "unloadModel");
    edit([](ServiceSnapshot& s) { s.engine.models.erase(s.engine.models.begin()); });
    ASSERT_TRUE(waitUntil([&] { return unload() && !unload()->menu(); }));
    EXPECT_TRUE(QTest::qWaitFor([&] { return submenu("Models").findChildren<QMenu*>().isEmpty(); }, 20'000))
        << "submenus are not left behind";
}

TEST_F(TrayTest, AClickOnAModelLoadsItAndTheMarkSaysWhatIsLoaded) {
    service->setModels({modelOf("big"), modelOf("tiny")});
    ASSERT_TRUE(waitUntil([&] { return texts(submenu("Models")).size() == 3; }));
    service->failWith("loadModel", {ErrorCode::OutOfMemory, "big needs more memory"});
    service->holdReplies();
    find(submenu("Models"), QStringLiteral("big"))->trigger();
    EXPECT_TRUE(service->called("loadModel big"));
    service->releaseReplies();
    EXPECT_TRUE(waitUntil([&] { return !find(submenu("Models"), QStringLiteral("big"))->isChecked(); }))
        << "it was not loaded";
}

TEST_F(TrayTest, TheModelsMenuStaysShortButHasTheLoadedOne) {
    std::vector<ModelInfo> many;
    for (int i = 100; i < 160; ++i) many.push_back(modelOf("model-" + std::to_string(i)));
    edit([&](ServiceSnapshot& s) {
        s.models = std::make_shared<const std::vector<ModelInfo>>(many);
        s.server = ServerState::Running;
        s.engine.models = {modelIn(ModelState::Loaded, "model-155")};
    });
    ASSERT_TRUE(waitUntil([&] { return texts(submenu("Models")).size() > 3; }));
    EXPECT_LE(texts(submenu("Models")).size(), 25u);
    QAction* loaded = find(submenu("Models"), QStringLiteral("model-155"));
    ASSERT_NE(loaded, nullptr);
    EXPECT_TRUE(loaded->isChecked());
}

TEST_F(TrayTest, AMenuBeingReadIsNotRebuiltForNothing) {
    service->setModels({modelOf("tiny")});
    ASSERT_TRUE(waitUntil([&] { return find(submenu("Models"), QStringLiteral("tiny")) != nullptr; }));
    const auto before = submenu("Models").actions();
    edit([](ServiceSnapshot& s) { s.engine.total.requests = 7; });
    service->setModels({modelOf("tiny")});
    edit([](ServiceSnapshot& s) { s.engine.total.promptTokens = 7; });
    ASSERT_TRUE(waitUntil([&] { return texts(submenu("Serving stats"))[0].find('7') != std::string::npos; }));
    EXPECT_EQ(submenu("Models").actions(), before);
}

TEST_F(TrayTest, AddressAndKeyAreCopied) {
    EXPECT_FALSE(entry("Copy API key")->isEnabled()) << "there is none";
    edit([](ServiceSnapshot& s) {
        s.address = "http://127.0.0.1:4711";
        s.apiKey = "sk-this-very-one";
        s.settings.apiKey = "another";
    });
    ASSERT_TRUE(waitUntil([&] { return entry("Copy API key")->isEnabled(); }));
    entry("Copy address")->trigger();
    EXPECT_EQ(QApplication::clipboard()->text(), QStringLiteral("http://127.0.0.1:4711"));
    entry("Copy API key")->trigger();
    EXPECT_EQ(QApplication::clipboard()->text(), QStringLiteral("sk-this-very-one"));
    edit([](ServiceSnapshot& s) { s.address.clear(); });
    EXPECT_TRUE(waitUntil([&] { return !entry("Copy address")->isEnabled(); }));
}

TEST_F(TrayTest, TheKeyIsNowhereToBeRead) {
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.apiKey = "sk-secret";
    });
    ASSERT_TRUE(waitUntil([&] { return entry("Serving") != nullptr; }));
    EXPECT_FALSE(tray->icon().toolTip().contains(QStringLiteral("sk-secret")));
    for (const std::string& text : texts(tray->menu())) EXPECT_EQ(text.find("sk-secret"), std::string::npos);
}

TEST_F(TrayTest, EntriesAskForTheirPages) {
    QSignalSpy page(tray.get(), &Tray::windowWanted);
    QSignalSpy about(tray.get(), &Tray::aboutWanted);
    QSignalSpy quit(tray.get(), &Tray::quitWanted);
    entry("Open Larder")->trigger();
    entry("Settings")->trigger();
    entry("Logs")->trigger();
    find(submenu("Models"), QStringLiteral("Manage models"))->trigger();
    ASSERT_EQ(page.size(), 4);
    EXPECT_EQ(page[0][0].value<PageId>(), PageId::Overview);
    EXPECT_EQ(page[1][0].value<PageId>(), PageId::Settings);
    EXPECT_EQ(page[2][0].value<PageId>(), PageId::Logs);
    EXPECT_EQ(page[3][0].value<PageId>(), PageId::Models);
    entry("About Larder")->trigger();
    EXPECT_EQ(about.size(), 1);
    entry("Quit")->trigger();
    EXPECT_EQ(quit.size(), 1);
}

TEST_F(TrayTest, AClickOnTheIconShowsTheWindowAsItWasAndHidesItAgain) {
    QSignalSpy wanted(tray.get(), &Tray::windowWanted);
    Q_EMIT tray->icon().activated(QSystemTrayIcon::Trigger);
    ASSERT_EQ(wanted.size(), 1);
    EXPECT_EQ(wanted[0][0].value<PageId>(), PageId::Overview);

    MainWindow window(model);
    window.showPage(PageId::Logs);
    Q_EMIT tray->icon().activated(QSystemTrayIcon::Trigger);
    ASSERT_EQ(wanted.size(), 2);
    EXPECT_EQ(wanted[1][0].value<PageId>(), PageId::Logs);
    window.show();
    window.activateWindow();
    ASSERT_TRUE(waitUntil([&] { return window.isActiveWindow(); }));
    Q_EMIT tray->icon().activated(QSystemTrayIcon::Trigger);
    EXPECT_FALSE(window.isVisible());
    Q_EMIT tray->icon().activated(QSystemTrayIcon::Context);
    EXPECT_EQ(wanted.size(), 2);
}

class TrayNoticeTest : public TrayTest {
protected:
    void report(Notice::Kind kind, const std::string& text) {
        edit([&](ServiceSnapshot& s) { s.notices.push_back({++number, kind, text}); });
        EXPECT_TRUE(waitUntil(
            [&] { return !model.snapshot().notices.empty() && model.snapshot().notices.back().number == number; }));
    }
    std::uint64_t number = 0;
};

TEST_F(TrayNoticeTest, EachIsShownOnce) {
    QSignalSpy shown(tray.get(), &Tray::notified);
    report(Notice::Kind::DownloadDone, "tiny is here.");
    ASSERT_EQ(shown.size(), 1);
    EXPECT_EQ(shown[0][0].toString(), QStringLiteral("tiny is here."));
    edit([](ServiceSnapshot& s) { s.engine.total.requests = 1; });
    ASSERT_TRUE(waitUntil([&] { return model.snapshot().engine.total.requests == 1; }));
    EXPECT_EQ(shown.size(), 1);
    report(Notice::Kind::LowDisk, "Only 1 GB is left.");
    ASSERT_EQ(shown.size(), 2);
    EXPECT_EQ(shown[1][0].toString(), QStringLiteral("Only 1 GB is left."));
}

TEST_F(TrayNoticeTest, SeveralAtOnceAreOneNotificationOfTheLastFour) {
    QSignalSpy shown(tray.get(), &Tray::notified);
    edit([&](ServiceSnapshot& s) {
        for (int i = 1; i <= 6; ++i)
            s.notices.push_back({++number, Notice::Kind::DownloadDone, "model " + std::to_string(i)});
    });
    ASSERT_TRUE(waitUntil([&] { return !shown.isEmpty(); }));
    ASSERT_EQ(shown.size(), 1);
    EXPECT_EQ(shown[0][0].toString(), QStringLiteral("model 3\nmodel 4\nmodel 5\nmodel 6"));
}

TEST_F(TrayNoticeTest, SwitchedOffNothingIsShownNowOrLater) {
    QSignalSpy shown(tray.get(), &Tray::notified);
    edit([](ServiceSnapshot& s) { s.settings.notifications = false; });
    report(Notice::Kind::ServerFailed, "The port is taken.");
    edit([](ServiceSnapshot& s) { s.settings.notifications = true; });
    ASSERT_TRUE(waitUntil([&] { return model.snapshot().settings.notifications; }));
    EXPECT_EQ(shown.size(), 0) << "old news";
    report(Notice::Kind::DownloadDone, "tiny is here.");
    EXPECT_EQ(shown.size(), 1);
}

TEST_F(TrayNoticeTest, WhatHappenedBeforeTheTrayIsOld) {
    report(Notice::Kind::DownloadDone, "old");
    tray = std::make_unique<Tray>(model);
    QSignalSpy shown(tray.get(), &Tray::notified);
    report(Notice::Kind::DownloadDone, "new");
    ASSERT_EQ(shown.size(), 1);
    EXPECT_EQ(shown[0][0].toString(), QStringLiteral("new"));
}

TEST_F(TrayNoticeTest, AClickOpensThePageThatTellsMore) {
    QSignalSpy wanted(tray.get(), &Tray::windowWanted);
    const std::pair<Notice::Kind, PageId> pages[] = {{Notice::Kind::DownloadFailed, PageId::Models},
                                                     {Notice::Kind::LowDisk, PageId::Settings},
                                                     {Notice::Kind::ServerFailed, PageId::Overview},
                                                     {Notice::Kind::CacheProblem, PageId::Cache},
                                                     {static_cast<Notice::Kind>(99), PageId::Overview},   // of a later version
                                                     {Notice::Kind::ModelFailed, PageId::Models}};
    for (const auto& [kind, page] : pages) {
        report(kind, "Something happened.");
        Q_EMIT tray->icon().messageClicked();
        EXPECT_EQ(wanted.back()[0].value<PageId>(), page);
    }
}

TEST_F(TrayTest, TheIconIsSetOnlyWhenTheStateChanges) {
    const QIcon mark(QPixmap(16, 16));  // stays until somebody sets another
    ASSERT_FALSE(tray->icon().icon().isNull());
    tray->icon().setIcon(mark);
    edit([](ServiceSnapshot& s) {
        s.engine.total.promptTokens = 5;
        s.address = "http://127.0.0.1:9";
    });
    ASSERT_TRUE(waitUntil([&] { return texts(submenu("Serving stats"))[0].find('5') != std::string::npos; }));
    EXPECT_EQ(tray->icon().icon().cacheKey(), mark.cacheKey());
    edit([](ServiceSnapshot& s) { s.server = ServerState::Running; });
    EXPECT_TRUE(waitUntil([&] { return tray->icon().icon().cacheKey() != mark.cacheKey(); }));
}

TEST_F(TrayTest, FollowsAtMostTwiceASecondAndComesToRest) {
    ASSERT_TRUE(waitUntil([&] {
        const auto timers = tray->findChildren<QTimer*>();
        return std::none_of(timers.begin(), timers.end(),
                            [](const QTimer* t) { return t->isActive() && t->interval() < 5'000; });
    }));
    int set = 0;
    QAction* figure = submenu("Serving stats").actions().first();
    QObject::connect(figure, &QAction::changed, [&] { ++set; });
    QElapsedTimer clock;
    clock.start();
    for (std::uint64_t i = 1; set < 4; ++i) {
        edit([&](ServiceSnapshot& s) { s.engine.total.promptTokens = i; });
        QTest::qWait(20);
        ASSERT_LT(clock.elapsed(), 60'000);
    }
    EXPECT_LE(set, clock.elapsed() / 450 + 1) << "a timer may be five percent early";
}

}  // namespace
}  // namespace larder::ui
