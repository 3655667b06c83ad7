// How blocks come back from the disk: a load holds the RAM they go into, orders the reads, and makes known what has arrived, in
// order, as if it had been computed. What is missed ends it; what came before stays known.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "engine/kv/kv_cache.h"

namespace larder::kv {

KvLoad& KvLoad::operator=(KvLoad&& other) noexcept {
    if (this == &other) return *this;
    giveUp();
    m_cache = std::exchange(other.m_cache, nullptr);
    m_record = other.m_record;
    return *this;
}

void KvLoad::giveUp() {
    if (m_cache == nullptr) return;
    m_record->owned = false;
    KvCache* cache = std::exchange(m_cache, nullptr);
    if (m_record->ended) std::erase_if(cache->m_loads, [this](const auto& each) { return each.get() == m_record; });
    else cache->cancelLoad(*m_record);
}

LoadStart KvCache::load(std::span<const TokenId> prefix) {
    if (!m_tier.saves() || prefix.empty()) return {};
    const auto plan = planLoad(m_index, *m_tier.cold(), m_shape, prefix, knownTokens(prefix));
    if (!plan) return {};
    KeyChain keys(m_index.at(kRootNode).key);
    auto record = prepareLoad(*plan, prefix, keys);
    if (!record) return {.load = {}, .noRoom = true};
    m_loads.push_back(std::move(record));
    LoadRecord& load = *m_loads.back();
    orderReads(load, *plan, keys);
    return {.load = KvLoad(*this, load), .noRoom = false};
}

// The lease of a load: what RAM knows, and room for what will come. Null: no room.
std::unique_ptr<LoadRecord> KvCache::prepareLoad(const LoadPlan& plan, std::span<const TokenId> prefix, KeyChain& keys) {
    auto load = std::make_unique<LoadRecord>();
    load->lease = std::move(*emptyLease(plan.path.size() * kBlockTokens));
    load->lease.keys = keys;
    load->target = plan.tokens;
    load->prefix.assign(prefix.begin(), prefix.end());
    m_leases.push_back(&load->lease);
    PrefixMatch match;
    match.path = plan.path;
    match.tokens = plan.path.size() * kBlockTokens;
    holdMatch(load->lease, match);
    if (takeRoom(*load, plan)) return load;
    release(load->lease);
    return nullptr;
}

bool KvCache::takeRoom(LoadRecord& load, const LoadPlan& plan) {
    const bool partly = !plan.partly.empty();
    const std::size_t blocks = partly ? plan.tokens / kBlockTokens + 1 : std::max(roundUpBlocks(plan.tokens), plan.path.size());
    std::size_t bytes = plan.state ? 2 * m_states->strideBytes() : 0;  // as it is read, and as it is kept
    for (const LoadPlan::Block& block : plan.blocks)
        for (const std::size_t group : block.groups) bytes += m_pools[group]->strideBytes();
    for (std::size_t group = 0; group < m_pools.size() && partly; ++group)
        if (m_pools[group]) bytes += m_pools[group]->strideBytes();
    if (!m_tier.fits(bytes)) return false;
    LeaseRecord& lease = load.lease;
    lease.nodes.resize(blocks, kNoNode);
    for (std::size_t group = 0; group < m_pools.size(); ++group) {
        lease.blocks[group].resize(blocks, kNoBlock);
        lease.addresses[group].resize(blocks, nullptr);
        if (group > 0) lease.windows[group - 1] = lease.addresses[group];
    }
    const auto take = [&](std::size_t block, std::size_t group) {
        const BlockId fresh = newBlock(*m_pools[group]).value();
        lease.blocks[group][block] = fresh;
        lease.addresses[group][block] = m_pools[group]->data(fresh);
        return fresh;
    };
    for (const LoadPlan::Block& block : plan.blocks) {
        LoadItem item;
        item.block = block.number;
        for (const std::size_t group : block.groups) item.fills.emplace_back(group, take(block.number, group));
        load.items.push_back(std::move(item));
    }
    if (partly) {
        LoadItem item;
        item.block = blocks - 1;
        item.kind = ColdKind::Tail;
        load.scratch.resize(m_pools.size());
        for (std::size_t group = 0; group < m_pools.size(); ++group) {
            if (!m_pools[group]) continue;
            item.fills.emplace_back(group, take(blocks - 1, group));
            load.scratch[group].resize(m_shape.groups[group].blockBytes);
        }
        load.items.push_back(std::move(item));
    }
    if (plan.state) {
        lease.state = newBlock(*m_states).value();
        LoadItem item;
        item.block = (plan.tokens - 1) / kBlockTokens;
        item.kind = ColdKind::State;
        load.items.push_back(std::move(item));
    }
    return true;
}

void KvCache::orderReads(LoadRecord& load, const LoadPlan& plan, KeyChain& keys) {
    const std::span<const TokenId> prefix = load.prefix;
    for (LoadItem& item : load.items) {
        const std::size_t begin = item.block * kBlockTokens;
        ColdRead order;
        order.kind = item.kind;
        order.identity = m_identity;
        order.parent = item.block == 0 ? m_index.at(kRootNode).key : keys.key(item.block - 1, prefix);
        order.position = begin;
        std::size_t count = std::min<std::size_t>(kBlockTokens, prefix.size() - begin);
        if (item.kind == ColdKind::State) count = plan.tokens - begin;
        order.tokens.assign(prefix.begin() + static_cast<std::ptrdiff_t>(begin), prefix.begin() + static_cast<std::ptrdiff_t>(begin + count));
        if (item.kind == ColdKind::Full) order.candidates = {keys.key(item.block, prefix)};
        else if (item.kind == ColdKind::Tail) order.candidates = plan.partly;
        else order.candidates = {*plan.state};
        for (const auto& [group, block] : item.fills) {
            const std::span<std::byte> bytes = item.kind == ColdKind::Tail
                                                   ? std::span(load.scratch[group])
                                                   : std::span(m_pools[group]->data(block), m_shape.groups[group].blockBytes);
            order.targets.push_back({.group = static_cast<int>(group), .bytes = bytes});
        }
        if (item.kind == ColdKind::State)
            order.targets.push_back({.group = -1, .bytes = {m_states->data(load.lease.state), m_shape.stateBytes}});
        item.ticket = m_tier.cold()->read(std::move(order));
    }
}

bool KvCache::takeRead(const ColdReadDone& done) {
    for (const auto& load : m_loads)
        for (LoadItem& item : load->items) {
            if (item.arrived || item.ticket != done.ticket) continue;
            item.arrived = true;
            item.tokens = done.tokens;
            item.loss = done.loss;
            advance(*load);
            return true;
        }
    return false;
}

// Takes over what has arrived, in order. May destroy the load.
void KvCache::advance(LoadRecord& load) {
    while (load.owned && !load.missed && load.next < load.items.size() && load.items[load.next].arrived) {
        if (fillIn(load, load.items[load.next])) {
            ++load.next;
        } else {
            load.missed = true;
            load.loss = load.items[load.next].loss;
        }
    }
    if (load.missed || !load.owned) return cancelLoad(load);
    if (load.next == load.items.size()) endLoad(load);
}

// False: a miss.
bool KvCache::fillIn(LoadRecord& load, LoadItem& item) {
    LeaseRecord& lease = load.lease;
    if (item.tokens == 0) return false;
    const std::size_t begin = item.block * kBlockTokens;
    if (item.kind == ColdKind::State) {
        const std::size_t offset = load.target - begin;
        return lease.nodes[item.block] != kNoNode && m_index.at(lease.nodes[item.block]).count >= offset &&
               addSnapshot(lease.nodes[item.block], offset, SnapshotKind::PromptEnd, m_states->data(lease.state));
    }
    if (item.kind == ColdKind::Tail) {
        for (const auto& [group, block] : item.fills)
            std::memcpy(m_pools[group]->data(block), load.scratch[group].data(), load.scratch[group].size());
        commit(lease, load.prefix, begin + item.tokens);
        if (m_shape.stateBytes == 0) load.target = lease.committed;
        return true;
    }
    if (lease.nodes[item.block] == kNoNode) {
        commit(lease, load.prefix, begin + kBlockTokens);
        return true;
    }
    // RAM knew the block, but not its windows.
    for (const auto& [group, block] : item.fills) {
        BlockId& known = m_index.at(lease.nodes[item.block]).payload[group];
        if (known != kNoBlock) continue;
        known = block;
        m_pools[group]->retain(block);
    }
    return true;
}

// Gives up what is not being read just now; ends when nothing is. May destroy the load.
void KvCache::cancelLoad(LoadRecord& load) {
    bool reading = false;
    for (LoadItem& item : load.items) {
        if (!item.arrived && m_tier.cold()->cancel(item.ticket)) item.arrived = true;
        reading |= !item.arrived;
    }
    if (!reading) endLoad(load);
}

void KvCache::endLoad(LoadRecord& load) {
    release(load.lease);
    load.ended = true;
    m_tier.noteRoom();
    if (!load.owned) std::erase_if(m_loads, [&](const auto& each) { return each.get() == &load; });
}

}  // namespace larder::kv
