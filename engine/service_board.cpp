#include "engine/service_board.h"

#include <chrono>
#include <memory>
#include <vector>

#include "engine/base/log.h"
#include "engine/server_address.h"

namespace larder {
namespace {

constexpr std::size_t kNoticesKept = 50;
constexpr std::int64_t kFiguresOldMs = 2000;

std::int64_t boardClockMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

ServiceBoard::ServiceBoard(const Settings& settings, std::function<void()> changed)
    : m_changed(std::move(changed)), m_settings(settings) {
    Shown first;
    first.snapshot.settings = settings;
    first.snapshot.address = serverAddress(settings.host, settings.port);
    first.snapshot.models = std::make_shared<const std::vector<ModelInfo>>();
    first.snapshot.downloads = std::make_shared<const std::vector<DownloadStatus>>();
    first.snapshot.requests = std::make_shared<const RequestList>();
    m_shown.publish(std::move(first));
}

ServiceSnapshot ServiceBoard::look() const {
    Shown shown = m_shown.read();
    ServiceSnapshot& snapshot = shown.snapshot;
    if (shown.engine) {
        snapshot.engine = shown.engine();
        snapshot.allTime = shown.totals(snapshot.engine.usage);
        snapshot.requests = shown.requests(snapshot.engine);
    }
    if (snapshot.engine.warning.empty()) snapshot.engine.warning = std::move(shown.warning);
    Figures figures = m_figures.read();
    snapshot.machine = std::move(figures.machine);
    snapshot.processMemoryBytes = figures.processMemoryBytes;
    snapshot.modelFolderFreeBytes = figures.modelFolderFreeBytes;
    return std::move(snapshot);
}

bool ServiceBoard::figuresAreOld() const {
    return boardClockMs() - m_figuresMs >= kFiguresOldMs;
}

void ServiceBoard::show(const std::function<void(ServiceSnapshot&)>& write) {
    Shown shown = m_shown.read();
    write(shown.snapshot);
    m_shown.publish(std::move(shown));
    changed();
}

void ServiceBoard::showEngine(std::function<EngineStatus()> source, UsageTotalsSource totals, RequestListSource requests,
                              std::string warning) {
    Shown shown = m_shown.read();
    shown.engine = std::move(source);
    shown.totals = std::move(totals);
    shown.requests = std::move(requests);
    shown.warning = std::move(warning);
    m_shown.publish(std::move(shown));
    changed();
}

void ServiceBoard::hideEngine() {
    Shown shown = m_shown.read();
    if (shown.engine) shown.snapshot.allTime = shown.totals(shown.engine().usage);
    shown.engine = nullptr;
    shown.totals = nullptr;
    shown.requests = nullptr;
    shown.warning.clear();
    m_shown.publish(std::move(shown));
    changed();
}

void ServiceBoard::notice(Notice::Kind kind, const std::string& text) {
    base::logInfo("notice: " + text);
    show([&](ServiceSnapshot& snapshot) {
        if (snapshot.notices.size() >= kNoticesKept) snapshot.notices.erase(snapshot.notices.begin());
        snapshot.notices.push_back({++m_lastNotice, kind, text});
    });
}

void ServiceBoard::takeFigures() {
    m_figures.publish({readMachine(), processMemoryBytes(), freeBytesAt(m_settings.modelDir)});
    m_figuresMs = boardClockMs();
}

void ServiceBoard::setSettings(const Settings& settings) {
    m_settings = settings;
    show([&](ServiceSnapshot& snapshot) { snapshot.settings = settings; });
}

}  // namespace larder
