// How the window behaves while the engine takes every core: the delay of events on the GUI thread, wake-ups when idle, memory,
// and the same over a long simulated use. Prints one line a figure.
//
//   gui_bench load MODEL.gguf [SECONDS]   event latency, window shown, four answers generated at once (needs curl)
//   gui_bench idle [SECONDS]              wake-ups a second and memory, no model, server running, window never shown, then hidden
//   gui_bench hours N                     N hours of samples and snapshots through bridge, charts and pages; memory on the way
#include <unistd.h>

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QEvent>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTimer>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

#include "engine/machine.h"
#include "engine/service.h"
#include "tests/support/scripted_service.h"
#include "ui/engine_model.h"
#include "ui/look.h"
#include "ui/main_window.h"
#include "ui/tray.h"

namespace {

using namespace larder;
using Clock = std::chrono::steady_clock;

const QEvent::Type kTick = static_cast<QEvent::Type>(QEvent::registerEventType());

class Tick : public QEvent {
public:
    Tick() : QEvent(kTick), posted(Clock::now()) {}
    Clock::time_point posted;
};

// Takes events posted by another thread and notes how long each waited.
class LatencyMeter : public QObject {
public:
    bool event(QEvent* event) override {
        if (event->type() != kTick) return QObject::event(event);
        milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - static_cast<Tick*>(event)->posted).count());
        return true;
    }
    std::vector<double> milliseconds;
};

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

void spin(double seconds) {
    QEventLoop loop;
    QTimer::singleShot(static_cast<int>(seconds * 1000), &loop, &QEventLoop::quit);
    loop.exec();
}

Settings settingsIn(const QTemporaryDir& folder) {
    Settings settings;
    settings.baseDir = folder.path().toStdString();
    settings.modelDir = settings.baseDir / "models";
    settings.port = 0;
    settings.requireApiKey = false;
    settings.setupDone = true;
    settings.useHuggingFaceCache = false;
    return settings;
}

bool waitForServer(ui::EngineModel& model) {
    QElapsedTimer waited;
    waited.start();
    while (model.snapshot().server != ServerState::Running && waited.elapsed() < 60000) {
        spin(0.05);
        model.refresh();
    }
    return model.snapshot().server == ServerState::Running;
}

// Voluntary context switches of all threads of this process: each is a wake-up from waiting.
std::uint64_t wakeUps() {
    std::uint64_t sum = 0;
    for (const QString& task : QDir(QStringLiteral("/proc/self/task")).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        std::ifstream file("/proc/self/task/" + task.toStdString() + "/status");
        std::string word;
        while (file >> word)
            if (word == "voluntary_ctxt_switches:") {
                std::uint64_t count = 0;
                file >> count;
                sum += count;
            }
    }
    return sum;
}

int load(const std::filesystem::path& file, double seconds) {
    QTemporaryDir folder;
    const Settings settings = settingsIn(folder);
    std::filesystem::create_directories(settings.modelDir);
    std::filesystem::create_symlink(std::filesystem::absolute(file), settings.modelDir / file.filename());
    ui::EngineModel model([&](std::function<void()> changed) { return Service::create(settings, std::move(changed)); });
    ui::MainWindow window(model);
    window.resize(1100, 720);
    window.show();
    model.service().startServer();
    if (!waitForServer(model)) return std::fprintf(stderr, "the server did not start: %s\n", model.snapshot().failure.c_str()), 1;

    const QString body = QStringLiteral(R"({"model":"%1","stream":true,"ignore_eos":true,"max_tokens":4000,"messages":[{"role":"user","content":"%2"}]})")
                             .arg(QString::fromStdString(file.stem().string()), QStringLiteral("Tell a very long story. ").repeated(60));
    std::vector<std::unique_ptr<QProcess>> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(std::make_unique<QProcess>());
        clients.back()->setStandardOutputFile(QProcess::nullDevice());
        clients.back()->start(QStringLiteral("curl"), {QStringLiteral("-sN"), QStringLiteral("-d"), body, QStringLiteral("-H"),
                                                       QStringLiteral("Content-Type: application/json"),
                                                       QString::fromStdString(model.snapshot().address + "/v1/chat/completions")});
    }
    QElapsedTimer waited;
    waited.start();
    while (model.snapshot().engine.total.generatedTokens == 0 && waited.elapsed() < 60000) spin(0.1);

    LatencyMeter meter;
    std::atomic<bool> stop{false};
    std::thread ticker([&] {
        while (!stop) {
            QCoreApplication::postEvent(&meter, new Tick);
            std::this_thread::sleep_for(std::chrono::milliseconds(4));
        }
    });
    // A person clicks through the pages meanwhile.
    int page = 0;
    QTimer pages;
    QObject::connect(&pages, &QTimer::timeout, [&] { window.showPage(static_cast<ui::PageId>(++page % 4)); });
    pages.start(1500);
    const std::uint64_t before = model.snapshot().engine.total.generatedTokens;
    spin(seconds);
    model.refresh();
    const std::uint64_t generated = model.snapshot().engine.total.generatedTokens - before;
    stop = true;
    ticker.join();
    for (auto& client : clients) client->kill(), client->waitForFinished();
    std::printf("GUI event latency over %.0f s, %zu events, %llu tokens generated meanwhile: p50 %.2f ms, p99 %.2f ms, worst %.2f ms\n", seconds,
                meter.milliseconds.size(), static_cast<unsigned long long>(generated), percentile(meter.milliseconds, 0.5),
                percentile(meter.milliseconds, 0.99), percentile(meter.milliseconds, 1));
    return generated > 0 ? 0 : 1;
}

