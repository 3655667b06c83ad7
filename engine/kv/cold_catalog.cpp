#include "engine/kv/cold_catalog.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace larder::kv {
namespace {

constexpr std::size_t kMostModels = 65'535;
constexpr std::size_t kMostSiblings = 1000;  // looked at by closest(); those used last stand first

}  // namespace

ColdPrints printsOf(std::span<const TokenId> tokens) {
    ColdPrints prints{};
    for (std::size_t i = 0; i < prints.size() && tokens.size() >= std::size_t{1} << i; ++i)
        prints[i] = static_cast<std::uint16_t>(base::hash64(std::as_bytes(tokens.first(std::size_t{1} << i))));
    return prints;
}

std::size_t commonByPrints(const ColdPrints& a, std::size_t countA, const ColdPrints& b, std::size_t countB) {
    std::size_t common = 0;
    for (std::size_t i = 0; i < a.size() && std::min(countA, countB) >= std::size_t{1} << i && a[i] == b[i]; ++i)
        common = std::size_t{1} << i;
    return common;
}

// Invariants: every listed key has one slot. A ghost that is no root has children. Exactly the entries that are present, on
// the disk, not pinned and without children are in m_order, which is a heap by goesBefore(). An entry is lost exactly when its
// parent is a ghost that is no root, or lost. Sums are those of the entries on the disk.

ColdCatalog::ColdCatalog() : m_slots(64, kNoColdEntry) {}

// ---- Models.

std::optional<std::uint16_t> ColdCatalog::modelNumber(const base::Hash128& identity) {
    for (std::size_t i = 0; i < m_models.size(); ++i)
        if (m_models[i].identity == identity && m_models[i].root != BlockKey{}) return static_cast<std::uint16_t>(i);
    if (m_models.size() >= kMostModels) return std::nullopt;
    restoreModel(static_cast<std::uint16_t>(m_models.size()), identity, {});
    return static_cast<std::uint16_t>(m_models.size() - 1);
}

void ColdCatalog::restoreModel(std::uint16_t number, const base::Hash128& identity, const std::string& name) {
    if (m_models.size() <= number) m_models.resize(number + std::size_t{1});
    m_models[number].identity = identity;
    m_models[number].root = rootKey(identity);
    m_models[number].name = name;
}

// ---- The hash table: open addressing, linear probing, erased by moving back.

ColdEntryId ColdCatalog::anyOf(const BlockKey& key) const {
    const std::size_t mask = m_slots.size() - 1;
    for (std::size_t slot = BlockKeyHash{}(key) & mask; m_slots[slot] != kNoColdEntry; slot = (slot + 1) & mask)
        if (at(m_slots[slot]).key == key) return m_slots[slot];
    return kNoColdEntry;
}

void ColdCatalog::insertSlot(ColdEntryId entry) {
    const std::size_t mask = m_slots.size() - 1;
    std::size_t slot = BlockKeyHash{}(at(entry).key) & mask;
    while (m_slots[slot] != kNoColdEntry) slot = (slot + 1) & mask;
    m_slots[slot] = entry;
}

void ColdCatalog::growSlots() {
    std::vector<ColdEntryId> old = std::exchange(m_slots, std::vector<ColdEntryId>(m_slots.size() * 2, kNoColdEntry));
    for (const ColdEntryId entry : old)
        if (entry != kNoColdEntry) insertSlot(entry);
}

void ColdCatalog::eraseSlot(const BlockKey& key) {
    const std::size_t mask = m_slots.size() - 1;
    std::size_t hole = BlockKeyHash{}(key) & mask;
    while (at(m_slots[hole]).key != key) hole = (hole + 1) & mask;
    for (std::size_t slot = (hole + 1) & mask; m_slots[slot] != kNoColdEntry; slot = (slot + 1) & mask) {
        const std::size_t wanted = BlockKeyHash{}(at(m_slots[slot]).key) & mask;
        // It may move into the hole when the hole lies between where it wants to be and where it is.
        if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
        m_slots[hole] = m_slots[slot];
        hole = slot;
    }
    m_slots[hole] = kNoColdEntry;
}

