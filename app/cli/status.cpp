#include <CLI/Option.hpp>
#include <QJsonArray>
#include <QJsonDocument>
#include <memory>
#include <vector>

#include "app/cli/api_client.h"
#include "app/cli/cache_door.h"
#include "app/cli/command.h"
#include "app/cli/numbers.h"
#include "app/cli/progress_line.h"
#include "app/cli/table.h"
#include "app/terminal.h"
#include "engine/documents.h"
#include "engine/server.h"
#include "engine/usage_records.h"

namespace larder::app {
namespace {

// The document of GET /api/status; where no server runs, what the files say.
Expected<QJsonObject> statusOf(const Settings& settings, std::string& address) {
    const auto running = findRunningServer(settings);
    if (running.ok()) {
        address = running->address;
        return ApiClient(running->address, running->apiKey).get("/api/status");
    }
    if (running.error().code != ErrorCode::NotFound) return running.error();
    StatusReport report;
    report.running = false;
    const auto totals = readUsageTotals(settings);
    if (!totals.ok()) return totals.error();
    report.allTime = *totals;
    // Off, empty or not to be opened: the rest is worth telling all the same.
    if (const auto cache = openCache(settings); cache.ok()) report.engine.coldTier = (*cache)->status();
    else report.engine.coldTier.problem = cache.error().message;
    return readDocument(statusDocument(report));
}

std::string share(const QJsonValue& part, const QJsonValue& whole) {
    const double all = whole.toDouble();
    return oneDecimal(all > 0 ? 100 * part.toDouble() / all : 0) + " %";
}

void addServer(std::vector<TableRow>& rows, const QJsonObject& server, const std::string& address) {
    rows.push_back({"Server", "Larder " + server["version"].toString().toStdString() + " at " + address + ", for " +
                                  readableDuration(server["uptime_seconds"].toDouble())});
    rows.push_back({"Computes", server["isa"].toString().toStdString() + ", " + groupedIn(server["threads"]) + " threads"});
    if (const std::string warning = server["warning"].toString().toStdString(); !warning.empty()) rows.push_back({"Warning", warning});
}

void addTotal(std::vector<TableRow>& rows, const QJsonObject& total) {
    const QJsonObject now = total["now"].toObject(), ttft = total["ttft"].toObject();
    rows.push_back({"Requests", groupedIn(total["requests"]) + "; running " + groupedIn(total["running"]) + ", waiting " +
                                    groupedIn(total["waiting"])});
    rows.push_back({"Prompts", groupedIn(total["prompt_tokens"]) + " tokens, " + share(total["cached_tokens"], total["prompt_tokens"]) +
                                   " from the cache (" + share(total["loaded_tokens"], total["prompt_tokens"]) + " from the disk)"});
    rows.push_back({"Answers", groupedIn(total["generated_tokens"]) + " tokens"});
    rows.push_back({"Prefill", oneDecimal(total["prefill_tokens_per_second"].toDouble()) + " tokens/s, now " +
                                   oneDecimal(now["prefill_tokens_per_second"].toDouble())});
    rows.push_back({"Decode", oneDecimal(total["decode_tokens_per_second"].toDouble()) + " tokens/s, now " +
                                  oneDecimal(now["decode_tokens_per_second"].toDouble())});
    if (countIn(ttft["count"]) > 0)
        rows.push_back({"First token", "after " + oneDecimal(ttft["p50_ms"].toDouble()) + " ms (half of all), " +
                                           oneDecimal(ttft["p90_ms"].toDouble()) + " ms (9 of 10), " +
                                           oneDecimal(ttft["p99_ms"].toDouble()) + " ms (99 of 100)"});
}

void addCaches(std::vector<TableRow>& rows, const QJsonObject& status) {
    if (const QJsonObject hot = status["hot_cache"].toObject(); !hot.isEmpty())
        rows.push_back({"Cache in RAM", bytesIn(hot["used_bytes"]) + " of " + bytesIn(hot["limit_bytes"])});
    const QJsonObject cold = status["cold_cache"].toObject();
    const std::string problem = cold["problem"].toString().toStdString();
    if (cold["on"].toBool())
        rows.push_back({"Cache on disk", bytesIn(cold["used_bytes"]) + " of " + bytesIn(cold["limit_bytes"]) + ", " +
                                             bytesIn(cold["pinned_bytes"]) + " pinned, " + bytesIn(cold["written_today_bytes"]) +
                                             " written today" + (problem.empty() ? "" : "; " + problem)});
    else rows.push_back({"Cache on disk", problem.empty() ? "off" : problem});
}

void addAllTime(std::vector<TableRow>& rows, const QJsonObject& all) {
    if (countIn(all["requests"]) == 0) return;
    rows.push_back({"All time", groupedIn(all["requests"]) + " requests, " + groupedIn(all["prompt_tokens"]) + " prompt tokens, " +
                                    share(all["cached_tokens"], all["prompt_tokens"]) + " from the cache: " +
                                    readableDuration(all["saved_seconds"].toDouble()) + " saved" +
                                    (all["since_unix_ms"].toInteger() > 0 ? "; since " + timeIn(all["since_unix_ms"]) : "")});
}

std::string modelTable(const QJsonArray& models) {
    std::vector<TableRow> rows = {{"MODEL", "STATE", "WINDOW", "WEIGHTS", "CACHE", "REQUESTS", "PROMPTS", "CACHED", "ANSWERS"}};
    for (const QJsonValue model : models)
        rows.push_back({model["name"].toString().toStdString(), model["state"].toString().toStdString(),
                        countIn(model["context_length"]) > 0 ? groupedIn(model["context_length"]) : "-", bytesIn(model["weight_bytes"]),
                        bytesIn(model["kv_bytes"]), groupedIn(model["requests"]), groupedIn(model["prompt_tokens"]),
                        share(model["cached_tokens"], model["prompt_tokens"]), groupedIn(model["generated_tokens"])});
    return table(rows);
}

std::string statusText(const QJsonObject& status, const std::string& address, const Settings& settings) {
    std::vector<TableRow> rows;
    if (status["server"].isObject()) {
        addServer(rows, status["server"].toObject(), address);
        addTotal(rows, status["total"].toObject());
    } else {
        rows.push_back({"Server", "none runs on " + settings.baseDir.string()});
    }
    addCaches(rows, status);
    addAllTime(rows, status["all_time"].toObject());
    const QJsonArray models = status["models"].toArray();
    return table(rows) + (models.isEmpty() ? "" : "\n" + modelTable(models));
}

int tellStatus(const Options& options, bool json) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    std::string address;
    const auto status = statusOf(*settings, address);
    if (!status.ok()) return fail(status.error());
    const std::string text = json ? QJsonDocument(*status).toJson(QJsonDocument::Indented).toStdString()
                                  : statusText(*status, address, *settings);
    return writeOutput(text) ? kExitOk : fail("standard output cannot be written");
}

}  // namespace

void addStatus(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("status", "Show what the server does and has done, and the caches");
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "As JSON");
    addFolderOptions(*command, options);
    command->callback([&options, &chosen, json] { chosen = [&options, json] { return tellStatus(options, *json); }; });
}

}  // namespace larder::app
