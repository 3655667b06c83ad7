// The starter model, for tests that need a real one: named by the environment variable LARDER_STARTER.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace larder::support {

inline std::optional<std::filesystem::path> starterModel() {
    const char* path = std::getenv("LARDER_STARTER");
    if (path == nullptr || *path == '\0') return std::nullopt;
    return std::filesystem::path(path);
}

}  // namespace larder::support
