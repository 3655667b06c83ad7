#include "engine/machine.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "engine/base/memory.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using support::TempFolder;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Machine, HasMemoryAndCores) {
    const Machine machine = readMachine();
    EXPECT_GE(machine.cores, 1u);
    EXPECT_GT(machine.memoryBytes, 64u << 20);
    EXPECT_GT(machine.availableMemoryBytes, 0u);
    EXPECT_LE(machine.availableMemoryBytes, machine.memoryBytes);
    EXPECT_THAT(machine.processor, Not(testing::MatchesRegex("^ .*|.* $")));
}

TEST(Machine, MemoryOfTheProcessGrowsWhenItIsUsed) {
    constexpr std::size_t kBytes = 64 << 20;
    const std::uint64_t before = processMemoryBytes();
    ASSERT_GT(before, 1u << 20);
    const std::vector<char> block(kBytes, 'x');
    EXPECT_GT(processMemoryBytes(), before + kBytes / 2);
    EXPECT_EQ(block.back(), 'x');
}

// A made-up system below a folder.
class MemoryFigures : public testing::Test {
protected:
    MemoryFigures() { write("proc/meminfo", "MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:    8000000 kB\nHugePages_Total: 0\n"); }
    void write(const fs::path& file, const std::string& text) const {
        fs::create_directories((m_root / file).parent_path());
        std::ofstream(m_root / file) << text;
    }
    void expectGigabytes(double total, double available) const {
        const base::MemoryFigures figures = base::memoryFiguresBelow(m_root.path());
        EXPECT_NEAR(static_cast<double>(figures.totalBytes) / kGb, total, 0.01);
        EXPECT_NEAR(static_cast<double>(figures.availableBytes) / kGb, available, 0.01);
    }
    static constexpr double kGb = 1'024'000'000;  // a million of the kilobytes of /proc
    TempFolder m_root;
};

TEST_F(MemoryFigures, WithoutAContainerTheMachineCounts) {
    expectGigabytes(16, 8);
    write("proc/self/cgroup", "0::/user.slice/app.scope\n");
    write("sys/fs/cgroup/user.slice/app.scope/memory.max", "max\n");
    expectGigabytes(16, 8);
    write("sys/fs/cgroup/user.slice/app.scope/memory.max", "99999999999999\n");
    expectGigabytes(16, 8);
}

TEST_F(MemoryFigures, TheSmallestLimitAboveCounts) {
    write("proc/self/cgroup", "0::/a/b\n");
    write("sys/fs/cgroup/a/memory.max", "4096000000");
    write("sys/fs/cgroup/a/memory.current", "3072000000");
    write("sys/fs/cgroup/a/memory.stat", "anon 1\nfile 2048000000\n");
    write("sys/fs/cgroup/a/b/memory.max", "8192000000");
    expectGigabytes(4, 3);
}

TEST_F(MemoryFigures, InsideAContainerTheRootCounts) {
    write("proc/self/cgroup", "0::/\n");
    write("sys/fs/cgroup/memory.max", "2048000000");
    write("sys/fs/cgroup/memory.current", "1024000000");
    expectGigabytes(2, 1);
    write("proc/self/cgroup", "0::/only/the/host/sees/this\n");
    expectGigabytes(2, 1);
    write("proc/self/cgroup", "0::/../../outside\n");
    expectGigabytes(2, 1);
}

TEST_F(MemoryFigures, TheOlderInterfaceCountsToo) {
    write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/box/1\n0::/\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
    write("sys/fs/cgroup/memory/box/1/memory.limit_in_bytes", "1024000000");
    write("sys/fs/cgroup/memory/box/1/memory.usage_in_bytes", "768000000");
    write("sys/fs/cgroup/memory/box/1/memory.stat", "cache 5\ntotal_cache 256000000\n");
    expectGigabytes(1, 0.5);
}

