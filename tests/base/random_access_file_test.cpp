#include "engine/base/random_access_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_folder.h"

namespace larder::base {
namespace {

std::string readBack(const RandomAccessFile& file, std::uint64_t offset, std::size_t bytes) {
    std::string text(bytes, '?');
    const auto got = file.readAt(offset, std::as_writable_bytes(std::span(text.data(), text.size())));
    EXPECT_TRUE(got.ok());
    text.resize(got.ok() ? *got : 0);
    return text;
}

TEST(RandomAccessFile, WritesAndReadsAnywhere) {
    const support::TempFolder folder;
    auto file = RandomAccessFile::openLocked(folder / "x", 0644);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->writeAt(10, "world").ok());
    ASSERT_TRUE(file->writeAt(0, "hello").ok());
    ASSERT_TRUE(file->sync().ok());
    EXPECT_EQ(readBack(*file, 0, 100), std::string("hello\0\0\0\0\0world", 15));
    EXPECT_EQ(readBack(*file, 12, 2), "rl");
    EXPECT_EQ(readBack(*file, 99, 2), "");
    EXPECT_EQ(*file->size(), 15u);
    struct stat info {};
    ASSERT_EQ(::stat((folder / "x").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0644u);
}

TEST(RandomAccessFile, ReservingKeepsWhatIsInside) {
    const support::TempFolder folder;
    auto file = RandomAccessFile::openLocked(folder / "x", 0644);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->writeAt(0, "hello").ok());
    ASSERT_TRUE(file->reserve(1 << 20).ok());
    EXPECT_EQ(*file->size(), 1u << 20);
    EXPECT_EQ(readBack(*file, 0, 5), "hello");
    ASSERT_TRUE(file->reserve(3).ok());
    EXPECT_EQ(readBack(*file, 0, 5), "hel");
    EXPECT_FALSE(file->reserve(UINT64_MAX).ok());
}

TEST(RandomAccessFile, HasOneOwner) {
    const support::TempFolder folder;
    auto first = RandomAccessFile::openLocked(folder / "x", 0644);
    ASSERT_TRUE(first.ok());
    const auto second = RandomAccessFile::openLocked(folder / "x", 0644);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
    // A name that is free again is another file.
    ASSERT_TRUE(renameDurably(folder / "x", folder / "y").ok());
    EXPECT_TRUE(RandomAccessFile::openLocked(folder / "x", 0644).ok());
    EXPECT_FALSE(RandomAccessFile::openLocked(folder / "y", 0644).ok());
}

TEST(RandomAccessFile, RefusesLinksAndFolders) {
    const support::TempFolder folder;
    std::ofstream(folder / "victim") << "precious";
    std::filesystem::create_symlink(folder / "victim", folder / "link");
    EXPECT_FALSE(RandomAccessFile::openLocked(folder / "link", 0644).ok());
    EXPECT_FALSE(RandomAccessFile::openLocked(folder.path(), 0644).ok());
    const auto missing = RandomAccessFile::openLocked(folder / "none" / "x", 0644);
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
}

TEST(RandomAccessFile, RenamingReplacesAndRemovingForgives) {
    const support::TempFolder folder;
    std::ofstream(folder / "old") << "old";
    std::ofstream(folder / "new") << "new";
    ASSERT_TRUE(renameDurably(folder / "new", folder / "old").ok());
    std::string text;
    std::ifstream(folder / "old") >> text;
    EXPECT_EQ(text, "new");
    EXPECT_TRUE(removeFile(folder / "new").ok());
    EXPECT_GT(allocatedBytes(folder / "old"), 0u);
    EXPECT_EQ(allocatedBytes(folder / "new"), 0u);
}

}  // namespace
}  // namespace larder::base
