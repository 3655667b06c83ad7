// The llama graph against reference logits (tests/fixtures/make_tiny_llama.py), and its refusals.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/thread.h"
#include "engine/model/model.h"
#include "tests/support/fixtures.h"
#include "tests/support/isas.h"

namespace larder::model {
namespace {

// Logits of the reference's positions, computed in one chunk with a float32 cache.
std::vector<float> computeLogits(const std::string& fixture, const support::Reference& reference, const std::string& isa) {
    base::ThreadPool pool(2);
    base::setFloatingPointMode();
    LoadOptions options;
    options.kernels = kernels::selectKernels(isa);
    options.pool = &pool;
    options.kvType = KvType::F32;
    auto model = loadModel(support::fixtureModel(fixture), options);
    if (!model) {
        ADD_FAILURE() << model.error().message;
        return {};
    }
    const std::size_t blocks = reference.tokens.size() / kBlockTokens + 1;
    std::vector<std::vector<std::byte>> memory(blocks, std::vector<std::byte>((*model)->kvLayout().blockBytes()));
    std::vector<std::byte*> table;
    for (auto& block : memory) table.push_back(block.data());
    Batch batch;
    batch.tokens = reference.tokens;
    batch.sequences.push_back({0, static_cast<int>(reference.tokens.size()), 0, table});
    batch.logitRows = reference.positions;
    EXPECT_EQ(static_cast<std::size_t>((*model)->vocabulary()), reference.vocabulary);
    std::vector<float> logits(reference.logits.size());
    (*model)->forward(batch, logits);
    return logits;
}

double rootMeanSquareError(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t at = 0; at < a.size(); ++at) sum += (static_cast<double>(a[at]) - b[at]) * (static_cast<double>(a[at]) - b[at]);
    return std::sqrt(sum / static_cast<double>(a.size()));
}

TEST(Llama, FloatWeightsMatchTheReferenceWithinAThousandthOfTheSpread) {
    for (const std::string_view name : support::kFloatFixtures) {
        const support::Reference reference = support::loadReference(name);
        for (const std::string& isa : support::availableIsas()) {
            const auto logits = computeLogits(std::string(name), reference, isa);
            ASSERT_EQ(logits.size(), reference.logits.size());
            for (std::size_t at = 0; at < logits.size(); ++at)
                ASSERT_NEAR(logits[at], reference.logits[at], 1e-3 * reference.spread()) << name << " " << isa << " at " << at;
        }
    }
}

// Weights are exact here too; what differs is that activations are rounded to 8 bits in groups of 32. A wrong scale,
// nibble order or zero point would be an error of the order of the spread itself.
TEST(Llama, QuantisedWeightsDifferOnlyByWhatEightBitActivationsCost) {
    for (const std::string_view name : support::kQuantisedFixtures) {
        const support::Reference reference = support::loadReference(name);
        const auto logits = computeLogits(std::string(name), reference, "scalar");
        ASSERT_EQ(logits.size(), reference.logits.size());
        EXPECT_LT(rootMeanSquareError(logits, reference.logits), 0.06 * reference.spread()) << name;
    }
}

}  // namespace
}  // namespace larder::model
