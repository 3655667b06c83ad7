// The documents of recent requests.
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "engine/documents.h"

namespace larder {
namespace {

double microseconds(double ms) { return std::round(ms * 1000) / 1000; }

base::Json requestJson(const RequestStatus& request) {
    base::Json out;
    out["number"] = request.number;
    out["id"] = request.id;
    out["model"] = request.model;
    out["protocol"] = request.protocol;
    out["title"] = request.title;
    out["state"] = stateWord(request.state);
    out["priority"] = request.priority == Priority::Background ? "background" : "interactive";
    out["started_unix_ms"] = request.startedUnixMs;
    out["ended_unix_ms"] = request.endedUnixMs;
    if (!request.failure.empty()) out["failure"] = request.failure;
    out["prompt_tokens"] = request.promptTokens;
    out["cached_tokens"] = request.cachedTokens;
    out["followed_tokens"] = request.followedTokens;
    out["loaded_tokens"] = request.loadedTokens;
    out["done_tokens"] = request.doneTokens;
    out["answer_tokens"] = request.answerTokens;
    out["prepare_ms"] = microseconds(request.prepareMs);
    out["load_ms"] = microseconds(request.timings.loadMs);
    out["queue_ms"] = microseconds(request.timings.queueMs);
    out["prefill_ms"] = microseconds(request.timings.prefillMs);
    out["decode_ms"] = microseconds(request.timings.decodeMs);
    out["eta_ms"] = microseconds(request.etaMs);
    out["cause"] = causeWord(request.cause);
    out["shared_tokens"] = request.sharedTokens;
    out["closest_tokens"] = request.closestTokens;
    out["closest_number"] = request.closestNumber;
    return out;
}

}  // namespace

const char* stateWord(RequestState state) {
    switch (state) {
        case RequestState::Waiting: return "waiting";
        case RequestState::Loading: return "loading";
        case RequestState::Prefilling: return "prefilling";
        case RequestState::Answering: return "answering";
        case RequestState::Done: return "done";
        case RequestState::Failed: return "failed";
        case RequestState::Cancelled: return "cancelled";
    }
    return "";
}

const char* causeWord(MissCause cause) {
    switch (cause) {
        case MissCause::Nothing: return "nothing";
        case MissCause::Grown: return "grown";
        case MissCause::New: return "new";
        case MissCause::Differs: return "differs";
        case MissCause::Evicted: return "evicted";
        case MissCause::NotWritten: return "not_written";
        case MissCause::Damaged: return "damaged";
        case MissCause::NotStored: return "not_stored";
        case MissCause::Snapshot: return "snapshot";
        case MissCause::Asked: return "asked";
        case MissCause::Unknown: return "unknown";
    }
    return "";
}

std::string requestsDocument(const RequestList& requests) {
    base::Json out;
    out["requests"] = base::Json::array();
    for (const RequestStatus& request : requests) out["requests"].push_back(requestJson(request));
    return base::dumpJson(out);
}

std::string requestDocument(const RequestStatus& request) {
    base::Json out = requestJson(request);
    out["why"] = request.why;
    out["shared_text"] = request.sharedText;
    out["known_text"] = request.knownText;
    out["asked_text"] = request.askedText;
    return base::dumpJson(out);
}

std::string cancelledDocument(std::uint64_t number) {
    base::Json out;
    out["number"] = number;
    out["cancelled"] = true;
    return base::dumpJson(out);
}

}  // namespace larder
