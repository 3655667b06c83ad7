// What the servers answer: the second half of transfer.h.
#include <algorithm>

#include "engine/hub/transfer_state.h"

namespace larder::hub {
namespace {

// The body of a redirect or an error is read to its end, so that the connection can be used again, but not for ever.
constexpr std::size_t kMaxDrainedBytes = 64 * 1024;
// After so many parts without trouble, one more connection is tried again.
constexpr int kPartsToGrow = 8;

bool isSha256Text(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool leadsElsewhere(long status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool isExpiredLink(long status) { return status == 400 || status == 401 || status == 403 || status == 404 || status == 410; }

bool isLimited(long status) { return status == 429 || status == 503; }

// Kinds of tags are kept apart: the hub's own tag of a file and that of the host which has the bytes differ.
std::string taggedVersion(const std::string& linkedEtag, const std::string& bodyEtag) {
    if (!linkedEtag.empty()) return "hub:" + linkedEtag;
    return bodyEtag.empty() ? "" : "file:" + bodyEtag;
}

bool contradict(const std::string& known, const std::string& found) {
    if (known.empty() || found.empty()) return false;
    return known.substr(0, known.find(':')) == found.substr(0, found.find(':')) && known != found;
}

}  // namespace

// In a callback of curl.
bool Transfer::Inner::takeBody(TransferSlot& slot, std::string_view bytes) {
    slot.windowBytes += bytes.size();
    if (slot.use == ReplyUse::Unknown) judge(slot);
    switch (slot.use) {
        case ReplyUse::Drain: return (slot.drained += bytes.size()) <= kMaxDrainedBytes;
        case ReplyUse::Range:
        case ReplyUse::Whole: return store(slot, bytes);
        default: return false;
    }
}

bool Transfer::Inner::store(TransferSlot& slot, std::string_view bytes) {
    const bool all = slot.use == ReplyUse::Whole;
    const std::uint64_t room = all ? fileBytes() - slot.at : slot.over ? 0 : plan.rest(slot.part).bytes();
    const std::string_view usable = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), room));
    if (!usable.empty()) {
        const auto written = part.write(slot.at, usable);
        if (!written.ok()) {
            fatal = written.error();
            return false;
        }
        slot.at += usable.size();
        slot.newBytes += *written;
        received += *written;
        if (*written > 0) pause.progressed();
        lastBytes = TransferClock::now();
        if (!all) slot.over = plan.arrived(slot.part, usable.size());
    }
    if (usable.size() == bytes.size()) return true;
    // For a range another slot may have the rest; the whole file is not to go on past its end. Where there is a sha256, that
    // decides about the bytes that came before.
    if (all && !source.file.sha256.empty()) rejectSize(slot, fileBytes() + 1);
    else if (all) fatal = sizeError(fileBytes() + 1);
    return false;
}

void Transfer::Inner::judge(TransferSlot& slot) {
    const long status = slot.handle.status();
    if (status < 200 || status >= 300) {
        slot.use = ReplyUse::Drain;
        return;
    }
    const auto header = [&](const char* name) { return slot.handle.header(name); };
    const FileReply reply = judgeFileReply({status, header("content-range"), header("content-length"),
                                            header("content-encoding"), header("content-type")},
                                           slot.asked, fileBytes());
    const std::string host = readWebAddress(slot.handle.url()).value_or(WebAddress{}).text();
    switch (reply.kind) {
        case FileReplyKind::WrongSize: return rejectSize(slot, reply.foundBytes);
        case FileReplyKind::WrongRange: return reject(slot, host + " sends other bytes than those asked for");
        case FileReplyKind::Unusable: return reject(slot, host + " sends something that is not the file");
        case FileReplyKind::WebPage:
            return reject(slot, host + " sends a web page instead of the file: does this network want you to log in?");
        case FileReplyKind::Range:
        case FileReplyKind::Whole: break;
    }
    const std::string bodyEtag = plainEtag(header("etag"));
    if (isOtherVersion(slot, bodyEtag)) {
        ++changes;
        return reject(slot, "the file changed on " + host);
    }
    if (reply.kind == FileReplyKind::Whole) {
        // Once ranges worked, a server that ignores one of them deserves another try.
        if (slot.asked.first > 0 && rangesWork && ++ignoredRanges < kStrikes)
            return reject(slot, host + " sends other bytes than those asked for");
        acceptWhole(slot);
    } else {
        rangesWork = true;
        ignoredRanges = 0;
        slot.use = ReplyUse::Range;
    }
    changes = 0;
    wrongSizes = 0;
    refusals = 0;
    finalUrl = slot.handle.url();
    finalLinkedEtag = slot.linkedEtag;
    finalBodyEtag = bodyEtag;
    const std::string version = taggedVersion(slot.linkedEtag, bodyEtag);
    if (part.etag().empty() && !version.empty()) part.setEtag(version);
}

