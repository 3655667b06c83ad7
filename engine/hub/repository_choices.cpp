#include "engine/hub/repository_choices.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "engine/hub/model_name.h"

namespace larder::hub {
namespace {

// What this version has graphs and kernels for; the catalog looks into the file once it is here, this goes by what the
// hub and the file's name tell.
constexpr std::string_view kRunnableArchitecture = "llama";
constexpr std::array<std::string_view, 7> kRunnableTypes = {"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q8_0", "Q6_K"};

bool isRunnableType(const std::string& type) {
    return std::find(kRunnableTypes.begin(), kRunnableTypes.end(), type) != kRunnableTypes.end();
}

std::string fileNameOf(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string folderNameOf(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

// Projectors, importance matrices, adapters and bare vocabularies are GGUF files too, but no models.
bool isAuxiliaryGguf(const std::string& path) {
    const std::string lower = lowerCaseName(path);
    if (lower.find("mmproj") != std::string::npos || lower.find("imatrix") != std::string::npos) return true;
    const std::string name = fileNameOf(lower);
    std::set<std::string> words;
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t end = std::min(name.find_first_of("-_. ", at), name.size());
        words.insert(name.substr(at, end - at));
        at = end + 1;
    }
    const bool adapter = (words.contains("lora") || words.contains("adapter")) && !words.contains("merged");
    return adapter || words.contains("vocab") || words.contains("projector");
}

// One model in GGUF: a file, or the parts of a split one in order.
struct GgufGroup {
    std::string name;  // the path without ".gguf" and part numbers
    std::string type;  // "Q4_0"; empty when unknown
    int parts = 1;     // that there should be
    std::map<int, RepositoryFile> files;

    std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const auto& [part, file] : files) sum += file.bytes;
        return sum;
    }
};

std::vector<GgufGroup> groupGgufFiles(const std::vector<RepositoryFile>& files) {
    std::map<std::pair<std::string, int>, GgufGroup> groups;
    for (const RepositoryFile& file : files) {
        if (!endsWithoutCase(file.path, ".gguf") || isAuxiliaryGguf(file.path)) continue;
        const auto split = readSplitName(file.path, ".gguf");
        const bool isPart = split && split->part >= 1 && split->part <= split->parts;
        const std::string name = isPart ? split->prefix : file.path.substr(0, file.path.size() - 5);
        GgufGroup& group = groups[{name, isPart ? split->parts : 0}];
        group.name = name;
        group.type = quantisationOf(name);
        group.parts = isPart ? split->parts : 1;
        group.files.emplace(isPart ? split->part : 1, file);
    }
    std::vector<GgufGroup> list;
    for (auto& [key, group] : groups) list.push_back(std::move(group));
    return list;
}

std::string supportedTypeNames() {
    std::string names;
    for (const std::string_view type : kRunnableTypes) names += (names.empty() ? "" : ", ") + std::string(type);
    return names;
}

std::string ggufProblem(const GgufGroup& group, const RepositoryListing& listing) {
    if (static_cast<int>(group.files.size()) < group.parts)
        return "only " + std::to_string(group.files.size()) + " of its " + std::to_string(group.parts) +
               " parts are in the repository";
    if (!listing.architecture.empty() && listing.architecture != kRunnableArchitecture)
        return "its architecture \"" + listing.architecture + "\" is not supported by this version (supported: llama)";
    if (!group.type.empty() && !isRunnableType(group.type))
        return "its weights are of type " + group.type +
               ", which this version does not support (supported: " + supportedTypeNames() + ")";
    if (group.parts > 1)
        return "it is split into " + std::to_string(group.parts) +
               " files: to run it, join them into one (llama-gguf-split --merge)";
    return "";
}

// Several files of one type (other models, other makers) are told apart by folder, else by name.
void labelGroups(const std::vector<GgufGroup>& groups, std::vector<DownloadChoice>& choices) {
    std::map<std::string, int> uses;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        choices[i].label = groups[i].type.empty() ? fileNameOf(groups[i].name) : groups[i].type;
        ++uses[choices[i].label];
    }
    std::map<std::string, int> foldered;
    for (std::size_t i = 0; i < groups.size(); ++i) ++foldered[choices[i].label + "\n" + folderNameOf(groups[i].name)];
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const std::string label = choices[i].label;
        if (uses[label] < 2) continue;
        const std::string folder = folderNameOf(groups[i].name);
        if (foldered[label + "\n" + folder] > 1)
            choices[i].label = groups[i].name;
        else if (!folder.empty())
            choices[i].label = label + " (" + folder + ")";
    }
    // What is left of equal labels differs in the number of parts only.
    std::map<std::string, int> taken;
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (taken[choices[i].label]++ > 0) choices[i].label += " (" + std::to_string(groups[i].parts) + " parts)";
}

bool isTokenizerFile(const std::string& name) {
    constexpr std::array<std::string_view, 7> kNames = {
        "config.json", "generation_config.json",      "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "merges.txt",  "model.safetensors.index.json"};
    if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) return true;
    return name.starts_with("tokenizer") || name.starts_with("chat_template") || name.ends_with(".model");
}

