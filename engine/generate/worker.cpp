#include "engine/generate/worker.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/generate/lane.h"
#include "engine/kv/hot_tier.h"
#include "engine/kv/kv_cache.h"

namespace larder::generate {

namespace {

struct Attach {
    LaneId lane{};
    std::unique_ptr<model::Model> model;
    LaneSettings settings;
    std::shared_ptr<base::Snapshot<LaneStatus>> status;
    std::function<void(Expected<void>)> done;
};
struct Detach {
    LaneId lane{};
    std::function<void()> done;
};
struct SubmitTo {
    LaneId lane{};
    Submit submit;
};
struct Cancel {
    SequenceId id{};
};
struct SetHotLimit {
    std::size_t bytes = 0;
};
struct ForgetHot {
    std::optional<base::Hash128> identity;
    std::shared_ptr<base::Mailbox<bool>> answer;
};
struct StorageNews {};
struct BeginCheck {
    LaneId lane{};
    std::vector<TokenId> tokens;
    std::shared_ptr<base::Mailbox<Expected<void>>> answer;
};
struct FillCheck {
    std::size_t block = 0;
    std::span<const std::byte> payload;  // the asker waits
    std::shared_ptr<base::Mailbox<Expected<void>>> answer;
};
struct EndCheck {
    std::span<const std::byte> payload;
    std::shared_ptr<base::Mailbox<Expected<bool>>> answer;
};
struct CheckIntegrity {
    std::shared_ptr<base::Mailbox<std::string>> answer;
};
using Message = std::variant<Attach, Detach, SubmitTo, Cancel, SetHotLimit, ForgetHot, StorageNews, BeginCheck, FillCheck, EndCheck, CheckIntegrity>;

// Copied for the disk between two steps, and when there is nothing else to do: a step must not wait for more than a few ms.
constexpr std::size_t kSavedBesideBytes = std::size_t{4} << 20;
constexpr std::size_t kSavedIdleBytes = std::size_t{64} << 20;
// At the end what is known is still written, as long as that goes on at this pace at least.
constexpr double kSlowestSaveMs = 2000;

Error shuttingDown() {
    return {ErrorCode::Unavailable, "the server is shutting down"};
}

Error noCheck() {
    return {ErrorCode::Unavailable, "the model was unloaded while the prefix was checked; try again"};
}

// A lane and how much of the engine thread it has had.
struct Seat {
    std::unique_ptr<kv::KvCache> cache;
    std::unique_ptr<Lane> lane;  // uses the cache: dies first
    double computedMs = 0;       // raised to that of the others when it comes back from idling
    bool wasIdle = true;
};

}  // namespace

struct Worker::Inner {
    Inner(const kernels::Kernels& theKernels, WorkerSettings theSettings);
    ~Inner() { stop(); }

    void stop();
    void run();
    void accept(Message message);
    void attach(Attach message);
    void detach(const Detach& message);
    Expected<void> beginCheck(BeginCheck& message);
    std::unique_ptr<kv::KvCache> cacheFor(const model::Model& model, std::size_t stepTokens, Error& refused);
    bool step();
    void prepareMemory();
    void publish();
    std::string integrityNow() const;
    void shutDown();

    // Provide their own synchronisation.
    base::Mailbox<Message> mailbox;
    std::atomic<bool> newsPosted{false};
    const std::shared_ptr<base::Snapshot<HotStatus>> hotStatus = std::make_shared<base::Snapshot<HotStatus>>();

    // Constant after construction.
    const kernels::Kernels& kernels;
    const WorkerSettings settings;

    // Engine thread only.
    kv::HotTier tier;
    std::map<LaneId, Seat> seats;
    std::vector<std::unique_ptr<kv::KvCache>> left;  // of lanes that are gone; empty ones are dropped
    std::map<LaneId, Error> refusedLanes;
    std::unique_ptr<PrefixCheck> check;   // of an import under way
    std::optional<LaneId> checkedLane;

