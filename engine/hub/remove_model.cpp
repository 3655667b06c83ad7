// Deleting models: engine/models.h.
#include <algorithm>
#include <system_error>

#include "engine/hub/catalog.h"

namespace larder {
namespace catalog {
namespace {

namespace fs = std::filesystem;

Error refused(const std::string& what) { return {ErrorCode::PermissionDenied, what}; }

// Both canonical.
bool isBelow(const fs::path& path, const fs::path& folder) {
    const auto [left, right] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
    return left == folder.end();
}

// path with every link above its last part resolved: a link at the end is what is deleted, not where it leads.
Expected<fs::path> placeOf(const fs::path& path) {
    std::error_code failure;
    const fs::path whole = path.has_filename() ? path : path.parent_path();
    const fs::path parent = fs::canonical(whole.has_parent_path() ? whole.parent_path() : fs::path("."), failure);
    if (failure) return Error{ErrorCode::NotFound, path.string() + " cannot be found: " + failure.message()};
    return parent / whole.filename();
}

Expected<void> removeFile(const fs::path& path, std::size_t& removed) {
    std::error_code failure;
    if (fs::remove(path, failure)) ++removed;
    if (!failure) return {};
    const bool denied = failure == std::errc::permission_denied || failure == std::errc::operation_not_permitted ||
                        failure == std::errc::read_only_file_system;
    return Error{denied ? ErrorCode::PermissionDenied : ErrorCode::Io, "cannot delete " + path.string() + ": " + failure.message()};
}

// The files to delete for the model at place; empty when there is none.
std::vector<fs::path> filesToRemove(const fs::path& place, const fs::path& modelDir) {
    std::error_code ignored;
    const bool isFolder = fs::is_directory(place, ignored);
    if (isFolder && place != modelDir && fs::is_symlink(place, ignored)) return {place};
    if (!isFolder && !isGgufName(place)) return {};
    for (const ModelFiles& model : findModelFiles(isFolder ? place : place.parent_path(), 0)) {
        if (isFolder && model.isSafetensors) return model.files;
        if (!isFolder && std::find(model.files.begin(), model.files.end(), place) != model.files.end()) return model.files;
    }
    return {};
}

// From folder upwards, up to the first that holds something, never the model folder itself.
void removeEmptyFolders(fs::path folder, const fs::path& modelDir) {
    while (folder != modelDir && isBelow(folder, modelDir)) {
        std::error_code failure;
        if (!fs::remove(folder, failure) || failure) return;
        folder = folder.parent_path();
    }
}

}  // namespace
}  // namespace catalog

Expected<void> removeModel(const ModelInfo& model, const Settings& settings) {
    namespace fs = std::filesystem;
    if (model.source == ModelSource::HuggingFaceCache)
        return catalog::refused(model.name + " lies in the Hugging Face cache (" + model.path.string() +
                                "), which other programs use too: delete it there with \"hf cache delete\"");
    std::error_code failure;
    const fs::path modelDir = fs::canonical(settings.modelDir, failure);
    if (failure)
        return Error{ErrorCode::NotFound, "the model folder " + settings.modelDir.string() + " cannot be read: " + failure.message()};
    // A safetensors model may lie in the model folder itself.
    const bool isModelDir = fs::equivalent(model.path, modelDir, failure) && !failure;
    const auto place = isModelDir ? Expected<fs::path>(modelDir) : catalog::placeOf(model.path);
    if (!place.ok()) return place.error();
    if (!catalog::isBelow(*place, modelDir))
        return catalog::refused(model.path.string() + " is not in the model folder " + settings.modelDir.string() +
                                ", so Larder does not delete it: delete the file yourself");

    const std::vector<fs::path> files = catalog::filesToRemove(*place, modelDir);
    std::size_t removed = 0;
    for (const fs::path& file : files)
        if (auto done = catalog::removeFile(file, removed); !done.ok()) return done;
    if (removed == 0) return Error{ErrorCode::NotFound, "there is no model at " + model.path.string() + " any more"};
    const bool wasFolder = files.front() != *place && fs::is_directory(*place, failure);
    catalog::removeEmptyFolders(wasFolder ? *place : place->parent_path(), modelDir);
    return {};
}

}  // namespace larder
