#include "engine/model/config.h"

#include <cmath>
#include <string>

#include "engine/kernels/attention.h"
#include "engine/model/attention_plan.h"

namespace larder::model {
namespace {

// Far above any real model, far below what could overflow an int when multiplied in pairs.
constexpr std::uint64_t kMaxDimension = 1u << 20;
constexpr std::uint64_t kMaxContext = 1u << 27;

// Reads keys under one prefix and remembers the first thing that is wrong.
class Reader {
public:
    Reader(const formats::GgufFile& file, std::string prefix) : m_file(file), m_prefix(std::move(prefix)) {}

    int dimension(const std::string& key, std::uint64_t max = kMaxDimension) {
        const auto value = m_file.unsignedValue(m_prefix + key);
        if (!value) return static_cast<int>(fail(key, m_file.has(m_prefix + key) ? "is not a whole number" : "is missing"));
        if (*value < 1 || *value > max) return static_cast<int>(fail(key, "is out of range: " + std::to_string(*value)));
        return static_cast<int>(*value);
    }

    int dimensionOr(const std::string& key, int fallback) {
        return m_file.has(m_prefix + key) ? dimension(key) : fallback;
    }

    double positiveOr(const std::string& key, double fallback) {
        if (!m_file.has(m_prefix + key)) return fallback;
        const auto value = m_file.floatValue(m_prefix + key);
        if (!value || !std::isfinite(*value) || *value <= 0) return fail(key, "is not a positive number");
        return *value;
    }

    void require(bool condition, const std::string& key, const std::string& problem) {
        if (!condition) fail(key, problem);
    }

    void unsupported(const std::string& key, const std::string& what) {
        if (m_error.message.empty())
            m_error = {ErrorCode::Unsupported, m_file.name() + ": " + m_prefix + key + ": " + what + " is not supported"};
    }

    const Error* error() const { return m_error.message.empty() ? nullptr : &m_error; }

private:
    double fail(const std::string& key, const std::string& problem) {
        if (m_error.message.empty())
            m_error = {ErrorCode::Corrupt, m_file.name() + ": the key " + m_prefix + key + " " + problem};
        return 1;  // harmless in what is computed before the error is looked at
    }

    const formats::GgufFile& m_file;
    std::string m_prefix;
    Error m_error;
};

void readRopeScaling(const formats::GgufFile& file, const std::string& prefix, Reader& reader, Config& config) {
    const auto type = file.stringValue(prefix + "rope.scaling.type").value_or("none");
    if (type == "linear") {
        config.ropeLinearFactor = reader.positiveOr("rope.scaling.factor", 1.0);
    } else if (type == "none") {
        config.ropeLinearFactor = reader.positiveOr("rope.scale_linear", 1.0);  // the key's older name
    } else {
        reader.unsupported("rope.scaling.type", "rope scaling \"" + std::string(type) + "\"");
    }
}

}  // namespace

Expected<Config> readConfig(const formats::GgufFile& file) {
    const auto architecture = file.stringValue("general.architecture");
    if (!architecture) return Error{ErrorCode::Corrupt, file.name() + ": the key general.architecture is missing"};
    const std::string prefix = std::string(*architecture) + ".";
    Reader reader(file, prefix);

    Config config;
    config.layers = reader.dimension("block_count", 4096);
    config.width = reader.dimension("embedding_length");
    config.feedForward = reader.dimension("feed_forward_length");
    config.heads = reader.dimension("attention.head_count", 4096);
    config.kvHeads = reader.dimensionOr("attention.head_count_kv", config.heads);
    config.headDim = reader.dimensionOr("attention.key_length", config.width / config.heads);
    config.contextTokens = reader.dimension("context_length", kMaxContext);
    config.ropeDims = reader.dimensionOr("rope.dimension_count", config.headDim);
    config.ropeBase = reader.positiveOr("rope.freq_base", 10000.0);
    config.normEps = static_cast<float>(reader.positiveOr("attention.layer_norm_rms_epsilon", 1e-5));
    readRopeScaling(file, prefix, reader, config);

    reader.require(config.heads % config.kvHeads == 0, "attention.head_count_kv", "does not divide the number of heads");
    reader.require(reader.dimensionOr("attention.value_length", config.headDim) == config.headDim,
                   "attention.value_length", "differs from the key length");
    reader.require(config.ropeDims % 2 == 0 && config.ropeDims <= config.headDim, "rope.dimension_count",
                   "is not an even number up to the head size");
    if (config.headDim > kernels::kMaxHeadDim || config.headDim % 8 != 0)
        reader.unsupported("attention.key_length", "a head size of " + std::to_string(config.headDim));
    if (config.heads / config.kvHeads > kMaxTileQueries || config.heads / config.kvHeads * config.headDim > kMaxTileFloats)
        reader.unsupported("attention.head_count_kv", std::to_string(config.heads / config.kvHeads) + " query heads per key head");
    if (file.unsignedValue(prefix + "expert_count").value_or(0) > 0)
        reader.unsupported("expert_count", "a mixture of experts");
    if (const Error* error = reader.error()) return *error;

    const formats::GgufTensor* embedding = file.tensor("token_embd.weight");
    if (embedding == nullptr)
        return Error{ErrorCode::Corrupt, file.name() + ": the tensor token_embd.weight is missing"};
    if (embedding->rows() > kMaxDimension * 4)
        return Error{ErrorCode::Corrupt, file.name() + ": token_embd.weight has too many rows: " + std::to_string(embedding->rows())};
    config.vocabulary = static_cast<int>(embedding->rows());
    return config;
}

}  // namespace larder::model
