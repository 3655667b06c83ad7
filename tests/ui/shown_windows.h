// Every window of Larder in the states a user meets, shown one after the other, for tests that look at all of them. The
// service is scripted; nothing here is measured or downloaded. GUI thread.
#pragma once

#include <QLineEdit>
#include <QRadioButton>
#include <QSpinBox>
#include <QTest>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/scripted_service.h"
#include "tests/support/temp_folder.h"
#include "tests/ui/some_models.h"
#include "ui/download_dialog.h"
#include "ui/engine_model.h"
#include "ui/look.h"
#include "ui/main_window.h"
#include "ui/wizard/wizard.h"

namespace larder::ui {

class ShownWindows {
public:
    using Visit = std::function<void(QWidget& window, const QString& state)>;

    ShownWindows() : m_model(support::ScriptedService::maker(m_service)) {
        Look::install(*qApp, QStringLiteral("light"));
        m_service->edit([this](ServiceSnapshot& now) {
            now.settings.baseDir = m_folder.path();
            now.settings.modelDir = m_folder / "models";
            now.settings.setupDone = true;
            now.apiKey = std::string(64, '5');
        });
        m_service->setRepository(repository());
        m_model.refresh();
    }

    void visitAll(const Visit& visit) {
        visitMainWindow(visit);
        visitDialog(visit);
        visitWizard(visit);
    }

    static std::vector<ModelInfo> models() {
        ModelInfo small;
        small.name = "SmolLM2-135M-Instruct.Q4_1";
        small.family = "SmolLM2 135M Instruct";
        small.architecture = "llama";
        small.quantisation = "Q4_1";
        small.fileBytes = 98'362'432;
        small.contextTokens = 8192;
        small.kvBytesPerToken = 23'040;
        small.path = "/models/SmolLM2-135M-Instruct.Q4_1.gguf";
        ModelInfo large = small;
        large.name = "Llama-3.2-3B-Instruct-Q4_0";
        large.family = "Llama 3.2 3B Instruct";
        large.fileBytes = 1'917'000'000;
        large.contextTokens = 131'072;
        large.source = ModelSource::HuggingFaceCache;
        ModelInfo refused = small;
        refused.name = "Qwen3-Coder-30B-A3B-Instruct-Q4_K_M";
        refused.family = "Qwen3 Coder";
        refused.problem = kProblem;
        return {small, large, refused};
    }
    static std::vector<DownloadStatus> downloads() {
        DownloadStatus running{1, "org/first-GGUF", "Q4_0", DownloadState::Running, {}, "", ""};
        running.progress = {2'310'000'000, 4'660'000'000, 24'300'000, 96.7, false, ""};
        const DownloadStatus paused{2, "org/second-GGUF", "Q8_0", DownloadState::Paused, {}, "", ""};
        const DownloadStatus failed{3, "org/third-GGUF", "Q8_0", DownloadState::Failed, {}, kFailure, ""};
        DownloadStatus done{4, "org/fourth-GGUF", "Q8_0", DownloadState::Done, {}, "", ""};
        done.progress.totalBytes = 1'000'000;
        return {running, paused, failed, done};
    }
    static Repository repository() {
        Repository made;
        made.id = "org/gated-GGUF";
        made.commit = std::string(40, 'a');
        made.license = "llama3.2";
        made.pageUrl = "https://huggingface.co/org/gated-GGUF";
        made.gated = true;
        DownloadChoice choice;
        choice.label = "Q4_0";
        choice.bytes = 1'917'000'000;
        choice.files = {{"gated-Q4_0.gguf", choice.bytes, std::string(64, 'b')}};
        choice.fit = estimateFit(choice.bytes, 50'000, 131'072, {"", 4, 16'000'000'000, 9'000'000'000});
        DownloadChoice refused = choice;
        refused.label = "Q4_K_M";
        refused.problem = kProblem;
        made.choices = {choice, refused};
        return made;
    }

    static CacheListing cached() {
        CacheListing listing;
        for (const ModelInfo& model : {models()[0], models()[1]}) {
            listing.models.push_back({model.name, std::string(31, '0') + model.name.front(), 100, 700'000'000, 50'000'000, 3, 1'767'225'600'000});
            for (int i = 0; i < 3; ++i)
                listing.prefixes.push_back({std::string(31, '1') + std::to_string(i), model.name, 640, 70'000'000, 7'000'000, 4,
                                            1'767'225'600'000, 1'767'225'600'000, i == 0});
        }
        return listing;
    }

