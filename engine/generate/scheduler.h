// Which tokens run next. Two queues, one token budget, one policy function: plan(). Engine thread only; owns the
// sequences from submit() until take().
//
// Policy. Sequences keep the order of their arrival for life: everything running is older than everything waiting.
//  1. Growth: from the oldest on, each running sequence gets the blocks its rows of this step need. When none is free
//     the newest running one is preempted: its blocks are released, it goes to the front of the queue and later
//     computes prompt and answer so far again. One that runs alone and still cannot grow has ended (Length).
//  2. Admission: the oldest waiting one joins while fewer than maxRunning run and blocks for its tokens and 256 more
//  (or
//     all it can ever use, if less) are free. Strictly in order, so nobody is overtaken.
//  3. Rows: one for each sequence with one pending token; the rest of the budget is shared evenly by the prefills, and
//     what a short one leaves goes to the longer ones. So a short prompt is not stuck behind a long one, a long one is
//     not starved by a stream of short ones, and everything that runs advances in every step (at least one row).
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/generate/sequence.h"
#include "engine/kv/kv_cache.h"

namespace larder::generate {

struct SchedulerLimits {
    std::size_t maxRunning = 8;
    std::size_t windowTokens = 0;
    std::size_t stepTokens = 512;
    std::size_t maxChunkTokens = 0;    // 0 = no limit
    std::size_t promptLogitRows = 64;  // rows of one step that may want logits for prompt logprobs: bounds memory
};

// The next `rows` pending tokens of one sequence.
struct Chunk {
    Sequence* sequence = nullptr;
    std::size_t rows = 0;
};

struct Plan {
    std::vector<Chunk> chunks;        // oldest sequence first
    std::vector<Sequence*> admitted;  // joined (again) in this plan
    std::vector<Sequence*> outgrown;  // cannot grow though alone: take() them and report Length
};

// Running sequences whose prompt (or, after preemption, prompt and answer so far) is not computed yet.
struct PrefillsUnderWay {
    std::size_t sequences = 0;
    std::size_t doneTokens = 0;
    std::size_t totalTokens = 0;
};

class Scheduler {
public:
    Scheduler(kv::KvCache& cache, const SchedulerLimits& limits) : m_cache(cache), m_limits(limits) {}

    // ContextExceeded when the prompt can never fit the blocks there are; the sequence stays with the caller then.
    Expected<void> submit(std::unique_ptr<Sequence>& sequence);

    Plan plan();

    // The rows of this chunk are in their blocks now. (Full blocks become shared here once the cache remembers them.)
    void commit(const Chunk& chunk);

    // Removes a sequence, its blocks released: finished, cancelled. nullptr when there is none with this id.
    std::unique_ptr<Sequence> take(SequenceId id);
    // Any sequence, oldest first; nullptr when none is left.
    std::unique_ptr<Sequence> takeOldest();

    std::size_t running() const { return m_running.size(); }
    std::size_t waiting() const { return m_waiting.size(); }
    PrefillsUnderWay prefills() const;

    // Empty, or one sentence: queues in order of arrival, blocks in leases == blocks in use, waiting ones hold none.
    std::string checkIntegrity() const;

private:
    void growRunning(Plan& plan);
    void admitWaiting(Plan& plan);
    void shareRows(Plan& plan) const;
    void preemptNewest();
    std::size_t reserveTokens(const Sequence& sequence) const;

    kv::KvCache& m_cache;
    SchedulerLimits m_limits;
    std::deque<std::unique_ptr<Sequence>> m_waiting;  // by arrival
    std::deque<std::unique_ptr<Sequence>> m_running;  // by arrival
};

}  // namespace larder::generate
