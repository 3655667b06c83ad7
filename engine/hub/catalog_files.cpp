// Which files below a folder belong together as one model: engine/hub/catalog.h.
#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <system_error>
#include <tuple>

#include "engine/hub/catalog.h"

namespace larder::catalog {
namespace {

namespace fs = std::filesystem;

// A folder tree that is no model folder (a whole disk, say) must not be walked forever.
constexpr std::size_t kMaxEntries = 100'000;

// One folder, read once.
struct FolderContent {
    std::vector<fs::path> ggufs;
    std::vector<fs::path> safetensors;
    std::vector<fs::path> companions;   // of a safetensors model, if there is one
    std::vector<fs::path> folders;
    std::set<std::string> downloading;  // "FILE" for each ".FILE.part"
    bool hasConfig = false;
};

// "FILE" of ".FILE.part"; empty for other names.
std::string partialName(const std::string& name) {
    constexpr std::string_view kSuffix = ".part";
    if (!name.starts_with('.') || !name.ends_with(kSuffix) || name.size() <= 1 + kSuffix.size()) return "";
    return name.substr(1, name.size() - 1 - kSuffix.size());
}

FolderContent readFolder(const fs::path& dir, std::size_t& entriesLeft) {
    FolderContent content;
    std::error_code failure;
    fs::directory_iterator it(dir, fs::directory_options::skip_permission_denied, failure);
    for (; !failure && it != fs::directory_iterator() && entriesLeft > 0; it.increment(failure), --entriesLeft) {
        const fs::path& path = it->path();
        const std::string name = path.filename().string();
        if (name.starts_with('.')) {
            if (const std::string whole = partialName(name); !whole.empty()) content.downloading.insert(whole);
            continue;
        }
        std::error_code ignored;
        if (it->is_directory(ignored)) content.folders.push_back(path);
        else if (isGgufName(path)) content.ggufs.push_back(path);
        else if (isSafetensorsName(path)) content.safetensors.push_back(path);
        else if (belongsToSafetensors(name)) content.companions.push_back(path);
        content.hasConfig = content.hasConfig || name == "config.json";
    }
    std::sort(content.ggufs.begin(), content.ggufs.end());
    std::sort(content.safetensors.begin(), content.safetensors.end());
    std::sort(content.companions.begin(), content.companions.end());
    std::sort(content.folders.begin(), content.folders.end());
    return content;
}

// What the parts of one split file have in common; a file that is none has it for itself.
std::string ggufGroup(const fs::path& path) {
    const auto split = readSplitName(path.stem().string());
    return split ? split->prefix + "/" + std::to_string(split->parts) : path.filename().string();
}

void addGgufs(const FolderContent& content, std::vector<ModelFiles>& found) {
    std::set<std::string> underWay;
    for (const std::string& name : content.downloading) underWay.insert(ggufGroup(name));
    std::map<std::string, std::size_t> places;
    for (const fs::path& path : content.ggufs) {
        const std::string group = ggufGroup(path);
        const auto [place, isNew] = places.emplace(group, found.size());
        if (isNew) found.push_back({path, {}, false, readSplitName(path.stem().string()) && underWay.contains(group)});
        found[place->second].files.push_back(path);
    }
}

bool isGgufPartial(const std::string& name) { return isGgufName(name); }

void addSafetensors(const fs::path& dir, const FolderContent& content, std::vector<ModelFiles>& found) {
    if (!content.hasConfig || content.safetensors.empty()) return;
    const bool underWay = !std::all_of(content.downloading.begin(), content.downloading.end(), isGgufPartial);
    std::vector<fs::path> files = content.safetensors;
    files.insert(files.end(), content.companions.begin(), content.companions.end());
    found.push_back({dir, std::move(files), true, underWay});
}

void walk(const fs::path& dir, int levels, std::size_t& entriesLeft, std::vector<ModelFiles>& found) {
    const FolderContent content = readFolder(dir, entriesLeft);
    addGgufs(content, found);
    addSafetensors(dir, content, found);
    if (levels <= 0) return;
    for (const fs::path& folder : content.folders) walk(folder, levels - 1, entriesLeft, found);
}

// "2", "2 and 3", "2, 3, 4 and 9 more".
std::string numbersInWords(const std::vector<int>& numbers) {
    constexpr std::size_t kShown = 5;
    std::string words;
    const std::size_t shown = std::min(numbers.size(), kShown);
    for (std::size_t i = 0; i < shown; ++i) {
        const bool last = i + 1 == numbers.size();
        words += (i == 0 ? "" : last ? " and " : ", ") + std::to_string(numbers[i]);
    }
    return numbers.size() > shown ? words + " and " + std::to_string(numbers.size() - shown) + " more" : words;
}

}  // namespace

std::string inLowerCase(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

bool isGgufName(const fs::path& path) { return inLowerCase(path.extension().string()) == ".gguf"; }

bool isSafetensorsName(const fs::path& path) { return inLowerCase(path.extension().string()) == ".safetensors"; }

std::optional<SplitName> readSplitName(const std::string& stem) {
    auto split = hub::readSplitName(stem, "");
    if (split && (split->parts < 2 || split->part < 1 || split->part > split->parts)) split.reset();
    return split;
}

std::string describeMissingParts(const std::vector<fs::path>& files) {
    std::map<std::pair<std::string, int>, std::set<int>> present;
    for (const fs::path& file : files)
        if (const auto split = readSplitName(file.stem().string())) present[{split->prefix, split->parts}].insert(split->part);
    for (const auto& [split, parts] : present) {
        std::vector<int> missing;
        for (int part = 1; part <= split.second; ++part)
            if (!parts.contains(part)) missing.push_back(part);
        if (missing.empty()) continue;
        return (missing.size() == 1 ? "part " : "parts ") + numbersInWords(missing) + " of " + std::to_string(split.second) +
               (missing.size() == 1 ? " is missing" : " are missing");
    }
    return "";
}

bool isSafetensorsFolder(const fs::path& folder) {
    std::size_t entriesLeft = kMaxEntries;
    const FolderContent content = readFolder(folder, entriesLeft);
    return content.hasConfig && !content.safetensors.empty();
}

bool belongsToSafetensors(const std::string& fileName) {
    constexpr std::array<std::string_view, 26> kNames = {
        "config.json", "generation_config.json", "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json",
        "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
        "chat_template.json", "chat_template.jinja", "preprocessor_config.json", "processor_config.json",
        "video_preprocessor_config.json", "quantization_config.json", "quantize_config.json", "adapter_config.json",
        "hf_quant_config.json", "configuration.json", "README.md", "LICENSE", "LICENSE.txt", "USE_POLICY.md", ".gitattributes"};
    return std::find(kNames.begin(), kNames.end(), fileName) != kNames.end() ||
           isSafetensorsName(fileName);
}

std::vector<ModelFiles> findModelFiles(const fs::path& dir, int levels) {
    std::vector<ModelFiles> found;
    if (dir.empty()) return found;
    std::size_t entriesLeft = kMaxEntries;
    walk(dir, levels, entriesLeft, found);
    std::sort(found.begin(), found.end(), [](const ModelFiles& a, const ModelFiles& b) {
        return std::tie(a.path, a.isSafetensors) < std::tie(b.path, b.isSafetensors);
    });
    return found;
}

}  // namespace larder::catalog
