#include "engine/hub/part_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <random>
#include <string>

#include "engine/base/mailbox.h"
#include "tests/hub/fake_hub.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/temp_folder.h"

namespace larder::hub {
namespace {

using support::TempFolder;

constexpr std::uint64_t kBytes = 3'000'000;

struct House {
    TempFolder folder;
    std::string content = noise(kBytes);
    PartFile::Content facts{"c0ffee", kBytes, sha256Of(content)};
    std::filesystem::path target = folder / "model.gguf";

    Expected<std::unique_ptr<PartFile>> open() { return PartFile::open(target, facts, {}); }
    Expected<std::uint64_t> give(PartFile& part, std::uint64_t first, std::uint64_t last) {
        return part.write(first, std::string_view(content).substr(first, last - first));
    }
};

Expected<void> verdictOf(PartFile& part) {
    std::optional<Expected<void>> verdict;
    EXPECT_TRUE(support::eventually([&] { return (verdict = part.verdict()).has_value(); }));
    return verdict.value_or(Error{});
}

TEST(PartFile, BecomesTheFileWhenItIsWholeAndRight) {
    House house;
    auto part = house.open();
    ASSERT_TRUE(part.ok());
    ASSERT_TRUE(house.give(**part, 1'000'000, kBytes).ok());
    EXPECT_EQ((*part)->presentBytes(), 2'000'000u);
    EXPECT_EQ(*house.give(**part, 0, 1'500'000), 1'000'000u) << "only what was missing is new";
    ASSERT_TRUE((*part)->complete());
    ASSERT_TRUE(verdictOf(**part).ok());
    EXPECT_FALSE(std::filesystem::exists(house.target)) << "not before it is published";
    ASSERT_TRUE((*part)->publish().ok());
    EXPECT_EQ(contentOf(house.target), house.content);
    EXPECT_FALSE(std::filesystem::exists(partPath(house.target)));
    EXPECT_FALSE(std::filesystem::exists(partJournalPath(house.target)));
}

TEST(PartFile, TrustsAfterACrashOnlyWhatWasJournaled) {
    House house;
    {
        auto part = house.open();
        ASSERT_TRUE(part.ok());
        ASSERT_TRUE(house.give(**part, 0, 1000).ok());
        ASSERT_TRUE(house.give(**part, 5000, 9000).ok());
        ASSERT_TRUE((*part)->flush().ok());
        ASSERT_TRUE(house.give(**part, 9000, 20'000).ok());  // never journaled
    }
    auto part = house.open();
    ASSERT_TRUE(part.ok());
    EXPECT_EQ((*part)->present().list(), (std::vector<ByteRange>{{0, 1000}, {5000, 9000}}));
    ASSERT_TRUE(house.give(**part, 0, kBytes).ok());
    EXPECT_TRUE(verdictOf(**part).ok());
}

TEST(PartFile, AnotherContentStartsFromNothing) {
    House house;
    const auto leave = [&] {
        auto part = house.open();
        ASSERT_TRUE(part.ok());
        ASSERT_TRUE(house.give(**part, 0, 1000).ok());
        ASSERT_TRUE((*part)->flush().ok());
    };
    leave();
    house.facts.commit = "another";  // the sha256 says that the bytes are the same
    EXPECT_EQ((*house.open())->presentBytes(), 1000u);
    leave();
    house.facts.sha256 = std::string(64, '0');
    EXPECT_EQ((*house.open())->presentBytes(), 0u);
    house.facts.sha256.clear();
    leave();
    house.facts.commit = "a third";
    EXPECT_EQ((*house.open())->presentBytes(), 0u);
    leave();
    house.facts.bytes = kBytes + 1;
    EXPECT_EQ((*house.open())->presentBytes(), 0u);
}

TEST(PartFile, FindsWrongBytesAndStartsOver) {
    House house;
    auto part = house.open();
    ASSERT_TRUE(part.ok());
    std::string wrong = house.content;
    wrong[1'234'567] ^= 1;
    ASSERT_TRUE((*part)->write(0, wrong).ok());
    const auto verdict = verdictOf(**part);
    ASSERT_FALSE(verdict.ok());
    EXPECT_EQ(verdict.error().code, ErrorCode::Corrupt);
    ASSERT_TRUE((*part)->restart().ok());
    EXPECT_EQ((*part)->presentBytes(), 0u);
    ASSERT_TRUE(house.give(**part, 0, kBytes).ok());
    EXPECT_TRUE(verdictOf(**part).ok());
}

TEST(PartFile, BytesThatWereDamagedOnTheDiskAreNotAccepted) {
    House house;
    {
        auto part = house.open();
        ASSERT_TRUE(part.ok());
        ASSERT_TRUE(house.give(**part, 0, 2'000'000).ok());
        ASSERT_TRUE((*part)->flush().ok());
    }
    std::fstream(partPath(house.target), std::ios::in | std::ios::out | std::ios::binary).seekp(777).put('!');
    auto part = house.open();
    ASSERT_TRUE(part.ok());
    ASSERT_TRUE(house.give(**part, 0, kBytes).ok());
    EXPECT_FALSE(verdictOf(**part).ok());
}

TEST(PartFile, HasOneOwnerAndGoesWithoutATrace) {
    House house;
    {
        auto part = house.open();
        ASSERT_TRUE(part.ok());
        const auto second = house.open();
        ASSERT_FALSE(second.ok());
        EXPECT_EQ(second.error().code, ErrorCode::Overloaded);
        discardPart(house.target);
        EXPECT_TRUE(std::filesystem::exists(partPath(house.target))) << "another owner's part stays";
        ASSERT_TRUE((*part)->flush().ok());
    }
    discardPart(house.target);
    EXPECT_TRUE(std::filesystem::is_empty(house.folder.path()));
}

TEST(PartFile, AnEmptyFileIsWhole) {
    House house;
    house.facts = {"c0ffee", 0, sha256Of("")};
    auto part = house.open();
    ASSERT_TRUE(part.ok());
    EXPECT_TRUE((*part)->complete());
    EXPECT_TRUE(verdictOf(**part).ok());
    ASSERT_TRUE((*part)->publish().ok());
    EXPECT_EQ(std::filesystem::file_size(house.target), 0u);
}

TEST(PartJournal, ComesBackAsItWas) {
    PartJournal journal{"c0ffee", "file:\"odd\\ \xc3\xa4", 100, std::string(64, 'a'), {}};
    journal.ranges.add({0, 10});
    journal.ranges.add({20, 100});
    EXPECT_EQ(parsePartJournal(printPartJournal(journal)), journal);
    EXPECT_EQ(parsePartJournal(printPartJournal({})), PartJournal());
}

// A journal that was changed by accident or on purpose: refused, or at least consistent with itself.
TEST(PartJournal, HostileTextNeverGivesRangesOutsideTheFile) {
    PartJournal journal{"c0ffee", "e", 1000, std::string(64, 'a'), {}};
    for (std::uint64_t at = 0; at < 1000; at += 100) journal.ranges.add({at, at + 50});
    const std::string good = printPartJournal(journal);
    std::mt19937 random(5);
    const auto check = [](const std::string& text) {
        const auto parsed = parsePartJournal(text);
        if (!parsed) return;
        std::uint64_t end = 0;
        for (const ByteRange& range : parsed->ranges.list()) {
            ASSERT_LE(end, range.first);
            ASSERT_LT(range.first, range.last);
            ASSERT_LE(range.last, parsed->bytes);
            end = range.last;
        }
    };
    for (int round = 0; round < 20'000; ++round) {
        std::string text = good;
        for (unsigned i = 0; i < 1 + random() % 4; ++i) {
            const std::size_t at = random() % text.size();
            switch (random() % 4) {
                case 0: text[at] = static_cast<char>(random()); break;
                case 1: text.erase(at, 1 + random() % 20); break;
                case 2: text.insert(at, std::to_string(random())); break;
                default: text.resize(at); break;
            }
            if (text.empty()) break;
        }
        check(text);
    }
    for (const char* text :
         {"", "{}", "[]", "null", R"({"version":1,"commit":"c","etag":"","size":10,"sha256":"","ranges":[[0,11]]})",
          R"({"version":1,"commit":"c","etag":"","size":10,"sha256":"","ranges":[[5,6],[0,2]]})",
          R"({"version":1,"commit":"c","etag":"","size":10,"sha256":"","ranges":[[-1,2]]})",
          R"({"version":1,"commit":"c","etag":"","size":10,"sha256":"","ranges":[[0,2,3]]})",
          R"({"version":2,"commit":"c","etag":"","size":10,"sha256":"","ranges":[]})",
          R"({"version":1,"commit":7,"etag":"","size":10,"sha256":"","ranges":[]})",
          R"({"version":1,"commit":"c","etag":"","size":1e3,"sha256":"","ranges":[]})"})
        EXPECT_FALSE(parsePartJournal(text)) << text;
}

TEST(PartFile, HostileJournalsNeverMakeAWrongFile) {
    std::mt19937 random(9);
    for (int round = 0; round < 40; ++round) {
        House house;
        house.content.resize(20'000);
        house.facts = {"c0ffee", 20'000, sha256Of(house.content)};
        {
            auto part = house.open();
            ASSERT_TRUE(part.ok());
            ASSERT_TRUE(house.give(**part, 0, 7000).ok());
            ASSERT_TRUE((*part)->flush().ok());
        }
        std::string text = contentOf(partJournalPath(house.target));
        for (int i = 0; i < 3; ++i) text[random() % text.size()] = static_cast<char>('0' + random() % 10);
        std::ofstream(partJournalPath(house.target), std::ios::binary) << text;
        auto part = house.open();
        ASSERT_TRUE(part.ok());
        ASSERT_TRUE((*part)->write(0, house.content).ok());
        const auto verdict = verdictOf(**part);
        if (!verdict.ok()) {
            ASSERT_EQ(verdict.error().code, ErrorCode::Corrupt);
            continue;
        }
        ASSERT_TRUE((*part)->publish().ok());
        ASSERT_EQ(contentOf(house.target), house.content);
    }
}

}  // namespace
}  // namespace larder::hub
