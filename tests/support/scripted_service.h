// A test double for the service behind the window: holds a snapshot that the test edits and publishes, records every verb as
// one line ("loadModel tiny"), and gives the replies the test set: at once, when released, or from a thread of its own. It
// starts nothing and downloads nothing; only saveSettings changes the snapshot. Any thread.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/service.h"

namespace larder::support {

class ScriptedService final : public Service {
public:
    // For EngineModel: ScriptedService* service = nullptr; EngineModel model(ScriptedService::maker(service));
    static std::function<std::unique_ptr<Service>(std::function<void()>)> maker(ScriptedService*& service) {
        return [&service](std::function<void()> changed) {
            auto made = std::make_unique<ScriptedService>(std::move(changed));
            service = made.get();
            return made;
        };
    }

    explicit ScriptedService(std::function<void()> changed) : m_changed(std::move(changed)) {
        m_snapshot.models = std::make_shared<const std::vector<ModelInfo>>();
        m_snapshot.downloads = std::make_shared<const std::vector<DownloadStatus>>();
        m_snapshot.requests = std::make_shared<const RequestList>();
        m_snapshot.modelsKnown = true;
        m_snapshot.address = "http://127.0.0.1:1337";
        m_snapshot.machine = {"Test processor", 4, 16'000'000'000, 9'000'000'000};
        m_snapshot.modelFolderFreeBytes = 100'000'000'000;
    }
    ~ScriptedService() override {
        std::vector<std::function<void(bool)>> left;
        {
            std::lock_guard lock(m_mutex);
            m_stopping = true;
            left.assign(m_held.begin(), m_held.end());
            m_held.clear();
        }
        m_wake.notify_all();
        if (m_thread.joinable()) m_thread.join();
        for (auto& reply : left) reply(false);
    }

    // --- what the test does -------------------------------------------------------------------------------------------
    void edit(const std::function<void(ServiceSnapshot&)>& change) {  // and publish
        editQuietly(change);
        publish();
    }
    void editQuietly(const std::function<void(ServiceSnapshot&)>& change) {
        std::lock_guard lock(m_mutex);
        change(m_snapshot);
    }
    void publish() const { m_changed(); }

    void setModels(std::vector<ModelInfo> models) {
        edit([&](ServiceSnapshot& s) { s.models = std::make_shared<const std::vector<ModelInfo>>(std::move(models)); });
    }
    void setDownloads(std::vector<DownloadStatus> list) {
        edit([&](ServiceSnapshot& s) { s.downloads = std::make_shared<const std::vector<DownloadStatus>>(std::move(list)); });
    }

    void setRequests(RequestList list) {
        edit([&](ServiceSnapshot& s) { s.requests = std::make_shared<const RequestList>(std::move(list)); });
    }

    // The verb ("saveSettings") answers with this error from now on; succeed() takes it back.
    void failWith(const std::string& verb, Error error) {
        std::lock_guard lock(m_mutex);
        m_failures.insert_or_assign(verb, std::move(error));
    }
    void succeed(const std::string& verb) {
        std::lock_guard lock(m_mutex);
        m_failures.erase(verb);
    }
    void setRepository(Repository repository) {
        std::lock_guard lock(m_mutex);
        m_repository = std::move(repository);
    }
    void setSearchResults(std::vector<SearchResult> results) {
        std::lock_guard lock(m_mutex);
        m_results = std::move(results);
    }

    // Replies wait until release(): a slow network, a slow disk.
    void holdReplies() {
        std::lock_guard lock(m_mutex);
        m_holding = true;
    }
    void releaseReplies() {
        std::deque<std::function<void(bool)>> held;
        {
            std::lock_guard lock(m_mutex);
            m_holding = false;
            held.swap(m_held);
        }
        for (auto& reply : held) send(std::move(reply));
    }
    // Replies come from a second thread, as they do from the real one.
    void answerFromThread() {
        if (!m_thread.joinable()) m_thread = std::thread([this] { answer(); });
    }

