#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "engine/base/guarded.h"
#include "engine/downloads.h"
#include "engine/hub/download_list.h"
#include "tests/hub/fake_hub.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using hub::FakeHub;
using support::TempFolder;
using testing::HasSubstr;
using testing::Not;

// A hub with two models, and the settings of somebody who uses it.
struct Larder {
    Larder() {
        ::setenv("LARDER_HUB_PATIENCE", "0.01", 1);
        settings.baseDir = folder / "base";
        settings.modelDir = folder / "models";
        settings.hubEndpoint = hub.access().endpoint;
        settings.downloadConnections = 2;
        for (const char* name : {"one", "two"}) hub.put(std::string("org/") + name, "m-Q4_0.gguf", content);
        one = hub.list("org/one", {"m-Q4_0.gguf"});
        two = hub.list("org/two", {"m-Q4_0.gguf"});
    }
    ~Larder() { ::unsetenv("LARDER_HUB_PATIENCE"); }

    void open() {
        queue = Downloads::open(settings, [this] { changes.with([](int& count) { return ++count; }); });
    }
    std::uint64_t add(const Repository& repository) { return queue->add(repository, repository.choices.at(0)); }
    void slow() { hub.setFaults(R"({"rate": 2000000})"); }

    DownloadStatus statusOf(std::uint64_t id) const {
        for (const DownloadStatus& status : queue->status())
            if (status.id == id) return status;
        return {};
    }
    bool reaches(std::uint64_t id, DownloadState state) {
        return support::eventually([&] { return statusOf(id).state == state; });
    }
    bool hasBytes(std::uint64_t id) {
        return support::eventually([&] {
            const auto status = statusOf(id);
            return status.state == DownloadState::Running && status.progress.doneBytes > 100'000;
        });
    }
    fs::path file(const std::string& name) const { return settings.modelDir / "org" / name / "m-Q4_0.gguf"; }
    bool nothingOf(const std::string& name) { return !fs::exists(settings.modelDir / "org" / name); }

    TempFolder folder;
    FakeHub hub;
    std::string content = hub::noise(4'000'000);
    Settings settings;
    Repository one;
    Repository two;
    base::Guarded<int> changes;
    std::unique_ptr<Downloads> queue;
};

TEST(Downloads, BringsOneAfterTheOther) {
    Larder larder;
    larder.open();
    const auto first = larder.add(larder.one);
    const auto second = larder.add(larder.two);
    EXPECT_NE(first, second);
    ASSERT_TRUE(larder.reaches(first, DownloadState::Done));
    ASSERT_TRUE(larder.reaches(second, DownloadState::Done));
    EXPECT_EQ(larder.statusOf(first).path, larder.file("one"));
    EXPECT_EQ(larder.statusOf(first).progress.doneBytes, larder.content.size());
    EXPECT_TRUE(hub::contentOf(larder.file("two")) == larder.content);
    EXPECT_TRUE(support::eventually([&] { return larder.changes.with([](int& count) { return count > 0; }); }));
    larder.queue->cancel(first);
    EXPECT_EQ(larder.queue->status().size(), 1u);
    EXPECT_TRUE(fs::exists(larder.file("one"))) << "a finished one only leaves the list";
}

TEST(Downloads, TheSameIsNotQueuedTwice) {
    Larder larder;
    larder.slow();
    larder.open();
    const auto first = larder.add(larder.one);
    EXPECT_EQ(larder.add(larder.one), first);
    larder.queue->pause(first);
    EXPECT_EQ(larder.add(larder.one), first);
    EXPECT_EQ(larder.queue->status().size(), 1u);
    EXPECT_NE(larder.statusOf(first).state, DownloadState::Paused) << "asking again means going on";
}

TEST(Downloads, PauseKeepsWhatArrivedAndResumeGoesOn) {
    Larder larder;
    larder.slow();
    larder.open();
    const auto id = larder.add(larder.one);
    ASSERT_TRUE(larder.hasBytes(id));
    larder.queue->pause(id);
    EXPECT_EQ(larder.statusOf(id).state, DownloadState::Paused);
    larder.hub.clearFaults();
    larder.queue->resume(id);
    ASSERT_TRUE(larder.reaches(id, DownloadState::Done));
    EXPECT_TRUE(hub::contentOf(larder.file("one")) == larder.content);
}

TEST(Downloads, CancelDeletesWhatArrived) {
    Larder larder;
    larder.slow();
    larder.open();
    const auto id = larder.add(larder.one);
    ASSERT_TRUE(larder.hasBytes(id));
    larder.queue->cancel(id);
    EXPECT_TRUE(larder.queue->status().empty());
    EXPECT_TRUE(support::eventually([&] { return larder.nothingOf("one"); }));
    EXPECT_TRUE(fs::exists(larder.settings.modelDir));
}

