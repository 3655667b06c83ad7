#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <set>
#include <utility>
#include <variant>

#include "engine/base/log.h"
#include "engine/base/mailbox.h"
#include "engine/base/snapshot.h"
#include "engine/base/thread.h"
#include "engine/isa.h"
#include "engine/model_host.h"

namespace larder {
namespace {

double steadyMs() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Route {
    std::string model;
    generate::Submit submit;
};
struct Drop {
    SequenceId id{};
};
struct Ended {
    SequenceId id{};
};
struct Load {
    std::string model;
    std::function<void(Expected<void>)> done;
};
using ConductorMessage = std::variant<Route, Drop, Ended, Load>;

Error shuttingDown() { return {ErrorCode::Unavailable, "the server is shutting down"}; }

}  // namespace

// The conductor thread (the loader of design §4) owns the loaded model and decides which one that is: requests for it go
// to its worker at once; a request for another model waits, together with everything behind it, until the loaded one
// has nothing to do, then the models change places. Everything below the line is its own.
struct Engine::Inner {
    Settings settings;
    const kernels::Kernels* kernels = nullptr;
    base::Snapshot<std::vector<ModelInfo>> models;
    base::Snapshot<std::shared_ptr<ModelHost>> host;
    base::Snapshot<EngineStatus> loadStatus;
    std::atomic<std::uint64_t> nextId{1};
    std::atomic<std::size_t> unfinished{0};  // routed, neither ended nor dropped
    std::atomic<bool> stop{false};
    // Sinks and handles may outlive the engine: they hold the mailbox, which then refuses messages.
    std::shared_ptr<base::Mailbox<ConductorMessage>> mailbox = std::make_shared<base::Mailbox<ConductorMessage>>();
    // ---- conductor thread only
    std::unique_ptr<base::ThreadPool> pool;
    std::deque<std::variant<Route, Load>> waiting;
    std::set<SequenceId> running;            // in the loaded model's worker
    // ----
    base::Thread conductor;                  // last: joined before what it uses dies

