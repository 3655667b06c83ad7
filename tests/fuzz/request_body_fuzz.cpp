// libFuzzer target: whatever body a client sends to one of the protocols either is refused in that protocol's shape, or is a request
// of which a prompt can be made with a plain chat template and with one that knows tools, and whose reply is JSON. The first byte
// chooses the protocol, the rest is the body. Run: request_body_fuzz -max_len=8192 NEW_FOLDER tests/fuzz/request_body_corpus
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/api/anthropic_messages.h"
#include "engine/api/anthropic_request.h"
#include "engine/api/openai_chat.h"
#include "engine/api/openai_completions.h"
#include "engine/api/openai_responses.h"
#include "engine/api/prepared_chat.h"
#include "engine/api/request_fields.h"
#include "engine/base/utf8.h"
#include "tests/api/tiny_text.h"
#include "tests/text/family_templates.h"
#include "tests/text/map_replay_store.h"

namespace {

using namespace larder;
using base::Json;

void check(bool holds, const std::string& why = {}) {
    if (holds) return;
    std::cerr << why << '\n';
    std::abort();
}

// No prompt asks it for anything.
class NoGenerator final : public api::Generator {
public:
    Expected<Generation> submit(GenerationRequest, GenerationSink) override { return Error{ErrorCode::Unavailable, "no engine"}; }
    std::vector<ModelInfo> models() const override { return {}; }
    void refreshModels() override {}
    Expected<ModelInfo> findModel(const std::string&) const override { return ModelInfo{}; }
    std::size_t contextTokens(const ModelInfo&) const override { return 0; }
    EngineStatus status() const override { return {}; }
    std::shared_ptr<CacheControl> cache() const override { return nullptr; }
};

// What all requests share. Prompts leave nothing behind for later ones.
struct House {
    NoGenerator generator;
    api::ModelTexts texts;
    api::SharedModelText plain = api::makeTinyText();
    api::SharedModelText knowsTools = api::makeTinyText({.chatTemplate = text::kQwenTemplate});
};

House& house() {
    static House one;
    return one;
}

bool isOneSentence(const Error& error) {
    const bool clientsFault = error.code == ErrorCode::InvalidArgument || error.code == ErrorCode::Unsupported;
    return clientsFault && !error.message.empty() && base::isUtf8(error.message);
}

void checkRefusal(const api::Protocol& protocol, const Error& error) {
    check(isOneSentence(error), "refused with: " + error.message);
    const auto body = base::parseJson(protocol.errorBody(error));
    check(body.ok() && body->is_object() && body->contains("error") && (*body)["error"]["message"].is_string(), "error body");
}

// A plain completion is nothing but text.
void checkReply(api::Protocol& protocol, bool isChat) {
    api::ReplyContext context;
    context.id = std::string(protocol.replyIdPrefix()) + "1";
    context.model = "fuzz";
    context.tokenizer = house().plain->tokenizer.get();
    std::vector<api::OutputEvent> events = {api::OutputText{"hello", {}}};
    if (isChat)
        events = {api::OutputReasoning{"hm"}, api::OutputText{"hello", {}}, api::OutputCallStart{0, "call_1", "f"},
                  api::OutputCallArguments{0, "{\"a\": 1}"}, api::OutputCallEnd{0, true, "<tool_call>"}};
    events.push_back(api::OutputFinished{});
    check(base::parseJson(protocol.collect(context, events)).ok(), "collected reply");
    std::string stream = protocol.beginStream(context);
    for (const api::OutputEvent& event : events) stream += protocol.streamEvent(event);
    check(base::isUtf8(stream + protocol.keepAlive() + protocol.endStream()), "streamed reply");
}

void checkPrompt(const api::ChatRequest& request, const api::SharedModelText& text) {
    api::PromptMemory memory;
    text::MapReplayStore replay;
    const api::PromptServices services{house().generator, house().texts, memory, &replay};
    api::PreparedChat chat{request, ModelInfo{}, text, {}};
    if (request.messages) chat.request.messages = std::make_shared<Json>(*request.messages);  // it is changed
    auto prompt = api::makePrompt(services, chat.model, *text, chat.request);
    if (prompt) {
        check(!prompt->ids.empty(), "empty prompt");
        chat.prompt = *std::move(prompt);
        const auto constraint = api::makeConstraint(chat);
        check(constraint.ok() || isOneSentence(constraint.error()), "constraint");
        api::generationRequest(chat, constraint ? constraint->constraint : nullptr);
        return;
    }
    check(isOneSentence(prompt.error()), "no prompt: " + prompt.error().message);
    // Templates take every conversation, unless variables of theirs are set to anything or there is an image.
    const bool mayFail = !request.messages || request.templateVariables || !request.unreadablePart.empty();
    check(mayFail, "not rendered: " + prompt.error().message);
}

std::unique_ptr<api::Protocol> protocolOf(std::uint8_t chosen) {
    switch (chosen % 5) {
        case 0: return std::make_unique<api::OpenAiChat>();
        case 1: return std::make_unique<api::OpenAiCompletions>();
        case 2: return std::make_unique<api::OpenAiResponses>();
        default: return std::make_unique<api::AnthropicMessages>("req_1");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const auto protocol = protocolOf(data[0]);
    const auto body = api::readBody(std::string(data + 1, data + size));
    if (!body) {
        checkRefusal(*protocol, body.error());
        return 0;
    }
    const bool counting = data[0] % 5 == 4;
    Expected<api::ChatRequest> request = Error{ErrorCode::Unsupported, "unread"};
    if (counting) {
        auto prompt = api::readAnthropicPrompt(*body);
        if (prompt) request = std::move(prompt->chat);
        else request = std::move(prompt).error();
    } else {
        request = protocol->readChat(*body);
    }
    if (!request) {
        checkRefusal(*protocol, request.error());
        return 0;
    }
    checkPrompt(*request, house().plain);
    checkPrompt(*request, house().knowsTools);
    if (!counting) checkReply(*protocol, request->messages != nullptr);
    return 0;
}
