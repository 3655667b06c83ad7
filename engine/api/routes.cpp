#include "engine/api/routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/api/access.h"
#include "engine/api/anthropic_count.h"
#include "engine/api/anthropic_messages.h"
#include "engine/api/anthropic_models.h"
#include "engine/api/cache_routes.h"
#include "engine/api/error_reply.h"
#include "engine/api/error_shape.h"
#include "engine/api/http_target.h"
#include "engine/api/metrics.h"
#include "engine/api/models.h"
#include "engine/api/openai_chat.h"
#include "engine/api/openai_completions.h"
#include "engine/api/openai_responses.h"
#include "engine/api/request_routes.h"
#include "engine/api/request_threads.h"
#include "engine/api/serve_chat.h"
#include "engine/api/status_routes.h"
#include "engine/api/text_routes.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"

namespace larder::api {
namespace {

// Adds headers to whatever is answered, so that no handler needs to know about CORS.
class ReplyWithHeaders final : public HttpReply {
public:
    ReplyWithHeaders(std::shared_ptr<HttpReply> reply, HttpHeaders extra)
        : m_reply(std::move(reply)), m_extra(std::move(extra)) {}

    void send(int status, HttpHeaders headers, std::string body) override {
        m_reply->send(status, joined(std::move(headers)), std::move(body));
    }
    void begin(int status, HttpHeaders headers) override { m_reply->begin(status, joined(std::move(headers))); }
    void write(std::string bytes) override { m_reply->write(std::move(bytes)); }
    void end() override { m_reply->end(); }
    void onClientGone(std::function<void()> callback) override { m_reply->onClientGone(std::move(callback)); }

private:
    HttpHeaders joined(HttpHeaders headers) const {
        headers.insert(headers.end(), m_extra.begin(), m_extra.end());
        return headers;
    }

    std::shared_ptr<HttpReply> m_reply;
    HttpHeaders m_extra;
};

// Where the answer goes, and the shape of its errors.
struct Reply {
    std::shared_ptr<HttpReply> to;
    ErrorShape shape;

    void addHeaders(HttpHeaders extra) { to = std::make_shared<ReplyWithHeaders>(std::move(to), std::move(extra)); }

    void sendError(int status, const std::string& message, HttpHeaders more = {}) const {
        HttpHeaders headers = errorHeaders(status);
        headers.insert(headers.end(), more.begin(), more.end());
        to->send(status, std::move(headers), shape.body(status, message));
    }

