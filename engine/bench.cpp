#include "engine/bench.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "engine/base/memory.h"
#include "engine/base/thread.h"
#include "engine/base/thread_pool.h"
#include "engine/isa.h"
#include "engine/kernels/kernels.h"
#include "engine/kv/kv_cache.h"
#include "engine/model/model.h"
#include "engine/models.h"

namespace larder {
namespace {

constexpr int kRepeats = 3;          // of every figure; the median counts
constexpr int kDecodeTokens = 64;
constexpr int kChunkTokens = 512;    // as the server's steps
constexpr std::array kBatchSizes{1, 2, 4, 8};

double secondsNow() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

template <class F>
double medianSeconds(const F& run) {
    std::vector<double> seconds;
    for (int repeat = 0; repeat < kRepeats; ++repeat) {
        const double start = secondsNow();
        run();
        seconds.push_back(secondsNow() - start);
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
}

// Sequences over one model that are fed with made-up tokens: what a request costs without server and sampling.
class BenchRun {
public:
    BenchRun(model::Model& model, kv::KvCache& cache) : m_model(model), m_cache(cache) {}

    // Computes `tokens` of one fresh sequence in chunks; returns the logits of the last row.
    std::span<const float> prefill(int tokens) {
        reset(1, tokens);
        extend(0, tokens);
        return m_logits;
    }

    // Fresh sequences of `depth` tokens each, ready to decode `room` more.
    void prepare(int sequences, int depth, int room) {
        reset(sequences, depth + room);
        for (std::size_t index = 0; index < m_leases.size(); ++index) extend(index, depth);
        m_depth = depth;
    }

    // One more token for every sequence.
    void decode() {
        model::Batch batch;
        for (std::size_t index = 0; index < m_leases.size(); ++index) {
            const int row = static_cast<int>(index);
            batch.tokens.push_back(token(m_depth + row));
            batch.sequences.push_back({row, 1, m_depth, m_leases[index].blocks()});
            batch.logitRows.push_back(row);
        }
        forward(batch);
        ++m_depth;
    }
    void rewind(int depth) { m_depth = depth; }

private:
    void reset(int sequences, int tokens) {
        m_leases.clear();
        for (int index = 0; index < sequences; ++index) {
            kv::KvLease lease = m_cache.acquire({}, static_cast<std::size_t>(tokens)).value();
            m_leases.push_back(std::move(lease));
        }
    }

    void extend(std::size_t sequence, int tokens) {
        for (int first = 0; first < tokens; first += kChunkTokens) {
            const int count = std::min(kChunkTokens, tokens - first);
            model::Batch batch;
            for (int position = first; position < first + count; ++position) batch.tokens.push_back(token(position));
            batch.sequences.push_back({0, count, first, m_leases[sequence].blocks()});
            if (first + count == tokens) batch.logitRows.push_back(count - 1);
            forward(batch);
        }
    }

    void forward(const model::Batch& batch) {
        m_logits.resize(batch.logitRows.size() * static_cast<std::size_t>(m_model.vocabulary()));
        m_model.forward(batch, m_logits);
    }

    // Spread over the vocabulary, the same everywhere.
    TokenId token(int position) const { return static_cast<TokenId>((static_cast<std::int64_t>(position) * 7919 + 17) % m_model.vocabulary()); }

    model::Model& m_model;
    kv::KvCache& m_cache;
    std::vector<kv::KvLease> m_leases;
    std::vector<float> m_logits;
    int m_depth = 0;
};

// Sum over a buffer far larger than the caches, all threads at once.
double readBandwidth(base::ThreadPool& pool) {
    std::vector<std::uint64_t> buffer((256u << 20) / sizeof(std::uint64_t), 1);
    constexpr std::size_t kParts = 64;
    std::vector<std::uint64_t> sums(kParts * 8);
    const double seconds = medianSeconds([&] {
        pool.run(kParts, [&](std::size_t part) {
            const std::size_t size = buffer.size() / kParts;
            const std::uint64_t* first = buffer.data() + part * size;
            std::uint64_t lanes[8] = {};
            for (std::size_t at = 0; at < size; at += 8)
                for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] += first[at + lane];
            sums[part * 8] = std::accumulate(lanes, lanes + 8, std::uint64_t{0});
        });
    });
    return static_cast<double>(buffer.size() * sizeof(std::uint64_t)) / seconds * 1e-9;
}

// The int8 products of every thread at once, in 10^12 operations (a multiply and an add are two) a second.
double int8Peak(const kernels::Kernels& kernels, base::ThreadPool& pool) {
    constexpr std::uint64_t kRounds = 5'000'000;
    const std::size_t tasks = pool.threads();
    std::vector<std::uint64_t> products(tasks);
    const double seconds = medianSeconds([&] {
        pool.run(tasks, [&](std::size_t task) { products[task] = kernels.int8Probe(kRounds); });
    });
    return 2 * static_cast<double>(std::accumulate(products.begin(), products.end(), std::uint64_t{0})) / seconds * 1e-12;
}

std::string hex16(std::uint64_t value) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t at = 16; at-- > 0; value >>= 4) text[at] = kDigits[value & 15];
    return text;
}

}  // namespace

