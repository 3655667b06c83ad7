// What happens between a request's submit and the last byte of its answer (design §3 steps 11 and 12): engine events in, events
// of the protocol out. One request's thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/api/answer_parts.h"
#include "engine/api/prepared_chat.h"
#include "engine/api/reply_writer.h"
#include "engine/api/request_book.h"
#include "engine/api/request_events.h"

namespace larder::api {

class Conversation {
public:
    // Called when the answer is complete, before the client hears of it: its next request may come at once.
    using Remember = std::function<void(const AnswerMessage& message, std::vector<TokenId> sampled)>;

    // All outlive this. remember: may be empty.
    Conversation(const PreparedChat& chat, const Protocol& protocol, ReplyWriter& writer, RequestEntry& entry, Remember remember);

    void handle(RequestEvent event);
    bool done() const { return m_done; }  // answered, failed, or nobody listens
    // A token may complete it before the engine would: it should be handled as soon as it is there.
    bool mayStopItself() const;

private:
    void on(PrefillProgress progress);
    void on(PromptLogprobs prompt);
    void on(GeneratedToken token);
    void on(GenerationFinished finished);
    void on(Error error) { fail(error); }

    void fail(const Error& error);
    void finish(FinishReason reason, std::optional<TokenId> stopToken, const GenerationTimings& timings);
    void pass();
    void ensurePromptLogprobs();
    void noteFirstEvent();
    GenerationTimings measuredTimings() const;

    using Clock = std::chrono::steady_clock;

    const PreparedChat& m_chat;
    ReplyWriter& m_writer;
    RequestEntry& m_entry;
    AnswerParts m_answer;
    Remember m_remember;
    std::vector<OutputEvent> m_events;  // not passed on yet
    std::vector<TokenId> m_sampled;
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

}  // namespace larder::api
