#include "engine/api/serve_chat.h"

#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "engine/api/conversation.h"
#include "engine/api/prepared_chat.h"
#include "engine/base/hash.h"
#include "engine/base/log.h"
#include "engine/base/secret.h"

namespace larder::api {
namespace {

using Clock = std::chrono::steady_clock;

ReplyContext replyContext(const PreparedChat& chat, const Protocol& protocol) {
    ReplyContext context;
    context.id = std::string(protocol.replyIdPrefix()) + base::randomHex(12);
    context.model = chat.model.name;
    context.createdSeconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    context.promptTokens = chat.prompt.ids.size();
    context.tokenizer = chat.text->tokenizer.get();
    if (chat.request.echo) {
        context.promptText = chat.prompt.text;
        context.promptIds = chat.prompt.ids;
    }
    return context;
}

PreparedRequest preparedRequest(const PreparedChat& chat, double prepareMs) {
    PreparedRequest prepared;
    prepared.model = chat.model.name;
    const std::uint64_t file[] = {chat.model.fileBytes, static_cast<std::uint64_t>(chat.model.modifiedSeconds)};
    prepared.content = base::hash64(std::as_bytes(std::span(file)));
    prepared.priority = chat.request.priority;
    prepared.ids = chat.prompt.ids;
    prepared.text = chat.text;
    prepared.title = chat.prompt.title;
    prepared.prepareMs = prepareMs;
    prepared.noStore = chat.request.noStore;
    prepared.logitsAsked = chat.request.echo && chat.request.topLogprobs >= 0;
    return prepared;
}

// As it comes back from clients, in canonical form. Null: a call broke off, which comes back as something else.
base::Json messageJson(const AnswerMessage& answer) {
    base::Json message{{"role", "assistant"}, {"content", answer.text}};
    if (!answer.reasoning.empty()) message["reasoning_content"] = answer.reasoning;
    for (const AnswerMessage::Call& call : answer.calls) {
        auto arguments = base::parseJson(call.arguments);
        if (!call.complete || !arguments) return nullptr;
        base::Json function{{"name", call.name}, {"arguments", std::move(*arguments)}};
        message["tool_calls"].push_back({{"id", call.id}, {"type", "function"}, {"function", std::move(function)}});
    }
    return message;
}

// Keywords of a schema that the answer is not kept to are said, or nobody would know.
HttpHeaders ignoredHeaders(const std::vector<std::string>& ignored) {
    constexpr std::size_t kMostBytes = 2000;
    std::string names;
    for (const std::string& each : ignored) {
        if (names.size() + each.size() > kMostBytes) break;
        names += (names.empty() ? "" : ", ") + each;
    }
    for (char& c : names)
        if (c < ' ' || c > '~') c = '?';  // paths have the client's own words in them
    if (names.empty()) return {};
    return {{"Larder-Ignored-Schema-Keywords", std::move(names)}};
}

Conversation::Remember rememberFor(const PromptServices& services, const PreparedChat& chat) {
    if (services.replay == nullptr || !chat.prompt.isChat || chat.request.noStore) return {};
    return [&services, &chat](const AnswerMessage& answer, std::vector<TokenId> sampled) {
        const base::Json message = messageJson(answer);
        if (!message.is_null())
            text::rememberAnswer(*services.replay, *chat.text->tokenizer, chat.prompt.place, message, std::move(sampled));
    };
}

// The one wait of a request: engine events, the client's leaving and the keep-alive timer.
void converse(Conversation& conversation, ReplyWriter& writer, RequestMailbox& mailbox) {
    while (!conversation.done()) {
        const Clock::time_point quietUntil = conversation.mayStopItself() ? Clock::time_point{} : writer.quietUntil();
        std::vector<RequestEvent> events = mailbox.waitUntil(writer.nextBeat(), quietUntil);
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
    const Clock::time_point began = Clock::now();
    ReplyWriter writer(reply, protocol, services.pacing);
    RequestEntry entry = services.requests.open(std::string(protocol.name()), mailbox);
    const auto refuse = [&](const Error& error) {
        entry.failed(error);
        writer.fail(error);
    };
    reply.onClientGone([mailbox] { mailbox->post(ClientGone{}); });
    try {
        const Expected<PreparedChat> chat = prepareChat(services.prompts, protocol, services.headers, std::exchange(body, {}));
        if (!chat) return refuse(chat.error());
        Expected<text::MadeConstraint> made = makeConstraint(*chat);
        if (!made) return refuse(made.error());
        entry.prepared(preparedRequest(*chat, std::chrono::duration<double, std::milli>(Clock::now() - began).count()));
        ReplyContext context = replyContext(*chat, protocol);
        context.headers = ignoredHeaders(made->ignored);
        entry.named(context.id);
        writer.start(chat->request.stream, std::move(context));
        Conversation conversation(*chat, protocol, writer, entry, rememberFor(services.prompts, *chat));
        // The handle's end is what cancels, however this block is left.
        const Expected<Generation> generation =
            services.prompts.generator.submit(generationRequest(*chat, std::move(made->constraint)),
                                              [mailbox](GenerationEvent event) {
                                                  const bool isToken = std::holds_alternative<GeneratedToken>(event);
                                                  mailbox->post(std::move(event), isToken ? base::Urgency::Soon : base::Urgency::AtOnce);
                                              });
        if (!generation) return refuse(generation.error());
        converse(conversation, writer, *mailbox);
    } catch (const std::exception& problem) {  // out of memory, or a bug
        base::logError(std::string("A request failed: ") + problem.what());
        refuse({ErrorCode::Internal, "Larder could not finish this request because of an internal error."});
    }
}

}  // namespace larder::api
