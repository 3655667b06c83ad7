#include "engine/api/miss_cause.h"

#include <algorithm>

#include "engine/api/prompt_excerpt.h"

namespace larder::api {
namespace {

// Prompts of a model begin alike because its template opens them all the same way. That makes none like another.
constexpr std::size_t kOpeningTokens = 16;
constexpr std::size_t kQuotedBytes = 60;
constexpr double kCrowded = 0.9;  // of the limit

// "1,234,567"
std::string grouped(std::size_t number) {
    const std::string digits = std::to_string(number);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

std::string tokens(std::size_t number) { return grouped(number) + (number == 1 ? " token" : " tokens"); }
std::string were(std::size_t number) { return tokens(number) + (number == 1 ? " was" : " were"); }

// The tokens [cached, prompt) by what they are put down to.
struct Shares {
    std::size_t evicted = 0;   // computed and kept once
    std::size_t earlier = 0;   // of those: by earlier servers alone
    std::size_t notKept = 0;   // computed once, by requests that keep nothing
    std::size_t stopped = 0;   // of a known prompt that nobody computed to its end
    std::size_t behind = 0;    // behind all that is known
};

Shares sharesOf(const MissFacts& facts) {
    const ClosestPrompt& known = facts.closest;
    const std::size_t last = facts.promptTokens - 1;  // always computed: it says what comes first
    const auto between = [&](std::size_t from, std::size_t to) {
        from = std::max(from, facts.cachedTokens);
        to = std::min(to, last);
        return to > from ? to - from : 0;
    };
    Shares shares;
    shares.evicted = between(0, known.keptTokens);
    shares.earlier = between(known.keptNowTokens, known.keptTokens);
    shares.notKept = between(known.keptTokens, known.computedTokens);
    if (known.state != KnownState::Whole) shares.stopped = between(known.computedTokens, known.sharedTokens);
    shares.behind = facts.promptTokens - std::min(facts.promptTokens, std::max(known.sharedTokens, facts.cachedTokens));
    return shares;
}

MissExplanation grown(const MissFacts& facts, const Shares& shares) {
    if (facts.cachedTokens > facts.closest.sharedTokens)  // from the disk, of before the server started
        return {MissCause::Grown, were(facts.cachedTokens) + " still kept of older prompts; " + tokens(shares.behind) + " came behind them."};
    return {MissCause::Grown, were(shares.behind) + " added to a known prompt of " + grouped(facts.closest.sharedTokens) + "."};
}

MissExplanation differs(const MissFacts& facts, const Shares& shares) {
    std::string why = "It leaves the closest known prompt after " + grouped(facts.closest.sharedTokens) + " of " +
                      tokens(facts.closest.tokens) + ": there stood " + quoted(facts.knownText, kQuotedBytes) + ", here stands " +
                      quoted(facts.askedText, kQuotedBytes) + ".";
    if (const std::size_t lost = shares.evicted + shares.notKept + shares.stopped; lost > 0)
        why += " Of what they share, " + were(lost) + " not in the cache.";
    return {MissCause::Differs, std::move(why)};
}

// Of tokens that an earlier server had kept, and that are in no cache now.
MissExplanation lostEarlier(const MissFacts& facts, const Shares& shares) {
    const ClosestPrompt& known = facts.closest;
    const std::string all = shares.evicted == known.keptTokens ? "all" : grouped(shares.evicted);
    const std::string knew = were(known.keptTokens) + " known before the server was started, ";
    if (!facts.disk.isOn)
        return {MissCause::NotWritten, knew + "but only what the cache on the disk has outlives a restart, and it is off" +
                                           (facts.disk.problem.empty() ? "." : ": " + facts.disk.problem + ".")};
    if (!known.earlier.diskWasOn)
        return {MissCause::NotWritten, knew + "but kept in RAM only: the cache on the disk was off then."};
    const std::string quarantine = facts.disk.hasQuarantine ? ", or a damaged block was set aside" : "";
    if (known.earlier.endedCleanly)
        return {MissCause::Evicted, knew + "but " + all + " of them had been given up since: the disk had no room for them, or their files were removed" +
                                        quarantine + "."};
    const std::string room = facts.disk.isCrowded ? "the disk had no room for them, or " : "";
    return {facts.disk.isCrowded ? MissCause::Evicted : MissCause::NotWritten,
            knew + "but " + all + " of them are not on the disk: " + room + "that server ended before it had written them, or their files were removed" +
                quarantine + "."};
}

// Why the tokens behind all that is known were computed.
MissExplanation explainBehind(const MissFacts& facts, const Shares& shares) {
    const ClosestPrompt& known = facts.closest;
    if (facts.cachedTokens > known.sharedTokens || known.isWhole) return grown(facts, shares);
    if (known.sharedTokens < kOpeningTokens && facts.cachedTokens >= std::min(known.computedTokens, facts.promptTokens - 1))
        return {MissCause::New, "No known prompt of this model begins like it."};
    return differs(facts, shares);
}

MissExplanation explainLost(const MissFacts& facts, const Shares& shares) {
    const ClosestPrompt& known = facts.closest;
    const std::size_t lost = shares.evicted + shares.notKept;
    const std::string added = shares.behind > 0 ? " " + were(shares.behind) + " added behind them." : "";
    if (facts.logitsAsked && lost > 0)
        return {MissCause::Asked, "It asks for the probabilities of its own prompt, so " + were(lost) + " computed again although known."};
    if (facts.keepsState && shares.evicted > 0)
        return {MissCause::Snapshot, were(known.keptTokens) + " known, but the model's state was kept after " +
                                         grouped(facts.cachedTokens) + " of them only." + added};
    const bool mostlyEvicted = shares.evicted > 0 && shares.evicted >= std::max(shares.notKept, shares.stopped);
    if (facts.diskLoss == DiskLoss::Damaged && mostlyEvicted)
        return {MissCause::Damaged, were(known.keptTokens) + " known, but a block of theirs on the disk was damaged: it was set aside, and " +
                                        were(shares.evicted) + " computed from there on." + added};
    if (facts.diskLoss == DiskLoss::Gone && mostlyEvicted)
        return {MissCause::Evicted, were(known.keptTokens) + " known, but files of the cache on the disk had gone: " + were(shares.evicted) +
                                        " computed from there on." + added};
    if (mostlyEvicted && shares.earlier * 2 > shares.evicted) {
        MissExplanation explained = lostEarlier(facts, shares);
        explained.why += added;
        return explained;
    }
    if (mostlyEvicted)
        return {MissCause::Evicted, were(known.keptTokens) + " known, but " +
                                        (shares.evicted == known.keptTokens ? "all" : grouped(shares.evicted)) +
                                        " of them had been given up since: there was no room for them, or the cache was cleared." + added};
    if (shares.notKept >= shares.stopped)
        return {MissCause::NotStored, were(shares.notKept) + " computed before, for a request that let nothing be kept." + added};
    const std::string done = grouped(known.computedTokens) + " of " + tokens(known.tokens);
    if (known.isCutOff)
        return {MissCause::NotStored, "The server ended while the closest known prompt was being computed: at least " + done + " were done." + added};
    return {MissCause::NotStored, (known.state == KnownState::Running ? "The closest known prompt was still being computed: "
                                                                      : "The closest known prompt was stopped before its end: ") +
                                      done + " were done." + added};
}

}  // namespace

DiskFacts DiskFacts::of(const ColdTierStatus& cold) {
    const bool isFull = static_cast<double>(cold.usedBytes) > kCrowded * static_cast<double>(cold.limitBytes);
    return {.isOn = cold.on,
            .problem = cold.problem,
            .isCrowded = isFull || cold.evictedBlocks > 0 || cold.refusedBlocks > 0,
            .hasQuarantine = cold.quarantinedBlocks > 0 || cold.quarantineFiles > 0};
}

MissExplanation explainMiss(const MissFacts& facts) {
    if (facts.cachedTokens + 1 >= facts.promptTokens)
        return {MissCause::Nothing, "Nothing but the last token of the prompt had to be computed."};
    const Shares shares = sharesOf(facts);
    const std::size_t lost = shares.evicted + shares.notKept + shares.stopped;
    if (facts.isReadingRecord && shares.behind > lost)
        return {MissCause::Unknown, "What was known before the server was started was still being read when this was computed."};
    if (lost == 0) return explainBehind(facts, shares);
    MissExplanation behind = explainBehind(facts, shares);
    const bool mayExplain = behind.cause == MissCause::Differs || shares.evicted + shares.notKept == 0;
    return mayExplain && shares.behind > lost ? behind : explainLost(facts, shares);
}

}  // namespace larder::api
