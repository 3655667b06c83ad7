// What was known comes back from the disk: after a restart, when RAM gave it up, in part, for every shape of model; and what
// must not be kept is not there.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/kv/cold_store.h"
#include "tests/kv/kv_house.h"
#include "tests/support/faulty_file_system.h"

namespace larder::kv {
namespace {

// A disk that outlives the caches on it.
class DiskHouse {
public:
    explicit DiskHouse(KvShape shape, std::size_t hotBlocks = 200, std::uint64_t coldBytes = std::uint64_t{64} << 20)
        : m_shape(std::move(shape)), m_hotBlocks(hotBlocks), m_coldBytes(coldBytes) {
        start();
    }
    ~DiskHouse() { stop(); }

    House& hot() { return *m_hot; }
    ColdStore& cold() { return *m_cold; }

    // All that waits to be written is on the disk.
    void save() {
        for (;;) {
            const bool more = m_hot->tier.save(std::size_t{1} << 20);
            if (!m_cold->work() && !more && m_hot->tier.unsavedNodes() == 0) return;
        }
    }
    void restart() {
        save();
        stop();
        start();
    }
    // As a scheduler does it before it admits a request. How much is known then.
    std::size_t load(const std::vector<TokenId>& tokens) {
        LoadStart started = m_hot->cache->load(tokens);
        while (started.load && !started.load->done()) {
            EXPECT_TRUE(m_cold->work()) << "a read that never comes";
            m_hot->tier.takeLoaded();
            EXPECT_EQ(m_hot->cache->checkIntegrity(), "");
        }
        return m_hot->cached(tokens);
    }

private:
    void start() {
        m_cold = std::move(ColdStore::open({.folder = "/cache", .files = m_files.get(), .limitBytes = m_coldBytes, .floorBytes = 0, .manual = true})).value();
        m_hot = std::make_unique<House>(m_shape, m_hotBlocks, m_cold.get());
    }
    void stop() {
        m_cold->stopReading();
        m_hot->tier.takeLoaded();
        m_hot.reset();
        m_cold.reset();
    }

