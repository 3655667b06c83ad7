#include "engine/engine_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace larder {
namespace {

// A rate is shown while it is being made and for this long afterwards: a chart must not keep an old one for ever.
constexpr double kRateKeptMs = 1000;

double watchClockMs() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void addCounters(EngineStatus& status, const generate::LaneStatus& worker) {
    status.promptTokens += worker.promptTokens;
    status.cachedTokens += worker.cachedTokens;
    status.generatedTokens += worker.generatedTokens;
    status.requests += worker.requests;
    status.steps += worker.steps;
    status.computedPromptTokens += worker.computedPromptTokens;
    status.prefillSeconds += worker.prefillSeconds;
    status.decodeSeconds += worker.decodeSeconds;
    status.firstTokens += worker.firstTokens;
    if (worker.firstTokens > 0) status.lastTtftMs = worker.lastTtftMs;
    status.totalTtftMs += worker.totalTtftMs;
}

void addMoment(EngineStatus& status, const generate::LaneStatus& worker) {
    status.runningSequences = worker.running;
    status.waitingSequences += worker.waiting;
    status.prefillingSequences = worker.prefills.sequences;
    status.prefillDoneTokens = worker.prefills.doneTokens;
    status.prefillTotalTokens = worker.prefills.totalTokens;
    status.followingSequences = worker.following;
    status.hotTier.leasedBytes = worker.leasedBytes;
    status.hotTier.cachedBytes = worker.cachedBytes;
    // A step may take longer than the rate is kept: then the running sequences say that one is under way.
    const double now = watchClockMs();
    if (worker.prefills.sequences > 0 || now - worker.lastPrefillMs < kRateKeptMs)
        status.prefillTokensPerSecond = worker.prefillTokensPerSecond;
    if (worker.running > worker.prefills.sequences || now - worker.lastDecodeMs < kRateKeptMs)
        status.decodeTokensPerSecond = worker.decodeTokensPerSecond;
}

}  // namespace

EngineStatus EngineWatch::status() const {
    Scene scene = m_scene.read();
    EngineStatus status = std::move(scene.status);
    if (status.modelState == ModelState::Loading) status.loadProgress = m_progress;
    status.waitingSequences = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, m_queued));
    if (scene.worker) {
        const generate::LaneStatus worker = scene.worker->read();
        addCounters(status, worker);
        addMoment(status, worker);
        status.hotTier.limitBytes = status.kvBytesTotal;
    }
    if (!status.model.empty()) {
        ModelStatus model{.name = status.model, .state = status.modelState, .loadProgress = status.loadProgress, .failure = status.failure};
        model.pinned = scene.pinned.contains(status.model);
        model.contextTokens = status.contextTokens;
        model.runningSequences = status.runningSequences;
        model.waitingSequences = status.waitingSequences;
        model.kvBytes = status.hotTier.leasedBytes + status.hotTier.cachedBytes;
        status.models.push_back(std::move(model));
    }
    return status;
}

void EngineWatch::observe(std::function<void()> observer) {
    m_observer.publish(std::make_shared<const std::function<void()>>(std::move(observer)));
}

void EngineWatch::changed() const {
    if (const auto observer = m_observer.read(); observer && *observer) (*observer)();
}

void EngineWatch::describe(std::string isa, std::size_t threads) {
    Scene scene = m_scene.read();
    scene.status.isa = std::move(isa);
    scene.status.threads = threads;
    m_scene.publish(std::move(scene));
}

void EngineWatch::warn(std::string warning) {
    Scene scene = m_scene.read();
    if (scene.status.warning == warning) return;
    scene.status.warning = std::move(warning);
    m_scene.publish(std::move(scene));
    changed();
}

void EngineWatch::enter(const std::string& model, ModelState state, const std::string& failure) {
    Scene scene = m_scene.read();
    scene.status.model = model;
    scene.status.modelState = state;
    scene.status.failure = failure;
    if (state == ModelState::Loading) m_progress = 0;
    m_scene.publish(std::move(scene));
    changed();
}

void EngineWatch::loading(double progress) {
    m_progress = progress;
    changed();
}

void EngineWatch::join(std::shared_ptr<const base::Snapshot<generate::LaneStatus>> worker, std::size_t contextTokens,
                       std::size_t kvBytes) {
    Scene scene = m_scene.read();
    scene.worker = std::move(worker);
    scene.status.contextTokens = contextTokens;
    scene.status.kvBytesTotal = kvBytes;
    scene.status.modelState = ModelState::Loaded;
    m_scene.publish(std::move(scene));
    changed();
}

void EngineWatch::leave() {
    Scene scene = m_scene.read();
    if (!scene.worker) return;
    addCounters(scene.status, scene.worker->read());
    scene.worker = nullptr;
    scene.status.model.clear();
    scene.status.modelState = ModelState::Unloaded;
    scene.status.contextTokens = 0;
    scene.status.kvBytesTotal = 0;
    m_scene.publish(std::move(scene));
    changed();
}

void EngineWatch::pin(const std::string& model, bool pinned) {
    Scene scene = m_scene.read();
    if (pinned)
        scene.pinned.insert(model);
    else
        scene.pinned.erase(model);
    m_scene.publish(std::move(scene));
    changed();
}

void EngineWatch::queue(std::ptrdiff_t difference) {
    if (difference == 0) return;
    m_queued += difference;
    changed();
}

}  // namespace larder
