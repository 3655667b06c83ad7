// What is known of the blocks on the disk, in RAM, under 200 bytes a block: which there are, how they hang together, which
// goes first. A tree for each model: an entry hangs below the full block before it; below a root key hang first blocks. An
// entry whose parent is not there hangs below a ghost: it and all below it are lost, that is not found by anybody and evicted
// first, until the parent comes. No disk, no lock: the owner sees to that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/kv/block_key.h"
#include "engine/kv/cold_block.h"
#include "engine/types.h"

namespace larder::kv {

using ColdEntryId = std::uint32_t;
inline constexpr ColdEntryId kNoColdEntry = 0xffffffff;

// Hashes of the first 1, 2, 4, 8, 16 and 32 tokens; those beyond the block's tokens are 0.
using ColdPrints = std::array<std::uint16_t, 6>;
ColdPrints printsOf(std::span<const TokenId> tokens);
// How many leading tokens two blocks have in common as far as their prints tell: 0, 1, 2, 4, ... 32.
std::size_t commonByPrints(const ColdPrints& a, std::size_t countA, const ColdPrints& b, std::size_t countB);

struct ColdEntry {
    BlockKey key;
    std::uint64_t tick = 0;               // order of use over all blocks
    ColdEntryId parent = kNoColdEntry;    // below are links of the catalog
    ColdEntryId firstChild = kNoColdEntry;
    ColdEntryId nextSibling = kNoColdEntry;
    ColdEntryId previousSibling = kNoColdEntry;
    std::uint32_t heapSlot = kNoColdEntry;  // in the order of eviction; none: not evictable
    std::uint32_t groups = 0;
    std::uint32_t uses = 0;
    std::uint32_t bytes = 0;              // disk space; 0 while staged
    std::uint32_t position = 0;           // tokens before it
    std::uint32_t createdS = 0;           // since 1970
    std::uint32_t usedS = 0;
    ColdPrints prints{};
    std::uint16_t model = 0;              // number of the identity
    ColdKind kind = ColdKind::Full;
    std::uint8_t count = 0;               // tokens
    bool present : 1 = false;             // false: a ghost (or a root key), which only holds its children
    bool root : 1 = false;
    bool lost : 1 = false;
    bool pinned : 1 = false;
    bool staged : 1 = false;              // not on the disk yet
    bool changed : 1 = false;             // the index has to be told (the owner's note)
};
static_assert(sizeof(ColdEntry) <= 96);

struct ColdModel {
    base::Hash128 identity;
    BlockKey root;
    std::string name;                     // empty: never told
    std::uint64_t blocks = 0;             // on the disk
    std::uint64_t bytes = 0;
    std::uint64_t pinnedBytes = 0;
};

class ColdCatalog {
public:
    ColdCatalog();

    // ---- Models. Numbers are stable; at most 65,535.
    std::optional<std::uint16_t> modelNumber(const base::Hash128& identity);  // made when new; nothing: too many
    void restoreModel(std::uint16_t number, const base::Hash128& identity, const std::string& name);
    void nameModel(std::uint16_t number, const std::string& name) { m_models[number].name = name; }
    const std::vector<ColdModel>& models() const { return m_models; }  // by number; unused ones have no root

    // ---- Changing.
    // block: its key, kind, count, prints and so on; links and lost are the catalog's. REQUIRES that the key is not present
    // and that the model is known. Returns its number.
    ColdEntryId add(const ColdEntry& block, const BlockKey& parent);
    void remove(ColdEntryId entry);                          // a ghost afterwards, if it has children
    void settle(ColdEntryId entry, std::uint32_t bytes);     // staged: it is on the disk now
    void setPinned(ColdEntryId entry, bool pinned);
    void use(ColdEntryId entry, std::uint64_t tick, std::uint32_t nowS);   // counts one more use
    void setChanged(ColdEntryId entry, bool changed) { entryAt(entry).changed = changed; }

    // ---- Looking.
    const ColdEntry& at(ColdEntryId entry) const { return m_chunks[entry / kChunk][entry % kChunk]; }
    ColdEntryId find(const BlockKey& key) const;             // present ones, lost or not
    ColdEntryId findReachable(const BlockKey& key) const;    // and not lost
    // Whether a block may hang below this key: a root, or a full block that is reachable.
    bool isParent(const BlockKey& key, std::uint16_t model) const;
    std::vector<ColdEntryId> closest(const BlockKey& parent, std::span<const TokenId> tokens, std::size_t most) const;
    std::vector<ColdEntryId> states(const BlockKey& parent, std::span<const TokenId> tokens) const;
    ColdEntryId coldestLeaf() const { return m_order.empty() ? kNoColdEntry : m_order.front(); }
    void forEach(const std::function<void(ColdEntryId, const ColdEntry&)>& look) const;  // present ones
    void forEachChild(ColdEntryId entry, const std::function<void(ColdEntryId, const ColdEntry&)>& look) const;

    std::uint64_t blocks() const { return m_blocks; }        // on the disk
    std::uint64_t bytes() const { return m_bytes; }
    std::uint64_t pinnedBytes() const { return m_pinnedBytes; }
    std::size_t ramBytes() const;
    std::string checkIntegrity() const;

private:
    static constexpr std::size_t kChunk = 1024;

    ColdEntry& entryAt(ColdEntryId entry) { return m_chunks[entry / kChunk][entry % kChunk]; }
    ColdEntryId anyOf(const BlockKey& key) const;            // ghosts too
    ColdEntryId make(const BlockKey& key);
    void release(ColdEntryId entry);
    void growSlots();
    void insertSlot(ColdEntryId entry);
    void eraseSlot(const BlockKey& key);
    void link(ColdEntryId entry, ColdEntryId parent);
    void unlink(ColdEntryId entry);
    void toFront(ColdEntryId entry);
    void setLostBelow(ColdEntryId entry, bool lost);
    void count(const ColdEntry& entry, bool more);
    bool evictable(const ColdEntry& entry) const;
    bool goesBefore(ColdEntryId a, ColdEntryId b) const;
    void place(ColdEntryId entry);                           // puts it into, moves it in, or takes it out of the order
    void siftUp(std::size_t slot);
    void siftDown(std::size_t slot);
    void putInOrder(std::size_t slot, ColdEntryId entry);

    std::vector<std::unique_ptr<ColdEntry[]>> m_chunks;      // [kChunk] each: entries never move
    std::size_t m_made = 0;
    std::vector<ColdEntryId> m_unused;
    std::vector<ColdEntryId> m_slots;                        // hash table by key, a power of two, at most 5/8 full
    std::size_t m_listed = 0;
    std::vector<ColdEntryId> m_order;                        // heap: what is evicted first is in front
    std::vector<ColdModel> m_models;
    std::uint64_t m_blocks = 0;
    std::uint64_t m_bytes = 0;
    std::uint64_t m_pinnedBytes = 0;
};

}  // namespace larder::kv
