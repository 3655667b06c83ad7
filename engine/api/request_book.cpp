#include "engine/api/request_book.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <utility>

#include "engine/api/known_prompts.h"
#include "engine/api/miss_cause.h"
#include "engine/api/prefill_eta.h"
#include "engine/api/prompt_excerpt.h"
#include "engine/base/clock.h"
#include "engine/base/guarded.h"

namespace larder::api {
namespace {

constexpr std::size_t kTitleBytes = 120;
constexpr std::size_t kSharedTextBytes = 200;
constexpr std::size_t kDifferingTextBytes = 400;
constexpr std::size_t kTextIds = 400;         // as many as make such a text: a token has one byte at least
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
        std::uint64_t lastNumber = 0;
    };

    Inner(RequestBookLimits theLimits, std::function<void()> theChanged, RequestBookSources theSources)
        : limits(theLimits),
          changed(std::move(theChanged)),
          sources(std::move(theSources)),
          state(State{{}, {}, {}, KnownPrompts(theLimits.promptBytes), sources.store != nullptr, 0}) {}

    void takeEarlier(std::vector<records::StoredPrompt> earlier);
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
    state.with([&](State& now) {
        now.known.addEarlier(std::move(made));
        now.isReadingRecord = false;
    });
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
    std::size_t promptTokens = 0;      // 0: not prepared
    std::size_t computedTokens = 0;    // of the prompt: known or computed by now
    std::optional<std::size_t> cachedTokens;  // as decide() was told last
    SharedModelText text;
    ClosestPrompt closest;
    std::string sharedText;
    std::string knownText;
    std::string askedText;
    bool isReadingRecord = false;      // closest knows nothing of earlier servers
    DiskLoss diskLoss = DiskLoss::None;
    double notedMs = 0;                // when the store was last told how far it is
    bool noStore = false;
    bool logitsAsked = false;
    bool keepsState = false;
    bool answering = false;
    PrefillEta eta;

    void readTexts(std::span<const TokenId> ids);  // of the prompt, and of what is closest to it
    void writeClosest(RequestStatus& status) const;
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

void RequestEntry::Inner::readTexts(std::span<const TokenId> ids) {
    if (!text || !closest.isFound) return;
    const text::Tokenizer& tokenizer = *text->tokenizer;
    const std::size_t place = closest.sharedTokens, before = std::min(kTextIds, place);
    sharedText = textBefore(tokenizer, ids.subspan(place - before, before), kSharedTextBytes);
    askedText = textFrom(tokenizer, ids.subspan(place, std::min(kTextIds, ids.size() - place)), kDifferingTextBytes);
    knownText = textFrom(tokenizer, closest.knownIds, kDifferingTextBytes);
}

void RequestEntry::Inner::writeClosest(RequestStatus& status) const {
    status.sharedTokens = closest.sharedTokens;
    status.closestTokens = closest.tokens;
    status.closestNumber = closest.number;
    status.sharedText = sharedText;
    status.knownText = knownText;
    status.askedText = askedText;
}

void RequestEntry::prepared(PreparedRequest request) {
    if (!m_inner) return;
    Inner& mine = *m_inner;
    mine.promptTokens = request.ids.size();
    mine.text = request.text;
    mine.noStore = request.noStore;
    mine.logitsAsked = request.logitsAsked;
    mine.keepsState = request.keepsState;
    mine.answer.reserve(kAnswerReserve);
    const PromptModel model{request.model, request.content};
    std::vector<std::uint64_t> blocks = hashBlocks(request.ids);
    std::vector<TokenId> ids = request.ids;
    mine.closest = mine.book->state.with([&](RequestBook::Inner::State& now) {
        ClosestPrompt closest = now.known.findClosest(model, request.ids, blocks, kTextIds);
        mine.isReadingRecord = now.isReadingRecord;
        now.known.add(mine.number, model, std::move(request.ids), std::move(blocks));
        return closest;
    });
    mine.readTexts(ids);
    if (!mine.noStore) mine.book->store(records::PromptBegin{mine.number, model.name, model.content, std::move(ids)});
    const std::string title = oneLine(request.title, kTitleBytes);
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, auto&) {
        RequestStatus& status = running.status;
        status.model = request.model;
        status.priority = request.priority;
        status.title = title;
        status.prepareMs = request.prepareMs;
        status.promptTokens = mine.promptTokens;
        mine.writeClosest(status);
    });
}

