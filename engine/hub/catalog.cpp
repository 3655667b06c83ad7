// Finding models on the disk: engine/models.h.
#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <map>
#include <optional>
#include <string_view>

#include "engine/base/utf8.h"
#include "engine/formats/gguf.h"
#include "engine/models.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using formats::GgufFile;
using formats::GgufType;

// What the model folder has graphs and kernels for; the catalog only tells, loading decides.
constexpr std::array<std::string_view, 1> kArchitectures = {"llama"};
constexpr std::array<GgufType, 6> kWeightTypes = {GgufType::F32,  GgufType::F16,  GgufType::BF16,
                                                  GgufType::Q4_0, GgufType::Q4_1, GgufType::Q8_0};

// Folders below the model folder that are looked into: dir/organisation/model/file.gguf.
constexpr int kFolderLevels = 2;
// A folder tree that is no model folder (a whole disk, say) must not be walked forever.
constexpr std::size_t kMaxEntries = 100'000;

std::string lowerCase(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

bool isGgufName(const fs::path& path) { return lowerCase(path.extension().string()) == ".gguf"; }

// A name that requests and JSON can carry, whatever bytes the file system has.
std::string printable(const std::string& name) {
    std::string text = base::repairUtf8(name);
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '_';
    return text;
}

void collect(const fs::path& dir, int levels, std::size_t& entries, std::vector<fs::path>& found) {
    std::error_code failure;
    fs::directory_iterator it(dir, fs::directory_options::skip_permission_denied, failure);
    for (; !failure && it != fs::directory_iterator() && entries < kMaxEntries; it.increment(failure), ++entries) {
        const fs::path& path = it->path();
        if (path.filename().string().starts_with('.')) continue;
        std::error_code ignored;
        if (it->is_directory(ignored)) {
            if (levels > 0) collect(path, levels - 1, entries, found);
        } else if (isGgufName(path)) {
            found.push_back(path);
        }
    }
}

std::int64_t modifiedSeconds(const fs::path& path) {
    std::error_code failure;
    const auto time = fs::last_write_time(path, failure);
    if (failure) return 0;
    const auto sinceEpoch = std::chrono::file_clock::to_sys(time).time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(sinceEpoch).count();
}

// "model-00002-of-00003": 2 and 3.
std::optional<std::pair<int, int>> splitPart(const std::string& stem) {
    constexpr std::string_view kPattern = "-00000-of-00000";
    if (stem.size() < kPattern.size()) return std::nullopt;
    const std::string tail = stem.substr(stem.size() - kPattern.size());
    for (std::size_t i = 0; i < tail.size(); ++i) {
        const bool isDigit = tail[i] >= '0' && tail[i] <= '9';
        if (kPattern[i] == '0' ? !isDigit : tail[i] != kPattern[i]) return std::nullopt;
    }
    return std::pair(std::stoi(tail.substr(1, 5)), std::stoi(tail.substr(10, 5)));
}

std::string typeName(GgufType type) {
    const formats::GgufTypeTraits* traits = formats::ggufTypeTraits(type);
    return traits != nullptr ? std::string(traits->name) : "type " + std::to_string(static_cast<unsigned>(type));
}

bool isSupported(GgufType type) { return std::find(kWeightTypes.begin(), kWeightTypes.end(), type) != kWeightTypes.end(); }

std::string supportedTypes() {
    std::string names;
    for (const GgufType type : kWeightTypes) names += (names.empty() ? "" : ", ") + typeName(type);
    return names;
}

// The type with the most elements; norms and biases are always few.
std::optional<GgufType> mainType(const GgufFile& file) {
    std::map<GgufType, double> elements;
    for (const auto& tensor : file.tensors())
        elements[tensor.type] += static_cast<double>(tensor.rowElements()) * static_cast<double>(tensor.rows());
    const auto most = std::max_element(elements.begin(), elements.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == elements.end()) return std::nullopt;
    return most->first;
}

std::string findProblem(const GgufFile& file, const std::string& architecture) {
    if (architecture.empty()) return "it does not say its architecture (no key general.architecture)";
    if (std::find(kArchitectures.begin(), kArchitectures.end(), architecture) == kArchitectures.end())
        return "its architecture \"" + printable(architecture) + "\" is not supported by this version (supported: llama)";
    if (file.tensors().empty()) return "it holds no weights";
    for (const auto& tensor : file.tensors())
        if (!isSupported(tensor.type))
            return "its tensor " + printable(std::string(tensor.name)) + " is of type " + typeName(tensor.type) +
                   ", which this version does not support (supported: " + supportedTypes() + ")";
    return "";
}

// Everything but the name's uniqueness.
ModelInfo describe(const fs::path& path) {
    ModelInfo model;
    model.path = path;
    model.name = printable(path.stem().string());
    std::error_code failure;
    model.fileBytes = fs::file_size(path, failure);
    if (failure) model.fileBytes = 0;
    model.modifiedSeconds = modifiedSeconds(path);

    if (const auto part = splitPart(path.stem().string()); part && part->second > 1) {
        model.problem = "it is part " + std::to_string(part->first) + " of " + std::to_string(part->second) +
                        " of a split model: join the parts into one file (llama-gguf-split --merge)";
        return model;
    }
    const auto file = GgufFile::open(path);
    if (!file.ok()) {
        model.problem = printable(file.error().message);
        return model;
    }
    const std::string architecture(file->stringValue("general.architecture").value_or(""));
    model.architecture = printable(architecture);
    model.contextTokens = static_cast<std::size_t>(file->unsignedValue(architecture + ".context_length").value_or(0));
    if (const auto type = mainType(*file)) model.quantisation = typeName(*type);
    model.problem = findProblem(*file, architecture);
    return model;
}

// Files of one name in several folders get their folder in front: "a/model", "b/model". A name so made can only meet
// another one when the names differ in unprintable bytes or in the case of ".gguf"; then a number tells them apart.
void makeNamesUnique(std::vector<ModelInfo>& models, const fs::path& dir) {
    std::map<std::string, int> uses;
    for (const ModelInfo& model : models) ++uses[model.name];
    std::map<std::string, int> taken;
    for (ModelInfo& model : models) {
        if (uses[model.name] > 1)
            model.name = printable((model.path.lexically_relative(dir).parent_path() / model.path.stem()).generic_string());
        const int before = taken[model.name]++;
        if (before > 0) model.name += " (" + std::to_string(before + 1) + ")";
    }
}

std::string withoutExtension(const std::string& name) {
    return isGgufName(name) ? name.substr(0, name.size() - std::string_view(".gguf").size()) : name;
}

// What follows the last '/' of "folder/model".
std::string lastPart(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::string listed(const std::vector<ModelInfo>& models) {
    constexpr std::size_t kShown = 20;
    std::string names;
    for (std::size_t i = 0; i < models.size() && i < kShown; ++i) names += (names.empty() ? "" : ", ") + models[i].name;
    if (models.size() > kShown) names += " and " + std::to_string(models.size() - kShown) + " more";
    return names;
}

// The models whose name agrees, by the strictest rule that any of them meets.
std::vector<ModelInfo> matching(const std::vector<ModelInfo>& models, const std::string& wanted) {
    const std::string loose = lowerCase(withoutExtension(wanted));
    const auto exact = [&](const ModelInfo& model) { return model.name == wanted; };
    const auto sameStem = [&](const ModelInfo& model) { return model.name == withoutExtension(wanted); };
    const auto anyCase = [&](const ModelInfo& model) { return lowerCase(model.name) == loose; };
    const auto withoutFolder = [&](const ModelInfo& model) { return lowerCase(lastPart(model.name)) == loose; };
    std::vector<ModelInfo> found;
    const auto select = [&](const auto& rule) {
        std::copy_if(models.begin(), models.end(), std::back_inserter(found), rule);
        return !found.empty();
    };
    (void)(select(exact) || select(sameStem) || select(anyCase) || select(withoutFolder));
    return found;
}

// The file at this path, under the name that the catalog gives it if it lies in dir.
ModelInfo describePath(const fs::path& path, const std::vector<ModelInfo>& models) {
    std::error_code ignored;
    for (const ModelInfo& model : models)
        if (fs::equivalent(model.path, path, ignored)) return model;
    return describe(path);
}

}  // namespace

std::vector<ModelInfo> findModels(const fs::path& dir) {
    std::vector<fs::path> files;
    std::size_t entries = 0;
    collect(dir, kFolderLevels, entries, files);
    std::sort(files.begin(), files.end());
    std::vector<ModelInfo> models;
    models.reserve(files.size());
    for (const fs::path& file : files) models.push_back(describe(file));
    makeNamesUnique(models, dir);
    std::sort(models.begin(), models.end(), [](const ModelInfo& a, const ModelInfo& b) { return a.name < b.name; });
    return models;
}

Expected<ModelInfo> resolveModel(const std::string& nameOrPath, const fs::path& dir) {
    const std::vector<ModelInfo> models = findModels(dir);
    const auto found = matching(models, nameOrPath);
    if (found.size() == 1) return found.front();
    if (found.size() > 1)
        return Error{ErrorCode::InvalidArgument, "\"" + nameOrPath + "\" could mean several models, say which: " + listed(found)};

    std::error_code ignored;
    const bool looksLikePath = nameOrPath.find('/') != std::string::npos || isGgufName(nameOrPath);
    if (looksLikePath && fs::is_regular_file(nameOrPath, ignored)) return describePath(nameOrPath, models);
    if (models.empty())
        return Error{ErrorCode::NotFound, "there is no model \"" + nameOrPath + "\": put a GGUF file into " + dir.string()};
    return Error{ErrorCode::NotFound, "there is no model \"" + nameOrPath + "\"; there are: " + listed(models)};
}

}  // namespace larder
