// What wakes a request's thread: the engine, the client's leaving, the server's end. One mailbox a request.
#pragma once

#include <variant>

#include "engine/base/mailbox.h"
#include "engine/generation.h"

namespace larder::api {

struct ClientGone {};
struct ServerStopping {};

using RequestEvent = std::variant<GenerationEvent, ClientGone, ServerStopping>;
using RequestMailbox = base::Mailbox<RequestEvent>;

}  // namespace larder::api