// What earlier servers knew has come since.
void RequestEntry::lookAgain() {
    Inner& mine = *m_inner;
    std::vector<TokenId> ids;
    const auto closest = mine.book->state.with([&](RequestBook::Inner::State& now) -> std::optional<ClosestPrompt> {
        if (now.isReadingRecord) return std::nullopt;
        mine.isReadingRecord = false;
        mine.cachedTokens.reset();
        return now.known.findAgain(mine.number, kTextIds, ids);
    });
    if (!closest) return;
    mine.closest = *closest;
    mine.readTexts(ids);
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, auto&) { mine.writeClosest(running.status); });
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
    mine.diskLoss = progress.diskLoss;
    mine.eta.add(progress.computedTokens, now);
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, RequestBook::Inner::State& state) {
        RequestStatus& status = running.status;
        if (status.state == RequestState::Waiting) status.state = RequestState::Prefilling;
        status.cachedTokens = progress.cachedTokens;
        status.followedTokens = progress.followedTokens;
        status.loadedTokens = progress.loadedTokens;
        status.doneTokens = progress.computedTokens;
        status.timings.loadMs = progress.loadMs;
        status.etaMs = mine.eta.remainingMs(mine.promptTokens);
        running.etaSteadyMs = now;
        state.known.compute(mine.number, progress.computedTokens, mine.noStore ? progress.cachedTokens : progress.computedTokens);
    });
    decide(progress.cachedTokens);
    if (mine.noStore || now - mine.notedMs < kNoteEveryMs) return;
    mine.notedMs = now;
    mine.book->store(records::PromptNote{mine.number, progress.computedTokens, progress.computedTokens});
}

// Once, and again where a request that had to give up its place came back to another cache.
void RequestEntry::decide(std::size_t cachedTokens) {
    Inner& mine = *m_inner;
    if (mine.promptTokens == 0) return;
    if (mine.isReadingRecord) lookAgain();
    if (mine.cachedTokens == cachedTokens) return;
    mine.cachedTokens = cachedTokens;
    const bool isLost = cachedTokens < mine.closest.keptTokens;
    const auto& coldTier = mine.book->sources.coldTier;
    const DiskFacts disk = isLost && coldTier ? DiskFacts::of(coldTier()) : DiskFacts{};
    const MissExplanation explained = explainMiss({.closest = mine.closest,
                                                   .promptTokens = mine.promptTokens,
                                                   .cachedTokens = cachedTokens,
                                                   .logitsAsked = mine.logitsAsked,
                                                   .keepsState = mine.keepsState,
                                                   .diskLoss = mine.diskLoss,
                                                   .isReadingRecord = mine.isReadingRecord,
                                                   .disk = disk,
                                                   .knownText = mine.knownText,
                                                   .askedText = mine.askedText});
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, auto&) {
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
    mine.computedTokens = mine.promptTokens;
    mine.book->change(mine.number, [&](RequestBook::Inner::Running& running, auto&) {
        running.status.state = RequestState::Answering;
        running.status.doneTokens = running.status.promptTokens;
        running.status.etaMs = 0;
    });
}

void RequestEntry::finished(const GenerationFinished& finished) {
    if (!m_inner) return;
    Inner& mine = *m_inner;
    mine.computedTokens = mine.promptTokens;
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
    if (mine->computedTokens == mine->promptTokens && !mine->answer.empty()) computed += mine->answer.size() - (stopToken ? 0 : 1);
    const std::size_t kept = mine->noStore ? mine->cachedTokens.value_or(0) : computed;
    const KnownState known = mine->computedTokens == mine->promptTokens ? KnownState::Whole : KnownState::Stopped;
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
    });
    if (mine->promptTokens > 0 && !mine->noStore) mine->store(std::move(told), stopToken);
    mine->book->tell();
}

}  // namespace larder::api
