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
#include "engine/engine_watch.h"
#include "engine/isa.h"
#include "engine/load_guard.h"
#include "engine/model_host.h"
#include "engine/model_list.h"

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
    bool byHand = false;
    std::function<void(Expected<void>)> done;
};
struct Unload {
    std::string model;  // empty: all
    std::function<void(Expected<void>)> done;
};
using ConductorMessage = std::variant<Route, Drop, Ended, Load, Unload>;

Error shuttingDown() { return {ErrorCode::Unavailable, "the server is shutting down"}; }

Error crashedBefore(const std::string& model) {
    return {ErrorCode::Unavailable, model + " was not loaded: Larder ended while loading it last time, often for want of memory; "
                                            "close other programs or choose a smaller model, then load it by hand: on the Models page, or "
                                            "with larder run " + model + " while no server runs"};
}

}  // namespace

// The conductor thread (the loader of design §4) owns the loaded model and decides which one that is: requests for it go
// to its worker at once; a request for another model waits, together with everything behind it, until the loaded one
// has nothing to do, then the models change places. Everything below the line is its own.
struct Engine::Inner {
    explicit Inner(const Settings& theSettings) : settings(theSettings), models(theSettings), guard(theSettings.baseDir) {}

    Settings settings;
    const kernels::Kernels* kernels = nullptr;
    ModelList models;
    LoadGuard guard;
    base::Snapshot<std::shared_ptr<ModelHost>> host;
    std::atomic<std::uint64_t> nextId{1};
    std::atomic<std::size_t> unfinished{0};  // routed, neither ended nor dropped
    std::atomic<bool> stop{false};
    const std::shared_ptr<EngineWatch> watch = std::make_shared<EngineWatch>();
    // Sinks and handles may outlive the engine: they hold the mailbox, which then refuses messages.
    std::shared_ptr<base::Mailbox<ConductorMessage>> mailbox = std::make_shared<base::Mailbox<ConductorMessage>>();
    // ---- conductor thread only
    using Waiting = std::variant<Route, Load, Unload>;
    std::unique_ptr<base::ThreadPool> pool;
    std::deque<Waiting> waiting;
    std::set<SequenceId> running;            // in the loaded model's worker
    // ----
    base::Thread conductor;                  // last: joined before what it uses dies

    void run();
    void handle(ConductorMessage message);
    void drop(SequenceId id);
    void advance();
    bool serves(const std::string& model) const;
    Expected<void> prepare(const Waiting& entry);
    Expected<void> change(const std::string& model, bool byHand);
    void leaveModel();
    void finish(Waiting entry, const Expected<void>& prepared);
    void start(Route route);
    std::string crashedName() const;
    void warnOfCrash();
};

void Engine::Inner::run() {
    pool = std::make_unique<base::ThreadPool>(settings.threads);
    while (!mailbox->closed()) {
        for (ConductorMessage& message : mailbox->wait()) handle(std::move(message));
        if (!stop) advance();
    }
    for (ConductorMessage& message : mailbox->take()) handle(std::move(message));
    leaveModel();  // the worker reports to every sink it still has
    while (!waiting.empty()) {
        Waiting entry = std::move(waiting.front());
        waiting.pop_front();
        finish(std::move(entry), shuttingDown());
    }
    pool.reset();
}

void Engine::Inner::handle(ConductorMessage message) {
    if (auto* route = std::get_if<Route>(&message)) {
        waiting.push_back(std::move(*route));
    } else if (auto* load = std::get_if<Load>(&message)) {
        waiting.push_back(std::move(*load));
    } else if (auto* unload = std::get_if<Unload>(&message)) {
        waiting.push_back(std::move(*unload));
    } else if (auto* ended = std::get_if<Ended>(&message)) {
        if (running.erase(ended->id) > 0) --unfinished;
    } else {
        drop(std::get<Drop>(message).id);
    }
}

