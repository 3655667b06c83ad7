#include "engine/kv/cold_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/kv/cold_blocks.h"

namespace larder::kv {
namespace {

const std::filesystem::path kFile = "/index.sqlite3";

class ColdIndexTest : public testing::Test {
protected:
    void open() {
        m_index.reset();
        auto opened = ColdIndex::open(kFile, *m_files);
        ASSERT_TRUE(opened) << opened.error().message;
        m_index = std::move(opened).value();
    }
    ColdIndexContents load() {
        m_rows.clear();
        auto contents = m_index->load([&](const ColdRow& row) { m_rows.push_back(row); });
        EXPECT_TRUE(contents);
        std::sort(m_rows.begin(), m_rows.end(), [](const ColdRow& a, const ColdRow& b) { return a.entry.tick < b.entry.tick; });
        return contents ? *contents : ColdIndexContents{};
    }
    static ColdRow row(std::uint64_t i) {
        ColdRow row;
        row.entry.key = {i * 0x9e3779b97f4a7c15ULL, i * 0xbf58476d1ce4e5b9ULL};
        row.parent = {i, ~i};
        row.entry.tick = i;
        row.entry.model = 3;
        row.entry.kind = ColdKind::Tail;
        row.entry.count = 63;
        row.entry.position = 64 * 1000;
        row.entry.groups = 0x80000001;
        row.entry.uses = 0xffffffff;
        row.entry.bytes = 0xfffff000;
        row.entry.createdS = 0xf0000000;
        row.entry.usedS = 5;
        row.entry.prints = printsOf(coldTokens(static_cast<TokenId>(i)));
        row.entry.pinned = i % 2 == 0;
        return row;
    }
    // Of the blob columns of the file as it lies there.
    void flipBitOf(std::span<const std::byte> wanted) {
        auto file = std::move(m_files->open(kFile, base::OpenMode::Write)).value();
        std::vector<std::byte> bytes(*file->size());
        ASSERT_TRUE(file->readAt(0, bytes));
        const auto found = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
        ASSERT_NE(found, bytes.end());
        *found ^= std::byte{16};
        ASSERT_TRUE(file->writeAt(static_cast<std::uint64_t>(found - bytes.begin()), std::span(&*found, 1)));
    }

