#include "engine/engine_watch.h"

#include <algorithm>
#include <utility>

#include "engine/base/clock.h"

namespace larder {
namespace {

// A rate is shown while it is being made and for this long afterwards: a chart must not keep an old one for ever.
constexpr double kRateKeptMs = 1000;

// The numbers of this model; a new row at its place in the alphabet when there is none yet.
ModelUsage& usageOf(EngineStatus& status, const std::string& model) {
    const auto place = std::lower_bound(status.usage.begin(), status.usage.end(), model,
                                        [](const ModelUsage& each, const std::string& name) { return each.model < name; });
    if (place != status.usage.end() && place->model == model) return *place;
    return *status.usage.insert(place, ModelUsage{model, {}, {}});
}

// firstTokenMs: about when the last first token so far came (the step that ends a prompt brings it).
void addCounters(EngineStatus& status, double& firstTokenMs, const std::string& model, const generate::LaneStatus& lane) {
    // One that was only loaded has nothing to tell.
    if (lane.usage != UsageCounters{}) {
        ModelUsage& usage = usageOf(status, model);
        usage.counters.add(lane.usage);
        usage.ttft.add(lane.ttft);
    }
    status.steps += lane.steps;
    status.preemptions += lane.preemptions;
    if (lane.usage.firstTokens == 0 || lane.lastPrefillMs < firstTokenMs) return;
    status.lastTtftMs = lane.lastTtftMs;
    firstTokenMs = lane.lastPrefillMs;
}

void addMoment(EngineStatus& status, ModelStatus& model, const generate::LaneStatus& lane, double now) {
    model.runningSequences = lane.running;
    model.waitingSequences += lane.waiting;
    model.followingSequences = lane.following;
    model.loadingSequences = lane.loading;
    model.kvBytes = lane.leasedBytes + lane.cachedBytes;
    status.runningSequences += lane.running;
    status.waitingSequences += lane.waiting;
    status.followingSequences += lane.following;
    status.loadingSequences += lane.loading;
    status.prefillingSequences += lane.prefills.sequences;
    status.prefillDoneTokens += lane.prefills.doneTokens;
    status.prefillTotalTokens += lane.prefills.totalTokens;
    // A step may take longer than the rate is kept: then the running sequences say that one is under way.
    if (lane.prefills.sequences > 0 || now - lane.lastPrefillMs < kRateKeptMs)
        model.prefillTokensPerSecond = lane.prefillTokensPerSecond;
    if (lane.running > lane.prefills.sequences || now - lane.lastDecodeMs < kRateKeptMs)
        model.decodeTokensPerSecond = lane.decodeTokensPerSecond;
    status.prefillTokensPerSecond += model.prefillTokensPerSecond;
    status.decodeTokensPerSecond += model.decodeTokensPerSecond;
}

// Only here: whoever adds up the models gets exactly this.
void sumUsage(EngineStatus& status) {
    for (const ModelUsage& model : status.usage) {
        status.total.add(model.counters);
        status.ttft.add(model.ttft);
    }
}

}  // namespace

EngineStatus EngineWatch::status() const {
    const Stage stage = m_stage.read();
    EngineStatus status = stage.past;
    double firstTokenMs = stage.pastFirstTokenMs;
    const double now = base::steadyMs();
    status.waitingSequences = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, m_queued));
    status.modelWaitSequences = stage.scene.modelWaitSequences;
    if (stage.hot) {
        const generate::HotStatus hot = stage.hot->read();
        status.hotTier = {hot.limitBytes, hot.leasedBytes, hot.cachedBytes, hot.evictedBlocks};
    }
    if (stage.cold) status.coldTier = stage.cold();
    for (const ModelScene& scene : stage.scene.models) {
        ModelStatus model = scene.status;
        if (model.state == ModelState::Loading) model.loadProgress = m_progress;
        if (scene.lane) {
            const generate::LaneStatus lane = scene.lane->read();
            addCounters(status, firstTokenMs, model.name, lane);
            addMoment(status, model, lane, now);
        }
        status.models.push_back(std::move(model));
    }
    sumUsage(status);
    return status;
}

bool EngineWatch::computes() const {
    const Stage stage = m_stage.read();
    return std::any_of(stage.scene.models.begin(), stage.scene.models.end(),
                       [](const ModelScene& scene) { return scene.lane && scene.lane->read().running > 0; });
}

std::size_t EngineWatch::contextTokens(const std::string& model) const {
    const Stage stage = m_stage.read();
    for (const ModelScene& scene : stage.scene.models)
        if (scene.status.name == model) return scene.status.contextTokens;
    return 0;
}

void EngineWatch::observe(std::function<void()> observer) {
    m_observer.publish(std::make_shared<const std::function<void()>>(std::move(observer)));
}

void EngineWatch::changed() const {
    if (const auto observer = m_observer.read(); observer && *observer) (*observer)();
}

void EngineWatch::queue(std::ptrdiff_t difference) {
    if (difference == 0) return;
    m_queued += difference;
    changed();
}

void EngineWatch::loading(double progress) {
    m_progress = progress;
    changed();
}

void EngineWatch::publish() {
    m_stage.publish(m_next);
    changed();
}

void EngineWatch::describe(std::string isa, std::size_t threads) {
    m_next.past.isa = std::move(isa);
    m_next.past.threads = threads;
    publish();
}

void EngineWatch::watchHotTier(std::shared_ptr<const base::Snapshot<generate::HotStatus>> hot) {
    m_next.hot = std::move(hot);
    publish();
}

void EngineWatch::watchColdTier(std::function<ColdTierStatus()> cold) {
    m_next.cold = std::move(cold);
    publish();
}

void EngineWatch::warn(const std::string& warning) {
    if (m_next.past.warning == warning) return;
    m_next.past.warning = warning;
    publish();
}

void EngineWatch::show(EngineScene scene) {
    m_next.scene = std::move(scene);
    publish();
}

void EngineWatch::retire(const std::string& model, const generate::LaneStatus& last) {
    addCounters(m_next.past, m_next.pastFirstTokenMs, model, last);
}

}  // namespace larder
