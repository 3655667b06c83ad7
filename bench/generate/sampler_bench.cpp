// sampler_bench [--benchmark_filter=...] [ROWS.f32 VOCABULARY]: microseconds from a row of logits to a token. Names are
// isa/rows/vocabulary/what. ROWS.f32: a model's own rows, as larder_logits writes them; else they are made up.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/generate/sampler.h"
#include "engine/kernels/kernels.h"

namespace larder::generate {
namespace {

// More rows than the second-level cache holds: after a forward pass they are not there either.
constexpr std::size_t kRows = 16;

struct Rows {
    std::string name;
    std::size_t vocabulary = 0;
    std::vector<float> logits;  // [rows, vocabulary]

    std::size_t count() const { return logits.size() / vocabulary; }
    std::span<const float> row(std::size_t i) const {
        return std::span(logits).subspan(i % count() * vocabulary, vocabulary);
    }
};

// As real models give them: a wide bulk and a few tokens far above it.
Rows peaked(std::size_t vocabulary) {
    Rows rows{.name = "peaked", .vocabulary = vocabulary, .logits = std::vector<float>(kRows * vocabulary)};
    std::mt19937 random(1);
    std::normal_distribution<float> bulk(0, 3);
    for (float& logit : rows.logits) logit = bulk(random);
    for (std::size_t row = 0; row < kRows; ++row) {
        for (int peak = 0; peak < 8; ++peak)
            rows.logits[row * vocabulary + random() % vocabulary] = 13 + static_cast<float>(random() % 800) / 100;
    }
    return rows;
}

Rows readRows(const char* path, std::size_t vocabulary) {
    Rows rows{.name = "file", .vocabulary = vocabulary, .logits = {}};
    std::ifstream in(path, std::ios::binary);
    // Spread over the file, so that they come from many contexts.
    in.seekg(0, std::ios::end);
    const std::size_t bytes = vocabulary * sizeof(float);
    const auto all = static_cast<std::size_t>(in.tellg()) / bytes;
    for (std::size_t i = 0; i < kRows && all >= kRows; ++i) {
        rows.logits.resize((i + 1) * vocabulary);
        in.seekg(static_cast<std::streamoff>(all / kRows * i * bytes));
        in.read(reinterpret_cast<char*>(rows.logits.data() + i * vocabulary), static_cast<std::streamsize>(bytes));
    }
    if (!in || rows.logits.empty()) {
        std::fprintf(stderr, "sampler_bench: %s does not hold %zu rows\n", path, kRows);
        std::exit(2);
    }
    return rows;
}

struct Setting {
    const char* name;
    SamplingParams params;
};

std::vector<Setting> settings() {
    SamplingParams greedy;
    greedy.temperature = 0;
    SamplingParams usual;
    usual.temperature = 0.8f;
    usual.topK = 40;
    usual.topP = 0.95f;
    SamplingParams topP;
    topP.temperature = 0.8f;
    topP.topP = 0.95f;
    SamplingParams warmTopP;
    warmTopP.topP = 0.95f;
    SamplingParams minP;
    minP.minP = 0.05f;
    SamplingParams largeTopK;
    largeTopK.topK = 2000;
    SamplingParams hot;
    hot.temperature = 2;
    hot.topP = 0.95f;
    SamplingParams penalised = usual;
    penalised.repetitionPenalty = 1.1f;
    penalised.frequencyPenalty = 0.1f;
    penalised.presencePenalty = 0.1f;
    SamplingParams biased = usual;
    biased.logitBias = {{7, 2.0f}, {11, -100.0f}};
    return {{"greedy", greedy},       {"temperature_1", {}}, {"top_k_40+top_p", usual}, {"top_p", topP},
            {"top_p_warm", warmTopP}, {"top_p_hot", hot},    {"top_k_2000", largeTopK}, {"min_p", minP},
            {"penalties", penalised}, {"logit_bias", biased}};
}

void runSample(benchmark::State& state, const kernels::Kernels& kernels, const Rows& rows,
               const SamplingParams& params) {
    Sampler sampler(kernels);
    std::vector<TokenId> history;
    for (int i = 0; i < 2000; ++i) history.push_back(static_cast<TokenId>(i * 7919 % 5000));
    std::uint64_t position = 0;
    for (auto step : state) {
        benchmark::DoNotOptimize(sampler.sample(rows.row(position), params, history, 1500, position));
        ++position;
    }
}

void runLogprobs(benchmark::State& state, const kernels::Kernels& kernels, const Rows& rows) {
    Sampler sampler(kernels);
    std::size_t i = 0;
    for (auto step : state) benchmark::DoNotOptimize(sampler.logprobs(rows.row(i++), 17, 5));
}

void registerAll(const kernels::Kernels& kernels, const std::shared_ptr<const Rows>& rows) {
    const std::string prefix =
        std::string(kernels.isa) + "/" + rows->name + "/" + std::to_string(rows->vocabulary) + "/";
    for (const Setting& setting : settings()) {
        benchmark::RegisterBenchmark((prefix + setting.name).c_str(), [=, &kernels](benchmark::State& state) {
            runSample(state, kernels, *rows, setting.params);
        })->Unit(benchmark::kMicrosecond);
    }
    benchmark::RegisterBenchmark((prefix + "logprobs").c_str(), [=, &kernels](benchmark::State& state) {
        runLogprobs(state, kernels, *rows);
    })->Unit(benchmark::kMicrosecond);
}

}  // namespace
}  // namespace larder::generate

int main(int argc, char** argv) {
    using namespace larder::generate;
    benchmark::Initialize(&argc, argv);
    std::vector<std::shared_ptr<const Rows>> all;
    if (argc == 3) {
        all = {std::make_shared<const Rows>(readRows(argv[1], std::strtoul(argv[2], nullptr, 10)))};
    } else if (argc == 1) {
        for (const std::size_t vocabulary : {49152, 151936})
            all.push_back(std::make_shared<const Rows>(peaked(vocabulary)));
    } else {
        std::fprintf(stderr, "usage: sampler_bench [ROWS.f32 VOCABULARY]\n");
        return 2;
    }
    for (const char* isa : {"scalar", "avx2", "avx512-vnni"}) {
        const auto* kernels = larder::kernels::selectKernels(isa);
        if (kernels == nullptr) continue;
        for (const auto& rows : all) registerAll(*kernels, rows);
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
