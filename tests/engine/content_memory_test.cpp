// A file's content is hashed once, and again as soon as anything says that it may have changed.
#include "engine/content_memory.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/engine/engine_house.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

constexpr base::FileStamp kStamp{.device = 1, .inode = 2, .bytes = 3, .modifiedNs = 4, .changedNs = -5, .isRegular = true};
constexpr base::Hash128 kContent{0xffffffffffffffffULL, 7};

TEST(ContentMemory, RemembersOverRestartsByEveryPartOfTheStamp) {
    support::TempFolder folder;
    EXPECT_FALSE(ContentMemory(folder.path()).recall(kStamp));
    ContentMemory(folder.path()).remember(kStamp, kContent);
    const ContentMemory memory(folder.path());
    EXPECT_EQ(memory.recall(kStamp), kContent);
    for (auto change : {+[](base::FileStamp& s) { ++s.device; }, +[](base::FileStamp& s) { ++s.inode; }, +[](base::FileStamp& s) { ++s.bytes; },
                        +[](base::FileStamp& s) { ++s.modifiedNs; }, +[](base::FileStamp& s) { ++s.changedNs; }}) {
        base::FileStamp other = kStamp;
        change(other);
        EXPECT_FALSE(memory.recall(other));
    }
}

TEST(ContentMemory, ABrokenFileIsNoMemory) {
    support::TempFolder folder;
    for (const char* text : {"", "{", "[]", R"({"version":1})", R"({"version":1,"files":[[1,2]]})", R"({"version":1,"files":[["a",2,3,4,5,6,7]]})", R"({"version":2,"files":[]})"}) {
        std::ofstream(folder / "contents.json") << text;
        EXPECT_FALSE(ContentMemory(folder.path()).recall(kStamp)) << text;
    }
    ContentMemory(folder.path()).remember(kStamp, kContent);
    EXPECT_TRUE(ContentMemory(folder.path()).recall(kStamp));
}

TEST(ContentMemory, OldOnesGoWhenThereAreMany) {
    support::TempFolder folder;
    ContentMemory memory(folder.path());
    for (std::uint64_t inode = 0; inode < 300; ++inode) {
        base::FileStamp stamp = kStamp;
        stamp.inode = inode;
        memory.remember(stamp, {inode, 0});
    }
    base::FileStamp first = kStamp;
    first.inode = 0;
    EXPECT_FALSE(memory.recall(first));
    first.inode = 299;
    EXPECT_EQ(ContentMemory(folder.path()).recall(first), (base::Hash128{299, 0}));
}

}  // namespace
}  // namespace larder