    static RequestList requests() {
        RequestList list;
        for (const RequestState state : {RequestState::Waiting, RequestState::Prefilling, RequestState::Answering, RequestState::Failed, RequestState::Done}) {
            RequestStatus& request = list.emplace_back();
            request.number = 9 - list.size();
            request.state = state;
            request.model = models().front().name;
            request.protocol = list.size() % 2 == 0 ? "openai chat" : "anthropic messages";
            request.title = "waiting-model";
            request.startedUnixMs = 1'767'225'600'000;
            request.endedUnixMs = state == RequestState::Failed || state == RequestState::Done ? 1'767'225'650'000 : 0;
            if (state == RequestState::Failed) request.failure = kFailure;
            request.promptTokens = 12'340;
            request.cachedTokens = 9'812;
            request.followedTokens = 100;
            request.loadedTokens = 1'000;
            request.doneTokens = 10'000;
            request.answerTokens = 17;
            request.etaMs = 12'000;
            request.timings = {1, 2'000, 3'000, 4'000};
            request.cause = MissCause::Differs;
            request.sharedTokens = 9'812;
            request.closestTokens = 12'000;
            request.closestNumber = 1;
        }
        return list;
    }

    static constexpr const char* kProblem = "its weights are of a type that is not supported";
    static constexpr const char* kFailure = "the port is used by another program";

private:
    void visitPages(MainWindow& window, const Visit& visit, const QString& state) {
        m_model.refresh();
        for (const auto page : {PageId::Overview, PageId::Requests, PageId::Models, PageId::Agents, PageId::Cache, PageId::Logs, PageId::Settings}) {
            window.showPage(page);
            QTest::qWait(1);   // layouts settle
            visit(window, QStringLiteral("%1, page %2").arg(state).arg(static_cast<int>(page)));
        }
    }

    void visitMainWindow(const Visit& visit) {
        MainWindow window(m_model);
        window.resize(1100, 760);
        window.show();
        visitPages(window, visit, QStringLiteral("stopped"));
        m_service->edit([](ServiceSnapshot& now) {
            now.server = ServerState::Failed;
            now.failure = kFailure;
        });
        visitPages(window, visit, QStringLiteral("failed"));

        m_service->listing = cached();
        m_service->setModels(models());
        m_service->setDownloads(downloads());
        m_service->setRequests(requests());
        m_service->edit([](ServiceSnapshot& now) {
            now.failure.clear();
            now.server = ServerState::Running;
            now.runningSinceUnixMs = 1'767'225'600'000;
            now.restartNeeded = true;
            now.engine.models = {modelIn(ModelState::Loaded, models().front().name), loadingModel(0.43, models()[1].name),
                                 failedModel(kFailure, models()[2].name), modelIn(ModelState::Unloaded, "waiting-model")};
            now.engine.models[0].pinned = true;
            now.engine.models[0].runningSequences = now.engine.runningSequences = 1;
            now.engine.models[0].weightBytes = 98'362'432;
            now.engine.models[0].kvBytes = 12'000'000;
            now.engine.waitingSequences = now.engine.models[3].waitingSequences = 3;
            now.engine.modelWaitSequences = now.engine.followingSequences = 1;
            now.engine.hotTier = {5'600'000'000, 1'200'000'000, 3'400'000'000, 0};
            now.engine.coldTier.on = true;
            now.engine.coldTier.folder = "/cache";
            now.engine.coldTier.limitBytes = 20'000'000'000;
            now.engine.coldTier.usedBytes = 11'560'000'000;
            now.engine.coldTier.pinnedBytes = 1'260'000'000;
            now.engine.coldTier.bytesPerDay = 100'000'000'000;
            now.engine.coldTier.floorBytes = 2'000'000'000;
            now.engine.coldTier.quarantineFiles = 2;
            now.engine.coldTier.problem = kFailure;
            now.engine.loadingSequences = 1;
            now.allTime.sinceUnixMs = 1'760'000'000'000;
            now.allTime.counters.promptTokens = 1000;
            now.allTime.counters.cachedTokens = 600;
            now.engine.total.requests = 3;
            now.engine.total.promptTokens = 1000;
            now.engine.prefillDoneTokens = 100;
            now.engine.prefillTotalTokens = 1000;
            now.engine.prefillTokensPerSecond = 100;
            now.settings.defaultModel = models().front().name;
        });
        visitPages(window, visit, QStringLiteral("running"));
        // Something changed on the settings page: its bar with the buttons comes up.
        for (auto* edit : window.page(PageId::Settings)->findChildren<QSpinBox*>())
            if (edit->isVisible() && edit->isEnabled()) edit->setValue(edit->value() + 1);
        visitPages(window, visit, QStringLiteral("running, settings changed"));
    }

    void visitDialog(const Visit& visit) {
        DownloadDialog dialog(m_model);
        dialog.show();
        visit(dialog, QStringLiteral("recommended"));
        dialog.setText(QStringLiteral("org/gated-GGUF"));
        QTest::qWait(1);
        visit(dialog, QStringLiteral("with terms to accept"));
    }

    void visitWizard(const Visit& visit) {
        Wizard wizard(m_model);
        wizard.show();
        for (int number = 1; number <= wizard.pageIds().size(); ++number) {
            QTest::qWait(1);
            visit(wizard, QStringLiteral("page %1").arg(number));
            const int id = wizard.currentId();
            wizard.next();
            if (number < wizard.pageIds().size() && wizard.currentId() == id) ADD_FAILURE() << "the wizard stays on page " << number;
        }
    }

    support::TempFolder m_folder;
    support::ScriptedService* m_service = nullptr;
    EngineModel m_model;
};

}  // namespace larder::ui
