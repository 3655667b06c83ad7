#include "engine/service_server.h"

#include <chrono>
#include <filesystem>
#include <utility>

#include "engine/base/log.h"
#include "engine/server_address.h"

namespace larder {
namespace {

// The key that the next start will ask for, if it is there already.
std::string knownKey(const Settings& settings) {
    if (!settings.requireApiKey) return "";
    if (!settings.apiKey.empty()) return settings.apiKey;
    std::error_code ignored;
    if (!std::filesystem::exists(settings.baseDir / "api-key", ignored)) return "";
    const auto key = loadOrCreateApiKey(settings.baseDir);
    return key ? *key : "";
}

}  // namespace

ServiceServer::ServiceServer(ServiceBoard& board, std::function<void()> engineChanged)
    : m_board(board), m_engineChanged(std::move(engineChanged)) {
    showStopped();
}

void ServiceServer::showStopped() {
    m_board.show([this](ServiceSnapshot& snapshot) {
        snapshot.server = ServerState::Stopped;
        snapshot.failure.clear();
        snapshot.runningSinceUnixMs = 0;
        snapshot.restartNeeded = false;
        describeNextStart(snapshot);
    });
}

void ServiceServer::describeNextStart(ServiceSnapshot& snapshot) const {
    snapshot.address = serverAddress(m_board.settings().host, m_board.settings().port);
    snapshot.apiKey = knownKey(m_board.settings());
}

Expected<void> ServiceServer::start(FirstLoad firstLoad) {
    if (runs()) return {};
    m_board.show([](ServiceSnapshot& snapshot) {
        snapshot.server = ServerState::Starting;
        snapshot.failure.clear();
    });
    const Settings settings = m_board.settings();
    ServerStart how;
    how.firstLoad = firstLoad;
    how.observer = m_engineChanged;
    auto started = Server::start(settings, std::move(how));
    if (!started) {
        const std::string failure = started.error().message;
        base::logError(failure);
        m_board.show([&](ServiceSnapshot& snapshot) {
            snapshot.server = ServerState::Failed;
            snapshot.failure = failure;
        });
        m_board.notice(Notice::Kind::ServerFailed, "The server could not start: " + failure);
        return started.error();
    }
    m_server = std::move(*started);
    m_startedWith = settings;
    m_keyChanged = false;
    m_reportedFailure.clear();
    m_board.showEngine(m_server->engine().statusSource(), m_server->warning());
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    m_board.show([&](ServiceSnapshot& snapshot) {
        snapshot.server = ServerState::Running;
        snapshot.address = m_server->address();
        snapshot.apiKey = m_server->apiKey();
        snapshot.runningSinceUnixMs = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
        snapshot.restartNeeded = false;
    });
    return {};
}

void ServiceServer::stop() {
    if (runs()) {
        m_board.show([](ServiceSnapshot& snapshot) { snapshot.server = ServerState::Stopping; });
        m_server.reset();
        m_board.showEngine({}, "");
        base::logInfo("the server has stopped");
    }
    showStopped();
}

void ServiceServer::settingsChanged() {
    if (!runs()) return m_board.show([this](ServiceSnapshot& snapshot) { describeNextStart(snapshot); });
    const Settings& stored = m_board.settings();
    if (m_startedWith.defaultModel != stored.defaultModel || m_startedWith.useHuggingFaceCache != stored.useHuggingFaceCache) {
        m_server->engine().apply(stored);
        m_startedWith.defaultModel = stored.defaultModel;
        m_startedWith.useHuggingFaceCache = stored.useHuggingFaceCache;
    }
    const bool needed = m_keyChanged || needsServerRestart(m_startedWith, stored);
    m_board.show([&](ServiceSnapshot& snapshot) { snapshot.restartNeeded = needed; });
}

void ServiceServer::keyChanged() {
    m_keyChanged = runs() && m_startedWith.requireApiKey;
    settingsChanged();
}

void ServiceServer::checkModel() {
    if (!runs()) return;
    const EngineStatus status = m_server->status();
    // Every request for such a model tries again: the same failure is no news until something was loaded.
    if (status.modelState == ModelState::Loaded) {
        m_reportedFailure.clear();
    } else if (status.modelState == ModelState::Failed && status.failure != m_reportedFailure) {
        m_reportedFailure = status.failure;
        m_board.notice(Notice::Kind::ModelFailed, status.model + " could not be loaded: " + status.failure);
    }
}

}  // namespace larder
