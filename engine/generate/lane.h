// A loaded model with its requests: plans a step, runs the model on one flat batch, samples and reports. What Worker's loop
// drives; engine thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/snapshot.h"
#include "engine/base/thread_pool.h"
#include "engine/generate/batch_builder.h"
#include "engine/generate/lane_counters.h"
#include "engine/generate/lane_status.h"
#include "engine/generate/messages.h"
#include "engine/generate/prefix_check.h"
#include "engine/generate/scheduler.h"
#include "engine/generate/step_sampler.h"
#include "engine/kernels/kernels.h"
#include "engine/kv/kv_cache.h"
#include "engine/model/model.h"

namespace larder::generate {

class Lane {
public:
    // cache: of this model's shape, used by this lane alone; outlives it. pool: see WorkerSettings.
    Lane(std::unique_ptr<model::Model> model, kv::KvCache& cache, const kernels::Kernels& kernels, base::ThreadPool* pool,
         const LaneSettings& settings, std::shared_ptr<base::Snapshot<LaneStatus>> status);

    void submit(Submit message);
    bool cancel(SequenceId id);  // false: not here

    // One step. False when nothing can run until a message comes, or another lane gives back room.
    bool step();

    // Shows the state, then delivers the last events of what has ended, so that whoever hears of an end sees it counted.
    void publish();
    void deliverEnds();

    // Everything that runs or waits ends with this error.
    void abandon(const Error& error);

    Expected<std::unique_ptr<PrefixCheck>> beginCheck(std::vector<TokenId> tokens) { return PrefixCheck::begin(*m_model, m_cache, std::move(tokens)); }

    bool idle() const { return m_scheduler.running() + m_scheduler.waiting() == 0; }
    const kv::KvCache& cache() const { return m_cache; }
    std::string checkIntegrity() const { return m_scheduler.checkIntegrity(); }

private:
    void compute(std::span<const Chunk> chunks);
    void reportProgress(Sequence& sequence);
    void notePrompt(const LogitsUse& use, StepSampler::Result result);
    void noteNext(Sequence& sequence, StepSampler::Result result);
    void end(SequenceId id, Expected<GenerationFinished> outcome);
    void finish(Sequence& sequence, FinishReason reason) { end(sequence.id, sequence.summary(reason)); }

    struct Ended {
        std::unique_ptr<Sequence> sequence;
        Expected<GenerationFinished> outcome;
    };

    const LaneSettings m_settings;
    std::unique_ptr<model::Model> m_model;
    kv::KvCache& m_cache;
    Scheduler m_scheduler;
    BatchBuilder m_builder;
    StepSampler m_sampler;
    std::vector<float> m_logits;  // [logitRows, vocabulary]
    std::vector<Ended> m_ended;   // out of the scheduler; their last event goes out when the status shows it
    LaneCounters m_counters;
    std::shared_ptr<base::Snapshot<LaneStatus>> m_status;
};

}  // namespace larder::generate
