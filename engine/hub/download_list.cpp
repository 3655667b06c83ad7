#include "engine/hub/download_list.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/log.h"

namespace larder::hub {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr int kListVersion = 1;
constexpr std::size_t kMaxListBytes = 64 * 1024 * 1024;
constexpr std::array<std::pair<DownloadState, std::string_view>, 5> kStateNames = {{{DownloadState::Queued, "queued"},
                                                                                   {DownloadState::Running, "running"},
                                                                                   {DownloadState::Paused, "paused"},
                                                                                   {DownloadState::Failed, "failed"},
                                                                                   {DownloadState::Done, "done"}}};

// Reads members of an object and remembers whether one was missing or of another kind.
class JsonMembers {
public:
    explicit JsonMembers(const Json& object) : m_object(object), m_ok(object.is_object()) {}
    bool ok() const { return m_ok; }

    std::string text(const char* key) {
        const Json* value = member(key);
        return value != nullptr && require(value->is_string()) ? value->get<std::string>() : "";
    }
    std::uint64_t count(const char* key) {
        const Json* value = member(key);
        return value != nullptr && require(value->is_number_unsigned()) ? value->get<std::uint64_t>() : 0;
    }
    bool truth(const char* key) {
        const Json* value = member(key);
        return value != nullptr && require(value->is_boolean()) && value->get<bool>();
    }
    const Json& array(const char* key) {
        static const Json kNone = Json::array();
        const Json* value = member(key);
        return value != nullptr && require(value->is_array()) ? *value : kNone;
    }
    bool require(bool condition) {
        m_ok = m_ok && condition;
        return condition;
    }

private:
    const Json* member(const char* key) {
        if (!m_ok) return nullptr;
        const auto found = m_object.find(key);
        if (!require(found != m_object.end())) return nullptr;
        return &*found;
    }

    const Json& m_object;
    bool m_ok;
};

Json printEntry(const DownloadEntry& entry) {
    Json files = Json::array();
    for (const RepositoryFile& file : entry.choice.files)
        files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
    const auto* name = std::find_if(kStateNames.begin(), kStateNames.end(), [&](const auto& one) { return one.first == entry.state; });
    return {{"id", entry.id},
            {"repository", entry.repository.id},
            {"commit", entry.repository.commit},
            {"gated", entry.repository.gated},
            {"license", entry.repository.license},
            {"page", entry.repository.pageUrl},
            {"label", entry.choice.label},
            {"format", entry.choice.format == ModelFormat::Gguf ? "gguf" : "safetensors"},
            {"files", std::move(files)},
            {"state", std::string(name->second)},
            {"folder", entry.modelDir.string()},
            {"done_bytes", entry.doneBytes},
            {"error", entry.error},
            {"path", entry.path.string()}};
}

std::optional<DownloadEntry> readEntry(const Json& value) {
    JsonMembers members(value);
    DownloadEntry entry;
    entry.id = members.count("id");
    entry.repository.id = members.text("repository");
    entry.repository.commit = members.text("commit");
    entry.repository.gated = members.truth("gated");
    entry.repository.license = members.text("license");
    entry.repository.pageUrl = members.text("page");
    entry.choice.label = members.text("label");
    const std::string format = members.text("format");
    members.require(format == "gguf" || format == "safetensors");
    entry.choice.format = format == "gguf" ? ModelFormat::Gguf : ModelFormat::Safetensors;
    for (const Json& one : members.array("files")) {
        JsonMembers file(one);
        entry.choice.files.push_back({file.text("path"), file.count("bytes"), file.text("sha256")});
        members.require(file.ok() && entry.choice.files.back().bytes < (1ull << 50));
        entry.choice.bytes += entry.choice.files.back().bytes;
    }
    const std::string state = members.text("state");
    const auto* known = std::find_if(kStateNames.begin(), kStateNames.end(), [&](const auto& one) { return one.second == state; });
    members.require(known != kStateNames.end());
    if (known != kStateNames.end()) entry.state = known->first;
    entry.modelDir = members.text("folder");
    entry.doneBytes = members.count("done_bytes");
    entry.error = members.text("error");
    entry.path = members.text("path");
    if (!members.ok() || entry.id == 0) return std::nullopt;
    return entry;
}

}  // namespace

bool DownloadEntry::sameFiles(const Repository& otherRepository, const DownloadChoice& other) const {
    return repository.id == otherRepository.id &&
           std::equal(choice.files.begin(), choice.files.end(), other.files.begin(), other.files.end(),
                      [](const RepositoryFile& a, const RepositoryFile& b) { return a.path == b.path; });
}

DownloadEntry* DownloadList::find(std::uint64_t id) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const DownloadEntry& one) { return one.id == id; });
    return found == entries.end() ? nullptr : &*found;
}

void DownloadList::erase(std::uint64_t id) {
    std::erase_if(entries, [&](const DownloadEntry& one) { return one.id == id; });
}

void DownloadList::moveToEnd(std::uint64_t id) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const DownloadEntry& one) { return one.id == id; });
    if (found != entries.end()) std::rotate(found, found + 1, entries.end());
}

void DownloadList::forgetOldDone() {
    const auto isDone = [](const DownloadEntry& one) { return one.state == DownloadState::Done; };
    auto surplus = static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), isDone));
    std::erase_if(entries, [&](const DownloadEntry& one) { return isDone(one) && surplus > kMaxDone && surplus-- > 0; });
}

std::string printDownloadList(const DownloadList& list) {
    Json entries = Json::array();
    for (const DownloadEntry& entry : list.entries) entries.push_back(printEntry(entry));
    return base::dumpJson({{"version", kListVersion}, {"next_id", list.nextId}, {"downloads", std::move(entries)}}) + "\n";
}

Expected<DownloadList> parseDownloadList(std::string_view text) {
    const auto document = base::parseJson(text);
    if (!document.ok()) return document.error();
    JsonMembers members(*document);
    members.require(members.count("version") == kListVersion);
    DownloadList list;
    list.nextId = members.count("next_id");
    std::set<std::uint64_t> ids;
    for (const Json& value : members.array("downloads")) {
        auto entry = readEntry(value);
        members.require(entry && ids.insert(entry->id).second);
        if (!members.ok()) break;
        list.nextId = std::max(list.nextId, entry->id + 1);
        list.entries.push_back(std::move(*entry));
    }
    if (!members.ok()) return Error{ErrorCode::InvalidArgument, "it is not a list of downloads"};
    return list;
}

DownloadList loadDownloadList(const fs::path& baseDir) {
    const fs::path path = baseDir / "downloads.json";
    const auto text = base::readFile(path, kMaxListBytes);
    if (!text.ok() && text.error().code == ErrorCode::NotFound) return {};
    auto list = text.ok() ? parseDownloadList(*text) : text.error();
    if (!list.ok()) {
        std::error_code failure;
        fs::rename(path, path.string() + ".broken", failure);
        base::logWarning(path.string() + " cannot be read and is kept as downloads.json.broken: " + list.error().message);
        return {};
    }
    for (DownloadEntry& entry : list->entries)
        if (entry.state == DownloadState::Running) entry.state = DownloadState::Queued;
    return std::move(*list);
}

Expected<void> saveDownloadList(const fs::path& baseDir, const DownloadList& list) {
    if (auto made = base::makeFolder(baseDir, 0700); !made.ok()) return made;
    return base::writeFileAtomically(baseDir / "downloads.json", printDownloadList(list), 0600);
}

}  // namespace larder::hub
