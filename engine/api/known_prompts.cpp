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
    return sizeof(Known) + model.name.capacity() + ids.capacity() * sizeof(TokenId) + blocks.capacity() * sizeof(std::uint64_t) +
           ends.capacity() * sizeof(End);
}

KnownPrompts::KnownPrompts(std::size_t mostBytes, std::vector<records::StoredPrompt> earlier) : m_mostBytes(mostBytes) {
    for (auto stored = earlier.rbegin(); stored != earlier.rend(); ++stored) {
        const auto order = static_cast<Order>(stored - earlier.rbegin()) * -1 - 1;
        Known known;
        known.order = known.lastUse = order;
        known.key = stored->key;
        known.model = {std::move(stored->model), stored->content};
        known.ids = std::move(stored->ids);
        known.ids.shrink_to_fit();
        known.blocks = hashBlocks(known.ids);
        known.isCutOff = stored->state == KnownState::Running;
        known.state = known.isCutOff ? KnownState::Stopped : stored->state;
        known.computed = stored->computedTokens;
        known.kept = stored->keptTokens;
        known.earlier = {stored->diskWasOn, stored->endedCleanly};
        known.ends.reserve(std::max<std::size_t>(1, stored->ends.size()));
        for (const std::uint32_t tokens : stored->ends) known.ends.push_back({tokens, 0});
        if (known.ends.empty()) known.ends.push_back({known.ids.size(), 0});
        if (m_bytes + known.bytes() > mostBytes) break;
        m_bytes += known.bytes();
        m_known.push_back(std::move(known));
    }
    std::reverse(m_known.begin(), m_known.end());
}

void KnownPrompts::addEarlier(KnownPrompts earlier) {
    m_bytes += earlier.m_bytes;
    m_known.insert(m_known.begin(), std::make_move_iterator(earlier.m_known.begin()), std::make_move_iterator(earlier.m_known.end()));
    makeRoom();
}

