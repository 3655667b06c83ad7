#include "engine/bench.h"

#include <cstdio>
#include <iostream>
#include <memory>

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
    const auto add = [&](const std::string& name, double value, const char* unit) {
        char line[128];
        std::snprintf(line, sizeof line, "%-28s %10.2f %s\n", name.c_str(), value, unit);
        table += line;
    };
    add("prefill 512", result.prefill512TokS, "tokens/s");
    add("prefill 2048", result.prefill2048TokS, "tokens/s");
    add("decode", result.decodeTokS, "tokens/s");
    add("decode at depth 2048", result.decodeDepth2048TokS, "tokens/s");
    for (const auto& [batch, speed] : result.batchDecodeTokS)
        add("decode, " + std::to_string(batch) + " at a time", speed, "tokens/s");
    add("load", result.loadS, "s");
    add("peak memory", result.peakRssMb, "MB");
    add("memory read", result.readGbS, "GB/s");
    add("int8 arithmetic", result.int8Tops, "Tops");
    return table + "isa " + result.isa + ", " + std::to_string(result.threads) + " threads, logits hash " + result.logitsHash + "\n";
}

int bench(const Options& options, const std::string& named, bool json) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    const auto model = chooseModel(named, *settings);
    if (!model.ok()) return fail(model.error());
    const auto result = runBench(*model, *settings, [](const std::string& stage) { std::cerr << stage << std::endl; });
    if (!result.ok()) return fail(result.error());
    std::string text = json ? toJson(*result) : asTable(*result);
    if (!text.ends_with('\n')) text += '\n';
    return writeOutput(text) ? kExitOk : fail("standard output cannot be written");
}

}  // namespace

void addBench(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("bench", "Measure a model's speed on this machine");
    struct Asked {
        std::string model;
        bool json = false;
    };
    auto asked = std::make_shared<Asked>();
    command->add_option("model", asked->model, "A name from larder list, or a path (default: the only one)");
    command->add_flag("--json", asked->json, "As JSON");
    addFolderOptions(*command, options);
    addComputeOptions(*command, options);
    command->callback([&options, &chosen, asked] {
        chosen = [&options, asked] { return bench(options, asked->model, asked->json); };
    });
}

}  // namespace larder::app
