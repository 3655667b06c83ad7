#include "ui/pages/models_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>

#include "tests/support/scripted_service.h"
#include "tests/ui/some_models.h"
#include "ui/ask.h"
#include "ui/download_dialog.h"
#include "ui/pages/download_queue_view.h"
#include "ui/pages/download_row.h"
#include "ui/pages/installed_list.h"
#include "ui/pages/installed_row.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/meter.h"

namespace larder::ui {
namespace {

ModelInfo installed(const std::string& name, std::uint64_t bytes, std::size_t window) {
    ModelInfo model;
    model.name = name;
    model.path = "/models/" + name + ".gguf";
    model.fileBytes = bytes;
    model.family = "Family of " + name;
    model.quantisation = "Q4_0";
    model.contextTokens = window;
    return model;
}

DownloadStatus download(std::uint64_t id, DownloadState state, std::uint64_t done = 0) {
    DownloadStatus status;
    status.id = id;
    status.repository = "org/name";
    status.label = "Q4_0";
    status.state = state;
    status.progress.doneBytes = done;
    status.progress.totalBytes = 1'000'000'000;
    return status;
}

class ModelsPageTest : public testing::Test {
protected:
    ModelsPageTest() {
        page.resize(900, 700);
        page.show();
    }
    void edit(const std::function<void(ServiceSnapshot&)>& change) {
        service->editQuietly(change);
        model.refresh();
    }
    void setModels(std::vector<ModelInfo> models) {
        service->setModels(std::move(models));
        model.refresh();
    }
    void setDownloads(std::vector<DownloadStatus> downloads) {
        service->setDownloads(std::move(downloads));
        model.refresh();
    }
    void threeModels() {
        ModelInfo broken = installed("broken", 300, 32768);
        broken.problem = "Its weights are Q6_K, which this version cannot run yet.";
        ModelInfo cached = installed("cached", 200, 131072);
        cached.source = ModelSource::HuggingFaceCache;
        setModels({broken, cached, installed("tiny", 100, 8192)});
    }
    InstalledRow* row(const QString& name) {
        for (InstalledRow* each : page.findChildren<InstalledRow*>())
            if (each->name() == name && !each->isHidden()) return each;
        return nullptr;
    }
    QPushButton* button(const QString& name, const char* which) { return row(name)->findChild<QPushButton*>(QLatin1String(which)); }
    QPushButton* load(const QString& name) { return button(name, "load"); }
    QString activity(const QString& name) {
        const auto* label = row(name)->findChild<QLabel*>(QStringLiteral("activity"));
        return label->isHidden() ? QString() : label->text();
    }
    bool says(const QString& name, const QString& words) {
        for (const QLabel* label : row(name)->findChildren<QLabel*>())
            if (!label->isHidden() && label->text().contains(words)) return true;
        return false;
    }
    QAction* action(const QString& name, const char* which) { return row(name)->findChild<QAction*>(QLatin1String(which)); }
    QStringList badges(const QString& name) {
        QStringList words;
        for (const Badge* badge : row(name)->findChildren<Badge*>())
            if (!badge->isHidden()) words += badge->text();
        return words;
    }
    DownloadRow* downloadRow(std::uint64_t id) { return page.findChild<DownloadQueueView*>()->row(id); }

