// Pictures of every page, light and dark, into a folder, and a check that each shows something and cuts no text off.
// The service is scripted, so that every state can be shown. Scale by QT_SCALE_FACTOR.
//
//   larder_pictures FOLDER [LANGUAGE]     one PNG a page; prints what is wrong and ends with 1 if anything is
#include <QApplication>
#include <QDir>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QTabWidget>
#include <QTest>
#include <QTranslator>
#include <cmath>
#include <cstdio>

#include "engine/base/log.h"
#include "tests/pictures/agents_pictures.h"
#include "tests/pictures/cache_pictures.h"
#include "tests/pictures/photographer.h"
#include "tests/pictures/request_pictures.h"
#include "tests/support/scripted_service.h"
#include "ui/download_dialog.h"
#include "ui/engine_model.h"
#include "ui/look.h"
#include "ui/main_window.h"
#include "ui/pages/models_page.h"
#include "ui/tray.h"
#include "ui/wizard/wizard.h"

namespace {

using namespace larder;
using support::ScriptedService;
using pictures::Photographer;

constexpr std::int64_t kNowMs = 1'767'225'600'000;

ModelInfo modelNamed(const std::string& name, const std::string& family, std::uint64_t bytes, const std::string& quantisation,
                     std::size_t context, const std::string& problem = "") {
    ModelInfo model;
    model.name = name;
    model.family = family;
    model.fileBytes = bytes;
    model.quantisation = quantisation;
    model.contextTokens = context;
    model.architecture = "llama";
    model.path = "/home/ada/.larder/models/" + name + ".gguf";
    model.kvBytesPerToken = bytes / 40'000;
    model.problem = problem;
    return model;
}

std::vector<ModelInfo> someModels() {
    auto models = std::vector{
        modelNamed("Llama-3.2-3B-Instruct-Q4_0", "Llama 3.2 3B Instruct", 1'917'000'000, "Q4_0", 131'072),
        modelNamed("Meta-Llama-3.1-70B-Instruct-Q4_0", "Meta Llama 3.1 70B Instruct", 39'970'000'000, "Q4_0", 131'072),
        modelNamed("Qwen3-Coder-30B-A3B-Instruct-Q4_K_M", "Qwen3 Coder 30B A3B Instruct", 18'600'000'000, "Q4_K", 262'144,
                   "its architecture \"qwen3moe\" is not supported by this version (supported: llama)"),
        modelNamed("Mistral-7B-Instruct-v0.3-Q4_0", "Mistral 7B Instruct v0.3", 4'110'000'000, "Q4_0", 32'768),
        modelNamed("Qwen2.5-Coder-7B-Instruct-Q4_0", "Qwen2.5 Coder 7B Instruct", 4'430'000'000, "Q4_0", 32'768),
        modelNamed("Qwen3-0.6B-Q8_0", "Qwen3 0.6B", 639'000'000, "Q8_0", 40'960),
        modelNamed("SmolLM2-135M-Instruct.Q4_1", "SmolLM2 135M Instruct", 98'362'432, "Q4_1", 8192)};
    models[0].repository = "bartowski/Llama-3.2-3B-Instruct-GGUF";
    models[1].source = ModelSource::HuggingFaceCache;
    models[1].repository = "bartowski/Meta-Llama-3.1-70B-Instruct-GGUF";
    return models;
}

std::vector<DownloadStatus> someDownloads() {
    DownloadStatus running{1, "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF", "Q4_0", DownloadState::Running, {}, "", ""};
    running.progress = {2'310'000'000, 4'660'000'000, 24'300'000, 96.7, false, ""};
    DownloadStatus busy{2, "bartowski/SmolLM2-1.7B-Instruct-GGUF", "Q8_0", DownloadState::Paused, {}, "", ""};
    busy.progress = {410'000'000, 1'820'000'000, 0, std::nullopt, false, ""};
    DownloadStatus failed{3, "meta-llama/Llama-3.2-1B", "safetensors", DownloadState::Failed, {},
                          "meta-llama/Llama-3.2-1B is gated: accept its terms on https://huggingface.co/meta-llama/Llama-3.2-1B and set a token.", ""};
    return {running, busy, failed};
}

Repository someRepository() {
    Repository repository;
    repository.id = "bartowski/Llama-3.2-3B-Instruct-GGUF";
    repository.commit = std::string(40, 'a');
    repository.license = "llama3.2";
    repository.pageUrl = "https://huggingface.co/bartowski/Llama-3.2-3B-Instruct-GGUF";
    const auto choice = [](const std::string& label, std::uint64_t bytes, const std::string& problem = "") {
        DownloadChoice made;
        made.label = label;
        made.bytes = bytes;
        made.files = {{"Llama-3.2-3B-Instruct-" + label + ".gguf", bytes, std::string(64, 'b')}};
        made.problem = problem;
        made.fit = estimateFit(bytes, bytes / 40'000, 131'072, {"", 4, 16'000'000'000, 9'000'000'000});
        return made;
    };
    repository.choices = {choice("Q4_0", 1'917'000'000), choice("Q8_0", 3'421'000'000), choice("F16", 6'433'000'000),
                          choice("Q4_K_M", 2'019'000'000, "its weights are of type Q4_K, which this version does not support")};
    return repository;
}

// One in use and pinned, one idle, one being loaded, one that failed and one that waits.
void setModels(EngineStatus& engine) {
    const auto add = [&engine](const char* name, ModelState state) -> ModelStatus& {
        ModelStatus& made = engine.models.emplace_back();   // until the next one is added
        made.name = name;
        made.state = state;
        return made;
    };
    ModelStatus& busy = add("Llama-3.2-3B-Instruct-Q4_0", ModelState::Loaded);
    busy.pinned = true;
    busy.weightBytes = 1'917'000'000;
    busy.kvBytes = 3'900'000'000;
    busy.runningSequences = 2;
    busy.waitingSequences = 1;
    busy.lastUsedUnixMs = kNowMs;
    ModelStatus& failed = add("Mistral-7B-Instruct-v0.3-Q4_0", ModelState::Failed);
    failed.failure = "Mistral-7B-Instruct-v0.3-Q4_0 cannot be loaded: the file ends after 3.1 GB of 4.1 GB; download it again.";
    ModelStatus& waiting = add("Qwen2.5-Coder-7B-Instruct-Q4_0", ModelState::Unloaded);
    waiting.waitingSequences = 1;
    ModelStatus& loading = add("Qwen3-0.6B-Q8_0", ModelState::Loading);
    loading.loadProgress = 0.43;
    ModelStatus& idle = add("SmolLM2-135M-Instruct.Q4_1", ModelState::Loaded);
    idle.weightBytes = 98'362'432;
    idle.kvBytes = 700'000'000;
    engine.runningSequences = 2;
    engine.waitingSequences = 3;
    engine.modelWaitSequences = 1;
    engine.followingSequences = 1;
    engine.hotTier = {5'600'000'000, 1'200'000'000, 3'400'000'000, 0};
}

void setRunning(ServiceSnapshot& snapshot) {
    snapshot.settings.setupDone = true;
    snapshot.settings.baseDir = "/home/ada/.larder";
    snapshot.settings.modelDir = "/home/ada/.larder/models";
    snapshot.server = ServerState::Running;
    snapshot.apiKey = "5c0ffee5c0ffee5c0ffee5c0ffee5c0ffee5c0ffee5c0ffee5c0ffee5c0ffee5";
    snapshot.runningSinceUnixMs = kNowMs - 7'200'000;
    snapshot.engine.isa = "avx2";
    snapshot.engine.threads = 4;
    setModels(snapshot.engine);
    snapshot.processMemoryBytes = 2'600'000'000;
    pictures::setCache(snapshot);
}

// Five minutes of work: prefill in bursts, decode between them, the cache filling.
void fillHistory(ScriptedService& service, ui::EngineModel& model) {
    for (int second = 0; second < 300; ++second) {
        service.editQuietly([&](ServiceSnapshot& snapshot) {
            const bool prefill = second % 37 < 5;
            const bool decode = second % 37 >= 4 && second % 37 < 30;
            auto& engine = snapshot.engine;
            engine.runningSequences = decode || prefill ? 2 : 0;
            if (prefill) {
                engine.total.promptTokens += 1800;
                engine.total.cachedTokens += 1100;
                engine.total.computedPromptTokens += 700;
                engine.total.prefillSeconds += 0.9;
            }
            if (decode) {
                engine.total.generatedTokens += static_cast<std::uint64_t>(36 + 6 * std::sin(second / 5.0));
                engine.total.decodeSeconds += 0.95;
            }
            if (second % 37 == 4) {
                engine.total.requests += 2;
                engine.total.firstTokens += 2;
                engine.total.ttftMs += 2 * (400 + 13 * (second % 41));
                engine.lastTtftMs = 700;
            }
            engine.prefillTokensPerSecond = prefill ? 777 : 0;
            engine.decodeTokensPerSecond = decode ? 38 : 0;
            snapshot.processMemoryBytes = 2'400'000'000 + static_cast<std::uint64_t>(second) * 900'000;
        });
        model.sampleAt(kNowMs - (300 - second) * std::int64_t{1000});
    }
}

void takeWizard(Photographer& photographer, ui::EngineModel& model) {
    ui::Wizard wizard(model);
    wizard.show();
    int number = 1;
    for (const int id : wizard.pageIds()) {
        Q_UNUSED(id);
        photographer.take(wizard, QStringLiteral("wizard-%1").arg(number++));
        wizard.next();
    }
}

void takeWindow(Photographer& photographer, ScriptedService& service, ui::EngineModel& model, QSize size) {
    ui::MainWindow window(model);
    window.resize(size);
    window.show();
    window.showPage(ui::PageId::Overview);
    photographer.take(window, QStringLiteral("overview-stopped"));
    service.edit([](ServiceSnapshot& snapshot) {
        snapshot.server = ServerState::Failed;
        snapshot.failure = "port 1337 is used by another program: choose another port in the settings, or stop that program.";
    });
    model.refresh();
    photographer.take(window, QStringLiteral("overview-failed"));
    window.showPage(ui::PageId::Models);
    photographer.take(window, QStringLiteral("models-empty"));

    service.setModels(someModels());
    service.setDownloads(someDownloads());
    service.setRepository(someRepository());
    service.edit([](ServiceSnapshot& snapshot) { snapshot.failure.clear(), setRunning(snapshot); });
    fillHistory(service, model);
    model.refresh();
    window.showPage(ui::PageId::Overview);
    photographer.takeScrolled(window, *window.page(ui::PageId::Overview), QStringLiteral("overview"));
    QWidget* overview = window.page(ui::PageId::Overview);
    photographer.takePart(window, *overview, *overview->findChild<QWidget*>(QStringLiteral("hotTier")), QStringLiteral("overview-hot-tier"));
    pictures::takeRequests(photographer, service, model, window);
    window.showPage(ui::PageId::Models);
    photographer.takeScrolled(window, *window.page(ui::PageId::Models), QStringLiteral("models"));
    pictures::takeAgents(photographer, service, model, window);
    pictures::takeCache(photographer, service, model, window);
    window.showPage(ui::PageId::Logs);
    photographer.take(window, QStringLiteral("logs"));
    window.showPage(ui::PageId::Settings);
    photographer.takeScrolled(window, *window.page(ui::PageId::Settings), QStringLiteral("settings"));

    ui::DownloadDialog dialog(model, &window);
    dialog.show();
    photographer.take(dialog, QStringLiteral("download-recommended"));
    dialog.setText(QStringLiteral("bartowski/Llama-3.2-3B-Instruct-GGUF"));
    QTest::qWait(100);
    photographer.take(dialog, QStringLiteral("download"));

    ui::Tray tray(model);
    tray.menu().show();
    photographer.take(tray.menu(), QStringLiteral("tray-menu"));
    for (auto* menu : tray.menu().findChildren<QMenu*>()) {
        if (menu->title() != ui::Tray::tr("Models")) continue;
        menu->show();
        photographer.take(*menu, QStringLiteral("tray-models"));
        menu->hide();
    }
    tray.menu().hide();
}

}  // namespace

int main(int argc, char** argv) {
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    const QString folder = application.arguments().value(1);
    if (folder.isEmpty() || !QDir().mkpath(folder)) return std::fprintf(stderr, "usage: larder_pictures FOLDER [LANGUAGE]\n"), 2;
    QTranslator translator;
    if (const QString language = application.arguments().value(2); !language.isEmpty()) {
        QLocale::setDefault(QLocale(language));
        if (!translator.load(QStringLiteral("larder_") + language, QStringLiteral(":/translations")))
            return std::fprintf(stderr, "larder_pictures: there is no translation into %s\n", qPrintable(language)), 2;
        QCoreApplication::installTranslator(&translator);
    }
    const int percent = static_cast<int>(std::lround(application.devicePixelRatio() * 100));
    // A 1920x1080 screen at this scale, less a panel.
    const QSize size = percent > 100 ? QSize(192'000 / percent, 100'000 / percent) : QSize(1100, 760);

    base::setConsoleLogLevel(base::LogLevel::Error);
    base::logInfo("listening on http://127.0.0.1:1337");
    base::logInfo("loading Llama-3.2-3B-Instruct-Q4_0");
    base::logInfo("Llama-3.2-3B-Instruct-Q4_0 is loaded after 1840 ms");
    base::logWarning("the hub is busy, trying again in 8 s");

    ui::Look& look = ui::Look::install(application, QStringLiteral("light"));
    int complaints = 0;
    int taken = 0;
    for (const QString& appearance : {QStringLiteral("light"), QStringLiteral("dark")}) {
        look.setAppearance(appearance);
        Photographer photographer(folder, QStringLiteral("-%1-%2").arg(appearance).arg(percent));
        ScriptedService* service = nullptr;
        ui::EngineModel model(ScriptedService::maker(service));
        service->edit([](ServiceSnapshot& snapshot) {
            snapshot.settings.baseDir = "/home/ada/.larder";
            snapshot.settings.modelDir = "/home/ada/.larder/models";
        });
        model.refresh();
        takeWizard(photographer, model);
        takeWindow(photographer, *service, model, size);
        complaints += photographer.complaints();
        taken += photographer.taken();
    }
    std::printf("%d pictures in %s, %d complaints\n", taken, qPrintable(folder), complaints);
    return complaints == 0 && taken > 0 ? 0 : 1;
}