    KvShape m_shape;
    std::size_t m_hotBlocks;
    std::uint64_t m_coldBytes;
    std::unique_ptr<base::FileSystem> m_files = base::makeMemoryFileSystem();
    std::unique_ptr<ColdStore> m_cold;
    std::unique_ptr<House> m_hot;
};

class KvOnDisk : public testing::TestWithParam<KvShape> {
protected:
    bool exact() const { return GetParam().stateBytes == 0; }
};

std::vector<TokenId> firstOf(const std::vector<TokenId>& tokens, std::size_t count) {
    return {tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST_P(KvOnDisk, ARestartLosesNothing) {
    DiskHouse house(GetParam());
    const auto tokens = tokensFrom(300, 1);
    {
        KvLease lease = house.hot().compute(tokens);
        lease.keepState(SnapshotKind::ReplyEnd);
    }
    house.restart();
    EXPECT_EQ(house.hot().cache->knownTokens(tokens), 0u);
    EXPECT_EQ(house.load(tokens), 300u);
    EXPECT_EQ(house.hot().cache->leasedBytes(), 0u);
    EXPECT_EQ(house.hot().cache->loads(), 0u);
    EXPECT_FALSE(house.hot().cache->load(tokens).load) << "there is nothing more to read";
    EXPECT_FALSE(house.hot().cache->load(tokensFrom(300, 2)).load);
}

TEST_P(KvOnDisk, AForkIsFoundToTheToken) {
    const auto tokens = tokensFrom(300, 1);
    for (const std::size_t fork : {1u, 63u, 64u, 65u, 200u, 255u, 256u, 270u, 299u}) {
        DiskHouse house(GetParam());
        {
            KvLease lease = house.hot().compute(firstOf(tokens, 128));
            lease.keepState(SnapshotKind::Branch);
            house.hot().advance(lease, tokens, 128, 300);
            lease.keepState(SnapshotKind::ReplyEnd);
        }
        house.restart();
        const std::size_t found = house.load(joined(firstOf(tokens, fork), {98, 99}));
        if (exact() && GetParam().groups.size() == 1) {
            EXPECT_EQ(found, fork);
        } else if (!exact()) {
            EXPECT_EQ(found, fork < 128 ? 0u : 128u) << "the newest state at or before the fork";
        } else {
            EXPECT_LE(found, fork) << "windows behind which nothing is whole any more";
        }
    }
}

TEST_P(KvOnDisk, WhatRamGaveUpComesBack) {
    DiskHouse house(GetParam(), 40);
    const auto tokens = tokensFrom(500, 1);
    {
        KvLease lease = house.hot().compute(tokens);
        lease.keepState(SnapshotKind::ReplyEnd);
    }
    house.save();
    for (std::uint64_t other = 2; other < 12; ++other) {
        house.hot().compute(tokensFrom(500, other)).release();
        house.save();
    }
    if (GetParam().groups.front().blockBytes > 0) {
        EXPECT_LT(house.hot().cache->knownTokens(tokens), 500u);
    }
    EXPECT_EQ(house.load(tokens), 500u);
}

TEST_P(KvOnDisk, WhatIsNotToBeStoredIsNowhere) {
    DiskHouse house(GetParam());
    const auto tokens = tokensFrom(300, 1);
    {
        KvLease lease = house.hot().cache->acquire(tokens, 300, Keep::Nothing).value();
        house.hot().advance(lease, tokens, 0, 300);
        lease.keepState(SnapshotKind::ReplyEnd);
    }
    EXPECT_EQ(house.hot().cache->usedBytes(), 0u);
    house.save();
    EXPECT_EQ(house.cold().status().blocks, 0u);
    EXPECT_EQ(house.hot().cache->checkIntegrity(), "");
}

TEST_P(KvOnDisk, WhatAnotherNeedsTooStays) {
    DiskHouse house(GetParam());
    const auto tokens = tokensFrom(300, 1);
    KvLease secret = house.hot().cache->acquire(tokens, 300, Keep::Nothing).value();
    house.hot().advance(secret, tokens, 0, 300);
    {
        KvLease open = house.hot().compute(tokens);
        open.keepState(SnapshotKind::ReplyEnd);
    }
    secret.release();
    EXPECT_EQ(house.hot().cached(tokens), 300u);
    house.restart();
    EXPECT_EQ(house.load(tokens), 300u);
}

TEST_P(KvOnDisk, ALoadThatNobodyWantsAnyMoreLeavesNothing) {
    DiskHouse house(GetParam());
    const auto tokens = tokensFrom(640, 1);
    {
        KvLease lease = house.hot().compute(tokens);
        lease.keepState(SnapshotKind::ReplyEnd);
    }
    house.restart();
    {
        LoadStart started = house.hot().cache->load(tokens);
        ASSERT_TRUE(started.load);
        house.cold().work();
        house.hot().tier.takeLoaded();
    }
    house.hot().tier.takeLoaded();
    EXPECT_EQ(house.hot().cache->loads(), 0u);
    EXPECT_EQ(house.hot().cache->leasedBytes(), 0u);
    EXPECT_EQ(house.hot().cache->checkIntegrity(), "");
    EXPECT_EQ(house.load(tokens), 640u);
}

TEST_P(KvOnDisk, ALoadNeedsRoom) {
    DiskHouse house(GetParam(), 30);
    const auto tokens = tokensFrom(500, 1);
    {
        KvLease lease = house.hot().compute(tokens);
        lease.keepState(SnapshotKind::ReplyEnd);
    }
    house.restart();
    KvLease other = house.hot().compute(tokensFrom(GetParam().groups.front().blockBytes > 0 ? 64 * 18 : 300, 2));
    house.hot().tier.setLimit(house.hot().tier.leasedBytes() + 4096);
    const LoadStart started = house.hot().cache->load(tokens);
    EXPECT_FALSE(started.load);
    EXPECT_TRUE(started.noRoom);
    EXPECT_EQ(house.hot().cache->checkIntegrity(), "");
}

// A full disk: what it refused is still known in RAM, and goes to the disk when there is room again.
TEST_P(KvOnDisk, WhatAFullDiskRefusedIsWrittenLater) {
    support::FaultyFileSystem files;
    double nowMs = 1;
    ColdSettings settings{.folder = "/cache", .files = &files, .limitBytes = std::uint64_t{64} << 20, .floorBytes = 0, .manual = true};
    settings.steadyMs = [&] { return nowMs; };
    auto cold = std::move(ColdStore::open(settings)).value();
    const auto tokens = tokensFrom(300, 1);
    {
        House house(GetParam(), 200, cold.get());
        const auto save = [&] {
            for (int i = 0; i < 1000; ++i) {
                const bool more = house.tier.save(std::size_t{1} << 20);
                if (!cold->work() && !more) return;
            }
            ADD_FAILURE() << "it never ends";
        };
        files.full(true);
        {
            KvLease lease = house.compute(tokens);
            lease.keepState(SnapshotKind::ReplyEnd);
        }
        save();
        EXPECT_EQ(cold->status().blocks, 0u);
        EXPECT_NE(cold->status().problem, "");
        EXPECT_EQ(house.cached(tokens), 300u) << "serving goes on";
        files.full(false);
        for (int pause = 0; pause < 10; ++pause) {
            nowMs += 70'000;
            save();
        }
        EXPECT_EQ(cold->status().problem, "");
        EXPECT_EQ(house.tier.unsavedNodes(), 0u);
    }
    House later(GetParam(), 200, cold.get());
    LoadStart started = later.cache->load(tokens);
    while (started.load && !started.load->done()) {
        ASSERT_TRUE(cold->work());
        later.tier.takeLoaded();
    }
    started.load.reset();
    EXPECT_EQ(later.cached(tokens), 300u);
    cold->stopReading();
}

TEST_P(KvOnDisk, TurnedOffItIsAsIfItWereNotThereAndNothingIsLost) {
    DiskHouse house(GetParam());
    const auto tokens = tokensFrom(300, 1);
    const auto keep = [&](const std::vector<TokenId>& which) {
        KvLease lease = house.hot().compute(which);
        lease.keepState(SnapshotKind::ReplyEnd);
    };
    keep(tokens);
    house.save();
    house.cold().setLimit(0);
    house.save();
    house.hot().tier.forget(nullptr);
    EXPECT_FALSE(house.hot().cache->load(tokens).load);
    const auto meanwhile = tokensFrom(200, 2);
    keep(meanwhile);
    house.save();
    house.cold().setLimit(std::uint64_t{64} << 20);
    house.save();
    house.restart();
    EXPECT_EQ(house.load(tokens), 300u);
    EXPECT_EQ(house.load(meanwhile), 200u) << "known in RAM when it was turned on again";
}

// Conversations that grow, fork, end and are left, over restarts, with a RAM that is too small and a disk that is too small.
TEST_P(KvOnDisk, NothingIsWrongOverManyRestarts) {
    DiskHouse house(GetParam(), 60, 250 * 8192);
    std::mt19937_64 random(7);
    const auto below = [&](std::size_t n) { return random() % n; };
    std::vector<std::vector<TokenId>> conversations;
    for (std::uint64_t i = 0; i < 6; ++i) conversations.push_back(tokensFrom(100 + 40 * i, i));
    std::size_t found = 0;
    for (int step = 0; step < 1500; ++step) {
        auto& conversation = conversations[below(conversations.size())];
        if (below(4) == 0) conversation.resize(1 + below(conversation.size()));
        if (conversation.size() > 900) conversation.resize(200);
        conversation = joined(conversation, tokensFrom(1 + below(90), 1000 + below(20)));
        const std::size_t loaded = house.load(conversation);
        found += loaded;
        if (HasFatalFailure()) return;
        auto lease = house.hot().cache->acquire(conversation, conversation.size());
        ASSERT_TRUE(lease) << "nothing else runs";
        house.hot().advance(*lease, conversation, lease->cachedTokens(), conversation.size());
        lease->keepState(SnapshotKind::ReplyEnd);
        lease.reset();
        if (below(3) == 0) house.save();
        if (below(40) == 0) house.restart();
        if (HasFatalFailure()) return;
        ASSERT_EQ(house.hot().cache->checkIntegrity(), "");
        ASSERT_EQ(house.cold().checkIntegrity(), "");
        ASSERT_LE(house.cold().status().usedBytes, 250u * 8192 + 3 * 8192);
    }
    EXPECT_GT(found, 10'000u) << "hits are common";
}

INSTANTIATE_TEST_SUITE_P(Shapes, KvOnDisk,
                         testing::Values(plainShape(), windowShape(), hybridShape(), recurrentShape(), everythingShape()));

}  // namespace
}  // namespace larder::kv