void Engine::Inner::drop(SequenceId id) {
    if (running.erase(id) > 0) {
        --unfinished;
        if (const auto current = host.read()) current->worker().cancel(id);
        return;
    }
    const auto isIt = [&](const auto& entry) {
        const auto* route = std::get_if<Route>(&entry);
        return route && route->submit.id == id;
    };
    const std::size_t dropped = std::erase_if(waiting, isIt);
    unfinished -= dropped;
    watch->queue(-static_cast<std::ptrdiff_t>(dropped));
}

bool Engine::Inner::serves(const std::string& model) const {
    const auto current = host.read();
    return current && current->info().name == model;
}

// Takes waiting entries in order as far as the loaded model allows.
void Engine::Inner::advance() {
    while (!waiting.empty() && !stop) {
        const Waiting& next = waiting.front();
        bool stays = false;
        if (const auto* route = std::get_if<Route>(&next)) stays = serves(route->model);
        else if (const auto* unload = std::get_if<Unload>(&next)) stays = !unload->model.empty() && !serves(unload->model);
        else if (const auto* load = std::get_if<Load>(&next)) stays = serves(load->model) || !models.known(load->model).ok();
        if (!stays && !running.empty()) return;
        Expected<void> prepared = prepare(next);
        Waiting taken = std::move(waiting.front());
        waiting.pop_front();
        if (stop && !prepared) prepared = shuttingDown();
        finish(std::move(taken), prepared);
    }
}

// Brings the engine to where this entry can be finished. REQUIRES that nothing runs if that takes another model.
Expected<void> Engine::Inner::prepare(const Waiting& entry) {
    if (const auto* unload = std::get_if<Unload>(&entry)) {
        if (!unload->model.empty() && !serves(unload->model)) return {};
        leaveModel();
        watch->enter("", ModelState::Unloaded, "");
        return {};
    }
    if (const auto* route = std::get_if<Route>(&entry)) return serves(route->model) ? Expected<void>() : change(route->model, false);
    const Load& load = std::get<Load>(entry);
    return serves(load.model) ? Expected<void>() : change(load.model, load.byHand);
}

void Engine::Inner::finish(Waiting entry, const Expected<void>& prepared) {
    if (auto* load = std::get_if<Load>(&entry)) return load->done(prepared);
    if (auto* unload = std::get_if<Unload>(&entry)) return unload->done(prepared);
    Route& route = std::get<Route>(entry);
    if (prepared) {
        start(std::move(route));
    } else {
        --unfinished;
        route.submit.sink(Error{ErrorCode::Unavailable, prepared.error().message});
    }
    watch->queue(-1);
}

void Engine::Inner::leaveModel() {
    const auto current = host.read();
    if (!current) return;
    current->worker().stop();  // before its counters are added up
    host.publish(nullptr);
    watch->leave();
}

Expected<void> Engine::Inner::change(const std::string& model, bool byHand) {
    const auto info = models.known(model);
    if (!info) return Error{ErrorCode::NotFound, "the model " + model + " is gone from the model folder"};
    if (!byHand && guard.refuses(info->path)) return crashedBefore(model);
    leaveModel();
    watch->enter(model, ModelState::Loading, "");
    base::logInfo("loading " + model);
    const double started = steadyMs();
    guard.begin(info->path);
    const auto progress = [this](double done) {
        watch->loading(done);
        return !stop.load();
    };
    auto loaded = ModelHost::load(*info, settings, *kernels, *pool, progress, [shared = watch] { shared->changed(); });
    guard.end();
    warnOfCrash();
    if (!loaded) {
        if (stop) return loaded.error();
        base::logError(loaded.error().message);
        watch->enter(model, ModelState::Failed, loaded.error().message);
        return loaded.error();
    }
    base::logInfo(model + " is loaded after " + std::to_string(static_cast<int>(steadyMs() - started)) + " ms");
    host.publish(*loaded);
    watch->join((*loaded)->watch(), (*loaded)->contextTokens(), (*loaded)->kvBytes());
    return {};
}

// What requests call the model that crashed; its file name when it is not in the list.
std::string Engine::Inner::crashedName() const {
    const auto crashed = guard.crashed();
    if (crashed.empty()) return "";
    std::error_code ignored;
    for (const ModelInfo& model : models.all())
        if (std::filesystem::equivalent(model.path, crashed.front(), ignored)) return model.name;
    return crashed.front().filename().string();
}

