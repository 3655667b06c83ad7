// The record of recent requests and of the prompts they had: what the window and `larder cache why` show. Those that run are
// always in it; of the ended ones the last 200, and of prompts with their answers the last used ones, 32 MB of token ids. The
// prompts outlive the server (records/prompt_store), all but those that nothing may be kept of.
//
// A request opens an entry, tells it what happens, and ends it by finished() or failed(); an entry that dies before is
// Cancelled. An entry belongs to its request's thread; everything else: any thread. Nothing here blocks for long, a token
// costs some nanoseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/model_texts.h"
#include "engine/api/request_events.h"
#include "engine/base/clock.h"
#include "engine/error.h"
#include "engine/records/prompt_store.h"
#include "engine/requests.h"

namespace larder::api {

struct RequestBookLimits {
    std::size_t endedRequests = 200;
    std::size_t promptBytes = 32'000'000;
    std::function<double()> steadyMs = base::steadyMs;  // the clock of remaining times: tests have their own
};

// What is known of a request once its prompt is token ids.
struct PreparedRequest {
    std::string model;
    std::uint64_t content = 0;       // of its file: another one under the same name is another model
    Priority priority = Priority::Interactive;
    std::vector<TokenId> ids;        // of the prompt, not empty
    SharedModelText text;            // for the differing texts
    std::string_view title;          // the last user text, as it is; only its beginning is kept
    double prepareMs = 0;
    bool noStore = false;            // GenerationRequest::noStore
    bool logitsAsked = false;        // GenerationRequest::promptLogprobs
    bool keepsState = false;         // the model has a recurrent state
};

class RequestEntry {
public:
    RequestEntry() = default;        // of no book: everything is ignored
    ~RequestEntry() { end(RequestState::Cancelled, {}); }
    RequestEntry(RequestEntry&& other) noexcept : m_inner(std::move(other.m_inner)) {}
    RequestEntry& operator=(RequestEntry&&) = delete;

    // Each at most once, in this order.
    void prepared(PreparedRequest request);
    void named(const std::string& replyId);

    void progress(const PrefillProgress& progress);
    void answered(TokenId token);    // every token the client's answer is made of, a stop token not
    // An answer that ends by a stop string: reason Stop and no stopToken. Later calls are ignored.
    void finished(const GenerationFinished& finished);
    void failed(const Error& error); // ErrorCode::Cancelled: state Cancelled

    std::uint64_t number() const;    // 0 without a book

private:
    friend class RequestBook;
    struct Inner;
    explicit RequestEntry(std::unique_ptr<Inner> inner);
    void decide(std::size_t cachedTokens);
    void end(RequestState state, std::optional<TokenId> stopToken);

    struct Deleter {
        void operator()(Inner* inner) const;
    };
    std::unique_ptr<Inner, Deleter> m_inner;
};

// Whence prompts of before are known, and why they may be lost.
struct RequestBookSources {
    records::PromptStore* store = nullptr;           // outlives the book's entries; null: nothing outlives the server
    std::function<ColdTierStatus()> coldTier = {};   // asked without a lock; empty: as if it were on
};

class RequestBook {
public:
    // changed: after every change but a token of an answer; from the thread that made it, must not block.
    // What earlier servers knew comes a little later; until then requests whose cause depends on it are Unknown.
    explicit RequestBook(RequestBookLimits limits = {}, std::function<void()> changed = {}, RequestBookSources sources = {});

    // mailbox: where CancelAsked is posted.
    RequestEntry open(const std::string& protocol, std::shared_ptr<RequestMailbox> mailbox);

    RequestListSource source() const;
    std::optional<RequestStatus> find(std::uint64_t number, const EngineStatus& engine) const;
    bool cancel(std::uint64_t number);  // false: no such request runs
    std::size_t promptBytes() const;    // of the known prompts

private:
    friend class RequestEntry;
    struct Inner;
    std::shared_ptr<Inner> m_inner;     // entries and sources hold it, too
};

}  // namespace larder::api
