// What the KV cache's bookkeeping costs for one request: hash, look up, lease and give back, of a prompt that is known, and
// making its blocks known. No model: a block here is a page.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "engine/kv/kv_cache.h"

namespace {

using namespace larder;

std::vector<TokenId> promptOf(std::size_t tokens) {
    std::vector<TokenId> prompt(tokens);
    for (std::size_t i = 0; i < tokens; ++i) prompt[i] = static_cast<TokenId>(i * 7919 % 49152);
    return prompt;
}

std::unique_ptr<kv::KvCache> cacheFor(std::size_t tokens) {
    return std::move(kv::KvCache::create(4096, 2 * tokens / kBlockTokens + 16)).value();
}

void acquireKnownPrompt(benchmark::State& state) {
    const auto tokens = static_cast<std::size_t>(state.range(0));
    const auto prompt = promptOf(tokens);
    const auto cache = cacheFor(tokens);
    cache->acquire(prompt, tokens)->commit(prompt, tokens);
    for (auto _ : state) {
        auto lease = cache->acquire(prompt, tokens + 256);
        if (!lease || lease->cachedTokens() != tokens) state.SkipWithError("the prompt is not known");
    }
}
BENCHMARK(acquireKnownPrompt)->Arg(1000)->Arg(7500)->Arg(50'000)->Unit(benchmark::kMicrosecond);

void commitNewPrompt(benchmark::State& state) {
    const auto tokens = static_cast<std::size_t>(state.range(0));
    const auto prompt = promptOf(tokens);
    for (auto _ : state) {
        state.PauseTiming();
        const auto cache = cacheFor(tokens);
        auto lease = cache->acquire(prompt, tokens);
        state.ResumeTiming();
        for (std::size_t done = 0; done < tokens; done = std::min(tokens, done + 512)) lease->commit(prompt, std::min(tokens, done + 512));
        state.PauseTiming();
        lease.reset();
        state.ResumeTiming();
    }
}
BENCHMARK(commitNewPrompt)->Arg(50'000)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
