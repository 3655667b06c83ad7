#include "ui/pages/overview_page.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QClipboard>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include "tests/support/scripted_service.h"
#include "tests/ui/some_models.h"
#include "ui/pages/try_command.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/figure.h"
#include "ui/widgets/meter.h"
#include "ui/widgets/stacked_meter.h"

namespace larder::ui {
namespace {

ModelInfo runnable(const std::string& name) {
    ModelInfo model;
    model.name = name;
    model.path = "/models/" + name + ".gguf";
    model.fileBytes = 98'000'000;
    model.contextTokens = 8192;
    return model;
}

class OverviewPageTest : public testing::Test {
protected:
    OverviewPageTest() {
        page.resize(900, 700);
        page.show();
    }
    void edit(const std::function<void(ServiceSnapshot&)>& change) {
        service->editQuietly(change);
        model.refresh();
    }
    void serve() {
        edit([](ServiceSnapshot& s) {
            s.server = ServerState::Running;
            s.apiKey = "secret-key-123";
            s.models = std::make_shared<const std::vector<ModelInfo>>(std::vector{runnable("tiny")});
        });
    }
    QPushButton* button(const char* name) { return page.findChild<QPushButton*>(QLatin1String(name)); }
    QString label(const char* name) { return page.findChild<QLabel*>(QLatin1String(name))->text(); }
    QString field(const char* name) { return page.findChild<QLineEdit*>(QLatin1String(name))->text(); }
    QPushButton* copyButton(const QString& accessibleName) {
        for (QPushButton* each : page.findChildren<QPushButton*>())
            if (each->accessibleName() == accessibleName) return each;
        return nullptr;
    }

    // The models under "Right now", as they are spoken.
    QList<QWidget*> lines() {
        QList<QWidget*> shown;
        for (QWidget* each : page.findChildren<QWidget*>(QStringLiteral("modelLine")))
            if (each->isVisible()) shown += each;
        return shown;
    }
    QStringList spokenLines() {
        QStringList spoken;
        for (const QWidget* each : lines()) spoken += each->accessibleName() + QStringLiteral(": ") + each->accessibleDescription();
        return spoken;
    }

    support::ScriptedService* service = nullptr;
    EngineModel model{support::ScriptedService::maker(service)};
    OverviewPage page{model};
};

TEST_F(OverviewPageTest, OneButtonStartsAndStops) {
    EXPECT_EQ(button("toggleServer")->text(), QStringLiteral("Start server"));
    button("toggleServer")->click();
    EXPECT_TRUE(service->called("startServer"));
    serve();
    EXPECT_EQ(button("toggleServer")->text(), QStringLiteral("Stop server"));
    button("toggleServer")->click();
    EXPECT_TRUE(service->called("stopServer"));
    edit([](ServiceSnapshot& s) { s.server = ServerState::Stopping; });
    EXPECT_FALSE(button("toggleServer")->isEnabled());
    EXPECT_EQ(service->calls().size(), 2U);
}

TEST_F(OverviewPageTest, AFailureSaysWhatHappenedAndWhatToDo) {
    QSignalSpy settings(&page, &OverviewPage::settingsWanted);
    EXPECT_FALSE(button("openSettings")->isVisible());
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Failed;
        s.failure = "Another Larder uses this folder: quit it first.";
    });
    EXPECT_EQ(label("detail"), QStringLiteral("Another Larder uses this folder: quit it first."));
    EXPECT_TRUE(button("openSettings")->isVisible());
    button("openSettings")->click();
    EXPECT_EQ(settings.count(), 1);
    EXPECT_EQ(button("toggleServer")->text(), QStringLiteral("Try again"));
    button("toggleServer")->click();
    EXPECT_TRUE(service->called("startServer"));
}

TEST_F(OverviewPageTest, TheKeyIsHiddenUntilAskedForButCopied) {
    serve();
    EXPECT_EQ(field("address"), QStringLiteral("http://127.0.0.1:1337"));
    EXPECT_FALSE(field("apiKey").contains(QStringLiteral("secret")));
    EXPECT_FALSE(field("tryCommand").contains(QStringLiteral("secret")));
    copyButton(QStringLiteral("Copy the API key"))->click();
    EXPECT_EQ(QApplication::clipboard()->text(), QStringLiteral("secret-key-123"));
    copyButton(QStringLiteral("Copy the address"))->click();
    EXPECT_EQ(QApplication::clipboard()->text(), QStringLiteral("http://127.0.0.1:1337"));
    copyButton(QStringLiteral("Copy the command"))->click();
    EXPECT_TRUE(QApplication::clipboard()->text().contains(QStringLiteral("Bearer secret-key-123")));
    copyButton(QStringLiteral("Show the API key"))->click();
    EXPECT_EQ(field("apiKey"), QStringLiteral("secret-key-123"));
}

