// The llama family (SmolLM2, Llama 2 and 3.x) as a graph over Ops: pre-norm blocks of grouped-query attention with
// rotary positions and a gated SiLU feed-forward (Touvron et al. 2023, arXiv:2302.13971; 2023, arXiv:2307.09288).
// GGUF stores q and k so that rope pairs are neighbours (interleaved).
#include <cassert>
#include <cmath>
#include <string>

#include "engine/kernels/rope_table.h"
#include "engine/model/architectures.h"
#include "engine/model/config.h"
#include "engine/model/identity.h"
#include "engine/model/ops.h"
#include "engine/model/weights.h"

namespace larder::model {
namespace {

struct Layer {
    std::vector<float> attentionNorm;  // [width]
    Matrix q;                          // [heads * headDim, width]
    Matrix k;                          // [kvHeads * headDim, width]
    Matrix v;                          // [kvHeads * headDim, width]
    Matrix output;                     // [width, heads * headDim]
    std::vector<float> qBias, kBias, vBias, outputBias;  // empty in most files
    std::vector<float> feedForwardNorm;  // [width]
    Matrix gate;                       // [feedForward, width]
    Matrix up;                         // [feedForward, width]
    Matrix down;                       // [width, feedForward]
};

class Llama final : public Model {
public:
    Llama(const Config& config, const LoadOptions& options)
        : m_config(config),
          m_layout{config.layers, config.kvHeads, config.headDim, options.kvType},
          m_ops(*options.kernels, *options.pool) {}

    Expected<void> load(const formats::GgufFile& file, const LoadOptions& options);

    const KvLayout& kvLayout() const override { return m_layout; }
    base::Hash128 identity() const override { return m_identity; }
    int vocabulary() const override { return m_config.vocabulary; }
    int contextTokens() const override { return m_config.contextTokens; }
    std::size_t weightBytes() const override { return m_arena.usedBytes(); }
    void forward(const Batch& batch, std::span<float> logits) override;

private:
    Layer loadLayer(WeightLoader& loader, int index) const;
    void attentionBlock(const Layer& layer, int index, const RopeTable& angles, const Rows& x);
    void feedForwardBlock(const Layer& layer, const Layer* next, const Rows& x);

    Config m_config;
    KvLayout m_layout;
    base::Hash128 m_identity;
    WeightArena m_arena;
    Ops m_ops;
    Matrix m_embedding;                // [vocabulary, width]
    Matrix m_head;                     // [vocabulary, width]; the embedding where the file has no output.weight
    std::vector<float> m_outputNorm;   // [width]
    std::vector<Layer> m_layers;
    std::vector<double> m_frequencies; // [ropeDims / 2] radians per position