TEST(Downloads, GoesOnAfterARestart) {
    Larder larder;
    larder.slow();
    larder.open();
    const auto running = larder.add(larder.one);
    const auto paused = larder.add(larder.two);
    larder.queue->pause(paused);
    ASSERT_TRUE(larder.hasBytes(running));
    larder.queue.reset();
    EXPECT_FALSE(fs::exists(larder.file("one"))) << "does not wait until the download is done";

    const fs::path list = larder.settings.baseDir / "downloads.json";
    struct stat info {};
    ASSERT_EQ(::stat(list.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);

    larder.hub.clearFaults();
    larder.open();
    ASSERT_TRUE(larder.reaches(running, DownloadState::Done));
    EXPECT_EQ(larder.statusOf(paused).state, DownloadState::Paused);
    const auto third = larder.queue->add(larder.two, {"F16", ModelFormat::Gguf, {{"other.gguf", 5, ""}}, 5, "", {}});
    EXPECT_GT(third, paused) << "ids are not used again";
    larder.queue->resume(paused);
    ASSERT_TRUE(larder.reaches(paused, DownloadState::Done));
    ASSERT_TRUE(larder.reaches(third, DownloadState::Failed));
    EXPECT_THAT(larder.statusOf(third).error, Not(HasSubstr("\n")));
    EXPECT_FALSE(larder.statusOf(third).error.empty());
}

TEST(Downloads, FailedStaysUntilItIsTriedAgain) {
    Larder larder;
    larder.hub.putJson("org/one", R"({"gated": "manual"})");
    larder.open();
    const auto id = larder.add(larder.one);
    ASSERT_TRUE(larder.reaches(id, DownloadState::Failed));
    EXPECT_THAT(larder.statusOf(id).error, HasSubstr("gated"));
    larder.queue.reset();
    larder.open();
    EXPECT_EQ(larder.statusOf(id).state, DownloadState::Failed);
    EXPECT_THAT(larder.statusOf(id).error, HasSubstr("gated"));
    larder.hub.putJson("org/one", "{}");
    larder.queue->resume(id);
    ASSERT_TRUE(larder.reaches(id, DownloadState::Done));
}

TEST(Downloads, ACommitThatIsGoneIsLookedUpAgain) {
    Larder larder;
    larder.open();
    // What the author had before: another commit with other bytes.
    Repository before = larder.one;
    before.commit = std::string(40, '1');
    before.choices[0].files[0].bytes = 500'000;
    before.choices[0].files[0].sha256 = std::string(64, '1');
    const auto id = larder.add(before);
    ASSERT_TRUE(larder.reaches(id, DownloadState::Done)) << larder.statusOf(id).error;
    EXPECT_TRUE(hub::contentOf(larder.file("one")) == larder.content);
    EXPECT_EQ(larder.statusOf(id).progress.totalBytes, larder.content.size());
}

TEST(Downloads, UnknownIdsAreIgnored) {
    Larder larder;
    larder.open();
    larder.queue->pause(5);
    larder.queue->resume(5);
    larder.queue->cancel(5);
    EXPECT_TRUE(larder.queue->status().empty());
}

TEST(Downloads, ABrokenListIsKeptAside) {
    Larder larder;
    fs::create_directories(larder.settings.baseDir);
    for (const char* text : {"", "{", "[]", "{\"version\": 1}", R"({"version":1,"next_id":1,"downloads":[{"id":1}]})"}) {
        std::ofstream(larder.settings.baseDir / "downloads.json") << text;
        larder.open();
        EXPECT_TRUE(larder.queue->status().empty());
        larder.queue.reset();
        EXPECT_EQ(hub::contentOf(larder.settings.baseDir / "downloads.json.broken"), text);
    }
}

TEST(DownloadList, ComesBackAsItWasAndForgetsOldOnes) {
    hub::DownloadList list;
    for (std::uint64_t id = 1; id <= 30; ++id) {
        hub::DownloadEntry entry;
        entry.id = id;
        entry.repository.id = "org/name";
        entry.repository.commit = "c0ffee";
        entry.choice = {"Q4_0", ModelFormat::Safetensors, {{"a b.gguf", 5, "ab"}, {"c", 6, ""}}, 11, "", {}};
        entry.state = id == 7 ? DownloadState::Failed : DownloadState::Done;
        entry.error = id == 7 ? "a \"quoted\" reason" : "";
        entry.modelDir = "/some/where";
        list.entries.push_back(entry);
    }
    list.nextId = 31;
    list.forgetOldDone();
    EXPECT_EQ(list.entries.size(), hub::kMaxDone + 1);
    EXPECT_EQ(list.entries.front().id, 7u);
    EXPECT_EQ(list.entries.back().id, 30u);
    const std::string text = hub::printDownloadList(list);
    const auto again = hub::parseDownloadList(text);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(hub::printDownloadList(*again), text);
    EXPECT_EQ(again->entries.front().error, "a \"quoted\" reason");
    EXPECT_EQ(again->entries.front().choice.bytes, 11u);
}

}  // namespace
}  // namespace larder
