#include "engine/generate/scheduler.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace larder::generate {

namespace {

// Positions reserved behind a prompt at admission (design §5.6); further ones are taken block by block.
constexpr std::size_t kAnswerReserveTokens = 256;
constexpr double kBackgroundPatienceMs = 30'000;
// Of the time for prompts, against one for an interactive one.
constexpr double kBackgroundWeight = 0.25;
// Requests whose blocks are read from the disk at the same time; and how often one that loses them again, or cannot read them,
// asks for them before it computes them.
constexpr std::size_t kLoadsAtOnce = 4;
constexpr int kMostLoads = 3;
// How often the state of a long prompt is kept while it is computed.
constexpr std::size_t kRollingStateTokens = 512;

std::string nameOf(const Sequence& sequence) {
    return "sequence " + std::to_string(static_cast<std::uint64_t>(sequence.id));
}

// Ids rise with arrival.
bool earlier(const std::unique_ptr<Sequence>& a, const std::unique_ptr<Sequence>& b) {
    if (a->background != b->background) return b->background;
    return a->id < b->id;
}

kv::Keep keepOf(const GenerationRequest& request) {
    if (request.noStore) return kv::Keep::Nothing;
    return request.aside ? kv::Keep::Aside : kv::Keep::Known;
}

}  // namespace

Scheduler::Scheduler(kv::KvCache& cache, const SchedulerLimits& limits)
    : m_cache(cache), m_limits(limits), m_pacer(limits.stepMs, limits.decodeShare) {}

Error Scheduler::tooLarge(const Sequence& sequence) const {
    return Error{ErrorCode::ContextExceeded, "Prompt too long: " + std::to_string(sequence.tokens.size()) + " tokens exceeds the " +
                                                 std::to_string(m_cache.capacityTokens()) +
                                                 " tokens that fit the hot cache: raise --hot-cache."};
}

Expected<void> Scheduler::submit(std::unique_ptr<Sequence>& sequence) {
    if (sequence->promptTokens > m_cache.capacityTokens()) return tooLarge(*sequence);
    m_waiting.insert(std::upper_bound(m_waiting.begin(), m_waiting.end(), sequence, earlier), std::move(sequence));
    return {};
}

Plan Scheduler::plan(double nowMs) {
    Plan plan;
    age(nowMs);
    growRunning(plan);
    admitWaiting(plan);
    shareRows(plan);
    return plan;
}

void Scheduler::age(double nowMs) {
    bool changed = false;
    for (const auto& sequence : m_waiting) {
        if (!sequence->background || nowMs - sequence->submittedMs < kBackgroundPatienceMs) continue;
        sequence->background = false;
        changed = true;
    }
    if (changed) std::stable_sort(m_waiting.begin(), m_waiting.end(), earlier);
}

void Scheduler::growRunning(Plan& plan) {
    for (std::size_t i = 0; i < m_running.size(); ++i) {
        Sequence& sequence = *m_running[i];
        while (!sequence.lease.grow(sequence.tokens.size())) {
            if (dropLoads()) continue;
            const bool last = i + 1 == m_running.size();
            if (last && m_running.size() == 1 && m_cache.loads() > 0) {
                // Room that is being read into comes back in a moment.
                plan.stalled = true;
                return;
            }
            if (last && m_running.size() == 1 && m_cache.leasedBytes() == m_cache.tier().leasedBytes()) {
                plan.outgrown.push_back(&sequence);
                return;
            }
            preempt(m_running.size() - 1);
            if (last) return;
        }
    }
}

void Scheduler::preempt(std::size_t index) {
    std::unique_ptr<Sequence> sequence = std::move(m_running[index]);
    m_running.erase(m_running.begin() + static_cast<std::ptrdiff_t>(index));
    keepState(*sequence, kv::SnapshotKind::Rolling);
    sequence->lease.release();
    sequence->computed = 0;
    sequence->lookedOnDisk = false;
    sequence->loads = 0;
    ++m_preemptions;
    m_waiting.insert(std::upper_bound(m_waiting.begin(), m_waiting.end(), sequence, earlier), std::move(sequence));
}