    std::unique_ptr<base::FileSystem> m_files = base::makeMemoryFileSystem();
    std::unique_ptr<ColdIndex> m_index;
    std::vector<ColdRow> m_rows;
};

TEST_F(ColdIndexTest, RowsComeBackAsTheyWere) {
    open();
    ColdIndexChanges changes;
    for (std::uint64_t i = 1; i <= 100; ++i) changes.rows.push_back(row(i));
    changes.models.push_back({3, kColdIdentity, "a model"});
    changes.writtenByDay[20'000] = 77;
    ASSERT_TRUE(m_index->write(changes));
    ColdIndexChanges more;
    more.gone = {row(1).entry.key, row(2).entry.key};
    more.rows.push_back(row(2));
    more.rows.back().entry.usedS = 6;
    ASSERT_TRUE(m_index->write(more));
    open();
    const auto contents = load();
    EXPECT_EQ(contents.badRows, 0u);
    ASSERT_EQ(contents.models.size(), 1u);
    EXPECT_EQ(contents.models[0].number, 3);
    EXPECT_EQ(contents.models[0].identity, kColdIdentity);
    EXPECT_EQ(contents.models[0].name, "a model");
    EXPECT_EQ(contents.writtenByDay.at(20'000), 77u);
    ASSERT_EQ(m_rows.size(), 99u) << "gone, then written again, stays";
    EXPECT_EQ(m_rows[0].entry.usedS, 6u);
    const ColdRow expected = row(50);
    const ColdRow& got = m_rows[48];
    EXPECT_EQ(got.entry.key, expected.entry.key);
    EXPECT_EQ(got.parent, expected.parent);
    EXPECT_EQ(got.entry.kind, expected.entry.kind);
    EXPECT_EQ(got.entry.count, expected.entry.count);
    EXPECT_EQ(got.entry.position, expected.entry.position);
    EXPECT_EQ(got.entry.groups, expected.entry.groups);
    EXPECT_EQ(got.entry.uses, expected.entry.uses);
    EXPECT_EQ(got.entry.bytes, expected.entry.bytes);
    EXPECT_EQ(got.entry.createdS, expected.entry.createdS);
    EXPECT_EQ(got.entry.prints, expected.entry.prints);
    EXPECT_TRUE(got.entry.pinned);
}

TEST_F(ColdIndexTest, ADamagedRowIsLeftOut) {
    open();
    ColdIndexChanges changes;
    for (std::uint64_t i = 1; i <= 100; ++i) changes.rows.push_back(row(i));
    changes.models.push_back({1, kColdIdentity, "first"});
    changes.models.push_back({2, kColdIdentity, "second"});
    ASSERT_TRUE(m_index->write(changes));
    ASSERT_TRUE(m_index->checkpoint());
    m_index.reset();
    const ColdPrints prints = row(7).entry.prints;
    const std::string name = "second";
    flipBitOf(std::as_bytes(std::span(prints)));
    flipBitOf(std::as_bytes(std::span(name)));
    open();
    const auto contents = load();
    EXPECT_EQ(contents.badRows, 2u);
    EXPECT_EQ(m_rows.size(), 99u);
    EXPECT_EQ(contents.models.size(), 1u);
}

TEST_F(ColdIndexTest, SpaceOfRowsThatAreGoneComesBack) {
    open();
    ColdIndexChanges changes;
    for (std::uint64_t i = 1; i <= 10'000; ++i) changes.rows.push_back(row(i));
    ASSERT_TRUE(m_index->write(changes));
    ASSERT_TRUE(m_index->checkpoint());
    const std::uint64_t before = m_index->diskBytes();
    EXPECT_GT(before, 10'000u * 80);
    ColdIndexChanges gone;
    for (const ColdRow& each : changes.rows) gone.gone.push_back(each.entry.key);
    ASSERT_TRUE(m_index->write(gone));
    ASSERT_TRUE(m_index->checkpoint());
    EXPECT_LT(m_index->diskBytes(), before / 10);
}

TEST_F(ColdIndexTest, TheDaysAroundTheLastOneAreKept) {
    open();
    for (const std::int64_t day : {30'000, 1, 100, 101, 102, 103, 104, 105, 106, 107}) {
        ColdIndexChanges changes;
        changes.writtenByDay[day] = static_cast<std::uint64_t>(day);
        ASSERT_TRUE(m_index->write(changes));
    }
    const auto days = load().writtenByDay;
    EXPECT_EQ(days.size(), 8u);
    EXPECT_EQ(days.at(107), 107u);
    EXPECT_FALSE(days.contains(30'000));
}

TEST_F(ColdIndexTest, AnotherVersionOrNoDatabaseIsCorrupt) {
    open();
    m_index.reset();
    {
        auto database = std::move(base::SqliteDatabase::open(kFile, m_files.get())).value();
        ASSERT_TRUE(database->run("PRAGMA user_version=2"));
    }
    auto opened = ColdIndex::open(kFile, *m_files);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::Corrupt);
    ASSERT_TRUE(ColdIndex::discard(kFile, *m_files));
    open();
    m_index.reset();
    ASSERT_TRUE(ColdIndex::discard(kFile, *m_files));
    const std::string text(10'000, 'x');
    ASSERT_TRUE((*m_files->open(kFile, base::OpenMode::Write))->writeAt(0, std::as_bytes(std::span(text))));
    EXPECT_FALSE(ColdIndex::open(kFile, *m_files));
    ASSERT_TRUE(ColdIndex::discard(kFile, *m_files));
    open();
}

TEST_F(ColdIndexTest, AHundredThousandBlocksAreKnownAfterAStart) {
    open();
    ColdCatalog made;
    ColdIndexChanges changes;
    changes.models.push_back({*made.modelNumber(kColdIdentity), kColdIdentity, ""});
    BlockKey parent;
    BlockKey last;
    for (TokenId i = 0; i < 100'000; ++i) {
        if (i % 1000 == 0) parent = rootKey(kColdIdentity);
        std::vector<TokenId> tokens(kBlockTokens, i);
        ColdRow each;
        each.parent = parent;
        each.entry.key = last = parent = childKey(parent, tokens);
        each.entry.prints = printsOf(tokens);
        each.entry.count = kBlockTokens;
        each.entry.position = static_cast<std::uint32_t>(i % 1000 * kBlockTokens);
        each.entry.bytes = 8192;
        each.entry.tick = static_cast<std::uint64_t>(i) + 1;
        changes.rows.push_back(each);
    }
    ASSERT_TRUE(m_index->write(changes));
    m_index.reset();
    ASSERT_TRUE(m_files->makeFolder("/cache"));
    for (const char* suffix : {"", "-wal"}) {
        const std::string name = kFile.string() + suffix;
        if (!m_files->exists(name)) continue;
        ASSERT_TRUE(m_files->rename(name, "/cache" + name));
    }
    ColdSettings settings;
    settings.folder = "/cache";
    settings.files = m_files.get();
    settings.limitBytes = std::uint64_t{1} << 40;
    settings.manual = true;
    auto store = ColdStore::open(settings);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ((*store)->status().blocks, 100'000u);
    EXPECT_EQ((*store)->checkIntegrity(), "");
    EXPECT_TRUE((*store)->find(last));
    EXPECT_EQ((*store)->list().prefixes.size(), 100u);
    // There are no files: the look through the folder sees it.
    while ((*store)->work()) continue;
    EXPECT_EQ((*store)->status().blocks, 0u);
}

}  // namespace
}  // namespace larder::kv
