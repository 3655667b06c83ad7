#include "engine/base/file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_folder.h"

namespace larder::base {
namespace {

namespace fs = std::filesystem;
using support::TempFolder;
using testing::HasSubstr;

unsigned modeOf(const fs::path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return info.st_mode & 07777;
}

std::string textOf(const MappedFile& file) {
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST(MappedFile, ShowsTheBytesWhereverItMoves) {
    TempFolder folder;
    std::ofstream(folder / "file") << "hello";
    auto opened = MappedFile::open(folder / "file");
    ASSERT_TRUE(opened.ok());
    MappedFile moved = std::move(*opened);
    EXPECT_EQ(textOf(moved), "hello");
    auto other = MappedFile::open(folder / "file");
    ASSERT_TRUE(other.ok());
    *other = std::move(moved);
    EXPECT_EQ(textOf(*other), "hello");
    other->expectSequentialRead();
    other->release(0, 5);
    EXPECT_EQ(textOf(*other), "hello") << "released pages come back from the file";
}

TEST(MappedFile, AnEmptyFileIsEmpty) {
    TempFolder folder;
    std::ofstream(folder / "file");
    const auto file = MappedFile::open(folder / "file");
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(file->bytes().empty());
}

TEST(MappedFile, RefusesWhatIsNotAFileAndNeverWaits) {
    TempFolder folder;
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(MappedFile::open(folder / "nothing").error().code, ErrorCode::NotFound);
    EXPECT_EQ(MappedFile::open(folder.path()).error().code, ErrorCode::InvalidArgument);
    const auto pipe = MappedFile::open(folder / "pipe");
    ASSERT_FALSE(pipe.ok());
    EXPECT_EQ(pipe.error().message, (folder / "pipe").string() + " is not a regular file");
    EXPECT_FALSE(readFile(folder / "pipe", 100).ok());
}

TEST(ReadFile, StopsAtTheLimit) {
    TempFolder folder;
    std::ofstream(folder / "file") << std::string(50'000, 'x');
    EXPECT_EQ(readFile(folder / "file", 50'000)->size(), 50'000u);
    const auto refused = readFile(folder / "file", 49'999);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, HasSubstr("larger than 49999 bytes"));
}

TEST(WriteFileAtomically, ReplacesTextAndMode) {
    TempFolder folder;
    ASSERT_TRUE(writeFileAtomically(folder / "file", "one", 0600).ok());
    EXPECT_EQ(modeOf(folder / "file"), 0600u);
    ASSERT_TRUE(writeFileAtomically(folder / "file", "two", 0644).ok());
    EXPECT_EQ(*readFile(folder / "file", 100), "two");
    EXPECT_EQ(modeOf(folder / "file"), 0644u);
    ASSERT_TRUE(writeFileAtomically(folder / "file", "", 0600).ok());
    EXPECT_EQ(*readFile(folder / "file", 100), "");
}

TEST(WriteFileAtomically, LeavesNothingBehindWhenItFails) {
    TempFolder folder;
    fs::create_directories(folder / "taken/inside");
    const auto failed = writeFileAtomically(folder / "taken", "text", 0600);  // a folder stands there
    ASSERT_FALSE(failed.ok());
    EXPECT_THAT(failed.error().message, HasSubstr((folder / "taken").string()));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
    EXPECT_EQ(writeFileAtomically(folder / "no/such/folder", "text", 0600).error().code, ErrorCode::NotFound);
}

TEST(WriteFileAtomically, ReplacesALinkInsteadOfWritingThroughIt) {
    TempFolder folder;
    std::ofstream(folder / "other") << "other";
    fs::create_symlink(folder / "other", folder / "file");
    ASSERT_TRUE(writeFileAtomically(folder / "file", "text", 0600).ok());
    EXPECT_FALSE(fs::is_symlink(folder / "file"));
    EXPECT_EQ(*readFile(folder / "other", 100), "other");
}

TEST(MakeFolder, MakesParentsAndAcceptsExistingOnes) {
    TempFolder folder;
    ASSERT_TRUE(makeFolder(folder / "a/b/c", 0700).ok());
    EXPECT_EQ(modeOf(folder / "a"), 0700u);
    EXPECT_EQ(modeOf(folder / "a/b/c"), 0700u);
    EXPECT_TRUE(makeFolder(folder / "a/b/c", 0755).ok());
    EXPECT_TRUE(makeFolder(folder / "a/b/d/", 0700).ok());
    EXPECT_EQ(modeOf(folder / "a/b/c"), 0700u) << "an existing folder keeps its mode";
    std::ofstream(folder / "file");
    EXPECT_THAT(makeFolder(folder / "file", 0700).error().message, HasSubstr((folder / "file").string()));
    EXPECT_FALSE(makeFolder(folder / "file/inside", 0700).ok());
}

TEST(FileLock, HasOneHolder) {
    TempFolder folder;
    {
        auto first = FileLock::acquire(folder / "LOCK");
        ASSERT_TRUE(first.ok());
        FileLock moved = std::move(*first);
        const auto second = FileLock::acquire(folder / "LOCK");
        ASSERT_FALSE(second.ok());
        EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
    }
    EXPECT_TRUE(FileLock::acquire(folder / "LOCK").ok());
    EXPECT_EQ(modeOf(folder / "LOCK"), 0600u);
    EXPECT_EQ(FileLock::acquire(folder / "no/LOCK").error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace larder::base
