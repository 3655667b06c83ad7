#include "engine/api/known_prompts.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/base/hash.h"

namespace larder::api {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kMostEnds = 256;  // of one conversation; the oldest go

// Continues blocks, which are those of the beginning of ids.
void appendBlocks(std::vector<std::uint64_t>& blocks, std::span<const TokenId> ids) {
    std::uint64_t last = blocks.empty() ? 0 : blocks.back();
    for (std::size_t at = blocks.size() * kBlock; at + kBlock <= ids.size(); at += kBlock)
        blocks.push_back(last = base::hash128(std::as_bytes(ids.subspan(at, kBlock)), last).low);
}

}  // namespace

std::vector<std::uint64_t> hashBlocks(std::span<const TokenId> ids) {
    std::vector<std::uint64_t> blocks;
    blocks.reserve(ids.size() / kBlock);
    appendBlocks(blocks, ids);
    return blocks;
}

std::size_t KnownPrompts::Known::bytes() const {
    return sizeof(Known) + model.capacity() + ids.capacity() * sizeof(TokenId) + blocks.capacity() * sizeof(std::uint64_t) +
           ends.capacity() * sizeof(End);
}

KnownPrompts::Known* KnownPrompts::find(std::uint64_t number) {
    const auto found = std::lower_bound(m_known.begin(), m_known.end(), number,
                                        [](const Known& known, std::uint64_t wanted) { return known.number < wanted; });
    return found != m_known.end() && found->number == number ? &*found : nullptr;
}

// Equal hashes stand before the first different one: a binary search, then at most a block's tokens.
std::size_t KnownPrompts::shared(const Known& known, std::span<const TokenId> ids, std::span<const std::uint64_t> blocks) {
    std::size_t equal = 0, end = std::min(known.blocks.size(), blocks.size());
    while (equal < end) {
        const std::size_t middle = (equal + end + 1) / 2;
        if (known.blocks[middle - 1] == blocks[middle - 1]) equal = middle;
        else end = middle - 1;
    }
    std::size_t tokens = equal * kBlock;
    const std::size_t most = std::min({known.ids.size(), ids.size(), tokens + kBlock});
    while (tokens < most && known.ids[tokens] == ids[tokens]) ++tokens;
    return tokens;
}

ClosestPrompt KnownPrompts::findClosest(const std::string& model, std::span<const TokenId> ids,
                                        std::span<const std::uint64_t> blocks, std::size_t knownIds) {
    ClosestPrompt closest;
    Known* best = nullptr;
    std::tuple<std::size_t, bool, bool, std::uint64_t> bestRank;
    for (Known& known : m_known) {
        if (known.model != model) continue;
        const std::size_t common = shared(known, ids, blocks);
        if (common == 0) continue;
        closest.computedTokens = std::max(closest.computedTokens, std::min(common, known.computed));
        closest.keptTokens = std::max(closest.keptTokens, std::min(common, known.kept));
        const bool whole = std::any_of(known.ends.begin(), known.ends.end(), [&](const End& end) { return end.tokens == common; });
        const std::tuple rank{common, whole, known.state == KnownState::Whole, known.lastUse};
        if (best != nullptr && rank <= bestRank) continue;
        best = &known;
        bestRank = rank;
    }
    if (best == nullptr) return closest;
    best->lastUse = ++m_uses;
    closest.sharedTokens = std::get<0>(bestRank);
    closest.isWhole = std::get<1>(bestRank);
    closest.state = best->state;
    closest.number = best->number;
    closest.tokens = best->ids.size();
    if (closest.isWhole) {
        for (const End& end : best->ends)
            if (end.tokens == closest.sharedTokens) closest.number = end.number;
        closest.tokens = closest.sharedTokens;
    }
    const auto behind = best->ids.begin() + static_cast<std::ptrdiff_t>(closest.sharedTokens);
    const auto copied = std::min(knownIds, best->ids.size() - closest.sharedTokens);
    if (!closest.isWhole) closest.knownIds.assign(behind, behind + static_cast<std::ptrdiff_t>(copied));
    return closest;
}

