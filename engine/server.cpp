#include "engine/server.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "engine/api/access.h"
#include "engine/api/engine_generator.h"
#include "engine/api/error_shape.h"
#include "engine/api/http_server.h"
#include "engine/api/routes.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/engine.h"
#include "engine/records/prompt_store.h"
#include "engine/records/replay_store.h"
#include "engine/records/usage_log.h"
#include "engine/server_address.h"
#include "engine/usage_records.h"

namespace larder {
namespace {

constexpr std::chrono::milliseconds kStopAskedEvery{100};

std::filesystem::path lockFile(const Settings& settings) { return settings.baseDir / "LOCK"; }
std::filesystem::path addressFile(const Settings& settings) { return settings.baseDir / "server.json"; }

Error alreadyRuns(const Settings& settings) {
    const auto running = findRunningServer(settings);
    const std::string where = running ? " at " + running->address : "";
    return {ErrorCode::Unavailable, "Larder already runs on " + settings.baseDir.string() + where +
                                        "; stop it first or choose another --base-dir"};
}

Expected<void> prepareFolders(const Settings& settings) {
    for (const auto& folder : {settings.baseDir, settings.baseDir / "logs"})
        if (auto made = base::makeFolder(folder, 0700); !made) return made;
    return base::makeFolder(settings.modelDir, 0755);
}

}  // namespace

// In the order of the request path; destroyed from the bottom up: the port first, the engine last.
struct Server::Inner {
    Settings settings;
    std::optional<base::FileLock> lock;
    std::string apiKey;
    std::string warning;
    std::unique_ptr<records::UsageLog> usage;  // its last write comes after the engine's last token
    std::shared_ptr<records::SqliteReplayStore> replay;
    std::shared_ptr<records::PromptStore> prompts;  // writes that the server ended: after what the cache had to write
    std::unique_ptr<Engine> engine;
    std::optional<api::EngineGenerator> generator;
    std::unique_ptr<api::Routes> routes;
    std::unique_ptr<api::HttpServer> http;

    ~Inner() {
        if (http) {
            std::error_code ignored;
            std::filesystem::remove(addressFile(settings), ignored);
        }
        http.reset();
        routes.reset();
        generator.reset();
        engine.reset();
        replay.reset();
        prompts.reset();
        usage.reset();
    }

