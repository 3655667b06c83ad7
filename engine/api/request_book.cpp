#include "engine/api/request_book.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "engine/api/asked_prompt.h"
#include "engine/api/known_prompts.h"
#include "engine/api/prefill_eta.h"
#include "engine/api/prompt_excerpt.h"
#include "engine/base/clock.h"
#include "engine/base/guarded.h"

namespace larder::api {
namespace {

constexpr std::size_t kTitleBytes = 120;
constexpr std::size_t kAnswerReserve = 1024;  // tokens
constexpr double kNoteEveryMs = 1000;         // how far a prompt is, for the one who asks after a crash

}  // namespace

struct RequestBook::Inner {
    // One that runs. tokens is the only thing written without the lock.
    struct Running {
        RequestStatus status;
        std::shared_ptr<RequestMailbox> mailbox;
        std::shared_ptr<const std::atomic<std::size_t>> tokens;
        double etaSteadyMs = 0;  // when status.etaMs was true
    };
    struct State {
        std::map<std::uint64_t, Running, std::greater<>> running;  // the newest first
        std::deque<RequestStatus> ended;                           // likewise
        std::shared_ptr<const RequestList> shown;                  // of ended ones alone; null: changed since
        KnownPrompts known;
        bool isReadingRecord = false;                              // of earlier servers
        std::vector<AskedPrompt> unsettled;                        // of requests that ended before it was read
        std::uint64_t lastNumber = 0;
    };

    Inner(RequestBookLimits theLimits, std::function<void()> theChanged, RequestBookSources theSources)
        : limits(theLimits),
          changed(std::move(theChanged)),
          sources(std::move(theSources)),
          state(State{{}, {}, {}, KnownPrompts(theLimits.promptBytes), sources.store != nullptr, {}, 0}) {}

    void takeEarlier(std::vector<records::StoredPrompt> earlier);
    bool compareAgain(AskedPrompt& asked);  // true: with what earlier servers knew
    void settle(AskedPrompt asked);         // of a request that ended
    void store(records::PromptChange change) const {
        if (sources.store != nullptr) sources.store->change(std::move(change));
    }

    RequestStatus look(const Running& running, const EngineStatus& engine) const;
    std::shared_ptr<const RequestList> list(const EngineStatus& engine) const;
    void tell() const {
        if (changed) changed();
    }
    // write(Running&, State&), while it runs.
    template <class Write>
    void change(std::uint64_t number, Write&& write) {
        state.with([&](State& now) {
            if (const auto found = now.running.find(number); found != now.running.end()) write(found->second, now);
        });
        tell();
    }

