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
#include "engine/formats/gguf.h"
#include "engine/text/byte_alphabet.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/recording_reply.h"
#include "tests/support/scripted_generator.h"

namespace larder::api {

// Ids of the tiny vocabulary: three control tokens, one token for each byte, then whole words.
inline constexpr TokenId kEndOfText = 0;
inline constexpr TokenId kImStart = 1;
inline constexpr TokenId kImEnd = 2;
inline constexpr TokenId kFirstByte = 3;
inline constexpr TokenId kWorld = 259;     // " world"
inline constexpr TokenId kHalfStop = 260;  // "ab##"
inline constexpr TokenId kRestStop = 261;  // "##cd"
inline constexpr std::size_t kTinyVocabulary = 262;

inline constexpr const char* kTinyTemplate =
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

inline TokenId byteToken(char byte) {
    return kFirstByte + static_cast<unsigned char>(byte);
}

inline std::vector<TokenId> byteTokens(std::string_view text) {
    std::vector<TokenId> tokens;
    for (const char byte : text) tokens.push_back(byteToken(byte));
    return tokens;
}

struct TinyText {
    bool addsBos = false;
    const char* chatTemplate = kTinyTemplate;  // null: none
};

inline SharedModelText makeTinyText(const TinyText& shape = {}) {
    std::vector<std::string> tokens{"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
    std::vector<std::int32_t> types{3, 3, 3};
    for (int byte = 0; byte < 256; ++byte) tokens.push_back(text::alphabetCharacter(static_cast<unsigned char>(byte)));
    for (const char* word : {" world", "ab##", "##cd"}) {
        std::string spelled;
        for (const char* c = word; *c != '\0'; ++c) spelled += text::alphabetCharacter(static_cast<unsigned char>(*c));
        tokens.push_back(spelled);
    }
    types.resize(tokens.size(), 1);
    support::GgufWriter writer;
    writer.text("general.architecture", "llama")
        .text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", "gpt2")
        .texts("tokenizer.ggml.tokens", tokens)
        .array("tokenizer.ggml.token_type", types)
        .texts("tokenizer.ggml.merges", {})
        .value("tokenizer.ggml.bos_token_id", std::uint32_t{0})
        .value("tokenizer.ggml.eos_token_id", std::uint32_t{2})
        .value("tokenizer.ggml.add_bos_token", shape.addsBos);
    const std::vector<std::byte> bytes = writer.bytes();
    auto file = formats::GgufFile::parse(bytes, "tiny");
    assert(file.ok());
    auto tokenizer = text::Tokenizer::fromGguf(*file);
    assert(tokenizer.ok());
    auto result = std::make_shared<text::ModelText>();
    result->tokenizer = *tokenizer;
    if (shape.chatTemplate != nullptr) {
        auto chatTemplate = text::ChatTemplate::compile(shape.chatTemplate);
        assert(chatTemplate.ok());
        result->chatTemplate = *chatTemplate;
    } else {
        result->chatTemplateProblem = "the file has no tokenizer.chat_template";
    }
    return result;
}

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
