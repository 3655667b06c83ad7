// The promise of design §6, in one scenario: a prompt gives the same logits, bit for bit, however it is computed:
// alone or among strangers, in chunks of any size, on any number of threads, on every instruction set.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/thread.h"
#include "engine/kv/kv_cache.h"
#include "engine/model/model.h"
#include "tests/support/fixtures.h"
#include "tests/support/isas.h"
#include "tests/support/starter.h"

namespace larder {
namespace {

constexpr int kStrangers = 7;
constexpr int kPromptTokens = 300;  // crosses blocks (64) and a span of positions (256)

struct Way {
    std::string isa = "scalar";
    std::size_t threads = 1;
    int chunkTokens = 512;
    bool amongStrangers = false;
    KvType kvType = KvType::F16;

    std::string name() const {
        return isa + ", " + std::to_string(threads) + " threads, chunks of " + std::to_string(chunkTokens) +
               (amongStrangers ? ", among strangers" : ", alone");
    }
};

TokenId token(int sequence, int position, int vocabulary) {
    return static_cast<TokenId>((sequence * 1009 + position * 7919 + 17) % vocabulary);
}

// Logits of some positions of the prompt, then of a few decoded tokens.
class Run {
public:
    Run(const std::filesystem::path& path, const Way& way, int promptTokens)
        : m_way(way), m_promptTokens(promptTokens), m_pool(way.threads) {
        base::setFloatingPointMode();
        model::LoadOptions options;
        options.kernels = kernels::selectKernels(way.isa);
        options.pool = &m_pool;
        options.kvType = way.kvType;
        auto model = model::loadModel(path, options);
        EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().message);
        m_model = std::move(*model);
        auto cache = kv::KvCache::create(m_model->kvLayout().blockBytes(), 8 * (kPromptTokens / kBlockTokens + 2));
        m_cache = std::move(*cache);
    }

    std::vector<float> logits() {
        const int sequences = m_way.amongStrangers ? kStrangers + 1 : 1;
        const int own = m_way.amongStrangers ? 3 : 0;  // place in the batch
        std::vector<kv::KvLease> leases;
        for (int index = 0; index < sequences; ++index)
            leases.push_back(*m_cache->acquire({}, static_cast<std::size_t>(kPromptTokens + kBlockTokens)));
        std::vector<float> wanted;
        for (int first = 0; first < m_promptTokens; first += m_way.chunkTokens) {
            const int last = std::min(first + m_way.chunkTokens, m_promptTokens);
            step(leases, own, first, last, wanted);
        }
        for (int position = m_promptTokens; position < m_promptTokens + 3; ++position)
            step(leases, own, position, position + 1, wanted);
        return wanted;
    }

private:
    // Positions [first, last) of the own prompt; the strangers do something else: some decode, some prefill.
    void step(std::vector<kv::KvLease>& leases, int own, int first, int last, std::vector<float>& wanted) {
        model::Batch batch;
        for (int index = 0; index < static_cast<int>(leases.size()); ++index) {
            // Strangers run a little behind, each at its own pace.
            const int from = index == own ? first : std::max(0, first - index);
            const int to = index == own ? last : std::min(last, from + 1 + index * 5);
            const int row = static_cast<int>(batch.tokens.size());
            for (int position = from; position < to; ++position)
                batch.tokens.push_back(token(index == own ? 0 : index + 1, position, m_model->vocabulary()));
            batch.sequences.push_back({row, to - from, from, leases[static_cast<std::size_t>(index)].blocks()});
            for (int position = from; position < to; ++position)
                if (index != own ? position + 1 == to : (position % 37 == 0 || position + 1 >= m_promptTokens))
                    batch.logitRows.push_back(row + position - from);
        }
        std::vector<float> rows(batch.logitRows.size() * static_cast<std::size_t>(m_model->vocabulary()));
        m_model->forward(batch, rows);
        const model::BatchSequence& mine = batch.sequences[static_cast<std::size_t>(own)];
        for (std::size_t at = 0; at < batch.logitRows.size(); ++at) {
            const int row = batch.logitRows[at];
            if (row < mine.firstRow || row >= mine.firstRow + mine.rows) continue;
            const auto start = rows.begin() + static_cast<std::ptrdiff_t>(at) * m_model->vocabulary();
            wanted.insert(wanted.end(), start, start + m_model->vocabulary());
        }
    }

    Way m_way;
    int m_promptTokens;
    base::ThreadPool m_pool;
    std::unique_ptr<model::Model> m_model;
    std::unique_ptr<kv::KvCache> m_cache;
};

// Scalar is slow, and what it proves about threads and chunks two ways are enough for; every other instruction set is
// taken through all of them.
std::vector<Way> ways(KvType kvType) {
    std::vector<Way> all{{"scalar", 1, 512, false, kvType}, {"scalar", 2, 64, true, kvType}};
    for (const std::string& isa : support::availableIsas()) {
        if (isa == "scalar") continue;
        for (const std::size_t threads : {1u, 2u, 3u})
            for (const int chunk : {1, 7, 64, 512})
                for (const bool strangers : {false, true}) all.push_back({isa, threads, chunk, strangers, kvType});
    }
    return all;
}

void expectSameBits(const std::filesystem::path& path, const std::vector<Way>& all, int promptTokens) {
    const std::vector<float> expected = Run(path, all.front(), promptTokens).logits();
    ASSERT_FALSE(expected.empty());
    for (const Way& way : all) {
        const std::vector<float> found = Run(path, way, promptTokens).logits();
        ASSERT_EQ(found.size(), expected.size()) << way.name();
        const bool same = std::memcmp(found.data(), expected.data(), expected.size() * sizeof(float)) == 0;
        EXPECT_TRUE(same) << way.name() << " differs from " << all.front().name();
    }
}

class SameBits : public testing::TestWithParam<std::string> {};

TEST_P(SameBits, HoweverThePromptIsComputed) {
    expectSameBits(support::fixtureModel(GetParam()), ways(KvType::F16), kPromptTokens);
}

TEST_P(SameBits, AlsoWithAFloat32Cache) {
    expectSameBits(support::fixtureModel(GetParam()), ways(KvType::F32), 130);
}

INSTANTIATE_TEST_SUITE_P(Tiny, SameBits,
                         testing::Values("tiny_llama_f32", "tiny_llama_f16", "tiny_llama_bf16", "tiny_llama_q4_0",
                                         "tiny_llama_q4_1", "tiny_llama_q8_0", "tiny_llama_odd", "tiny_llama_rope_scaled"),
                         [](const auto& test) { return test.param; });

TEST(SameBitsStarter, FewWaysOfARealModel) {
    const auto starter = support::starterModel();
    if (!starter) GTEST_SKIP() << "set LARDER_STARTER to the starter model's file";
    std::vector<Way> all;
    for (const std::string& isa : support::availableIsas())
        if (isa != "scalar") all.push_back({isa, 2, 512, false, KvType::F16});
    all.push_back({all.front().isa, 1, 64, false, KvType::F16});
    all.push_back({all.front().isa, 2, 7, true, KvType::F16});
    expectSameBits(*starter, all, kPromptTokens);
}

}  // namespace
}  // namespace larder