    base::Thread thread;  // last: it uses everything above
};

Worker::Inner::Inner(const kernels::Kernels& theKernels, WorkerSettings theSettings)
    : kernels(theKernels), settings(std::move(theSettings)), tier(settings.hotLimitBytes, settings.hotCeilingBytes, settings.cold) {
    publish();
    if (settings.cold != nullptr)
        settings.cold->listen([this] {
            if (!newsPosted.exchange(true)) mailbox.post(StorageNews{});
        });
    thread = base::Thread("engine", [this] { run(); });
}

void Worker::Inner::stop() {
    mailbox.close();
    thread.join();
    if (settings.cold != nullptr) settings.cold->listen({});
}

void Worker::Inner::run() {
    base::setFloatingPointMode();
    base::lowerThreadPriority();  // it computes side by side with the pool
    bool busy = false;
    for (;;) {
        for (Message& message : busy ? mailbox.take() : mailbox.wait()) accept(std::move(message));
        if (mailbox.closed()) break;
        tier.takeLoaded();
        busy = step();
        if (tier.save(busy ? kSavedBesideBytes : kSavedIdleBytes)) busy = true;
        publish();
        for (auto& [id, seat] : seats) seat.lane->deliverEnds();
        if (!busy) prepareMemory();
    }
    // Posted between the last take and the close: still to be answered, or cancelled.
    for (Message& message : mailbox.take()) accept(std::move(message));
    shutDown();
}

void Worker::Inner::accept(Message message) {
    if (auto* attached = std::get_if<Attach>(&message)) {
        attach(std::move(*attached));
    } else if (auto* detached = std::get_if<Detach>(&message)) {
        detach(*detached);
    } else if (auto* request = std::get_if<SubmitTo>(&message)) {
        const auto seat = seats.find(request->lane);
        if (seat != seats.end()) return seat->second.lane->submit(std::move(request->submit));
        const auto refused = refusedLanes.find(request->lane);
        request->submit.sink(refused != refusedLanes.end() ? refused->second : Error{ErrorCode::Unavailable, "the model was unloaded"});
    } else if (const auto* cancelled = std::get_if<Cancel>(&message)) {
        for (auto& [id, seat] : seats)
            if (seat.lane->cancel(cancelled->id)) return;
    } else if (const auto* limit = std::get_if<SetHotLimit>(&message)) {
        tier.setLimit(limit->bytes);
    } else if (const auto* forgotten = std::get_if<ForgetHot>(&message)) {
        tier.forget(forgotten->identity ? &*forgotten->identity : nullptr);
        forgotten->answer->post(true);
    } else if (auto* begun = std::get_if<BeginCheck>(&message)) {
        begun->answer->post(beginCheck(*begun));
    } else if (const auto* filled = std::get_if<FillCheck>(&message)) {
        if (check) check->fill(filled->block, filled->payload);
        filled->answer->post(check ? Expected<void>() : noCheck());
    } else if (const auto* ended = std::get_if<EndCheck>(&message)) {
        if (check) ended->answer->post(!ended->payload.empty() && check->matches(ended->payload));
        else ended->answer->post(noCheck());
        check.reset();
        checkedLane.reset();
    } else if (std::holds_alternative<StorageNews>(message)) {
        newsPosted = false;  // what came is taken after this
    } else {
        std::get<CheckIntegrity>(message).answer->post(integrityNow());
    }
}

void Worker::Inner::attach(Attach message) {
    Error refused;
    auto cache = cacheFor(*message.model, message.settings.stepTokens, refused);
    if (!cache) {
        refusedLanes[message.lane] = refused;
        if (message.done) message.done(refused);
        return;
    }
    Seat& seat = seats[message.lane];
    seat.cache = std::move(cache);
    seat.lane = std::make_unique<Lane>(std::move(message.model), *seat.cache, kernels, settings.pool, message.settings, std::move(message.status));
    if (message.done) message.done({});
}

Expected<void> Worker::Inner::beginCheck(BeginCheck& message) {
    if (check) return Error{ErrorCode::Unavailable, "another prefix is being imported; try again when that is done"};
    const auto seat = seats.find(message.lane);
    if (seat == seats.end()) return noCheck();
    auto begun = seat->second.lane->beginCheck(std::move(message.tokens));
    if (!begun) return begun.error();
    check = std::move(*begun);
    checkedLane = message.lane;
    return {};
}

// The one a lane of the same content left, or a new one.
std::unique_ptr<kv::KvCache> Worker::Inner::cacheFor(const model::Model& model, std::size_t stepTokens, Error& refused) {
    const auto same = std::find_if(left.begin(), left.end(), [&](const auto& cache) {
        return cache->identity() == model.identity() && cache->shape() == model.kvShape() && cache->stepTokens() == stepTokens;
    });
    if (same != left.end()) {
        auto cache = std::move(*same);
        left.erase(same);
        return cache;
    }
    auto made = kv::KvCache::create(model.kvShape(), model.identity(), tier, stepTokens);
    if (!made) {
        refused = made.error();
        return nullptr;
    }
    return std::move(*made);
}

void Worker::Inner::detach(const Detach& message) {
    if (const auto found = seats.find(message.lane); found != seats.end()) {
        Seat seat = std::move(found->second);
        seats.erase(found);
        if (checkedLane == message.lane) check.reset();
        seat.lane->abandon({ErrorCode::Unavailable, "the model was unloaded"});
        seat.lane->publish();
        seat.lane->deliverEnds();
        seat.lane.reset();
        left.push_back(std::move(seat.cache));
    }
    if (message.done) message.done();
}

// The lane that has had least of the thread and can use it does a step. False when none can until a message comes.
bool Worker::Inner::step() {
    double least = -1;
    for (const auto& [id, seat] : seats)
        if (!seat.lane->idle() && !seat.wasIdle) least = least < 0 ? seat.computedMs : std::min(least, seat.computedMs);
    std::vector<Seat*> ready;
    for (auto& [id, seat] : seats) {
        if (!seat.lane->idle() && seat.wasIdle && least >= 0) seat.computedMs = std::max(seat.computedMs, least);
        seat.wasIdle = seat.lane->idle();
        if (!seat.wasIdle) ready.push_back(&seat);
    }
    std::stable_sort(ready.begin(), ready.end(), [](const Seat* a, const Seat* b) { return a->computedMs < b->computedMs; });
    for (Seat* seat : ready) {
        const double begin = base::steadyMs();
        const bool stepped = seat->lane->step();
        seat->computedMs += base::steadyMs() - begin;
        if (stepped) return true;
    }
    return false;
}

// Until something comes.
void Worker::Inner::prepareMemory() {
    for (auto& [id, seat] : seats)
        while (mailbox.empty() && !mailbox.closed() && tier.prepare(*seat.cache)) {
        }
}

void Worker::Inner::publish() {
    for (auto& [id, seat] : seats) seat.lane->publish();
    std::erase_if(left, [](const auto& cache) { return cache->usedBytes() == 0; });
    const std::size_t cached = tier.cachedBytes();
    hotStatus->publish({.limitBytes = tier.limitBytes(),
                        .leasedBytes = tier.usedBytes() - cached,
                        .cachedBytes = cached,
                        .evictedBlocks = tier.evictedBlocks()});
#ifndef NDEBUG
    const bool idle = std::all_of(seats.begin(), seats.end(), [](const auto& each) { return each.second.lane->idle(); });
    if (const std::string broken = idle ? integrityNow() : ""; !broken.empty()) {
        base::logError(broken);
        assert(false && "an invariant of the KV cache or the scheduler is broken");
    }
#endif
    if (settings.changed) settings.changed();
}

std::string Worker::Inner::integrityNow() const {
    for (const auto& [id, seat] : seats) {
        if (check && checkedLane == id) continue;  // it holds blocks beside the sequences
        if (auto broken = seat.lane->checkIntegrity(); !broken.empty()) return broken;
    }
    for (const auto& cache : left) {
        if (cache->leasedBytes() > 0 && cache->loads() == 0) return "A model that is gone holds KV blocks.";
        if (auto broken = cache->checkIntegrity(); !broken.empty()) return broken;
    }
    return tier.checkIntegrity();
}

void Worker::Inner::shutDown() {
    for (auto& [id, seat] : seats) seat.lane->abandon(shuttingDown());
    publish();
    for (auto& [id, seat] : seats) seat.lane->deliverEnds();
    check.reset();
    if (settings.cold != nullptr) {
        settings.cold->stopReading();
        tier.takeLoaded();
        while (tier.unsavedNodes() > 0 && (tier.save(kSavedIdleBytes) || settings.cold->waitForRoom(kSlowestSaveMs))) {
        }
    }
    seats.clear();
    left.clear();
}

Worker::Worker(const kernels::Kernels& kernels, WorkerSettings settings)
    : m_inner(std::make_unique<Inner>(kernels, std::move(settings))) {}

Worker::~Worker() = default;

std::shared_ptr<const base::Snapshot<LaneStatus>> Worker::attach(LaneId lane, std::unique_ptr<model::Model> model,
                                                                 const LaneSettings& settings,
                                                                 std::function<void(Expected<void>)> done) {
    const auto status = std::make_shared<base::Snapshot<LaneStatus>>();
    // Copied for the case that the mailbox refuses it: somebody waits for an answer.
    if (!m_inner->mailbox.post(Attach{lane, std::move(model), settings, status, done}) && done) done(shuttingDown());
    return status;
}

void Worker::detach(LaneId lane, std::function<void()> done) {
    if (!m_inner->mailbox.post(Detach{lane, done}) && done) done();
}

void Worker::submit(LaneId lane, Submit message) {
    GenerationSink sink = message.sink;
    if (!m_inner->mailbox.post(SubmitTo{lane, std::move(message)})) sink(shuttingDown());
}

void Worker::cancel(SequenceId id) {
    m_inner->mailbox.post(Cancel{id});
}

void Worker::setHotLimit(std::size_t bytes) {
    m_inner->mailbox.post(SetHotLimit{bytes});
}

void Worker::forgetHot(const std::optional<base::Hash128>& identity) {
    const auto answer = std::make_shared<base::Mailbox<bool>>();
    if (m_inner->mailbox.post(ForgetHot{identity, answer})) (void)answer->wait();
}

Expected<void> Worker::beginCheck(LaneId lane, std::vector<TokenId> tokens) {
    const auto answer = std::make_shared<base::Mailbox<Expected<void>>>();
    if (!m_inner->mailbox.post(BeginCheck{lane, std::move(tokens), answer})) return shuttingDown();
    return answer->wait().front();
}

Expected<void> Worker::fillCheck(std::size_t block, std::span<const std::byte> payload) {
    const auto answer = std::make_shared<base::Mailbox<Expected<void>>>();
    if (!m_inner->mailbox.post(FillCheck{block, payload, answer})) return shuttingDown();
    return answer->wait().front();
}

Expected<bool> Worker::endCheck(std::span<const std::byte> payload) {
    const auto answer = std::make_shared<base::Mailbox<Expected<bool>>>();
    if (!m_inner->mailbox.post(EndCheck{payload, answer})) return shuttingDown();
    return answer->wait().front();
}

HotStatus Worker::hotStatus() const {
    return m_inner->hotStatus->read();
}

std::shared_ptr<const base::Snapshot<HotStatus>> Worker::watchHot() const {
    return m_inner->hotStatus;
}

void Worker::stop() {
    m_inner->stop();
}

std::string Worker::checkIntegrity() const {
    const auto answer = std::make_shared<base::Mailbox<std::string>>();
    if (!m_inner->mailbox.post(CheckIntegrity{answer})) return "";
    return answer->wait().front();
}

}  // namespace larder::generate
