#include "engine/api/serve_chat.h"

#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/api/answer.h"
#include "engine/api/prompt.h"
#include "engine/base/log.h"
#include "engine/base/secret.h"

namespace larder::api {
namespace {

using Clock = std::chrono::steady_clock;

// Whole vocabulary rows are allowed, a gigabyte of them is not.
constexpr std::size_t kMaxLogprobEntries = 6'000'000;

Error badRequest(std::string sentence) {
    return {ErrorCode::InvalidArgument, std::move(sentence)};
}

// Everything that is known before the engine is asked.
struct PreparedChat {
    ChatRequest request;
    ModelInfo model;
    SharedModelText text;
    Prompt prompt;
};

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

Expected<PreparedChat> prepareChat(const ChatServices& services, Protocol& protocol, const std::string& body) {
    const Expected<base::Json> json = base::parseJson(body);
    if (!json) return badRequest("The request body cannot be read: " + json.error().message + ".");
    if (!json->is_object()) return badRequest("The request body must be a JSON object.");
    Expected<ChatRequest> request = protocol.readChat(*json);
    if (!request) return request.error();
    Expected<ModelInfo> model = findNamedModel(services.generator, request->model);
    if (!model) return model.error();
    Expected<SharedModelText> text = services.texts.get(*model);
    if (!text) return text.error();
    Expected<Prompt> prompt = makePrompt(*model, **text, *request);
    if (!prompt) return prompt.error();
    request->messages.reset();  // may be megabytes, and the answer may take an hour
    PreparedChat chat{std::move(*request), std::move(*model), std::move(*text), std::move(*prompt)};
    if (auto fits = checkAgainstModel(chat, services.generator.contextTokens(chat.model)); !fits) return fits.error();
    return chat;
}

GenerationRequest generationRequest(const PreparedChat& chat, bool noStore) {
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
    generation.topLogprobs = request.topLogprobs;
    generation.promptLogprobs = request.echo && request.topLogprobs >= 0;
    generation.priority = request.priority;
    generation.noStore = request.noStore || noStore;
    generation.pin = request.pin && !generation.noStore;
    return generation;
}

ReplyContext replyContext(const PreparedChat& chat, const Protocol& protocol) {
    ReplyContext context;
    context.id = std::string(protocol.replyIdPrefix()) + base::randomHex(12);
    context.model = chat.model.name;
    context.createdSeconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    context.tokenizer = chat.text->tokenizer.get();
    if (chat.request.echo) {
        context.promptText = chat.prompt.text;
        context.promptIds = chat.prompt.ids;
    }
    return context;
}

// What happens between submit and the last byte. done() ends it: answered, failed, or nobody listens.
class Conversation {
public:
    Conversation(const PreparedChat& chat, ReplyWriter& writer)
        : m_chat(chat), m_writer(writer), m_answer(*chat.text->tokenizer, chat.request.stop) {}

    bool done() const { return m_done; }

    void handle(RequestEvent event) {
        if (std::holds_alternative<ClientGone>(event)) m_done = true;
        if (std::holds_alternative<ServerStopping>(event)) fail({ErrorCode::Unavailable, "Larder is shutting down."});
        if (auto* generated = std::get_if<GenerationEvent>(&event))
            std::visit([this](auto&& each) { on(std::move(each)); }, std::move(*generated));
    }

private:
    void on(PrefillProgress progress) {
        m_cachedTokens = progress.cachedTokens;
        m_followedTokens = progress.followedTokens;
        m_loadedTokens = progress.loadedTokens;
        m_loadMs = progress.loadMs;
        noteFirstEvent();
        m_writer.admitted();
    }

    void on(PromptLogprobs prompt) {
        noteFirstEvent();
        m_promptLogprobsSent = true;
        m_writer.add(OutputPromptLogprobs{std::move(prompt.positions)});
    }

    void on(GeneratedToken token) {
        noteFirstEvent();
        if (m_answer.tokens() == 0) m_firstToken = Clock::now();
        ensurePromptLogprobs();
        if (m_chat.request.promptOnly) return finish(FinishReason::Length, measuredTimings());
        m_writer.add(m_answer.add(std::move(token)));
        if (m_answer.stopped()) finish(FinishReason::Stop, measuredTimings());
    }

