// From a request to its handler: Host, Origin and key checks (access.h), then path and method (design §3 step 2).
// handle() is called on the http thread and never blocks: work goes to request threads, which Routes owns.
//
// Order of refusals: Host 403, Origin 403, preflight answered (204), key 401 (all but /health and /api/hello), path 404, method 405.
// Paths are exact: no trailing slashes, no case folding.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "engine/api/generator.h"
#include "engine/api/http_server.h"
#include "engine/api/model_texts.h"
#include "engine/api/reply_writer.h"
#include "engine/api/request_book.h"
#include "engine/records/prompt_store.h"
#include "engine/records/usage_log.h"
#include "engine/replay.h"

namespace larder::api {

struct RoutesSettings {
    std::string apiKey;                 // empty: no key is asked for
    std::string host;                   // as bound; decides which Host headers are acceptable
    std::size_t maxRequests = 0;        // generations at a time (running and waiting) before 503
    std::size_t maxQuickRequests = 64;  // tokenise, lists and the like at a time before 503
    std::size_t maxErrands = 4;         // verbs of /api/cache at a time before 503
    std::string version;                // for /api/status
    records::UsageLog* usage = nullptr; // outlives the routes; null: nothing is kept over restarts
    ReplayStore* replay = nullptr;      // outlives the routes; null: answers that come back are encoded anew
    records::PromptStore* prompts = nullptr;  // likewise; null: what was known ends with the routes
    std::function<void()> requestsChanged;  // see RequestBook
    ReplyPacing pacing;
    ModelTextLoader loadText = text::loadModelText;
};

class Routes {
public:
    // The generator outlives this.
    Routes(Generator& generator, RoutesSettings settings);
    // Ends every request (503, or an error frame) and joins its thread. REQUIRES that handle() is not called any more.
    ~Routes();

    void handle(HttpRequest request, std::shared_ptr<HttpReply> to);  // one thread at a time

    RequestBook& requests();             // lives as long as the routes
    std::size_t activeRequests() const;  // request threads that still work; any thread

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::api
