#include "engine/api/prompt.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/api/chat_messages.h"
#include "engine/text/detokenizer.h"

namespace larder::api {
namespace {

constexpr std::size_t kMaxListedNames = 50;
constexpr std::size_t kTailBytes = 64;
constexpr std::size_t kPromptTitleBytes = 400;

Error modelNotFound(const std::vector<ModelInfo>& models, const std::string& name) {
    std::string names;
    std::size_t listed = 0;
    for (const ModelInfo& model : models) {
        if (!model.problem.empty()) continue;
        if (listed++ == kMaxListedNames) {
            names += ", ...";
            break;
        }
        names += (names.empty() ? "" : ", ") + model.name;
    }
    const std::string asked = name.empty() ? "The request names no model and there is no default one"
                                           : "The model \"" + name.substr(0, 200) + "\" does not exist";
    return {ErrorCode::NotFound,
            asked + (names.empty() ? "; no model is installed yet." : "; available: " + names + ".")};
}

// Requests name models; only the user at the keyboard names files.
bool looksLikeFile(const std::string& name) {
    return name.starts_with('/') || name.starts_with('.') || name.starts_with('~') || name.find('\0') != name.npos;
}

Expected<std::vector<TokenId>> checkedIds(const std::vector<TokenId>& ids, std::size_t vocabulary) {
    for (std::size_t i = 0; i < ids.size(); ++i)
        if (ids[i] < 0 || static_cast<std::size_t>(ids[i]) >= vocabulary)
            return Error{ErrorCode::InvalidArgument, "prompt[" + std::to_string(i) + "] is token " +
                                                         std::to_string(ids[i]) + ", but the model has tokens 0 to " +
                                                         std::to_string(vocabulary - 1) + "."};
    return ids;
}

std::string textOf(const text::Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
    text::Detokenizer detokenizer(tokenizer);
    std::string text;
    for (const TokenId id : ids) text += detokenizer.add(id);
    return text + detokenizer.finish();
}

std::vector<TokenId> encodePlain(const text::Tokenizer& tokenizer, const std::string& text, bool trusted) {
    std::vector<TokenId> ids = trusted ? tokenizer.encodeTrusted(text) : tokenizer.encode(text);
    const std::optional<TokenId> bos = tokenizer.bos();
    // A prompt must have a token: an empty text is the beginning of a document.
    const bool wanted = bos && (tokenizer.addsBos() || ids.empty());
    if (wanted && (ids.empty() || ids.front() != *bos)) ids.insert(ids.begin(), *bos);
    return ids;
}

// Whether the answer begins inside a thought: templates of thinking models end with the opening marker.
bool endsWithMarker(const std::vector<text::TextSegment>& segments, std::string_view marker) {
    std::string tail;
    for (auto segment = segments.rbegin(); segment != segments.rend() && tail.size() < kTailBytes; ++segment)
        tail = segment->text + tail;
    const std::size_t last = tail.find_last_not_of(" \r\n\t");
    return last != tail.npos && std::string_view(tail).substr(0, last + 1).ends_with(marker);
}

// What a person would know the request by: the last thing that a person wrote. Clients put reminders of their own around it.
std::string titleOf(const base::Json& messages) {
    for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
        if (message->value("role", "") != "user" || !message->contains("content") || !(*message)["content"].is_string()) continue;
        std::string_view text = (*message)["content"].get_ref<const std::string&>();
        constexpr std::string_view kOpen = "<system-reminder>", kClose = "</system-reminder>";
        while (true) {
            text.remove_prefix(std::min(text.find_first_not_of(" \r\n\t"), text.size()));
            const std::size_t close = text.find(kClose);
            if (!text.starts_with(kOpen) || close == text.npos) break;
            text.remove_prefix(close + kClose.size());
        }
        if (!text.empty()) return std::string(text.substr(0, kPromptTitleBytes));
    }
    return {};
}

Expected<void> checkRenderable(const ModelInfo& model, const text::ModelText& text, const ChatRequest& request) {
    if (!text.chatTemplate) {
        const std::string why = text.chatTemplateProblem.empty() ? "" : " (" + text.chatTemplateProblem + ")";
        return Error{ErrorCode::InvalidArgument, "The model " + model.name + " has no usable chat template" + why +
                                                     "; use /v1/completions with a plain prompt."};
    }
    if (!request.unreadablePart.empty())
        return Error{ErrorCode::Unsupported,
                     request.unreadablePart + ", but the model " + model.name + " reads text only."};
    return {};
}

text::ChatTemplateInput templateInput(const text::ModelText& text, const ChatRequest& request) {
    const auto vocabularyText = [&](std::optional<TokenId> token) {
        return token ? std::string(text.tokenizer->text(*token)) : std::string();
    };
    text::ChatTemplateInput input;
    input.messages = request.messages.get();
    input.tools = request.tools.get();
    input.variables = request.templateVariables.get();
    input.thinking = request.thinking;
    input.bosToken = vocabularyText(text.tokenizer->bos());
    input.eosToken = vocabularyText(text.tokenizer->eos());
    return input;
}

// How many of the prompt's tokens lie in its first `bytes` bytes. Where the cut goes through a token, that one does not.
std::size_t tokensWithin(std::size_t bytes, std::span<const text::TextSegment> segments, const std::vector<TokenId>& ids,
                         const text::EncodeText& encode) {
    std::vector<text::TextSegment> front;
    for (const text::TextSegment& segment : segments) {
        if (bytes == 0) break;
        front.push_back({segment.text.substr(0, bytes), segment.trusted});
        bytes -= front.back().text.size();
    }
    const std::vector<TokenId> tokens = encode(front);
    return static_cast<std::size_t>(std::mismatch(tokens.begin(), tokens.end(), ids.begin(), ids.end()).first - tokens.begin());
}

Expected<Prompt> chatPrompt(const PromptServices& services, const ModelInfo& model, const text::ModelText& text,
                            const ChatRequest& request) {
    const text::Tokenizer& tokenizer = *text.tokenizer;
    Prompt prompt;
    prompt.isChat = true;
    text::RestoredMessages restored;
    if (services.replay != nullptr)
        restored = text::restoreAnswers(*services.replay, tokenizer, *request.messages, callableTools(request).get());
    canonicalIds(*request.messages);
    prompt.title = titleOf(*request.messages);
    if (const auto usable = checkRenderable(model, text, request); !usable) return usable.error();
    const text::ChatTemplateInput input = templateInput(text, request);
    const auto segments = text.chatTemplate->render(input);
    if (!segments) return segments.error();
    // Of what must not be kept no memory is made.
    const text::EncodeText encode = [&](auto pieces) {
        return request.noStore ? tokenizer.encode(pieces) : services.memory.encodings.encode(tokenizer, pieces);
    };
    text::SplicedPrompt spliced = text::spliceAnswers(*segments, restored.answers, tokenizer, encode);
    prompt.ids = std::move(spliced.ids);
    prompt.replayedTokens = spliced.replayedTokens;
    prompt.place = {restored.digest, spliced.renderedBytes, spliced.renderedHash};
    if (prompt.ids.empty())
        return Error{ErrorCode::InvalidArgument, "The chat template makes an empty prompt of these messages."};
    if (const std::size_t front = services.memory.fronts.bytes(*text.chatTemplate, input, *segments); front > 0)
        if (const std::size_t tokens = tokensWithin(front, *segments, prompt.ids, encode); tokens > 0)
            prompt.branchPositions = {tokens};
    prompt.opensReasoning = text.outputFormat.reasoning && endsWithMarker(*segments, "<think>");
    return prompt;
}

}  // namespace

