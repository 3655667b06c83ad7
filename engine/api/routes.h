// From a request to its handler: key, Host and Origin checks, then method and path (design §3 step 2).
// handle() is called on the http thread and never blocks: work goes to request threads, which Routes owns.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "engine/api/http_server.h"
#include "engine/engine.h"

namespace larder::api {

struct RoutesSettings {
    std::string apiKey;            // empty: no key is asked for
    std::string host;              // as bound; decides which Host headers are acceptable
    std::size_t maxRequests = 0;   // generations at a time (running and waiting) before 503
};

class Routes {
public:
    Routes(Engine& engine, RoutesSettings settings);
    ~Routes();                     // cancels and joins every request thread

    void handle(HttpRequest request, std::shared_ptr<HttpReply> reply);

    std::size_t activeRequests() const;  // request threads that still work

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::api
