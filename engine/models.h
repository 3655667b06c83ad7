// The models on this disk, as plain snapshots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/error.h"

namespace larder {

struct ModelInfo {
    std::string name;                  // unique; what requests and the command line say
    std::filesystem::path path;        // the GGUF file
    std::uint64_t fileBytes = 0;
    std::string architecture;          // "llama"
    std::string quantisation;          // the type most weights have: "Q4_1"
    std::size_t contextTokens = 0;     // the window it was trained for
    std::int64_t modifiedSeconds = 0;  // file time, seconds since 1970
    std::string problem;               // empty, or why Larder cannot run it
};

// Every model file under dir (two levels deep), by name; unreadable ones carry a problem. A missing folder is an empty
// list. Reads only file headers. Any thread; blocks on the disk.
std::vector<ModelInfo> findModels(const std::filesystem::path& dir);

// The model that `nameOrPath` means: a path to a file, a name in dir (exact, then without case or ".gguf").
// NotFound lists the names there are.
Expected<ModelInfo> resolveModel(const std::string& nameOrPath, const std::filesystem::path& dir);

}  // namespace larder
