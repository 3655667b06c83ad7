// A cold store without threads on a disk that obeys the test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/kv/cold_store.h"
#include "tests/kv/cold_blocks.h"
#include "tests/support/faulty_file_system.h"

namespace larder::kv {

inline constexpr std::uint64_t kMiB = 1 << 20;
inline constexpr std::int64_t kDayMs = 86'400'000;

class ColdStoreTest : public testing::Test {
protected:
    ColdStoreTest() {
        m_files.setClock(1000 * kDayMs);
        m_settings.folder = "/cache";
        m_settings.files = &m_files;
        m_settings.limitBytes = 64 * kMiB;
        m_settings.manual = true;
        m_settings.steadyMs = [this] { return m_steadyMs; };
    }
    void open() {
        m_store.reset();
        auto opened = ColdStore::open(m_settings);
        ASSERT_TRUE(opened) << opened.error().message;
        m_store = std::move(opened).value();
        m_store->listen([this] { ++m_news; });
    }
    void workAll() {
        for (int i = 0; m_store->work(); ++i) ASSERT_LT(i, 100'000) << "it never ends";
        ASSERT_EQ(m_store->checkIntegrity(), "");
    }
    StageResult stage(const ColdTestBlock& block) { return m_store->stage(block.block); }
    void stageAll(const std::vector<ColdTestBlock>& blocks) {
        for (const auto& each : blocks) ASSERT_EQ(stage(each), StageResult::Staged);
    }
    std::size_t read(ColdTestRead& read) {
        const ReadTicket ticket = m_store->read(read.order);
        for (int i = 0; i < 100'000; ++i) {
            for (const ColdReadDone& done : m_store->takeRead())
                if (done.ticket == ticket) return done.tokens;
            m_store->work();
        }
        ADD_FAILURE() << "the read does not end";
        return 0;
    }
    // The block is read and holds what it must; or it is missed.
    bool isThere(const ColdTestBlock& block) {
        ColdTestRead wanted(block);
        const std::size_t tokens = read(wanted);
        if (tokens == 0) return false;
        EXPECT_EQ(tokens, block.block.head.tokens.size());
        EXPECT_TRUE(wanted.holds(block));
        return true;
    }
    std::size_t thereOf(const std::vector<ColdTestBlock>& blocks) {
        return static_cast<std::size_t>(std::count_if(blocks.begin(), blocks.end(), [&](const auto& each) { return isThere(each); }));
    }
    std::uint64_t bytesUnder(const std::filesystem::path& folder) {
        std::uint64_t bytes = 0;
        auto entries = m_files.list(folder);
        if (!entries) return 0;
        for (const auto& entry : *entries) bytes += entry.isFolder ? bytesUnder(folder / entry.name) : m_files.diskBytes(folder / entry.name);
        return bytes;
    }
    std::filesystem::path fileOf(const ColdTestBlock& block) const { return m_settings.folder / coldFileName(block.key()); }

    support::FaultyFileSystem m_files;
    ColdSettings m_settings;
    double m_steadyMs = 0;
    int m_news = 0;
    std::unique_ptr<ColdStore> m_store;
};

}  // namespace larder::kv
