// The cold store with its threads, on the real disk.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/kv/cold_store.h"
#include "tests/kv/cold_blocks.h"
#include "tests/support/temp_folder.h"

namespace larder::kv {
namespace {

class ColdThreads : public testing::Test {
protected:
    ColdSettings settings() {
        ColdSettings settings;
        settings.folder = m_folder.path() / "cache";
        settings.limitBytes = 4 << 20;
        settings.floorBytes = 0;
        settings.stagedBytes = 200'000;
        settings.busy = [this] { return m_busy.load(); };
        return settings;
    }
    void open() {
        m_store.reset();
        auto opened = ColdStore::open(settings());
        ASSERT_TRUE(opened) << opened.error().message;
        m_store = std::move(opened).value();
        m_store->listen([this] { m_news.post(true); });
    }

    support::TempFolder m_folder;
    base::Mailbox<bool> m_news;
    std::atomic<bool> m_busy{false};
    std::unique_ptr<ColdStore> m_store;
};

// Stages until it is taken; the store tells when there is room again.
void stageAll(ColdStore& store, base::Mailbox<bool>& news, const std::vector<ColdTestBlock>& chain) {
    for (const auto& each : chain) {
        StageResult result = store.stage(each.block);
        while (result == StageResult::Full) {
            news.wait();
            result = store.stage(each.block);
        }
        ASSERT_EQ(result, StageResult::Staged);
    }
}

TEST_F(ColdThreads, WriteAndReadInTheBackground) {
    open();
    const auto chain = coldChain(1, 40);
    stageAll(*m_store, m_news, chain);
    open();
    EXPECT_EQ(m_store->status().blocks, 40u);
    for (const bool busy : {false, true}) {
        m_busy = busy;
        std::vector<ColdTestRead> reads;
        for (const auto& each : chain) reads.emplace_back(each);
        std::map<ReadTicket, std::size_t> tickets;
        for (std::size_t i = 0; i < reads.size(); ++i) tickets[m_store->read(reads[i].order)] = i;
        std::size_t done = 0;
        while (done < reads.size()) {
            m_news.wait();
            for (const ColdReadDone& each : m_store->takeRead()) {
                EXPECT_EQ(each.tokens, 64u);
                EXPECT_TRUE(reads[tickets.at(each.ticket)].holds(chain[tickets.at(each.ticket)]));
                ++done;
            }
        }
    }
    EXPECT_EQ(m_store->checkIntegrity(), "");
}

// Several threads do everything at once; whatever is read is right, and the limit holds.
TEST_F(ColdThreads, DoEverythingAtOnce) {
    open();
    std::vector<std::vector<ColdTestBlock>> chains;
    for (TokenId i = 0; i < 12; ++i) chains.push_back(coldChain(1000 * (i + 1), 12));
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> hits{0};
    {
        std::vector<base::Thread> threads;
        threads.emplace_back("stager", [&] {
            std::mt19937 random(1);
            for (int i = 0; i < 2000 || hits < 200; ++i) {
                const auto& chain = chains[random() % chains.size()];
                for (const auto& each : chain) {
                    const StageResult result = m_store->stage(each.block);
                    if (result == StageResult::Full) m_news.wait();
                    if (result == StageResult::Full || result == StageResult::NoParent) break;
                }
                if (i % 50 == 0) m_store->setLimit((2 + random() % 3) << 20);
            }
            stop = true;
        });
        threads.emplace_back("reader", [&] {
            std::mt19937 random(2);
            while (!stop) {
                const auto& chain = chains[random() % chains.size()];
                const auto& wanted = chain[random() % chain.size()];
                ColdTestRead read(wanted);
                const auto ticket = m_store->read(read.order);
                if (random() % 4 == 0 && m_store->cancel(ticket)) continue;
                for (bool done = false; !done;)
                    for (const ColdReadDone& each : m_store->takeRead()) {
                        if (each.ticket != ticket) continue;
                        done = true;
                        if (each.tokens == 0) continue;
                        EXPECT_TRUE(read.holds(wanted));
                        ++hits;
                    }
            }
        });
        threads.emplace_back("hand", [&] {
            std::mt19937 random(3);
            while (!stop) {
                const auto& chain = chains[random() % chains.size()];
                std::vector<BlockKey> keys;
                for (const auto& each : chain) keys.push_back(each.key());
                m_store->touch(keys);
                m_store->drop(keys.back());
                const auto listing = m_store->list();
                if (random() % 8 == 0) (void)m_store->clear("", random() % 2 == 0);
                if (random() % 8 == 0 && !listing.prefixes.empty()) (void)m_store->pin(listing.prefixes[0].id, random() % 2 == 0);
                if (random() % 8 == 0) {
                    EXPECT_EQ(m_store->verify({}).badBlocks, 0u);
                }
                EXPECT_LE(m_store->status().usedBytes, (4u << 20) + 16'384);
            }
        });
    }
    EXPECT_EQ(m_store->checkIntegrity(), "");
    EXPECT_GT(hits, 0u);
    EXPECT_EQ(m_store->status().quarantinedBlocks, 0u);
    EXPECT_EQ(m_store->status().problem.find("cannot"), std::string::npos);
    m_store->close();
    EXPECT_EQ(m_store->checkIntegrity(), "");
    open();
    EXPECT_EQ(m_store->verify({}).badBlocks, 0u);
}

}  // namespace
}  // namespace larder::kv
