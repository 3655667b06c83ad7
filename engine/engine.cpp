#include "engine/engine.h"

#include <atomic>
#include <chrono>
#include <utility>
#include <variant>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/mailbox.h"
#include "engine/base/memory.h"
#include "engine/base/thread.h"
#include "engine/cold_tier.h"
#include "engine/conductor.h"
#include "engine/engine_cache.h"
#include "engine/engine_watch.h"
#include "engine/isa.h"
#include "engine/load_guard.h"
#include "engine/model/model.h"
#include "engine/model_list.h"

namespace larder {
namespace {

Machine memoryOfMachine() {
    const base::MemoryFigures memory = base::memoryFigures();
    Machine machine;
    machine.memoryBytes = memory.totalBytes;
    machine.availableMemoryBytes = memory.availableBytes;
    return machine;
}

EngineSurroundings complete(EngineSurroundings surroundings) {
    if (!surroundings.now) surroundings.now = [] { return std::chrono::steady_clock::now(); };
    if (!surroundings.machine) surroundings.machine = memoryOfMachine;
    if (!surroundings.loading) surroundings.loading = [](const std::string&, double) {};
    if (!surroundings.cacheCleared) surroundings.cacheCleared = [](const std::string&) {};
    if (!surroundings.loadModel) surroundings.loadModel = model::loadModel;
    return surroundings;
}

}  // namespace

struct Engine::Inner {
    explicit Inner(const Settings& theSettings) : settings(theSettings), models(theSettings), guard(theSettings.baseDir) {}

    void openColdTier();

