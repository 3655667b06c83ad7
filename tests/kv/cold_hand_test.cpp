// What is done to the cold tier by hand: lists, pins, clearing, verifying, files of prefixes.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "tests/kv/cold_store_fixture.h"

namespace larder::kv {
namespace {

constexpr std::uint64_t kFile = 16'384;  // a block of 12,288 bytes and its head

class ColdHand : public ColdStoreTest {
protected:
    // Two conversations of one model that share two blocks, one of another model.
    void fill() {
        open();
        m_chain = coldChain(1, 4);
        stageAll(m_chain);
        m_fork = coldBlock(m_chain[1].key(), 128, coldTokens(90));
        m_state = coldBlock(m_chain[1].key(), 128, coldTokens(90, 30), 1, 12'288, ColdKind::State);
        m_tail = coldBlock(m_fork.key(), 192, coldTokens(91, 10), 1, 12'288, ColdKind::Tail);
        stageAll({m_fork, m_state, m_tail});
        m_other = coldChain(300, 2, 1, 12'288, {9, 9});
        stageAll(m_other);
        workAll();
        m_store->nameModel(kColdIdentity, "starter");
        workAll();
    }
    CachedPrefix prefix(const BlockKey& end) {
        for (const CachedPrefix& each : m_store->list().prefixes)
            if (each.id == hexOf(end)) return each;
        return {};
    }

    std::vector<ColdTestBlock> m_chain;
    ColdTestBlock m_fork;
    ColdTestBlock m_state;
    ColdTestBlock m_tail;
    std::vector<ColdTestBlock> m_other;
};

TEST_F(ColdHand, ListsPrefixesWithWhatTheyShare) {
    fill();
    for (const bool restarted : {false, true}) {
        if (restarted) open();
        const CacheListing listing = m_store->list();
        ASSERT_EQ(listing.models.size(), 2u);
        EXPECT_EQ(listing.models[0].name, "starter");
        EXPECT_EQ(listing.models[0].blocks, 7u);
        EXPECT_EQ(listing.models[0].bytes, 7 * kFile);
        EXPECT_EQ(listing.models[0].prefixes, 2u);
        EXPECT_EQ(listing.models[1].name, "unknown model");
        ASSERT_EQ(listing.prefixes.size(), 3u);
        EXPECT_EQ(prefix(m_chain[3].key()).tokens, 256u);
        EXPECT_EQ(prefix(m_chain[3].key()).bytes, 4 * kFile);
        EXPECT_EQ(prefix(m_chain[3].key()).ownBytes, 2 * kFile);
        EXPECT_EQ(prefix(m_tail.key()).tokens, 202u);
        EXPECT_EQ(prefix(m_tail.key()).bytes, 5 * kFile) << "with the state in it";
        EXPECT_EQ(prefix(m_tail.key()).ownBytes, 3 * kFile);
    }
}

TEST_F(ColdHand, PinsAPrefixAndKeepsWhatAnotherPinNeeds) {
    fill();
    EXPECT_FALSE(m_store->pin("", true));
    EXPECT_FALSE(m_store->pin("ffffffffffffffff", true));
    ASSERT_TRUE(m_store->pin(hexOf(m_chain[3].key()).substr(0, 12), true));
    EXPECT_EQ(m_store->status().pinnedBytes, 4 * kFile);
    ASSERT_TRUE(m_store->pin(hexOf(m_tail.key()), true));
    EXPECT_EQ(m_store->status().pinnedBytes, 7 * kFile);
    EXPECT_TRUE(prefix(m_tail.key()).pinned);
    open();
    EXPECT_EQ(m_store->status().pinnedBytes, 7 * kFile);
    ASSERT_TRUE(m_store->pin(hexOf(m_tail.key()), false));
    EXPECT_EQ(m_store->status().pinnedBytes, 4 * kFile);
    m_store->setLimit(m_store->status().usedBytes - 5 * kFile);
    workAll();
    EXPECT_EQ(thereOf(m_chain), 4u);
    EXPECT_FALSE(isThere(m_tail));
    ASSERT_TRUE(m_store->pin(hexOf(m_chain[3].key()), false));
    EXPECT_EQ(m_store->status().pinnedBytes, 0u);
    m_store->setLimit(4 * kFile);
    const auto refused = m_store->pin(hexOf(m_chain[3].key()), true);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::NoSpace);
}

TEST_F(ColdHand, ClearsOneModelOrAll) {
    fill();
    ASSERT_TRUE(m_store->pin(hexOf(m_tail.key()), true));
    EXPECT_FALSE(m_store->clear("nobody", false));
    auto cleared = m_store->clear("starter", false);
    ASSERT_TRUE(cleared);
    EXPECT_EQ(cleared->blocks, 2u);
    EXPECT_EQ(cleared->bytes, 2 * kFile);
    EXPECT_EQ(cleared->keptPinnedBlocks, 5u);
    EXPECT_EQ(thereOf({m_chain[0], m_chain[1], m_fork, m_state, m_tail}), 5u);
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    const auto fresh = coldChain(800, 2);
    stageAll(fresh);
    cleared = m_store->clear("", true);
    ASSERT_TRUE(cleared);
    EXPECT_EQ(cleared->blocks, 9u);
    EXPECT_EQ(m_store->status().blocks, 0u);
    EXPECT_EQ(m_store->status().stagedBytes, 0u);
    EXPECT_EQ(m_store->checkIntegrity(), "");
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    EXPECT_TRUE(m_store->list().prefixes.empty());
    open();
    EXPECT_EQ(m_store->status().blocks, 0u);
    EXPECT_EQ(stage(m_chain[0]), StageResult::Staged);
}

TEST_F(ColdHand, VerifiesEveryFile) {
    fill();
    std::vector<double> fractions;
    auto verified = m_store->verify([&](double fraction) {
        fractions.push_back(fraction);
        return true;
    });
    EXPECT_EQ(verified.blocks, 9u);
    EXPECT_EQ(verified.bytes, 9 * kFile);
    EXPECT_EQ(verified.badBlocks, 0u);
    EXPECT_TRUE(verified.complete);
    EXPECT_EQ(fractions.back(), 1.0);
    EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
    EXPECT_FALSE(m_store->verify([](double) { return false; }).complete);
    m_files.flipBit(fileOf(m_chain[2]), 12'345);
    m_files.flipBit(fileOf(m_other[1]), 100'000);
    verified = m_store->verify({});
    EXPECT_EQ(verified.badBlocks, 2u);
    EXPECT_EQ(m_store->status().quarantinedBlocks, 2u);
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    EXPECT_EQ(m_store->verify({}).badBlocks, 0u);
}

TEST_F(ColdHand, AThousandFlippedBitsInFilesAreAllSeen) {
    m_settings.codec = ColdCodec::Zstd;
    open();
    const auto chain = coldChain(1, 10, 2, 3000);
    stageAll(chain);
    workAll();
    std::mt19937 random(5);
    for (int i = 0; i < 1000; ++i) {
        const auto& victim = chain[random() % chain.size()];
        const std::uint64_t bytes = *(*m_files.open(fileOf(victim), base::OpenMode::Read))->size();
        m_files.flipBit(fileOf(victim), random() % (bytes * 8));
        if (i % 2 == 0)
            ASSERT_EQ(m_store->verify({}).badBlocks, 1u) << i;
        else
            ASSERT_FALSE(isThere(victim)) << i;
        ASSERT_EQ(stage(victim), StageResult::Staged);
        workAll();
        ASSERT_TRUE(isThere(victim)) << i;
    }
    EXPECT_EQ(m_store->status().quarantinedBlocks, 1000u);
    EXPECT_EQ(thereOf(chain), 10u);
}

TEST_F(ColdHand, FlippedBitsInTheIndexNeverLie) {
    open();
    const auto chain = coldChain(1, 30);
    stageAll(chain);
    m_store->close();
    m_store.reset();
    const auto index = m_settings.folder / "index.sqlite3";
    std::mt19937 random(6);
    for (int i = 0; i < 300; ++i) {
        m_files.flipBit(index, random() % (m_files.diskBytes(index) * 8));
        open();
        // isThere() compares every byte; what a row lost is adopted.
        workAll();
        ASSERT_EQ(thereOf(chain), 30u) << i;
        ASSERT_EQ(m_store->status().usedBytes, bytesUnder("/cache")) << i;
        m_store->close();
    }
}

TEST_F(ColdHand, APrefixTravelsToAnotherCache) {
    fill();
    const auto exported = m_store->exportPrefix(hexOf(m_tail.key()).substr(0, 10), "/prefix.tar");
    ASSERT_TRUE(exported) << exported.error().message;
    EXPECT_EQ(exported->tokens, 202u);
    EXPECT_EQ(exported->blocks, 5u);
    EXPECT_EQ(exported->bytes, *(*m_files.open("/prefix.tar", base::OpenMode::Read))->size());
    EXPECT_FALSE(m_store->exportPrefix("0", "/nothing.tar"));
    m_store.reset();

    m_settings.folder = "/other";
    open();
    const std::vector<ColdTestBlock> blocks = {m_chain[0], m_chain[1], m_fork, m_state, m_tail};
    for (const bool accepted : {false, true}) {
        const auto incoming = m_store->importPrefix("/prefix.tar");
        ASSERT_TRUE(incoming) << incoming.error().message;
        EXPECT_EQ(incoming->model, "starter");
        EXPECT_EQ(incoming->identity, kColdIdentity);
        EXPECT_EQ(incoming->tokens.size(), 202u);
        ASSERT_EQ(incoming->blocks.size(), 5u);
        EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/other")) << "it counts already";
        EXPECT_EQ(thereOf(blocks), 0u) << "nobody finds it yet";
        ColdTestRead wanted(m_fork);
        ASSERT_TRUE(m_store->readIncoming(*incoming, 2, wanted.order.targets));
        EXPECT_TRUE(wanted.holds(m_fork));
        if (accepted) {
            ASSERT_TRUE(m_store->acceptImport(*incoming));
        } else {
            m_store->dropImport(*incoming);
        }
        workAll();
        EXPECT_EQ(thereOf(blocks), accepted ? 5u : 0u);
        EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/other"));
    }
    EXPECT_EQ(m_store->list().models.at(0).name, "starter");
    open();
    EXPECT_EQ(thereOf(blocks), 5u);
    // Again, on top of what is there.
    const auto again = m_store->importPrefix("/prefix.tar");
    ASSERT_TRUE(again);
    ASSERT_TRUE(m_store->acceptImport(*again));
    workAll();
    EXPECT_EQ(m_store->status().blocks, 5u);
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/other"));
}

TEST_F(ColdHand, ADamagedOrForeignFileIsNotImported) {
    fill();
    ASSERT_TRUE(m_store->exportPrefix(hexOf(m_tail.key()), "/prefix.tar"));
    const std::uint64_t bytes = *(*m_files.open("/prefix.tar", base::OpenMode::Read))->size();
    std::mt19937 random(7);
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t bit = random() % (bytes * 8);
        m_files.flipBit("/prefix.tar", bit);
        const auto incoming = m_store->importPrefix("/prefix.tar");
        // Bits that carry nothing (padding, the time, the name of the model) may be flipped; what came is right then.
        if (incoming) {
            EXPECT_EQ(incoming->blocks.size(), 5u);
            m_store->dropImport(*incoming);
        }
        m_files.flipBit("/prefix.tar", bit);
    }
    EXPECT_FALSE(m_store->importPrefix("/nothing"));
    EXPECT_FALSE(m_store->importPrefix(m_settings.folder / "index.sqlite3"));
    ASSERT_TRUE((*m_files.open("/prefix.tar", base::OpenMode::Write))->resize(bytes / 2));
    EXPECT_FALSE(m_store->importPrefix("/prefix.tar"));
    workAll();
    EXPECT_EQ(m_store->status().usedBytes, bytesUnder("/cache"));
    // No room for it.
    ASSERT_TRUE(m_store->exportPrefix(hexOf(m_tail.key()), "/prefix.tar"));
    m_store->setLimit(3 * kFile);
    const auto refused = m_store->importPrefix("/prefix.tar");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::NoSpace);
}

}  // namespace
}  // namespace larder::kv
