// One chat or completion request from its body to the last byte of its answer (design §3 steps 3-5, 11, 12): one
// straight function for every protocol, streaming or not. Runs on a request thread and blocks until the answer is out,
// failed, or its client is gone.
#pragma once

#include <memory>
#include <string>

#include "engine/api/http_server.h"
#include "engine/api/prepared_chat.h"
#include "engine/api/protocol.h"
#include "engine/api/request_book.h"
#include "engine/api/reply_writer.h"
#include "engine/api/request_events.h"

namespace larder::api {

struct ChatServices {
    PromptServices prompts;
    RequestBook& requests;
    ReplyPacing pacing;
    ChatHeaders headers;
};

// mailbox: where ServerStopping is posted to end it early; engine events and ClientGone come the same way.
void serveChat(const ChatServices& services, Protocol& protocol, std::string body,
               HttpReply& reply, const std::shared_ptr<RequestMailbox>& mailbox);

}  // namespace larder::api
