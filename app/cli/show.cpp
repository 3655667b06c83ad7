#include <CLI/Option.hpp>
#include <QDateTime>
#include <QJsonDocument>
#include <cstdio>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/model_words.h"
#include "app/cli/table.h"
#include "app/terminal.h"
#include "engine/machine.h"
#include "engine/models.h"

namespace larder::app {
namespace {

// "135 million", "8.0 billion"
std::string readableCount(std::uint64_t count) {
    if (count < 1'000'000) return std::to_string(count);
    const bool billions = count >= 1'000'000'000;
    const double value = static_cast<double>(count) / (billions ? 1e9 : 1e6);
    char text[32];
    std::snprintf(text, sizeof text, value < 10 ? "%.1f %s" : "%.0f %s", value, billions ? "billion" : "million");
    return text;
}

std::string modelText(const ModelInfo& model) {
    std::vector<TableRow> rows;
    const auto add = [&rows](const char* title, const std::string& value) {
        if (!value.empty()) rows.push_back({title, value});
    };
    add("Name", model.name);
    add("Family", model.family);
    add("Path", model.path.string());
    add("Source", sourceWords(model.source));
    add("Repository", model.repository);
    add("Size", readableBytes(model.fileBytes));
    add("Architecture", model.architecture);
    add("Type", model.quantisation);
    add("Parameters", model.parameters > 0 ? readableCount(model.parameters) : "");
    add("Context", model.contextTokens > 0 ? std::to_string(model.contextTokens) + " tokens" : "");
    add("KV cache", model.kvBytesPerToken > 0 ? readableBytes(model.kvBytesPerToken) + " a token (f16)" : "");
    add("Changed", QDateTime::fromSecsSinceEpoch(model.modifiedSeconds).toString("yyyy-MM-dd HH:mm").toStdString());
    if (model.problem.empty()) add("Fit", estimateFit(model, readMachine()).sentence);
    else add("Problem", model.problem);
    return table(rows);
}

int show(const Options& options, const std::string& name, bool json) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    const auto model = resolveModel(name, *settings);
    if (!model.ok()) return fail(model.error());
    const std::string text =
        json ? QJsonDocument(modelJson(*model, readMachine())).toJson(QJsonDocument::Indented).toStdString() : modelText(*model);
    return writeOutput(text) ? kExitOk : fail("standard output cannot be written");
}

}  // namespace

void addShow(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("show", "Show what is known about a model");
    auto name = std::make_shared<std::string>();
    auto json = std::make_shared<bool>(false);
    command->add_option("model", *name, "A name from larder list, or a path")->required();
    command->add_flag("--json", *json, "As JSON");
    addFolderOptions(*command, options);
    command->callback([&options, &chosen, name, json] { chosen = [&options, name, json] { return show(options, *name, *json); }; });
}

}  // namespace larder::app
