// The inside of a Transfer, for its two sources: transfer.cpp has the requests and their end, transfer_reply.cpp what the
// servers answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/hub/curl_handle.h"
#include "engine/hub/file_reply.h"
#include "engine/hub/part_plan.h"
#include "engine/hub/retry_pause.h"
#include "engine/hub/transfer.h"
#include "engine/hub/web_address.h"

namespace larder::hub {

using TransferClock = std::chrono::steady_clock;

// So many answers in a row that contradict what is known are believed.
constexpr int kStrikes = 3;

// What is done with the body of an answer.
enum class ReplyUse { Unknown, Drain, Reject, Range, Whole };

// One request under way. Its handle may follow several redirects; the part stays the same.
struct TransferSlot {
    explicit TransferSlot(const HubAccess& access) : handle(access) {}

    CurlHandle handle;
    PartPlan::Id part = 0;
    ByteRange asked;
    bool cached = false;         // went straight to the address found earlier
    int hops = 0;
    std::string linkedEtag;      // what the hub said on the way
    ReplyUse use = ReplyUse::Unknown;
    std::string trouble;         // why it was rejected
    std::uint64_t at = 0;        // the next byte of the body is this one of the file
    std::uint64_t newBytes = 0;
    std::size_t drained = 0;
    bool over = false;           // has all it was sent for
    std::uint64_t windowBytes = 0;
    TransferClock::time_point windowStart;
};

// Invariants: every slot has a taken part of the plan, except when it reads the whole file: then `whole` names it, it is the
// only one that goes on, and the plan is made anew afterwards. Callbacks of curl only set marks in slots and fields; slots
// come and go between calls of curl.
struct Transfer::Inner {
    Source source;
    PartFile& part;
    TransferLimits limits;
    std::string resolveUrl;
    CURLM* multi = curl_multi_init();
    std::vector<std::unique_ptr<TransferSlot>> slots;
    TransferSlot* whole = nullptr;
    RetryPause pause;

    std::string finalUrl;         // where the bytes are; empty: the hub must be asked
    std::string finalLinkedEtag;
    std::string finalBodyEtag;
    std::size_t connections;      // now; a server that has enough of us gets fewer
    bool rangesWork = false;      // seen
    bool oneStream = false;       // ranges are ignored: one connection, from the start
    bool sendRange = true;
    int ignoredRanges = 0;
    int wrongSizes = 0;
    int changes = 0;
    int refusals = 0;
    int partsWithoutTrouble = 0;
    std::size_t slowWindows = 0;  // in a row, with some connection that sent next to nothing
    TransferClock::time_point slowSince{};
    PartPlan plan;

    std::uint64_t received = 0;
    TransferClock::time_point lastBytes = TransferClock::now();
    std::string lastTrouble;
    std::optional<Error> fatal;

    Inner(Source from, PartFile& into, TransferLimits limit);
    ~Inner();

    std::uint64_t fileBytes() const { return source.file.bytes; }
    std::string fileName() const { return source.file.path.substr(source.file.path.rfind('/') + 1); }
    bool fromHub(const TransferSlot& slot) const {
        return readWebAddress(slot.handle.url()) == readWebAddress(source.access.endpoint);
    }

    PartPlan makePlan() const;
    void dropSlots(const std::function<bool(const TransferSlot&)>& which);
    void startRequests();
    void start(PartPlan::Id id);
    void send(TransferSlot& slot, const std::string& url);
    bool takeBody(TransferSlot& slot, std::string_view bytes);
    bool store(TransferSlot& slot, std::string_view bytes);
    void judge(TransferSlot& slot);
    bool isOtherVersion(const TransferSlot& slot, const std::string& bodyEtag);
    void reject(TransferSlot& slot, std::string why);
    void rejectSize(TransferSlot& slot, std::uint64_t found);
    Error sizeError(std::uint64_t found) const;
    void acceptWhole(TransferSlot& slot);
    void finish(TransferSlot& slot, CURLcode code);
    void finishRefused(TransferSlot& slot, CURLcode code);
    void follow(TransferSlot& slot);
    void release(TransferSlot& slot);
    void forgetAddress(const TransferSlot& slot);
    void fail(TransferSlot& slot, const std::string& why, std::optional<double> retryAfter = {}, bool tooSlow = false);
    void failSlow(TransferSlot& slot);
    void sweep();
    void reap();
    TransferView view() const;
};

}  // namespace larder::hub
