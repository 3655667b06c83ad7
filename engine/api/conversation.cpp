#include "engine/api/conversation.h"

#include <algorithm>
#include <utility>

namespace larder::api {
namespace {

// Calls are looked for where tools were offered; a forced one comes in Hermes form from every model but Llama's.
text::ToolCallFormat callFormat(const PreparedChat& chat) {
    if (!callableTools(chat.request) || chat.request.toolChoice.use == ToolUse::None) return text::ToolCallFormat::None;
    const text::ToolCallFormat own = chat.text->outputFormat.toolCalls;
    return callIsForced(chat.request) && own == text::ToolCallFormat::QwenXml ? text::ToolCallFormat::HermesJson : own;
}

AnswerPartsSettings partsSettings(const PreparedChat& chat, const Protocol& protocol) {
    AnswerPartsSettings settings;
    settings.tokenizer = chat.text->tokenizer.get();
    settings.stops = chat.request.stop;
    settings.callIdPrefix = protocol.callIdPrefix();
    if (!chat.prompt.isChat) return settings;  // completions are plain text
    settings.markers = chat.text->outputFormat.markers;
    settings.parser = {.toolCalls = callFormat(chat),
                       .reasoning = chat.text->outputFormat.reasoning,
                       .reasoningOpen = chat.prompt.opensReasoning,
                       .tools = callableTools(chat.request)};
    return settings;
}

}  // namespace

Conversation::Conversation(const PreparedChat& chat, const Protocol& protocol, ReplyWriter& writer, RequestEntry& entry,
                           Remember remember)
    : m_chat(chat), m_writer(writer), m_entry(entry), m_answer(partsSettings(chat, protocol)), m_remember(std::move(remember)) {}

void Conversation::handle(RequestEvent event) {
    if (std::holds_alternative<ClientGone>(event)) m_done = true;
    if (std::holds_alternative<CancelAsked>(event)) fail({ErrorCode::Cancelled, "This request was cancelled in Larder."});
    if (std::holds_alternative<ServerStopping>(event)) fail({ErrorCode::Unavailable, "Larder is shutting down."});
    if (auto* generated = std::get_if<GenerationEvent>(&event))
        std::visit([this](auto&& each) { on(std::move(each)); }, std::move(*generated));
}

void Conversation::on(PrefillProgress progress) {
    m_cachedTokens = progress.cachedTokens;
    m_followedTokens = progress.followedTokens;
    m_loadedTokens = progress.loadedTokens;
    m_loadMs = progress.loadMs;
    noteFirstEvent();
    m_entry.progress(progress);
    m_writer.admitted(m_cachedTokens);
}

void Conversation::on(PromptLogprobs prompt) {
    noteFirstEvent();
    m_promptLogprobsSent = true;
    m_writer.add(OutputPromptLogprobs{std::move(prompt.positions)});
}

void Conversation::on(GeneratedToken token) {
    noteFirstEvent();
    if (m_answer.tokens() == 0) m_firstToken = Clock::now();
    ensurePromptLogprobs();
    if (m_chat.request.promptOnly) return finish(FinishReason::Length, std::nullopt, measuredTimings());
    m_sampled.push_back(token.token);
    m_entry.answered(token.token);
    m_answer.add(std::move(token), m_events);
    pass();
    const bool enough = !m_chat.request.toolChoice.parallel && m_answer.completeCalls() > 0;
    if (m_answer.stopped() || enough) finish(FinishReason::Stop, std::nullopt, measuredTimings());
}

void Conversation::on(GenerationFinished finished) {
    noteFirstEvent();
    ensurePromptLogprobs();
    m_cachedTokens = finished.cachedTokens;
    m_followedTokens = finished.followedTokens;
    m_loadedTokens = finished.loadedTokens;
    m_generatedTokens = finished.generatedTokens;
    finish(m_chat.request.promptOnly ? FinishReason::Length : finished.reason, finished.stopToken, finished.timings);
}

bool Conversation::mayStopItself() const {
    return !m_chat.request.stop.empty() || !m_chat.request.toolChoice.parallel || m_chat.request.promptOnly;
}

void Conversation::fail(const Error& error) {
    m_entry.failed(error);
    m_writer.fail(error);
    m_done = true;
}

void Conversation::finish(FinishReason reason, std::optional<TokenId> stopToken, const GenerationTimings& timings) {
    if (!m_chat.request.promptOnly) m_answer.finish(m_events);
    pass();
    OutputFinished end;
    end.reason = m_answer.stopped() ? FinishReason::Stop : reason;
    end.stopString = m_answer.stopString();
    end.promptTokens = m_chat.prompt.ids.size();
    end.cachedTokens = m_cachedTokens;
    end.followedTokens = m_followedTokens;
    end.loadedTokens = m_loadedTokens;
    end.completionTokens = m_chat.request.promptOnly ? 0 : std::max(m_generatedTokens, m_answer.tokens());
    const std::size_t most = m_chat.request.maxTokens;
    end.windowFull = end.reason == FinishReason::Length && (most == 0 || end.completionTokens < most);
    end.calls = m_answer.completeCalls();
    end.timings = timings;
    // What a stop string cut off was sampled, but the client never sees it.
    if (m_remember && !m_answer.stopped()) m_remember(m_answer.message(), std::move(m_sampled));
    m_entry.finished({.reason = end.reason,
                      .stopToken = stopToken,
                      .promptTokens = end.promptTokens,
                      .cachedTokens = end.cachedTokens,
                      .followedTokens = end.followedTokens,
                      .loadedTokens = end.loadedTokens,
                      .generatedTokens = end.completionTokens,
                      .timings = end.timings});
    m_writer.add(std::move(end));
    m_writer.finish();
    m_done = true;
}

void Conversation::pass() {
    for (OutputEvent& event : m_events) m_writer.add(std::move(event));
    m_events.clear();
}

// The engine sends none for a prompt of one token; echo needs the event all the same.
void Conversation::ensurePromptLogprobs() {
    const bool wanted = m_chat.request.echo && m_chat.request.topLogprobs >= 0;
    if (wanted && !std::exchange(m_promptLogprobsSent, true)) m_writer.add(OutputPromptLogprobs{});
}

void Conversation::noteFirstEvent() {
    if (m_firstEvent == Clock::time_point{}) m_firstEvent = Clock::now();
}

// For an answer that ends before the engine's own GenerationFinished.
GenerationTimings Conversation::measuredTimings() const {
    const auto ms = [](Clock::duration span) { return std::chrono::duration<double, std::milli>(span).count(); };
    return {.loadMs = m_loadMs,
            .queueMs = std::max(0.0, ms(m_firstEvent - m_submitted) - m_loadMs),
            .prefillMs = ms(m_firstToken - m_firstEvent),
            .decodeMs = ms(Clock::now() - m_firstToken)};
}

}  // namespace larder::api
