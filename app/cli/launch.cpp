#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "app/child_process.h"
#include "app/cli/api_client.h"
#include "app/cli/command.h"
#include "app/cli/connection.h"
#include "app/cli/table.h"
#include "app/stop_signal.h"
#include "app/terminal.h"
#include "engine/agents.h"
#include "engine/logs.h"
#include "engine/models.h"
#include "engine/server_address.h"

namespace larder::app {
namespace {

struct Launched {
    std::string agent;
    std::string model;
    std::vector<std::string> arguments;
    bool list = false;
    bool json = false;
    bool dryRun = false;
};

// What a server offers, and which of it is in memory.
struct Offer {
    std::vector<AgentModel> models;
    std::string loaded;  // empty: none
};

Offer offerOf(const QJsonObject& listing) {
    Offer offer;
    for (const QJsonValue model : listing["data"].toArray()) {
        const std::string name = model["id"].toString().toStdString();
        offer.models.push_back({name, static_cast<std::size_t>(model["context_length"].toDouble())});
        if (offer.loaded.empty() && model["loaded"].toBool()) offer.loaded = name;
    }
    return offer;
}

Offer offerOf(const Settings& settings) {
    Offer offer;
    for (const ModelInfo& model : findModels(settings))
        if (model.problem.empty())
            offer.models.push_back({model.name, settings.contextTokens > 0 ? settings.contextTokens : model.contextTokens});
    return offer;
}

bool isOffered(const Offer& offer, const std::string& name) {
    return std::any_of(offer.models.begin(), offer.models.end(), [&](const AgentModel& model) { return model.name == name; });
}

// The name in the offer of what the user means; else the default, else what is in memory. Empty: planAgent() chooses.
std::string chosenModel(const Launched& launched, const Settings& settings, const Offer& offer) {
    for (const std::string& meant : {launched.model, settings.defaultModel}) {
        if (meant.empty()) continue;
        if (isOffered(offer, meant)) return meant;
        if (const auto found = resolveModel(meant, settings); found.ok() && isOffered(offer, found->name)) return found->name;
        if (meant == launched.model) return meant;  // planAgent() says that there is no such model
    }
    return offer.loaded;
}

// Where the key lies, for commands to copy. One given on the command line or in the settings is in no file of its own.
std::filesystem::path keyFileOf(const Settings& settings, const std::optional<RunningServer>& running) {
    const std::filesystem::path file = settings.baseDir / "api-key";
    if (!running) return settings.requireApiKey && settings.apiKey.empty() ? file : std::filesystem::path();
    std::error_code ignored;
    if (running->apiKey.empty() || !std::filesystem::exists(file, ignored)) return {};
    const auto key = loadOrCreateApiKey(settings.baseDir);
    return key.ok() && *key == running->apiKey ? file : std::filesystem::path();
}

void tell(const std::string& sentence) { std::cerr << "larder: " << sentence << std::endl; }

std::string asJson(const std::vector<AgentInfo>& agents) {
    QJsonArray list;
    for (const AgentInfo& agent : agents)
        list.append(QJsonObject{{"id", QString::fromStdString(agent.id)},
                                {"name", QString::fromStdString(agent.name)},
                                {"found", agent.detected},
                                {"program", QString::fromStdString(agent.program.string())},
                                {"install", QString::fromStdString(agent.installCommand)}});
    return QJsonDocument(list).toJson(QJsonDocument::Indented).toStdString();
}

int listAgents(bool json) {
    const std::vector<AgentInfo> agents = findAgents();
    std::vector<TableRow> rows = {{"AGENT", "NAME", "FOUND"}};
    for (const AgentInfo& agent : agents)
        rows.push_back({agent.id, agent.name, agent.detected ? agent.program.string() : "no: " + agent.installCommand});
    return writeOutput(json ? asJson(agents) : table(rows)) ? kExitOk : fail("standard output cannot be written");
}

int dryRun(const Launched& launched, const Settings& settings, const std::optional<RunningServer>& running, const Offer& offer) {
    AgentServer server;
    server.address = running ? running->address : serverAddress(settings.host, settings.port);
    server.apiKey = running ? running->apiKey : settings.requireApiKey ? settings.apiKey : "";
    server.keyFile = keyFileOf(settings, running);
    server.models = offer.models;
    server.baseDir = settings.baseDir;
    const auto plan = planAgent(launched.agent, server, chosenModel(launched, settings, offer), launched.arguments);
    if (!plan.ok()) return fail(plan.error());
    for (const AgentText& warning : plan->warnings) tell(plainText(warning));
    if (server.keyFile.empty() && !server.apiKey.empty()) tell("the key is in no file: set LARDER_KEY to it first");
    return writeOutput(shellCommand(*plan, shellKey(server)) + "\n") ? kExitOk : fail("standard output cannot be written");
}

// Loads the model, and with it comes the window that requests really get: memory may cut it. No token is generated.
Expected<void> loadAtServer(ApiClient& client, const std::string& model) {
    const QJsonObject nothing{{"model", QString::fromStdString(model)}, {"prompt", QJsonArray{0}}, {"max_tokens", 0}};
    auto done = client.post("/v1/completions", nothing);
    if (!done.ok()) return done.error();
    return {};
}

// The server with the model loaded: the running one, or one of our own that lives as long as the connection.
Expected<AgentServer> readyServer(const Connection& connection, const Settings& settings, const std::string& model) {
    AgentServer server;
    server.baseDir = settings.baseDir;
    server.address = connection.address();
    server.apiKey = connection.apiKey();
    ApiClient client(connection.address(), connection.apiKey());
    if (!connection.isOwn())
        if (auto loaded = loadAtServer(client, model); !loaded.ok()) return loaded.error();
    const auto listing = client.get("/v1/models");
    if (!listing.ok()) return listing.error();
    server.models = offerOf(*listing).models;
    return server;
}

int runPlan(const AgentPlan& plan) {
    if (const auto written = writeAgentFiles(plan); !written.ok()) return fail(written.error());
    ChildProgram child{plan.agent.program, plan.arguments, {}};
    for (const AgentVariable& variable : plan.environment) child.environment.emplace_back(variable.name, variable.value);
    silenceConsoleLog();  // the agent draws on the terminal
    const auto code = runInForeground(child);
    return code.ok() ? *code : fail(code.error());
}

int start(const Launched& launched, const Settings& settings, const Offer& offer) {
    const std::string name = chosenModel(launched, settings, offer);
    // What can be refused is refused before anything is loaded.
    const auto early = planAgent(launched.agent, {"", "", {}, offer.models, settings.baseDir}, name, launched.arguments);
    if (!early.ok()) return fail(early.error());
    if (!early->agent.detected) return fail(early->agent.name + " was not found on this machine. Install it with: " + early->agent.installCommand);

    StopSignal stop(kExitFailed);
    const std::string& model = early->model.name;
    if (errorsAreTerminal()) std::cerr << "loading " << model << " ...\r" << std::flush;
    stop.collect();
    const auto connection = Connection::open(settings, model, [&stop] { return stop.take(); });
    if (!connection.ok()) return connection.error().code == ErrorCode::Cancelled ? kExitFailed : fail(connection.error());
    const auto server = readyServer(*connection, settings, model);
    if (errorsAreTerminal()) std::cerr << "\x1b[K" << std::flush;
    if (!server.ok()) return fail(server.error());
    if (stop.take()) return kExitFailed;

    const auto plan = planAgent(launched.agent, *server, model, launched.arguments);
    if (!plan.ok()) return fail(plan.error());
    if (connection->isOwn()) tell("serving on " + server->address + " for this session");
    for (const AgentText& warning : plan->warnings) tell(plainText(warning));
    return runPlan(*plan);
}

int launch(const Options& options, const Launched& launched) {
    if (launched.list) return listAgents(launched.json);
    const std::vector<AgentInfo> agents = knownAgents();
    if (std::none_of(agents.begin(), agents.end(), [&](const AgentInfo& agent) { return agent.id == launched.agent; })) {
        std::string names;
        for (const AgentInfo& agent : agents) names += (names.empty() ? "" : ", ") + agent.id;
        fail(launched.agent.empty() ? "which agent? Larder can start " + names
                                    : "Larder cannot start an agent \"" + launched.agent + "\"; it can start " + names);
        return kExitUsage;
    }
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    const auto found = findRunningServer(*settings);
    if (!found.ok() && found.error().code != ErrorCode::NotFound) return fail(found.error());
    std::optional<RunningServer> running;
    Offer offer;
    if (found.ok()) {
        running = *found;
        const auto listing = ApiClient(running->address, running->apiKey).get("/v1/models");
        if (!listing.ok()) return fail(listing.error());
        offer = offerOf(*listing);
    } else {
        offer = offerOf(*settings);
    }
    return launched.dryRun ? dryRun(launched, *settings, running, offer) : start(launched, *settings, offer);
}

}  // namespace

void addLaunch(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("launch", "Start a coding agent on a local model; nothing of your settings of it is changed");
    auto launched = std::make_shared<Launched>();
    command->add_option("agent", launched->agent, "claude, codex, opencode or qwen");
    command->add_option("arguments", launched->arguments, "After --: arguments for the agent");
    command->add_option("--model", launched->model, "A name from larder list (default: the default model, or the loaded one, or the one "
                                                    "with the largest window)")
        ->type_name("M");
    command->add_flag("--dry-run", launched->dryRun, "Only show the command, for a shell");
    command->add_flag("--list", launched->list, "Show the agents, and whether they are here");
    command->add_flag("--json", launched->json, "With --list: as JSON");
    addFolderOptions(*command, options);
    addComputeOptions(*command, options);
    command->add_option("--context", options.contextTokens, "Largest context in tokens, where no server runs yet (default: the model's)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, std::size_t{2'147'483'647}));
    command->callback([&options, &chosen, launched] { chosen = [&options, launched] { return launch(options, *launched); }; });
}

}  // namespace larder::app
