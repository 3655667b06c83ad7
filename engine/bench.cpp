#include "engine/bench.h"

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "engine/base/memory.h"
#include "engine/base/thread.h"
#include "engine/base/thread_pool.h"
#include "engine/bench_clock.h"
#include "engine/bench_limits.h"
#include "engine/bench_sequences.h"
#include "engine/isa.h"
#include "engine/kernels/kernels.h"
#include "engine/model/model.h"
#include "engine/models.h"

namespace larder {
namespace {

constexpr int kDecodeTokens = 128;
constexpr int kDeepTokens = 2048;
constexpr std::array kBatchSizes{1, 2, 4, 8};

using Progress = std::function<void(const std::string&)>;

std::string hex16(std::uint64_t value) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t at = 16; at-- > 0; value >>= 4) text[at] = kDigits[value & 15];
    return text;
}

// The stages of one run, in an order that keeps the limits near the rates that are held against them: machines that are
// shared or get warm do not go at one speed for a minute.
class Bench {
public:
    Bench(const BenchPlan& plan, const kernels::Kernels& kernels, base::ThreadPool& pool, const Progress& progress)
        : m_plan(plan), m_kernels(kernels), m_pool(pool), m_progress(progress) {
        m_result.isa = kernels.isa;
        m_result.threads = static_cast<int>(pool.threads());
    }

    Expected<void> load(const ModelInfo& model, KvType kvType);
    Expected<BenchResult> run(const ModelInfo& model);

private:
    void measurePrefill(const TokenWork& work);
    void measureBatches();
    Expected<void> measureDecode(const TokenWork& work);
    Expected<void> measureMemory();
    double prefillRate(int tokens);
    double decodeRate(int sequences, int depth);

    const BenchPlan& m_plan;
    const kernels::Kernels& m_kernels;
    base::ThreadPool& m_pool;
    const Progress& m_progress;
    std::unique_ptr<model::Model> m_model;
    std::optional<BenchSequences> m_sequences;
    BenchResult m_result;
};

Expected<void> Bench::load(const ModelInfo& model, KvType kvType) {
    m_progress("loading " + model.name);
    model::LoadOptions options;
    options.kvType = kvType;
    options.kernels = &m_kernels;
    options.pool = &m_pool;
    std::optional<Error> problem;
    m_result.loadS = medianSeconds(1, [&] {
        auto loaded = model::loadModel(model.path, options);
        if (loaded) m_model = std::move(*loaded);
        else problem = loaded.error();
    });
    if (problem) return *problem;
    // The deepest sequence; eight short ones need less.
    auto sequences = BenchSequences::create(*m_model, (kDeepTokens + kDecodeTokens) / kBlockTokens + 1);
    if (!sequences) return sequences.error();
    m_sequences = std::move(*sequences);
    return {};
}

Expected<BenchResult> Bench::run(const ModelInfo& model) {
    const auto work = readTokenWork(model.path);
    if (!work) return work.error();
    if (m_plan.prefill) measurePrefill(*work);
    if (m_plan.depth) {
        m_progress("decode at depth " + std::to_string(kDeepTokens));
        m_result.decodeDepth2048TokS = decodeRate(1, kDeepTokens);
    }
    if (m_plan.batch) measureBatches();
    // Before the buffers of the limits, which are no part of what a model takes.
    if (m_model) m_result.peakRssMb = static_cast<double>(base::peakResidentBytes()) / (1 << 20);
    if (m_plan.decode || m_plan.limits)
        if (const auto measured = measureDecode(*work); !measured) return measured.error();
    if (m_plan.limits)
        if (const auto measured = measureMemory(); !measured) return measured.error();
    return m_result;
}

double Bench::prefillRate(int tokens) {
    m_progress("prefill of " + std::to_string(tokens) + " tokens");
    return tokens / medianSeconds(m_plan.repeats, [&] { m_sequences->prepare(1, tokens, 0); });
}

void Bench::measurePrefill(const TokenWork& work) {
    m_sequences->prepare(1, 512, 0);  // warm
    m_result.logitsHash = hex16(base::hash64(std::as_bytes(m_sequences->logits())));
    const double before = m_plan.limits ? int8Tops(m_kernels, m_pool, m_plan.repeats) : 0;
    m_result.prefill512TokS = prefillRate(512);
    if (m_plan.limits) {
        m_result.int8Tops = (before + int8Tops(m_kernels, m_pool, m_plan.repeats)) / 2;
        m_result.prefillInt8Share = m_result.prefill512TokS * 2e-12 * static_cast<double>(work.int8Products) / m_result.int8Tops;
    }
    m_result.prefill2048TokS = prefillRate(kDeepTokens);
}