    void on(GenerationFinished finished) {
        noteFirstEvent();
        ensurePromptLogprobs();
        m_cachedTokens = finished.cachedTokens;
        m_followedTokens = finished.followedTokens;
        m_loadedTokens = finished.loadedTokens;
        m_generatedTokens = finished.generatedTokens;
        if (!m_chat.request.promptOnly) m_writer.add(m_answer.finish());
        if (m_answer.stopped()) return finish(FinishReason::Stop, finished.timings);
        finish(m_chat.request.promptOnly ? FinishReason::Length : finished.reason, finished.timings);
    }

    void on(Error error) { fail(error); }

    void fail(const Error& error) {
        m_writer.fail(error);
        m_done = true;
    }

    void finish(FinishReason reason, const GenerationTimings& timings) {
        OutputFinished end;
        end.reason = reason;
        end.stopString = m_answer.stopString();
        end.promptTokens = m_chat.prompt.ids.size();
        end.cachedTokens = m_cachedTokens;
        end.followedTokens = m_followedTokens;
        end.loadedTokens = m_loadedTokens;
        end.completionTokens = m_chat.request.promptOnly ? 0 : std::max(m_generatedTokens, m_answer.tokens());
        end.timings = timings;
        m_writer.add(std::move(end));
        m_writer.finish();
        m_done = true;
    }

    // The engine sends none for a prompt of one token; echo needs the event all the same.
    void ensurePromptLogprobs() {
        const bool wanted = m_chat.request.echo && m_chat.request.topLogprobs >= 0;
        if (wanted && !std::exchange(m_promptLogprobsSent, true)) m_writer.add(OutputPromptLogprobs{});
    }

    void noteFirstEvent() {
        if (m_firstEvent == Clock::time_point{}) m_firstEvent = Clock::now();
    }

    // For an answer that ends before the engine's own GenerationFinished.
    GenerationTimings measuredTimings() const {
        const auto ms = [](Clock::duration span) { return std::chrono::duration<double, std::milli>(span).count(); };
        return {.loadMs = m_loadMs,
                .queueMs = std::max(0.0, ms(m_firstEvent - m_submitted) - m_loadMs),
                .prefillMs = ms(m_firstToken - m_firstEvent),
                .decodeMs = ms(Clock::now() - m_firstToken)};
    }

    const PreparedChat& m_chat;
    ReplyWriter& m_writer;
    Answer m_answer;
    std::size_t m_cachedTokens = 0;
    std::size_t m_followedTokens = 0;
    std::size_t m_loadedTokens = 0;
    double m_loadMs = 0;
    std::size_t m_generatedTokens = 0;
    Clock::time_point m_submitted = Clock::now();
    Clock::time_point m_firstEvent;
    Clock::time_point m_firstToken;
    bool m_promptLogprobsSent = false;
    bool m_done = false;
};

// The one wait of a request: engine events, the client's leaving and the keep-alive timer.
void converse(Conversation& conversation, ReplyWriter& writer, RequestMailbox& mailbox) {
    while (!conversation.done()) {
        std::vector<RequestEvent> events = mailbox.waitUntil(writer.nextBeat());
        for (RequestEvent& event : events) {
            conversation.handle(std::move(event));
            if (conversation.done()) return;
        }
        writer.flush();
        // Not only when nothing came: events may come often and yet say nothing to the client.
        if (Clock::now() >= writer.nextBeat()) writer.beat();
    }
}

}  // namespace

void serveChat(const ChatServices& services, Protocol& protocol, std::string body,
               HttpReply& reply, const std::shared_ptr<RequestMailbox>& mailbox) {
    ReplyWriter writer(reply, protocol, services.pacing);
    reply.onClientGone([mailbox] { mailbox->post(ClientGone{}); });
    try {
        const Expected<PreparedChat> chat = prepareChat(services, protocol, std::exchange(body, {}));
        if (!chat) return writer.fail(chat.error());
        writer.start(chat->request.stream, replyContext(*chat, protocol));
        Conversation conversation(*chat, writer);
        // The handle's end is what cancels, however this block is left.
        const Expected<Generation> generation = services.generator.submit(
            generationRequest(*chat, services.noStore), [mailbox](GenerationEvent event) { mailbox->post(std::move(event)); });
        if (!generation) return writer.fail(generation.error());
        converse(conversation, writer, *mailbox);
    } catch (const std::exception& problem) {  // out of memory, or a bug
        base::logError(std::string("A request failed: ") + problem.what());
        writer.fail({ErrorCode::Internal, "Larder could not finish this request because of an internal error."});
    }
}

}  // namespace larder::api