ColdEntryId ColdCatalog::make(const BlockKey& key) {
    if ((m_listed + 1) * 8 > m_slots.size() * 5) growSlots();
    ColdEntryId entry = static_cast<ColdEntryId>(m_made);
    if (m_unused.empty()) {
        if (m_made % kChunk == 0) m_chunks.push_back(std::make_unique<ColdEntry[]>(kChunk));
        ++m_made;
    } else {
        entry = m_unused.back();
        m_unused.pop_back();
    }
    entryAt(entry) = ColdEntry{};
    entryAt(entry).key = key;
    insertSlot(entry);
    ++m_listed;
    return entry;
}

void ColdCatalog::release(ColdEntryId entry) {
    eraseSlot(at(entry).key);
    entryAt(entry) = ColdEntry{};
    m_unused.push_back(entry);
    --m_listed;
}

// ---- Links.

void ColdCatalog::link(ColdEntryId entry, ColdEntryId parent) {
    ColdEntry& child = entryAt(entry);
    ColdEntry& above = entryAt(parent);
    child.parent = parent;
    child.previousSibling = kNoColdEntry;
    child.nextSibling = above.firstChild;
    if (above.firstChild != kNoColdEntry) entryAt(above.firstChild).previousSibling = entry;
    above.firstChild = entry;
    place(parent);
}

void ColdCatalog::unlink(ColdEntryId entry) {
    ColdEntry& child = entryAt(entry);
    ColdEntry& above = entryAt(child.parent);
    if (child.previousSibling != kNoColdEntry) entryAt(child.previousSibling).nextSibling = child.nextSibling;
    if (child.nextSibling != kNoColdEntry) entryAt(child.nextSibling).previousSibling = child.previousSibling;
    if (above.firstChild == entry) above.firstChild = child.nextSibling;
    child.nextSibling = child.previousSibling = kNoColdEntry;
    place(child.parent);
}

void ColdCatalog::toFront(ColdEntryId entry) {
    const ColdEntryId parent = at(entry).parent;
    if (at(parent).firstChild == entry) return;
    ColdEntry& child = entryAt(entry);
    entryAt(child.previousSibling).nextSibling = child.nextSibling;
    if (child.nextSibling != kNoColdEntry) entryAt(child.nextSibling).previousSibling = child.previousSibling;
    child.previousSibling = kNoColdEntry;
    child.nextSibling = at(parent).firstChild;
    entryAt(child.nextSibling).previousSibling = entry;
    entryAt(parent).firstChild = entry;
}

void ColdCatalog::setLostBelow(ColdEntryId entry, bool lost) {
    std::vector<ColdEntryId> open{entry};
    while (!open.empty()) {
        const ColdEntryId above = open.back();
        open.pop_back();
        for (ColdEntryId child = at(above).firstChild; child != kNoColdEntry; child = at(child).nextSibling) {
            if (at(child).lost == lost) continue;
            entryAt(child).lost = lost;
            place(child);
            open.push_back(child);
        }
    }
}

// ---- Changing.

void ColdCatalog::count(const ColdEntry& entry, bool more) {
    if (!entry.present || entry.staged) return;
    ColdModel& model = m_models[entry.model];
    const std::uint64_t sign = more ? 1 : ~std::uint64_t{0};
    const std::uint64_t bytes = more ? entry.bytes : ~std::uint64_t{entry.bytes} + 1;
    m_blocks += sign;
    model.blocks += sign;
    m_bytes += bytes;
    model.bytes += bytes;
    if (!entry.pinned) return;
    m_pinnedBytes += bytes;
    model.pinnedBytes += bytes;
}

