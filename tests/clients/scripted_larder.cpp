// A TEST DOUBLE, never installed: the real server (HTTP, templates, parsers, scheduler, KV cache in RAM and on the disk) with
// a model that says what a script tells it (speaking_model.h, script.h), for tests with real clients.
// Prints "listening on http://127.0.0.1:PORT" as `larder serve` does. Ends with SIGTERM or SIGINT; may be killed.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "engine/server.h"
#include "tests/clients/speaking_model.h"

namespace larder::clients {
namespace {

constexpr const char* kUsage =
    "usage: scripted_larder --script FILE --base-dir DIR --model-dir DIR [--port N] [--context N] [--hot-cache SIZE] [--cold-cache SIZE]\n"
    "                       [--max-running N] [--delay-prefill MS] [--delay-decode MS]\n";

using Options = std::map<std::string, std::string>;

std::size_t number(const Options& options, const std::string& name, std::size_t otherwise) {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : std::stoul(found->second);
}

std::optional<std::size_t> size(const Options& options, const std::string& name) {
    const auto found = options.find(name);
    if (found == options.end()) return std::nullopt;
    const auto bytes = parseSize(found->second);
    if (!bytes) throw std::invalid_argument(bytes.error().message);
    return *bytes;
}

Settings settingsOf(const Options& options) {
    Settings settings;
    settings.baseDir = options.at("base-dir");
    settings.modelDir = options.at("model-dir");
    settings.port = static_cast<std::uint16_t>(number(options, "port", 0));
    settings.contextTokens = number(options, "context", 65536);
    settings.hotCacheBytes = size(options, "hot-cache").value_or(64u << 20);
    settings.coldCacheBytes = size(options, "cold-cache").value_or(256u << 20);
    settings.coldFloorBytes = 0;
    settings.maxRunning = number(options, "max-running", settings.maxRunning);
    settings.threads = 1;
    settings.useHuggingFaceCache = false;
    return settings;
}

int run(const Options& options, const sigset_t& stops) {
    auto script = Script::read(options.at("script"));
    if (!script) {
        std::cerr << script.error().message << std::endl;
        return 1;
    }
    const SpeakingDelays delays{std::chrono::milliseconds(number(options, "delay-prefill", 0)),
                                std::chrono::milliseconds(number(options, "delay-decode", 0))};
    ServerStart how;
    how.surroundings.loadModel = [delays, shared = std::make_shared<const Script>(std::move(*script))](const auto& path, const auto&) {
        return SpeakingModel::load(path, shared, delays);
    };
    auto server = Server::start(settingsOf(options), std::move(how));
    if (!server) {
        std::cerr << server.error().message << std::endl;
        return 1;
    }
    std::cout << "listening on " << (*server)->address() << std::endl;
    int signal = 0;
    sigwait(&stops, &signal);
    return 0;
}

}  // namespace
}  // namespace larder::clients

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, nullptr);  // inherited by every thread
    larder::clients::Options options;
    for (int i = 1; i + 1 < argc; i += 2) options[std::string(argv[i]).substr(2)] = argv[i + 1];
    try {
        return larder::clients::run(options, stops);
    } catch (const std::exception& problem) {
        std::cerr << problem.what() << "\n" << larder::clients::kUsage;
        return 2;
    }
}