    const RequestBookLimits limits;
    const std::function<void()> changed;
    const RequestBookSources sources;
    mutable base::Guarded<State> state;
};

RequestStatus RequestBook::Inner::look(const Running& running, const EngineStatus& engine) const {
    RequestStatus status = running.status;
    status.answerTokens = running.tokens->load(std::memory_order_relaxed);
    if (status.etaMs > 0) status.etaMs = std::max(1.0, status.etaMs - (limits.steadyMs() - running.etaSteadyMs));
    const bool loading = std::any_of(engine.models.begin(), engine.models.end(), [&](const ModelStatus& model) {
        return model.state == ModelState::Loading && model.name == status.model;
    });
    if (status.state == RequestState::Waiting && loading) status.state = RequestState::Loading;
    return status;
}

std::shared_ptr<const RequestList> RequestBook::Inner::list(const EngineStatus& engine) const {
    return state.with([&](State& now) {
        if (now.running.empty() && now.shown) return now.shown;
        auto made = std::make_shared<RequestList>();
        made->reserve(now.running.size() + now.ended.size());
        for (const auto& [number, running] : now.running) made->push_back(look(running, engine));
        made->insert(made->end(), now.ended.begin(), now.ended.end());
        std::shared_ptr<const RequestList> list = std::move(made);
        now.shown = now.running.empty() ? list : nullptr;
        return list;
    });
}

RequestBook::RequestBook(RequestBookLimits limits, std::function<void()> changed, RequestBookSources sources)
    : m_inner(std::make_shared<Inner>(limits, std::move(changed), std::move(sources))) {
    if (m_inner->sources.store == nullptr) return;
    m_inner->sources.store->load(limits.promptBytes, [inner = std::weak_ptr(m_inner)](std::vector<records::StoredPrompt> earlier) {
        if (const auto there = inner.lock()) there->takeEarlier(std::move(earlier));
    });
}

void RequestBook::Inner::takeEarlier(std::vector<records::StoredPrompt> earlier) {
    KnownPrompts made(limits.promptBytes, std::move(earlier));  // hashes: not under the lock
    std::vector<AskedPrompt> unsettled = state.with([&](State& now) {
        now.known.addEarlier(std::move(made));
        now.isReadingRecord = false;
        return std::exchange(now.unsettled, {});
    });
    for (AskedPrompt& asked : unsettled) settle(std::move(asked));
}

bool RequestBook::Inner::compareAgain(AskedPrompt& asked) {
    const std::vector<std::uint64_t> blocks = hashBlocks(asked.ids);
    auto closest = state.with([&](State& now) -> std::optional<ClosestPrompt> {
        if (now.isReadingRecord) return std::nullopt;
        return now.known.findClosest(asked.model, asked.ids, blocks, kTextIds, asked.number);
    });
    if (!closest) return false;
    asked.isReadingRecord = false;
    asked.compare(std::move(*closest), asked.ids);
    asked.ids = {};
    return true;
}

void RequestBook::Inner::settle(AskedPrompt asked) {
    if (!compareAgain(asked)) return;
    const auto explained = asked.cachedTokens ? std::optional(asked.explain()) : std::nullopt;
    state.with([&](State& now) {
        const auto found = std::find_if(now.ended.begin(), now.ended.end(), [&](const RequestStatus& each) { return each.number == asked.number; });
        if (found == now.ended.end()) return;
        asked.writeClosest(*found);
        if (explained) std::tie(found->cause, found->why) = std::tie(explained->cause, explained->why);
        now.shown = nullptr;
    });
    tell();
}

RequestListSource RequestBook::source() const {
    return [inner = m_inner](const EngineStatus& engine) { return inner->list(engine); };
}

std::optional<RequestStatus> RequestBook::find(std::uint64_t number, const EngineStatus& engine) const {
    return m_inner->state.with([&](Inner::State& now) -> std::optional<RequestStatus> {
        if (const auto found = now.running.find(number); found != now.running.end()) return m_inner->look(found->second, engine);
        for (const RequestStatus& ended : now.ended)
            if (ended.number == number) return ended;
        return std::nullopt;
    });
}

bool RequestBook::cancel(std::uint64_t number) {
    const auto mailbox = m_inner->state.with([&](Inner::State& now) {
        const auto found = now.running.find(number);
        return found == now.running.end() ? nullptr : found->second.mailbox;
    });
    return mailbox && mailbox->post(CancelAsked{});
}

std::size_t RequestBook::promptBytes() const {
    return m_inner->state.with([](Inner::State& now) { return now.known.bytes(); });
}

// What the request's thread alone touches.
struct RequestEntry::Inner {
    std::shared_ptr<RequestBook::Inner> book;
    std::uint64_t number = 0;
    std::shared_ptr<std::atomic<std::size_t>> tokens = std::make_shared<std::atomic<std::size_t>>(0);
    std::vector<TokenId> answer;
    std::size_t computedTokens = 0;    // of the prompt: known or computed by now
    AskedPrompt asked;
    double notedMs = 0;                // when the store was last told how far it is
    bool answering = false;
    PrefillEta eta;