ColdEntryId ColdCatalog::add(const ColdEntry& block, const BlockKey& parent) {
    assert(block.model < m_models.size());
    ColdEntryId above = anyOf(parent);
    if (above == kNoColdEntry) {
        above = make(parent);
        entryAt(above).root = parent == m_models[block.model].root;
        entryAt(above).model = block.model;
    }
    ColdEntryId entry = anyOf(block.key);
    const bool ghost = entry != kNoColdEntry;
    if (!ghost) entry = make(block.key);
    ColdEntry& made = entryAt(entry);
    assert(!made.present);
    const ColdEntryId children = made.firstChild;
    made = block;
    made.firstChild = children;
    made.heapSlot = kNoColdEntry;
    made.present = true;
    made.root = false;
    made.lost = at(above).lost || (!at(above).present && !at(above).root);
    link(entry, above);
    count(made, true);
    if (ghost && !made.lost) setLostBelow(entry, false);
    place(entry);
    return entry;
}

void ColdCatalog::remove(ColdEntryId id) {
    ColdEntry& entry = entryAt(id);
    assert(entry.present);
    count(entry, false);
    entry.present = false;
    place(id);
    const ColdEntryId parent = entry.parent;
    unlink(id);
    entry.parent = kNoColdEntry;
    entry.lost = entry.pinned = entry.staged = entry.changed = false;
    entry.bytes = 0;
    if (entry.firstChild != kNoColdEntry)
        setLostBelow(id, true);
    else
        release(id);
    if (!at(parent).present && at(parent).firstChild == kNoColdEntry) release(parent);
}

void ColdCatalog::settle(ColdEntryId id, std::uint32_t bytes) {
    ColdEntry& entry = entryAt(id);
    assert(entry.present && entry.staged);
    entry.staged = false;
    entry.bytes = bytes;
    count(entry, true);
    place(id);
}

void ColdCatalog::setPinned(ColdEntryId id, bool pinned) {
    ColdEntry& entry = entryAt(id);
    count(entry, false);
    entry.pinned = pinned;
    count(entry, true);
    place(id);
}

void ColdCatalog::use(ColdEntryId id, std::uint64_t tick, std::uint32_t nowS) {
    ColdEntry& entry = entryAt(id);
    entry.tick = tick;
    entry.usedS = nowS;
    if (entry.uses != 0xffffffff) ++entry.uses;
    toFront(id);
    place(id);
}

// ---- Looking.

ColdEntryId ColdCatalog::find(const BlockKey& key) const {
    const ColdEntryId entry = anyOf(key);
    return entry != kNoColdEntry && at(entry).present ? entry : kNoColdEntry;
}

ColdEntryId ColdCatalog::findReachable(const BlockKey& key) const {
    const ColdEntryId entry = find(key);
    return entry != kNoColdEntry && !at(entry).lost ? entry : kNoColdEntry;
}

bool ColdCatalog::isParent(const BlockKey& key, std::uint16_t model) const {
    if (key == m_models[model].root) return true;
    const ColdEntryId entry = findReachable(key);
    return entry != kNoColdEntry && at(entry).kind == ColdKind::Full && at(entry).model == model;
}

std::vector<ColdEntryId> ColdCatalog::closest(const BlockKey& parent, std::span<const TokenId> tokens, std::size_t most) const {
    struct Match {
        std::size_t common;
        std::uint64_t tick;
        ColdEntryId entry;
    };
    const ColdEntryId above = anyOf(parent);
    if (above == kNoColdEntry || tokens.empty()) return {};
    const ColdPrints prints = printsOf(tokens);
    std::vector<Match> matches;
    std::size_t looked = 0;
    for (ColdEntryId child = at(above).firstChild; child != kNoColdEntry && looked < kMostSiblings; ++looked) {
        const ColdEntry& entry = at(child);
        const std::size_t common = commonByPrints(entry.prints, entry.count, prints, tokens.size());
        if (common > 0 && !entry.lost && entry.kind != ColdKind::State) matches.push_back({common, entry.tick, child});
        child = entry.nextSibling;
    }
    std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
        return a.common != b.common ? a.common > b.common : a.tick != b.tick ? a.tick > b.tick : a.entry < b.entry;
    });
    std::vector<ColdEntryId> best;
    for (std::size_t i = 0; i < std::min(most, matches.size()); ++i) best.push_back(matches[i].entry);
    return best;
}

