#include "engine/model_host.h"

#include <algorithm>
#include <string>

#include "engine/base/log.h"
#include "engine/base/memory.h"
#include "engine/kv/block_pool.h"

namespace larder {
namespace {

std::string megabytes(std::size_t bytes) { return std::to_string(bytes >> 20) + " MB"; }

// Blocks of the hot tier: what the user set; else the larger of 25 % of RAM and one full context, at most half of the
// memory that is left after the weights.
std::size_t hotBlocks(const Settings& settings, std::size_t blockBytes, std::size_t contextTokens) {
    if (settings.hotCacheBytes) return *settings.hotCacheBytes / blockBytes;
    const base::MemoryFigures memory = base::memoryFigures();
    const std::size_t fullContext = (contextTokens + kBlockTokens - 1) / kBlockTokens * blockBytes;
    const std::size_t budget = std::min(std::max(memory.totalBytes / 4, fullContext), memory.availableBytes / 2);
    return budget / blockBytes;
}

}  // namespace

std::size_t requestedContext(const ModelInfo& info, const Settings& settings) {
    return settings.contextTokens > 0 ? settings.contextTokens : info.contextTokens;
}

Expected<std::shared_ptr<ModelHost>> ModelHost::load(const ModelInfo& info, const Settings& settings,
                                                     const kernels::Kernels& kernels, base::ThreadPool& pool,
                                                     std::function<bool(double)> progress, std::function<void()> stepped) {
    model::LoadOptions options;
    options.kvType = settings.kvType;
    options.kernels = &kernels;
    options.pool = &pool;
    options.progress = std::move(progress);
    auto model = model::loadModel(info.path, options);
    if (!model) return model.error();

    std::shared_ptr<ModelHost> host(new ModelHost);
    host->m_info = info;
    host->m_vocabulary = (*model)->vocabulary();
    host->m_contextTokens = requestedContext(info, settings);
    const auto trained = static_cast<std::size_t>((*model)->contextTokens());
    if (host->m_contextTokens > trained)
        base::logWarning(info.name + " was trained for " + std::to_string(trained) + " tokens; a window of " +
                         std::to_string(host->m_contextTokens) + " may give poor answers");

    const std::size_t blockBytes = kv::BlockPool::strideOf((*model)->kvLayout().blockBytes());
    const std::size_t blocks = hotBlocks(settings, blockBytes, host->m_contextTokens);
    if (blocks == 0)
        return Error{ErrorCode::OutOfMemory, "the hot cache has no room for one block of " + info.name + " (" +
                                                 std::to_string(blockBytes >> 10) + " KB); raise --hot-cache"};
    if (blocks * kBlockTokens < host->m_contextTokens) {
        base::logWarning("the hot cache holds " + std::to_string(blocks * kBlockTokens) + " tokens of " + info.name +
                         ", so its window is cut from " + std::to_string(host->m_contextTokens) + "; raise --hot-cache (" +
                         megabytes((host->m_contextTokens / kBlockTokens + 1) * blockBytes) + " hold all)");
        host->m_contextTokens = blocks * kBlockTokens;
    }
    host->m_kvBytes = blocks * blockBytes;
    host->m_worker = std::make_unique<generate::Worker>(
        kernels, generate::WorkerSettings{.pool = &pool, .hotLimitBytes = host->m_kvBytes, .changed = std::move(stepped)});
    host->m_status = host->m_worker->attach(kLane, std::move(*model),
                                            {.maxRunning = settings.maxRunning, .contextTokens = host->m_contextTokens});
    return host;
}

}  // namespace larder
