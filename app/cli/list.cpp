#include <QJsonArray>
#include <QJsonDocument>
#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>
#include <vector>

#include "app/cli/command.h"
#include "app/cli/model_words.h"
#include "app/cli/table.h"
#include "app/terminal.h"
#include "engine/machine.h"
#include "engine/models.h"

namespace larder::app {
namespace {

constexpr std::size_t kTerminalColumns = 80;

std::string asJson(const std::vector<ModelInfo>& models) {
    const Machine machine = readMachine();
    QJsonArray list;
    for (const ModelInfo& model : models) list.append(modelJson(model, machine));
    return QJsonDocument(list).toJson(QJsonDocument::Indented).toStdString();
}

std::string orDash(const std::string& text) { return text.empty() ? "-" : text; }

// Whether a name like "SmolLM2-135M-Instruct.Q4_1" already says "SmolLM2 135M Instruct".
bool saysFamily(const std::string& name, const std::string& family) {
    const auto lettersOf = [](const std::string& text) {
        std::string letters;
        for (const unsigned char c : text)
            if (c >= 0x80 || std::isalnum(c) != 0) letters += static_cast<char>(std::tolower(c));
        return letters;
    };
    return lettersOf(name).find(lettersOf(family)) != std::string::npos;
}

// What most people need; the family and the source only where they tell something and there is room.
std::string asTable(const std::vector<ModelInfo>& models) {
    constexpr std::size_t kFamilyColumns = 24;
    std::vector<TableRow> rows = {{"NAME", "SIZE", "TYPE", "CONTEXT"}};
    for (const ModelInfo& model : models)
        rows.push_back({model.name, readableBytes(model.fileBytes), orDash(model.quantisation),
                        model.contextTokens > 0 ? std::to_string(model.contextTokens) : "-"});
    const auto append = [&](const std::vector<TableRow>& base, const std::string& title, const auto& cell) {
        std::vector<TableRow> wider = base;
        wider.front().push_back(title);
        for (std::size_t i = 0; i < models.size(); ++i) wider[i + 1].push_back(cell(models[i]));
        return wider;
    };
    const auto isCached = [](const ModelInfo& model) { return model.source == ModelSource::HuggingFaceCache; };
    if (std::any_of(models.begin(), models.end(), isCached))
        rows = append(rows, "SOURCE", [&](const ModelInfo& model) { return isCached(model) ? "HF cache" : "folder"; });
    if (std::any_of(models.begin(), models.end(), [](const ModelInfo& model) { return !saysFamily(model.name, model.family); })) {
        const auto wider = append(rows, "FAMILY", [](const ModelInfo& model) { return orDash(shortened(model.family, kFamilyColumns)); });
        if (tableWidth(wider) + std::string_view("  PROBLEM").size() <= kTerminalColumns) rows = wider;
    }
    return table(append(rows, "PROBLEM", [](const ModelInfo& model) { return model.problem; }));
}

int list(const Options& options, bool json) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    const std::vector<ModelInfo> models = findModels(*settings);
    const std::string text = json             ? asJson(models)
                             : models.empty() ? "no models in " + settings->modelDir.string() +
                                                    ": download one with larder pull, or put a GGUF file there\n"
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