int idle(double seconds) {
    QTemporaryDir folder;
    const Settings settings = settingsIn(folder);
    ui::EngineModel model([&](std::function<void()> changed) { return Service::create(settings, std::move(changed)); });
    ui::Tray tray(model);
    model.service().startServer();
    if (!waitForServer(model)) return 1;
    spin(3);
    std::uint64_t before = wakeUps();
    spin(seconds);
    // Our own timer and reading /proc wake the GUI thread once.
    std::printf("hidden and idle: %.2f wake-ups a second, %.1f MB resident\n", static_cast<double>(wakeUps() - before) / seconds,
                static_cast<double>(processMemoryBytes()) / 1e6);
    ui::MainWindow window(model);
    window.show();
    spin(3);
    window.hide();
    spin(2);
    before = wakeUps();
    spin(seconds);
    std::printf("shown once, hidden, idle: %.2f wake-ups a second, %.1f MB resident\n", static_cast<double>(wakeUps() - before) / seconds,
                static_cast<double>(processMemoryBytes()) / 1e6);
    return 0;
}

// The service is scripted here: only the bridge, the charts and the pages are under test.
int hours(int count) {
    support::ScriptedService* script = nullptr;
    ui::EngineModel model([&](std::function<void()> changed) {
        auto service = std::make_unique<support::ScriptedService>(std::move(changed));
        script = service.get();
        return service;
    });
    ui::Tray tray(model);
    ui::MainWindow window(model);
    window.show();
    int second = 0;
    const auto step = [&] {
        script->edit([&](ServiceSnapshot& snapshot) {
            snapshot.server = ServerState::Running;
            snapshot.engine.models = {ModelStatus{.name = "model", .state = ModelState::Loaded, .failure = {}}};
            const bool busy = second % 60 < 30;
            snapshot.engine.runningSequences = busy ? 1 : 0;
            snapshot.engine.total.promptTokens += busy ? 400 : 0;
            snapshot.engine.total.computedPromptTokens += busy ? 300 : 0;
            snapshot.engine.total.cachedTokens += busy ? 100 : 0;
            snapshot.engine.total.generatedTokens += busy ? 40 : 0;
            snapshot.engine.total.prefillSeconds += busy ? 0.5 : 0;
            snapshot.engine.total.decodeSeconds += busy ? 0.5 : 0;
            snapshot.engine.total.requests += busy ? 1 : 0;
            snapshot.engine.total.firstTokens += busy ? 1 : 0;
            snapshot.engine.total.ttftMs += busy ? 120 : 0;
            snapshot.processMemoryBytes = 200'000'000 + static_cast<std::uint64_t>(second % 1000) * 1000;
        });
        model.sampleAt(1'700'000'000'000 + second * std::int64_t{1000});
        if (second % 600 == 0) window.showPage(static_cast<ui::PageId>(second / 600 % 4));
        if (second % (6 * 3600) == 0) std::printf("%3d h: %.1f MB\n", second / 3600, static_cast<double>(processMemoryBytes()) / 1e6);
        ++second;
    };
    // In steps of the event loop, so that what it does between events (deleteLater, painting) is done as in real use.
    QTimer steps;
    QObject::connect(&steps, &QTimer::timeout, [&] {
        for (int i = 0; i < 20 && second < count * 3600; ++i) step();
        if (second == count * 3600) QCoreApplication::quit();
    });
    steps.start(0);
    QCoreApplication::exec();
    std::printf("%3d h: %.1f MB\n", count, static_cast<double>(processMemoryBytes()) / 1e6);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (!qEnvironmentVariableIsSet("DISPLAY") && !qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    ui::Look::install(application, QStringLiteral("light"));
    const QStringList arguments = application.arguments();
    const QString what = arguments.value(1);
    if (what == QStringLiteral("load") && arguments.size() > 2)
        return load(arguments[2].toStdString(), arguments.value(3, QStringLiteral("20")).toDouble());
    if (what == QStringLiteral("idle")) return idle(arguments.value(2, QStringLiteral("20")).toDouble());
    if (what == QStringLiteral("hours")) return hours(arguments.value(2, QStringLiteral("72")).toInt());
    std::fprintf(stderr, "usage: gui_bench load MODEL.gguf [SECONDS] | idle [SECONDS] | hours N\n");
    return 2;
}
