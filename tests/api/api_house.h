// What the API's tests live in: a tiny byte-level vocabulary with a chat template (no file, no network), a scripted
// engine behind Routes, and requests without sockets.
#pragma once

#include <cassert>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/api/routes.h"
#include "engine/base/json.h"
#include "tests/support/recording_reply.h"
#include "tests/support/scripted_generator.h"
#include "tests/api/tiny_text.h"

namespace larder::api {

inline ModelInfo makeModelInfo(const std::string& name, std::size_t contextTokens = 1000) {
    ModelInfo info;
    info.name = name;
    info.path = name + ".gguf";
    info.fileBytes = 12345;
    info.architecture = "llama";
    info.quantisation = "Q4_1";
    info.contextTokens = contextTokens;
    info.modifiedSeconds = 1700000000;
    return info;
}

// "tiny" has a chat template, "base" none and starts prompts with BOS.
class ApiHouse {
public:
    explicit ApiHouse(RoutesSettings settings = plainSettings())
        : generator({makeModelInfo("tiny"), makeModelInfo("base")}), routes(generator, std::move(settings)) {}

    static RoutesSettings plainSettings() {
        RoutesSettings settings;
        settings.host = "127.0.0.1";
        settings.maxRequests = 8;
        settings.loadText = [](const std::filesystem::path& path) -> Expected<SharedModelText> {
            if (path == "base.gguf") return makeTinyText({.addsBos = true, .chatTemplate = nullptr});
            return makeTinyText();
        };
        return settings;
    }

    static HttpRequest request(const std::string& method, const std::string& path, const std::string& body = {},
                               HttpHeaders headers = {}) {
        HttpRequest result;
        result.method = method;
        result.path = path;
        result.body = body;
        result.headers = std::move(headers);
        result.headers.emplace_back("host", "127.0.0.1:1337");
        return result;
    }

    // Does not wait for the answer.
    std::shared_ptr<support::RecordingReply> start(HttpRequest what) {
        auto reply = std::make_shared<support::RecordingReply>();
        routes.handle(std::move(what), reply);
        return reply;
    }
    std::shared_ptr<support::RecordingReply> post(const std::string& path, const std::string& body) {
        return start(request("POST", path, body));
    }
    // Waits for the whole answer.
    std::shared_ptr<support::RecordingReply> answer(HttpRequest what) {
        auto reply = start(std::move(what));
        reply->waitUntilEnded();
        return reply;
    }
    std::shared_ptr<support::RecordingReply> answer(const std::string& path, const std::string& body) {
        return answer(request("POST", path, body));
    }

    support::ScriptedGenerator generator;
    Routes routes;  // after the generator, which outlives it
};

inline base::Json parsed(const std::string& body) {
    auto json = base::parseJson(body);
    return json ? std::move(*json) : base::Json("not JSON: " + body);
}

inline std::string errorMessage(const support::RecordingReply& reply) {
    const base::Json json = parsed(reply.body());
    if (!json.is_object() || !json.contains("error")) return "no error in " + reply.body();
    return json["error"]["message"].get<std::string>();
}

// The JSON of every "data:" frame; "[DONE]" as a string. Anything that is no such frame becomes {"stray": ...}.
inline std::vector<base::Json> frames(const std::string& stream) {
    std::vector<base::Json> result;
    std::size_t at = 0;
    while (at < stream.size()) {
        const std::size_t end = stream.find("\n\n", at);
        const std::string frame = stream.substr(at, end == std::string::npos ? end : end - at);
        at = end == std::string::npos ? stream.size() : end + 2;
        if (!frame.starts_with("data: ") || end == std::string::npos)
            result.push_back({{"stray", frame}});
        else if (frame == "data: [DONE]")
            result.push_back("[DONE]");
        else
            result.push_back(parsed(frame.substr(6)));
    }
    return result;
}

inline GeneratedToken generated(TokenId token) {
    GeneratedToken result;
    result.token = token;
    return result;
}

// Events for an answer of these tokens, ended by a stop token or by its length.
inline std::vector<GenerationEvent> answerEvents(const std::vector<TokenId>& tokens,
                                                 FinishReason reason = FinishReason::Stop) {
    std::vector<GenerationEvent> events;
    events.reserve(tokens.size() + 2);
    events.emplace_back(std::in_place_type<PrefillProgress>, PrefillProgress{5, 2, 5});
    for (const TokenId token : tokens) events.emplace_back(std::in_place_type<GeneratedToken>, generated(token));
    GenerationFinished finished;
    finished.reason = reason;
    finished.promptTokens = 5;
    finished.cachedTokens = 2;
    finished.generatedTokens = tokens.size() + (reason == FinishReason::Stop ? 1 : 0);
    finished.timings = {.queueMs = 1, .prefillMs = 20, .decodeMs = 30};
    events.emplace_back(std::in_place_type<GenerationFinished>, finished);
    return events;
}

}  // namespace larder::api