    void store(KnownPrompts::Ended told, std::optional<TokenId> stopToken);  // at the end
};

void RequestEntry::Deleter::operator()(Inner* inner) const { delete inner; }

RequestEntry::RequestEntry(std::unique_ptr<Inner> inner) : m_inner(inner.release()) {}

RequestEntry RequestBook::open(const std::string& protocol, std::shared_ptr<RequestMailbox> mailbox) {
    auto entry = std::make_unique<RequestEntry::Inner>();
    entry->book = m_inner;
    Inner::Running running;
    running.status.protocol = protocol;
    running.status.startedUnixMs = base::wallMs();
    running.mailbox = std::move(mailbox);
    running.tokens = entry->tokens;
    entry->number = m_inner->state.with([&](Inner::State& now) {
        const std::uint64_t number = running.status.number = ++now.lastNumber;
        now.running.emplace(number, std::move(running));
        now.shown = nullptr;
        return number;
    });
    m_inner->tell();
    return RequestEntry(std::move(entry));
}

std::uint64_t RequestEntry::number() const { return m_inner ? m_inner->number : 0; }

void RequestEntry::prepared(PreparedRequest request) {
    if (!m_inner) return;
    Inner& mine = *m_inner;
    AskedPrompt& asked = mine.asked;
    asked.number = mine.number;
    asked.model = {request.model, request.content};
    asked.text = request.text;
    asked.promptTokens = request.ids.size();
    asked.noStore = request.noStore;
    asked.logitsAsked = request.logitsAsked;
    asked.keepsState = request.keepsState;
    mine.answer.reserve(kAnswerReserve);
    std::vector<std::uint64_t> blocks = hashBlocks(request.ids);
    std::vector<TokenId> ids = request.ids;
    ClosestPrompt closest = mine.book->state.with([&](RequestBook::Inner::State& now) {
        ClosestPrompt found = now.known.findClosest(asked.model, request.ids, blocks, kTextIds);
        asked.isReadingRecord = now.isReadingRecord;
        now.known.add(mine.number, asked.model, std::move(request.ids), std::move(blocks));
        return found;
    });
    asked.compare(std::move(closest), ids);
    if (asked.isReadingRecord) asked.ids = ids;
    if (!asked.noStore) mine.book->store(records::PromptBegin{mine.number, asked.model.name, asked.model.content, std::move(ids)});
    const std::string title = oneLine(request.title, kTitleBytes);
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, auto&) {
        RequestStatus& status = running.status;
        status.model = request.model;
        status.priority = request.priority;
        status.title = title;
        status.prepareMs = request.prepareMs;
        status.promptTokens = asked.promptTokens;
        asked.writeClosest(status);
    });
}

void RequestEntry::named(const std::string& replyId) {
    if (!m_inner) return;
    m_inner->book->change(m_inner->number, [&](RequestBook::Inner::Running& running, auto&) { running.status.id = replyId; });
}

void RequestEntry::progress(const PrefillProgress& progress) {
    if (!m_inner) return;
    Inner& mine = *m_inner;
    const double now = mine.book->limits.steadyMs();
    mine.computedTokens = progress.computedTokens;
    mine.asked.diskLoss = progress.diskLoss;
    mine.eta.add(progress.computedTokens, now);
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, RequestBook::Inner::State& state) {
        RequestStatus& status = running.status;
        if (status.state == RequestState::Waiting) status.state = RequestState::Prefilling;
        status.cachedTokens = progress.cachedTokens;
        status.followedTokens = progress.followedTokens;
        status.loadedTokens = progress.loadedTokens;
        status.doneTokens = progress.computedTokens;
        status.timings.loadMs = progress.loadMs;
        status.etaMs = mine.eta.remainingMs(mine.asked.promptTokens);
        running.etaSteadyMs = now;
        state.known.compute(mine.number, progress.computedTokens, mine.asked.noStore ? progress.cachedTokens : progress.computedTokens);
    });
    decide(progress.cachedTokens);
    if (mine.asked.noStore || now - mine.notedMs < kNoteEveryMs) return;
    mine.notedMs = now;
    mine.book->store(records::PromptNote{mine.number, progress.computedTokens, progress.computedTokens});
}

// Once; again where a request that had to give up its place came back to another cache, and when the record was read.
void RequestEntry::decide(std::size_t cachedTokens) {
    Inner& mine = *m_inner;
    AskedPrompt& asked = mine.asked;
    if (asked.promptTokens == 0) return;
    const bool isNews = asked.isReadingRecord && mine.book->compareAgain(asked);
    if (asked.cachedTokens == cachedTokens && !isNews) return;
    asked.cachedTokens = cachedTokens;
    const bool mayBeLost = asked.isReadingRecord || cachedTokens < asked.closest.keptTokens;
    if (const auto& coldTier = mine.book->sources.coldTier; mayBeLost && coldTier) asked.disk = DiskFacts::of(coldTier());
    const MissExplanation explained = asked.explain();
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, auto&) {
        if (isNews) asked.writeClosest(running.status);
        running.status.cause = explained.cause;
        running.status.why = explained.why;
    });
}