    void run();
    void handle(ConductorMessage message);
    void advance();
    bool serves(const std::string& model) const;
    Expected<void> change(const std::string& model);
    void start(Route route);
    void publish(const std::string& model, ModelState state, const std::string& failure);
};

void Engine::Inner::run() {
    pool = std::make_unique<base::ThreadPool>(settings.threads);
    while (!mailbox->closed()) {
        for (ConductorMessage& message : mailbox->wait()) handle(std::move(message));
        if (!stop) advance();
    }
    for (ConductorMessage& message : mailbox->take()) handle(std::move(message));
    host.publish(nullptr);  // the worker reports to every sink it still has
    for (auto& entry : waiting) {
        if (auto* route = std::get_if<Route>(&entry)) route->submit.sink(shuttingDown());
        else std::get<Load>(entry).done(shuttingDown());
    }
    pool.reset();
}

void Engine::Inner::handle(ConductorMessage message) {
    if (auto* route = std::get_if<Route>(&message)) {
        waiting.push_back(std::move(*route));
    } else if (auto* load = std::get_if<Load>(&message)) {
        waiting.push_back(std::move(*load));
    } else if (auto* ended = std::get_if<Ended>(&message)) {
        if (running.erase(ended->id) > 0) --unfinished;
    } else {
        const SequenceId id = std::get<Drop>(message).id;
        if (running.erase(id) > 0) {
            --unfinished;
            if (const auto current = host.read()) current->worker().cancel(id);
            return;
        }
        const auto isIt = [&](const auto& entry) {
            const auto* waitingRoute = std::get_if<Route>(&entry);
            return waitingRoute && waitingRoute->submit.id == id;
        };
        unfinished -= std::erase_if(waiting, isIt);
    }
}

bool Engine::Inner::serves(const std::string& model) const {
    const auto current = host.read();
    return current && current->info().name == model;
}

// Takes waiting entries in order as far as the loaded model allows.
void Engine::Inner::advance() {
    while (!waiting.empty() && !stop) {
        auto& entry = waiting.front();
        const std::string model = std::holds_alternative<Route>(entry) ? std::get<Route>(entry).model : std::get<Load>(entry).model;
        if (!serves(model) && !running.empty()) return;
        Expected<void> loaded;
        if (!serves(model)) loaded = change(model);
        auto taken = std::move(waiting.front());
        waiting.pop_front();
        if (auto* load = std::get_if<Load>(&taken)) {
            load->done(loaded);
        } else if (loaded) {
            start(std::move(std::get<Route>(taken)));
        } else {
            --unfinished;
            std::get<Route>(taken).submit.sink(Error{ErrorCode::Unavailable, loaded.error().message});
        }
    }
}

void Engine::Inner::publish(const std::string& model, ModelState state, const std::string& failure) {
    EngineStatus status;
    status.model = model;
    status.modelState = state;
    status.failure = failure;
    loadStatus.publish(status);
}

Expected<void> Engine::Inner::change(const std::string& model) {
    host.publish(nullptr);
    const auto known = models.read();
    const auto info = std::find_if(known.begin(), known.end(), [&](const ModelInfo& m) { return m.name == model; });
    if (info == known.end()) return Error{ErrorCode::NotFound, "the model " + model + " is gone from the model folder"};
    publish(model, ModelState::Loading, "");
    base::logInfo("loading " + model);
    const double started = steadyMs();
    auto loaded = ModelHost::load(*info, settings, *kernels, *pool, [this](double) { return !stop.load(); });
    if (!loaded) {
        base::logError(loaded.error().message);
        publish(model, ModelState::Failed, loaded.error().message);
        return loaded.error();
    }
    base::logInfo(model + " is loaded after " + std::to_string(static_cast<int>(steadyMs() - started)) + " ms");
    host.publish(*loaded);
    publish(model, ModelState::Loaded, "");
    return {};
}

void Engine::Inner::start(Route route) {
    const auto current = host.read();
    const std::vector<TokenId>& prompt = route.submit.request.prompt;
    const int vocabulary = current->vocabulary();
    const auto outside = std::find_if(prompt.begin(), prompt.end(), [&](TokenId id) { return id < 0 || id >= vocabulary; });
    if (outside != prompt.end()) {
        --unfinished;
        route.submit.sink(Error{ErrorCode::InvalidArgument, "the prompt holds the token id " + std::to_string(*outside) +
                                                                "; the model's ids are 0 to " + std::to_string(vocabulary - 1)});
        return;
    }
    // The window may have been cut to what the memory holds when the model was loaded.
    if (prompt.size() > current->contextTokens()) {
        --unfinished;
        route.submit.sink(promptTooLong(prompt.size(), current->contextTokens()));
        return;
    }
    running.insert(route.submit.id);
    current->worker().submit(std::move(route.submit));
}

Engine::Engine(std::unique_ptr<Inner> inner) : m_inner(std::move(inner)) {}

Expected<std::unique_ptr<Engine>> Engine::create(const Settings& settings) {
    auto inner = std::make_unique<Inner>();
    inner->settings = settings;
    // Asked for on every status, and the answer of the system does not change.
    if (settings.threads == 0) inner->settings.threads = base::physicalCores();
    const auto isa = chosenIsa();
    if (!isa) return isa.error();
    inner->kernels = kernels::selectKernels(*isa);
    Inner* raw = inner.get();
    std::unique_ptr<Engine> engine(new Engine(std::move(inner)));
    engine->refreshModels();
    if (!settings.defaultModel.empty()) {
        auto model = resolveModel(settings.defaultModel, settings.modelDir);
        if (!model) return model.error();
        if (!model->problem.empty()) return Error{ErrorCode::Unsupported, model->path.string() + ": " + model->problem};
        raw->settings.defaultModel = model->name;
        auto known = raw->models.read();
        const auto same = std::find_if(known.begin(), known.end(), [&](const ModelInfo& m) { return m.name == model->name; });
        if (same == known.end()) known.push_back(*model);
        else *same = *model;
        raw->models.publish(known);
    }
    raw->conductor = base::Thread("conductor", [raw] { raw->run(); });
    return engine;
}

Engine::~Engine() {
    m_inner->stop = true;
    m_inner->mailbox->close();
    m_inner->conductor.join();
}

Expected<Generation> Engine::submit(GenerationRequest request, GenerationSink sink) {
    Inner& inner = *m_inner;
    const auto model = findModel(request.model);
    if (!model) return model.error();
    if (!model->problem.empty()) return Error{ErrorCode::Unsupported, model->name + ": " + model->problem};
    if (request.prompt.empty()) return Error{ErrorCode::InvalidArgument, "the prompt is empty; send at least one token"};
    const std::size_t window = contextTokens(*model);
    if (request.prompt.size() > window) return promptTooLong(request.prompt.size(), window);
    const std::size_t limit = inner.settings.maxRunning + inner.settings.maxWaiting;
    if (inner.unfinished.fetch_add(1) >= limit) {
        --inner.unfinished;
        return Error{ErrorCode::Overloaded, std::to_string(limit) + " requests are running or waiting already; try again later"};
    }
    const auto id = static_cast<SequenceId>(inner.nextId.fetch_add(1));
    auto watched = [sink = std::move(sink), mailbox = inner.mailbox, id](GenerationEvent event) {
        const bool last = std::holds_alternative<GenerationFinished>(event) || std::holds_alternative<Error>(event);
        sink(std::move(event));
        if (last) mailbox->post(Ended{id});
    };
    request.model = model->name;
    const std::string name = model->name;
    if (!inner.mailbox->post(Route{name, {id, std::move(request), std::move(watched), steadyMs()}})) return shuttingDown();
    return Generation([mailbox = inner.mailbox, id] { mailbox->post(Drop{id}); });
}

Expected<void> Engine::load(const std::string& model) {
    const auto info = findModel(model);
    if (!info) return info.error();
    if (!info->problem.empty()) return Error{ErrorCode::Unsupported, info->name + ": " + info->problem};
    const auto answer = std::make_shared<base::Mailbox<Expected<void>>>();
    if (!m_inner->mailbox->post(Load{info->name, [answer](Expected<void> done) { answer->post(std::move(done)); }}))
        return shuttingDown();
    return answer->wait().front();
}

std::vector<ModelInfo> Engine::models() const { return m_inner->models.read(); }

void Engine::refreshModels() { m_inner->models.publish(findModels(m_inner->settings.modelDir)); }

Expected<ModelInfo> Engine::findModel(const std::string& name) const {
    const auto known = models();
    const std::string wanted = name.empty() ? m_inner->settings.defaultModel : name;
    if (wanted.empty() && known.size() == 1) return known.front();
    std::string names;
    for (const ModelInfo& info : known) {
        if (info.name == wanted) return info;
        names += (names.empty() ? "" : ", ") + info.name;
    }
    const std::string available = names.empty() ? "there are no models in " + m_inner->settings.modelDir.string() : "available: " + names;
    if (wanted.empty()) return Error{ErrorCode::InvalidArgument, "name a model in the request; " + available};
    return Error{ErrorCode::NotFound, "the model " + wanted + " is not here; " + available};
}

std::size_t Engine::contextTokens(const ModelInfo& model) const {
    const auto host = m_inner->host.read();
    if (host && host->info().name == model.name) return host->contextTokens();
    return requestedContext(model, m_inner->settings);
}

EngineStatus Engine::status() const {
    EngineStatus status = m_inner->loadStatus.read();
    status.isa = m_inner->kernels->isa;
    status.threads = m_inner->settings.threads;
    if (const auto host = m_inner->host.read()) {
        const generate::WorkerStatus worker = host->worker().status();
        status.contextTokens = host->contextTokens();
        status.runningSequences = worker.running;
        status.waitingSequences = worker.waiting;
        status.kvBlocksTotal = worker.totalBlocks;
        status.kvBlocksUsed = worker.usedBlocks;
        status.kvBytesTotal = host->kvBytes();
        status.promptTokens = worker.promptTokens;
        status.cachedTokens = worker.cachedTokens;
        status.generatedTokens = worker.generatedTokens;
        status.requests = worker.requests;
        status.steps = worker.steps;
        status.prefillTokensPerSecond = worker.prefillTokensPerSecond;
        status.decodeTokensPerSecond = worker.decodeTokensPerSecond;
    }
    return status;
}

std::string Engine::checkIntegrity() const {
    if (const auto unfinished = m_inner->unfinished.load(); unfinished > 0)
        return std::to_string(unfinished) + " generations are not finished";
    const auto host = m_inner->host.read();
    return host ? host->worker().checkIntegrity() : "";
}

}  // namespace larder
