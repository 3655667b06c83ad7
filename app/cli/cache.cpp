#include <CLI/Option.hpp>
#include <QJsonArray>
#include <QJsonDocument>
#include <algorithm>
#include <iostream>
#include <memory>
#include <vector>

#include "app/cli/cache_door.h"
#include "app/cli/command.h"
#include "app/cli/confirm.h"
#include "app/cli/numbers.h"
#include "app/cli/table.h"
#include "app/stop_signal.h"
#include "app/terminal.h"

namespace larder::app {
namespace {

// What was typed, whichever of the verbs it was for.
struct CacheAsked {
    std::string id;
    std::string file;
    std::string model;
    bool pinnedToo = false;
    bool sure = false;
    bool json = false;
};

using CacheVerbRun = std::function<int(CacheDoor&, const CacheAsked&)>;

int tell(const CacheAsked& asked, const QJsonObject& document, const std::string& words) {
    const std::string text = asked.json ? QJsonDocument(document).toJson(QJsonDocument::Indented).toStdString() : words;
    return writeOutput(text) ? kExitOk : fail("standard output cannot be written");
}

int cacheStats(CacheDoor& door, const CacheAsked& asked) {
    const auto listed = door.list();
    if (!listed.ok()) return fail(listed.error());
    QJsonObject document = *listed;
    document.remove("prefixes");
    const QJsonObject cold = document["cold_cache"].toObject();
    const auto bytes = [&cold](const char* key) { return bytesIn(cold[key]); };
    const auto blocks = [&cold](const char* key) { return groupedIn(cold[key]); };
    std::vector<TableRow> rows = {
        {"Folder", cold["folder"].toString().toStdString()},
        {"Holds", bytes("used_bytes") + " of " + bytes("limit_bytes") + " in " + blocks("blocks") + " blocks, " + bytes("pinned_bytes") +
                      " pinned"},
        {"Read", blocks("hits") + " blocks (" + bytes("read_bytes") + "), " + blocks("misses") + " missed"},
        {"Written", blocks("written_blocks") + " blocks (" + bytes("written_bytes") + "), today " + bytes("written_today_bytes") +
                        (countIn(cold["bytes_per_day"]) > 0 ? " of " + bytes("bytes_per_day") : "")},
        {"Made room", blocks("evicted_blocks") + " blocks; " + blocks("refused_blocks") + " not written"},
        {"Damaged", blocks("quarantined_blocks") + " blocks; " + blocks("quarantine_files") + " files in quarantine"},
        {"Disk", bytes("free_disk_bytes") + " free, " + bytes("floor_bytes") + " of them are left to others"}};
    if (const std::string problem = cold["problem"].toString().toStdString(); !problem.empty()) rows.push_back({"Problem", problem});
    std::string words = table(rows);
    const QJsonArray models = document["models"].toArray();
    if (!models.isEmpty()) {
        std::vector<TableRow> lines = {{"MODEL", "SIZE", "BLOCKS", "PREFIXES", "PINNED", "LAST USED"}};
        for (const QJsonValue model : models)
            lines.push_back({model["name"].toString().toStdString(), bytesIn(model["bytes"]), groupedIn(model["blocks"]),
                             groupedIn(model["prefixes"]), bytesIn(model["pinned_bytes"]), timeIn(model["last_used_unix_ms"])});
        words += "\n" + table(lines);
    }
    return tell(asked, document, words);
}

// As many characters as tell all of them apart, eight at least.
std::size_t idColumns(const QJsonArray& prefixes) {
    constexpr std::size_t kLeast = 8;
    std::vector<std::string> ids;
    for (const QJsonValue prefix : prefixes) ids.push_back(prefix["id"].toString().toStdString());
    std::sort(ids.begin(), ids.end());
    std::size_t columns = kLeast;
    for (std::size_t i = 1; i < ids.size(); ++i) {
        const auto differ = std::mismatch(ids[i].begin(), ids[i].end(), ids[i - 1].begin(), ids[i - 1].end()).first;
        columns = std::max(columns, static_cast<std::size_t>(differ - ids[i].begin()) + 1);
    }
    return columns;
}

int cacheLs(CacheDoor& door, const CacheAsked& asked) {
    auto listed = door.list();
    if (!listed.ok()) return fail(listed.error());
    const QJsonArray prefixes = (*listed)["prefixes"].toArray();
    if (asked.json)
        return writeOutput(QJsonDocument(prefixes).toJson(QJsonDocument::Indented).toStdString()) ? kExitOk
                                                                                                  : fail("standard output cannot be written");
    const std::string folder = (*listed)["cold_cache"].toObject()["folder"].toString().toStdString();
    if (prefixes.isEmpty()) return tell(asked, *listed, "nothing is kept" + (folder.empty() ? "" : " in " + folder) + " yet\n");
    const std::size_t columns = idColumns(prefixes);
    std::vector<TableRow> rows = {{"ID", "MODEL", "TOKENS", "SIZE", "ALONE", "USES", "LAST USED", "PINNED"}};
    for (const QJsonValue prefix : prefixes)
        rows.push_back({prefix["id"].toString().toStdString().substr(0, columns), prefix["model"].toString().toStdString(),
                        groupedIn(prefix["tokens"]), bytesIn(prefix["bytes"]), bytesIn(prefix["own_bytes"]), groupedIn(prefix["uses"]),
                        timeIn(prefix["last_used_unix_ms"]), prefix["pinned"].toBool() ? "yes" : countIn(prefix["pinned_tokens"]) > 0 ? groupedIn(prefix["pinned_tokens"]) + " tokens" : ""});
    return tell(asked, *listed, table(rows));
}

int setPinned(CacheDoor& door, const CacheAsked& asked, bool pinned) {
    const auto done = door.pin(asked.id, pinned);
    if (!done.ok()) return fail(done.error());
    return tell(asked, *done, (pinned ? "pinned " : "unpinned ") + asked.id + "\n");
}

// What would be deleted, in words; nothing where the cache cannot be listed.
std::string clearQuestion(const QJsonObject& document, const CacheAsked& asked) {
    std::uint64_t bytes = 0, pinned = 0;
    for (const QJsonValue model : document["models"].toArray())
        if (asked.model.empty() || model["name"].toString().toStdString() == asked.model) {
            bytes += countIn(model["bytes"]);
            pinned += countIn(model["pinned_bytes"]);
        }
    if (!asked.pinnedToo) bytes -= std::min(bytes, pinned);
    return "Delete what is kept of " + (asked.model.empty() ? "all models" : asked.model) + " (" + readableBytes(bytes) +
           (asked.pinnedToo && pinned > 0 ? ", " + readableBytes(pinned) + " of it pinned" : "") + ")?";
}

int cacheClear(CacheDoor& door, const CacheAsked& asked) {
    if (!asked.sure) {
        const auto listed = door.list();
        if (!listed.ok()) return fail(listed.error());
        const Consent consent = askConsent(clearQuestion(*listed, asked));
        if (consent == Consent::Nobody) {
            fail("nobody can be asked whether to clear the cache: add --yes");
            return kExitUsage;
        }
        if (consent == Consent::No) return fail("nothing was deleted");
    }
    const auto cleared = door.clear(asked.model, asked.pinnedToo);
    if (!cleared.ok()) return fail(cleared.error());
    const std::uint64_t kept = countIn((*cleared)["kept_pinned_blocks"]);
    return tell(asked, *cleared,
                "deleted " + groupedIn((*cleared)["blocks"]) + " blocks: " + bytesIn((*cleared)["bytes"]) + " are free again" +
                    (kept > 0 ? "; " + grouped(kept) + " pinned blocks stay (--pinned-too)" : "") + "\n");
}

int cacheVerify(CacheDoor& door, const CacheAsked& asked) {
    StopSignal stop(kExitFailed);
    stop.collect();
    const bool onTerminal = errorsAreTerminal();
    int shown = -1;
    const auto show = [&](double fraction) {
        const int percent = static_cast<int>(100 * fraction);
        if (!onTerminal || percent == shown) return;
        shown = percent;
        std::cerr << "\r" << percent << " % checked\x1b[K" << std::flush;
    };
    bool stopped = false;
    const auto verified = door.verify(show, [&] { return stopped = stopped || stop.take(); }, stop.fd());
    if (shown >= 0) std::cerr << "\r\x1b[K" << std::flush;
    if (!verified.ok()) return fail(verified.error().code == ErrorCode::Cancelled ? "stopped" : verified.error().message);
    const std::uint64_t bad = countIn((*verified)["bad_blocks"]);
    const std::string checked = groupedIn((*verified)["blocks"]) + " blocks (" + bytesIn((*verified)["bytes"]) + ") were checked";
    const int told = tell(asked, *verified,
                          checked + (bad == 0 ? ": all are as they were written" : ": " + grouped(bad) + " damaged, now in quarantine") +
                              ((*verified)["complete"].toBool() ? "" : "; stopped before the end") + "\n");
    return told == kExitOk && (bad > 0 || !(*verified)["complete"].toBool()) ? kExitFailed : told;
}

int cacheExport(CacheDoor& door, const CacheAsked& asked) {
    const std::filesystem::path file = expandPath(asked.file);
    const auto exported = door.exportPrefix(asked.id, file);
    if (!exported.ok()) return fail(exported.error());
    return tell(asked, *exported, groupedIn((*exported)["tokens"]) + " tokens (" + bytesIn((*exported)["bytes"]) + ") are in " + file.string() + "\n");
}

int cacheImport(CacheDoor& door, const CacheAsked& asked) {
    const auto imported = door.importPrefix(expandPath(asked.file));
    if (!imported.ok()) return fail(imported.error());
    return tell(asked, *imported, groupedIn((*imported)["tokens"]) + " tokens of " + (*imported)["model"].toString().toStdString() + " (" +
                                      bytesIn((*imported)["bytes"]) + ") were taken over; block " + groupedIn((*imported)["checked_block"]) +
                                      " was computed again and is the same\n");
}

int runCacheVerb(const Options& options, const CacheAsked& asked, const CacheVerbRun& run) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    auto door = CacheDoor::open(*settings);
    if (!door.ok()) return fail(door.error());
    return run(**door, asked);
}

}  // namespace