void Engine::Inner::warnOfCrash() {
    const std::string name = crashedName();
    watch->warn(name.empty() ? "" : crashedBefore(name).message);
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
    current->worker().submit(ModelHost::kLane, std::move(route.submit));
}

Engine::Engine(std::unique_ptr<Inner> inner) : m_inner(std::move(inner)) {}

Expected<std::unique_ptr<Engine>> Engine::create(const Settings& settings) {
    const auto isa = chosenIsa();
    if (!isa) return isa.error();
    auto inner = std::make_unique<Inner>(settings);
    // Asked for on every status, and the answer of the system does not change.
    if (settings.threads == 0) inner->settings.threads = base::physicalCores();
    inner->kernels = kernels::selectKernels(*isa);
    if (auto found = inner->models.setDefault(settings.defaultModel); !found) return found.error();
    inner->watch->describe(inner->kernels->isa, inner->settings.threads);
    inner->warnOfCrash();
    Inner* raw = inner.get();
    std::unique_ptr<Engine> engine(new Engine(std::move(inner)));
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
    if (inner.guard.refuses(model->path)) return crashedBefore(model->name);
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
    inner.watch->queue(1);
    if (!inner.mailbox->post(Route{name, {id, std::move(request), std::move(watched), steadyMs()}})) return shuttingDown();
    return Generation([mailbox = inner.mailbox, id] { mailbox->post(Drop{id}); });
}

Expected<void> Engine::load(const std::string& model) {
    const auto answer = std::make_shared<base::Mailbox<Expected<void>>>();
    load(model, [answer](Expected<void> done) { answer->post(std::move(done)); });
    return answer->wait().front();
}

void Engine::load(const std::string& model, std::function<void(Expected<void>)> done) {
    const auto info = findModel(model);
    Error refusal = shuttingDown();
    if (!info) refusal = info.error();
    else if (!info->problem.empty()) refusal = Error{ErrorCode::Unsupported, info->name + ": " + info->problem};
    else if (m_inner->mailbox->post(Load{info->name, true, done})) return;
    done(refusal);
}

void Engine::unload(const std::string& model, std::function<void(Expected<void>)> done) {
    if (!m_inner->mailbox->post(Unload{model, done})) done(shuttingDown());
}

Expected<void> Engine::pin(const std::string& model, bool pinned) {
    const auto info = findModel(model);
    if (!info) return info.error();
    m_inner->watch->pin(info->name, pinned);
    return {};
}

void Engine::observe(std::function<void()> changed) { m_inner->watch->observe(std::move(changed)); }

std::string Engine::crashedModel() const { return m_inner->crashedName(); }

bool Engine::crashedWhileLoading(const ModelInfo& model) const { return m_inner->guard.refuses(model.path); }

std::vector<ModelInfo> Engine::models() const { return m_inner->models.all(); }

void Engine::refreshModels() { m_inner->models.refresh(); }

Expected<ModelInfo> Engine::findModel(const std::string& name) const { return m_inner->models.find(name); }

void Engine::apply(const Settings& settings) {
    m_inner->models.listHuggingFaceCache(settings.useHuggingFaceCache);
    if (auto found = m_inner->models.setDefault(settings.defaultModel); !found)
        base::logWarning("the default model stays as it was: " + found.error().message);
}

std::size_t Engine::contextTokens(const ModelInfo& model) const {
    const auto host = m_inner->host.read();
    if (host && host->info().name == model.name) return host->contextTokens();
    return requestedContext(model, m_inner->settings);
}

EngineStatus Engine::status() const { return m_inner->watch->status(); }

std::function<EngineStatus()> Engine::statusSource() const {
    return [watch = m_inner->watch] { return watch->status(); };
}

std::string Engine::checkIntegrity() const {
    if (const auto unfinished = m_inner->unfinished.load(); unfinished > 0)
        return std::to_string(unfinished) + " generations are not finished";
    const auto host = m_inner->host.read();
    return host ? host->worker().checkIntegrity() : "";
}

}  // namespace larder
