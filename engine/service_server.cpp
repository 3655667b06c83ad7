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
    m_reportedFailures.clear();
    m_cacheProblem.clear();
    m_board.showEngine(m_server->engine().statusSource(), m_server->totalsSource(), m_server->requests(), m_server->warning());
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
        m_board.hideEngine();
        base::logInfo("the server has stopped");
    }
    showStopped();
}

void ServiceServer::settingsChanged() {
    if (!runs()) return m_board.show([this](ServiceSnapshot& snapshot) { describeNextStart(snapshot); });
    const Settings& stored = m_board.settings();
    Settings applied = m_startedWith;
    applied.defaultModel = stored.defaultModel;
    applied.useHuggingFaceCache = stored.useHuggingFaceCache;
    applied.modelMemoryBytes = stored.modelMemoryBytes;
    applied.idleUnloadMinutes = stored.idleUnloadMinutes;
    applied.coldCacheBytes = stored.coldCacheBytes;
    applied.coldCompression = stored.coldCompression;
    applied.coldBytesPerDay = stored.coldBytesPerDay;
    applied.coldFloorBytes = stored.coldFloorBytes;
    if (applied != m_startedWith) {
        m_server->engine().apply(applied);
        m_startedWith = applied;
    }
    const bool needed = m_keyChanged || needsServerRestart(m_startedWith, stored);
    m_board.show([&](ServiceSnapshot& snapshot) { snapshot.restartNeeded = needed; });
}

void ServiceServer::keyChanged() {
    m_keyChanged = runs() && m_startedWith.requireApiKey;
    settingsChanged();
}

void ServiceServer::checkEngine() {
    if (!runs()) return;
    const EngineStatus status = m_server->status();
    checkModels(status);
    // Another sentence while the trouble lasts (a number in it changed) is no news.
    if (m_cacheProblem.empty() && !status.coldTier.problem.empty())
        m_board.notice(Notice::Kind::CacheProblem, "The cache on the disk: " + status.coldTier.problem);
    m_cacheProblem = status.coldTier.problem;
}

void ServiceServer::checkModels(const EngineStatus& status) {
    for (const ModelStatus& model : status.models) {
        // Every request for such a model tries again: the same failure is no news until it was loaded.
        if (model.state == ModelState::Loaded) {
            m_reportedFailures.erase(model.name);
        } else if (model.state == ModelState::Failed && m_reportedFailures[model.name] != model.failure) {
            m_reportedFailures[model.name] = model.failure;
            m_board.notice(Notice::Kind::ModelFailed, model.name + " could not be loaded: " + model.failure);
        }
    }
}

}  // namespace larder
