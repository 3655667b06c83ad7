#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <vector>

#include "app/cli/command.h"
#include "app/terminal.h"
#include "engine/models.h"

namespace larder::app {
namespace {

std::string readableSize(std::uint64_t bytes) {
    constexpr std::array kUnits = {"B", "KB", "MB", "GB", "TB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
    char text[32];
    std::snprintf(text, sizeof text, unit > 0 && value < 10 ? "%.1f %s" : "%.0f %s", value, kUnits[unit]);
    return text;
}

std::string asJson(const std::vector<ModelInfo>& models) {
    QJsonArray list;
    for (const ModelInfo& model : models) {
        list.append(QJsonObject{{"name", QString::fromStdString(model.name)},
                                {"path", QString::fromStdString(model.path.string())},
                                {"size_bytes", static_cast<qint64>(model.fileBytes)},
                                {"architecture", QString::fromStdString(model.architecture)},
                                {"quantisation", QString::fromStdString(model.quantisation)},
                                {"context_tokens", static_cast<qint64>(model.contextTokens)},
                                {"problem", QString::fromStdString(model.problem)}});
    }
    return QJsonDocument(list).toJson(QJsonDocument::Indented).toStdString();
}

std::string asTable(const std::vector<ModelInfo>& models) {
    constexpr std::size_t kColumns = 5;
    using Row = std::array<std::string, kColumns>;
    std::vector<Row> rows = {{"NAME", "SIZE", "TYPE", "CONTEXT", "PROBLEM"}};
    for (const ModelInfo& model : models) {
        rows.push_back({model.name, readableSize(model.fileBytes), model.quantisation.empty() ? "-" : model.quantisation,
                        model.contextTokens > 0 ? std::to_string(model.contextTokens) : "-", model.problem});
    }
    std::array<std::size_t, kColumns> width{};
    for (const Row& row : rows)
        for (std::size_t i = 0; i < kColumns; ++i) width[i] = std::max(width[i], row[i].size());
    std::string table;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < kColumns; ++i) line += row[i] + std::string(width[i] - row[i].size() + 2, ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        table += line + "\n";
    }
    return table;
}

int list(const Options& options, bool json) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    const std::vector<ModelInfo> models = findModels(settings->modelDir);
    const std::string text = json             ? asJson(models)
                             : models.empty() ? "no models in " + settings->modelDir.string() + ": put a GGUF file there\n"
                                              : asTable(models);
    return writeOutput(text) ? kExitOk : fail("standard output cannot be written");
}

}  // namespace

void addList(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("list", "Show the models on this machine");
    addFolderOptions(*command, options);
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "As JSON");
    command->callback([&options, &chosen, json] { chosen = [&options, json] { return list(options, *json); }; });
}

}  // namespace larder::app
