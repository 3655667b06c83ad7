// What every Worker test needs: a scripted model, a small KV cache, a worker, and a mailbox that collects its events.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/mailbox.h"
#include "engine/generate/worker.h"
#include "engine/kernels/kernels.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/scripted_model.h"

namespace larder::generate {

// Everything that was reported of one request.
struct Collected {
    std::vector<PrefillProgress> progress;
    std::optional<PromptLogprobs> promptLogprobs;
    std::vector<GeneratedToken> tokens;
    std::optional<GenerationFinished> finished;
    std::optional<Error> error;

    bool over() const { return finished.has_value() || error.has_value(); }
    std::vector<TokenId> ids() const {
        std::vector<TokenId> result;
        for (const auto& token : tokens) result.push_back(token.token);
        return result;
    }
    std::vector<std::uint64_t> hashes() const {
        std::vector<std::uint64_t> result;
        for (const auto& token : tokens) result.push_back(token.logitsHash);
        return result;
    }
};

struct HouseSettings {
    std::size_t maxRunning = 8;
    std::size_t contextTokens = 0;
    std::size_t stepTokens = 512;
    std::size_t maxChunkTokens = 0;
    double stepMs = 0;  // rows count, not the clock: the same steps in every run
    base::ThreadPool* pool = nullptr;
    std::function<void()> changed = {};
    support::ScriptedKind kind = support::ScriptedKind::Attention;
    kv::ColdStore* cold = nullptr;  // outlives the house
};

class WorkerHouse {
public:
    using Event = std::pair<std::uint64_t, GenerationEvent>;

    static constexpr LaneId kLane{1};
    static constexpr std::size_t kBlockBytes = 4096;  // a page

    WorkerHouse(const HouseSettings& settings, std::size_t blocks, std::function<void(const model::Batch&)> onForward = {})
        : m_settings(settings),
          m_onForward(std::move(onForward)),
          m_worker(std::make_unique<Worker>(
              *kernels::selectKernels(""),
              WorkerSettings{.pool = settings.pool, .hotLimitBytes = blocks * kBlockBytes, .cold = settings.cold, .changed = settings.changed})) {
        m_status = attach(kLane);
    }

    // One more lane of the same model, or the only one again after worker().detach().
    std::shared_ptr<const base::Snapshot<LaneStatus>> attach(LaneId lane) {
        auto model = std::make_unique<support::ScriptedModel>(
            [this](const model::Batch& batch) {
                while (m_held) (void)m_released.wait();
                if (m_onForward) m_onForward(batch);
            },
            support::kScriptedVocabulary, m_settings.kind);
        return m_worker->attach(lane, std::move(model),
                                {.maxRunning = m_settings.maxRunning,
                                 .contextTokens = m_settings.contextTokens,
                                 .stepTokens = m_settings.stepTokens,
                                 .maxChunkTokens = m_settings.maxChunkTokens,
                                 .stepMs = m_settings.stepMs});
    }

    Worker& worker() { return *m_worker; }
    LaneStatus status() const { return m_status->read(); }
    std::shared_ptr<const base::Snapshot<LaneStatus>> watch() const { return m_status; }

    std::uint64_t submit(GenerationRequest request, LaneId lane = kLane, double submittedMs = 1) {
        const std::uint64_t id = ++m_lastId;
        m_worker->submit(lane, {.id = SequenceId{id},
                          .request = std::move(request),
                          .sink =
                              [box = m_events, id](GenerationEvent event) {
                                  box->post({id, std::move(event)});
                              },
                          .submittedMs = submittedMs});
        return id;
    }
    void cancel(std::uint64_t id) {
        m_cancelled.insert(id);
        m_worker->cancel(SequenceId{id});
    }

    // Between hold() and release() no step is computed: what is submitted meanwhile is there together.
    void hold() { m_held = true; }
    void release() {
        m_held = false;
        m_released.post(0);
    }

    // Blocks until this request is over. What others report meanwhile is kept.
    const Collected& wait(std::uint64_t id) {
        while (!m_collected[id].over()) drain(m_events->wait());
        return m_collected[id];
    }
    const Collected& run(GenerationRequest request) { return wait(submit(std::move(request))); }

    // Blocks until n tokens of this request arrived, or it is over.
    const Collected& waitForTokens(std::uint64_t id, std::size_t n) {
        while (!m_collected[id].over() && m_collected[id].tokens.size() < n) drain(m_events->wait());
        return m_collected[id];
    }
    const Collected& waitForProgress(std::uint64_t id) {
        while (!m_collected[id].over() && m_collected[id].progress.empty()) drain(m_events->wait());
        return m_collected[id];
    }
    const Collected& collected(std::uint64_t id) {
        drain(m_events->take());
        return m_collected[id];
    }