KnownPrompts::Known* KnownPrompts::find(Order order) {
    const auto found = std::lower_bound(m_known.begin(), m_known.end(), order,
                                        [](const Known& known, Order wanted) { return known.order < wanted; });
    return found != m_known.end() && found->order == order ? &*found : nullptr;
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

ClosestPrompt KnownPrompts::findClosest(const PromptModel& model, std::span<const TokenId> ids,
                                        std::span<const std::uint64_t> blocks, std::size_t knownIds, std::uint64_t before) {
    ClosestPrompt closest;
    Known* best = nullptr;
    std::tuple<std::size_t, bool, bool, std::int64_t> bestRank;
    for (Known& known : m_known) {
        if (known.order >= static_cast<Order>(before)) break;
        if (known.model != model) continue;
        const std::size_t common = shared(known, ids, blocks);
        if (common == 0) continue;
        closest.computedTokens = std::max(closest.computedTokens, std::min(common, known.computed));
        closest.keptNowTokens = std::max(closest.keptNowTokens, std::min(common, known.keptNow));
        if (const std::size_t kept = std::min(common, known.kept); kept > closest.keptTokens) {
            closest.keptTokens = kept;
            closest.earlier = known.earlier;
        }
        const bool whole = std::any_of(known.ends.begin(), known.ends.end(), [&](const End& end) { return end.tokens == common; });
        const std::tuple rank{common, whole, known.state == KnownState::Whole, known.lastUse};
        if (best != nullptr && rank <= bestRank) continue;
        best = &known;
        bestRank = rank;
    }
    if (best == nullptr) return closest;
    best->lastUse = ++m_uses;
    closest.isFound = true;
    closest.isEarlier = best->isEarlier();
    closest.sharedTokens = std::get<0>(bestRank);
    closest.isWhole = std::get<1>(bestRank);
    closest.state = best->state;
    closest.isCutOff = best->isCutOff;
    closest.number = closest.isEarlier ? 0 : static_cast<std::uint64_t>(best->order);
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

void KnownPrompts::add(std::uint64_t number, const PromptModel& model, std::vector<TokenId> ids, std::vector<std::uint64_t> blocks) {
    Known known;
    known.order = static_cast<Order>(number);
    known.key = {0, number};
    known.model = model;
    known.ids = std::move(ids);
    known.blocks = std::move(blocks);
    known.ends = {{known.ids.size(), number}};
    known.lastUse = ++m_uses;
    m_bytes += known.bytes();
    const auto place = std::upper_bound(m_known.begin(), m_known.end(), known.order,
                                        [](Order wanted, const Known& other) { return wanted < other.order; });
    m_known.insert(place, std::move(known));
    makeRoom();
}

void KnownPrompts::compute(std::uint64_t number, std::size_t computedTokens, std::size_t keptTokens) {
    Known* known = find(static_cast<Order>(number));
    if (known == nullptr) return;
    known->computed = std::max(known->computed, computedTokens);
    known->kept = std::max(known->kept, keptTokens);
    known->keptNow = std::max(known->keptNow, keptTokens);
}

records::PromptEnd KnownPrompts::stored(const Known& known) {
    records::PromptEnd end;
    end.key = known.key;
    for (const End& each : known.ends) end.ends.push_back(static_cast<std::uint32_t>(each.tokens));
    end.state = known.state;
    end.computedTokens = known.computed;
    end.keptTokens = known.kept;
    return end;
}

KnownPrompts::Ended KnownPrompts::end(std::uint64_t number, std::span<const TokenId> answer, std::optional<TokenId> stopToken,
                                      KnownState state) {
    Known* known = find(static_cast<Order>(number));
    Ended ended;
    ended.own.key = {0, number};
    ended.isForgotten = known == nullptr || known->computed == 0;
    if (known == nullptr) return ended;
    if (ended.isForgotten) {
        forget(known->order);
        return ended;
    }
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
    mergeContained(known->order, ended);
    makeRoom();
    return ended;
}

// What is known of the shorter one is known of the beginning of the longer one.
void KnownPrompts::take(Known& longer, const Known& shorter) {
    longer.ends.insert(longer.ends.begin(), shorter.ends.begin(), shorter.ends.end());
    if (longer.ends.size() > kMostEnds) longer.ends.erase(longer.ends.begin(), longer.ends.end() - kMostEnds);
    longer.computed = std::max(longer.computed, shorter.computed);
    if (shorter.kept > longer.kept) longer.earlier = shorter.earlier;
    longer.kept = std::max(longer.kept, shorter.kept);
    longer.keptNow = std::max(longer.keptNow, shorter.keptNow);
}

void KnownPrompts::mergeContained(Order order, Ended& told) {
    Known& ended = *find(order);
    std::vector<Order> contained;
    const std::size_t before = ended.bytes();
    Known* longer = nullptr;
    for (Known& other : m_known) {
        if (other.order == order || other.state == KnownState::Running || other.model != ended.model) continue;
        const std::size_t common = shared(other, ended.ids, ended.blocks);
        if (common == other.ids.size()) {
            take(ended, other);
            contained.push_back(other.order);
            told.own.contained.push_back(other.key);
        } else if (common == ended.ids.size()) {
            longer = &other;
            break;
        }
    }
    m_bytes += ended.bytes() - before;
    std::vector<records::PromptKey> shorter = std::move(told.own.contained);
    told.own = stored(ended);
    told.own.contained = std::move(shorter);
    if (longer != nullptr) {
        const std::size_t longerBefore = longer->bytes();
        take(*longer, ended);
        longer->lastUse = ++m_uses;
        m_bytes += longer->bytes() - longerBefore;
        contained.push_back(order);
        told.longer = stored(*longer);
        told.longer->contained = {ended.key};
    }
    for (const Order each : contained) forget(each);
}

void KnownPrompts::forget(Order order) {
    Known* known = find(order);
    m_bytes -= known->bytes();
    m_known.erase(m_known.begin() + (known - m_known.data()));
}

// Those that ended go first.
void KnownPrompts::makeRoom() {
    while (m_bytes > m_mostBytes) {
        const auto oldest = std::min_element(m_known.begin(), m_known.end(), [](const Known& a, const Known& b) {
            return std::pair(a.state == KnownState::Running, a.lastUse) < std::pair(b.state == KnownState::Running, b.lastUse);
        });
        forget(oldest->order);
    }
}

}  // namespace larder::api
