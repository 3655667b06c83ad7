// GET /api/cache and POST /api/cache/*: what is kept on the disk, to see and to change. Request threads; every verb blocks on the
// disk, verify and import for long.
#pragma once

#include <memory>
#include <string>

#include "engine/api/generator.h"
#include "engine/api/http_server.h"
#include "engine/api/request_events.h"

namespace larder::api {

enum class CacheVerb { List, Pin, Clear, Verify, Export, Import };

struct CacheCall {
    CacheVerb verb = CacheVerb::List;
    std::string body;            // of the request
    bool mayWriteFiles = false;  // export: the asker has shown a key
};

// Answers reply, in the end. mailbox: where ServerStopping is posted, which ends verify early.
void serveCache(const Generator& generator, const CacheCall& call, HttpReply& reply, RequestMailbox& mailbox);

}  // namespace larder::api