Expected<BenchResult> runBench(const std::string& modelNameOrPath, const Settings& settings,
                               const std::function<void(const std::string&)>& progress) {
    const auto info = resolveModel(modelNameOrPath, settings);
    if (!info) return info.error();
    const auto isa = chosenIsa();
    if (!isa) return isa.error();
    const kernels::Kernels* kernels = kernels::selectKernels(*isa);
    base::ThreadPool pool(settings.threads > 0 ? settings.threads : base::physicalCores());
    base::setFloatingPointMode();

    BenchResult result;
    result.isa = kernels->isa;
    result.threads = static_cast<int>(pool.threads());
    progress("loading " + info->name);
    model::LoadOptions options;
    options.kvType = settings.kvType;
    options.kernels = kernels;
    options.pool = &pool;
    const double start = secondsNow();
    auto model = model::loadModel(info->path, options);
    if (!model) return model.error();
    result.loadS = secondsNow() - start;

    constexpr int kDeepest = 2048 + kDecodeTokens;
    auto cache = kv::KvCache::create((*model)->kvLayout().blockBytes(), kDeepest / kBlockTokens + 1 + 8 * 4);
    if (!cache) return cache.error();
    BenchRun run(**model, **cache);

    progress("prefill of 512 tokens");
    run.prefill(512);  // warm
    result.prefill512TokS = 512 / medianSeconds([&] { run.prefill(512); });
    result.logitsHash = hex16(base::hash64(std::as_bytes(run.prefill(512))));
    progress("prefill of 2048 tokens");
    result.prefill2048TokS = 2048 / medianSeconds([&] { run.prefill(2048); });
    const auto decodeRate = [&](int sequences, int depth) {
        run.prepare(sequences, depth, kDecodeTokens);
        return sequences * kDecodeTokens / medianSeconds([&] {
            run.rewind(depth);
            for (int step = 0; step < kDecodeTokens; ++step) run.decode();
        });
    };
    progress("decode");
    result.decodeTokS = decodeRate(1, 1);
    result.decodeDepth2048TokS = decodeRate(1, 2048);
    for (const int size : kBatchSizes) {
        progress("decode of " + std::to_string(size) + " sequences at once");
        result.batchDecodeTokS[size] = decodeRate(size, 1);
    }
    result.peakRssMb = static_cast<double>(base::peakResidentBytes()) / (1 << 20);
    progress("limits of this machine");
    result.readGbS = readBandwidth(pool);
    result.int8Tops = int8Peak(*kernels, pool);
    return result;
}

std::string toJson(const BenchResult& result) {
    base::Json batch = base::Json::object();
    for (const auto& [size, rate] : result.batchDecodeTokS) batch[std::to_string(size)] = rate;
    return base::dumpJson({{"prefill_512_tok_s", result.prefill512TokS},
                           {"prefill_2048_tok_s", result.prefill2048TokS},
                           {"decode_tok_s", result.decodeTokS},
                           {"decode_depth_2048_tok_s", result.decodeDepth2048TokS},
                           {"batch_decode_tok_s", batch},
                           {"load_s", result.loadS},
                           {"peak_rss_mb", result.peakRssMb},
                           {"read_gb_s", result.readGbS},
                           {"int8_tops", result.int8Tops},
                           {"logits_hash", result.logitsHash},
                           {"isa", result.isa},
                           {"threads", result.threads}});
}

}  // namespace larder
