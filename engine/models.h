// The models on this disk, as plain snapshots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/machine.h"
#include "engine/settings.h"

namespace larder {

enum class ModelSource {
    Folder,             // in the model folder: Larder's to delete
    HuggingFaceCache,   // in the Hugging Face cache, used in place; other programs' too, so never deleted
};

struct ModelInfo {
    std::string name;                  // unique; what requests and the command line say
    std::filesystem::path path;        // the GGUF file, or the folder of a safetensors model
    ModelSource source = ModelSource::Folder;
    std::string repository;            // "org/name" on Hugging Face, when known; else empty
    std::uint64_t fileBytes = 0;       // all files of the model together
    std::string architecture;          // "llama"
    std::string family;                // for people: "SmolLM2 135M Instruct"; empty when the file does not say
    std::string quantisation;          // the type most weights have: "Q4_1"
    std::uint64_t parameters = 0;      // number of weights; 0 = unknown
    std::size_t contextTokens = 0;     // the window it was trained for
    std::uint64_t kvBytesPerToken = 0; // with an f16 KV cache; 0 = unknown
    std::int64_t modifiedSeconds = 0;  // file time, seconds since 1970
    std::string problem;               // empty, or why Larder cannot run it
};

// Every model under the model folder (three levels deep: org/name/folder/file) and, when the settings say so, those in the
// Hugging Face cache, by name; unreadable ones carry a problem, partial downloads are not listed. A missing folder is an
// empty list. Reads only file headers, and only of files that changed since the last look. Any thread; blocks on the disk.
std::vector<ModelInfo> findModels(const Settings& settings);

// The model that `nameOrPath` means: a path to a file, a name (exact, then without case or ".gguf"), a repository
// ("org/name", "org/name:Q4_0").
// NotFound lists the names there are.
Expected<ModelInfo> resolveModel(const std::string& nameOrPath, const Settings& settings);

// Deletes the model's files, every part of a split one, and folders that are empty afterwards (never the model folder).
// PermissionDenied, saying where it lies, for anything outside the model folder. Any thread; blocks.
Expected<void> removeModel(const ModelInfo& model, const Settings& settings);

// Whether a model runs well here: weights (held once) plus the KV cache of one full context against the machine's RAM. Where
// that is too much but 32k tokens fit, it is Tight: the server cuts the window.
enum class Fit { Good, Tight, TooBig, Unknown };
struct ModelFit {
    Fit verdict = Fit::Unknown;
    std::uint64_t neededBytes = 0;
    std::uint64_t machineBytes = 0;
    std::string sentence;              // plain words with both numbers: "needs 5.2 GB of this machine's 16 GB"
};
// kvBytesPerToken 0 means unknown and counts a tenth of the weights. contextTokens 0 means unknown.
ModelFit estimateFit(std::uint64_t weightBytes, std::uint64_t kvBytesPerToken, std::size_t contextTokens, const Machine& machine);
ModelFit estimateFit(const ModelInfo& model, const Machine& machine);

// "98 MB", "4.1 GB": powers of 1000, three digits at most.
std::string readableBytes(std::uint64_t bytes);

}  // namespace larder