    support::ScriptedService* service = nullptr;
    EngineModel model{support::ScriptedService::maker(service)};
    ModelsPage page{model};
    InstalledList* list = page.findChild<InstalledList*>();
    Banner* banner = page.findChild<Banner*>();
};

TEST_F(ModelsPageTest, WithoutModelsItOffersToGetOne) {
    auto* get = page.findChild<QPushButton*>(QStringLiteral("getFirstModel"));
    ASSERT_TRUE(get->isVisible());
    get->click();
    auto* dialog = page.findChild<DownloadDialog*>();
    ASSERT_NE(dialog, nullptr);
    EXPECT_TRUE(dialog->isVisible());
    dialog->close();
    threeModels();
    EXPECT_FALSE(get->isVisible());
}

TEST_F(ModelsPageTest, LoadsAndUnloadsEachByItself) {
    threeModels();
    EXPECT_FALSE(load("broken")->isEnabled());
    EXPECT_TRUE(load("broken")->toolTip().contains(QStringLiteral("Q6_K")));
    load("tiny")->click();
    EXPECT_TRUE(service->called("loadModel tiny"));
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.models = {loadingModel(0.5)};
    });
    EXPECT_TRUE(badges("tiny").contains(QStringLiteral("loading 50 %")));
    EXPECT_TRUE(row("tiny")->findChild<Meter*>()->isVisible());
    EXPECT_FALSE(load("tiny")->isEnabled());
    EXPECT_FALSE(row("cached")->findChild<Meter*>()->isVisible());
    ASSERT_TRUE(load("cached")->isEnabled()) << "several may be loaded at the same time";
    load("cached")->click();
    EXPECT_TRUE(service->called("loadModel cached"));
    edit([](ServiceSnapshot& s) { s.engine.models = {modelIn(ModelState::Loaded, "cached"), modelIn(ModelState::Loaded)}; });
    for (const char* name : {"cached", "tiny"}) {
        EXPECT_TRUE(badges(name).contains(QStringLiteral("loaded"))) << name;
        EXPECT_EQ(load(name)->text(), QStringLiteral("Unload")) << name;
        EXPECT_TRUE(load(name)->toolTip().contains(QStringLiteral("kept in the prompt cache"))) << name;
    }
    load("tiny")->click();
    EXPECT_EQ(service->calls().back(), "unloadModel tiny");
}

TEST_F(ModelsPageTest, WhatWaitsOrFailedSaysWhy) {
    threeModels();
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.models = {failedModel("cached: the file ends early.", "cached"), modelIn(ModelState::Unloaded)};
        s.engine.models[1].waitingSequences = 3;
    });
    EXPECT_TRUE(badges("tiny").contains(QStringLiteral("waiting for memory")));
    EXPECT_EQ(activity("tiny"), QStringLiteral("3 waiting"));
    EXPECT_TRUE(says("tiny", QStringLiteral("as soon as other models leave it enough memory")));
    EXPECT_FALSE(load("tiny")->isEnabled()) << "it is asked for already";
    EXPECT_TRUE(badges("cached").contains(QStringLiteral("failed to load")));
    EXPECT_TRUE(says("cached", QStringLiteral("the file ends early")));
    EXPECT_TRUE(load("cached")->isEnabled()) << "it may be tried again";
}

TEST_F(ModelsPageTest, ARowSaysWhatRunsInItsModelAndWhatItHolds) {
    threeModels();
    EXPECT_EQ(activity("tiny"), QString());
    edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.models = {modelIn(ModelState::Loaded)};
        s.engine.models[0].runningSequences = 2;
        s.engine.models[0].waitingSequences = 1;
        s.engine.models[0].kvBytes = 420'000'000;
    });
    EXPECT_EQ(activity("tiny").toStdString(), "2 running, 1 waiting · 420 MB in the prompt cache");
    EXPECT_EQ(activity("cached"), QString());
}

TEST_F(ModelsPageTest, APinIsSetAndTakenBackAndShowsWhatIs) {
    threeModels();
    QPushButton* pin = button("tiny", "pin");
    EXPECT_EQ(pin->accessibleName(), QStringLiteral("Pin tiny"));
    EXPECT_TRUE(pin->toolTip().contains(QStringLiteral("stays loaded until you unload it")));
    EXPECT_FALSE(button("broken", "pin")->isEnabled());
    pin->click();
    EXPECT_EQ(service->calls().back(), "pinModel tiny");
    EXPECT_FALSE(pin->isChecked()) << "not yet";
    edit([](ServiceSnapshot& s) { s.settings.pinnedModels = {"tiny"}; });
    EXPECT_TRUE(pin->isChecked()) << "also while it is not loaded";
    EXPECT_TRUE(badges("tiny").contains(QStringLiteral("pinned")));
    EXPECT_FALSE(button("cached", "pin")->isChecked());
    edit([](ServiceSnapshot& s) {
        s.engine.models = {modelIn(ModelState::Loaded)};
        s.engine.models[0].pinned = true;
    });
    EXPECT_TRUE(pin->isChecked());
    service->failWith("unpinModel", {ErrorCode::NoSpace, "the disk is full"});
    pin->toggle();   // as screen readers do
    EXPECT_EQ(service->calls().back(), "unpinModel tiny");
    ASSERT_TRUE(QTest::qWaitFor([&] { return banner->isVisible(); }));
    EXPECT_TRUE(pin->isChecked()) << "it is still pinned";
    edit([](ServiceSnapshot& s) { s.engine.models[0].pinned = false; });
    EXPECT_FALSE(pin->isChecked());
    EXPECT_FALSE(badges("tiny").contains(QStringLiteral("pinned")));
}

