// What a safetensors folder says it is, from its config.json: engine/hub/catalog.h.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/hub/catalog.h"

namespace larder::catalog {
namespace {

using base::Json;

constexpr std::size_t kMaxConfigBytes = 4 << 20;
constexpr std::uint64_t kMaxNumber = 1u << 20;  // of layers, heads and the like: more is nonsense
constexpr std::uint64_t kKvElementBytes = 2;    // f16

// config.json; keys of a model with images are one level down, in text_config.
class ModelConfig {
public:
    explicit ModelConfig(const Json& document) : m_document(document) {
        const auto text = document.find("text_config");
        if (text != document.end() && text->is_object()) m_text = &*text;
    }

    std::string text(const char* key) const {
        const Json* value = find(key);
        return value != nullptr && value->is_string() ? printableName(value->get<std::string>().substr(0, 200)) : "";
    }

    std::uint64_t number(const char* key, std::uint64_t most = kMaxNumber) const {
        const Json* value = find(key);
        if (value == nullptr || !value->is_number_unsigned()) return 0;
        const auto found = value->get<std::uint64_t>();
        return found <= most ? found : 0;
    }

    const Json* find(const char* key) const {
        for (const Json* level : {&m_document, m_text}) {
            if (level == nullptr) continue;
            const auto value = level->find(key);
            if (value != level->end() && !value->is_null()) return &*value;
        }
        return nullptr;
    }

private:
    const Json& m_document;
    const Json* m_text = nullptr;
};

struct ElementType {
    const char* name;
    const char* shown;
    std::uint64_t bytes;
};
constexpr ElementType kElementTypes[] = {{"bfloat16", "BF16", 2}, {"float16", "F16", 2}, {"float32", "F32", 4}};

// "GPTQ 4 bit", "MLX 4 bit", "FP8"; empty when the weights are plain numbers.
std::string quantisationMethod(const ModelConfig& config) {
    for (const char* key : {"quantization_config", "quantization"}) {
        const Json* method = config.find(key);
        if (method == nullptr || !method->is_object()) continue;
        const auto name = method->find("quant_method");
        std::string words = name != method->end() && name->is_string() ? printableName(name->get<std::string>().substr(0, 40)) : "MLX";
        std::transform(words.begin(), words.end(), words.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
        const auto bits = method->find("bits");
        if (bits != method->end() && bits->is_number_unsigned()) words += " " + bits->dump() + " bit";
        return words;
    }
    return "";
}

std::uint64_t kvBytesPerToken(const ModelConfig& config) {
    const std::uint64_t heads = config.number("num_attention_heads");
    std::uint64_t kvHeads = config.number("num_key_value_heads");
    if (kvHeads == 0) kvHeads = heads;
    std::uint64_t headElements = config.number("head_dim");
    if (headElements == 0 && heads > 0) headElements = config.number("hidden_size") / heads;
    return config.number("num_hidden_layers", 4096) * kvHeads * headElements * 2 * kKvElementBytes;
}

void describeConfig(const ModelConfig& config, std::uint64_t weightBytes, ModelInfo& info) {
    info.architecture = config.text("model_type");
    info.contextTokens = static_cast<std::size_t>(config.number("max_position_embeddings", 1u << 30));
    info.kvBytesPerToken = kvBytesPerToken(config);
    info.quantisation = quantisationMethod(config);
    if (!info.quantisation.empty()) return;
    std::string type = config.text("torch_dtype");
    if (type.empty()) type = config.text("dtype");
    for (const ElementType& known : kElementTypes) {
        if (type != known.name) continue;
        info.quantisation = known.shown;
        // The heads of the files are some kilobytes: nothing against the weights.
        info.parameters = weightBytes / known.bytes;
    }
}

}  // namespace

bool describeSafetensors(const ModelFiles& model, ModelInfo& info) {
    const auto text = base::readFile(model.path / "config.json", kMaxConfigBytes);
    const auto document = text.ok() ? base::parseJson(*text) : Expected<Json>(text.error());
    std::uint64_t weightBytes = 0;
    for (const auto& file : model.files) {
        std::error_code failure;
        const std::uint64_t bytes = isSafetensorsName(file) ? std::filesystem::file_size(file, failure) : 0;
        if (!failure) weightBytes += bytes;
    }
    if (document.ok() && document->is_object()) describeConfig(ModelConfig(*document), weightBytes, info);
    const std::string missing = describeMissingParts(model.files);
    if (!missing.empty()) info.parameters = 0;
    info.problem = missing.empty() ? "it is a safetensors model; this version reads GGUF files only"
                                   : "it is a safetensors model of which " + missing + ", and this version reads GGUF files only";
    return text.ok() || text.error().code != ErrorCode::Io;
}

}  // namespace larder::catalog
