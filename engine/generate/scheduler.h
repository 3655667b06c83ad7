// Which tokens run next. Two queues, one budget, one policy function: plan(). Engine thread only; owns the sequences from
// submit() until take().
//
// Policy. Interactive sequences come before background ones, older ones before newer ones; background ones that have waited
// half a minute, or that an interactive one follows, count as interactive.
//  1. Growth: in that order each running sequence gets the blocks its rows of this step need. When there is no room the last
//     running one is preempted: it gives back its lease (what it filled stays known as long as there is room), waits, and
//     later goes on from what is still there. One that has all there is and still cannot grow has ended (Length).
//  2. Admission: the first waiting one joins while fewer than maxRunning run and there is room for its tokens and 256 more
//     (or all it can ever use, if less); an interactive one may take the place of a background one. Nobody is overtaken
//     for being larger. One whose next tokens a running prompt is computing just now follows that one: it waits, lets others
//     pass, and then shares what was computed. Likewise one whose prompt begins with blocks that are on the disk alone (Loading):
//     they are read in order while others compute, also while there is no place yet; then it is admitted, and finds them.
//  3. Rows: one for each sequence with one pending token; prompts share the time the pacer allows them (or, without a
//     step time, the rows that are left), evenly, and what a short one leaves goes to the longer ones. So a short prompt
//     is not stuck behind a long one, and a long one is not starved by short ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/generate/lane_status.h"
#include "engine/generate/prefill_pacer.h"
#include "engine/generate/sequence.h"
#include "engine/kv/kv_cache.h"

namespace larder::generate {

struct SchedulerLimits {
    std::size_t maxRunning = 8;
    std::size_t windowTokens = 0;
    std::size_t stepTokens = 512;      // at most what the cache's windows allow for a step
    std::size_t maxChunkTokens = 0;    // 0 = no limit
    std::size_t promptLogitRows = 64;  // rows of one step that may want logits for prompt logprobs: bounds memory
    double stepMs = 0;                 // how long a step with prompt rows should take; 0 = only rows count
    double decodeShare = 0.67;         // of the time, while prompts wait
};

// The next `rows` pending tokens of one sequence.
struct Chunk {
    Sequence* sequence = nullptr;
    std::size_t rows = 0;
};

struct Plan {
    std::vector<Chunk> chunks;        // in the order of the policy
    std::vector<Sequence*> admitted;  // joined (again) in this plan
    std::vector<Sequence*> outgrown;  // cannot grow though alone: take() them and report Length
    bool stalled = false;             // the only running one needs room that is about to come back: nothing to do till then
    std::vector<Sequence*> refused;   // waiting, and the hot tier has become too small for them: take() and report tooLarge()
};

class Scheduler {
public:
    Scheduler(kv::KvCache& cache, const SchedulerLimits& limits);

    // ContextExceeded when the prompt can never fit the blocks there are; the sequence stays with the caller then.
    Expected<void> submit(std::unique_ptr<Sequence>& sequence);

    Plan plan(double nowMs);  // steady clock; of submittedMs

    // The rows of this chunk are in their blocks now: full blocks are shared from here on, states kept where they are worth it.
    void commit(const Chunk& chunk);
    // The step that was made of the last plan took so long.
    void noteStep(const StepShape& shape, double ms) { m_pacer.note(shape, ms); }

    // Removes a sequence, its lease released: finished, cancelled. nullptr when there is none with this id.
    std::unique_ptr<Sequence> take(SequenceId id);
    // Any sequence, oldest first; nullptr when none is left.
    std::unique_ptr<Sequence> takeOldest();

    Error tooLarge(const Sequence& sequence) const;

    std::size_t running() const { return m_running.size(); }
    std::size_t waiting() const { return m_waiting.size(); }
    std::size_t following() const { return m_following; }  // as of the last plan
    std::size_t loading() const { return m_loading; }      // likewise
    std::uint64_t preemptions() const { return m_preemptions; }
    PrefillsUnderWay prefills() const;

    // Empty, or one sentence: queues in order, blocks in leases == blocks leased, waiting ones hold none.
    std::string checkIntegrity() const;

private:
    using Queue = std::vector<std::unique_ptr<Sequence>>;
    void age(double nowMs);
    void growRunning(Plan& plan);
    void admitWaiting(Plan& plan);
    bool tryAdmit(Sequence& sequence);
    bool followsRunning(Sequence& sequence);
    bool followsLoad(Sequence& sequence);
    bool loads(Sequence& sequence);
    void startLoad(Sequence& sequence);
    void noteLoaded(Sequence& sequence);
    bool dropLoads();
    std::size_t sharedTokens(Sequence& sequence, const Sequence& running) const;
    bool makePlace();
    void preempt(std::size_t index);
    void keepState(Sequence& sequence, kv::SnapshotKind kind);
    void shareRows(Plan& plan);
    std::size_t chunkRows(const Sequence& sequence, double budget) const;
    std::size_t reserveTokens(const Sequence& sequence) const;

    kv::KvCache& m_cache;
    SchedulerLimits m_limits;
    PrefillPacer m_pacer;
    Queue m_waiting;  // both in the order of the policy
    Queue m_running;
    std::size_t m_following = 0;
    std::size_t m_loading = 0;
    std::uint64_t m_preemptions = 0;
    struct Blocked {              // the one there was no room for, and what would have to change
        SequenceId id{};
        std::uint64_t roomChanges = 0;
    };
    std::optional<Blocked> m_blocked;
};

}  // namespace larder::generate