Expected<ModelInfo> findNamedModel(Generator& generator, const std::string& name) {
    if (looksLikeFile(name)) return modelNotFound(generator.models(), name);
    Expected<ModelInfo> found = generator.findModel(name);
    if (!found && found.error().code == ErrorCode::NotFound) {
        generator.refreshModels();  // it may have been installed since
        found = generator.findModel(name);
    }
    if (!found && found.error().code == ErrorCode::NotFound) return modelNotFound(generator.models(), name);
    if (found && !found->problem.empty())
        return Error{ErrorCode::Unsupported, "The model " + found->name + " cannot be used: " + found->problem};
    return found;
}

Expected<std::vector<text::TextSegment>> renderMessages(const ModelInfo& model, const text::ModelText& text,
                                                        const ChatRequest& request) {
    if (const auto usable = checkRenderable(model, text, request); !usable) return usable.error();
    canonicalIds(*request.messages);
    return text.chatTemplate->render(templateInput(text, request));
}

Expected<Prompt> makePrompt(const PromptServices& services, const ModelInfo& model, const text::ModelText& text,
                            const ChatRequest& request) {
    const text::Tokenizer& tokenizer = *text.tokenizer;
    if (request.messages) return chatPrompt(services, model, text, request);
    Prompt prompt;
    if (request.promptText) {
        prompt.text = *request.promptText;
        prompt.ids = encodePlain(tokenizer, prompt.text, request.promptIsTrusted);
        if (prompt.ids.empty()) return Error{ErrorCode::InvalidArgument, "prompt must not be empty."};
        return prompt;
    }
    auto ids = checkedIds(request.promptIds, tokenizer.vocabulary());
    if (!ids) return ids.error();
    prompt.ids = std::move(*ids);
    if (request.echo) prompt.text = textOf(tokenizer, prompt.ids);
    return prompt;
}

}  // namespace larder::api
