// The engine thread: one loop that takes messages, plans a step, runs the model on one flat batch, samples and reports
// (design §3 steps 6-10). Owns the scheduler and its sequences; the model and the KV cache are lent to it and used by
// its thread only while it lives. submit, cancel, status: any thread, never block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/snapshot.h"
#include "engine/base/thread_pool.h"
#include "engine/error.h"
#include "engine/generate/messages.h"
#include "engine/generate/scheduler.h"
#include "engine/kernels/kernels.h"
#include "engine/kv/kv_cache.h"
#include "engine/model/model.h"

namespace larder::generate {

struct WorkerSettings {
    std::size_t maxRunning = 8;         // sequences in the batch at the same time
    std::size_t contextTokens = 0;      // the window offered; REQUIRED
    std::size_t stepTokens = 512;       // rows of one step: decode rows first, prefill chunks fill the rest
    std::size_t maxChunkTokens = 0;     // tests: longest chunk of one sequence in one step; 0 = no limit
    base::ThreadPool* pool = nullptr;   // samples a step's rows side by side; outlives the worker. null: one by one
    std::function<void()> changed = {};  // status() is new: on the engine thread, every step; must not block. May be empty
};

struct WorkerStatus {
    std::size_t running = 0;
    std::size_t waiting = 0;
    std::size_t usedBlocks = 0;
    std::size_t totalBlocks = 0;
    PrefillsUnderWay prefills;          // of the running ones
    // Since start; they only grow.
    std::uint64_t promptTokens = 0;     // computed or cached
    std::uint64_t cachedTokens = 0;
    std::uint64_t computedPromptTokens = 0;  // rows, with what preemption repeats
    std::uint64_t generatedTokens = 0;
    std::uint64_t requests = 0;
    std::uint64_t steps = 0;
    double prefillSeconds = 0;          // a step that computes prompts and decodes counts here and there, by its rows
    double decodeSeconds = 0;
    std::uint64_t firstTokens = 0;
    double lastTtftMs = 0;              // submit to first token
    double totalTtftMs = 0;
    // Of the last second of steps that had such rows, and when (steady clock) the last of them ended.
    double prefillTokensPerSecond = 0;
    double decodeTokensPerSecond = 0;
    double lastPrefillMs = 0;
    double lastDecodeMs = 0;
};

class Worker {
public:
    Worker(model::Model& model, kv::KvCache& cache, const kernels::Kernels& kernels, const WorkerSettings& settings);
    ~Worker();                          // every sink gets Error{Unavailable}; joins within one step

    // request was checked by the engine: prompt not empty, ids in range, prompt shorter than the window.
    void submit(Submit message);
    void cancel(SequenceId id);         // unknown or finished ids are ignored

    // Ends it as the destructor does and joins; status() stays what it was at the end. One thread.
    void stop();

    WorkerStatus status() const;
    // status() for those who may outlive the worker.
    std::shared_ptr<const base::Snapshot<WorkerStatus>> watch() const;
    std::string checkIntegrity() const; // empty, or the broken invariant as of the last idle moment

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::generate