TEST_F(OverviewPageTest, WithoutAModelItLeadsToOne) {
    QSignalSpy wanted(&page, &OverviewPage::modelsWanted);
    edit([](ServiceSnapshot& s) { s.modelsKnown = false; });
    EXPECT_FALSE(button("getModel")->isVisible());   // not known yet: no false alarm
    edit([](ServiceSnapshot& s) { s.modelsKnown = true; });
    ASSERT_TRUE(button("getModel")->isVisible());
    button("getModel")->click();
    EXPECT_EQ(wanted.count(), 1);
    serve();
    EXPECT_FALSE(button("getModel")->isVisible());
}

TEST_F(OverviewPageTest, LoadingAndReadingShowHowFar) {
    serve();
    auto* progress = page.findChild<Meter*>(QStringLiteral("serverProgress"));
    EXPECT_FALSE(progress->isVisible());
    edit([](ServiceSnapshot& s) {
        s.engine.models = {loadingModel(0.43)};
    });
    EXPECT_FALSE(progress->isVisible()) << "the model's own line has the bar";
    ASSERT_EQ(lines().size(), 1);
    EXPECT_TRUE(lines().front()->findChild<Meter*>()->isVisible());
    EXPECT_TRUE(label("detail").contains(QStringLiteral("43 %"))) << label("detail").toStdString();
    edit([](ServiceSnapshot& s) {
        s.engine.models = {modelIn(ModelState::Loaded)};
        s.engine.runningSequences = s.engine.prefillingSequences = 1;
        s.engine.prefillDoneTokens = 1000;
        s.engine.prefillTotalTokens = 5000;
        s.engine.prefillTokensPerSecond = 100;
    });
    EXPECT_TRUE(progress->isVisible());
    EXPECT_TRUE(progress->accessibleDescription().contains(QStringLiteral("40 s"))) << progress->accessibleDescription().toStdString();
    edit([](ServiceSnapshot& s) { s.engine.prefillDoneTokens = s.engine.prefillTotalTokens = 0; });
    EXPECT_FALSE(progress->isVisible());
}

TEST_F(OverviewPageTest, RightNowIsThereWhileTheServerRuns) {
    auto* requests = page.findChild<QLabel*>(QStringLiteral("requests"));
    EXPECT_FALSE(requests->isVisible());
    serve();
    EXPECT_TRUE(requests->isVisible());
    EXPECT_EQ(requests->text(), QStringLiteral("No request is running or waiting."));
    edit([](ServiceSnapshot& s) {
        s.engine.runningSequences = 1;
        s.engine.waitingSequences = 2;
        s.engine.modelWaitSequences = s.engine.followingSequences = 1;
    });
    EXPECT_EQ(requests->text().toStdString(), "1 running, 2 waiting, 1 of them for a model to load, 1 follows another request");
    edit([](ServiceSnapshot& s) { s.server = ServerState::Stopped; });
    EXPECT_FALSE(requests->isVisible());
}

TEST_F(OverviewPageTest, EveryModelHasALineThatSaysHowItIs) {
    serve();
    EXPECT_TRUE(lines().isEmpty());
    edit([](ServiceSnapshot& s) {
        ModelStatus busy = modelIn(ModelState::Loaded, "busy");
        busy.pinned = true;
        busy.runningSequences = 2;
        busy.waitingSequences = 1;
        busy.weightBytes = 1'900'000'000;
        busy.kvBytes = 420'000'000;
        s.engine.models = {failedModel("bad: the file ends early.", "bad"), busy, loadingModel(0.43, "next"), modelIn(ModelState::Unloaded, "waits")};
    });
    EXPECT_EQ(spokenLines(), QStringList({"bad: failed to load. bad: the file ends early.",
                                          "busy: loaded. 2 running, 1 waiting · 1.9 GB of weights, 420 MB in the prompt cache",
                                          "next: loading 43 %",
                                          "waits: waiting for memory. It is loaded as soon as other models leave it enough memory."}));
    const auto badges = [&](int line) {
        QStringList words;
        for (const Badge* badge : lines()[line]->findChildren<Badge*>())
            if (badge->isVisible()) words += badge->text();
        return words;
    };
    EXPECT_EQ(badges(0), QStringList({"failed to load"}));
    EXPECT_EQ(badges(1), QStringList({"loaded", "pinned"}));
    const QList<QWidget*> before = lines();
    edit([](ServiceSnapshot& s) { s.engine.models = {modelIn(ModelState::Loaded, "only")}; });
    EXPECT_EQ(spokenLines(), QStringList({"only: loaded"}));
    EXPECT_EQ(badges(0), QStringList({"loaded"}));
    EXPECT_EQ(lines().front(), before.front()) << "lines are reused";
}

