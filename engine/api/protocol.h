// One chat or completion protocol: how its request is read and its reply written. One object per request, used by that
// request's thread only. serveChat drives it; it never touches sockets, engine or tokenizer state beyond what is given.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/api/chat_request.h"
#include "engine/api/http_server.h"
#include "engine/base/json.h"
#include "engine/error.h"
#include "engine/text/tokenizer.h"

namespace larder::api {

// What a reply is made of besides events.
struct ReplyContext {
    std::string id;     // globally unique, e.g. "chatcmpl-<24 hex>"
    std::string model;  // the name that answers
    std::int64_t createdSeconds = 0;
    std::size_t promptTokens = 0;
    std::size_t cachedTokens = 0;   // as known when the headers go out
    HttpHeaders headers;            // further ones of the reply
    const text::Tokenizer* tokenizer = nullptr;  // for logprobs' token texts
    std::string promptText;                      // echo
    std::vector<TokenId> promptIds;              // echo
};

class Protocol {
public:
    virtual ~Protocol() = default;
    // Error: InvalidArgument in one sentence that names the field.
    virtual Expected<ChatRequest> readChat(const base::Json& body) = 0;
    // For lists of requests: "openai chat".
    virtual std::string_view name() const = 0;
    // What ids of replies and of tool calls begin with ("chatcmpl-", "call_").
    virtual std::string_view replyIdPrefix() const = 0;
    virtual std::string_view callIdPrefix() const { return "call_"; }
    // The body of an error reply; the status comes from error_reply.h.
    virtual std::string errorBody(const Error& error) const = 0;

    // Streaming: each returns the bytes to send now (SSE frames), possibly empty.
    virtual std::string beginStream(const ReplyContext& context) = 0;
    virtual std::string streamEvent(const OutputEvent& event) = 0;
    virtual std::string streamError(const Error& error) = 0;  // after the headers went out
    virtual std::string keepAlive() = 0;                      // a data event that clients ignore
    virtual std::string endStream() = 0;

    // Not streaming: events are collected, then one JSON.
    virtual std::string collect(const ReplyContext& context, const std::vector<OutputEvent>& events) = 0;
};

}  // namespace larder::api