void Scheduler::admitWaiting(Plan& plan) {
    m_following = m_loading = 0;
    // One that is about to end would let a waiting one in too early by its blocks, not by its place: the next plan does.
    if (!plan.outgrown.empty() || plan.stalled) return;
    bool closed = false;  // no further one is admitted; what they begin with is read from the disk meanwhile
    for (std::size_t i = 0; i < m_waiting.size();) {
        Sequence& sequence = *m_waiting[i];
        if (sequence.tokens.size() > m_cache.capacityTokens()) {
            plan.refused.push_back(&sequence);
            ++i;
            continue;
        }
        if (followsRunning(sequence) || followsLoad(sequence)) {
            ++m_following;
            ++i;
            continue;
        }
        if (loads(sequence)) {
            ++m_loading;
            ++i;
            continue;
        }
        closed = closed || (m_running.size() >= m_limits.maxRunning && (sequence.background || !makePlace()));
        while (!closed && !tryAdmit(sequence)) closed = sequence.background || !makePlace();
        if (closed) {
            ++i;
            continue;
        }
        plan.admitted.push_back(&sequence);
        std::unique_ptr<Sequence> joining = std::move(m_waiting[i]);
        m_waiting.erase(m_waiting.begin() + static_cast<std::ptrdiff_t>(i));
        m_running.insert(std::upper_bound(m_running.begin(), m_running.end(), joining, earlier), std::move(joining));
    }
}

// Preempts the newest background sequence; false when none runs. It stands behind everything interactive in the queue.
bool Scheduler::makePlace() {
    if (m_running.empty() || !m_running.back()->background) return false;
    preempt(m_running.size() - 1);
    return true;
}

bool Scheduler::tryAdmit(Sequence& sequence) {
    const std::uint64_t roomChanges = m_cache.tier().roomChanges();
    if (m_blocked && m_blocked->id == sequence.id && m_blocked->roomChanges == roomChanges) return false;
    auto lease = m_cache.acquire(sequence.cacheablePrefix(), reserveTokens(sequence),
                                 keepOf(sequence.request));
    if (!lease) {
        // What the attempt itself held and gave back is no change.
        m_blocked = {sequence.id, m_cache.tier().roomChanges()};
        return false;
    }
    m_blocked.reset();
    sequence.lease = std::move(*lease);
    sequence.computed = sequence.lease.cachedTokens();
    if (sequence.knownAtStart > 0 && sequence.computed >= sequence.knownAtStart)
        sequence.followedTokens = sequence.computed - (sequence.knownAtStart - 1);
    sequence.knownAtStart = 0;
    noteLoaded(sequence);
    return true;
}

// Whether blocks of it are being read from the disk, or begin to be.
bool Scheduler::loads(Sequence& sequence) {
    if (sequence.load) {
        if (!sequence.load->done()) return true;
        sequence.loadedUpTo = sequence.load->tokens();
        sequence.lookedOnDisk = !sequence.load->missed();
        if (sequence.load->loss() != DiskLoss::None && sequence.diskLoss != DiskLoss::Damaged) sequence.diskLoss = sequence.load->loss();
        sequence.load.reset();
    }
    // What was read may have given way to others since.
    const bool lost = sequence.loadedUpTo > 0 && m_cache.knownTokens(sequence.cacheablePrefix()) < sequence.loadedUpTo;
    if ((!sequence.lookedOnDisk || lost) && sequence.loads < kMostLoads) startLoad(sequence);
    return sequence.load.has_value();
}

void Scheduler::startLoad(Sequence& sequence) {
    const auto under = std::count_if(m_waiting.begin(), m_waiting.end(), [](const auto& each) { return each->load.has_value(); });
    if (static_cast<std::size_t>(under) >= kLoadsAtOnce) return;
    const std::size_t known = m_cache.knownTokens(sequence.cacheablePrefix());
    kv::LoadStart start = m_cache.load(sequence.cacheablePrefix());
    sequence.lookedOnDisk = !start.noRoom;
    if (!start.load) return;
    if (sequence.loads++ == 0) sequence.knownBeforeLoad = known;
    sequence.load = std::move(start.load);
}

// How much of what it found was read for it.
void Scheduler::noteLoaded(Sequence& sequence) {
    const std::size_t upTo = std::min(sequence.loadedUpTo, sequence.computed);
    if (sequence.loads > 0 && !sequence.reportedTokens) sequence.loadedTokens = upTo - std::min(upTo, sequence.knownBeforeLoad);
    sequence.loadedUpTo = 0;
}

// Whether what it begins with is being read for another one.
bool Scheduler::followsLoad(Sequence& sequence) {
    if (sequence.load) return false;
    for (const auto& other : m_waiting) {
        if (other.get() == &sequence || !other->load || other->load->done()) continue;
        const std::size_t shared = std::min(sharedTokens(sequence, *other), other->load->tokens());
        if (shared >= static_cast<std::size_t>(kBlockTokens) && shared > m_cache.knownTokens(sequence.cacheablePrefix())) return true;
    }
    return false;
}

