// The cold store against a disk that does everything wrong: whatever is read is right, the sums hold, and the limit too.
// LARDER_FAULT_OPERATIONS=100000 for a long run, LARDER_FAULT_SEED for another one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/kv/cold_store.h"
#include "tests/kv/cold_blocks.h"
#include "tests/support/faulty_file_system.h"

namespace larder::kv {
namespace {

constexpr std::uint64_t kLargestLimit = 6 << 20;
constexpr std::uint64_t kOneBlock = 3 * 30'000;

std::uint64_t fromEnvironment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// Blocks of two models: conversations that fork, tails and states.
std::vector<ColdTestBlock> universe() {
    std::vector<ColdTestBlock> blocks;
    for (const base::Hash128 identity : {kColdIdentity, base::Hash128{7, 8}}) {
        for (TokenId conversation = 0; conversation < 6; ++conversation) {
            auto chain = coldChain(1000 * (conversation + 1), 8, 2, 10'000, identity);
            BlockKey end = chain.back().key();
            for (TokenId fork = 0; fork < 3; ++fork) {
                const auto& from = chain[static_cast<std::size_t>(2 * fork)];
                auto tokens = coldTokens(1000 * (conversation + 1) + 2 * fork + 1);
                tokens[static_cast<std::size_t>(fork) * 20 + 3] = -1;
                blocks.push_back(coldBlock(from.key(), (static_cast<std::size_t>(fork) * 2 + 1) * kBlockTokens, tokens, 2, 10'000, ColdKind::Full, identity));
                blocks.push_back(coldBlock(from.key(), (static_cast<std::size_t>(fork) * 2 + 1) * kBlockTokens, coldTokens(7, 5), 1, 30'000, ColdKind::State, identity));
            }
            for (std::size_t count : {5u, 20u, 63u})
                blocks.push_back(coldBlock(end, 8 * kBlockTokens, coldTokens(conversation + 500, count), 3, 3000, ColdKind::Tail, identity));
            for (auto& each : chain) blocks.push_back(std::move(each));
        }
    }
    return blocks;
}

class ColdFaults : public testing::TestWithParam<std::uint64_t> {
protected:
    ColdFaults() : m_random(GetParam()), m_files(GetParam()), m_blocks(universe()) {
        m_files.setClock(std::int64_t{1} << 40);
        m_settings.folder = "/cache";
        m_settings.files = &m_files;
        m_settings.limitBytes = m_limit = kLargestLimit;
        m_settings.floorBytes = 1000;
        m_settings.stagedBytes = 400'000;
        m_settings.manual = true;
        m_settings.steadyMs = [this] { return m_steadyMs; };
    }

    std::size_t below(std::size_t bound) { return m_random() % bound; }
    bool chance(std::size_t oneIn) { return below(oneIn) == 0; }
    const ColdTestBlock& anyBlock() { return m_blocks[below(m_blocks.size())]; }

    void close() {
        if (!m_store) return;
        m_store->close();
        takeReads();
        EXPECT_EQ(m_store->checkIntegrity(), "");
        m_store.reset();
        m_reads.clear();
    }
    // With faults it may not open; without it must.
    void open() {
        m_settings.limitBytes = m_limit;
        auto opened = ColdStore::open(m_settings);
        if (!opened) {
            ASSERT_FALSE(m_healthy) << opened.error().message;
            heal();
            opened = ColdStore::open(m_settings);
            ASSERT_TRUE(opened) << opened.error().message;
        }
        m_store = std::move(opened).value();
    }
    void heal() {
        m_files.boot();
        m_files.setClock(m_files.unixMs());
        m_healthy = true;
        m_steadyMs += 100'000;
    }

    void takeReads() {
        for (const ColdReadDone& done : m_store->takeRead()) {
            const auto found = m_reads.find(done.ticket);
            ASSERT_NE(found, m_reads.end()) << "the result of a read that was cancelled, or of none";
            if (done.tokens > 0) check(*found->second.read, *found->second.wanted, done.tokens);
            m_reads.erase(found);
        }
    }
    // What was read is that of one of the candidates, as long as was said.
    void check(const ColdTestRead& read, const ColdTestBlock& wanted, std::size_t tokens) {
        ++m_hits;
        for (const BlockKey& key : read.order.candidates) {
            bool same = true;
            for (std::size_t i = 0; i < read.memory.size(); ++i)
                same = same && read.memory[i] == coldContent(key, read.order.targets[i].group, read.memory[i].size());
            if (!same) continue;
            const auto block = std::find_if(m_blocks.begin(), m_blocks.end(), [&](const auto& each) { return each.key() == key; });
            const auto& there = block->block.head.tokens;
            const auto common = static_cast<std::size_t>(std::mismatch(there.begin(), there.end(), wanted.block.head.tokens.begin(),
                                                                       wanted.block.head.tokens.end()).first - there.begin());
            EXPECT_EQ(common, tokens);
            return;
        }
        ADD_FAILURE() << "a wrong block of " << tokens << " tokens";
    }

    void startRead() {
        // Mostly one that is there.
        const ColdTestBlock* any = &anyBlock();
        for (int i = 0; i < 10 && !m_store->find(any->key()); ++i) any = &anyBlock();
        const ColdTestBlock& wanted = *any;
        std::vector<BlockKey> candidates{wanted.key()};
        if (wanted.block.head.kind == ColdKind::Tail) {
            const auto closest = m_store->closest(wanted.block.head.parent, wanted.block.head.tokens);
            if (!closest.empty()) candidates = closest;
        }
        auto read = std::make_unique<ColdTestRead>(wanted, candidates);
        const ReadTicket ticket = m_store->read(read->order);
        m_reads[ticket] = {std::move(read), &wanted};
    }
    void cancelRead() {
        if (m_reads.empty()) return;
        const auto read = m_reads.begin();
        if (m_store->cancel(read->first)) m_reads.erase(read);
    }

    void changeDisk() {
        switch (below(12)) {
            case 0: {
                support::FaultPlan plan;
                for (double* each : {&plan.tornWrite, &plan.failedWrite, &plan.noSpace, &plan.failedRead, &plan.failedSync, &plan.failedOpen, &plan.failedName})
                    if (chance(3)) *each = 0.2 / static_cast<double>(1 + below(10));
                m_files.plan(plan);
                m_healthy = false;
                break;
            }
            case 1: m_files.full(true), m_healthy = false; break;
            case 2: m_files.failWrites(true), m_healthy = false; break;
            case 3: m_files.failReads(true), m_healthy = false; break;
            case 4: flipBit(); break;
            case 5: m_files.jumpClock(static_cast<std::int64_t>(below(400'000'000)) - 200'000'000); break;
            default: heal();
        }
    }
    void flipBit() {
        std::vector<std::filesystem::path> files;
        collect("/cache", files);
        if (files.empty()) return;
        const auto& path = files[below(files.size())];
        const auto opened = m_files.open(path, base::OpenMode::Read);
        if (!opened) return;
        const auto bytes = (*opened)->size();
        if (bytes && *bytes > 0) m_files.flipBit(path, below(*bytes * 8));
    }
    void collect(const std::filesystem::path& folder, std::vector<std::filesystem::path>& files) {
        auto entries = m_files.list(folder);
        if (!entries) return;
        std::sort(entries->begin(), entries->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
        for (const auto& entry : *entries)
            if (entry.isFolder) collect(folder / entry.name, files);
            else if (entry.name != "LOCK") files.push_back(folder / entry.name);
    }
    std::uint64_t bytesOnDisk() {
        std::vector<std::filesystem::path> files;
        collect("/cache", files);
        std::uint64_t bytes = 0;
        for (const auto& file : files) bytes += m_files.diskBytes(file);
        return bytes;
    }

    void cutPower() {
        // What was removed comes back unless the store had the time to make it durable; nothing was written in its place.
        const bool idle = m_healthy && chance(2);
        if (!idle) m_allowed = std::max(m_allowed, kLargestLimit);
        for (int i = 0; idle && m_store->work(); ++i) ASSERT_LT(i, 100'000);
        if (!idle && chance(2)) {
            m_files.powerCutAfter(1 + below(60));
            for (int i = 0; i < 40 && !m_files.isOff(); ++i) m_store->work();
        }
        if (!m_files.isOff()) m_files.powerCut();
        m_healthy = false;
        close();
        heal();
        open();
    }
    void byHand() {
        const CacheListing listing = m_store->list();
        switch (below(6)) {
            case 0:
                if (!listing.prefixes.empty()) (void)m_store->pin(listing.prefixes[below(listing.prefixes.size())].id, chance(2));
                break;
            case 1: (void)m_store->clear(listing.models.empty() || chance(2) ? "" : listing.models[0].identity, chance(2)); break;
            case 2: (void)m_store->verify([this](double) { return !chance(100); }); break;
            case 3: m_store->setCodec(chance(2) ? ColdCodec::Zstd : ColdCodec::None); break;
            case 4: m_store->setBytesPerDay(chance(4) ? below(3'000'000) : 0); break;
            default: setLimit(chance(10) ? 0 : (1 << 20) + below(kLargestLimit - (1 << 20)));
        }
    }
    void setLimit(std::uint64_t bytes) {
        m_store->setLimit(bytes);
        m_allowed = std::max(m_allowed, m_limit);
        m_limit = bytes;
    }

    void operate() {
        switch (below(20)) {
            case 0: changeDisk(); break;
            case 1: byHand(); break;
            case 2:
                if (chance(4)) cutPower();
                break;
            case 3:
                if (!chance(4)) break;
                close();
                open();
                break;
            case 4: m_steadyMs += static_cast<double>(below(100'000)); break;
            case 5: cancelRead(); break;
            case 6: m_store->drop(anyBlock().key()); break;
            case 7: {
                std::vector<BlockKey> keys;
                for (int i = 0; i < 5; ++i) keys.push_back(anyBlock().key());
                chance(4) ? m_store->pinAll(keys) : m_store->touch(keys);
                break;
            }
            case 8: case 9: case 10: startRead(); break;
            case 11: case 12: case 13: case 14: {
                // A block with what it hangs below, as a request would.
                std::vector<const ColdTestBlock*> path{&anyBlock()};
                for (bool found = true; found;) {
                    found = false;
                    for (const auto& each : m_blocks)
                        if (each.key() == path.back()->block.head.parent) path.push_back(&each), found = true;
                }
                for (auto each = path.rbegin(); each != path.rend(); ++each) {
                    ColdBlock block = (*each)->block;
                    block.pinned = chance(40);
                    block.uses = static_cast<std::uint32_t>(below(3));
                    (void)m_store->stage(block);
                }
                break;
            }
            default:
                for (std::size_t i = below(30); i > 0; --i) m_store->work();
        }
        takeReads();
    }

    std::mt19937_64 m_random;
    support::FaultyFileSystem m_files;
    std::vector<ColdTestBlock> m_blocks;
    ColdSettings m_settings;
    std::uint64_t m_limit = 0;
    std::uint64_t m_allowed = kLargestLimit;  // as much as there was when the limit was lowered
    double m_steadyMs = 0;
    bool m_healthy = true;
    std::unique_ptr<ColdStore> m_store;
    struct Reading {
        std::unique_ptr<ColdTestRead> read;
        const ColdTestBlock* wanted = nullptr;
    };
    std::map<ReadTicket, Reading> m_reads;
    std::uint64_t m_hits = 0;
};

TEST_P(ColdFaults, NeverAWrongBlockNeverOverTheLimit) {
    const std::uint64_t operations = fromEnvironment("LARDER_FAULT_OPERATIONS", 2000);
    open();
    for (std::uint64_t i = 0; i < operations; ++i) {
        const std::string where = "operation " + std::to_string(i);
        operate();
        ASSERT_FALSE(HasFatalFailure()) << where;
        ASSERT_FALSE(HasNonfatalFailure()) << where;
        ASSERT_EQ(m_store->checkIntegrity(), "") << where;
        // Measured without the faults of the moment. A limit that was lowered is reached later, but nothing grows meanwhile.
        if (!m_healthy) continue;
        const std::uint64_t bytes = bytesOnDisk();
        ASSERT_LE(bytes, std::max(m_allowed, m_limit) + kOneBlock) << where;
        m_allowed = std::max(m_limit, std::min(bytes, m_allowed));
    }
    // In the end everything is in order again.
    heal();
    close();
    m_limit = kLargestLimit;
    open();
    for (int i = 0; m_store->work(); ++i) ASSERT_LT(i, 100'000);
    EXPECT_EQ(m_store->status().usedBytes, bytesOnDisk());
    EXPECT_EQ(m_store->status().problem, "");
    (void)m_store->verify({});
    EXPECT_EQ(m_store->verify({}).badBlocks, 0u);
    EXPECT_GT(m_hits, operations / 100);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ColdFaults, testing::Range(fromEnvironment("LARDER_FAULT_SEED", 1), fromEnvironment("LARDER_FAULT_SEED", 1) + 3));

}  // namespace
}  // namespace larder::kv
