// Finding models on the disk and by name: engine/models.h.
#include "engine/hub/catalog.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <tuple>

#include "engine/base/disk.h"
#include "engine/hub/hf_cache.h"

namespace larder {
namespace catalog {
namespace {

namespace fs = std::filesystem;

// Folders below the model folder that are looked into: dir/organisation/name/folder/file.gguf.
constexpr int kFolderLevels = 3;

// Files that were listed already, whatever path leads there.
class SeenFiles {
public:
    // False when it was seen before. What cannot be reached (a link to nothing) is always new.
    bool insert(const fs::path& file) {
        const auto stamp = base::stampOf(file);
        return !stamp || m_seen.insert({stamp->device, stamp->inode}).second;
    }

private:
    std::set<std::pair<std::uint64_t, std::uint64_t>> m_seen;
};

// One part of "org/name": letters, digits, '-', '_' and '.'.
bool isRepositoryPart(const std::string& text) {
    return !text.empty() && text.size() <= 96 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
    });
}

// Downloads lie in dir/org/name: two folders are taken for that, one is somebody's own order.
std::string repositoryFromPath(const ModelFiles& model, const fs::path& dir) {
    const fs::path folder = (model.isSafetensors ? model.path : model.path.parent_path()).lexically_relative(dir);
    std::vector<std::string> parts;
    for (const fs::path& part : folder) parts.push_back(part.string());
    if (parts.size() < 2 || !isRepositoryPart(parts[0]) || !isRepositoryPart(parts[1])) return "";
    return parts[0] + "/" + parts[1];
}

// A path that leads through no link comes before its aliases, which are then not listed.
void sortAliasesLast(std::vector<ModelFiles>& found, const fs::path& dir) {
    std::error_code failure;
    const fs::path home = fs::canonical(dir, failure);
    const auto isAlias = [&](const ModelFiles& model) {
        std::error_code ignored;
        return fs::canonical(model.path, ignored) != (home / model.path.lexically_relative(dir)).lexically_normal();
    };
    std::stable_partition(found.begin(), found.end(), [&](const ModelFiles& model) { return !isAlias(model); });
}

// What tells models of one name apart: their folder, "org/name/file", as seen from dir.
std::string nameWithFolder(const ModelInfo& model, const fs::path& dir) {
    if (model.source == ModelSource::HuggingFaceCache) return model.repository + "/" + model.name;
    const fs::path relative = model.path.lexically_relative(dir);
    return printableName((relative.parent_path() / model.name).generic_string());
}

// Files of one name in several folders get their folder in front: "a/model", "b/model". `taken` holds the names that are
// given; a name that is still the same after that gets a number.
void makeNamesUnique(std::vector<ModelInfo>& models, const fs::path& dir, std::set<std::string>& taken) {
    std::map<std::string, int> uses;
    for (const ModelInfo& model : models) ++uses[model.name];
    for (ModelInfo& model : models)
        if (uses[model.name] > 1 || taken.contains(model.name)) model.name = nameWithFolder(model, dir);
    for (ModelInfo& model : models) {
        std::string name = model.name;
        for (int number = 2; !taken.insert(name).second; ++number) name = model.name + " (" + std::to_string(number) + ")";
        model.name = std::move(name);
    }
}

std::vector<ModelInfo> listModelFolder(const fs::path& dir, SeenFiles& seen) {
    std::vector<ModelFiles> found = findModelFiles(dir, kFolderLevels);
    sortAliasesLast(found, dir);
    std::vector<ModelInfo> models;
    for (const ModelFiles& files : found) {
        if (files.isDownloading || !seen.insert(files.files.front())) continue;
        models.push_back(describeModel(files));
        models.back().repository = repositoryFromPath(files, dir);
    }
    std::sort(models.begin(), models.end(), [](const ModelInfo& a, const ModelInfo& b) { return a.path < b.path; });
    return models;
}

std::vector<ModelInfo> listCache(SeenFiles& seen) {
    std::vector<ModelInfo> models;
    for (const CachedModel& cached : findCachedModels(huggingFaceCache())) {
        if (!seen.insert(cached.files.files.front())) continue;
        ModelInfo model = describeModel(cached.files);
        model.source = ModelSource::HuggingFaceCache;
        model.repository = cached.repository;
        // The folder's name is a commit.
        if (cached.files.isSafetensors) model.name = cached.repository.substr(cached.repository.rfind('/') + 1);
        models.push_back(std::move(model));
    }
    return models;
}

}  // namespace
}  // namespace catalog

std::vector<ModelInfo> findModels(const Settings& settings) {
    catalog::SeenFiles seen;
    std::set<std::string> names;
    std::vector<ModelInfo> models = catalog::listModelFolder(settings.modelDir, seen);
    catalog::makeNamesUnique(models, settings.modelDir, names);
    if (settings.useHuggingFaceCache) {
        std::vector<ModelInfo> cached = catalog::listCache(seen);
        catalog::makeNamesUnique(cached, settings.modelDir, names);
        std::move(cached.begin(), cached.end(), std::back_inserter(models));
    }
    std::sort(models.begin(), models.end(), [](const ModelInfo& a, const ModelInfo& b) { return a.name < b.name; });
    return models;
}

}  // namespace larder