    std::vector<std::string> calls() const {
        std::lock_guard lock(m_mutex);
        return m_calls;
    }
    bool called(const std::string& call) const {
        const auto all = calls();
        return std::find(all.begin(), all.end(), call) != all.end();
    }
    std::vector<Settings> savedSettings() const {  // every one that was stored, in order
        std::lock_guard lock(m_mutex);
        return m_saved;
    }

    // What the verbs of the cache answer; set before they are called.
    CacheListing listing;
    CacheCleared cleared;
    CacheVerified verified;
    std::vector<UsageHour> hours;
    // What planAgent answers, besides the model and the variables that depend on it; set before it is called.
    std::set<std::string> installedAgents = {"claude"};
    std::vector<std::string> agentWarnings;

    // --- Service ------------------------------------------------------------------------------------------------------
    ServiceSnapshot snapshot() const override {
        std::lock_guard lock(m_mutex);
        ++m_snapshotsTaken;
        return m_snapshot;
    }
    int snapshotsTaken() const {
        std::lock_guard lock(m_mutex);
        return m_snapshotsTaken;
    }

    void startServer() override { record("startServer"); }
    void stopServer() override { record("stopServer"); }
    void restartServer() override { record("restartServer"); }
    void loadModel(const std::string& name, Reply<void> reply) override { finish("loadModel", name, std::move(reply)); }
    void unloadModel(const std::string& name, Reply<void> reply) override { finish("unloadModel", name, std::move(reply)); }
    void pinModel(const std::string& name, bool pinned, Reply<void> reply) override {
        finish(pinned ? "pinModel" : "unpinModel", name, std::move(reply));
    }
    void removeModel(const std::string& name, Reply<void> reply) override { finish("removeModel", name, std::move(reply)); }
    void refreshModels() override { record("refreshModels"); }

    void listCache(Reply<CacheListing> reply) override {
        finishWith<CacheListing>("listCache", "", listing, std::move(reply));
    }
    void pinCached(const std::string& id, bool pinned, Reply<void> reply) override {
        finish(pinned ? "pinCached" : "unpinCached", id, std::move(reply));
    }
    void clearCache(const std::string& model, bool pinnedToo, Reply<CacheCleared> reply) override {
        finishWith<CacheCleared>("clearCache", model + (pinnedToo ? " pinned too" : ""), cleared, std::move(reply));
    }
    void verifyCache(Reply<CacheVerified> reply) override {
        finishWith<CacheVerified>("verifyCache", "", verified, std::move(reply));
    }
    void usageByHour(std::int64_t firstUnixHour, Reply<std::vector<UsageHour>> reply) override {
        finishWith<std::vector<UsageHour>>("usageByHour", std::to_string(firstUnixHour), hours, std::move(reply));
    }

    void cancelRequest(std::uint64_t number) override { record("cancelRequest " + std::to_string(number)); }

    void saveSettings(const Settings& settings, Reply<void> reply) override {
        {
            std::lock_guard lock(m_mutex);
            if (!m_failures.contains("saveSettings")) {
                m_snapshot.settings = settings;
                m_saved.push_back(settings);
            }
        }
        finish("saveSettings", "", std::move(reply));
        publish();
    }
    void renewApiKey(Reply<std::string> reply) override {
        std::string key;
        {
            std::lock_guard lock(m_mutex);
            key = "renewed-key-" + std::to_string(++m_keys);
            if (!m_failures.contains("renewApiKey")) m_snapshot.apiKey = key;
        }
        finishWith<std::string>("renewApiKey", "", key, std::move(reply));
        publish();
    }
    void saveHubToken(const std::string& token, Reply<void> reply) override { finish("saveHubToken", token, std::move(reply)); }

    void checkFolder(const std::filesystem::path& path, Reply<FolderCheck> reply) override {  // the real disk
        finishWith<FolderCheck>("checkFolder", path.string(), larder::checkFolder(path), std::move(reply));
    }

