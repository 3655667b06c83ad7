#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "app/cli/command.h"
#include "app/cli/model_words.h"
#include "app/cli/progress_line.h"
#include "app/cli/table.h"
#include "app/stop_signal.h"
#include "app/terminal.h"
#include "engine/downloads.h"
#include "engine/hub.h"
#include "engine/machine.h"
#include "engine/models.h"

namespace larder::app {
namespace {

struct PullAsked {
    std::string reference;
    std::optional<std::size_t> connections;
    bool list = false;
    bool json = false;
};

// Everything after the command line was understood.
struct Pull {
    const PullAsked& asked;
    Settings settings;
    HubAccess access;
    ModelReference reference;
};

// Whether the user wants to stop; once true, always true.
class StopQuestion {
public:
    explicit StopQuestion(StopSignal& signal) : m_signal(signal) {}
    bool operator()() {
        m_stopped = m_stopped || m_signal.take();
        return m_stopped;
    }

private:
    StopSignal& m_signal;
    bool m_stopped = false;
};

QString asText(const std::string& text) { return QString::fromStdString(text); }

bool writeJson(const QJsonDocument& document) { return writeOutput(document.toJson(QJsonDocument::Indented).toStdString()); }

int outputFailed() { return fail("standard output cannot be written"); }

// What the user would type to get this choice.
std::string pullName(const Repository& repository, const DownloadChoice& choice) {
    const bool isFile = choice.label.ends_with(".gguf") || choice.label.ends_with(".safetensors");
    return repository.id + (isFile ? "/" : ":") + choice.label;
}

QJsonObject choiceJson(const Repository& repository, std::size_t index) {
    const DownloadChoice& choice = repository.choices[index];
    QJsonArray files;
    for (const RepositoryFile& file : choice.files)
        files.append(QJsonObject{{"path", asText(file.path)}, {"size_bytes", static_cast<qint64>(file.bytes)}, {"sha256", asText(file.sha256)}});
    return {{"label", asText(choice.label)},
            {"format", choice.format == ModelFormat::Gguf ? "gguf" : "safetensors"},
            {"size_bytes", static_cast<qint64>(choice.bytes)},
            {"files", files},
            {"fit", fitWord(choice.fit.verdict)},
            {"fit_sentence", asText(choice.fit.sentence)},
            {"recommended", index == repository.recommended},
            {"problem", asText(choice.problem)}};
}

int listChoices(const Repository& repository, bool json) {
    if (json) {
        QJsonArray choices;
        for (std::size_t i = 0; i < repository.choices.size(); ++i) choices.append(choiceJson(repository, i));
        const QJsonObject answer{{"repository", asText(repository.id)}, {"commit", asText(repository.commit)},
                                 {"page", asText(repository.pageUrl)},  {"license", asText(repository.license)},
                                 {"gated", repository.gated},           {"choices", choices}};
        return writeJson(QJsonDocument(answer)) ? kExitOk : outputFailed();
    }
    if (repository.choices.empty())
        return writeOutput("there is no model in " + repository.id + ": see " + repository.pageUrl + "\n") ? kExitOk : outputFailed();
    std::vector<TableRow> rows = {{"CHOICE", "SIZE", "FIT", "PROBLEM"}};
    for (std::size_t i = 0; i < repository.choices.size(); ++i) {
        const DownloadChoice& choice = repository.choices[i];
        const bool best = i == repository.recommended && choice.problem.empty();
        rows.push_back({choice.label, readableBytes(choice.bytes), std::string(fitWord(choice.fit.verdict)) + (best ? " (recommended)" : ""),
                        choice.problem});
    }
    return writeOutput(table(rows)) ? kExitOk : outputFailed();
}

// Nothing was named and nothing here runs: downloading gigabytes of it would be no service.
int nothingRuns(const Repository& repository, const DownloadChoice& best) {
    std::string names;
    for (const DownloadChoice& choice : repository.choices)
        names += (names.empty() ? "" : ", ") + choice.label + " (" + readableBytes(choice.bytes) + ")";
    return fail("this version of Larder can run nothing in " + repository.id + " (" + best.label + ": " + best.problem +
                "); to download one all the same name it, such as larder pull " + pullName(repository, best) + "; there are: " + names);
}

void tellChoice(const Repository& repository, const DownloadChoice& choice) {
    std::cerr << repository.id << ": " << choice.label << ", " << readableBytes(choice.bytes);
    if (choice.files.size() > 1) std::cerr << " in " << choice.files.size() << " files";
    if (!repository.license.empty()) std::cerr << ", licence " << repository.license;
    std::cerr << "\n";
    if (!choice.problem.empty()) std::cerr << "warning: this version of Larder cannot run it: " << choice.problem << "\n";
    else if (!choice.fit.sentence.empty()) std::cerr << choice.fit.sentence << "\n";
}

// The model as `larder list` has it; its path alone when it is not listed.
ModelInfo modelAt(const std::filesystem::path& path, const Settings& settings) {
    std::error_code ignored;
    for (ModelInfo& model : findModels(settings))
        if (model.path == path || std::filesystem::equivalent(model.path, path, ignored)) return std::move(model);
    ModelInfo unlisted;
    unlisted.name = unlisted.path = path;
    return unlisted;
}

int tellModel(const ModelInfo& model, const Machine& machine, bool json) {
    const bool written = json ? writeJson(QJsonDocument(modelJson(model, machine))) : writeOutput(model.name + "\n");
    return written ? kExitOk : outputFailed();
}

int download(const Pull& pull, const Repository& repository, const Machine& machine, StopQuestion& stop) {
    const auto choice = chooseDownload(repository, pull.reference);
    if (!choice.ok()) return fail(choice.error());
    const bool named = !pull.reference.quantisation.empty() || !pull.reference.file.empty();
    if (!named && !choice->problem.empty()) return nothingRuns(repository, *choice);
    tellChoice(repository, *choice);

    ProgressLine line(errorsAreTerminal());
    const auto path = downloadChoice(pull.access, pull.settings, repository, *choice, [&](const DownloadProgress& progress) {
        line.show(progress);
        return !stop();
    });
    line.clear();
    if (path.ok()) return tellModel(modelAt(*path, pull.settings), machine, pull.asked.json);
    if (path.error().code == ErrorCode::Cancelled) return fail("stopped: what arrived is kept, run the same command to go on");
    return fail(path.error());
}

int pullModel(const Options& options, const PullAsked& asked) {
    auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    if (asked.connections) settings->downloadConnections = *asked.connections;
    const auto reference = parseModelReference(asked.reference);
    if (!reference.ok()) {
        fail(reference.error());
        return kExitUsage;
    }
    const auto access = hubAccess(*settings);
    if (!access.ok()) return fail(access.error());
    const Pull pull{asked, *settings, *access, *reference};

    StopSignal signal(kExitFailed);
    signal.collect();
    StopQuestion stop(signal);
    const Machine machine = readMachine();
    const auto repository = listRepository(pull.access, pull.reference.repository, pull.reference.revision, machine, std::ref(stop));
    if (!repository.ok())
        return repository.error().code == ErrorCode::Cancelled ? fail("stopped: nothing was downloaded") : fail(repository.error());
    return asked.list ? listChoices(*repository, asked.json) : download(pull, *repository, machine, stop);
}

}  // namespace

void addPull(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("pull", "Download a model from Hugging Face");
    auto asked = std::make_shared<PullAsked>();
    command->add_option("model", asked->reference, "ORG/NAME, ORG/NAME:QUANT or ORG/NAME/FILE, @REVISION after it if wanted; or a link")
        ->required();
    command->add_flag("--list", asked->list, "Show what there is to download, and download nothing");
    command->add_flag("--json", asked->json, "As JSON");
    command->add_option("--connections", asked->connections, "Parallel connections for one file, 1 to 16 (default: as in the settings)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, std::size_t{16}));
    addFolderOptions(*command, options);
    command->callback([&options, &chosen, asked] { chosen = [&options, asked] { return pullModel(options, *asked); }; });
}

}  // namespace larder::app