TEST_F(OverviewPageTest, TheHotTierIsABarAgainstItsLimit) {
    auto* meter = page.findChild<StackedMeter*>(QStringLiteral("hotTier"));
    serve();
    EXPECT_FALSE(meter->isVisible()) << "there is none yet";
    edit([](ServiceSnapshot& s) { s.engine.hotTier = {5'600'000'000, 1'200'000'000, 3'400'000'000, 0}; });
    ASSERT_TRUE(meter->isVisible());
    EXPECT_EQ(meter->accessibleName(), QStringLiteral("Prompt cache in memory"));
    EXPECT_EQ(meter->accessibleDescription(), QStringLiteral("1.2 GB in use, 3.4 GB kept of 5.6 GB"));
}

TEST_F(OverviewPageTest, TheColdTierIsABarWhileItIsOn) {
    auto* meter = page.findChild<StackedMeter*>(QStringLiteral("coldTier"));
    serve();
    EXPECT_FALSE(meter->isVisible()) << "it is off";
    edit([](ServiceSnapshot& s) {
        s.engine.coldTier.on = true;
        s.engine.coldTier.limitBytes = 20'000'000'000;
        s.engine.coldTier.usedBytes = 12'000'000'000;
    });
    ASSERT_TRUE(meter->isVisible());
    EXPECT_EQ(meter->accessibleName(), QStringLiteral("Prompt cache on the disk"));
    EXPECT_EQ(meter->accessibleDescription(), QStringLiteral("12 GB kept of 20 GB"));
}

TEST_F(OverviewPageTest, RequestsThatReadFromTheDiskAreSaid) {
    serve();
    edit([](ServiceSnapshot& s) { s.engine.waitingSequences = s.engine.loadingSequences = 1; });
    EXPECT_EQ(label("requests").toStdString(), "0 running, 1 waiting, 1 is reading from the disk");
}

TEST_F(OverviewPageTest, WhatAllRunsBroughtIsSaidWithoutAServerToo) {
    auto* card = page.findChild<QWidget*>(QStringLiteral("allTime"));
    const auto figure = [&](const char* caption) -> Figure* {
        for (Figure* each : card->findChildren<Figure*>())
            if (each->accessibleName() == QLatin1String(caption)) return each;
        return nullptr;
    };
    EXPECT_FALSE(figure("Time saved")->isVisible());
    EXPECT_TRUE(label("allTimeSentence").startsWith(QStringLiteral("Nothing was asked yet.")));
    edit([](ServiceSnapshot& s) {
        UsageTotals& all = s.allTime;
        all.counters.requests = 40;
        all.counters.promptTokens = 10'000;
        all.counters.cachedTokens = 7'300;
        all.counters.loadedTokens = 300;
        all.counters.generatedTokens = 500;
        UsageCounters small{.cachedTokens = 6'000, .computedPromptTokens = 2'000, .prefillSeconds = 20};   // 60 s saved
        UsageCounters large{.cachedTokens = 1'300, .computedPromptTokens = 700, .prefillSeconds = 70};     // 130 s
        all.models = {{"small", small, {}}, {"large", large, {}}};
    });
    EXPECT_EQ(figure("Time saved")->accessibleDescription(), QStringLiteral("3 min 10 s")) << "each model at its own speed";
    EXPECT_TRUE(figure("Time saved")->toolTip().contains(QStringLiteral("same model")));
    EXPECT_EQ(figure("Cache efficiency")->accessibleDescription(), QStringLiteral("73 %"));
    EXPECT_EQ(figure("Requests")->accessibleDescription(), QStringLiteral("40"));
    EXPECT_EQ(figure("Tokens")->accessibleDescription(), QStringLiteral("10,500"));
    EXPECT_EQ(label("allTimeSentence").toStdString(), "10,000 prompt tokens, 7,300 of them from the cache, 300 of those from the disk, and 500 generated.");
    edit([](ServiceSnapshot& s) { s.allTime.sinceUnixMs = 1'760'000'000'000; });
    EXPECT_TRUE(label("allTimeSentence").contains(QStringLiteral("October 2025")));
    EXPECT_TRUE(figure("Time saved")->isVisible());
}

TEST_F(OverviewPageTest, CacheEfficiencyIsASharePromptsHave) {
    const auto efficiency = [&] {
        for (const Figure* figure : page.findChildren<Figure*>())
            if (figure->accessibleName() == QLatin1String("Cache efficiency")) return figure->accessibleDescription();
        return QStringLiteral("no such figure");
    };
    serve();
    EXPECT_EQ(efficiency(), QStringLiteral("-"));
    edit([](ServiceSnapshot& s) {
        s.engine.total.promptTokens = 1000;
        s.engine.total.cachedTokens = 640;
    });
    EXPECT_EQ(efficiency(), QStringLiteral("64 %"));
}

TEST_F(OverviewPageTest, WarningsAndChangedSettingsAreSaid) {
    auto* banner = page.findChild<Banner*>();
    serve();
    EXPECT_FALSE(banner->isVisible());
    edit([](ServiceSnapshot& s) { s.restartNeeded = true; });
    ASSERT_TRUE(banner->isVisible());
    banner->findChild<QPushButton*>()->click();
    EXPECT_TRUE(service->called("restartServer"));
    edit([](ServiceSnapshot& s) { s.engine.warning = "tiny was not loaded: Larder crashed while loading it last time."; });
    EXPECT_TRUE(banner->accessibleName().contains(QStringLiteral("crashed")));
}

TEST_F(OverviewPageTest, HiddenItDoesNothingAndShownItCatchesUp) {
    page.hide();
    serve();
    EXPECT_EQ(label("headline"), QStringLiteral("Stopped"));
    page.show();
    EXPECT_EQ(label("headline"), QStringLiteral("Serving"));
}

// The shell is the judge: the command is handed to it with printf in curl's place.
TEST(TryCommand, SurvivesHostileNames) {
    ServiceSnapshot snapshot;
    snapshot.address = "http://127.0.0.1:1337";
    snapshot.models = std::make_shared<const std::vector<ModelInfo>>(std::vector{runnable("a'b\"c $(touch x) `y` \\ z")});
    const QString command = tryCommand(snapshot, QStringLiteral("k'ey"));
    ASSERT_TRUE(command.startsWith(QStringLiteral("curl ")));
    QProcess shell;
    shell.start(QStringLiteral("sh"), {QStringLiteral("-c"), QStringLiteral("printf '%s\\n' ") + command.mid(5)});
    ASSERT_TRUE(shell.waitForFinished());
    const QList<QByteArray> arguments = shell.readAllStandardOutput().trimmed().split('\n');
    ASSERT_EQ(arguments.size(), 7);
    EXPECT_EQ(arguments[0], "http://127.0.0.1:1337/v1/chat/completions");
    EXPECT_EQ(arguments[2], "Authorization: Bearer k'ey");
    const QJsonObject body = QJsonDocument::fromJson(arguments[6]).object();
    EXPECT_EQ(body.value(QStringLiteral("model")).toString().toStdString(), snapshot.models->front().name);
}

TEST(TryCommand, NamesTheLoadedModelThenTheDefaultThenTheFirstThatRuns) {
    ServiceSnapshot snapshot;
    ModelInfo broken = runnable("broken");
    broken.problem = "a K-quant";
    snapshot.models = std::make_shared<const std::vector<ModelInfo>>(std::vector{broken, runnable("first"), runnable("second"), runnable("third")});
    EXPECT_EQ(modelToTry(snapshot), "first");
    snapshot.settings.defaultModel = "second";
    EXPECT_EQ(modelToTry(snapshot), "second");
    snapshot.engine.models = {modelIn(ModelState::Loaded, "first", 1), modelIn(ModelState::Loaded, "third", 2), loadingModel(0.5, "second")};
    EXPECT_EQ(modelToTry(snapshot), "third") << "the loaded one used last";
    EXPECT_FALSE(tryCommand(snapshot, QString()).contains(QStringLiteral("Authorization")));
}

}  // namespace
}  // namespace larder::ui