// Who runs comes before who is read for. True: there is more room now.
bool Scheduler::dropLoads() {
    const std::uint64_t before = m_cache.tier().roomChanges();
    for (const auto& sequence : m_waiting) {
        sequence->load.reset();
        sequence->lookedOnDisk = false;
    }
    return m_cache.tier().roomChanges() != before;
}

// Whether a running prompt is computing what this one would compute next. It is not slower to wait for that.
bool Scheduler::followsRunning(Sequence& sequence) {
    for (const auto& running : m_running) {
        if (running->pendingTokens() <= 1 || sharedTokens(sequence, *running) <= running->computed) continue;
        // Kept one too large, so that zero can say that it never followed.
        if (sequence.knownAtStart == 0) sequence.knownAtStart = m_cache.knownTokens(sequence.cacheablePrefix()) + 1;
        if (running->background && !sequence.background) {
            running->background = false;
            std::stable_sort(m_running.begin(), m_running.end(), earlier);
        }
        return true;
    }
    return false;
}

// Looked up once for each pair: a running prompt's tokens do not change while it is computed.
std::size_t Scheduler::sharedTokens(Sequence& sequence, const Sequence& running) const {
    const auto known = std::find_if(sequence.sharedWith.begin(), sequence.sharedWith.end(),
                                    [&](const auto& each) { return each.first == running.id; });
    if (known != sequence.sharedWith.end()) return known->second;
    const auto prefix = sequence.cacheablePrefix();
    const std::size_t most = std::min(prefix.size(), running.tokens.size());
    const auto end = std::mismatch(prefix.begin(), prefix.begin() + static_cast<std::ptrdiff_t>(most), running.tokens.begin()).first;
    sequence.sharedWith.emplace_back(running.id, static_cast<std::size_t>(end - prefix.begin()));
    return sequence.sharedWith.back().second;
}

std::size_t Scheduler::reserveTokens(const Sequence& sequence) const {
    return std::min({sequence.tokens.size() + kAnswerReserveTokens, sequence.mostPositions(m_limits.windowTokens),
                     m_cache.capacityTokens()});
}

void Scheduler::shareRows(Plan& plan) {
    if (!plan.outgrown.empty() || plan.stalled) return;  // it is the only one
    std::vector<std::size_t> prefills;   // indices into plan.chunks
    for (const auto& sequence : m_running) {
        if (sequence->pendingTokens() > 1) prefills.push_back(plan.chunks.size());
        plan.chunks.push_back({.sequence = sequence.get(), .rows = sequence->pendingTokens() > 1 ? 0u : 1u});
    }
    const std::size_t decoding = plan.chunks.size() - prefills.size();
    std::size_t rowsLeft = m_limits.stepTokens - std::min(m_limits.stepTokens, decoding);
    const bool timed = m_limits.stepMs > 0;
    double left = timed ? m_pacer.budgetMs(decoding > 0) : static_cast<double>(rowsLeft);
    std::size_t logitRowsLeft = m_limits.promptLogitRows;
    if (timed && left <= 0) prefills.clear();

    std::stable_sort(prefills.begin(), prefills.end(), [&](std::size_t a, std::size_t b) {
        const Sequence& first = *plan.chunks[a].sequence;
        const Sequence& second = *plan.chunks[b].sequence;
        if (first.background != second.background) return second.background;
        return first.pendingTokens() < second.pendingTokens();
    });
    double weights = 0;
    const auto weight = [&](std::size_t index) { return plan.chunks[index].sequence->background ? kBackgroundWeight : 1.0; };
    for (const std::size_t index : prefills) weights += weight(index);
    for (const std::size_t index : prefills) {
        Chunk& chunk = plan.chunks[index];
        const double share = left * weight(index) / weights;
        weights -= weight(index);
        const bool wantsLogits = chunk.sequence->wantsPromptLogprobs(chunk.sequence->promptLogprobs.size());
        std::size_t rows = chunkRows(*chunk.sequence, share);
        if (timed) rows = std::max(rows, std::min(m_pacer.leastRows(decoding > 0) / prefills.size(), chunk.sequence->pendingTokens()));
        rows = std::min(rows, rowsLeft);
        if (m_limits.maxChunkTokens > 0) rows = std::min(rows, m_limits.maxChunkTokens);
        if (wantsLogits) rows = std::min(rows, logitRowsLeft);
        if (m_cache.shape().stateBytes > 0) rows = std::min(rows, chunk.sequence->nextStatePosition() - chunk.sequence->computed);
        chunk.rows = std::max<std::size_t>(rows, 1);
        rowsLeft -= std::min(rowsLeft, chunk.rows);
        left -= std::min(left, timed ? m_pacer.costMs(chunk.rows, chunk.sequence->computed) : static_cast<double>(chunk.rows));
        if (wantsLogits) logitRowsLeft -= std::min(logitRowsLeft, chunk.rows);
    }
    std::erase_if(plan.chunks, [](const Chunk& chunk) { return chunk.rows == 0; });
}