void RequestEntry::answered(TokenId token) {
    if (!m_inner) return;
    Inner& mine = *m_inner;
    mine.answer.push_back(token);
    mine.tokens->store(mine.answer.size(), std::memory_order_relaxed);
    if (std::exchange(mine.answering, true)) return;
    mine.computedTokens = mine.asked.promptTokens;
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, auto&) {
        running.status.state = RequestState::Answering;
        running.status.doneTokens = running.status.promptTokens;
        running.status.etaMs = 0;
    });
}

void RequestEntry::finished(const GenerationFinished& finished) {
    if (!m_inner) return;
    Inner& mine = *m_inner;
    mine.computedTokens = mine.asked.promptTokens;
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, auto&) {
        RequestStatus& status = running.status;
        status.cachedTokens = finished.cachedTokens;
        status.followedTokens = finished.followedTokens;
        status.loadedTokens = finished.loadedTokens;
        status.doneTokens = status.promptTokens;
        status.timings = finished.timings;
    });
    decide(finished.cachedTokens);
    end(RequestState::Done, finished.stopToken);
}

void RequestEntry::failed(const Error& error) {
    if (!m_inner) return;
    const bool cancelled = error.code == ErrorCode::Cancelled;
    if (!cancelled)
        m_inner->book->change(m_inner->number, [&](RequestBook::Inner::Running& running, auto&) { running.status.failure = error.message; });
    end(cancelled ? RequestState::Cancelled : RequestState::Failed, {});
}

void RequestEntry::Inner::store(KnownPrompts::Ended told, std::optional<TokenId> stopToken) {
    if (book->sources.store == nullptr) return;
    if (told.isForgotten) return book->store(records::PromptForget{told.own.key});
    const bool diskIsOn = !book->sources.coldTier || book->sources.coldTier().on;
    if (stopToken) answer.push_back(*stopToken);
    told.own.answer = std::move(answer);
    told.own.diskWasOn = diskIsOn;
    book->store(std::move(told.own));
    if (!told.longer) return;
    told.longer->diskWasOn = diskIsOn;
    book->store(std::move(*told.longer));
}

void RequestEntry::end(RequestState state, std::optional<TokenId> stopToken) {
    const auto mine = std::move(m_inner);
    if (!mine) return;
    // The last token of an answer is computed only where another one was asked of the model, be it the stop token.
    std::size_t computed = mine->computedTokens;
    if (mine->computedTokens == mine->asked.promptTokens && !mine->answer.empty()) computed += mine->answer.size() - (stopToken ? 0 : 1);
    const std::size_t kept = mine->asked.noStore ? mine->asked.cachedTokens.value_or(0) : computed;
    const KnownState known = mine->computedTokens == mine->asked.promptTokens ? KnownState::Whole : KnownState::Stopped;
    const bool isStored = mine->asked.promptTokens > 0 && !mine->asked.noStore;
    bool isUnsettled = false;  // the record of earlier servers was not read until now
    KnownPrompts::Ended told;
    mine->book->state.with([&](RequestBook::Inner::State& now) {
        now.known.compute(mine->number, computed, kept);
        told = now.known.end(mine->number, mine->answer, stopToken, known);
        const auto found = now.running.find(mine->number);
        RequestStatus status = std::move(found->second.status);
        now.running.erase(found);
        status.state = state;
        status.endedUnixMs = base::wallMs();
        status.answerTokens = mine->tokens->load(std::memory_order_relaxed);
        status.etaMs = 0;
        now.ended.push_front(std::move(status));
        if (now.ended.size() > mine->book->limits.endedRequests) now.ended.pop_back();
        now.shown = nullptr;
        isUnsettled = mine->asked.isReadingRecord;
        if (isUnsettled && now.isReadingRecord) now.unsettled.push_back(std::exchange(mine->asked, {}));
    });
    if (isUnsettled && mine->asked.promptTokens > 0) mine->book->settle(std::exchange(mine->asked, {}));
    if (isStored) mine->store(std::move(told), stopToken);
    mine->book->tell();
}

}  // namespace larder::api
