#include "engine/generate/lane.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/base/clock.h"

namespace larder::generate {

namespace {

// Most memory for one step's logits; rows beyond the one per sequence are only wanted for prompt logprobs.
constexpr std::size_t kLogitsBytes = std::size_t{64} << 20;

SchedulerLimits schedulerLimits(const LaneSettings& settings, int vocabulary) {
    const std::size_t rowBytes = static_cast<std::size_t>(vocabulary) * sizeof(float);
    return {.maxRunning = settings.maxRunning,
            .windowTokens = settings.contextTokens,
            .stepTokens = settings.stepTokens,
            .maxChunkTokens = settings.maxChunkTokens,
            .promptLogitRows = std::max<std::size_t>(1, kLogitsBytes / rowBytes),
            .stepMs = settings.stepMs,
            .decodeShare = settings.decodeShare};
}

StepShape shapeOf(std::span<const Chunk> chunks) {
    StepShape shape;
    for (const Chunk& chunk : chunks) {
        if (chunk.sequence->decoding()) {
            shape.decodeRows += chunk.rows;
            continue;
        }
        shape.prefillRows += chunk.rows;
        shape.prefillPositions += positionsOf(chunk.rows, chunk.sequence->computed);
    }
    return shape;
}

}  // namespace

Lane::Lane(std::unique_ptr<model::Model> model, kv::KvCache& cache, const kernels::Kernels& kernels, base::ThreadPool* pool,
           const LaneSettings& settings, std::shared_ptr<base::Snapshot<LaneStatus>> status)
    : m_settings(settings),
      m_model(std::move(model)),
      m_cache(cache),
      m_scheduler(cache, schedulerLimits(settings, m_model->vocabulary())),
      m_sampler(kernels, pool),
      m_status(std::move(status)) {
    assert(settings.maxRunning > 0 && settings.contextTokens > 0 && settings.stepTokens > 0);
    publish();
}

void Lane::submit(Submit message) {
    auto sequence = std::make_unique<Sequence>(std::move(message));
    ++m_counters.status().usage.requests;
    if (auto taken = m_scheduler.submit(sequence); !taken) m_ended.push_back({std::move(sequence), std::move(taken).error()});
}

bool Lane::cancel(SequenceId id) {
    const bool ended = std::erase_if(m_ended, [id](const Ended& each) { return each.sequence->id == id; }) > 0;
    return m_scheduler.take(id) != nullptr || ended;
}

bool Lane::step() {
    const Plan plan = m_scheduler.plan(base::steadyMs());
    for (Sequence* sequence : plan.admitted) reportProgress(*sequence);
    if (!plan.admitted.empty()) publish();  // the first chunk of a prompt may take long: show that it runs
    for (Sequence* sequence : plan.outgrown) finish(*sequence, FinishReason::Length);
    for (Sequence* sequence : plan.refused) {
        if (sequence->answering()) finish(*sequence, FinishReason::Length);  // it was preempted, and the limit shrank
        else end(sequence->id, m_scheduler.tooLarge(*sequence));
    }
    if (!plan.chunks.empty()) compute(plan.chunks);
    return !plan.chunks.empty() || !plan.outgrown.empty() || !plan.refused.empty();
}

void Lane::compute(std::span<const Chunk> chunks) {
    const double begin = base::steadyMs();
    for (const Chunk& chunk : chunks)
        if (chunk.sequence->startedMs == 0) chunk.sequence->startedMs = begin;
    const StepShape shape = shapeOf(chunks);
    const model::Batch& batch = m_builder.build(chunks);
    const std::span<const LogitsUse> uses = m_builder.logitsUses();
    const std::size_t values = uses.size() * static_cast<std::size_t>(m_model->vocabulary());
    if (m_logits.size() < values) m_logits.resize(values);
    m_model->forward(batch, std::span(m_logits).first(values));
    const std::span<StepSampler::Result> results = m_sampler.run(uses, std::span(m_logits).first(values));

    for (const Chunk& chunk : chunks) {
        m_scheduler.commit(chunk);
        reportProgress(*chunk.sequence);
    }
    for (std::size_t i = 0; i < uses.size(); ++i) {
        if (uses[i].forPrompt)
            notePrompt(uses[i], std::move(results[i]));
        else
            noteNext(*uses[i].sequence, std::move(results[i]));
    }
    const double done = base::steadyMs();
    m_scheduler.noteStep(shape, done - begin);
    m_counters.noteStep(shape, begin, done);
}

// At the first admission and after every chunk that got further than before; what preemption repeats is not news.
void Lane::reportProgress(Sequence& sequence) {
    UsageCounters& counters = m_counters.status().usage;
    const std::size_t computed = std::min(sequence.computed, sequence.promptTokens);
    if (!sequence.reportedTokens) {
        sequence.cachedTokens = computed;
        counters.cachedTokens += computed;
        counters.loadedTokens += sequence.loadedTokens;
    } else if (computed <= *sequence.reportedTokens) {
        return;
    }
    counters.promptTokens += computed - sequence.reportedTokens.value_or(0);
    sequence.reportedTokens = computed;
    sequence.sink(PrefillProgress{.computedTokens = computed,
                                  .cachedTokens = sequence.cachedTokens,
                                  .totalTokens = sequence.promptTokens,
                                  .followedTokens = sequence.followedTokens,
                                  .loadedTokens = sequence.loadedTokens,
                                  .loadMs = sequence.loadMs(),
                                  .diskLoss = sequence.diskLoss});
}

void Lane::notePrompt(const LogitsUse& use, StepSampler::Result result) {
    assert(use.sequence->promptLogprobs.size() == use.position);
    use.sequence->promptLogprobs.push_back(*std::move(result.logprobs));
}

void Lane::noteNext(Sequence& sequence, StepSampler::Result result) {
    sequence.lastTokenMs = base::steadyMs();
    if (!sequence.answering()) {
        sequence.firstTokenMs = sequence.lastTokenMs;
        m_counters.noteFirstToken(sequence.firstTokenMs - sequence.submittedMs);
    }
    if (sequence.request.promptLogprobs) {
        sequence.sink(PromptLogprobs{.positions = std::exchange(sequence.promptLogprobs, {})});
        sequence.request.promptLogprobs = false;  // reported; not again after preemption
    }
    ++m_counters.status().usage.generatedTokens;
    const std::optional<FinishReason> reason = sequence.append(result.token, m_settings.contextTokens);
    if (reason != FinishReason::Stop) {
        sequence.sink(GeneratedToken{
            .token = result.token, .logprobs = std::move(result.logprobs), .logitsHash = result.logitsHash});
    }
    if (reason) finish(sequence, *reason);
}

void Lane::end(SequenceId id, Expected<GenerationFinished> outcome) {
    m_ended.push_back({m_scheduler.take(id), std::move(outcome)});
}

void Lane::publish() {
    LaneStatus& status = m_counters.status();
    status.running = m_scheduler.running();
    status.waiting = m_scheduler.waiting();
    status.following = m_scheduler.following();
    status.loading = m_scheduler.loading();
    status.prefills = m_scheduler.prefills();
    status.preemptions = m_scheduler.preemptions();
    status.leasedBytes = m_cache.leasedBytes();
    status.cachedBytes = m_cache.cachedBytes();
    m_status->publish(status);
}

void Lane::deliverEnds() {
    for (auto& [sequence, outcome] : m_ended) {
        if (outcome)
            sequence->sink(*std::move(outcome));
        else
            sequence->sink(std::move(outcome).error());
    }
    m_ended.clear();
}

void Lane::abandon(const Error& error) {
    while (auto sequence = m_scheduler.takeOldest()) m_ended.push_back({std::move(sequence), error});
}

}  // namespace larder::generate