double Bench::decodeRate(int sequences, int depth) {
    m_sequences->prepare(sequences, depth, kDecodeTokens);
    m_sequences->decode();  // warm
    return sequences * kDecodeTokens / medianSeconds(m_plan.repeats, [&] {
        m_sequences->rewind(depth);
        for (int step = 0; step < kDecodeTokens; ++step) m_sequences->decode();
    });
}

void Bench::measureBatches() {
    for (const int size : kBatchSizes) {
        m_progress("decode of " + std::to_string(size) + " sequences at once");
        m_result.batchDecodeTokS[size] = decodeRate(size, 1);
    }
}

Expected<void> Bench::measureDecode(const TokenWork& work) {
    std::optional<ReadControl> control;
    if (m_plan.limits) {
        auto created = ReadControl::create(m_pool, work.readBytes);
        if (!created) return created.error();
        control = std::move(*created);
        m_result.weightsReadMb = static_cast<double>(work.readBytes) * 1e-6;
        m_result.readGbS = control->gigabytesPerSecond(m_plan.repeats);
    }
    if (!m_plan.decode) return {};
    m_progress("decode");
    m_result.decodeTokS = decodeRate(1, 0);
    if (control) {
        m_result.readGbS = (m_result.readGbS + control->gigabytesPerSecond(m_plan.repeats)) / 2;
        m_result.decodeReadShare = m_result.decodeTokS * 1e-3 * m_result.weightsReadMb / m_result.readGbS;
    }
    return {};
}

Expected<void> Bench::measureMemory() {
    m_progress("limits of this machine");
    auto control = ReadControl::create(m_pool, memoryControlBytes());
    if (!control) return control.error();
    m_result.memoryBufferMb = static_cast<double>(control->bytes()) * 1e-6;
    m_result.memoryReadGbS = control->gigabytesPerSecond(m_plan.repeats);
    if (m_result.int8Tops == 0) m_result.int8Tops = int8Tops(m_kernels, m_pool, m_plan.repeats);
    return {};
}

}  // namespace

Expected<BenchResult> runBench(const std::string& modelNameOrPath, const Settings& settings, const BenchPlan& plan,
                               const std::function<void(const std::string&)>& progress) {
    const auto info = resolveModel(modelNameOrPath, settings);
    if (!info) return info.error();
    const auto isa = chosenIsa();
    if (!isa) return isa.error();
    base::ThreadPool pool(settings.threads > 0 ? settings.threads : base::physicalCores());
    base::setFloatingPointMode();
    Bench bench(plan, *kernels::selectKernels(*isa), pool, progress);
    if (plan.prefill || plan.decode || plan.depth || plan.batch)
        if (const auto loaded = bench.load(*info, settings.kvType); !loaded) return loaded.error();
    return bench.run(*info);
}

std::string toJson(const BenchResult& result) {
    base::Json json = base::Json::object();
    const auto add = [&](const char* key, double value) {
        if (value != 0) json[key] = value;
    };
    add("prefill_512_tok_s", result.prefill512TokS);
    add("prefill_2048_tok_s", result.prefill2048TokS);
    add("prefill_int8_share", result.prefillInt8Share);
    add("decode_tok_s", result.decodeTokS);
    add("decode_read_share", result.decodeReadShare);
    add("decode_depth_2048_tok_s", result.decodeDepth2048TokS);
    for (const auto& [size, rate] : result.batchDecodeTokS) json["batch_decode_tok_s"][std::to_string(size)] = rate;
    add("load_s", result.loadS);
    add("peak_rss_mb", result.peakRssMb);
    add("weights_read_mb", result.weightsReadMb);
    add("read_gb_s", result.readGbS);
    add("memory_read_gb_s", result.memoryReadGbS);
    add("memory_buffer_mb", result.memoryBufferMb);
    add("int8_tops", result.int8Tops);
    if (!result.logitsHash.empty()) json["logits_hash"] = result.logitsHash;
    json["isa"] = result.isa;
    json["threads"] = result.threads;
    return base::dumpJson(json);
}

}  // namespace larder
