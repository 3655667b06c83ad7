#include "engine/service.h"

#include <atomic>
#include <functional>
#include <utility>

#include "engine/service_control.h"

namespace larder {
namespace {

constexpr std::size_t kSearchResults = 30;

// Puts every verb on the thread where it belongs. What the command line set counts for this process, and reaches
// settings.json only when the user saves.
class AppService final : public Service {
public:
    AppService(const Settings& settings, std::function<void()> changed) : m_control(settings, std::move(changed)) {}

    ServiceSnapshot snapshot() const override {
        m_control.askForFigures();
        return m_control.board().look();
    }

    void startServer() override {
        m_control.post([this] { m_control.startServer(); });
    }
    void stopServer() override {
        m_control.post([this] { m_control.stopServer(); });
    }
    void restartServer() override {
        m_control.post([this] { m_control.restartServer(); });
    }

    void loadModel(const std::string& name, Reply<void> reply) override {
        m_control.post([this, name, answer = Answer<void>(std::move(reply))] { m_control.loadModel(name, answer); });
    }
    void unloadModel(const std::string& name, Reply<void> reply) override {
        m_control.post([this, name, answer = Answer<void>(std::move(reply))] { m_control.unloadModel(name, answer); });
    }
    void pinModel(const std::string& name, bool pinned, Reply<void> reply) override {
        m_control.post([this, name, pinned, answer = Answer<void>(std::move(reply))] { m_control.pinModel(name, pinned, answer); });
    }
    void removeModel(const std::string& name, Reply<void> reply) override {
        m_control.post([this, name, answer = Answer<void>(std::move(reply))] { m_control.removeModel(name, answer); });
    }
    void refreshModels() override {
        m_control.post([this] { m_control.refreshModels(); });
    }

    void listCache(Reply<CacheListing> reply) override {
        withCache<CacheListing>(std::move(reply), [](CacheControl& cache) { return cache.list(); });
    }
    void pinCached(const std::string& prefixId, bool pinned, Reply<void> reply) override {
        withCache<void>(std::move(reply), [prefixId, pinned](CacheControl& cache) { return cache.pin(prefixId, pinned); });
    }
    void clearCache(const std::string& model, bool pinnedToo, Reply<CacheCleared> reply) override {
        withCache<CacheCleared>(std::move(reply), [model, pinnedToo](CacheControl& cache) { return cache.clear(model, pinnedToo); });
    }
    void verifyCache(Reply<CacheVerified> reply) override {
        withCache<CacheVerified>(std::move(reply), [this](CacheControl& cache) {
            return cache.verify([this](double) { return !m_control.cacheIsWanted(); });
        });
    }
    void usageByHour(std::int64_t firstUnixHour, Reply<std::vector<UsageHour>> reply) override {
        m_control.post([this, firstUnixHour, answer = Answer<std::vector<UsageHour>>(std::move(reply))] {
            m_control.usageByHour(firstUnixHour, answer);
        });
    }

    void cancelRequest(std::uint64_t number) override {
        m_control.post([this, number] { m_control.cancelRequest(number); });
    }

    void saveSettings(const Settings& settings, Reply<void> reply) override {
        m_control.post([this, settings, answer = Answer<void>(std::move(reply))] { m_control.saveSettings(settings, answer); });
    }
    void renewApiKey(Reply<std::string> reply) override {
        m_control.post([this, answer = Answer<std::string>(std::move(reply))] { m_control.renewApiKey(answer); });
    }
    void saveHubToken(const std::string& token, Reply<void> reply) override {
        m_control.post([this, token, answer = Answer<void>(std::move(reply))] { m_control.saveHubToken(token, answer); });
    }

    void listRepository(const std::string& id, const std::string& revision, Reply<Repository> reply) override {
        m_control.listing().post([this, id, revision, answer = Answer<Repository>(std::move(reply))] {
            const ServiceSnapshot now = m_control.board().look();
            const auto access = hubAccess(now.settings);
            if (!access) return answer.give(access.error());
            auto found = larder::listRepository(*access, id, revision, readMachine(), [this] { return m_control.ends(); });
            if (!m_control.ends()) answer.give(std::move(found));
        });
    }

    void checkFolder(const std::filesystem::path& path, Reply<FolderCheck> reply) override {
        m_control.folders().post([path, answer = Answer<FolderCheck>(std::move(reply))] { answer.give(larder::checkFolder(path)); });
    }

    void planAgent(const std::string& id, const std::string& model, const std::filesystem::path& workingFolder, Reply<AgentPlan> reply) override {
        m_control.folders().post([this, id, model, workingFolder, answer = Answer<AgentPlan>(std::move(reply))] {
            AgentSurroundings surroundings;
            surroundings.workingFolder = workingFolder.empty() ? expandPath("~") : workingFolder;
            answer.give(larder::planAgent(id, agentServer(m_control.board().look()), model, {}, surroundings));
        });
    }

    // A newer search ends the older ones: they get Cancelled.
    void searchRepositories(const std::string& text, Reply<std::vector<SearchResult>> reply) override {
        const std::uint64_t number = ++m_searches;
        m_control.searching().post([this, text, number, answer = Answer<std::vector<SearchResult>>(std::move(reply))] {
            const auto stop = [this, number] { return m_control.ends() || m_searches != number; };
            if (m_searches != number) return answer.give(Error{ErrorCode::Cancelled, "another search took its place"});
            const auto access = hubAccess(m_control.board().look().settings);
            if (!access) return answer.give(access.error());
            auto found = larder::searchRepositories(*access, text, kSearchResults, stop);
            if (!m_control.ends()) answer.give(std::move(found));
        });
    }

    void startDownload(const Repository& repository, const DownloadChoice& choice) override {
        m_control.disk([this, repository, choice] { m_control.downloads()->add(repository, choice); });
    }
    void pauseDownload(std::uint64_t id) override {
        m_control.disk([this, id] { m_control.downloads()->pause(id); });
    }
    void resumeDownload(std::uint64_t id) override {
        m_control.disk([this, id] { m_control.downloads()->resume(id); });
    }
    void cancelDownload(std::uint64_t id) override {
        m_control.disk([this, id] { m_control.downloads()->cancel(id); });
    }

private:
    template <class T>
    void withCache(Reply<T> reply, std::function<Expected<T>(CacheControl&)> verb) {
        m_control.post([this, verb = std::move(verb), answer = Answer<T>(std::move(reply))] {
            m_control.withCache([verb, answer](Expected<CacheControl*> cache) {
                answer.give(cache ? verb(**cache) : Expected<T>(cache.error()));
            });
        });
    }

    std::atomic<std::uint64_t> m_searches{0};
    mutable ServiceControl m_control;  // last: its threads use this object
};

}  // namespace

std::unique_ptr<Service> Service::create(const Settings& settings, std::function<void()> changed) {
    return std::make_unique<AppService>(settings, std::move(changed));
}

}  // namespace larder