    // Cancels that were posted have taken effect and everything else is over.
    void settle() {
        for (std::uint64_t id = 1, last = m_lastId; id <= last; ++id) {
            if (!m_cancelled.contains(id)) wait(id);
        }
        GenerationRequest last;
        last.prompt = {1};
        last.maxTokens = 1;
        run(std::move(last));
    }
    // settle(), then nothing may be left behind.
    void expectEmpty() {
        settle();
        EXPECT_EQ(status().running, 0u);
        EXPECT_EQ(status().waiting, 0u);
        // A read that was under way when its request was cancelled gives back its room when it ends.
        EXPECT_TRUE(support::eventually([&] { return status().leasedBytes == 0; }));
        EXPECT_EQ(m_worker->checkIntegrity(), "");
    }
    void shutDown() { m_worker.reset(); }
    const std::vector<std::uint64_t>& finishOrder() const { return m_finishOrder; }

private:
    void drain(std::vector<Event> events) {
        for (auto& [id, event] : events) {
            Collected& to = m_collected[id];
            EXPECT_FALSE(to.over()) << "an event after the last one of request " << id;
            if (auto* progress = std::get_if<PrefillProgress>(&event)) {
                EXPECT_TRUE(to.tokens.empty() && !to.promptLogprobs);
                to.progress.push_back(*progress);
            } else if (auto* prompt = std::get_if<PromptLogprobs>(&event)) {
                EXPECT_TRUE(to.tokens.empty() && !to.promptLogprobs);
                to.promptLogprobs = std::move(*prompt);
            } else if (auto* token = std::get_if<GeneratedToken>(&event)) {
                to.tokens.push_back(std::move(*token));
            } else if (auto* finished = std::get_if<GenerationFinished>(&event)) {
                to.finished = *finished;
                m_finishOrder.push_back(id);
            } else {
                to.error = std::get<Error>(event);
            }
        }
    }

    std::atomic<bool> m_held = false;
    base::Mailbox<int> m_released;
    HouseSettings m_settings;
    std::function<void(const model::Batch&)> m_onForward;
    std::shared_ptr<base::Mailbox<Event>> m_events = std::make_shared<base::Mailbox<Event>>();
    std::unique_ptr<Worker> m_worker;
    std::shared_ptr<const base::Snapshot<LaneStatus>> m_status;
    std::uint64_t m_lastId = 0;
    std::map<std::uint64_t, Collected> m_collected;
    std::set<std::uint64_t> m_cancelled;
    std::vector<std::uint64_t> m_finishOrder;
};

// A prompt of n tokens that no other seed shares a prefix with.
inline std::vector<TokenId> scriptedPrompt(std::size_t n, std::uint64_t seed) {
    std::vector<TokenId> prompt;
    for (std::size_t i = 0; i < n; ++i)
        prompt.push_back(static_cast<TokenId>(support::scriptedMix(seed * 1000003 + i) % support::kScriptedVocabulary));
    return prompt;
}

// The greedy answer by the model's definition, without blocks, batches or a worker.
struct ExpectedAnswer {
    std::vector<TokenId> ids;
    std::vector<std::uint64_t> hashes;
};
inline ExpectedAnswer expectedGreedy(std::vector<TokenId> tokens, std::size_t n,
                                     support::ScriptedKind kind = support::ScriptedKind::Attention) {
    ExpectedAnswer answer;
    for (std::size_t i = 0; i < n; ++i) {
        const std::vector<float> row = support::scriptedLogits(tokens, support::kScriptedVocabulary, kind);
        std::size_t best = 0;
        for (std::size_t k = 1; k < row.size(); ++k) {
            if (row[k] > row[best]) best = k;
        }
        answer.ids.push_back(static_cast<TokenId>(best));
        answer.hashes.push_back(base::hash64(std::as_bytes(std::span(row))));
        tokens.push_back(answer.ids.back());
    }
    return answer;
}

inline GenerationRequest greedy(std::vector<TokenId> prompt, std::size_t maxTokens) {
    GenerationRequest request;
    request.prompt = std::move(prompt);
    request.sampling.temperature = 0;
    request.maxTokens = maxTokens;
    request.logitsHash = true;
    return request;
}

}  // namespace larder::generate