void addCache(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("cache", "Look at what is kept of prompts on the disk, and change it");
    command->require_subcommand(1);
    auto asked = std::make_shared<CacheAsked>();
    const auto add = [&, asked](const char* name, const char* description, CacheVerbRun run) {
        CLI::App* verb = command->add_subcommand(name, description);
        verb->add_flag("--json", asked->json, "As JSON");
        addFolderOptions(*verb, options);
        verb->callback([&options, &chosen, asked, run] { chosen = [&options, asked, run] { return runCacheVerb(options, *asked, run); }; });
        return verb;
    };
    const auto needsId = [asked](CLI::App* verb) {
        verb->add_option("id", asked->id, "An ID of larder cache ls; its beginning is enough")->required();
        return verb;
    };
    const auto needsFile = [asked](CLI::App* verb) { verb->add_option("file", asked->file, "A file")->required(); };
    add("stats", "Sizes, limits and what was read and written", cacheStats);
    add("ls", "The prompts it knows, the last used first", cacheLs);
    addCacheWhy(*command, options, chosen);
    add("verify", "Read everything and check it", cacheVerify);
    needsId(add("pin", "Keep a prompt until it is unpinned", [](CacheDoor& door, const CacheAsked& a) { return setPinned(door, a, true); }));
    needsId(add("unpin", "Let a prompt make room again", [](CacheDoor& door, const CacheAsked& a) { return setPinned(door, a, false); }));
    CLI::App* clear = add("clear", "Delete what is kept, of one model or of all", cacheClear);
    clear->add_option("model", asked->model, "Of this model only, as larder cache stats names it");
    clear->add_flag("--pinned-too", asked->pinnedToo, "What is pinned, too");
    clear->add_flag("--yes", asked->sure, "Do not ask");
    needsFile(needsId(add("export", "Write a prompt into a file for another machine", cacheExport)));
    needsFile(add("import", "Take over such a file, after computing a part of it again (needs a server)", cacheImport));
}

}  // namespace larder::app
