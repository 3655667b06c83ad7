// The same promises of the real file system and the one in memory; then the one that fails on purpose.
#include "engine/base/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "engine/base/clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/temp_folder.h"

namespace larder::base {
namespace {

using support::FaultyFileSystem;
using testing::HasSubstr;

std::span<const std::byte> bytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string contentOf(const OpenFile& file, std::uint64_t offset = 0, std::size_t bytes = 1 << 20) {
    std::string text(bytes, '?');
    const auto got = file.readAt(offset, std::as_writable_bytes(std::span(text)));
    EXPECT_TRUE(got.ok());
    text.resize(got.ok() ? *got : 0);
    return text;
}

// "(none)" when there is no such file.
std::string contentOf(FileSystem& files, const std::filesystem::path& path) {
    const auto file = files.open(path, OpenMode::Read);
    return file.ok() ? contentOf(**file) : "(none)";
}

void put(FileSystem& files, const std::filesystem::path& path, std::string_view text, bool synced = false) {
    auto file = files.open(path, OpenMode::Replace);
    ASSERT_TRUE(file.ok()) << file.error().message;
    ASSERT_TRUE((*file)->writeAt(0, bytesOf(text)).ok());
    ASSERT_TRUE(!synced || (*file)->sync().ok());
}

template <class T>
ErrorCode codeOf(const Expected<T>& result) {
    EXPECT_FALSE(result.ok());
    return result.ok() ? ErrorCode::Internal : result.error().code;
}

// Real, in memory, and the faulty one without faults.
class EveryFileSystem : public testing::TestWithParam<std::string> {
protected:
    EveryFileSystem() {
        if (GetParam() == "memory") m_own = makeMemoryFileSystem();
        if (GetParam() == "faulty") m_own = std::make_unique<FaultyFileSystem>();
        EXPECT_TRUE(files().makeFolder(m_folder.path()).ok());
    }
    FileSystem& files() { return m_own ? *m_own : realFileSystem(); }
    std::filesystem::path at(const std::string& name) const { return m_folder / name; }

private:
    support::TempFolder m_folder;
    std::unique_ptr<FileSystem> m_own;
};

INSTANTIATE_TEST_SUITE_P(Kinds, EveryFileSystem, testing::Values("real", "memory", "faulty"),
                         [](const auto& kind) { return kind.param; });

TEST_P(EveryFileSystem, WritesAndReadsAnywhere) {
    auto file = files().open(at("x"), OpenMode::Write);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->writeAt(10, bytesOf("world")).ok());
    ASSERT_TRUE((*file)->writeAt(0, bytesOf("hello")).ok());
    ASSERT_TRUE((*file)->writeAt(3, {}).ok());
    ASSERT_TRUE((*file)->sync().ok());
    EXPECT_EQ(contentOf(**file), std::string("hello\0\0\0\0\0world", 15));
    EXPECT_EQ(contentOf(**file, 12, 2), "rl");
    EXPECT_EQ(contentOf(**file, 15, 2), "");
    EXPECT_EQ(contentOf(**file, 99, 2), "");
    EXPECT_EQ(*(*file)->size(), 15u);
    (*file)->expectRead(0, 15);
    (*file)->forget();
    EXPECT_EQ(contentOf(files(), at("x")), contentOf(**file));
}

TEST_P(EveryFileSystem, OpensInThreeWays) {
    EXPECT_EQ(codeOf(files().open(at("x"), OpenMode::Read)), ErrorCode::NotFound);
    EXPECT_EQ(codeOf(files().open(at("none/x"), OpenMode::Write)), ErrorCode::NotFound);
    EXPECT_EQ(codeOf(files().open(at(""), OpenMode::Read)), ErrorCode::InvalidArgument);
    EXPECT_EQ(codeOf(files().open(at(""), OpenMode::Write)), ErrorCode::InvalidArgument);
    put(files(), at("x"), "hello");
    {
        auto file = files().open(at("x"), OpenMode::Write);
        ASSERT_TRUE(file.ok());
        EXPECT_EQ(contentOf(**file), "hello");
    }
    {
        auto file = files().open(at("x"), OpenMode::Read);
        ASSERT_TRUE(file.ok());
        const auto refused = (*file)->writeAt(0, bytesOf("j"));
        EXPECT_EQ(codeOf(refused), ErrorCode::Io);
        EXPECT_THAT(refused.error().message, HasSubstr(at("x").string()));
    }
    EXPECT_EQ(contentOf(files(), at("x")), "hello");
    ASSERT_TRUE(files().open(at("x"), OpenMode::Replace).ok());
    EXPECT_EQ(contentOf(files(), at("x")), "");
    EXPECT_TRUE(files().exists(at("x")));
    EXPECT_TRUE(files().exists(at("")));
    EXPECT_FALSE(files().exists(at("y")));
    EXPECT_FALSE(files().exists(at("x/y")));
}

TEST_P(EveryFileSystem, Resizes) {
    auto file = files().open(at("x"), OpenMode::Write);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->writeAt(0, bytesOf("hello")).ok());
    ASSERT_TRUE((*file)->resize(3).ok());
    EXPECT_EQ(contentOf(**file), "hel");
    ASSERT_TRUE((*file)->resize(6).ok());
    EXPECT_EQ(contentOf(**file), std::string("hel\0\0\0", 6));
    EXPECT_FALSE((*file)->resize(UINT64_MAX).ok());
    EXPECT_EQ(*(*file)->size(), 6u);
}

