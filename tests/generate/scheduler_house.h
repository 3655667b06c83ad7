// What every test of the scheduler needs: a small cache, requests that share nothing, and a clock that is a number.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/generate/scheduler.h"

namespace larder::generate {

// A scheduler without a model: step() plays the part of forward and sampling.
class SchedulerHouse {
public:
    SchedulerHouse(std::size_t blocks, const SchedulerLimits& limits)
        : m_cache(std::move(kv::KvCache::create(64, blocks)).value()),
          m_window(limits.windowTokens),
          scheduler(*m_cache, limits) {}

    std::uint64_t submit(std::size_t promptTokens, std::size_t maxTokens = 0, bool promptLogprobs = false) {
        Submit message = messageOf(promptTokens);
        message.request.maxTokens = maxTokens;
        message.request.promptLogprobs = promptLogprobs;
        return submit(std::move(message));
    }
    std::uint64_t submit(std::size_t promptTokens, Priority priority, double submittedMs = 0) {
        Submit message = messageOf(promptTokens);
        message.request.priority = priority;
        message.submittedMs = submittedMs;
        return submit(std::move(message));
    }
    std::uint64_t submit(Submit message) {
        message.sink = [](const GenerationEvent&) {};
        auto sequence = std::make_unique<Sequence>(std::move(message));
        EXPECT_TRUE(scheduler.submit(sequence).ok());
        return m_lastId;
    }

    // (id, rows) of every chunk of the next plan, all of which are then computed; an answering one gets a token.
    std::vector<std::pair<std::uint64_t, std::size_t>> step(double nowMs = 0) {
        EXPECT_EQ(scheduler.checkIntegrity(), "");
        const Plan plan = scheduler.plan(nowMs);
        std::vector<std::pair<std::uint64_t, std::size_t>> rows;
        for (Sequence* sequence : plan.outgrown) take(*sequence, m_outgrown);
        for (const Chunk& chunk : plan.chunks) {
            rows.emplace_back(idOf(*chunk.sequence), chunk.rows);
            EXPECT_LE(chunk.sequence->computed + chunk.rows, chunk.sequence->lease.capacityTokens());
            scheduler.commit(chunk);
            if (chunk.sequence->pendingTokens() > 0) continue;
            if (chunk.sequence->append(8, m_window)) take(*chunk.sequence, m_finished);
        }
        EXPECT_EQ(scheduler.checkIntegrity(), "");
        return rows;
    }

    std::size_t freeBlocks() const { return (m_cache->tier().limitBytes() - m_cache->leasedBytes()) / 4096; }
    const std::vector<std::uint64_t>& finished() const { return m_finished; }
    const std::vector<std::uint64_t>& outgrown() const { return m_outgrown; }
    static std::uint64_t idOf(const Sequence& sequence) { return static_cast<std::uint64_t>(sequence.id); }

private:
    Submit messageOf(std::size_t promptTokens) {
        Submit message;
        message.id = SequenceId{++m_lastId};
        message.request.prompt.assign(promptTokens, 7);
        message.request.prompt.front() = static_cast<TokenId>(1000 + m_lastId);  // no two begin alike
        return message;
    }
    void take(Sequence& sequence, std::vector<std::uint64_t>& to) {
        to.push_back(idOf(sequence));
        EXPECT_NE(scheduler.take(sequence.id), nullptr);
    }

    std::unique_ptr<kv::KvCache> m_cache;
    std::size_t m_window;
    std::uint64_t m_lastId = 0;
    std::vector<std::uint64_t> m_finished;
    std::vector<std::uint64_t> m_outgrown;

public:
    Scheduler scheduler;
};

using Rows = std::pair<std::uint64_t, std::size_t>;

}  // namespace larder::generate
