// What wakes a request's thread: the engine, the client's leaving, the user who cancels it, the server's end. One mailbox a
// request.
#pragma once

#include <variant>

#include "engine/base/mailbox.h"
#include "engine/generation.h"

namespace larder::api {

struct ClientGone {};
struct CancelAsked {};   // the client still listens and is told
struct ServerStopping {};

using RequestEvent = std::variant<GenerationEvent, ClientGone, CancelAsked, ServerStopping>;
using RequestMailbox = base::Mailbox<RequestEvent>;

}  // namespace larder::api
