#include <CLI/Option.hpp>
#include <QJsonArray>
#include <QJsonDocument>
#include <algorithm>
#include <memory>
#include <vector>

#include "app/cli/api_client.h"
#include "app/cli/command.h"
#include "app/cli/numbers.h"
#include "app/cli/table.h"
#include "app/terminal.h"
#include "engine/server.h"

namespace larder::app {
namespace {

constexpr qsizetype kRowsShown = 10;
constexpr std::size_t kTitleColumns = 40;

std::string textIn(const QJsonValue& value) { return value.toString().toStdString(); }

std::uint64_t computedIn(const QJsonObject& request) {
    const std::uint64_t prompt = countIn(request["prompt_tokens"]);
    return prompt - std::min(prompt, countIn(request["cached_tokens"]));
}

// Prompts are text from anywhere: nothing in them may steer the terminal.
std::string harmless(QString text, bool lines) {
    for (QChar& c : text)
        if (c.category() == QChar::Other_Control && !(lines && c == u'\n')) c = u' ';
    return text.toStdString();
}

std::string oneLineOf(const QJsonValue& text) { return harmless(text.toString(), false); }

// Each line behind a bar.
std::string framed(const QJsonValue& text) {
    QString lines = text.toString();
    lines.replace(QLatin1Char('\t'), QLatin1String("    "));
    lines.replace(QLatin1String("\n"), QLatin1String("\n  | "));
    return "  | " + harmless(lines, true) + "\n";
}

std::string requestTable(const QJsonArray& requests) {
    std::vector<TableRow> rows = {{"NO", "STARTED", "STATE", "MODEL", "PROMPT", "CACHED", "COMPUTED", "ANSWER", "CAUSE", "TITLE"}};
    for (qsizetype i = 0; i < std::min(kRowsShown, requests.size()); ++i) {
        const QJsonObject request = requests[i].toObject();
        rows.push_back({groupedIn(request["number"]), timeIn(request["started_unix_ms"]), textIn(request["state"]), textIn(request["model"]),
                        groupedIn(request["prompt_tokens"]), groupedIn(request["cached_tokens"]), grouped(computedIn(request)),
                        groupedIn(request["answer_tokens"]), textIn(request["cause"]), shortened(oneLineOf(request["title"]), kTitleColumns)});
    }
    return table(rows);
}

std::string explanation(const QJsonObject& request) {
    std::string text = "Request " + groupedIn(request["number"]) + " (" + textIn(request["state"]) + ", " + textIn(request["protocol"]) +
                       ", " + textIn(request["model"]) + "): " + oneLineOf(request["title"]) + "\n";
    if (const std::string failure = textIn(request["failure"]); !failure.empty()) text += failure + "\n";
    text += groupedIn(request["prompt_tokens"]) + " tokens in the prompt: " + groupedIn(request["cached_tokens"]) + " from the cache";
    if (countIn(request["loaded_tokens"]) > 0) text += ", " + groupedIn(request["loaded_tokens"]) + " of them read from the disk";
    if (countIn(request["followed_tokens"]) > 0) text += ", " + groupedIn(request["followed_tokens"]) + " of them from a request beside it";
    text += "; " + grouped(computedIn(request)) + " computed in " + oneDecimal(request["prefill_ms"].toDouble() / 1000) + " s\n";
    const std::string why = textIn(request["why"]);
    text += why.empty() ? "Why is not known yet: nothing of it was computed.\n" : oneLineOf(request["why"]) + "\n";
    if (textIn(request["cause"]) != "differs") return text;
    const std::uint64_t closest = countIn(request["closest_number"]);
    text += "\nThey share, up to there (" + (closest > 0 ? "request " + grouped(closest) : std::string("known before the server was started")) +
            "):\n" + framed(request["shared_text"]);
    text += "There stood:\n" + framed(request["known_text"]);
    return text + "Here stands:\n" + framed(request["asked_text"]);
}

int tellJson(const QJsonObject& document) {
    const std::string text = QJsonDocument(document).toJson(QJsonDocument::Indented).toStdString();
    return writeOutput(text) ? kExitOk : fail("standard output cannot be written");
}

int tellText(const std::string& text) { return writeOutput(text) ? kExitOk : fail("standard output cannot be written"); }

// number 0: the last ones, and the newest that has ended in detail.
int tellWhy(const Options& options, std::uint64_t number, bool json) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    const auto running = findRunningServer(*settings);
    if (!running.ok()) {
        if (running.error().code != ErrorCode::NotFound) return fail(running.error());
        return fail(running.error().message + "; the record of requests ends with the server");
    }
    ApiClient client(running->address, running->apiKey);
    const auto one = [&](std::uint64_t which) { return client.get(("/api/requests/" + std::to_string(which)).c_str()); };
    if (number > 0) {
        const auto request = one(number);
        if (!request.ok()) return fail(request.error());
        return json ? tellJson(*request) : tellText(explanation(*request));
    }
    const auto listed = client.get("/api/requests");
    if (!listed.ok()) return fail(listed.error());
    if (json) return tellJson(*listed);
    const QJsonArray requests = (*listed)["requests"].toArray();
    if (requests.isEmpty()) return tellText("no request came since the server started\n");
    std::string text = requestTable(requests);
    for (const QJsonValue each : requests) {
        if (each["ended_unix_ms"].toInteger() == 0) continue;
        const auto newest = one(countIn(each["number"]));
        if (!newest.ok()) return fail(newest.error());
        text += "\n" + explanation(*newest);
        break;
    }
    return tellText(text);
}

}  // namespace

void addCacheWhy(CLI::App& cache, Options& options, Chosen& chosen) {
    CLI::App* command = cache.add_subcommand("why", "Say why the last prompts had to be computed (needs a server)");
    auto number = std::make_shared<std::uint64_t>(0);
    auto json = std::make_shared<bool>(false);
    command->add_option("number", *number, "Of a request, as the list shows it; all of it is told")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
    command->add_flag("--json", *json, "As JSON");
    addFolderOptions(*command, options);
    command->callback([&options, &chosen, number, json] { chosen = [&options, number, json] { return tellWhy(options, *number, *json); }; });
}

}  // namespace larder::app
