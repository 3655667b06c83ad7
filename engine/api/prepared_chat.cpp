#include "engine/api/prepared_chat.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/api/request_fields.h"

namespace larder::api {
namespace {

// Whole vocabulary rows are allowed, a gigabyte of them is not.
constexpr std::size_t kMaxLogprobEntries = 6'000'000;

Error badRequest(std::string sentence) {
    return {ErrorCode::InvalidArgument, std::move(sentence)};
}

Expected<void> checkAgainstModel(const PreparedChat& chat, std::size_t window) {
    const std::size_t vocabulary = chat.text->tokenizer->vocabulary();
    const std::size_t promptTokens = chat.prompt.ids.size();
    if (window > 0 && promptTokens > window)
        return promptTooLong(promptTokens, window, chat.model.contextTokens);
    for (const auto& [token, bias] : chat.request.sampling.logitBias)
        if (static_cast<std::size_t>(token) >= vocabulary)
            return badRequest("logit_bias names token " + std::to_string(token) + ", but the model has tokens 0 to " +
                              std::to_string(vocabulary - 1) + ".");
    if (chat.request.topLogprobs < 0) return {};
    const auto top = static_cast<std::size_t>(chat.request.topLogprobs);
    if (top > vocabulary)
        return badRequest("logprobs is " + std::to_string(top) + ", but the model has only " +
                          std::to_string(vocabulary) + " tokens.");
    const std::size_t room = window > promptTokens ? window - promptTokens : 1;
    const std::size_t answer = chat.request.maxTokens == 0 ? room : std::min(room, chat.request.maxTokens);
    const std::size_t positions = answer + (chat.request.echo ? promptTokens : 0);
    if (top > 0 && positions > kMaxLogprobEntries / top)
        return badRequest("logprobs of " + std::to_string(top) + " tokens at " + std::to_string(positions) +
                          " positions are more than the " + std::to_string(kMaxLogprobEntries) +
                          " one answer may have; ask for fewer, or set a smaller max_tokens.");
    return {};
}

// The document is gone again before the prompt is made: it may be megabytes.
Expected<ChatRequest> readRequest(Protocol& protocol, const std::string& body) {
    const Expected<base::Json> json = readBody(body);
    return json ? protocol.readChat(*json) : json.error();
}

}  // namespace

Expected<PreparedChat> prepareChat(const PromptServices& services, Protocol& protocol, const ChatHeaders& headers,
                                   const std::string& body) {
    Expected<ChatRequest> request = readRequest(protocol, body);
    if (!request) return request.error();
    request->noStore |= headers.noStore;
    request->aside |= headers.aside;
    Expected<ModelInfo> model = findNamedModel(services.generator, request->model);
    if (!model) return model.error();
    Expected<SharedModelText> text = services.texts.get(*model);
    if (!text) return text.error();
    Expected<Prompt> prompt = makePrompt(services, *model, **text, *request);
    if (!prompt) return prompt.error();
    request->messages.reset();  // may be megabytes, and the answer may take an hour
    PreparedChat chat{std::move(*request), std::move(*model), std::move(*text), std::move(*prompt)};
    if (auto fits = checkAgainstModel(chat, services.generator.contextTokens(chat.model)); !fits) return fits.error();
    return chat;
}

GenerationRequest generationRequest(const PreparedChat& chat, std::shared_ptr<Constraint> constraint) {
    const ChatRequest& request = chat.request;
    GenerationRequest generation;
    generation.model = chat.model.name;
    generation.prompt = chat.prompt.ids;
    generation.sampling = request.sampling;
    generation.maxTokens = request.promptOnly ? 1 : request.maxTokens;  // its one token is dropped
    if (!request.ignoreEos) {
        const auto ends = chat.text->tokenizer->endTokens();
        generation.stopTokens.assign(ends.begin(), ends.end());
    }
    // No call is wanted: where calls begin with a token of their own, it is out of the question. (The tools stay in the prompt:
    // without them nothing of it would be known.)
    if (request.tools && request.toolChoice.use == ToolUse::None)
        for (const char* marker : {"<tool_call>", "<|python_tag|>"})
            if (const auto token = chat.text->tokenizer->find(marker)) generation.sampling.logitBias.emplace_back(*token, -100.0f);
    generation.topLogprobs = request.topLogprobs;
    generation.promptLogprobs = request.echo && request.topLogprobs >= 0;
    generation.priority = request.priority;
    generation.aside = request.aside;
    generation.noStore = request.noStore;
    generation.pin = request.pin && !generation.noStore;
    generation.branchPositions = chat.prompt.branchPositions;
    generation.constraint = std::move(constraint);
    return generation;
}

Expected<text::MadeConstraint> makeConstraint(const PreparedChat& chat) {
    const ChatRequest& request = chat.request;
    // A model that thinks first must be let to, or it would have to call in mid-thought.
    const std::string startAfter = chat.prompt.opensReasoning ? "</think>" : "";
    const auto ends = chat.text->tokenizer->endTokens();
    const std::vector<TokenId> stopTokens(ends.begin(), ends.end());
    if (callIsForced(request))
        return text::makeToolConstraint({.tokenizer = chat.text->tokenizer,
                                         .tools = request.tools.get(),
                                         .name = request.toolChoice.name,
                                         .parallel = request.toolChoice.parallel && request.toolChoice.use == ToolUse::Required,
                                         .format = chat.text->outputFormat.toolCalls,
                                         .startAfter = startAfter,
                                         .stopTokens = stopTokens});
    if (!request.answerSchema) return text::MadeConstraint{};
    return text::makeJsonConstraint({.tokenizer = chat.text->tokenizer,
                                     .schema = request.answerSchema->is_object() ? request.answerSchema.get() : nullptr,
                                     .strict = request.answerSchemaStrict,
                                     .startAfter = startAfter,
                                     .stopTokens = stopTokens});
}

}  // namespace larder::api
