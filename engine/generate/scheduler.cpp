#include "engine/generate/scheduler.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace larder::generate {

namespace {

// Positions reserved behind a prompt at admission (design §5.6); further ones are taken block by block.
constexpr std::size_t kAnswerReserveTokens = 256;

}  // namespace

Expected<void> Scheduler::submit(std::unique_ptr<Sequence>& sequence) {
    const std::size_t capacity = m_cache.capacityTokens();
    if (sequence->promptTokens > capacity) {
        return Error{ErrorCode::ContextExceeded, "Prompt too long: " + std::to_string(sequence->promptTokens) +
                                                     " tokens exceeds the " + std::to_string(capacity) +
                                                     " tokens that fit the hot cache: raise --hot-cache."};
    }
    m_waiting.push_back(std::move(sequence));
    return {};
}

Plan Scheduler::plan() {
    Plan plan;
    growRunning(plan);
    admitWaiting(plan);
    shareRows(plan);
    return plan;
}

void Scheduler::growRunning(Plan& plan) {
    for (std::size_t i = 0; i < m_running.size(); ++i) {
        Sequence& sequence = *m_running[i];
        while (!sequence.lease.grow(sequence.tokens.size())) {
            if (m_running.size() == 1) {
                plan.outgrown.push_back(&sequence);
                return;
            }
            const bool itself = i + 1 == m_running.size();
            preemptNewest();
            if (itself) return;
        }
    }
}

void Scheduler::preemptNewest() {
    std::unique_ptr<Sequence> newest = std::move(m_running.back());
    m_running.pop_back();
    newest->lease.release();
    newest->computed = 0;
    m_waiting.push_front(std::move(newest));
}

void Scheduler::admitWaiting(Plan& plan) {
    // One that is about to end would let a waiting one in too early by its blocks, not by its place: the next plan
    // does.
    if (!plan.outgrown.empty()) return;
    while (!m_waiting.empty() && m_running.size() < m_limits.maxRunning) {
        Sequence& sequence = *m_waiting.front();
        auto lease = m_cache.acquire(sequence.cacheablePrefix(), reserveTokens(sequence));
        if (!lease) return;
        sequence.lease = std::move(*lease);
        sequence.computed = sequence.lease.cachedTokens();
        plan.admitted.push_back(&sequence);
        m_running.push_back(std::move(m_waiting.front()));
        m_waiting.pop_front();
    }
}

std::size_t Scheduler::reserveTokens(const Sequence& sequence) const {
    return std::min({sequence.tokens.size() + kAnswerReserveTokens, sequence.mostPositions(m_limits.windowTokens),
                     m_cache.capacityTokens()});
}

void Scheduler::shareRows(Plan& plan) const {
    if (!plan.outgrown.empty()) return;  // it is the only one
    std::vector<std::size_t> prefills;   // indices into plan.chunks
    for (const auto& sequence : m_running) {
        if (sequence->pendingTokens() > 1) prefills.push_back(plan.chunks.size());
        plan.chunks.push_back({.sequence = sequence.get(), .rows = 1});
    }
    const std::size_t answering = plan.chunks.size() - prefills.size();
    std::size_t left = m_limits.stepTokens - std::min(m_limits.stepTokens, answering);
    std::size_t logitRowsLeft = m_limits.promptLogitRows;

    std::stable_sort(prefills.begin(), prefills.end(), [&plan](std::size_t a, std::size_t b) {
        return plan.chunks[a].sequence->pendingTokens() < plan.chunks[b].sequence->pendingTokens();
    });
    for (std::size_t i = 0; i < prefills.size(); ++i) {
        Chunk& chunk = plan.chunks[prefills[i]];
        std::size_t rows = std::min(chunk.sequence->pendingTokens(), left / (prefills.size() - i));
        if (m_limits.maxChunkTokens > 0) rows = std::min(rows, m_limits.maxChunkTokens);
        const bool wantsLogits = chunk.sequence->wantsPromptLogprobs(chunk.sequence->promptLogprobs.size());
        if (wantsLogits) rows = std::min(rows, logitRowsLeft);
        chunk.rows = std::max<std::size_t>(rows, 1);
        left -= std::min(left, chunk.rows);
        if (wantsLogits) logitRowsLeft -= std::min(logitRowsLeft, chunk.rows);
    }
}

void Scheduler::commit(const Chunk& chunk) {
    assert(chunk.rows > 0 && chunk.rows <= chunk.sequence->pendingTokens());
    chunk.sequence->computed += chunk.rows;
    assert(chunk.sequence->computed <= chunk.sequence->lease.capacityTokens());
}

std::unique_ptr<Sequence> Scheduler::take(SequenceId id) {
    for (auto* queue : {&m_running, &m_waiting}) {
        const auto found =
            std::find_if(queue->begin(), queue->end(), [id](const auto& sequence) { return sequence->id == id; });
        if (found == queue->end()) continue;
        std::unique_ptr<Sequence> taken = std::move(*found);
        queue->erase(found);
        taken->lease.release();
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
    std::size_t leasedBlocks = 0;
    for (const auto& sequence : m_running) {
        const std::string name = "sequence " + std::to_string(static_cast<std::uint64_t>(sequence->id));
        leasedBlocks += sequence->lease.blocks().size();
        if (sequence->computed > sequence->lease.capacityTokens()) return "The lease of " + name + " is too short.";
        if (sequence->computed >= sequence->tokens.size()) return "Running " + name + " has nothing to compute.";
    }
    for (const auto& sequence : m_waiting) {
        if (!sequence->lease.blocks().empty() || sequence->computed != 0)
            return "Waiting sequence " + std::to_string(static_cast<std::uint64_t>(sequence->id)) + " holds blocks.";
    }
    const std::size_t used = m_cache.pool().totalBlocks() - m_cache.pool().freeBlocks();
    if (used != leasedBlocks) {
        return std::to_string(used) + " blocks are in use, but leases hold " + std::to_string(leasedBlocks) + ".";
    }
    return m_cache.checkIntegrity();
}

}  // namespace larder::generate
