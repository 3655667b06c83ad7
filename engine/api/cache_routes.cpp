#include "engine/api/cache_routes.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "engine/api/error_reply.h"
#include "engine/api/request_fields.h"
#include "engine/api/sse.h"
#include "engine/base/json.h"
#include "engine/documents.h"

namespace larder::api {
namespace {

constexpr std::chrono::milliseconds kProgressEvery{200};

// What can go wrong with files and ids the asker names is the asker's, unlike in the table of error_reply.h.
int cacheStatus(ErrorCode code) {
    if (code == ErrorCode::Corrupt) return 400;
    if (code == ErrorCode::NoSpace) return 507;
    return httpStatus(code);
}

void sendCacheError(HttpReply& reply, const Error& error) {
    const int status = cacheStatus(error.code);
    reply.send(status, errorHeaders(status), openAiErrorBody(status, error.message));
}

Error cacheIsOff(const Generator& generator) {
    const std::string problem = generator.status().coldTier.problem;
    return {ErrorCode::Unavailable, "Nothing is kept on the disk here: " +
                                        (problem.empty() ? "the cache on the disk is turned off (--cold-cache 0)." : problem)};
}

Expected<std::filesystem::path> fileOf(RequestFields& fields) {
    const auto name = fields.string("file");
    if (!fields.ok()) return fields.problem();
    if (!name) return Error{ErrorCode::InvalidArgument, "file is missing"};
    const std::filesystem::path file = *name;
    if (!file.is_absolute() || name->find('\0') != name->npos)
        return Error{ErrorCode::InvalidArgument, "file must be a whole path that starts with \"/\""};
    return file;
}

Expected<std::string> idOf(RequestFields& fields) {
    const auto id = fields.string("id");
    if (!fields.ok()) return fields.problem();
    if (!id || id->empty()) return Error{ErrorCode::InvalidArgument, "id is missing: GET /api/cache lists them"};
    return *id;
}

Expected<std::string> pin(CacheControl& cache, RequestFields& fields) {
    const bool pinned = fields.boolean("pinned").value_or(true);
    const auto id = idOf(fields);
    if (!id) return id.error();
    if (auto done = cache.pin(*id, pinned); !done) return done.error();
    return pinnedDocument(*id, pinned);
}

Expected<std::string> clear(CacheControl& cache, RequestFields& fields) {
    const std::string model = fields.string("model").value_or("");
    const bool pinnedToo = fields.boolean("pinned_too").value_or(false);
    if (!fields.ok()) return fields.problem();
    const auto cleared = cache.clear(model, pinnedToo);
    if (!cleared) return cleared.error();
    return clearedDocument(*cleared);
}

Expected<std::string> exportPrefix(CacheControl& cache, RequestFields& fields, bool mayWriteFiles) {
    if (!mayWriteFiles)
        return Error{ErrorCode::PermissionDenied, "This server asks for no API key, so it writes no files for those who ask: stop it "
                                                  "and export without a server, or run it with a key."};
    const auto id = idOf(fields);
    if (!id) return id.error();
    const auto file = fileOf(fields);
    if (!file) return file.error();
    const auto exported = cache.exportPrefix(*id, *file);
    if (!exported) return exported.error();
    return exportedDocument(file->string(), *exported);
}

Expected<std::string> importPrefix(CacheControl& cache, RequestFields& fields) {
    const auto file = fileOf(fields);
    if (!file) return file.error();
    const auto imported = cache.importPrefix(*file);
    if (!imported) return imported.error();
    return importedDocument(*imported);
}

Expected<std::string> list(CacheControl& cache) {
    const auto listing = cache.list();
    if (!listing) return listing.error();
    return cacheDocument(cache.status(), *listing);
}

Expected<std::string> resultOf(CacheControl& cache, const CacheCall& call) {
    if (call.verb == CacheVerb::List) return list(cache);
    Expected<base::Json> body = readBody(call.body.empty() ? "{}" : call.body);
    if (!body) return body.error();
    RequestFields fields(*body);
    switch (call.verb) {
        case CacheVerb::Pin: return pin(cache, fields);
        case CacheVerb::Clear: return clear(cache, fields);
        case CacheVerb::Export: return exportPrefix(cache, fields, call.mayWriteFiles);
        case CacheVerb::Import: return importPrefix(cache, fields);
        case CacheVerb::List:
        case CacheVerb::Verify: break;
    }
    return Error{ErrorCode::Internal, "This path has no handler."};
}

// Events: {"progress": 0..1} now and then, {"result": {...}}, [DONE]. An error before the first of them is a status.
void verify(CacheControl& cache, HttpReply& reply, RequestMailbox& mailbox) {
    using Clock = std::chrono::steady_clock;
    const auto gone = std::make_shared<std::atomic<bool>>(false);
    reply.onClientGone([gone] { *gone = true; });
    std::optional<Clock::time_point> next;  // none: nothing was sent yet
    const auto show = [&](double fraction) {
        if (!next) reply.begin(200, sseHeaders());
        next = Clock::now() + kProgressEvery;
        reply.write(sseFrame({{"progress", fraction}}));
    };
    const auto verified = cache.verify([&](double fraction) {
        if (!next || Clock::now() >= *next) show(fraction);
        return !*gone && mailbox.take().empty();  // all that comes here is the end of the server
    });
    if (!verified && !next) return sendCacheError(reply, verified.error());
    if (verified) {
        show(1);
        reply.write("data: {\"result\":" + verifiedDocument(*verified) + "}\n\n");
    } else {
        reply.write("data: " + openAiErrorBody(cacheStatus(verified.error().code), verified.error().message) + "\n\n");
    }
    reply.write(sseDone());
    reply.end();
}

}  // namespace

void serveCache(const Generator& generator, const CacheCall& call, HttpReply& reply, RequestMailbox& mailbox) {
    const std::shared_ptr<CacheControl> cache = generator.cache();
    if (!cache) return sendCacheError(reply, cacheIsOff(generator));
    if (call.verb == CacheVerb::Verify) return verify(*cache, reply, mailbox);
    const Expected<std::string> result = resultOf(*cache, call);
    if (!result) return sendCacheError(reply, result.error());
    reply.send(200, {{"Content-Type", "application/json"}}, *result);
}

}  // namespace larder::api
