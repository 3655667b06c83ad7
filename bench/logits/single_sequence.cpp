#include "bench/logits/single_sequence.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/thread.h"

namespace larder::bench {

Expected<SingleSequence> SingleSequence::open(const std::filesystem::path& path, KvType kvType,
                                              std::size_t capacityTokens) {
    const char* forced = std::getenv("LARDER_ISA");
    model::LoadOptions options;
    options.kernels = kernels::selectKernels(forced ? forced : "");
    if (options.kernels == nullptr)
        return Error{ErrorCode::InvalidArgument, "LARDER_ISA must be one of " + kernels::supportedIsas()};
    base::setFloatingPointMode();
    SingleSequence sequence;
    sequence.m_pool = std::make_unique<base::ThreadPool>(base::physicalCores());
    options.pool = sequence.m_pool.get();
    options.kvType = kvType;
    auto loaded = model::loadModel(path, options);
    if (!loaded) return std::move(loaded).error();
    sequence.m_model = std::move(loaded).value();
    const std::size_t blocks = (capacityTokens + kBlockTokens - 1) / kBlockTokens;
    auto cache = kv::KvCache::create(sequence.m_model->kvLayout().blockBytes(), blocks);
    if (!cache) return std::move(cache).error();
    sequence.m_cache = std::move(cache).value();
    sequence.m_lease = sequence.m_cache->acquire({}, capacityTokens);
    if (!sequence.m_lease)
        return Error{ErrorCode::OutOfMemory, "no KV blocks for " + std::to_string(capacityTokens) + " tokens"};
    return sequence;
}

std::vector<float> SingleSequence::append(std::span<const TokenId> tokens, bool lastOnly) {
    const int rows = static_cast<int>(tokens.size());
    model::Batch batch;
    batch.tokens.assign(tokens.begin(), tokens.end());
    batch.sequences.push_back({0, rows, m_filled, m_lease->blocks()});
    batch.logitRows.resize(lastOnly ? 1 : tokens.size());
    std::iota(batch.logitRows.begin(), batch.logitRows.end(), lastOnly ? rows - 1 : 0);
    std::vector<float> logits(batch.logitRows.size() * static_cast<std::size_t>(m_model->vocabulary()));
    m_model->forward(batch, logits);
    m_filled += rows;
    return logits;
}

Expected<std::vector<TokenId>> readTokens(const std::filesystem::path& path) {
    const auto text = base::readFile(path, std::size_t{16} << 20);
    if (!text) return text.error();
    const auto document = base::parseJson(*text);
    if (!document) return document.error();
    const base::Json& list = document->is_object() && document->contains("tokens") ? document->at("tokens") : *document;
    std::vector<TokenId> tokens;
    for (const base::Json& token : list) {
        if (!token.is_number_integer()) return Error{ErrorCode::InvalidArgument, path.string() + " holds no token ids"};
        tokens.push_back(token.get<TokenId>());
    }
    if (tokens.empty()) return Error{ErrorCode::InvalidArgument, path.string() + " holds no token ids"};
    return tokens;
}

}  // namespace larder::bench
