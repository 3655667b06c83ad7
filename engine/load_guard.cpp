#include "engine/load_guard.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/doomed_file.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "engine/server.h"

namespace larder {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxGuardBytes = 1 << 20;
constexpr std::size_t kMostCrashed = 50;

}  // namespace

LoadGuard::LoadGuard(const fs::path& baseDir) {
    if (baseDir.empty()) return;
    m_file = baseDir / "loading.json";
    read();
}

std::optional<LoadGuard::Record> LoadGuard::describe(const fs::path& path) {
    std::error_code failed;
    Record record{fs::weakly_canonical(path, failed), 0, 0};
    if (failed) return std::nullopt;
    const fs::file_time_type time = fs::last_write_time(path, failed);
    if (failed) return std::nullopt;
    record.modified = static_cast<std::int64_t>(time.time_since_epoch().count());
    if (fs::is_directory(path, failed)) return record;
    record.bytes = fs::file_size(path, failed);
    if (failed) return std::nullopt;
    return record;
}

// The file: {"loading": record or null, "crashed": [record, ...]} with record = {"path", "bytes", "modified"}.
void LoadGuard::read() {
    std::error_code ignored;
    if (!fs::exists(m_file, ignored)) return;
    std::vector<Record> records;
    const auto note = [&records](const base::Json& json) {
        if (!json.is_object() || !json.contains("path") || !json.contains("bytes") || !json.contains("modified")) return;
        const base::Json &path = json["path"], &bytes = json["bytes"], &modified = json["modified"];
        if (!path.is_string() || !bytes.is_number_unsigned() || !modified.is_number_integer()) return;
        const Record record{path.get<std::string>(), bytes.get<std::uint64_t>(), modified.get<std::int64_t>()};
        if (std::find(records.begin(), records.end(), record) != records.end()) return;
        if (describe(record.path) == record) records.push_back(record);
    };
    const auto text = base::readFile(m_file, kMaxGuardBytes);
    const auto json = text ? base::parseJson(*text) : Expected<base::Json>(text.error());
    if (!json) base::logWarning(m_file.string() + " cannot be read and is ignored: " + json.error().message);
    if (json && json->is_object()) {
        if (json->contains("loading")) note((*json)["loading"]);
        if (json->contains("crashed") && (*json)["crashed"].is_array())
            for (const base::Json& each : (*json)["crashed"]) note(each);
    }
    if (records.size() > kMostCrashed) records.resize(kMostCrashed);
    m_crashed.publish(records);
    write();
}

void LoadGuard::write() const {
    if (m_file.empty()) return;
    const auto toJson = [](const Record& record) {
        return base::Json{{"path", record.path.string()}, {"bytes", record.bytes}, {"modified", record.modified}};
    };
    const std::vector<Record> crashed = m_crashed.read();
    if (!m_loading && crashed.empty()) {
        std::error_code failed;
        fs::remove(m_file, failed);
        if (failed) base::logWarning(m_file.string() + " cannot be removed: " + failed.message());
        return;
    }
    base::Json json;
    json["loading"] = m_loading ? toJson(*m_loading) : base::Json();
    json["crashed"] = base::Json::array();
    for (const Record& record : crashed) json["crashed"].push_back(toJson(record));
    if (auto written = base::writeFileAtomically(m_file, base::dumpJson(json) + "\n", 0600); !written)
        base::logWarning("a crash while loading would not be noticed: " + written.error().message);
}

std::vector<fs::path> LoadGuard::crashed() const {
    std::vector<fs::path> paths;
    for (const Record& record : m_crashed.read())
        if (describe(record.path) == record) paths.push_back(record.path);
    return paths;
}

bool LoadGuard::refuses(const fs::path& model) const {
    const auto records = m_crashed.read();
    if (records.empty()) return false;
    const auto now = describe(model);
    return now && std::find(records.begin(), records.end(), *now) != records.end();
}

void LoadGuard::begin(const fs::path& model) {
    if (m_file.empty()) return;
    m_loading = describe(model);
    if (!m_loading) return;
    base::setDoomedFile(m_file);
    write();
}

void LoadGuard::end() {
    if (m_file.empty() || !m_loading) return;
    auto records = m_crashed.read();
    std::erase_if(records, [this](const Record& record) { return record.path == m_loading->path; });
    m_crashed.publish(std::move(records));
    m_loading.reset();
    base::clearDoomedFile();
    write();
}

void forgetLoadUnderWay() noexcept { base::removeDoomedFile(); }

}  // namespace larder
