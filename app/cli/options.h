// What the command line says about the server and its models, over what settings.json says.
#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/error.h"
#include "engine/settings.h"

namespace larder::app {

struct Options {
    std::optional<std::string> baseDir;
    std::optional<std::string> modelDir;
    std::optional<std::string> model;
    std::optional<std::string> host;
    std::optional<std::uint16_t> port;
    std::optional<std::string> apiKey;
    bool noApiKey = false;
    std::optional<std::size_t> hotCacheBytes;
    std::optional<std::size_t> coldCacheBytes;
    std::optional<ColdCompression> coldCompression;
    std::optional<KvType> kvType;
    std::optional<std::size_t> contextTokens;
    std::optional<std::size_t> maxRunning;
    std::optional<std::size_t> threads;
    std::optional<std::size_t> modelMemoryBytes;
    std::optional<std::size_t> idleUnloadMinutes;
    bool hidden = false;  // the tray app: no window at the start

    // settings.json of the base directory, overridden by these.
    Expected<Settings> settings() const;
};

void addFolderOptions(CLI::App& command, Options& options);   // --base-dir, --model-dir
void addComputeOptions(CLI::App& command, Options& options);  // --threads, --kv-type
void addServerOptions(CLI::App& command, Options& options);   // the rest of `larder serve`

}  // namespace larder::app
