// The model that a name or a path means: engine/models.h.
#include <algorithm>
#include <iterator>
#include <system_error>

#include "engine/hub/catalog.h"

namespace larder {
namespace catalog {
namespace {

namespace fs = std::filesystem;

std::string withoutExtension(const std::string& name) {
    return isGgufName(name) ? name.substr(0, name.size() - std::string_view(".gguf").size()) : name;
}

// What follows the last '/' of "folder/model".
std::string lastPart(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::string namesInWords(const std::vector<ModelInfo>& models) {
    constexpr std::size_t kShown = 20;
    std::string names;
    for (std::size_t i = 0; i < models.size() && i < kShown; ++i) names += (names.empty() ? "" : ", ") + models[i].name;
    if (models.size() > kShown) names += " and " + std::to_string(models.size() - kShown) + " more";
    return names;
}

// "org/name" and "org/name:Q4_0", as for `larder pull`. Split parts and the like that cannot run count only if nothing else
// agrees.
bool isOfRepository(const ModelInfo& model, const std::string& wanted) {
    const std::size_t colon = wanted.rfind(':');
    const std::string quantisation = colon == std::string::npos ? "" : wanted.substr(colon + 1);
    if (model.repository.empty() || inLowerCase(model.repository) != wanted.substr(0, colon)) return false;
    return quantisation.empty() || inLowerCase(model.quantisation) == quantisation ||
           inLowerCase(model.name).find(quantisation) != std::string::npos;
}

// The models that agree, by the strictest rule that any of them meets.
std::vector<ModelInfo> modelsNamed(const std::vector<ModelInfo>& models, const std::string& wanted) {
    const std::string loose = inLowerCase(withoutExtension(wanted));
    const auto exact = [&](const ModelInfo& model) { return model.name == wanted; };
    const auto sameStem = [&](const ModelInfo& model) { return model.name == withoutExtension(wanted); };
    const auto anyCase = [&](const ModelInfo& model) { return inLowerCase(model.name) == loose; };
    const auto withoutFolder = [&](const ModelInfo& model) { return inLowerCase(lastPart(model.name)) == loose; };
    const auto runnable = [&](const ModelInfo& model) { return model.problem.empty() && isOfRepository(model, inLowerCase(wanted)); };
    const auto repository = [&](const ModelInfo& model) { return isOfRepository(model, inLowerCase(wanted)); };
    std::vector<ModelInfo> found;
    const auto select = [&](const auto& rule) {
        std::copy_if(models.begin(), models.end(), std::back_inserter(found), rule);
        return !found.empty();
    };
    (void)(select(exact) || select(sameStem) || select(anyCase) || select(withoutFolder) || select(runnable) || select(repository));
    return found;
}

// The model at this path (a part of a split one means the whole), under the name that the catalog gives it if it lists it.
ModelInfo modelAtPath(const fs::path& path, const std::vector<ModelInfo>& models) {
    std::error_code ignored;
    for (const ModelInfo& model : models)
        if (fs::equivalent(model.path, path, ignored)) return model;
    const bool isFolder = fs::is_directory(path, ignored);
    const fs::path folder = isFolder ? path : path.has_parent_path() ? path.parent_path() : fs::path(".");
    for (const ModelFiles& model : findModelFiles(folder, 0)) {
        const bool same = isFolder ? model.isSafetensors : std::find(model.files.begin(), model.files.end(), folder / path.filename()) != model.files.end();
        if (same) return describeModel(model);
    }
    return describeModel({path, {path}, false, false});
}

}  // namespace
}  // namespace catalog

Expected<ModelInfo> resolveModel(const std::string& nameOrPath, const Settings& settings) {
    const std::vector<ModelInfo> models = findModels(settings);
    const auto found = catalog::modelsNamed(models, nameOrPath);
    if (found.size() == 1) return found.front();
    if (found.size() > 1)
        return Error{ErrorCode::InvalidArgument,
                     "\"" + nameOrPath + "\" could mean several models, say which: " + catalog::namesInWords(found)};

    std::error_code ignored;
    const bool looksLikePath = nameOrPath.find('/') != std::string::npos || catalog::isGgufName(nameOrPath);
    if (looksLikePath && (std::filesystem::is_regular_file(nameOrPath, ignored) || catalog::isSafetensorsFolder(nameOrPath)))
        return catalog::modelAtPath(nameOrPath, models);
    if (models.empty())
        return Error{ErrorCode::NotFound, "there is no model \"" + nameOrPath + "\": put a GGUF file into " + settings.modelDir.string()};
    return Error{ErrorCode::NotFound, "there is no model \"" + nameOrPath + "\"; there are: " + catalog::namesInWords(models)};
}

}  // namespace larder