    void sendResult(const Expected<std::string>& body, const char* contentType = "application/json") const {
        if (body) return to->send(200, {{"Content-Type", contentType}}, *body);
        const int status = httpStatus(body.error().code);
        to->send(status, errorHeaders(status), shape.body(body.error()));
    }
};

enum class Target {
    Health, Hello, Models, Model, Chat, Completions, Messages, Responses, CountTokens, Tokenize, Detokenize, ApplyTemplate, Status, Metrics, Usage,
    CacheList, CachePin, CacheClear, CacheVerify, CacheExport, CacheImport, Requests, Request, RequestCancel
};

constexpr std::string_view kModelPrefix = "/v1/models/";

std::optional<Target> targetOf(std::string_view path) {
    static constexpr std::array<std::pair<std::string_view, Target>, 21> kPaths{{
        {"/health", Target::Health},
        {"/api/hello", Target::Hello},
        {"/v1/models", Target::Models},
        {"/v1/chat/completions", Target::Chat},
        {"/v1/completions", Target::Completions},
        {"/v1/messages", Target::Messages},
        {"/v1/responses", Target::Responses},
        {"/v1/messages/count_tokens", Target::CountTokens},
        {"/tokenize", Target::Tokenize},
        {"/detokenize", Target::Detokenize},
        {"/apply-template", Target::ApplyTemplate},
        {"/metrics", Target::Metrics},
        {"/api/status", Target::Status},
        {"/api/usage", Target::Usage},
        {"/api/cache", Target::CacheList},
        {"/api/cache/pin", Target::CachePin},
        {"/api/cache/clear", Target::CacheClear},
        {"/api/cache/verify", Target::CacheVerify},
        {"/api/cache/export", Target::CacheExport},
        {"/api/cache/import", Target::CacheImport},
        {"/api/requests", Target::Requests},
    }};
    for (const auto& [known, target] : kPaths)
        if (path == known) return target;
    if (path.starts_with(kModelPrefix) && path.size() > kModelPrefix.size()) return Target::Model;
    if (const auto request = readRequestPath(path)) return request->cancel ? Target::RequestCancel : Target::Request;
    return std::nullopt;
}

bool isRead(Target target) {
    static constexpr std::array kReads{Target::Health, Target::Hello, Target::Models, Target::Model, Target::Status,
                                       Target::Metrics, Target::Usage, Target::CacheList, Target::Requests, Target::Request};
    return std::find(kReads.begin(), kReads.end(), target) != kReads.end();
}

bool needsKey(std::optional<Target> target) {
    return target != Target::Health && target != Target::Hello;
}

// Answered by a generation.
bool isGeneration(Target target) {
    return target == Target::Chat || target == Target::Completions || target == Target::Messages || target == Target::Responses;
}

// REQUIRES isGeneration.
std::unique_ptr<Protocol> protocolOf(Target target, const ErrorShape& shape) {
    switch (target) {
        case Target::Chat: return std::make_unique<OpenAiChat>();
        case Target::Messages: return std::make_unique<AnthropicMessages>(shape.requestId());
        case Target::Responses: return std::make_unique<OpenAiResponses>();
        default: return std::make_unique<OpenAiCompletions>();
    }
}

// Nothing: not one of the cache's.
std::optional<CacheVerb> cacheVerb(Target target) {
    switch (target) {
        case Target::CacheList: return CacheVerb::List;
        case Target::CachePin: return CacheVerb::Pin;
        case Target::CacheClear: return CacheVerb::Clear;
        case Target::CacheVerify: return CacheVerb::Verify;
        case Target::CacheExport: return CacheVerb::Export;
        case Target::CacheImport: return CacheVerb::Import;
        default: return std::nullopt;
    }
}

std::int64_t routesUnixMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string_view allowedMethods(Target target) {
    return isRead(target) ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
}

bool isSubagent(const HttpRequest& request) {
    return !request.header("x-claude-code-agent-id").empty() || !request.header("x-openai-subagent").empty();
}

// Cache-Control: no-store.
bool asksNotToStore(const HttpRequest& request) {
    const std::vector<std::string> directives = listElements(request.header("cache-control"));
    return std::find(directives.begin(), directives.end(), "no-store") != directives.end();
}

std::string healthBody(const Generator& generator) {
    bool loaded = false;
    bool failed = false;
    for (const ModelStatus& model : generator.status().models) {
        if (model.state == ModelState::Loading) return R"({"status":"loading"})";
        loaded |= model.state == ModelState::Loaded;
        failed |= model.state == ModelState::Failed;
    }
    return failed && !loaded ? R"({"status":"failed"})" : R"({"status":"ok"})";
}

}  // namespace

struct Routes::Inner {
    Inner(Generator& theGenerator, RoutesSettings theSettings)
        : generator(theGenerator),
          settings(std::move(theSettings)),
          facts{settings.version, routesUnixMs(), base::steadyMs(), settings.usage},
          texts(settings.loadText),
          book({}, settings.requestsChanged, {settings.prompts, [this] { return generator.status().coldTier; }}),
          threads(settings.maxRequests, settings.maxQuickRequests, settings.maxErrands) {}

    bool admit(const HttpRequest& request, Reply& reply);
    void dispatch(Target target, HttpRequest request, const Reply& reply);
    void startChat(Target target, HttpRequest request, const Reply& reply);
    void startCache(CacheVerb verb, HttpRequest request, const Reply& reply);
    Expected<std::string> quickResult(Target target, const HttpRequest& request, bool anthropicModels);