    // Views into the step's arena, made once a step and used by every layer.
    struct Step {
        Rows q, k, v;
        Activation attended, activated;
    };
    Step m_step;
};

Layer Llama::loadLayer(WeightLoader& loader, int index) const {
    const Config& c = m_config;
    const std::string prefix = "blk." + std::to_string(index) + ".";
    Layer layer;
    layer.attentionNorm = loader.vector(prefix + "attn_norm.weight", c.width);
    layer.q = loader.matrix(prefix + "attn_q.weight", c.attentionWidth(), c.width);
    layer.k = loader.matrix(prefix + "attn_k.weight", c.kvWidth(), c.width);
    layer.v = loader.matrix(prefix + "attn_v.weight", c.kvWidth(), c.width);
    layer.output = loader.matrix(prefix + "attn_output.weight", c.width, c.attentionWidth());
    layer.qBias = loader.optionalVector(prefix + "attn_q.bias", c.attentionWidth());
    layer.kBias = loader.optionalVector(prefix + "attn_k.bias", c.kvWidth());
    layer.vBias = loader.optionalVector(prefix + "attn_v.bias", c.kvWidth());
    layer.outputBias = loader.optionalVector(prefix + "attn_output.bias", c.width);
    layer.feedForwardNorm = loader.vector(prefix + "ffn_norm.weight", c.width);
    layer.gate = loader.matrix(prefix + "ffn_gate.weight", c.feedForward, c.width);
    layer.up = loader.matrix(prefix + "ffn_up.weight", c.feedForward, c.width);
    layer.down = loader.matrix(prefix + "ffn_down.weight", c.width, c.feedForward);
    return layer;
}

Expected<void> Llama::load(const formats::GgufFile& file, const LoadOptions& options) {
    const Config& c = m_config;
    WeightLoader loader(file, m_arena, options.loadPool != nullptr ? *options.loadPool : *options.pool, options.progress,
                        options.knownContent);
    m_embedding = loader.matrix("token_embd.weight", c.vocabulary, c.width);
    m_head = loader.has("output.weight") ? loader.matrix("output.weight", c.vocabulary, c.width) : m_embedding;
    m_outputNorm = loader.vector("output_norm.weight", c.width);
    // Llama 3's rope scaling comes as divisors, one a pair.
    const std::vector<float> factors = loader.optionalVector("rope_freqs.weight", c.ropeDims / 2);
    m_frequencies = kernels::ropeFrequencies(c.ropeBase, c.ropeDims, factors);
    for (double& frequency : m_frequencies) frequency /= c.ropeLinearFactor;
    for (int index = 0; index < c.layers; ++index) m_layers.push_back(loadLayer(loader, index));
    const base::Hash128 content = loader.contentHash();
    if (options.contentHashed) options.contentHashed(content);
    m_identity = kvIdentity("llama", c, m_layout, m_frequencies, content);
    return loader.finish();
}

void Llama::attentionBlock(const Layer& layer, int index, const RopeTable& angles, const Rows& x) {
    m_ops.announce({&layer.output});
    m_ops.linear(Normed{x, layer.attentionNorm, m_config.normEps}, {{&layer.q, m_step.q.values}, {&layer.k, m_step.k.values}, {&layer.v, m_step.v.values}});
    if (!layer.qBias.empty()) m_ops.addBias(layer.qBias, m_step.q);
    if (!layer.kBias.empty()) m_ops.addBias(layer.kBias, m_step.k);
    if (!layer.vBias.empty()) m_ops.addBias(layer.vBias, m_step.v);
    const float scale = 1.0f / std::sqrt(static_cast<float>(m_config.headDim));
    m_ops.attention({m_layout, index, RopeStyle::Interleaved, angles, m_step.q, m_step.k, m_step.v, scale}, m_step.attended);
    m_ops.announce({&layer.gate});
    m_ops.linear(m_step.attended, {{&layer.output, x.values, x.values}});
    if (!layer.outputBias.empty()) m_ops.addBias(layer.outputBias, x);
}

void Llama::feedForwardBlock(const Layer& layer, const Layer* next, const Rows& x) {
    m_ops.announce({&layer.down});
    m_ops.gatedSilu({x, layer.feedForwardNorm, m_config.normEps}, layer.gate, layer.up, m_step.activated);
    if (next != nullptr) m_ops.announce({&next->q, &next->k, &next->v});
    else m_ops.announce({&m_head});
    m_ops.linear(m_step.activated, {{&layer.down, x.values, x.values}});
}

void Llama::forward(const Batch& batch, std::span<float> logits) {
    const Config& c = m_config;
    const int count = static_cast<int>(batch.tokens.size());
    assert(logits.size() == batch.logitRows.size() * static_cast<std::size_t>(c.vocabulary));
    m_ops.begin(batch, c.heads, c.kvHeads, c.headDim);

    const Rows x = m_ops.rows(count, c.width);
    const RopeTable angles = m_ops.ropeTable(m_frequencies);
    m_step.q = m_ops.rows(count, c.attentionWidth());
    m_step.k = m_ops.rows(count, c.kvWidth());
    m_step.v = m_ops.rows(count, c.kvWidth());

    m_ops.embed(m_embedding, batch.tokens, x);
    for (int index = 0; index < c.layers; ++index) {
        const Layer& layer = m_layers[static_cast<std::size_t>(index)];
        const std::size_t mark = m_ops.mark();
        m_step.attended = m_ops.activation(count, c.attentionWidth(), {&layer.output});
        m_step.activated = m_ops.activation(count, c.feedForward, {&layer.down});
        attentionBlock(layer, index, angles, x);
        feedForwardBlock(layer, index + 1 < c.layers ? &layer + 1 : nullptr, x);
        m_ops.rewind(mark);
    }

    const int wanted = static_cast<int>(batch.logitRows.size());
    if (wanted == 0) return;
    const Rows last = m_ops.rows(wanted, c.width);
    m_ops.pickRows(x, batch.logitRows, last);
    m_ops.rmsNorm({last, m_outputNorm, c.normEps}, m_ops.inPlace(last));
    m_ops.linearFine(last, m_head, logits.data());
}

}  // namespace

Expected<std::unique_ptr<Model>> loadLlama(const formats::GgufFile& file, const LoadOptions& options) {
    const auto config = readConfig(file);
    if (!config) return config.error();
    auto model = std::make_unique<Llama>(*config, options);
    if (auto loaded = model->load(file, options); !loaded) return loaded.error();
    return std::unique_ptr<Model>(std::move(model));
}

}  // namespace larder::model
