// What a GGUF file says it is, and why this version cannot run it: engine/hub/catalog.h.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>

#include "engine/formats/gguf.h"
#include "engine/hub/catalog.h"

namespace larder::catalog {
namespace {

namespace fs = std::filesystem;
using formats::GgufFile;
using formats::GgufType;

// What the model folder has graphs and kernels for; the catalog only tells, loading decides.
constexpr std::array<std::string_view, 1> kArchitectures = {"llama"};
constexpr std::array<GgufType, 7> kWeightTypes = {GgufType::F32,  GgufType::F16,  GgufType::BF16, GgufType::Q4_0,
                                                  GgufType::Q4_1, GgufType::Q8_0, GgufType::Q6_K};

// Above any real model; larger numbers are taken for nonsense.
constexpr std::uint64_t kMaxLayers = 4096;
constexpr std::uint64_t kMaxHeads = 65536;
constexpr std::uint64_t kMaxHeadElements = 1u << 20;
constexpr std::uint64_t kF16Bytes = 2;

// Elements by type, of all parts together.
using WeightCounts = std::map<GgufType, double>;

std::string nameOfType(GgufType type) {
    const formats::GgufTypeTraits* traits = formats::ggufTypeTraits(type);
    return traits != nullptr ? std::string(traits->name) : "type " + std::to_string(static_cast<unsigned>(type));
}

bool isSupportedType(GgufType type) { return std::find(kWeightTypes.begin(), kWeightTypes.end(), type) != kWeightTypes.end(); }

std::string supportedTypeNames() {
    std::string names;
    for (const GgufType type : kWeightTypes) names += (names.empty() ? "" : ", ") + nameOfType(type);
    return names;
}

std::string textOf(const GgufFile& file, std::string_view key) {
    constexpr std::size_t kMaxBytes = 200;
    return printableName(std::string(file.stringValue(key).value_or("").substr(0, kMaxBytes)));
}

// An adapter, the image part of a model and the like: whole files that are no language model by themselves.
std::string findKindProblem(const GgufFile& file, const std::string& architecture) {
    const std::string type = textOf(file, "general.type");
    if (type == "adapter") return "it is an adapter (LoRA) for another model, not a model by itself";
    if (type == "imatrix") return "it holds measurements for quantising a model, not a model";
    if (type == "mmproj" || architecture == "clip")
        return "it is the image or sound part of another model (mmproj), which this version does not use";
    if (file.tensors().empty() && file.has("tokenizer.ggml.tokens")) return "it holds only a vocabulary, no weights";
    return "";
}

// Why the graph, the kernels or the tokenizer would refuse it.
std::string findProblem(const GgufFile& file, const std::string& architecture) {
    if (architecture.empty()) return "it does not say its architecture (no key general.architecture)";
    if (std::find(kArchitectures.begin(), kArchitectures.end(), architecture) == kArchitectures.end())
        return "its architecture \"" + printableName(architecture) + "\" is not supported by this version (supported: llama)";
    if (file.unsignedValue(architecture + ".expert_count").value_or(0) > 0)
        return "it is a mixture of experts, which this version does not support";
    if (const auto scaling = file.stringValue(architecture + ".rope.scaling.type"); scaling && *scaling != "linear" && *scaling != "none")
        return "its rope scaling \"" + textOf(file, architecture + ".rope.scaling.type") + "\" is not supported by this version";
    if (const auto tokenizer = file.stringValue("tokenizer.ggml.model"); tokenizer && *tokenizer != "gpt2")
        return "its tokenizer \"" + textOf(file, "tokenizer.ggml.model") + "\" is not supported by this version (supported: gpt2)";
    if (file.tensors().empty()) return "it holds no weights";
    for (const auto& tensor : file.tensors())
        if (!isSupportedType(tensor.type))
            return "its tensor " + printableName(std::string(tensor.name)) + " is of type " + nameOfType(tensor.type) +
                   ", which this version does not support (supported: " + supportedTypeNames() + ")";
    return "";
}

// What every layer keeps for a token, in f16. Layers without attention (head_count_kv 0 there) keep nothing that grows.
std::uint64_t kvBytesPerToken(const GgufFile& file, const std::string& architecture) {
    const auto number = [&](const char* key, std::uint64_t most) -> std::uint64_t {
        const auto value = file.unsignedValue(architecture + key);
        return value && *value <= most ? *value : 0;
    };
    const std::uint64_t layers = number(".block_count", kMaxLayers);
    const std::uint64_t heads = number(".attention.head_count", kMaxHeads);
    if (layers == 0) return 0;
    // Latent attention keeps one compressed vector instead of heads.
    if (const std::uint64_t rank = number(".attention.kv_lora_rank", kMaxHeadElements); rank > 0)
        return layers * (rank + number(".rope.dimension_count", kMaxHeadElements)) * kF16Bytes;

    const std::uint64_t width = number(".embedding_length", kMaxHeadElements);
    std::uint64_t keyElements = number(".attention.key_length", kMaxHeadElements);
    if (keyElements == 0 && heads > 0) keyElements = width / heads;
    std::uint64_t valueElements = number(".attention.value_length", kMaxHeadElements);
    if (valueElements == 0) valueElements = keyElements;

    std::uint64_t headsOfAllLayers = 0;
    if (const auto perLayer = file.integerArray(architecture + ".attention.head_count_kv")) {
        for (std::size_t i = 0; i < perLayer->size() && i < layers; ++i) {
            const std::int64_t count = (*perLayer)[i];
            if (count > 0 && static_cast<std::uint64_t>(count) <= kMaxHeads) headsOfAllLayers += static_cast<std::uint64_t>(count);
        }
    } else {
        std::uint64_t kvHeads = number(".attention.head_count_kv", kMaxHeads);
        if (kvHeads == 0) kvHeads = heads;
        const std::uint64_t interval = std::max<std::uint64_t>(1, number(".full_attention_interval", kMaxLayers));
        headsOfAllLayers = layers / interval * kvHeads;
    }
    return headsOfAllLayers * (keyElements + valueElements) * kF16Bytes;
}

void countWeights(const GgufFile& file, WeightCounts& counts, ModelInfo& info) {
    for (const auto& tensor : file.tensors()) {
        const std::uint64_t rows = tensor.rows();
        const std::uint64_t rowElements = tensor.rowElements();
        counts[tensor.type] += static_cast<double>(rowElements) * static_cast<double>(rows);
        info.parameters += rowElements * rows;  // each tensor was checked to lie in its file: no overflow
    }
}

void describeHead(const GgufFile& file, const fs::path& path, ModelInfo& info) {
    const std::string architecture(file.stringValue("general.architecture").value_or(""));
    info.architecture = textOf(file, "general.architecture");
    info.contextTokens = static_cast<std::size_t>(file.unsignedValue(architecture + ".context_length").value_or(0));
    info.kvBytesPerToken = kvBytesPerToken(file, architecture);
    info.family = familyForPeople({printableName(path.stem().string()), textOf(file, "general.basename"), textOf(file, "general.size_label"),
                                   textOf(file, "general.finetune"), textOf(file, "general.name")});
    info.problem = findKindProblem(file, architecture);
    if (info.problem.empty()) info.problem = findProblem(file, architecture);
}

}  // namespace

bool describeGguf(const ModelFiles& model, ModelInfo& info) {
    const std::string missing = describeMissingParts(model.files);
    const std::size_t parts = model.files.size();
    WeightCounts counts;
    std::string broken;
    bool isCertain = true;
    for (std::size_t i = 0; i < parts; ++i) {
        const auto file = GgufFile::open(model.files[i]);
        if (!file.ok()) {
            broken = printableName(file.error().message);
            isCertain = file.error().code != ErrorCode::Io;
            break;
        }
        if (i == 0) describeHead(*file, model.files[0], info);
        countWeights(*file, counts, info);
    }
    const auto most = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != counts.end()) info.quantisation = nameOfType(most->first);

    if (!missing.empty()) {
        info.problem = "it is split into several files and " + missing + ": download the model again";
        info.parameters = 0;
    } else if (!broken.empty()) {
        info.problem = broken;
        info.parameters = 0;
    } else if (parts > 1) {
        info.problem = "it is split into " + std::to_string(parts) +
                       " files, which this version does not read: join them into one (llama-gguf-split --merge)";
    }
    return isCertain;
}

}  // namespace larder::catalog
