// The steps from a folder to the models in it: which files belong together, and what they say they are. Private to hub/.
// Plain functions, any thread; they block on the disk and read only the heads of files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/hub/model_name.h"
#include "engine/models.h"

namespace larder::catalog {

// One model on the disk: a GGUF file with all parts of a split one, or the weights of a safetensors folder, then what
// goes with them.
struct ModelFiles {
    std::filesystem::path path;                // the (first) GGUF file, or the folder
    std::vector<std::filesystem::path> files;  // never empty; in order
    bool isSafetensors = false;
    bool isDownloading = false;                // a hidden ".FILE.part" beside them shows that more is under way
};

// The models in dir and `levels` folders below it, by path. Hidden files and folders are passed over, links are followed,
// whatever cannot be read is left out.
std::vector<ModelFiles> findModelFiles(const std::filesystem::path& dir, int levels);

// "model-00002-of-00003": part 2 of 3 of "model". Nothing for other names and for a whole of one part.
using hub::SplitName;
std::optional<SplitName> readSplitName(const std::string& stem);

// "part 2 of 3 is missing", by the names of the files; empty when none is.
std::string describeMissingParts(const std::vector<std::filesystem::path>& files);

bool isGgufName(const std::filesystem::path& path);
bool isSafetensorsName(const std::filesystem::path& path);

// A folder holds a safetensors model: config.json and weights.
bool isSafetensorsFolder(const std::filesystem::path& folder);

// The files beside the weights that make up a safetensors model: config.json, the tokenizer and so on.
bool belongsToSafetensors(const std::string& fileName);

// What the files say; name, path, sizes and time are filled in, source and repository are not. Remembers the answer and
// reads again only what changed on the disk.
ModelInfo describeModel(const ModelFiles& model);

// The two kinds of it, without a memory, into info with its sizes. False: the system refused a read (too many open files,
// say), so the answer is not worth remembering.
bool describeGguf(const ModelFiles& model, ModelInfo& info);
bool describeSafetensors(const ModelFiles& model, ModelInfo& info);

// "SmolLM2-135M-Instruct.Q4_1", with the metadata "smollm2", "135M": "SmolLM2 135M Instruct".
struct FamilyHints {
    std::string stem;       // of the file's name
    std::string baseName;   // general.basename
    std::string sizeLabel;  // general.size_label
    std::string fineTune;   // general.finetune
    std::string name;       // general.name
};
std::string familyForPeople(const FamilyHints& hints);

std::string inLowerCase(std::string text);
// A name that requests, JSON and terminals can carry, whatever bytes the file system has.
std::string printableName(const std::string& name);

}  // namespace larder::catalog
