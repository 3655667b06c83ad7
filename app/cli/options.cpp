#include "app/cli/options.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

namespace larder::app {
namespace {

constexpr std::size_t kMaxCount = 2'147'483'647;

// Reads "20G" into a number of bytes.
void addSize(CLI::App& command, const char* name, std::optional<std::size_t>& out, const char* description) {
    command
        .add_option_function<std::string>(
            name,
            [&out, name](const std::string& text) {
                auto bytes = parseSize(text);
                if (!bytes.ok()) throw CLI::ValidationError(name, bytes.error().message);
                out = *bytes;
            },
            description)
        ->type_name("SIZE");
}

}  // namespace

void addFolderOptions(CLI::App& command, Options& options) {
    command.add_option("--base-dir", options.baseDir, "Settings, key, logs and cache (default ~/.larder)")->type_name("DIR");
    command.add_option("--model-dir", options.modelDir, "Where the GGUF files are (default BASE-DIR/models)")->type_name("DIR");
}

void addComputeOptions(CLI::App& command, Options& options) {
    command.add_option("--threads", options.threads, "Compute threads (default: one for each core)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, std::size_t{4096}));
    command
        .add_option_function<std::string>(
            "--kv-type", [&options](const std::string& name) { options.kvType = name == "f32" ? KvType::F32 : KvType::F16; },
            "Number format of the KV cache: f16 (default) or f32")
        ->type_name("TYPE")
        ->check(CLI::IsMember({"f16", "f32"}));
}

void addServerOptions(CLI::App& command, Options& options) {
    command.add_option("--model", options.model, "Load this model at the start (default: the one a request names)")->type_name("M");
    command.add_option("--host", options.host, "Address to listen on (default 127.0.0.1)")->type_name("ADDRESS");
    command.add_option("--port", options.port, "Port to listen on, 0 for any free one (default 1337)")
        ->type_name("N")
        ->check(CLI::Range(0, 65535));
    auto* key = command.add_option("--api-key", options.apiKey, "The key clients must send (default: the one in BASE-DIR/api-key)")
                    ->type_name("KEY");
    command.add_flag("--no-api-key", options.noApiKey, "Ask no key of clients on this machine")->excludes(key);
    addSize(command, "--hot-cache", options.hotCacheBytes, "RAM for the KV cache, such as 4G");
    addSize(command, "--cold-cache", options.coldCacheBytes, "Disk for the KV cache, such as 20G; 0: none (default: 20 GB, at most 10 % of what is free)");
    command
        .add_option_function<std::string>(
            "--cold-compression",
            [&options](const std::string& name) { options.coldCompression = name == "zstd" ? ColdCompression::Zstd : ColdCompression::None; },
            "KV on the disk: none (default) or zstd")
        ->type_name("CODEC")
        ->check(CLI::IsMember({"none", "zstd"}));
    addSize(command, "--model-memory", options.modelMemoryBytes, "RAM for the weights of all loaded models together, such as 12G");
    command.add_option("--idle-unload", options.idleUnloadMinutes, "Unload a model that was not used for so long (default 0: never)")
        ->type_name("MINUTES")
        ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}));
    command.add_option("--context", options.contextTokens, "Largest context in tokens (default: the model's)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, kMaxCount));
    command.add_option("--max-running", options.maxRunning, "Answers computed at the same time (default 8)")
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, std::size_t{4096}));
}

Expected<Settings> Options::settings() const {
    auto loaded = loadSettings(baseDir ? expandPath(*baseDir) : defaultBaseDir());
    if (!loaded.ok()) return loaded;
    Settings& settings = *loaded;
    if (modelDir) settings.modelDir = expandPath(*modelDir);
    if (model) settings.defaultModel = *model;
    if (host) settings.host = *host;
    if (port) settings.port = *port;
    if (apiKey) {
        settings.apiKey = *apiKey;
        settings.requireApiKey = true;
    }
    if (noApiKey) settings.requireApiKey = false;
    if (hotCacheBytes) settings.hotCacheBytes = hotCacheBytes;
    if (coldCacheBytes) settings.coldCacheBytes = coldCacheBytes;
    if (coldCompression) settings.coldCompression = *coldCompression;
    if (kvType) settings.kvType = *kvType;
    if (contextTokens) settings.contextTokens = *contextTokens;
    if (maxRunning) settings.maxRunning = *maxRunning;
    if (threads) settings.threads = *threads;
    if (modelMemoryBytes) settings.modelMemoryBytes = modelMemoryBytes;
    if (idleUnloadMinutes) settings.idleUnloadMinutes = *idleUnloadMinutes;
    return loaded;
}

}  // namespace larder::app