TEST_F(MemoryFigures, NonsenseIsPassedOver) {
    write("proc/self/cgroup", "\n::\nmemory\n1:memory\n4:memory:relative/../..\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "0");
    write("sys/fs/cgroup/memory.max", "many");
    expectGigabytes(16, 8);
    fs::remove(m_root / "proc/meminfo");
    EXPECT_EQ(base::memoryFiguresBelow(m_root.path()).totalBytes, 0u);
}

TEST(CheckFolder, AFolderThatCanBeUsed) {
    TempFolder folder;
    const FolderCheck check = checkFolder(folder.path());
    EXPECT_TRUE(check.exists);
    EXPECT_TRUE(check.writable);
    EXPECT_GT(check.freeBytes, 0u);
    EXPECT_EQ(check.problem, "");
    EXPECT_TRUE(checkFolder(folder.path() / "").exists) << "a slash at the end changes nothing";
    EXPECT_TRUE(fs::is_empty(folder.path())) << "nothing is left behind";
}

TEST(CheckFolder, AFolderThatCouldBeMade) {
    TempFolder folder;
    const FolderCheck check = checkFolder(folder / "a/b/c");
    EXPECT_FALSE(check.exists);
    EXPECT_TRUE(check.writable);
    EXPECT_GT(check.freeBytes, 0u);
    EXPECT_EQ(check.problem, "");
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(CheckFolder, TildeIsTheHome) {
    TempFolder folder;
    const char* before = std::getenv("HOME");
    const std::string home = before != nullptr ? before : "";
    ::setenv("HOME", folder.path().c_str(), 1);
    EXPECT_TRUE(checkFolder("~").exists);
    EXPECT_FALSE(checkFolder("~/models").exists);
    EXPECT_TRUE(checkFolder("~/models").writable);
    if (before != nullptr) ::setenv("HOME", home.c_str(), 1);
    else ::unsetenv("HOME");
}

TEST(CheckFolder, SaysWhatStandsInTheWay) {
    TempFolder folder;
    std::ofstream(folder / "file") << "x";
    fs::create_symlink("nowhere", folder / "broken");
    fs::create_symlink("circle", folder / "circle");
    fs::create_directory_symlink(folder.path(), folder / "good");
    const std::pair<fs::path, const char*> cases[] = {
        {"", "no folder is named"},
        {folder / "file", "is a file, not a folder"},
        {folder / "file/deeper/still", "is a file, not a folder"},
        {folder / "broken", "is a link to a place that does not exist"},
        {folder / "broken/deeper", "is a link to a place that does not exist"},
        {folder / "circle", "nothing can be read at"},
        {folder / std::string(256, 'x'), "is longer than the 255 bytes"},
        {folder / "missing" / std::string(300, 'x'), "is longer than the 255 bytes"},
        {fs::path(std::string("/tmp/a\0b", 8)), "the character 0"},
        {"/proc", "written in /proc"},
        {"/proc/larder/models", "written in /proc"},
        {"/dev/null", "is a file, not a folder"},
    };
    for (const auto& [path, words] : cases) {
        const FolderCheck check = checkFolder(path);
        EXPECT_FALSE(check.writable) << path;
        EXPECT_THAT(check.problem, HasSubstr(words)) << path;
        EXPECT_THAT(check.problem, HasSubstr(words == std::string("the character 0") ? "cannot" : ":")) << "what to do about " << path;
    }
    fs::path tooLong = folder.path();
    for (int i = 0; i < 20; ++i) tooLong /= std::string(200, 'x');
    EXPECT_THAT(checkFolder(tooLong).problem, HasSubstr("path is too long"));
    EXPECT_TRUE(checkFolder(folder / "good/new").writable);
}

TEST(CheckFolder, PermissionsCount) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    TempFolder folder;
    fs::create_directories(folder / "locked");
    fs::permissions(folder / "locked", fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_THAT(checkFolder(folder / "locked").problem, HasSubstr("may not write"));
    EXPECT_THAT(checkFolder(folder / "locked/new").problem, HasSubstr("may not write"));
    fs::permissions(folder / "locked", fs::perms::owner_write | fs::perms::owner_exec);
    EXPECT_THAT(checkFolder(folder / "locked").problem, HasSubstr("may not read"));
    fs::permissions(folder / "locked", fs::perms::owner_all);
}

TEST(FreeBytes, CountWhereTheFolderIsOrWouldBe) {
    TempFolder folder;
    const auto near = [](std::uint64_t a, std::uint64_t b) { return a > b / 2 && a < b * 2; };
    const std::uint64_t here = freeBytesAt(folder.path());
    EXPECT_GT(here, 0u);
    EXPECT_TRUE(near(freeBytesAt(folder / "not/yet/there"), here));
    std::ofstream(folder / "file") << "x";
    EXPECT_TRUE(near(freeBytesAt(folder / "file/below"), here));
    EXPECT_EQ(freeBytesAt(""), 0u);
}

// A socket bound to a free port of loopback.
class BoundSocket {
public:
    explicit BoundSocket(in_addr_t address = htonl(INADDR_LOOPBACK)) : m_fd(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_addr.s_addr = address;
        socklen_t size = sizeof place;
        m_ok = ::bind(m_fd, reinterpret_cast<sockaddr*>(&place), size) == 0 &&
               ::getsockname(m_fd, reinterpret_cast<sockaddr*>(&place), &size) == 0;
        m_port = ntohs(place.sin_port);
    }
    ~BoundSocket() { ::close(m_fd); }
    BoundSocket(const BoundSocket&) = delete;
    BoundSocket& operator=(const BoundSocket&) = delete;
    bool ok() const { return m_ok; }
    bool listen() { return ::listen(m_fd, 4) == 0; }
    // As servers do, Larder's too: without it the port stays taken for a minute.
    bool allowReuse() {
        const int yes = 1;
        return ::setsockopt(m_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0;
    }
    int fd() const { return m_fd; }
    std::uint16_t port() const { return m_port; }

private:
    int m_fd;
    std::uint16_t m_port = 0;
    bool m_ok = false;
};

TEST(CheckPort, AListenerIsToldFromAPortThatIsOnlyTaken) {
    BoundSocket socket;
    ASSERT_TRUE(socket.ok());
    const std::string number = std::to_string(socket.port());
    EXPECT_THAT(checkPort("127.0.0.1", socket.port()), HasSubstr("port " + number + " is taken, although nothing answers"));
    ASSERT_TRUE(socket.listen());
    for (const char* host : {"127.0.0.1", "localhost", "0.0.0.0"})
        EXPECT_THAT(checkPort(host, socket.port()), HasSubstr("port " + number + " is used by another program: choose another")) << host;
}

TEST(CheckPort, AListenerOnEveryAddressCountsToo) {
    BoundSocket socket(htonl(INADDR_ANY));
    ASSERT_TRUE(socket.ok() && socket.listen());
    EXPECT_THAT(checkPort("127.0.0.1", socket.port()), HasSubstr("is used by another program"));
}

TEST(CheckPort, ConnectionsThatLingerAreNoObstacle) {
    std::uint16_t port = 0;
    {
        BoundSocket server;
        ASSERT_TRUE(server.ok() && server.allowReuse() && server.listen());
        port = server.port();
        BoundSocket client;
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        place.sin_port = htons(port);
        ASSERT_EQ(::connect(client.fd(), reinterpret_cast<sockaddr*>(&place), sizeof place), 0);
        const int accepted = ::accept(server.fd(), nullptr, nullptr);
        ASSERT_GE(accepted, 0);
        ::close(accepted);  // the server's side closes first: it keeps the port for a minute
    }
    EXPECT_EQ(checkPort("127.0.0.1", port), "");
    EXPECT_EQ(checkPort("127.0.0.1", port), "") << "the check itself takes nothing";
}

TEST(CheckPort, SaysWhatElseIsWrong) {
    EXPECT_EQ(checkPort("127.0.0.1", 0), "") << "any free port";
    EXPECT_THAT(checkPort("192.0.2.77", 0), HasSubstr("not an address of this machine"));
    for (const char* host : {"", "example.org", "1", "0x7f.0.0.1", "127.0.0.1:80", "[127.0.0.1]", "256.0.0.1", "::g", " ::1", "localhost "})
        EXPECT_THAT(checkPort(host, 0), HasSubstr("is not an address: write one such as")) << host;
    EXPECT_THAT(checkPort("fe80::1%no-such-card", 0), Not(IsEmpty()));
}

}  // namespace
}  // namespace larder
