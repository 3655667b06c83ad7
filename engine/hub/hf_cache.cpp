#include "engine/hub/hf_cache.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "engine/base/disk.h"
#include "engine/base/file.h"

namespace larder::catalog {
namespace {

namespace fs = std::filesystem;

// Repositories are looked at in order of their names; a cache with more is cut off.
constexpr std::size_t kMaxRepositories = 10'000;
// Folders inside a repository: "Q4_K_M/part-00001-of-00003.gguf".
constexpr int kLevelsInRepository = 2;

// Like the other programs: "~" is the home, an empty variable counts as unset.
fs::path folderFromEnvironment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return {};
    const std::string text = value;
    if (text != "~" && !text.starts_with("~/")) return text;
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home == '\0') return {};
    return text == "~" ? fs::path(home) : fs::path(home) / text.substr(2);
}

// "org/name" of "models--org--name"; empty for folders of other things (data sets, locks).
std::string repositoryOf(const std::string& folderName) {
    constexpr std::string_view kPrefix = "models--";
    if (!folderName.starts_with(kPrefix) || folderName.size() == kPrefix.size()) return "";
    const std::string name = folderName.substr(kPrefix.size());
    const std::size_t dashes = name.find("--");
    if (dashes == std::string::npos) return printableName(name);
    return printableName(name.substr(0, dashes)) + "/" + printableName(name.substr(dashes + 2));
}

// "refs/main" holds the name of a folder under snapshots, nothing else.
fs::path snapshotNamedByRef(const fs::path& folder) {
    constexpr std::size_t kMaxRefBytes = 256;
    const auto text = base::readFile(folder / "refs/main", kMaxRefBytes);
    if (!text.ok()) return {};
    std::string commit = *text;
    while (!commit.empty() && static_cast<unsigned char>(commit.back()) <= ' ') commit.pop_back();
    if (commit.empty() || commit.starts_with('.') || commit.find('/') != std::string::npos ||
        commit.find('\0') != std::string::npos)
        return {};
    std::error_code ignored;
    const fs::path snapshot = folder / "snapshots" / commit;
    return fs::is_directory(snapshot, ignored) ? snapshot : fs::path();
}

fs::path newestSnapshot(const fs::path& folder) {
    fs::path newest;
    std::int64_t newestNs = 0;
    std::error_code failure;
    fs::directory_iterator it(folder / "snapshots", fs::directory_options::skip_permission_denied, failure);
    for (; !failure && it != fs::directory_iterator(); it.increment(failure)) {
        std::error_code ignored;
        const auto stamp = base::stampOf(it->path());
        if (!stamp || !it->is_directory(ignored)) continue;
        const bool isNewer = newest.empty() || stamp->modifiedNs > newestNs ||
                             (stamp->modifiedNs == newestNs && it->path() > newest);
        if (!isNewer) continue;
        newest = it->path();
        newestNs = stamp->modifiedNs;
    }
    return newest;
}

// Links to blobs that are there, and no part missing: anything else is a download that did not end.
bool isWhole(const ModelFiles& model) {
    return std::all_of(model.files.begin(), model.files.end(), [](const fs::path& file) {
               const auto stamp = base::stampOf(file);
               return stamp && stamp->isRegular && stamp->bytes > 0;
           }) && describeMissingParts(model.files).empty();
}

void addSnapshot(const fs::path& snapshot, const std::string& repository, std::vector<CachedModel>& found) {
    for (ModelFiles& model : findModelFiles(snapshot, kLevelsInRepository)) {
        // A folder inside a repository is a component (of an image generator, say), no model by itself.
        if (model.isSafetensors && model.path != snapshot) continue;
        if (isWhole(model)) found.push_back({std::move(model), repository});
    }
}

}  // namespace

fs::path huggingFaceCache() {
    if (fs::path cache = folderFromEnvironment("HF_HUB_CACHE"); !cache.empty()) return cache;
    if (const fs::path home = folderFromEnvironment("HF_HOME"); !home.empty()) return home / "hub";
    if (const fs::path cache = folderFromEnvironment("XDG_CACHE_HOME"); !cache.empty()) return cache / "huggingface/hub";
    const fs::path home = folderFromEnvironment("HOME");
    return home.empty() ? fs::path() : home / ".cache/huggingface/hub";
}

std::vector<CachedModel> findCachedModels(const fs::path& cache) {
    std::vector<CachedModel> found;
    if (cache.empty()) return found;
    std::vector<fs::path> folders;
    std::error_code failure;
    fs::directory_iterator it(cache, fs::directory_options::skip_permission_denied, failure);
    for (; !failure && it != fs::directory_iterator() && folders.size() < kMaxRepositories; it.increment(failure))
        if (!repositoryOf(it->path().filename().string()).empty()) folders.push_back(it->path());
    std::sort(folders.begin(), folders.end());
    for (const fs::path& folder : folders) {
        fs::path snapshot = snapshotNamedByRef(folder);
        if (snapshot.empty()) snapshot = newestSnapshot(folder);
        if (!snapshot.empty()) addSnapshot(snapshot, repositoryOf(folder.filename().string()), found);
    }
    return found;
}

}  // namespace larder::catalog