TEST_P(EveryFileSystem, ListsFilesAndFolders) {
    put(files(), at("b"), "");
    ASSERT_TRUE(files().makeFolder(at("c/d/e")).ok());
    ASSERT_TRUE(files().makeFolder(at("c/d")).ok());
    put(files(), at("c/.f"), "x");
    const auto names = [&](const std::string& folder) {
        std::set<std::string> found;
        const auto entries = files().list(at(folder));
        EXPECT_TRUE(entries.ok());
        if (entries.ok())
            for (const auto& entry : *entries) found.insert(entry.name + (entry.isFolder ? "/" : ""));
        return found;
    };
    EXPECT_EQ(names(""), (std::set<std::string>{"b", "c/"}));
    EXPECT_EQ(names("c"), (std::set<std::string>{".f", "d/"}));
    EXPECT_EQ(names("c/d/e"), std::set<std::string>{});
    EXPECT_EQ(codeOf(files().list(at("none"))), ErrorCode::NotFound);
    EXPECT_EQ(codeOf(files().list(at("b"))), ErrorCode::NotFound);
    EXPECT_FALSE(files().makeFolder(at("b")).ok());
    EXPECT_FALSE(files().makeFolder(at("b/x")).ok());
}

TEST_P(EveryFileSystem, RenamesAndRemoves) {
    put(files(), at("old"), "old");
    put(files(), at("new"), "new");
    const auto open = files().open(at("old"), OpenMode::Read);
    ASSERT_TRUE(files().rename(at("new"), at("old")).ok());
    EXPECT_EQ(contentOf(files(), at("old")), "new");
    EXPECT_EQ(contentOf(files(), at("new")), "(none)");
    EXPECT_EQ(contentOf(**open), "old");  // whoever has it open keeps it
    EXPECT_EQ(codeOf(files().rename(at("new"), at("other"))), ErrorCode::NotFound);
    EXPECT_EQ(codeOf(files().rename(at("old"), at("none/x"))), ErrorCode::NotFound);

    ASSERT_TRUE(files().makeFolder(at("folder")).ok());
    EXPECT_FALSE(files().rename(at("old"), at("folder")).ok());
    ASSERT_TRUE(files().rename(at("old"), at("folder/x")).ok());
    EXPECT_FALSE(files().remove(at("folder")).ok());
    EXPECT_FALSE(files().rename(at("folder"), at("folder/sub")).ok());
    ASSERT_TRUE(files().rename(at("folder"), at("moved")).ok());
    EXPECT_EQ(contentOf(files(), at("moved/x")), "new");
    EXPECT_TRUE(files().remove(at("moved/x")).ok());
    EXPECT_TRUE(files().remove(at("moved/x")).ok());
    EXPECT_TRUE(files().remove(at("moved")).ok());
    EXPECT_TRUE(files().remove(at("moved/x")).ok());
    EXPECT_FALSE(files().exists(at("moved")));
    EXPECT_TRUE(files().syncFolder(at("")).ok());
    EXPECT_EQ(codeOf(files().syncFolder(at("moved"))), ErrorCode::NotFound);
}

