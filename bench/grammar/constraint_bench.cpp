// What it costs to keep an answer to a grammar: the mask of one token at places of a call, and what comes before the first.
//
//   constraint_bench MODEL.gguf [benchmark options]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/text/model_text.h"
#include "engine/text/token_trie.h"
#include "engine/text/tool_constraint.h"

using namespace larder;
using namespace larder::text;

namespace {

const base::Json kTools = base::Json::parse(R"([{"type":"function","function":{"name":"Edit","parameters":{"type":"object","properties":{
    "file_path":{"type":"string"},"old_string":{"type":"string"},"new_string":{"type":"string"},"replace_all":{"type":"boolean"},"count":{"type":"integer"},
    "mode":{"enum":["first","all","last"]},"extra":{"type":"object"}},"required":["file_path","old_string"]}}}])");

ToolConstraintSettings settingsFor(const std::shared_ptr<const Tokenizer>& tokenizer) {
    const auto ends = tokenizer->endTokens();
    return {.tokenizer = tokenizer, .tools = &kTools, .name = {}, .startAfter = {}, .stopTokens = {ends.begin(), ends.end()}};
}

void mask(benchmark::State& state, const std::shared_ptr<const Tokenizer>& tokenizer, const std::string& written) {
    const auto made = makeToolConstraint(settingsFor(tokenizer));
    std::vector<std::uint64_t> allowed((tokenizer->vocabulary() + 63) / 64);
    for (const TokenId token : tokenizer->encode(written)) {
        made->constraint->allowed(allowed);
        if ((allowed[static_cast<std::size_t>(token) / 64] >> (token % 64) & 1) == 0) return state.SkipWithError("the text does not fit the grammar");
        made->constraint->accept(token);
    }
    for (auto each : state) {
        made->constraint->allowed(allowed);
        benchmark::DoNotOptimize(allowed.data());
    }
    std::size_t count = 0;
    for (const std::uint64_t word : allowed) count += static_cast<std::size_t>(std::popcount(word));
    state.counters["tokens"] = static_cast<double>(count);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fputs("constraint_bench MODEL.gguf [benchmark options]\n", stderr), 2;
    const auto model = loadModelText(argv[1]);
    if (!model) return std::fprintf(stderr, "%s\n", model.error().message.c_str()), 1;
    const std::shared_ptr<const Tokenizer> tokenizer = (*model)->tokenizer;
    const std::string arguments = "<tool_call>\n{\"name\": \"Edit\", \"arguments\": {\"file_path\": ";
    const std::pair<const char*, std::string> places[] = {
        {"Frame", ""}, {"BeforeAValue", arguments}, {"InAString", arguments + "\"src/main"}, {"InAnEscape", arguments + "\"a\\"}, {"BehindAString", arguments + "\"a\""},
        {"InAnInteger", arguments + "\"a\", \"count\": 12"}, {"InAnEnum", arguments + "\"a\", \"mode\": \""}, {"BeforeAKey", arguments + "\"a\","},
        {"AnyValue", arguments + "\"a\", \"extra\": {\"k\":"}, {"InAFreeKey", arguments + "\"a\", \"extra\": {\"k"}};
    for (const auto& [name, written] : places)
        benchmark::RegisterBenchmark((std::string("Mask/") + name).c_str(), mask, tokenizer, written)->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark("Make", [&](benchmark::State& state) {
        const auto kept = TokenTrie::of(tokenizer);
        for (auto each : state) benchmark::DoNotOptimize(makeToolConstraint(settingsFor(tokenizer)));
    })->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark("BuildTrie", [&](benchmark::State& state) {
        for (auto each : state) benchmark::DoNotOptimize(TokenTrie::of(tokenizer));
    })->Unit(benchmark::kMillisecond);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
