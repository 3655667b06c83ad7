#include "engine/generate/worker.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/mailbox.h"
#include "engine/base/snapshot.h"
#include "engine/base/thread.h"
#include "engine/generate/batch_builder.h"
#include "engine/generate/scheduler.h"
#include "engine/generate/sequence.h"
#include "engine/generate/step_sampler.h"

namespace larder::generate {

namespace {

// Most memory for one step's logits; rows beyond the one per sequence are only wanted for prompt logprobs.
constexpr std::size_t kLogitsBytes = std::size_t{64} << 20;
constexpr double kRateWindowMs = 1000;

double nowMs() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Tokens per second over the last second of steps that had such tokens.
class StepRate {
public:
    void add(std::size_t tokens, double stepMs) {
        if (tokens == 0) return;
        m_steps.push_back({tokens, stepMs});
        m_tokens += tokens;
        m_ms += stepMs;
        while (m_steps.size() > 1 && m_ms - m_steps.front().ms >= kRateWindowMs) {
            m_tokens -= m_steps.front().tokens;
            m_ms -= m_steps.front().ms;
            m_steps.pop_front();
        }
    }
    double perSecond() const { return m_ms > 0 ? 1000 * static_cast<double>(m_tokens) / m_ms : 0; }

private:
    struct Step {
        std::size_t tokens = 0;
        double ms = 0;
    };
    std::deque<Step> m_steps;
    std::size_t m_tokens = 0;
    double m_ms = 0;
};

SchedulerLimits schedulerLimits(const WorkerSettings& settings, int vocabulary) {
    const std::size_t rowBytes = static_cast<std::size_t>(vocabulary) * sizeof(float);
    return {.maxRunning = settings.maxRunning,
            .windowTokens = settings.contextTokens,
            .stepTokens = settings.stepTokens,
            .maxChunkTokens = settings.maxChunkTokens,
            .promptLogitRows = std::max<std::size_t>(1, kLogitsBytes / rowBytes)};
}

}  // namespace

struct Worker::Inner {
    Inner(model::Model& lentModel, kv::KvCache& lentCache, const kernels::Kernels& kernels,
          const WorkerSettings& settings);
    ~Inner();

    void stop();
    void run();
    void accept(WorkerMessage message);
    bool step();
    void compute(std::span<const Chunk> chunks);
    void reportProgress(Sequence& sequence);
    void notePrompt(const LogitsUse& use, StepSampler::Result result);
    void noteNext(Sequence& sequence, StepSampler::Result result);
    void end(SequenceId id, FinishReason reason);
    void noteFirstToken(Sequence& sequence);
    void noteTimes(std::size_t prefillRows, std::size_t decodeRows, double begin);
    void publish();
    void deliverEnds();
    void shutDown();

    // Provide their own synchronisation.
    base::Mailbox<WorkerMessage> mailbox;
    const std::shared_ptr<base::Snapshot<WorkerStatus>> published = std::make_shared<base::Snapshot<WorkerStatus>>();
    base::Snapshot<std::string> integrity;

    // Constant after construction.
    model::Model& model;
    kv::KvCache& cache;
    const WorkerSettings settings;

    // Engine thread only.
    struct Ended {
        std::unique_ptr<Sequence> sequence;
        Expected<GenerationFinished> outcome;
    };
    Scheduler scheduler;
    BatchBuilder builder;
    StepSampler sampler;
    std::vector<float> logits;  // [logitRows, vocabulary]
    std::vector<Ended> ended;   // out of the scheduler; their last event goes out when the status shows it
    WorkerStatus counters;
    StepRate prefillRate;
    StepRate decodeRate;