void KnownPrompts::add(std::uint64_t number, const std::string& model, std::vector<TokenId> ids, std::vector<std::uint64_t> blocks) {
    Known known;
    known.number = number;
    known.model = model;
    known.ids = std::move(ids);
    known.blocks = std::move(blocks);
    known.ends = {{known.ids.size(), number}};
    known.lastUse = ++m_uses;
    m_bytes += known.bytes();
    const auto place = std::upper_bound(m_known.begin(), m_known.end(), number,
                                        [](std::uint64_t wanted, const Known& other) { return wanted < other.number; });
    m_known.insert(place, std::move(known));
    makeRoom();
}

void KnownPrompts::compute(std::uint64_t number, std::size_t computedTokens, std::size_t keptTokens) {
    Known* known = find(number);
    if (known == nullptr) return;
    known->computed = std::max(known->computed, computedTokens);
    known->kept = std::max(known->kept, keptTokens);
}

void KnownPrompts::end(std::uint64_t number, std::span<const TokenId> answer, std::optional<TokenId> stopToken, KnownState state) {
    Known* known = find(number);
    if (known == nullptr) return;
    if (known->computed == 0) return forget(number);
    m_bytes -= known->bytes();
    known->state = state;
    known->ids.insert(known->ids.end(), answer.begin(), answer.end());
    known->ends = {{known->ids.size(), number}};
    if (stopToken) {
        known->ids.push_back(*stopToken);
        known->ends.push_back({known->ids.size(), number});
    }
    known->ids.shrink_to_fit();
    appendBlocks(known->blocks, known->ids);
    known->lastUse = ++m_uses;
    m_bytes += known->bytes();
    mergeContained(number);
    makeRoom();
}

// What is known of the shorter one is known of the beginning of the longer one.
void KnownPrompts::take(Known& longer, const Known& shorter) {
    longer.ends.insert(longer.ends.begin(), shorter.ends.begin(), shorter.ends.end());
    if (longer.ends.size() > kMostEnds) longer.ends.erase(longer.ends.begin(), longer.ends.end() - kMostEnds);
    longer.computed = std::max(longer.computed, shorter.computed);
    longer.kept = std::max(longer.kept, shorter.kept);
}

void KnownPrompts::mergeContained(std::uint64_t number) {
    Known& ended = *find(number);
    std::vector<std::uint64_t> contained;
    const std::size_t before = ended.bytes();
    for (Known& other : m_known) {
        if (other.number == number || other.state == KnownState::Running || other.model != ended.model) continue;
        const std::size_t common = shared(other, ended.ids, ended.blocks);
        if (common == other.ids.size()) {
            take(ended, other);
            contained.push_back(other.number);
        } else if (common == ended.ids.size()) {
            const std::size_t otherBefore = other.bytes();
            take(other, ended);
            other.lastUse = ++m_uses;
            m_bytes += other.bytes() - otherBefore;
            contained.push_back(number);
            break;
        }
    }
    m_bytes += ended.bytes() - before;
    for (const std::uint64_t each : contained) forget(each);
}

void KnownPrompts::forget(std::uint64_t number) {
    Known* known = find(number);
    m_bytes -= known->bytes();
    m_known.erase(m_known.begin() + (known - m_known.data()));
}

// Those that ended go first.
void KnownPrompts::makeRoom() {
    while (m_bytes > m_mostBytes) {
        const auto oldest = std::min_element(m_known.begin(), m_known.end(), [](const Known& a, const Known& b) {
            return std::pair(a.state == KnownState::Running, a.lastUse) < std::pair(b.state == KnownState::Running, b.lastUse);
        });
        forget(oldest->number);
    }
}

}  // namespace larder::api