    // The real plan, as on a machine with nothing but the agent.
    void planAgent(const std::string& id, const std::string& model, const std::filesystem::path& workingFolder, Reply<AgentPlan> reply) override {
        AgentSurroundings bare;
        bare.environment = [](const std::string&) { return std::nullopt; };
        bare.home = bare.workingFolder = bare.systemFolder = "/nowhere";
        auto plan = larder::planAgent(id, agentServer(snapshot()), model, {}, bare);
        if (!plan) failWith("planAgent", plan.error());
        else succeed("planAgent");
        AgentPlan answer = plan ? *plan : AgentPlan{};
        if (installedAgents.contains(id)) {
            answer.agent.detected = true;
            answer.agent.program = "/home/ada/.local/bin/" + id;
            if (!answer.warnings.empty()) answer.warnings.erase(answer.warnings.begin());  // that it was not found
        }
        for (const std::string& warning : agentWarnings) answer.warnings.push_back({{warning}});
        finishWith<AgentPlan>("planAgent", id + " " + model + " in " + workingFolder.string(), answer, std::move(reply));
    }

    void listRepository(const std::string& id, const std::string& revision, Reply<Repository> reply) override {
        finishWith<Repository>("listRepository", id + " " + revision, locked(m_repository), std::move(reply));
    }
    void searchRepositories(const std::string& text, Reply<std::vector<SearchResult>> reply) override {
        finishWith<std::vector<SearchResult>>("searchRepositories", text, locked(m_results), std::move(reply));
    }
    void startDownload(const Repository& repository, const DownloadChoice& choice) override {
        record("startDownload " + repository.id + " " + choice.label);
    }
    void pauseDownload(std::uint64_t id) override { record("pauseDownload " + std::to_string(id)); }
    void resumeDownload(std::uint64_t id) override { record("resumeDownload " + std::to_string(id)); }
    void cancelDownload(std::uint64_t id) override { record("cancelDownload " + std::to_string(id)); }

private:
    template <class T>
    T locked(const T& value) const {
        std::lock_guard lock(m_mutex);
        return value;
    }
    void record(std::string call) {
        std::lock_guard lock(m_mutex);
        m_calls.push_back(std::move(call));
    }
    void recordVerb(const std::string& verb, const std::string& argument) {
        record(argument.empty() ? verb : verb + " " + argument);
    }
    std::shared_ptr<const Error> failureOf(const std::string& verb) const {
        std::lock_guard lock(m_mutex);
        const auto found = m_failures.find(verb);
        return found == m_failures.end() ? nullptr : std::make_shared<const Error>(found->second);
    }
    static Error ended() { return {ErrorCode::Unavailable, "Larder is closing."}; }

    void finish(const std::string& verb, const std::string& argument, Reply<void> reply) {
        recordVerb(verb, argument);
        send([reply = std::move(reply), failure = failureOf(verb)](bool alive) {
            reply(!alive ? Expected<void>(ended()) : failure ? Expected<void>(*failure) : Expected<void>());
        });
    }
    template <class T>
    void finishWith(const std::string& verb, const std::string& argument, T value, Reply<T> reply) {
        recordVerb(verb, argument);
        send([reply = std::move(reply), failure = failureOf(verb), value = std::move(value)](bool alive) {
            reply(!alive ? Expected<T>(ended()) : failure ? Expected<T>(*failure) : Expected<T>(value));
        });
    }
    void send(std::function<void(bool alive)> reply) {
        {
            std::lock_guard lock(m_mutex);
            if (m_holding || m_thread.joinable()) {
                m_held.push_back(std::move(reply));
                m_wake.notify_all();
                return;
            }
        }
        reply(true);
    }
    void answer() {
        std::unique_lock lock(m_mutex);
        while (!m_stopping) {
            if (m_holding || m_held.empty()) {
                m_wake.wait(lock);
                continue;
            }
            auto reply = std::move(m_held.front());
            m_held.pop_front();
            lock.unlock();
            reply(true);
            lock.lock();
        }
    }

    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::function<void()> m_changed;
    ServiceSnapshot m_snapshot;
    std::vector<std::string> m_calls;
    std::vector<Settings> m_saved;
    std::map<std::string, Error> m_failures;
    Repository m_repository;
    std::vector<SearchResult> m_results;
    std::deque<std::function<void(bool)>> m_held;
    std::thread m_thread;
    mutable int m_snapshotsTaken = 0;
    int m_keys = 0;
    bool m_holding = false;
    bool m_stopping = false;
};

}  // namespace larder::support