    Generator& generator;
    const RoutesSettings settings;
    const ServerFacts facts;
    ModelTexts texts;
    PromptMemory memory;
    RequestBook book;
    RequestThreads threads;  // last: its threads use everything above
};

// Host and Origin. False: refused, and answered. An accepted origin gets its headers on every reply.
bool Routes::Inner::admit(const HttpRequest& request, Reply& reply) {
    const std::string_view host = request.header("host");
    if (!hostIsAllowed(host, settings.host)) {
        reply.sendError(403, "This server answers only to localhost; the Host header names another host.");
        return false;
    }
    const std::string_view origin = request.header("origin");
    const OriginVerdict verdict = judgeOrigin(origin, host);
    if (verdict == OriginVerdict::Absent) return true;
    // A preflight cannot carry the key; the request that follows it must.
    const bool keyed =
        !settings.apiKey.empty() && (request.method == "OPTIONS" || keyIsValid(request, settings.apiKey));
    if (verdict == OriginVerdict::Refused || (verdict == OriginVerdict::NeedsKey && !keyed)) {
        reply.sendError(403, "Web pages of other hosts may not use this server.");
        return false;
    }
    reply.addHeaders(corsHeaders(origin));
    return true;
}

Expected<std::string> Routes::Inner::quickResult(Target target, const HttpRequest& request, bool anthropicModels) {
    const PromptServices services{generator, texts, memory, settings.replay};
    switch (target) {
        case Target::Models:
            return anthropicModels ? anthropicModelListBody(generator) : modelListBody(generator);
        case Target::Model: {
            const std::string name = request.path.substr(kModelPrefix.size());
            return anthropicModels ? anthropicModelBody(generator, name) : modelBody(generator, name);
        }
        case Target::CountTokens:
            return countTokensBody(services, request.body);
        case Target::Tokenize:
            return tokenizeBody(services, request.body);
        case Target::Detokenize:
            return detokenizeBody(services, request.body);
        case Target::ApplyTemplate:
            return applyTemplateBody(services, request.body);
        case Target::Status:
            return statusDocument(takeReport(generator, facts));
        case Target::Metrics:
            return metricsText(takeReport(generator, facts));
        case Target::Usage:
            return usageBody(request.query, records::unixHourOf(routesUnixMs()), settings.usage);
        case Target::Requests:
            return requestListBody(book, generator);
        case Target::Request:
        case Target::RequestCancel:
            return requestBody(book, generator, *readRequestPath(request.path));
        default:
            break;
    }
    return Error{ErrorCode::Internal, "This path has no handler."};
}

void Routes::Inner::startChat(Target target, HttpRequest request, const Reply& reply) {
    const ChatHeaders headers{.noStore = asksNotToStore(request), .aside = isSubagent(request)};
    auto body = std::make_shared<std::string>(std::move(request.body));
    const bool started = threads.startGeneration([this, target, headers, body, reply](const auto& mailbox) {
        const ChatServices services{{generator, texts, memory, settings.replay}, book, settings.pacing, headers};
        const std::unique_ptr<Protocol> protocol = protocolOf(target, reply.shape);
        serveChat(services, *protocol, std::move(*body), *reply.to, mailbox);
    });
    if (!started)
        reply.sendError(503, "The server is working on " + std::to_string(settings.maxRequests) +
                                 " requests already and takes no more; try again later.");
}

void Routes::Inner::startCache(CacheVerb verb, HttpRequest request, const Reply& reply) {
    auto call = std::make_shared<CacheCall>(CacheCall{verb, std::move(request.body), !settings.apiKey.empty()});
    const bool started = threads.startErrand([this, call, reply](const auto& mailbox) {
        try {
            serveCache(generator, *call, *reply.to, *mailbox);
        } catch (const std::exception& problem) {  // out of memory, or a bug
            base::logError(std::string("A request failed: ") + problem.what());
            // One that streams may have begun: its connection closes.
            if (call->verb != CacheVerb::Verify)
                reply.sendError(500, "Larder could not finish this request because of an internal error.");
        }
    });
    if (!started) reply.sendError(503, "The cache is busy with others who asked; try again later.");
}

void Routes::Inner::dispatch(Target target, HttpRequest request, const Reply& reply) {
    if (target == Target::Health) return reply.sendResult(healthBody(generator));
    if (target == Target::Hello) return reply.sendResult(std::string(R"({"message":"hello"})"));
    if (isGeneration(target)) return startChat(target, std::move(request), reply);
    if (const auto verb = cacheVerb(target)) return startCache(*verb, std::move(request), reply);
    auto shared = std::make_shared<HttpRequest>(std::move(request));
    const bool started = threads.startQuick([this, target, shared, reply](const auto&) {
        try {
            reply.sendResult(quickResult(target, *shared, reply.shape.isAnthropic()),
                             target == Target::Metrics ? kMetricsType : "application/json");
        } catch (const std::exception& problem) {  // out of memory, or a bug
            base::logError(std::string("A request failed: ") + problem.what());
            reply.sendError(500, "Larder could not finish this request because of an internal error.");
        }
    });
    if (!started) reply.sendError(503, "The server is busy; try again later.");
}

Routes::Routes(Generator& generator, RoutesSettings settings)
    : m_inner(std::make_unique<Inner>(generator, std::move(settings))) {}

Routes::~Routes() = default;

void Routes::handle(HttpRequest request, std::shared_ptr<HttpReply> to) {
    Inner& inner = *m_inner;
    Reply reply{std::move(to), ErrorShape(request)};
    if (reply.shape.isAnthropic()) reply.addHeaders({{"request-id", reply.shape.requestId()}});
    if (!inner.admit(request, reply)) return;
    const std::optional<Target> target = targetOf(request.path);
    if (request.method == "OPTIONS" && (target || request.path == "*")) {
        const std::string_view methods = target ? allowedMethods(*target) : "GET, HEAD, POST, OPTIONS";
        HttpHeaders headers{{"Allow", std::string(methods)}};
        if (!request.header("origin").empty())
            for (auto& header : preflightHeaders(request, methods)) headers.push_back(std::move(header));
        return reply.to->send(204, std::move(headers), "");
    }
    if (needsKey(target) && !keyIsValid(request, inner.settings.apiKey))
        return reply.sendError(401,
                               "The API key is missing or wrong: send it as \"Authorization: Bearer KEY\" or as "
                               "\"x-api-key: KEY\".");
    if (!target) return reply.sendError(404, "There is no " + request.path.substr(0, 200) + " here.");
    if (request.method != (isRead(*target) ? "GET" : "POST"))
        return reply.sendError(405, "This path takes only " + std::string(allowedMethods(*target)) + ".",
                               {{"Allow", std::string(allowedMethods(*target))}});
    inner.dispatch(*target, std::move(request), reply);
}

RequestBook& Routes::requests() { return m_inner->book; }

std::size_t Routes::activeRequests() const {
    return m_inner->threads.active();
}

}  // namespace larder::api