std::vector<ColdEntryId> ColdCatalog::states(const BlockKey& parent, std::span<const TokenId> tokens) const {
    std::vector<ColdEntryId> found;
    if (anyOf(parent) == kNoColdEntry) return found;
    for (std::size_t count = 1; count <= std::min<std::size_t>(tokens.size(), kBlockTokens); ++count)
        if (const auto entry = findReachable(stateKey(parent, tokens.first(count))); entry != kNoColdEntry) found.push_back(entry);
    return found;
}

void ColdCatalog::forEach(const std::function<void(ColdEntryId, const ColdEntry&)>& look) const {
    for (std::size_t i = 0; i < m_made; ++i)
        if (const auto entry = static_cast<ColdEntryId>(i); at(entry).present) look(entry, at(entry));
}

void ColdCatalog::forEachChild(ColdEntryId entry, const std::function<void(ColdEntryId, const ColdEntry&)>& look) const {
    for (ColdEntryId child = at(entry).firstChild; child != kNoColdEntry; child = at(child).nextSibling) look(child, at(child));
}

std::size_t ColdCatalog::ramBytes() const {
    return m_chunks.size() * kChunk * sizeof(ColdEntry) + m_slots.capacity() * sizeof(ColdEntryId) +
           m_order.capacity() * sizeof(ColdEntryId) + m_unused.capacity() * sizeof(ColdEntryId) +
           m_models.capacity() * sizeof(ColdModel);
}

// ---- The order of eviction: lost ones, then those unused for longest; of those used together the deepest.

bool ColdCatalog::evictable(const ColdEntry& entry) const {
    return entry.present && !entry.staged && !entry.pinned && entry.firstChild == kNoColdEntry;
}

bool ColdCatalog::goesBefore(ColdEntryId a, ColdEntryId b) const {
    const ColdEntry& x = at(a);
    const ColdEntry& y = at(b);
    if (x.lost != y.lost) return x.lost;
    if (x.tick != y.tick) return x.tick < y.tick;
    if (x.position != y.position) return x.position > y.position;
    return a < b;
}

void ColdCatalog::putInOrder(std::size_t slot, ColdEntryId entry) {
    m_order[slot] = entry;
    entryAt(entry).heapSlot = static_cast<std::uint32_t>(slot);
}

void ColdCatalog::siftUp(std::size_t slot) {
    const ColdEntryId entry = m_order[slot];
    while (slot > 0 && goesBefore(entry, m_order[(slot - 1) / 2])) {
        putInOrder(slot, m_order[(slot - 1) / 2]);
        slot = (slot - 1) / 2;
    }
    putInOrder(slot, entry);
}

void ColdCatalog::siftDown(std::size_t slot) {
    const ColdEntryId entry = m_order[slot];
    while (true) {
        std::size_t child = 2 * slot + 1;
        if (child >= m_order.size()) break;
        if (child + 1 < m_order.size() && goesBefore(m_order[child + 1], m_order[child])) ++child;
        if (!goesBefore(m_order[child], entry)) break;
        putInOrder(slot, m_order[child]);
        slot = child;
    }
    putInOrder(slot, entry);
}

void ColdCatalog::place(ColdEntryId id) {
    ColdEntry& entry = entryAt(id);
    const bool listed = entry.heapSlot != kNoColdEntry;
    if (evictable(entry)) {
        if (!listed) {
            m_order.push_back(id);
            entry.heapSlot = static_cast<std::uint32_t>(m_order.size() - 1);
        }
        siftUp(entry.heapSlot);
        siftDown(entry.heapSlot);
    } else if (listed) {
        const std::size_t slot = entry.heapSlot;
        const ColdEntryId last = m_order.back();
        m_order.pop_back();
        entry.heapSlot = kNoColdEntry;
        if (last == id) return;
        putInOrder(slot, last);
        siftUp(at(last).heapSlot);
        siftDown(at(last).heapSlot);
    }
}

}  // namespace larder::kv