    std::string address() const { return serverAddress(settings.host, http->port()); }
    Expected<void> openEngine(const ServerStart& how);
    void openUsage(const ServerStart& how);
    Expected<void> openPort(const ServerStart& how);
    Expected<void> loadDefault(const ServerStart& how);
    Expected<void> writeAddress() const;
};

Expected<void> Server::Inner::openEngine(const ServerStart& how) {
    replay = std::make_shared<records::SqliteReplayStore>(records::ReplayStoreParts{.file = replayFile(settings)});
    EngineSurroundings surroundings = how.surroundings;
    prompts = std::make_shared<records::PromptStore>(records::PromptStoreParts{.file = promptsFile(settings)});
    surroundings.cacheCleared = [answers = std::weak_ptr(replay), known = std::weak_ptr(prompts)](const std::string& model) {
        if (const auto there = answers.lock(); there && model.empty()) there->clear();
        if (const auto there = known.lock()) there->clear(model);
    };
    auto created = Engine::create(settings, surroundings);
    const bool missing = !created && (created.error().code == ErrorCode::NotFound || created.error().code == ErrorCode::Unsupported);
    if (missing && !settings.defaultModel.empty() && (how.firstLoad == FirstLoad::Background || how.firstLoad == FirstLoad::Nothing)) {
        warning = "the model to start with was not loaded: " + created.error().message;
        base::logWarning(warning);
        settings.defaultModel.clear();
        created = Engine::create(settings, surroundings);
    }
    if (!created) return created.error();
    engine = std::move(*created);
    openUsage(how);
    return {};
}

void Server::Inner::openUsage(const ServerStart& how) {
    records::UsageLogParts parts;
    parts.file = usageFile(settings);
    parts.current = [status = engine->statusSource()] { return status().usage; };
    usage = std::make_unique<records::UsageLog>(std::move(parts));
    engine->observe([log = usage.get(), observer = how.observer] {
        log->touched();
        if (observer) observer();
    });
}

Expected<void> Server::Inner::loadDefault(const ServerStart& how) {
    if (settings.defaultModel.empty() || how.firstLoad == FirstLoad::Nothing) return {};
    if (how.firstLoad != FirstLoad::ByHand) {
        if (const auto model = engine->findModel(""); model && engine->crashedWhileLoading(*model)) {
            base::logWarning(engine->status().warning);
            return {};
        }
    }
    const auto answer = std::make_shared<base::Mailbox<Expected<void>>>();
    engine->load("", [answer](Expected<void> done) { answer->post(std::move(done)); });
    if (how.firstLoad == FirstLoad::Background) return {};
    for (;;) {
        const auto answers = answer->waitUntil(std::chrono::steady_clock::now() + kStopAskedEvery);
        if (!answers.empty()) return answers.front();
        if (how.stopAsked && how.stopAsked()) return Error{ErrorCode::Cancelled, "stopped while the model was loading"};
    }
}

Expected<void> Server::Inner::openPort(const ServerStart& how) {
    api::RoutesSettings routesSettings;
    routesSettings.apiKey = apiKey;
    routesSettings.host = settings.host;
    routesSettings.maxRequests = settings.maxRunning + settings.maxWaiting;
    routesSettings.version = LARDER_VERSION;
    routesSettings.usage = usage.get();
    routesSettings.requestsChanged = how.observer;
    routesSettings.replay = replay.get();
    routesSettings.prompts = prompts.get();
    generator.emplace(*engine);
    routes = std::make_unique<api::Routes>(*generator, std::move(routesSettings));
    const auto handle = [this](api::HttpRequest request, std::shared_ptr<api::HttpReply> reply) {
        routes->handle(std::move(request), std::move(reply));
    };
    const auto errorBody = [](const api::HttpRequest& request, int status, const std::string& message) {
        return api::ErrorShape(request).body(status, message);
    };
    auto started = api::HttpServer::start(settings.host, settings.port, {}, handle, errorBody);
    if (!started) return started.error();
    http = std::move(*started);
    return {};
}

Expected<void> Server::Inner::writeAddress() const {
    const base::Json json = {{"address", address()}, {"api_key", apiKey}, {"pid", base::processId()}};
    return base::writeFileAtomically(addressFile(settings), base::dumpJson(json) + "\n", 0600);
}

Server::Server(std::unique_ptr<Inner> inner) : m_inner(std::move(inner)) {}
Server::~Server() = default;

Expected<std::unique_ptr<Server>> Server::start(const Settings& settings, ServerStart how) {
    if (!settings.requireApiKey && !api::isLoopbackHost(settings.host))
        return Error{ErrorCode::InvalidArgument, "the host " + settings.host + " can be reached from other machines, so an API key is "
                                                 "needed; leave out --no-api-key or use --host 127.0.0.1"};
    auto inner = std::make_unique<Inner>();
    inner->settings = settings;
    if (auto made = prepareFolders(settings); !made) return made.error();
    auto lock = base::FileLock::acquire(lockFile(settings));
    if (!lock) return lock.error().code == ErrorCode::Unavailable ? alreadyRuns(settings) : lock.error();
    inner->lock.emplace(std::move(*lock));
    base::openLogFile(settings.baseDir / "logs");

    if (settings.requireApiKey) {
        inner->apiKey = settings.apiKey;
        if (inner->apiKey.empty()) {
            auto key = loadOrCreateApiKey(settings.baseDir);
            if (!key) return key.error();
            inner->apiKey = *key;
        }
    }
    if (auto opened = inner->openEngine(how); !opened) return opened.error();
    // The port before the model: a port in use is told at once, not after a long load.
    if (auto opened = inner->openPort(how); !opened) return opened.error();
    if (auto loaded = inner->loadDefault(how); !loaded) return loaded.error();
    if (auto written = inner->writeAddress(); !written) return written.error();
    base::logInfo("listening on " + inner->address());
    return std::unique_ptr<Server>(new Server(std::move(inner)));
}

std::string Server::address() const { return m_inner->address(); }
std::uint16_t Server::port() const { return m_inner->http->port(); }
const std::string& Server::apiKey() const { return m_inner->apiKey; }
EngineStatus Server::status() const { return m_inner->engine->status(); }
UsageTotalsSource Server::totalsSource() const { return m_inner->usage->totalsSource(); }
Expected<std::vector<UsageHour>> Server::usageByHour(std::int64_t firstUnixHour, std::int64_t lastUnixHour) const {
    return m_inner->usage->hours(firstUnixHour, lastUnixHour);
}
RequestListSource Server::requests() const { return m_inner->routes->requests().source(); }
bool Server::cancelRequest(std::uint64_t number) { return m_inner->routes->requests().cancel(number); }
const std::string& Server::warning() const { return m_inner->warning; }
Engine& Server::engine() { return *m_inner->engine; }

std::string Server::checkIntegrity() const {
    if (const auto replies = m_inner->http->openReplies(); replies > 0) return std::to_string(replies) + " replies are not ended";
    if (const auto requests = m_inner->routes->activeRequests(); requests > 0)
        return std::to_string(requests) + " request threads still work";
    return m_inner->engine->checkIntegrity();
}

Expected<RunningServer> findRunningServer(const Settings& settings) {
    const Error nobody{ErrorCode::NotFound, "no server runs on " + settings.baseDir.string()};
    std::error_code ignored;
    if (!std::filesystem::exists(lockFile(settings), ignored)) return nobody;
    {
        const auto lock = base::FileLock::acquire(lockFile(settings));
        if (lock) return nobody;  // and the lock is given back at once
        if (lock.error().code != ErrorCode::Unavailable) return lock.error();
    }
    const auto text = base::readFile(addressFile(settings), 64 * 1024);
    if (!text) return Error{ErrorCode::Unavailable, "a server is starting on " + settings.baseDir.string() + "; try again in a moment"};
    const auto json = base::parseJson(*text);
    if (json && json->is_object() && json->contains("address") && json->contains("api_key") && json->contains("pid")) {
        const base::Json &address = (*json)["address"], &key = (*json)["api_key"], &pid = (*json)["pid"];
        if (address.is_string() && key.is_string() && pid.is_number_integer())
            return RunningServer{address.get<std::string>(), key.get<std::string>(), pid.get<std::int64_t>()};
    }
    return Error{ErrorCode::Corrupt, addressFile(settings).string() + " cannot be read; restart the server"};
}

}  // namespace larder
