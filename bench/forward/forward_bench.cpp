// forward_bench MODEL prefill TOKENS | decode SEQUENCES DEPTH [SECONDS] : one kind of step over and over, as much as fits
// into SECONDS (default 3), and the median rate. For perf record and for comparing two builds; LARDER_ISA is respected.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/thread.h"
#include "engine/base/thread_pool.h"
#include "engine/kernels/kernels.h"
#include "engine/kv/kv_cache.h"
#include "engine/model/model.h"

namespace {

using namespace larder;


double secondsNow() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Runner {
    model::Model& model;
    std::vector<kv::KvLease> leases;
    std::vector<float> logits;

    void forward(const model::Batch& batch) {
        logits.resize(batch.logitRows.size() * static_cast<std::size_t>(model.vocabulary()));
        model.forward(batch, logits);
    }
    TokenId token(int position) const { return static_cast<TokenId>((position * 7919LL + 17) % model.vocabulary()); }

    int chunkTokens = 512;

    void prefill(std::size_t sequence, int tokens) { extend(sequence, 0, tokens); }
    void extend(std::size_t sequence, int from, int tokens) {
        for (int first = from; first < tokens; first += chunkTokens) {
            model::Batch batch;
            const int count = std::min(chunkTokens, tokens - first);
            for (int at = first; at < first + count; ++at) batch.tokens.push_back(token(at));
            batch.sequences.push_back({0, count, first, leases[sequence].blocks()});
            if (first + count == tokens) batch.logitRows.push_back(count - 1);
            forward(batch);
        }
    }
    void decode(int depth) {
        model::Batch batch;
        for (int row = 0; row < static_cast<int>(leases.size()); ++row) {
            batch.tokens.push_back(token(depth + row));
            batch.sequences.push_back({row, 1, depth, leases[static_cast<std::size_t>(row)].blocks()});
            batch.logitRows.push_back(row);
        }
        forward(batch);
    }
};

int usage() {
    std::fprintf(stderr, "forward_bench MODEL prefill TOKENS | decode SEQUENCES DEPTH [SECONDS]\n"
                         "LARDER_CHUNKS=16,32,512: prefill in chunks of these sizes, the last 512 tokens of TOKENS alone\n");
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return usage();
    const bool prefill = std::string(argv[2]) == "prefill";
    if (!prefill && argc < 5) return usage();
    const int sequences = prefill ? 1 : std::atoi(argv[3]);
    const int tokens = std::atoi(argv[prefill ? 3 : 4]);
    const int secondsAt = prefill ? 4 : 5;
    const double seconds = argc > secondsAt ? std::atof(argv[secondsAt]) : 3.0;

    const char* isa = std::getenv("LARDER_ISA");
    const kernels::Kernels* kernels = kernels::selectKernels(isa == nullptr ? "" : isa);
    if (kernels == nullptr) return usage();
    const char* threads = std::getenv("LARDER_THREADS");
    base::ThreadPool pool(threads == nullptr ? base::physicalCores() : static_cast<std::size_t>(std::atoi(threads)));
    base::setFloatingPointMode();
    model::LoadOptions options;
    options.kernels = kernels;
    options.pool = &pool;
    const double loadStart = secondsNow();
    auto model = model::loadModel(argv[1], options);
    if (!model.ok()) {
        std::fprintf(stderr, "%s\n", model.error().message.c_str());
        return 1;
    }
    const double loaded = secondsNow();
    const int room = tokens + 1;
    auto cache = kv::KvCache::create((*model)->kvLayout().blockBytes(), static_cast<std::size_t>(sequences * (room / kBlockTokens + 2)));
    Runner runner{.model = **model, .leases = {}, .logits = {}};
    for (int at = 0; at < sequences; ++at) {
        auto lease = (*cache)->acquire({}, static_cast<std::size_t>(room));
        runner.leases.push_back(std::move(*lease));
        if (!prefill && tokens > 0) runner.prefill(static_cast<std::size_t>(at), tokens);
    }
    if (const char* chunks = std::getenv("LARDER_CHUNKS"); chunks != nullptr && prefill) {
        runner.prefill(0, tokens);
        for (const char* at = chunks; at != nullptr; at = std::strchr(at, ',') == nullptr ? nullptr : std::strchr(at, ',') + 1) {
            runner.chunkTokens = std::max(1, std::atoi(at));
            const int from = std::max(0, tokens - 512);
            std::vector<double> times;
            for (int repeat = 0; repeat < 3; ++repeat) {
                const double start = secondsNow();
                runner.extend(0, from, tokens);
                times.push_back(secondsNow() - start);
            }
            std::nth_element(times.begin(), times.begin() + 1, times.end());
            std::printf("chunks of %d: %.3f ms a token\n", runner.chunkTokens, 1000 * times[1] / (tokens - from));
        }
        return 0;
    }
    const auto step = [&] { prefill ? runner.prefill(0, tokens) : runner.decode(tokens); };
    step();
    std::vector<double> times;
    for (const double end = secondsNow() + seconds; secondsNow() < end;) {
        const double start = secondsNow();
        step();
        times.push_back(secondsNow() - start);
    }
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    const double median = times[times.size() / 2];
    std::printf("%s, %zu threads, load %.3f s: %s %s: %.1f tokens/s, %.3f ms\n", kernels->isa, pool.threads(), loaded - loadStart,
                argv[2], argv[3], (prefill ? tokens : sequences) / median, 1000 * median);
    return 0;
}
