#include "engine/hub/transfer.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstdlib>

#include "engine/base/secret.h"
#include "engine/hub/transfer_state.h"

namespace larder::hub {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTransferTick{100};
constexpr milliseconds kQuietBeforeRemark{5000};

// "the hub is busy: try again later" -> "the hub is busy": what comes next says when.
std::string withoutAdvice(const std::string& sentence) {
    const std::size_t advice = sentence.find(": try again");
    return sentence.substr(0, advice);
}

double randomJitter() { return static_cast<double>(base::randomBits() >> 11) / static_cast<double>(1ull << 53); }

}  // namespace

TransferLimits TransferLimits::fromEnvironment() {
    TransferLimits limits;
    const char* text = std::getenv("LARDER_HUB_PATIENCE");
    double factor = 1;
    if (text == nullptr) return limits;
    const std::string_view number(text);
    const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), factor);
    if (failure != std::errc() || end != number.data() + number.size() || !(factor >= 0.001 && factor <= 100)) return limits;
    for (milliseconds* time : {&limits.lowSpeedWindow, &limits.firstPause, &limits.longestPause, &limits.longestRetryAfter})
        *time = milliseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(time->count()) * factor)));
    limits.lowSpeedBytes = static_cast<std::uint64_t>(static_cast<double>(limits.lowSpeedBytes) * factor);
    return limits;
}

Transfer::Inner::Inner(Source from, PartFile& into, TransferLimits limit)
    : source(std::move(from)), part(into), limits(limit),
      pause({limits.firstPause, limits.longestPause, limits.longestRetryAfter, limits.maxFailures}),
      connections(std::max<std::size_t>(1, source.connections)), plan(makePlan()) {
    resolveUrl = source.access.endpoint + "/" + percentEncodePath(source.repository) + "/resolve/" +
                 percentEncodePath(source.commit) + "/" + percentEncodePath(source.file.path);
    // One connection for one range: several streams over one would share its rate.
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
}

Transfer::Inner::~Inner() {
    dropSlots([](const TransferSlot&) { return true; });
    curl_multi_cleanup(multi);
}

PartPlan Transfer::Inner::makePlan() const {
    PartPlan::Sizes sizes{fileBytes() + 1, limits.smallestPart};
    const auto missing = part.present().missing({0, fileBytes()});
    if (!oneStream && source.connections > 1) {
        std::uint64_t sum = 0;
        for (const ByteRange& gap : missing) sum += gap.bytes();
        sizes.part = std::clamp(sum / (source.connections * 4), limits.smallestPart, limits.largestPart);
    }
    return PartPlan(missing, sizes);
}

void Transfer::Inner::dropSlots(const std::function<bool(const TransferSlot&)>& which) {
    std::erase_if(slots, [&](const std::unique_ptr<TransferSlot>& slot) {
        if (!which(*slot)) return false;
        curl_multi_remove_handle(multi, slot->handle.easy());
        return true;
    });
}

void Transfer::Inner::startRequests() {
    if (whole != nullptr || !pause.over(TransferClock::now())) return;
    const auto isAsking = [](const auto& slot) { return slot->use == ReplyUse::Unknown && !slot->cached; };
    const std::size_t limit = oneStream ? 1 : connections;
    while (slots.size() < limit) {
        // Until it is known where the bytes are, one request finds it out for all.
        if (finalUrl.empty() && std::any_of(slots.begin(), slots.end(), isAsking)) return;
        const auto id = plan.take();
        if (!id) return;
        start(*id);
    }
}

void Transfer::Inner::start(PartPlan::Id id) {
    slots.push_back(std::make_unique<TransferSlot>(source.access));
    TransferSlot& slot = *slots.back();
    slot.part = id;
    slot.cached = !finalUrl.empty();
    if (slot.cached) slot.linkedEtag = finalLinkedEtag;
    slot.handle.onBody([this, &slot](std::string_view bytes) { return takeBody(slot, bytes); });
    send(slot, slot.cached ? finalUrl : resolveUrl);
}

void Transfer::Inner::send(TransferSlot& slot, const std::string& url) {
    slot.asked = plan.rest(slot.part);
    slot.at = slot.asked.first;
    slot.use = ReplyUse::Unknown;
    slot.drained = 0;
    slot.windowStart = TransferClock::now();
    slot.windowBytes = 0;
    slot.handle.get(url);
    const bool all = slot.asked == ByteRange{0, fileBytes()};
    if (sendRange && !all) slot.handle.setRange(slot.asked.first, slot.asked.last - 1);
    // This class watches the speed itself, in windows that follow its limits.
    curl_easy_setopt(slot.handle.easy(), CURLOPT_LOW_SPEED_LIMIT, 0L);
    if (curl_multi_add_handle(multi, slot.handle.easy()) != CURLM_OK)
        fatal = Error{ErrorCode::OutOfMemory, "there is no memory left for a network connection"};
}

// The request is over; what of its part is missing goes back into the plan.
void Transfer::Inner::release(TransferSlot& slot) {
    if (whole == &slot) {
        whole = nullptr;
        dropSlots([](const TransferSlot&) { return true; });
        plan = makePlan();
        return;
    }
    if (!slot.over) plan.giveBack(slot.part);
    dropSlots([&](const TransferSlot& one) { return &one == &slot; });
}