    base::Thread thread;  // last: it uses everything above
};

Worker::Inner::Inner(model::Model& lentModel, kv::KvCache& lentCache, const kernels::Kernels& kernels,
                     const WorkerSettings& workerSettings)
    : model(lentModel),
      cache(lentCache),
      settings(workerSettings),
      scheduler(lentCache, schedulerLimits(workerSettings, lentModel.vocabulary())),
      sampler(kernels, workerSettings.pool) {
    assert(settings.maxRunning > 0 && settings.contextTokens > 0 && settings.stepTokens > 0);
    publish();
    thread = base::Thread("engine", [this] { run(); });
}

Worker::Inner::~Inner() {
    stop();
}

void Worker::Inner::stop() {
    mailbox.close();
    thread.join();
}

void Worker::Inner::run() {
    base::setFloatingPointMode();
    base::lowerThreadPriority();  // it computes side by side with the pool
    bool busy = false;
    for (;;) {
        for (WorkerMessage& message : busy ? mailbox.take() : mailbox.wait()) accept(std::move(message));
        if (mailbox.closed()) break;
        busy = step();
        publish();
        deliverEnds();
    }
    // Posted between the last take and the close: still to be answered, or cancelled.
    for (WorkerMessage& message : mailbox.take()) accept(std::move(message));
    shutDown();
}

void Worker::Inner::accept(WorkerMessage message) {
    if (const auto* cancelled = std::get_if<Cancel>(&message)) {
        scheduler.take(cancelled->id);
        std::erase_if(ended, [cancelled](const Ended& each) { return each.sequence->id == cancelled->id; });
        return;
    }
    auto sequence = std::make_unique<Sequence>(std::move(std::get<Submit>(message)));
    ++counters.requests;
    if (auto taken = scheduler.submit(sequence); !taken)
        ended.push_back({std::move(sequence), std::move(taken).error()});
}

// False when nothing can run until a message comes.
bool Worker::Inner::step() {
    const Plan plan = scheduler.plan();
    for (Sequence* sequence : plan.admitted) reportProgress(*sequence);
    if (!plan.admitted.empty()) publish();  // the first chunk of a prompt may take seconds: show that it runs
    for (Sequence* sequence : plan.outgrown) end(sequence->id, FinishReason::Length);
    if (!plan.chunks.empty()) compute(plan.chunks);
    return !plan.chunks.empty() || !plan.outgrown.empty();
}

void Worker::Inner::compute(std::span<const Chunk> chunks) {
    const double begin = nowMs();
    std::size_t prefillRows = 0;
    std::size_t decodeRows = 0;
    for (const Chunk& chunk : chunks) {
        if (chunk.sequence->startedMs == 0) chunk.sequence->startedMs = begin;
        (chunk.sequence->decoding() ? decodeRows : prefillRows) += chunk.rows;
    }
    const model::Batch& batch = builder.build(chunks);
    const std::span<const LogitsUse> uses = builder.logitsUses();
    const std::size_t values = uses.size() * static_cast<std::size_t>(model.vocabulary());
    if (logits.size() < values) logits.resize(values);
    model.forward(batch, std::span(logits).first(values));
    const std::span<StepSampler::Result> results = sampler.run(uses, std::span(logits).first(values));
    ++counters.steps;

    for (const Chunk& chunk : chunks) {
        scheduler.commit(chunk);
        reportProgress(*chunk.sequence);
    }
    for (std::size_t i = 0; i < uses.size(); ++i) {
        if (uses[i].forPrompt)
            notePrompt(uses[i], std::move(results[i]));
        else
            noteNext(*uses[i].sequence, std::move(results[i]));
    }
    noteTimes(prefillRows, decodeRows, begin);
}

void Worker::Inner::noteTimes(std::size_t prefillRows, std::size_t decodeRows, double begin) {
    const double now = nowMs();
    prefillRate.add(prefillRows, now - begin);
    decodeRate.add(decodeRows, now - begin);
    const double rows = static_cast<double>(prefillRows + decodeRows);
    counters.computedPromptTokens += prefillRows;
    counters.prefillSeconds += (now - begin) / 1000 * static_cast<double>(prefillRows) / rows;
    counters.decodeSeconds += (now - begin) / 1000 * static_cast<double>(decodeRows) / rows;
    if (prefillRows > 0) counters.lastPrefillMs = now;
    if (decodeRows > 0) counters.lastDecodeMs = now;
}

// At the first admission and after every chunk that got further than before; what preemption repeats is not news.
void Worker::Inner::reportProgress(Sequence& sequence) {
    const std::size_t computed = std::min(sequence.computed, sequence.promptTokens);
    if (!sequence.reportedTokens) {
        sequence.cachedTokens = computed;
        counters.cachedTokens += computed;
    } else if (computed <= *sequence.reportedTokens) {
        return;
    }
    counters.promptTokens += computed - sequence.reportedTokens.value_or(0);
    sequence.reportedTokens = computed;
    sequence.sink(PrefillProgress{
        .computedTokens = computed, .cachedTokens = sequence.cachedTokens, .totalTokens = sequence.promptTokens});
}

void Worker::Inner::notePrompt(const LogitsUse& use, StepSampler::Result result) {
    assert(use.sequence->promptLogprobs.size() == use.position);
    use.sequence->promptLogprobs.push_back(*std::move(result.logprobs));
}

void Worker::Inner::noteNext(Sequence& sequence, StepSampler::Result result) {
    sequence.lastTokenMs = nowMs();
    if (!sequence.answering()) noteFirstToken(sequence);
    if (sequence.request.promptLogprobs) {
        sequence.sink(PromptLogprobs{.positions = std::exchange(sequence.promptLogprobs, {})});
        sequence.request.promptLogprobs = false;  // reported; not again after preemption
    }
    ++counters.generatedTokens;
    const std::optional<FinishReason> reason = sequence.append(result.token, settings.contextTokens);
    if (reason != FinishReason::Stop) {
        sequence.sink(GeneratedToken{
            .token = result.token, .logprobs = std::move(result.logprobs), .logitsHash = result.logitsHash});
    }
    if (reason) end(sequence.id, *reason);
}

void Worker::Inner::noteFirstToken(Sequence& sequence) {
    sequence.firstTokenMs = sequence.lastTokenMs;
    ++counters.firstTokens;
    counters.lastTtftMs = std::max(0.0, sequence.firstTokenMs - sequence.submittedMs);
    counters.totalTtftMs += counters.lastTtftMs;
}

void Worker::Inner::end(SequenceId id, FinishReason reason) {
    std::unique_ptr<Sequence> sequence = scheduler.take(id);
    GenerationFinished summary = sequence->summary(reason);
    ended.push_back({std::move(sequence), summary});
}

void Worker::Inner::publish() {
    counters.running = scheduler.running();
    counters.waiting = scheduler.waiting();
    counters.prefills = scheduler.prefills();
    counters.totalBlocks = cache.pool().totalBlocks();
    counters.usedBlocks = counters.totalBlocks - cache.pool().freeBlocks();
    counters.prefillTokensPerSecond = prefillRate.perSecond();
    counters.decodeTokensPerSecond = decodeRate.perSecond();
    const bool idle = counters.running + counters.waiting == 0;
#ifdef NDEBUG
    if (idle) integrity.publish(scheduler.checkIntegrity());
#else
    const std::string broken = scheduler.checkIntegrity();
    if (!broken.empty()) base::logError(broken);
    assert(broken.empty());
    if (idle) integrity.publish(broken);
#endif
    published->publish(counters);
    if (settings.changed) settings.changed();
}

void Worker::Inner::deliverEnds() {
    for (auto& [sequence, outcome] : ended) {
        if (outcome)
            sequence->sink(*std::move(outcome));
        else
            sequence->sink(std::move(outcome).error());
    }
    ended.clear();
}

void Worker::Inner::shutDown() {
    while (auto sequence = scheduler.takeOldest())
        ended.push_back({std::move(sequence), Error{ErrorCode::Unavailable, "the server is shutting down"}});
    publish();
    deliverEnds();
}

Worker::Worker(model::Model& model, kv::KvCache& cache, const kernels::Kernels& kernels, const WorkerSettings& settings)
    : m_inner(std::make_unique<Inner>(model, cache, kernels, settings)) {}

Worker::~Worker() = default;

void Worker::submit(Submit message) {
    m_inner->mailbox.post(std::move(message));
}

void Worker::cancel(SequenceId id) {
    m_inner->mailbox.post(Cancel{id});
}

void Worker::stop() {
    m_inner->stop();
}

WorkerStatus Worker::status() const {
    return m_inner->published->read();
}

std::shared_ptr<const base::Snapshot<WorkerStatus>> Worker::watch() const {
    return m_inner->published;
}

std::string Worker::checkIntegrity() const {
    return m_inner->integrity.read();
}

}  // namespace larder::generate
