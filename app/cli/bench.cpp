#include "engine/bench.h"
#include "engine/bench_cache.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "app/terminal.h"
#include "engine/models.h"

namespace larder::app {
namespace {

// The model named, else the default one, else the only one there is.
Expected<std::string> chooseModel(const std::string& named, const Settings& settings) {
    if (!named.empty()) return named;
    if (!settings.defaultModel.empty()) return settings.defaultModel;
    std::string only;
    for (const ModelInfo& model : findModels(settings)) {
        if (!model.problem.empty()) continue;
        if (!only.empty()) return Error{ErrorCode::InvalidArgument, "there are several models: name one (see larder list)"};
        only = model.name;
    }
    if (only.empty()) return Error{ErrorCode::NotFound, "there is no model in " + settings.modelDir.string() + ": put a GGUF file there"};
    return only;
}

std::string asTable(const BenchResult& result) {
    std::string table;
    const auto add = [&](const std::string& name, double value, const char* unit, const std::string& remark = "") {
        if (value == 0) return;  // the plan left it out
        char line[128];
        std::snprintf(line, sizeof line, "%-28s %10.2f %s", name.c_str(), value, unit);
        table += line + remark + "\n";
    };
    const auto share = [](double value, const std::string& whole) {
        return value == 0 ? "" : ", " + std::to_string(std::lround(100 * value)) + " % of the " + whole;
    };
    add("prefill 512", result.prefill512TokS, "tokens/s", share(result.prefillInt8Share, "int8 arithmetic"));
    add("prefill 2048", result.prefill2048TokS, "tokens/s");
    add("decode", result.decodeTokS, "tokens/s", share(result.decodeReadShare, "weights read"));
    add("decode at depth 2048", result.decodeDepth2048TokS, "tokens/s");
    for (const auto& [batch, speed] : result.batchDecodeTokS)
        add("decode, " + std::to_string(batch) + " at a time", speed, "tokens/s");
    add("load", result.loadS, "s");
    add("peak memory", result.peakRssMb, "MB");
    const auto megabytes = [](double size) { return ", " + std::to_string(std::lround(size)) + " MB again and again"; };
    add("weights read", result.readGbS, "GB/s", megabytes(result.weightsReadMb));
    add("memory read", result.memoryReadGbS, "GB/s", megabytes(result.memoryBufferMb));
    add("int8 arithmetic", result.int8Tops, "Tops");
    table += "isa " + result.isa + ", " + std::to_string(result.threads) + " threads";
    return table + (result.logitsHash.empty() ? "" : ", logits hash " + result.logitsHash) + "\n";
}

struct BenchAsked {
    std::string model;
    bool json = false;
    int repeats = BenchPlan().repeats;
    bool cache = false;
    std::vector<std::string> only;  // empty: everything

    BenchPlan plan() const {
        const auto wanted = [&](const char* stage) {
            return only.empty() || std::find(only.begin(), only.end(), stage) != only.end();
        };
        return {.repeats = repeats,
                .prefill = wanted("prefill"),
                .decode = wanted("decode"),
                .depth = wanted("depth"),
                .batch = wanted("batch"),
                .limits = wanted("limits")};
    }
};

std::string asTable(const CacheBenchResult& result) {
    std::string table = "turn  prompt    new |  computed: off    ram    ssd |  first token, s: off     ram     ssd\n";
    char line[160];
    for (std::size_t i = 0; i < result.turns.size(); ++i) {
        const CacheBenchTurn& turn = result.turns[i];
        std::snprintf(line, sizeof line, "%4zu %7zu %6zu | %14zu %6zu %6zu | %20.3f %7.3f %7.3f\n", i + 1, turn.promptTokens, turn.newTokens,
                      turn.computedTokens[0], turn.computedTokens[1], turn.computedTokens[2], turn.ttftMs[0] / 1000, turn.ttftMs[1] / 1000, turn.ttftMs[2] / 1000);
        table += line;
    }
    std::snprintf(line, sizeof line, " all %14zu | %14zu %6zu %6zu | %20.3f %7.3f %7.3f\n", result.idealTokens(), result.computedTokens(0),
                  result.computedTokens(1), result.computedTokens(2), result.ttftSeconds(0), result.ttftSeconds(1), result.ttftSeconds(2));
    table += line;
    std::snprintf(line, sizeof line, "%.1f MB written to the disk; %s\n", static_cast<double>(result.writtenBytes) / 1e6,
                  result.sameAnswers ? "the same answers in all three" : "THE ANSWERS DIFFER");
    return table + line;
}

int benchCache(const std::string& model, const Settings& settings, bool json) {
    const auto result = runCacheBench(model, settings, [](const std::string& stage) { std::cerr << stage << std::endl; });
    if (!result.ok()) return fail(result.error());
    if (!writeOutput(json ? toJson(*result) + "\n" : asTable(*result))) return fail("standard output cannot be written");
    return result->sameAnswers ? kExitOk : kExitFailed;
}

int bench(const Options& options, const BenchAsked& asked) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    const auto model = chooseModel(asked.model, *settings);
    if (!model.ok()) return fail(model.error());
    if (asked.cache) return benchCache(*model, *settings, asked.json);
    const auto result =
        runBench(*model, *settings, asked.plan(), [](const std::string& stage) { std::cerr << stage << std::endl; });
    if (!result.ok()) return fail(result.error());
    std::string text = asked.json ? toJson(*result) : asTable(*result);
    if (!text.ends_with('\n')) text += '\n';
    return writeOutput(text) ? kExitOk : fail("standard output cannot be written");
}

}  // namespace

void addBench(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("bench", "Measure a model's speed on this machine");
    auto asked = std::make_shared<BenchAsked>();
    command->add_option("model", asked->model, "A name from larder list, or a path (default: the only one)");
    command->add_flag("--json", asked->json, "As JSON");
    command->add_flag("--cache", asked->cache, "A conversation that grows: without a cache, from RAM, from the disk after restarts");
    command->add_option("--repeats", asked->repeats, "Runs of every figure; the median counts (default 5)")
        ->type_name("N")
        ->check(CLI::Range(1, 1000));
    command->add_option("--only", asked->only, "Some of prefill, decode, depth, batch, limits; with commas (default: all)")
        ->type_name("LIST")
        ->delimiter(',')
        ->check(CLI::IsMember({"prefill", "decode", "depth", "batch", "limits"}));
    addFolderOptions(*command, options);
    addComputeOptions(*command, options);
    command->callback([&options, &chosen, asked] { chosen = [&options, asked] { return bench(options, *asked); }; });
}

}  // namespace larder::app