void Transfer::Inner::forgetAddress(const TransferSlot& slot) {
    if (finalUrl != slot.handle.url()) return;
    finalUrl.clear();
    finalBodyEtag.clear();
}

void Transfer::Inner::fail(TransferSlot& slot, const std::string& why, std::optional<double> retryAfter, bool tooSlow) {
    lastTrouble = withoutAdvice(why);
    const bool progressed = slot.newBytes > 0 && !tooSlow;
    if (!progressed) forgetAddress(slot);
    release(slot);
    if (progressed && !retryAfter) return;
    if (pause.failed(TransferClock::now(), retryAfter, randomJitter()) || fatal) return;
    fatal = Error{ErrorCode::Unavailable, fileName() + " could not be downloaded after " +
                                              std::to_string(limits.maxFailures + 1) + " tries: " + lastTrouble +
                                              ". What arrived is kept: try again later"};
}

// A trickle is progress, but none that ever ends: windows count, not bytes.
void Transfer::Inner::failSlow(TransferSlot& slot) {
    const std::string host = readWebAddress(slot.handle.url()).value_or(WebAddress{}).text();
    fail(slot, host + " sends almost nothing", {}, true);
    const auto now = TransferClock::now();
    if (now - slowSince < limits.lowSpeedWindow) return;
    slowSince = now;
    if (++slowWindows > limits.maxFailures && !fatal)
        fatal = Error{ErrorCode::Unavailable, lastTrouble + ". What arrived of " + fileName() + " is kept: try again later"};
}

// Ends what need not go on: requests whose end was given to others, all beside a stream of the whole file, slow ones.
void Transfer::Inner::sweep() {
    if (whole != nullptr && slots.size() > 1) dropSlots([this](const TransferSlot& one) { return &one != whole; });
    std::vector<TransferSlot*> all;
    for (const auto& slot : slots) all.push_back(slot.get());
    const auto now = TransferClock::now();
    for (TransferSlot* slot : all) {
        if (slot->over && slot->at < slot->asked.last) {
            release(*slot);
        } else if (now - slot->windowStart >= limits.lowSpeedWindow) {
            const bool slow = slot->windowBytes < limits.lowSpeedBytes;
            slot->windowStart = now;
            slot->windowBytes = 0;
            if (slow) failSlow(*slot);
            else slowWindows = 0;
        }
    }
}

void Transfer::Inner::reap() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURL* easy = message->easy_handle;
        const CURLcode code = message->data.result;
        const auto found = std::find_if(slots.begin(), slots.end(), [&](const auto& slot) { return slot->handle.easy() == easy; });
        if (found != slots.end()) finish(**found, code);
    }
}

TransferView Transfer::Inner::view() const {
    TransferView view{part.presentBytes(), received, ""};
    const auto now = TransferClock::now();
    if (slots.empty() && !pause.over(now)) {
        const auto seconds = (pause.left(now).count() + 999) / 1000;
        view.remark = lastTrouble + ", trying again in " + std::to_string(seconds) + " s";
    } else if (!part.complete() && now - lastBytes > kQuietBeforeRemark) {
        view.remark = "waiting for " + readWebAddress(source.access.endpoint).value_or(WebAddress{}).text();
    }
    return view;
}

Transfer::Transfer(Source source, PartFile& part, TransferLimits limits)
    : m_inner(std::make_unique<Inner>(std::move(source), part, limits)) {}

Transfer::~Transfer() = default;

Expected<TransferEnd> Transfer::run(const std::function<bool(const TransferView&)>& tick) {
    Inner& inner = *m_inner;
    auto nextTick = TransferClock::now();
    // A file without a sha256 is done only when the server has ended it too.
    const auto done = [&] {
        return inner.part.complete() && (inner.whole == nullptr || !inner.source.file.sha256.empty());
    };
    while (!done()) {
        inner.startRequests();
        int running = 0;
        if (!inner.fatal && curl_multi_perform(inner.multi, &running) != CURLM_OK)
            inner.fatal = Error{ErrorCode::OutOfMemory, "there is no memory left for a network connection"};
        inner.reap();
        inner.sweep();
        if (inner.fatal) return *inner.fatal;
        if (done()) break;
        if (inner.changes >= 2) return TransferEnd::Changed;
        if (auto kept = inner.part.keepJournal(); !kept.ok()) return kept.error();
        const auto now = TransferClock::now();
        if (now >= nextTick) {
            nextTick = now + kTransferTick;
            if (!tick(inner.view())) return Error{ErrorCode::Cancelled, "the download was stopped; what arrived is kept"};
        }
        inner.startRequests();
        const milliseconds pause = inner.pause.left(now);
        const milliseconds wait = pause.count() > 0 ? std::min(kTransferTick, pause) : kTransferTick;
        curl_multi_poll(inner.multi, nullptr, 0, static_cast<int>(wait.count()), nullptr);
    }
    return TransferEnd::Complete;
}

}  // namespace larder::hub