bool Transfer::Inner::isOtherVersion(const TransferSlot& slot, const std::string& bodyEtag) {
    if (isSha256Text(slot.linkedEtag) && !source.file.sha256.empty() && slot.linkedEtag != source.file.sha256) return true;
    if (finalUrl == slot.handle.url() && !finalBodyEtag.empty() && !bodyEtag.empty() && bodyEtag != finalBodyEtag) return true;
    return contradict(part.etag(), taggedVersion(slot.linkedEtag, bodyEtag));
}

void Transfer::Inner::reject(TransferSlot& slot, std::string why) {
    slot.use = ReplyUse::Reject;
    slot.trouble = std::move(why);
}

void Transfer::Inner::rejectSize(TransferSlot& slot, std::uint64_t found) {
    reject(slot, fileName() + " has another size than the hub lists");
    if (++wrongSizes >= kStrikes) fatal = sizeError(found);
}

Error Transfer::Inner::sizeError(std::uint64_t found) const {
    const std::string more = found > fileBytes() ? " longer" : " shorter";
    return {ErrorCode::Corrupt, fileName() + " as it is sent is" + more + " than the " + std::to_string(fileBytes()) +
                                    " bytes the hub lists: try again later"};
}

void Transfer::Inner::acceptWhole(TransferSlot& slot) {
    slot.use = ReplyUse::Whole;
    slot.at = 0;
    whole = &slot;
    // Without a Range header everything is as it should be; with one, the server knows no ranges.
    if (slot.asked != ByteRange{0, fileBytes()}) oneStream = true;
}

void Transfer::Inner::finish(TransferSlot& slot, CURLcode code) {
    if (slot.over || (part.complete() && slot.use != ReplyUse::Reject)) {
        slowWindows = 0;
        if (++partsWithoutTrouble % kPartsToGrow == 0)
            connections = std::min(connections + 1, std::max<std::size_t>(1, source.connections));
        return release(slot);
    }
    const long status = slot.handle.status();
    if (slot.use == ReplyUse::Unknown && status != 0) judge(slot);  // an answer without a body
    if (slot.use == ReplyUse::Reject) return fail(slot, slot.trouble);
    if (leadsElsewhere(status)) return follow(slot);
    if (status < 200 || status >= 300) return finishRefused(slot, code);
    // It began well and ended before its end.
    if (code != CURLE_OK && code != CURLE_WRITE_ERROR && !isTransient(code, 0) && slot.newBytes == 0)
        fatal = transferError(code, slot.handle.url());
    fail(slot, transferError(code == CURLE_OK ? CURLE_PARTIAL_FILE : code, slot.handle.url()).message);
}

// No answer, or one that is not the file.
void Transfer::Inner::finishRefused(TransferSlot& slot, CURLcode code) {
    const long status = slot.handle.status();
    if (status == 0) {
        const Error error = transferError(code, slot.handle.url());
        if (!isTransient(code, 0) && error.code != ErrorCode::Unavailable) fatal = error;
        return fail(slot, error.message);
    }
    if (isTokenRefused(slot.handle)) {
        // What is public can be had without a token.
        source.access.token.clear();
        return release(slot);
    }
    if (slot.cached && isExpiredLink(status)) {
        forgetAddress(slot);
        return release(slot);
    }
    const Error error = statusError(status, slot.handle, source.repository, source.access);
    if (status == 416) {
        const std::string range = slot.handle.header("content-range");
        if (range.starts_with("bytes */") && range != "bytes */" + std::to_string(fileBytes())) rejectSize(slot, 0);
        if (++ignoredRanges >= kStrikes) {
            oneStream = true;
            sendRange = false;
        }
    } else if (isLimited(status)) {
        partsWithoutTrouble = 0;
        connections = std::max<std::size_t>(1, std::min(connections, slots.size()) / 2);
    } else if (!isTransient(CURLE_OK, status) && (!isExpiredLink(status) || fromHub(slot) || ++refusals > kStrikes)) {
        fatal = error;
    }
    fail(slot, error.message, retryAfterSeconds(slot.handle));
}

void Transfer::Inner::follow(TransferSlot& slot) {
    const auto target = nextHop(slot.handle);
    if (!target.ok()) {
        if (++refusals > kStrikes) fatal = target.error();
        return fail(slot, target.error().message);
    }
    if (++slot.hops > kMaxHops) return fail(slot, "the hub leads from one address to the next without end");
    if (fromHub(slot))
        if (const std::string etag = plainEtag(slot.handle.header("x-linked-etag")); !etag.empty()) slot.linkedEtag = etag;
    curl_multi_remove_handle(multi, slot.handle.easy());
    slot.cached = false;
    send(slot, *target);
}

}  // namespace larder::hub
