#include "engine/api/routes.h"

#include <array>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/api/access.h"
#include "engine/api/error_reply.h"
#include "engine/api/models.h"
#include "engine/api/openai_chat.h"
#include "engine/api/openai_completions.h"
#include "engine/api/request_threads.h"
#include "engine/api/serve_chat.h"
#include "engine/api/text_routes.h"
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

using Reply = std::shared_ptr<HttpReply>;

void sendError(HttpReply& reply, int status, const std::string& message, HttpHeaders more = {}) {
    HttpHeaders headers = errorHeaders(status);
    headers.insert(headers.end(), more.begin(), more.end());
    reply.send(status, std::move(headers), openAiErrorBody(status, message));
}

void sendResult(HttpReply& reply, const Expected<std::string>& body) {
    if (body) return reply.send(200, {{"Content-Type", "application/json"}}, *body);
    const int status = httpStatus(body.error().code);
    reply.send(status, errorHeaders(status), openAiErrorBody(body.error()));
}

enum class Target { Health, Models, Model, Chat, Completions, Tokenize, Detokenize, ApplyTemplate };

constexpr std::string_view kModelPrefix = "/v1/models/";

std::optional<Target> targetOf(std::string_view path) {
    static constexpr std::array<std::pair<std::string_view, Target>, 7> kPaths{{
        {"/health", Target::Health},
        {"/v1/models", Target::Models},
        {"/v1/chat/completions", Target::Chat},
        {"/v1/completions", Target::Completions},
        {"/tokenize", Target::Tokenize},
        {"/detokenize", Target::Detokenize},
        {"/apply-template", Target::ApplyTemplate},
    }};
    for (const auto& [known, target] : kPaths)
        if (path == known) return target;
    if (path.starts_with(kModelPrefix) && path.size() > kModelPrefix.size()) return Target::Model;
    return std::nullopt;
}

bool isRead(Target target) {
    return target == Target::Health || target == Target::Models || target == Target::Model;
}

std::string_view allowedMethods(Target target) {
    return isRead(target) ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
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
          texts(settings.loadText),
          threads(settings.maxRequests, settings.maxQuickRequests) {}

    bool admit(const HttpRequest& request, Reply& reply);
    void dispatch(Target target, HttpRequest request, const Reply& reply);
    void startChat(Target target, HttpRequest request, const Reply& reply);
    Expected<std::string> quickResult(Target target, const HttpRequest& request);

    Generator& generator;
    const RoutesSettings settings;
    ModelTexts texts;
    RequestThreads threads;  // last: its threads use everything above
};

// Host and Origin. False: refused, and answered. An accepted origin gets its headers on every reply.
bool Routes::Inner::admit(const HttpRequest& request, Reply& reply) {
    const std::string_view host = request.header("host");
    if (!hostIsAllowed(host, settings.host)) {
        sendError(*reply, 403, "This server answers only to localhost; the Host header names another host.");
        return false;
    }
    const std::string_view origin = request.header("origin");
    const OriginVerdict verdict = judgeOrigin(origin, host);
    if (verdict == OriginVerdict::Absent) return true;
    // A preflight cannot carry the key; the request that follows it must.
    const bool keyed =
        !settings.apiKey.empty() && (request.method == "OPTIONS" || keyIsValid(request, settings.apiKey));
    if (verdict == OriginVerdict::Refused || (verdict == OriginVerdict::NeedsKey && !keyed)) {
        sendError(*reply, 403, "Web pages of other hosts may not use this server.");
        return false;
    }
    reply = std::make_shared<ReplyWithHeaders>(std::move(reply), corsHeaders(origin));
    return true;
}

Expected<std::string> Routes::Inner::quickResult(Target target, const HttpRequest& request) {
    const TextServices services{generator, texts};
    switch (target) {
        case Target::Models:
            return modelListBody(generator);
        case Target::Model:
            return modelBody(generator, request.path.substr(kModelPrefix.size()));
        case Target::Tokenize:
            return tokenizeBody(services, request.body);
        case Target::Detokenize:
            return detokenizeBody(services, request.body);
        case Target::ApplyTemplate:
            return applyTemplateBody(services, request.body);
        default:
            break;
    }
    return Error{ErrorCode::Internal, "This path has no handler."};
}

void Routes::Inner::startChat(Target target, HttpRequest request, const Reply& reply) {
    auto body = std::make_shared<std::string>(std::move(request.body));
    const bool started = threads.startGeneration([this, target, body, reply](const auto& mailbox) {
        const ChatServices services{generator, texts, settings.pacing};
        OpenAiChat chat;
        OpenAiCompletions completions;
        if (target == Target::Chat)
            serveChat(services, chat, "chatcmpl-", std::move(*body), *reply, mailbox);
        else
            serveChat(services, completions, "cmpl-", std::move(*body), *reply, mailbox);
    });
    if (!started)
        sendError(*reply, 503,
                  "The server is working on " + std::to_string(settings.maxRequests) +
                      " requests already and takes no more; try again later.");
}

void Routes::Inner::dispatch(Target target, HttpRequest request, const Reply& reply) {
    if (target == Target::Health) return sendResult(*reply, healthBody(generator));
    if (target == Target::Chat || target == Target::Completions) return startChat(target, std::move(request), reply);
    auto shared = std::make_shared<HttpRequest>(std::move(request));
    const bool started = threads.startQuick([this, target, shared, reply](const auto&) {
        try {
            sendResult(*reply, quickResult(target, *shared));
        } catch (const std::exception& problem) {  // out of memory, or a bug
            base::logError(std::string("A request failed: ") + problem.what());
            sendError(*reply, 500, "Larder could not finish this request because of an internal error.");
        }
    });
    if (!started) sendError(*reply, 503, "The server is busy; try again later.");
}

Routes::Routes(Generator& generator, RoutesSettings settings)
    : m_inner(std::make_unique<Inner>(generator, std::move(settings))) {}

Routes::~Routes() = default;

void Routes::handle(HttpRequest request, std::shared_ptr<HttpReply> reply) {
    Inner& inner = *m_inner;
    if (!inner.admit(request, reply)) return;
    const std::optional<Target> target = targetOf(request.path);
    if (request.method == "OPTIONS" && (target || request.path == "*")) {
        const std::string_view methods = target ? allowedMethods(*target) : "GET, HEAD, POST, OPTIONS";
        HttpHeaders headers{{"Allow", std::string(methods)}};
        if (!request.header("origin").empty())
            for (auto& header : preflightHeaders(request, methods)) headers.push_back(std::move(header));
        return reply->send(204, std::move(headers), "");
    }
    if (target != Target::Health && !keyIsValid(request, inner.settings.apiKey))
        return sendError(*reply, 401,
                         "The API key is missing or wrong: send it as \"Authorization: Bearer KEY\" or as "
                         "\"x-api-key: KEY\".");
    if (!target) return sendError(*reply, 404, "There is no " + request.path.substr(0, 200) + " here.");
    if (request.method != (isRead(*target) ? "GET" : "POST"))
        return sendError(*reply, 405, "This path takes only " + std::string(allowedMethods(*target)) + ".",
                         {{"Allow", std::string(allowedMethods(*target))}});
    inner.dispatch(*target, std::move(request), reply);
}

std::size_t Routes::activeRequests() const {
    return m_inner->threads.active();
}

}  // namespace larder::api