TEST_F(ModelsPageTest, ANarrowRowHasThePinWithoutItsWord) {
    threeModels();
    const auto word = [&] {
        QApplication::processEvents();
        return button("tiny", "pin")->text();
    };
    EXPECT_EQ(word(), QStringLiteral("Pin"));
    page.resize(500, 700);
    EXPECT_EQ(word(), QString());
    EXPECT_EQ(button("tiny", "pin")->accessibleName(), QStringLiteral("Pin tiny"));
    EXPECT_LE(list->minimumSizeHint().width(), 500);
    page.resize(900, 700);
    EXPECT_EQ(word(), QStringLiteral("Pin"));
}

TEST_F(ModelsPageTest, AFailedLoadIsToldOnceAndCanBeDismissed) {
    threeModels();
    service->failWith("loadModel", {ErrorCode::OutOfMemory, "tiny needs 9 GB: close other programs."});
    load("tiny")->click();
    ASSERT_TRUE(QTest::qWaitFor([&] { return banner->isVisible(); }));
    EXPECT_TRUE(banner->accessibleName().contains(QStringLiteral("needs 9 GB")));
    banner->findChild<QPushButton*>()->click();
    EXPECT_FALSE(banner->isVisible());
}

TEST_F(ModelsPageTest, MarksSmallWindowsAndWhereAFileLies) {
    threeModels();
    EXPECT_TRUE(badges("tiny").contains(QStringLiteral("chat only: 8k window")));
    EXPECT_FALSE(badges("cached").join(' ').contains(QStringLiteral("chat only")));
    EXPECT_TRUE(badges("cached").join(' ').contains(QStringLiteral("Hugging Face cache")));
    EXPECT_TRUE(badges("tiny").contains(QStringLiteral("fits")));
    EXPECT_TRUE(badges("broken").contains(QStringLiteral("cannot run yet")));
}

TEST_F(ModelsPageTest, DeletingAsksFirstAndNeverTouchesTheCache) {
    threeModels();
    EXPECT_FALSE(action("cached", "remove")->isEnabled());
    Ask::answerNext(false);
    action("tiny", "remove")->trigger();
    EXPECT_FALSE(service->called("removeModel tiny"));
    Ask::answerNext(true);
    action("tiny", "remove")->trigger();
    EXPECT_TRUE(service->called("removeModel tiny"));
}

TEST_F(ModelsPageTest, TheDefaultIsSetAndTakenBack) {
    threeModels();
    action("tiny", "toggleDefault")->trigger();
    ASSERT_EQ(service->savedSettings().size(), 1U);
    EXPECT_EQ(service->savedSettings().back().defaultModel, "tiny");
    model.refresh();
    EXPECT_TRUE(badges("tiny").contains(QStringLiteral("default")));
    action("tiny", "toggleDefault")->trigger();
    EXPECT_EQ(service->savedSettings().back().defaultModel, "");
}

TEST_F(ModelsPageTest, FiltersByWordsAndSorts) {
    threeModels();
    EXPECT_EQ(list->shownNames(), QStringList({"broken", "cached", "tiny"}));
    page.findChild<QComboBox*>(QStringLiteral("order"))->setCurrentIndex(2);   // smallest first
    EXPECT_EQ(list->shownNames(), QStringList({"tiny", "cached", "broken"}));
    auto* filter = page.findChild<QLineEdit*>(QStringLiteral("filter"));
    QTest::keyClicks(filter, QStringLiteral("q4_0 FAMILY cach"));
    EXPECT_EQ(list->shownNames(), QStringList({"cached"}));
    filter->setText(QStringLiteral("nothing like it"));
    EXPECT_TRUE(list->shownNames().isEmpty());
    setModels({installed("nothing like it at all", 1, 1)});   // the filter stays in force for new ones
    EXPECT_EQ(list->shownNames().size(), 1);
}

