// The control thread's answers to what the user asks.
#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>
#include <vector>

#include "engine/base/log.h"
#include "engine/service_control.h"
#include "engine/usage_records.h"

namespace larder {

void ServiceControl::startServer() {
    // The error is on the board.
    (void)start(FirstLoad::Background);
}

Expected<void> ServiceControl::start(FirstLoad firstLoad) {
    if (m_server->runs()) return {};
    freeCacheFiles();
    return m_server->start(firstLoad);
}

void ServiceControl::stopServer() { m_server->stop(); }

void ServiceControl::restartServer() {
    m_server->stop();
    startServer();
}

void ServiceControl::loadModel(const std::string& name, const Answer<void>& answer) {
    if (auto started = start(FirstLoad::Nothing); !started) return answer.give(started.error());
    m_server->server().engine().load(name, [answer](Expected<void> done) { answer.give(std::move(done)); });
}

void ServiceControl::unloadModel(const std::string& name, const Answer<void>& answer) {
    if (!m_server->runs()) return answer.give({});
    m_server->server().engine().unload(name, [answer](Expected<void> done) { answer.give(std::move(done)); });
}

void ServiceControl::pinModel(const std::string& name, bool pinned, const Answer<void>& answer) {
    if (m_server->runs())
        if (auto done = m_server->server().engine().pin(name, pinned); !done) return answer.give(std::move(done));
    Settings settings = m_board.settings();
    std::erase(settings.pinnedModels, name);
    if (pinned) settings.pinnedModels.push_back(name);
    saveSettings(settings, answer);
}

void ServiceControl::removeModel(const std::string& name, const Answer<void>& answer) {
    const auto models = m_board.look().models;
    const auto found = std::find_if(models->begin(), models->end(), [&](const ModelInfo& model) { return model.name == name; });
    if (found == models->end()) return answer.give(Error{ErrorCode::NotFound, "the model " + name + " is not there any more"});
    const ModelInfo model = *found;
    // What may not be deleted is refused by removeModel(), before anything is unloaded.
    if (!m_server->runs() || model.source != ModelSource::Folder) return deleteModel(model, answer);
    m_server->server().engine().unload(name, [this, model, answer](Expected<void> done) {
        if (!done) return answer.give(std::move(done));
        post([this, model, answer] { deleteModel(model, answer); });
    });
}

void ServiceControl::deleteModel(const ModelInfo& model, const Answer<void>& answer) {
    disk([this, model, answer, settings = m_board.settings()] {
        auto removed = larder::removeModel(model, settings);
        post([this, model, answer, removed = std::move(removed)] {
            if (removed) forgetModel(model);
            replaceModels();
            answer.give(removed);
        });
    });
}

// A server must not fail to start, nor warn for ever, because its model was deleted on purpose.
void ServiceControl::forgetModel(const ModelInfo& model) {
    Settings settings = m_board.settings();
    if (settings.defaultModel == model.name || settings.defaultModel == model.path.string()) settings.defaultModel.clear();
    std::erase(settings.pinnedModels, model.name);
    if (settings == m_board.settings()) return;
    if (auto saved = larder::saveSettings(settings); !saved) return base::logWarning(saved.error().message);
    m_board.setSettings(settings);
    m_server->settingsChanged();
}

void ServiceControl::replaceModels() {
    if (m_server->runs()) m_server->server().engine().refreshModels();
    refreshModels();
}

void ServiceControl::refreshModels() {
    disk([this, settings = m_board.settings()] {
        auto models = std::make_shared<const std::vector<ModelInfo>>(findModels(settings));
        post([this, models = std::move(models)] {
            m_board.show([&](ServiceSnapshot& snapshot) {
                snapshot.models = models;
                snapshot.modelsKnown = true;
            });
        });
    });
}

void ServiceControl::saveSettings(const Settings& settings, const Answer<void>& answer) {
    if (const std::string problem = findSettingsProblem(settings); !problem.empty())
        return answer.give(Error{ErrorCode::InvalidArgument, problem});
    if (auto saved = larder::saveSettings(settings); !saved) return answer.give(std::move(saved));
    const Settings before = m_board.settings();
    m_board.setSettings(settings);
    m_server->settingsChanged();
    if (before.baseDir != settings.baseDir) {
        if (auto noted = rememberBaseDir(settings.baseDir); !noted) base::logWarning(noted.error().message);
        disk([this, settings] { openDownloads(settings); });
        readAllTime();
    } else {
        disk([this, settings] { downloads()->setSettings(settings); });
    }
    if (before.modelDir != settings.modelDir || before.useHuggingFaceCache != settings.useHuggingFaceCache) refreshModels();
    if (before.lowDiskBytes != settings.lowDiskBytes) m_diskWasLow = false;
    m_diskLook.reset();  // looks anew, at once
    answer.give({});
}

void ServiceControl::withCache(std::function<void(Expected<CacheControl*>)> verb) {
    if (!m_server->runs()) {
        m_cache.post([verb = std::move(verb), settings = m_board.settings()] {
            const auto opened = openCache(settings);
            verb(opened ? Expected<CacheControl*>(opened->get()) : Expected<CacheControl*>(opened.error()));
        });
        return;
    }
    m_cache.post([verb = std::move(verb), cache = m_server->server().engine().cache(), problem = m_server->server().status().coldTier.problem] {
        if (cache) return verb(cache.get());
        verb(Error{ErrorCode::Unavailable, problem.empty() ? "the cache on the disk is turned off: give it room in the settings" : problem});
    });
}

// What holds them ends soon: verify looks at cacheIsWanted(), the others are short.
void ServiceControl::freeCacheFiles() {
    m_cacheWanted = true;
    const auto freed = std::make_shared<base::Mailbox<bool>>();
    m_cache.post([freed] { freed->post(true); });
    freed->wait();
    m_cacheWanted = false;
}

void ServiceControl::usageByHour(std::int64_t firstUnixHour, const Answer<std::vector<UsageHour>>& answer) {
    constexpr std::int64_t kEndOfTime = std::numeric_limits<std::int64_t>::max();
    if (m_server->runs()) return answer.give(m_server->server().usageByHour(firstUnixHour, kEndOfTime));
    m_cache.post([firstUnixHour, answer, settings = m_board.settings()] {
        answer.give(readUsageHours(settings, firstUnixHour, kEndOfTime));
    });
}

void ServiceControl::cancelRequest(std::uint64_t number) {
    if (m_server->runs()) m_server->server().cancelRequest(number);
}

void ServiceControl::readAllTime() {
    if (m_server->runs()) return;
    auto totals = readUsageTotals(m_board.settings());
    if (!totals) return base::logWarning(totals.error().message);
    m_board.show([&](ServiceSnapshot& snapshot) { snapshot.allTime = std::move(*totals); });
}

void ServiceControl::renewApiKey(const Answer<std::string>& answer) {
    auto key = larder::renewApiKey(m_board.settings().baseDir);
    if (!key) return answer.give(std::move(key));
    // A key in the settings would hide the new one.
    if (Settings settings = m_board.settings(); !settings.apiKey.empty()) {
        settings.apiKey.clear();
        if (auto saved = larder::saveSettings(settings); !saved) return answer.give(saved.error());
        m_board.setSettings(settings);
    }
    m_server->keyChanged();
    answer.give(std::move(key));
}

void ServiceControl::saveHubToken(const std::string& token, const Answer<void>& answer) {
    disk([this, token, answer, settings = m_board.settings()] {
        auto saved = larder::saveHubToken(settings.baseDir, token);
        downloads()->setSettings(settings);  // reads the token again
        answer.give(std::move(saved));
    });
}

}  // namespace larder
