#include "engine/model_list.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

namespace larder {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLookAgainMs = 10'000;
constexpr int kStampLevels = 2;

std::int64_t listClockMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Mixes the times of a folder and the folders in it: a file that comes, goes or gets its real name changes one of them.
void mixFolderTimes(const fs::path& folder, int levels, std::uint64_t& mix) {
    std::error_code failed;
    const fs::file_time_type time = fs::last_write_time(folder, failed);
    if (!failed) mix = (mix ^ static_cast<std::uint64_t>(time.time_since_epoch().count())) * 0x9E3779B97F4A7C15u + 1;
    if (levels == 0) return;
    std::vector<fs::path> inside;
    for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
        std::error_code odd;
        if (entry->is_directory(odd)) inside.push_back(entry->path());
    }
    std::sort(inside.begin(), inside.end());
    for (const fs::path& each : inside) mixFolderTimes(each, levels - 1, mix);
}

// The user named this file: it goes before one of the same name in the folder.
void addOutside(std::vector<ModelInfo>& models, const ModelInfo& outside) {
    std::erase_if(models, [&](const ModelInfo& model) { return model.name == outside.name; });
    models.push_back(outside);
}

}  // namespace

ModelList::ModelList(const Settings& settings) : m_settings(settings) {
    refresh();
}

std::int64_t ModelList::folderStamp() const {
    std::uint64_t mix = 1;
    mixFolderTimes(m_settings.read().modelDir, kStampLevels, mix);
    return static_cast<std::int64_t>(mix);
}

void ModelList::refresh() {
    // The stamp first: what changes while the headers are read is looked at again.
    m_stamp = folderStamp();
    m_lookedMs = listClockMs();
    std::vector<ModelInfo> found = findModels(m_settings.read());
    if (const auto outside = m_outside.read()) addOutside(found, *outside);
    m_models.publish(std::move(found));
}

void ModelList::listHuggingFaceCache(bool listed) {
    Settings settings = m_settings.read();
    if (settings.useHuggingFaceCache == listed) return;
    settings.useHuggingFaceCache = listed;
    m_settings.publish(std::move(settings));
    refresh();
}

// Of many threads that ask for unknown names at the same time one looks.
bool ModelList::worthALook() {
    std::int64_t looked = m_lookedMs;
    const std::int64_t now = listClockMs();
    if (folderStamp() == m_stamp && now - looked < kLookAgainMs) return false;
    return m_lookedMs.compare_exchange_strong(looked, now);
}

Expected<ModelInfo> ModelList::known(const std::string& name) const {
    const std::vector<ModelInfo> models = all();
    const std::string wanted = name.empty() ? defaultName() : name;
    if (wanted.empty() && models.size() == 1) return models.front();
    std::string names;
    for (const ModelInfo& info : models) {
        if (info.name == wanted) return info;
        names += (names.empty() ? "" : ", ") + info.name;
    }
    const std::string available = names.empty() ? "there are no models in " + m_settings.read().modelDir.string() : "available: " + names;
    if (wanted.empty()) return Error{ErrorCode::InvalidArgument, "name a model in the request; " + available};
    return Error{ErrorCode::NotFound, "the model " + wanted + " is not here; " + available};
}

Expected<ModelInfo> ModelList::find(const std::string& name) {
    auto found = known(name);
    if (found && found->problem.empty()) return found;
    if (!worthALook()) return found;
    refresh();
    return known(name);
}

Expected<void> ModelList::setDefault(const std::string& nameOrPath) {
    if (nameOrPath.empty()) {
        m_defaultName.publish("");
        return {};
    }
    auto model = resolveModel(nameOrPath, m_settings.read());
    if (!model) return model.error();
    if (!model->problem.empty()) return Error{ErrorCode::Unsupported, model->path.string() + ": " + model->problem};
    auto models = all();
    const bool listed = std::any_of(models.begin(), models.end(), [&](const ModelInfo& m) { return m.path == model->path; });
    m_outside.publish(listed ? std::nullopt : std::optional<ModelInfo>(*model));
    if (!listed) {
        addOutside(models, *model);
        m_models.publish(std::move(models));
    }
    m_defaultName.publish(model->name);
    return {};
}

}  // namespace larder