TEST_F(ModelsPageTest, RowsStayWhileOnlyFiguresChange) {
    threeModels();
    const InstalledRow* before = row("tiny");
    edit([](ServiceSnapshot& s) { s.engine.total.generatedTokens = 5; });
    threeModels();   // the same models, read from the disk again
    EXPECT_EQ(row("tiny"), before);
    setModels({installed("tiny", 100, 8192)});
    EXPECT_NE(row("tiny"), nullptr);
    EXPECT_EQ(row("broken"), nullptr);
}

TEST_F(ModelsPageTest, NamesFromOutsideAreTextNotMarkup) {
    ModelInfo hostile = installed("<h1>x</h1>", 1, 8192);
    hostile.problem = "<img src=/etc/passwd>";
    hostile.family = std::string(400, 'w');
    setModels({hostile});
    for (const QLabel* each : row(QStringLiteral("<h1>x</h1>"))->findChildren<QLabel*>())
        EXPECT_EQ(each->textFormat(), Qt::PlainText) << each->text().toStdString();
    EXPECT_LT(list->minimumSizeHint().width(), 900);   // a long name may not widen the page
}

TEST_F(ModelsPageTest, DownloadsArePausedResumedRetriedAndCleared) {
    EXPECT_FALSE(page.findChild<DownloadQueueView*>()->isVisible());
    DownloadStatus failed = download(3, DownloadState::Failed, 10);
    failed.error = "The hub does not answer: check the connection.";
    DownloadStatus running = download(1, DownloadState::Running, 250'000'000);
    running.progress.bytesPerSecond = 10e6;
    running.progress.secondsLeft = 75;
    running.progress.remark = "the hub is busy, trying again in 8 s";
    setDownloads({running, download(2, DownloadState::Paused, 5), failed, download(4, DownloadState::Done)});
    EXPECT_TRUE(page.findChild<DownloadQueueView*>()->isVisible());
    const QString figures = downloadRow(1)->findChild<Meter*>()->accessibleDescription();
    EXPECT_EQ(figures.toStdString(), "250 MB of 1.0 GB, 10 MB/s, about 1 min 15 s left");
    const auto press = [&](std::uint64_t id, const char* name) { downloadRow(id)->findChild<QPushButton*>(QLatin1String(name))->click(); };
    press(1, "toggle");
    press(2, "toggle");
    press(3, "toggle");
    EXPECT_THAT(service->calls(), testing::IsSupersetOf({"pauseDownload 1", "resumeDownload 2", "resumeDownload 3"}));
    Ask::answerNext(false);
    press(1, "cancel");
    EXPECT_FALSE(service->called("cancelDownload 1"));
    Ask::answerNext(true);
    press(1, "cancel");
    EXPECT_TRUE(service->called("cancelDownload 1"));
    page.findChild<QPushButton*>(QStringLiteral("clearDone"))->click();   // asks nothing: the model stays
    EXPECT_TRUE(service->called("cancelDownload 4"));
    EXPECT_FALSE(service->called("cancelDownload 3"));
}

TEST_F(ModelsPageTest, DownloadRowsComeGoAndKeepTheirOrder) {
    setDownloads({download(1, DownloadState::Running), download(2, DownloadState::Queued)});
    DownloadRow* second = downloadRow(2);
    setDownloads({download(2, DownloadState::Running), download(1, DownloadState::Queued), download(5, DownloadState::Queued)});
    EXPECT_EQ(downloadRow(2), second);
    QApplication::processEvents();
    EXPECT_LT(downloadRow(2)->y(), downloadRow(1)->y());
    EXPECT_LT(downloadRow(1)->y(), downloadRow(5)->y());
    setDownloads({});
    EXPECT_EQ(downloadRow(1), nullptr);
    EXPECT_FALSE(page.findChild<DownloadQueueView*>()->isVisible());
}

}  // namespace
}  // namespace larder::ui