    Settings settings;
    ModelList models;
    LoadGuard guard;
    const std::shared_ptr<EngineWatch> watch = std::make_shared<EngineWatch>();
    std::shared_ptr<kv::ColdStore> cold;   // null: none
    std::function<void(const std::string&)> cacheCleared;
    std::atomic<std::uint64_t> nextId{1};
    std::unique_ptr<Conductor> conductor;  // last: it uses everything above
};

// Without it the engine serves all the same, and says why it is without.
void Engine::Inner::openColdTier() {
    const auto busy = [look = std::weak_ptr<EngineWatch>(watch)] {
        const auto there = look.lock();
        return there && there->computes();
    };
    auto opened = larder::openColdTier(settings, busy);
    if (opened) cold = std::move(*opened);
    else base::logWarning("nothing is kept on the disk: " + opened.error().message);
    ColdTierStatus off;
    off.folder = settings.baseDir.empty() ? "" : (settings.baseDir / "cache").string();
    if (!opened) off.problem = opened.error().message;
    watch->watchColdTier([store = cold, off] { return store ? store->status() : off; });
}

Engine::Engine(std::unique_ptr<Inner> inner) : m_inner(std::move(inner)) {}
Engine::~Engine() {
    m_inner->conductor.reset();
    if (m_inner->cold) m_inner->cold->close();
}

Expected<std::unique_ptr<Engine>> Engine::create(const Settings& settings, EngineSurroundings surroundings) {
    const auto isa = chosenIsa();
    if (!isa) return isa.error();
    auto inner = std::make_unique<Inner>(settings);
    surroundings = complete(std::move(surroundings));
    inner->cacheCleared = surroundings.cacheCleared;
    // Asked for on every status, and the answer of the system does not change.
    if (settings.threads == 0) inner->settings.threads = base::physicalCores();
    if (auto found = inner->models.setDefault(settings.defaultModel); !found) return found.error();
    const kernels::Kernels* kernels = kernels::selectKernels(*isa);
    inner->watch->describe(kernels->isa, inner->settings.threads);
    if (const std::string crashed = crashedName(inner->models, inner->guard); !crashed.empty())
        inner->watch->warn(crashedBefore(crashed).message);
    inner->openColdTier();
    inner->conductor = std::make_unique<Conductor>(ConductorParts{.settings = inner->settings,
                                                                  .kernels = kernels,
                                                                  .models = &inner->models,
                                                                  .guard = &inner->guard,
                                                                  .watch = inner->watch,
                                                                  .cold = inner->cold,
                                                                  .surroundings = std::move(surroundings)});
    return std::unique_ptr<Engine>(new Engine(std::move(inner)));
}

Expected<Generation> Engine::submit(GenerationRequest request, GenerationSink sink) {
    Inner& inner = *m_inner;
    const auto model = findModel(request.model);
    if (!model) return model.error();
    if (!model->problem.empty()) return Error{ErrorCode::Unsupported, model->name + ": " + model->problem};
    if (inner.guard.refuses(model->path)) return crashedBefore(model->name);
    if (request.prompt.empty()) return Error{ErrorCode::InvalidArgument, "the prompt is empty; send at least one token"};
    const std::size_t window = contextTokens(*model);
    if (request.prompt.size() > window) return promptTooLong(request.prompt.size(), window, model->contextTokens);
    const std::size_t limit = inner.settings.maxRunning + inner.settings.maxWaiting;
    if (!inner.conductor->countIn(limit))
        return Error{ErrorCode::Overloaded, std::to_string(limit) + " requests are running or waiting already; try again later"};
    const auto id = static_cast<SequenceId>(inner.nextId.fetch_add(1));
    const auto mailbox = inner.conductor->mailbox();
    auto watched = [sink = std::move(sink), mailbox, id](GenerationEvent event) {
        const bool last = std::holds_alternative<GenerationFinished>(event) || std::holds_alternative<Error>(event);
        sink(std::move(event));
        if (last) mailbox->post(Ended{id});
    };
    request.model = model->name;
    inner.watch->queue(1);
    generate::Submit submit{.id = id, .request = std::move(request), .sink = std::move(watched), .submittedMs = base::steadyMs()};
    if (!mailbox->post(Route{model->name, std::move(submit)})) return shuttingDown();
    return Generation([mailbox, id] { mailbox->post(Drop{id}); });
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
    else if (m_inner->conductor->mailbox()->post(Load{info->name, true, done})) return;
    done(refusal);
}

void Engine::unload(const std::string& model, std::function<void(Expected<void>)> done) {
    if (!m_inner->conductor->mailbox()->post(Unload{model, done})) done(shuttingDown());
}

Expected<void> Engine::pin(const std::string& model, bool pinned) {
    const auto info = findModel(model);
    if (!info) return info.error();
    if (!m_inner->conductor->mailbox()->post(Pin{info->name, pinned})) return shuttingDown();
    return {};
}

void Engine::observe(std::function<void()> changed) { m_inner->watch->observe(std::move(changed)); }

std::string Engine::crashedModel() const { return crashedName(m_inner->models, m_inner->guard); }

bool Engine::crashedWhileLoading(const ModelInfo& model) const { return m_inner->guard.refuses(model.path); }

std::vector<ModelInfo> Engine::models() const { return m_inner->models.all(); }

void Engine::refreshModels() { m_inner->models.refresh(); }

Expected<ModelInfo> Engine::findModel(const std::string& name) const { return m_inner->models.find(name); }

std::shared_ptr<CacheControl> Engine::cache() const {
    if (!m_inner->cold || !m_inner->cold->status().on) return nullptr;
    return std::make_shared<EngineCache>(m_inner->cold, m_inner->conductor->mailbox(), m_inner->cacheCleared);
}

void Engine::apply(const Settings& settings) {
    if (m_inner->cold) applyToColdTier(*m_inner->cold, settings);
    m_inner->conductor->mailbox()->post(UnloadRules{settings.modelMemoryBytes, settings.idleUnloadMinutes});
    m_inner->models.listHuggingFaceCache(settings.useHuggingFaceCache);
    if (auto found = m_inner->models.setDefault(settings.defaultModel); !found)
        base::logWarning("the default model stays as it was: " + found.error().message);
}

std::size_t Engine::contextTokens(const ModelInfo& model) const {
    const std::size_t offered = m_inner->watch->contextTokens(model.name);
    return offered > 0 ? offered : requestedContext(model, m_inner->settings);
}

EngineStatus Engine::status() const { return m_inner->watch->status(); }

std::function<EngineStatus()> Engine::statusSource() const {
    return [watch = m_inner->watch] { return watch->status(); };
}

std::string Engine::checkIntegrity() const {
    if (const auto unfinished = m_inner->conductor->unfinished(); unfinished > 0)
        return std::to_string(unfinished) + " generations are not finished";
    return m_inner->conductor->checkIntegrity();
}

}  // namespace larder