// Of one prompt, for its share of the budget: ms, or rows without a step time.
std::size_t Scheduler::chunkRows(const Sequence& sequence, double budget) const {
    const std::size_t rows = m_limits.stepMs > 0 ? m_pacer.rowsWithin(budget, sequence.computed) : static_cast<std::size_t>(budget);
    return std::min(rows, sequence.pendingTokens());
}

void Scheduler::commit(const Chunk& chunk) {
    Sequence& sequence = *chunk.sequence;
    assert(chunk.rows > 0 && chunk.rows <= sequence.pendingTokens());
    const std::size_t before = sequence.computed;
    const std::size_t next = sequence.nextStatePosition();
    sequence.computed += chunk.rows;
    assert(sequence.computed <= sequence.lease.capacityTokens());
    sequence.lease.commit(sequence.tokens, sequence.computed);
    if (sequence.request.pin && before < sequence.promptTokens && sequence.computed >= sequence.promptTokens)
        sequence.lease.pin(sequence.promptTokens);
    if (sequence.computed >= sequence.promptTokens) return;
    if (sequence.computed == next)
        keepState(sequence, sequence.computed + 1 == sequence.promptTokens ? kv::SnapshotKind::PromptEnd : kv::SnapshotKind::Branch);
    else if (sequence.computed / kRollingStateTokens != before / kRollingStateTokens)
        keepState(sequence, kv::SnapshotKind::Rolling);
}

void Scheduler::keepState(Sequence& sequence, kv::SnapshotKind kind) {
    if (m_cache.shape().stateBytes > 0 && sequence.computed > 0) sequence.lease.keepState(kind);
}

std::unique_ptr<Sequence> Scheduler::take(SequenceId id) {
    for (auto* queue : {&m_running, &m_waiting}) {
        const auto found =
            std::find_if(queue->begin(), queue->end(), [id](const auto& sequence) { return sequence->id == id; });
        if (found == queue->end()) continue;
        std::unique_ptr<Sequence> taken = std::move(*found);
        queue->erase(found);
        keepState(*taken, taken->answering() ? kv::SnapshotKind::ReplyEnd : kv::SnapshotKind::Rolling);
        taken->lease.release();
        taken->load.reset();
        return taken;
    }
    return nullptr;
}

std::unique_ptr<Sequence> Scheduler::takeOldest() {
    if (!m_running.empty()) return take(m_running.front()->id);
    if (!m_waiting.empty()) return take(m_waiting.front()->id);
    return nullptr;
}

PrefillsUnderWay Scheduler::prefills() const {
    PrefillsUnderWay found;
    for (const auto& sequence : m_running) {
        if (sequence->decoding()) continue;
        ++found.sequences;
        found.doneTokens += sequence->computed;
        found.totalTokens += sequence->tokens.size();
    }
    return found;
}

std::string Scheduler::checkIntegrity() const {
    if (m_running.size() > m_limits.maxRunning) return "More sequences run than allowed.";
    for (const auto& sequence : m_running) {
        if (sequence->computed > sequence->lease.capacityTokens()) return "The lease of " + nameOf(*sequence) + " is too short.";
        if (sequence->computed >= sequence->tokens.size()) return "Running " + nameOf(*sequence) + " has nothing to compute.";
    }
    for (const auto& sequence : m_waiting)
        if (!sequence->lease.blocks().empty() || sequence->computed != 0) return "Waiting " + nameOf(*sequence) + " holds blocks.";
    if (!std::is_sorted(m_running.begin(), m_running.end(), earlier)) return "The running sequences are out of order.";
    if (!std::is_sorted(m_waiting.begin(), m_waiting.end(), earlier)) return "The waiting sequences are out of order.";
    if (m_running.empty() && m_cache.loads() == 0 && m_cache.leasedBytes() > 0) return "Nothing runs, but blocks are leased.";
    return m_cache.checkIntegrity();
}

}  // namespace larder::generate