TEST_P(EveryFileSystem, TellsSizes) {
    EXPECT_EQ(files().diskBytes(at("x")), 0u);
    EXPECT_EQ(files().diskBytes(at("")), 0u);
    put(files(), at("x"), std::string(5000, 'x'), true);
    EXPECT_GE(files().diskBytes(at("x")), 5000u);
    EXPECT_LE(files().diskBytes(at("x")), 65'536u);
    EXPECT_GT(*files().freeBytes(at("")), 0u);
    EXPECT_EQ(codeOf(files().freeBytes(at("none"))), ErrorCode::NotFound);
    EXPECT_NEAR(static_cast<double>(files().unixMs()), static_cast<double>(wallMs()), 3'600'000);
}

TEST_P(EveryFileSystem, LocksHaveOneOwner) {
    auto first = files().lock(at("LOCK"));
    ASSERT_TRUE(first.ok());
    EXPECT_TRUE(files().exists(at("LOCK")));
    EXPECT_EQ(codeOf(files().lock(at("LOCK"))), ErrorCode::Unavailable);
    first->reset();
    EXPECT_TRUE(files().lock(at("LOCK")).ok());
    EXPECT_EQ(codeOf(files().lock(at("none/LOCK"))), ErrorCode::NotFound);
}

TEST(RealFileSystem, RefusesLinksPipesAndWhatItMayNotDo) {
    const support::TempFolder folder;
    FileSystem& files = realFileSystem();
    std::ofstream(folder / "victim") << "precious";
    std::filesystem::create_symlink(folder / "victim", folder / "link");
    std::filesystem::create_symlink(folder / "nowhere", folder / "dangling");
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    for (const auto mode : {OpenMode::Read, OpenMode::Write, OpenMode::Replace})
        for (const char* name : {"link", "dangling"})
            EXPECT_EQ(codeOf(files.open(folder / name, mode)), ErrorCode::InvalidArgument) << name;
    EXPECT_EQ(codeOf(files.open(folder / "pipe", OpenMode::Read)), ErrorCode::InvalidArgument);
    EXPECT_EQ(contentOf(files, folder / "victim"), "precious");
    EXPECT_FALSE(files.lock(folder / "link").ok());
    EXPECT_EQ(files.diskBytes(folder / "link"), 0u);
    EXPECT_TRUE(files.remove(folder / "link").ok());
    EXPECT_TRUE(files.exists(folder / "victim"));
    EXPECT_TRUE(files.exists(folder / "dangling"));
}

TEST(RealFileSystem, NewFilesAndFoldersAreForTheUserAlone) {
    const support::TempFolder folder;
    ASSERT_TRUE(realFileSystem().makeFolder(folder / "a/b").ok());
    put(realFileSystem(), folder / "a/b/x", "hello");
    struct stat info {};
    ASSERT_EQ(::stat((folder / "a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    ASSERT_EQ(::stat((folder / "a/b/x").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(MemoryFileSystem, HasAnEnd) {
    const auto files = makeMemoryFileSystem(16'384);
    put(*files, "/a", std::string(4096, 'a'));
    EXPECT_EQ(*files->freeBytes("/"), 12'288u);
    auto file = files->open("/b", OpenMode::Write);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(codeOf((*file)->writeAt(0, bytesOf(std::string(12'289, 'b')))), ErrorCode::NoSpace);
    EXPECT_TRUE((*file)->writeAt(0, bytesOf(std::string(12'288, 'b'))).ok());
    EXPECT_EQ(*files->freeBytes("/"), 0u);
    EXPECT_TRUE(files->remove("/b").ok());
    EXPECT_EQ(*files->freeBytes("/"), 0u) << "still open";
    file->reset();
    EXPECT_EQ(*files->freeBytes("/"), 12'288u);
    put(*files, "/c", "c");
    ASSERT_TRUE(files->rename("/c", "/a").ok());
    EXPECT_EQ(*files->freeBytes("/"), 12'288u);
    EXPECT_EQ(files->diskBytes("a"), 4096u) << "no working folder: a path counts from the root";
}

// ---- FaultyFileSystem

TEST(FaultyFileSystem, WhatWasSyncedSurvives) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        FaultyFileSystem files(seed);
        ASSERT_TRUE(files.makeFolder("/d").ok());
        ASSERT_TRUE(files.syncFolder("/").ok());
        put(files, "/d/temp", "hello", true);
        ASSERT_TRUE(files.rename("/d/temp", "/d/x").ok());
        ASSERT_TRUE(files.syncFolder("/d").ok());
        put(files, "/d/temp", "another");
        const auto open = files.open("/d/x", OpenMode::Write);
        const auto lock = files.lock("/d/LOCK");
        files.powerCut();
        EXPECT_TRUE(files.isOff());
        EXPECT_EQ(codeOf(files.open("/d/x", OpenMode::Read)), ErrorCode::Io);
        EXPECT_EQ(codeOf(files.list("/d")), ErrorCode::Io);
        files.boot();
        EXPECT_EQ(contentOf(files, "/d/x"), "hello");
        EXPECT_EQ(codeOf((*open)->writeAt(0, bytesOf("j"))), ErrorCode::Io) << "opened before the cut";
        EXPECT_EQ(codeOf((*open)->size()), ErrorCode::Io);
        EXPECT_TRUE(files.lock("/d/LOCK").ok());
        EXPECT_EQ(contentOf(files, "/d/x"), "hello");
    }
}

TEST(FaultyFileSystem, WhatWasNotSyncedSurvivesInAnyPart) {
    std::set<std::string> contents;
    std::set<std::string> names;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        FaultyFileSystem files(seed);
        const std::string old = std::string(512, 'a') + std::string(512, 'b');
        put(files, "/x", old, true);
        put(files, "/y", "y", true);
        files.settle();
        auto file = files.open("/x", OpenMode::Write);
        ASSERT_TRUE((*file)->writeAt(0, bytesOf(std::string(1024, 'c'))).ok());
        ASSERT_TRUE((*file)->writeAt(512, bytesOf(std::string(1024, 'd'))).ok());
        ASSERT_TRUE(files.rename("/y", "/z").ok());
        ASSERT_TRUE(files.remove("/z").ok());
        files.powerCut();
        files.boot();
        std::string each;
        const std::string content = contentOf(files, "/x");
        for (std::size_t i = 0; i < content.size(); i += 512) {
            each += content[i] == '\0' ? '0' : content[i];
            EXPECT_EQ(content.substr(i, 512), std::string(512, content[i]));
        }
        contents.insert(each);
        names.insert(std::string(files.exists("/y") ? "y" : "") + (files.exists("/z") ? "z" : ""));
    }
    EXPECT_EQ(contents, (std::set<std::string>{"ab", "cb", "ac", "cc", "ad", "cd", "ab0", "cb0", "ac0", "cc0", "ad0", "cd0", "abd",
                                               "cbd", "acd", "ccd", "add", "cdd"}));
    EXPECT_EQ(names, (std::set<std::string>{"y", "z", ""}));
}

TEST(FaultyFileSystem, TheSameSeedDoesTheSame) {
    const auto run = [](std::uint64_t seed) {
        FaultyFileSystem files(seed);
        put(files, "/x", std::string(100'000, 'a'), true);
        files.settle();
        put(files, "/x", std::string(100'000, 'b'));
        files.powerCut();
        files.boot();
        return contentOf(files, "/x");
    };
    EXPECT_EQ(run(7), run(7));
    EXPECT_NE(run(7), run(8));
}

TEST(FaultyFileSystem, TheCutComesDuringThatChange) {
    FaultyFileSystem probe;
    const auto work = [](FileSystem& files) {
        auto file = files.open("/x", OpenMode::Write);  // 1
        if (!file.ok()) return 1;
        if (!(*file)->writeAt(0, bytesOf("a")).ok()) return 2;
        if (!(*file)->sync().ok()) return 3;
        if (!files.rename("/x", "/y").ok()) return 4;
        if (!files.syncFolder("/").ok()) return 5;
        if (!files.remove("/y").ok()) return 6;
        return 0;
    };
    ASSERT_EQ(work(probe), 0);
    EXPECT_EQ(probe.changes(), 6u);
    for (int cut = 1; cut <= 6; ++cut) {
        FaultyFileSystem files;
        files.powerCutAfter(static_cast<std::uint64_t>(cut));
        EXPECT_EQ(work(files), cut);
        EXPECT_TRUE(files.isOff());
    }
}

TEST(FaultyFileSystem, FillsUpBreaksAndFlips) {
    FaultyFileSystem files;
    put(files, "/x", "hello", true);
    auto file = files.open("/x", OpenMode::Write);
    files.full(true);
    EXPECT_EQ(codeOf((*file)->writeAt(0, bytesOf("j"))), ErrorCode::NoSpace);
    EXPECT_EQ(codeOf((*file)->resize(9)), ErrorCode::NoSpace);
    EXPECT_EQ(codeOf(files.open("/y", OpenMode::Write)), ErrorCode::NoSpace);
    EXPECT_EQ(*files.freeBytes("/"), 0u);
    files.full(false);
    files.failWrites(true);
    EXPECT_EQ(codeOf((*file)->writeAt(0, bytesOf("j"))), ErrorCode::Io);
    EXPECT_EQ(codeOf((*file)->sync()), ErrorCode::Io);
    files.failWrites(false);
    files.failReads(true);
    std::byte one{};
    EXPECT_EQ(codeOf((*file)->readAt(0, {&one, 1})), ErrorCode::Io);
    files.failReads(false);
    files.flipBit("/x", 1);
    EXPECT_EQ(contentOf(**file), "jello");
    files.settle();
    files.powerCut();
    files.boot();
    EXPECT_EQ(contentOf(files, "/x"), "jello");
    files.setClock(1000);
    files.jumpClock(-1500);
    EXPECT_EQ(files.unixMs(), -500);
}

TEST(FaultyFileSystem, FailsAsOftenAsPlanned) {
    FaultyFileSystem files(3);
    put(files, "/x", std::string(2048, 'a'), true);
    auto file = files.open("/x", OpenMode::Write);
    const auto failuresOf = [&](auto&& operation) {
        int failures = 0;
        for (int i = 0; i < 1000; ++i) failures += operation() ? 0 : 1;
        return failures;
    };
    files.plan({.tornWrite = 0.1});
    bool isTorn = false;
    EXPECT_NEAR(failuresOf([&] {
        const bool done = (*file)->writeAt(0, bytesOf(std::string(2048, 'b'))).ok();
        if (!done) isTorn = isTorn || contentOf(**file).find('a') != std::string::npos;
        (void)(*file)->writeAt(0, bytesOf(std::string(2048, 'a')));
        return done;
    }), 100, 40);
    EXPECT_TRUE(isTorn);
    files.plan({.failedRead = 0.5});
    std::byte one{};
    EXPECT_NEAR(failuresOf([&] { return (*file)->readAt(0, {&one, 1}).ok(); }), 500, 80);
    files.plan({.noSpace = 1});
    EXPECT_EQ(codeOf((*file)->writeAt(4096, bytesOf("x"))), ErrorCode::NoSpace);
    files.plan({.failedSync = 1, .failedName = 1});
    EXPECT_EQ(codeOf((*file)->sync()), ErrorCode::Io);
    EXPECT_EQ(codeOf(files.remove("/x")), ErrorCode::Io);
    files.plan({.failedOpen = 1});
    EXPECT_EQ(codeOf(files.open("/x", OpenMode::Read)), ErrorCode::Io);
}

TEST(FaultyFileSystem, FoldersThatWereNotSyncedTakeTheirFilesWithThem) {
    std::set<bool> survived;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        FaultyFileSystem files(seed);
        ASSERT_TRUE(files.makeFolder("/a/b").ok());
        put(files, "/a/b/x", "hello", true);
        ASSERT_TRUE(files.syncFolder("/a/b").ok());
        files.powerCut();
        files.boot();
        survived.insert(contentOf(files, "/a/b/x") == "hello");
        EXPECT_TRUE(files.exists("/a/b/x") || !files.exists("/a/b"));
    }
    EXPECT_EQ(survived.size(), 2u);
}

}  // namespace
}  // namespace larder::base