// The whole model as the tools of its makers read it: weights in the top folder, and what describes them.
std::optional<DownloadChoice> safetensorsChoice(const RepositoryListing& listing) {
    std::vector<RepositoryFile> weights;
    DownloadChoice choice{
        .label = "safetensors", .format = ModelFormat::Safetensors, .files = {}, .problem = "", .fit = {}};
    bool hasConfig = false;
    for (const RepositoryFile& file : listing.files) {
        if (file.path.find('/') != std::string::npos) continue;
        const bool adapter = lowerCaseName(file.path).starts_with("adapter");
        if (file.path.ends_with(".safetensors") && !adapter)
            weights.push_back(file);
        else if (isTokenizerFile(file.path))
            choice.files.push_back(file);
        hasConfig = hasConfig || file.path == "config.json";
    }
    // The same weights once more, in the maker's own layout or as a half-precision variant.
    const auto isUsual = [](const RepositoryFile& file) {
        return file.path.starts_with("model") && file.path.find(".fp16") == std::string::npos;
    };
    if (std::any_of(weights.begin(), weights.end(), isUsual))
        std::erase_if(weights, [&](const auto& file) { return !isUsual(file); });
    if (weights.empty() || !hasConfig) return std::nullopt;
    std::map<std::string, std::pair<int, int>> splits;  // parts there are, parts there should be
    for (const RepositoryFile& file : weights)
        if (const auto split = readSplitName(file.path, ".safetensors")) {
            ++splits[split->prefix].first;
            splits[split->prefix].second = split->parts;
        }
    choice.problem = "safetensors models cannot be run by this version yet: choose a GGUF repository of it";
    for (const auto& [prefix, count] : splits)
        if (count.first < count.second)
            choice.problem = "only " + std::to_string(count.first) + " of its " + std::to_string(count.second) +
                             " parts are in the repository";
    choice.files.insert(choice.files.begin(), weights.begin(), weights.end());
    for (const RepositoryFile& file : choice.files) choice.bytes += file.bytes;
    return choice;
}

// Lower is better. What runs here is sorted by how well it answers for its speed: below two billion weights four bits
// cost too much quality, above it eight bits cost too much time without a GPU.
int preference(const std::string& type, bool small) {
    constexpr std::array<std::string_view, 18> kSmall = {"Q8_0",  "Q6_K",   "Q5_K_M", "Q4_K_M", "UD-Q4_K_XL", "Q4_1",
                                                         "Q4_0",  "Q5_K_S", "Q4_K_L", "Q4_K_S", "IQ4_XS",     "IQ4_NL",
                                                         "MXFP4", "BF16",   "F16",    "Q3_K_M", "Q2_K",       "F32"};
    constexpr std::array<std::string_view, 18> kLarge = {"Q4_K_M", "UD-Q4_K_XL", "MXFP4",  "Q4_K_L", "Q4_K_S", "Q4_1",
                                                         "Q4_0",   "Q5_K_M",     "IQ4_XS", "IQ4_NL", "Q5_K_S", "Q6_K",
                                                         "Q8_0",   "Q3_K_M",     "BF16",   "F16",    "Q2_K",   "F32"};
    const auto& order = small ? kSmall : kLarge;
    return static_cast<int>(std::find(order.begin(), order.end(), type) - order.begin());
}

// How many weights the model has: the hub says so, or a file of a known type tells about.
std::uint64_t parametersOf(const RepositoryListing& listing, const std::vector<GgufGroup>& groups) {
    if (listing.parameters > 0) return listing.parameters;
    std::uint64_t most = 0;
    for (const GgufGroup& group : groups) {
        const std::string& type = group.type;
        const std::uint64_t bits = type == "F32" ? 32 : type == "F16" || type == "BF16" ? 16 : type == "Q8_0" ? 9 : 5;
        most = std::max(most, group.bytes() / bits * 8);
    }
    return most;
}

struct RankedChoice {
    DownloadChoice choice;
    int preference = 0;

    auto rank() const {
        const int fits = choice.fit.verdict == Fit::Good ? 0 : choice.fit.verdict == Fit::TooBig ? 2 : 1;
        return std::tuple(!choice.problem.empty(), fits, fits == 2 ? choice.bytes : 0, preference, choice.bytes,
                          choice.label);
    }
};

}  // namespace

std::vector<DownloadChoice> makeChoices(const RepositoryListing& listing, const Machine& machine) {
    constexpr std::uint64_t kSmallModel = 2'000'000'000;
    const std::vector<GgufGroup> groups = groupGgufFiles(listing.files);
    const bool small = parametersOf(listing, groups) < kSmallModel;

    std::vector<DownloadChoice> choices(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
        for (const auto& [part, file] : groups[i].files) choices[i].files.push_back(file);
        choices[i].bytes = groups[i].bytes();
        choices[i].problem = ggufProblem(groups[i], listing);
    }
    labelGroups(groups, choices);
    std::vector<RankedChoice> ranked;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const std::string& type = groups[i].type;
        ranked.push_back({std::move(choices[i]), type.empty() ? 50 : preference(type, small)});
    }
    if (auto whole = safetensorsChoice(listing)) ranked.push_back({std::move(*whole), 100});
    for (RankedChoice& entry : ranked)
        entry.choice.fit = estimateFit(entry.choice.bytes, 0, listing.contextTokens, machine);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const RankedChoice& a, const RankedChoice& b) { return a.rank() < b.rank(); });
    std::vector<DownloadChoice> sorted;
    for (RankedChoice& entry : ranked) sorted.push_back(std::move(entry.choice));
    return sorted;
}

}  // namespace larder::hub
