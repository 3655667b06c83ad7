#include "engine/bench_limits.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "engine/base/memory.h"
#include "engine/base/processor.h"
#include "engine/base/wide_read.h"
#include "engine/bench_clock.h"
#include "engine/formats/gguf.h"

namespace larder {
namespace {

constexpr std::size_t kPartBytes = std::size_t{1} << 20;  // one task's share of a buffer

std::size_t parts(std::size_t bytes) { return bytes / kPartBytes; }

bool isQuantised(const formats::GgufTensor& tensor) {
    const auto* traits = formats::ggufTypeTraits(tensor.type);
    return traits != nullptr && traits->blockElements > 1;
}

}  // namespace

Expected<TokenWork> readTokenWork(const std::filesystem::path& model) {
    const auto file = formats::GgufFile::open(model);
    if (!file) return file.error();
    // Without a head of its own a model multiplies by the embedding, and reads all of it.
    const bool embeddingIsTable = file->tensor("output.weight") != nullptr;
    TokenWork work;
    for (const formats::GgufTensor& tensor : file->tensors()) {
        if (!(embeddingIsTable && tensor.name == "token_embd.weight")) work.readBytes += tensor.data.size();
        if (tensor.name.starts_with("blk.") && isQuantised(tensor)) work.int8Products += tensor.rows() * tensor.rowElements();
    }
    return work;
}

Expected<ReadControl> ReadControl::create(base::ThreadPool& pool, std::size_t bytes) {
    const std::size_t rounded = std::max<std::size_t>(1, (bytes + kPartBytes - 1) / kPartBytes) * kPartBytes;
    auto memory = base::PageMemory::allocate(rounded);
    if (!memory) return memory.error();
    std::byte* const start = memory->data();
    pool.run(parts(rounded), [&](std::size_t part) { std::memset(start + part * kPartBytes, 1, kPartBytes); });
    return ReadControl(pool, std::move(*memory));
}

double ReadControl::gigabytesPerSecond(int repeats) {
    std::vector<std::uint64_t> sums(parts(bytes()));
    const double seconds = medianSeconds(repeats, [&] {
        m_pool->run(sums.size(), [&](std::size_t part) {
            sums[part] = base::sumWords({m_memory.data() + part * kPartBytes, kPartBytes});
        });
    });
    return static_cast<double>(bytes()) / seconds * 1e-9;
}

std::size_t memoryControlBytes() {
    constexpr std::size_t kLeast = std::size_t{256} << 20;
    constexpr std::size_t kMost = std::size_t{1} << 30;
    const std::size_t wanted = std::clamp(2 * base::lastLevelCacheBytes(), kLeast, kMost);
    return std::min(wanted, std::max(kLeast, base::memoryFigures().availableBytes / 4));
}

double int8Tops(const kernels::Kernels& kernels, base::ThreadPool& pool, int repeats) {
    constexpr std::uint64_t kRounds = 5'000'000;
    std::vector<std::uint64_t> products(pool.threads());
    const double seconds = medianSeconds(repeats, [&] {
        pool.run(products.size(), [&](std::size_t task) { products[task] = kernels.int8Probe(kRounds); });
    });
    return 2 * static_cast<double>(std::accumulate(products.begin(), products.end(), std::uint64_t{0})) / seconds * 1e-12;
}

}  // namespace larder
