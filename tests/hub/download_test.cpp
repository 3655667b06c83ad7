#include "engine/hub/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/hub/part_file.h"
#include "tests/hub/fake_hub.h"
#include "tests/support/temp_folder.h"

namespace larder::hub {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using support::TempFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TransferLimits quickLimits() {
    TransferLimits limits;
    limits.smallestPart = 64 * 1024;
    limits.largestPart = 256 * 1024;
    limits.lowSpeedWindow = 400ms;
    limits.lowSpeedBytes = 4000;
    limits.firstPause = 2ms;
    limits.longestPause = 20ms;
    limits.longestRetryAfter = 50ms;
    limits.journal = {5ms, 1};
    return limits;
}

// A hub with one model of some parts' size, and a model folder.
struct Kitchen {
    explicit Kitchen(std::size_t bytes = 3'000'000, const std::string& options = "") : hub(options), content(noise(bytes)) {
        hub.put("org/model", "model-Q4_0.gguf", content);
        repository = hub.list("org/model", {"model-Q4_0.gguf"});
    }

    Expected<fs::path> download(std::size_t connections = 4, const std::function<bool(const DownloadProgress&)>& progress = {}) {
        const auto place = placeDownload(folder.path(), repository.id, repository.choices.at(0));
        if (!place.ok()) return place.error();
        return downloadTo(*place, hub.access(token), repository, connections, limits, progress);
    }
    fs::path target() const { return folder / "org/model/model-Q4_0.gguf"; }
    std::size_t filesLeft() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder / "org/model"), fs::directory_iterator()));
    }
    void expectDone(const Expected<fs::path>& done) const {
        ASSERT_TRUE(done.ok()) << done.error().message;
        EXPECT_EQ(*done, target());
        EXPECT_TRUE(contentOf(target()) == content);
        EXPECT_EQ(filesLeft(), 1u) << "nothing but the model is left";
    }

    FakeHub hub;
    TempFolder folder;
    std::string content;
    std::string token;
    Repository repository;
    TransferLimits limits = quickLimits();
};

TEST(Download, BringsAFileInPartsAndReportsProgress) {
    Kitchen kitchen;
    std::vector<DownloadProgress> reports;
    kitchen.expectDone(kitchen.download(4, [&](const DownloadProgress& progress) {
        reports.push_back(progress);
        return true;
    }));
    ASSERT_FALSE(reports.empty());
    EXPECT_EQ(reports.back().doneBytes, kitchen.content.size());
    EXPECT_EQ(reports.back().totalBytes, kitchen.content.size());
    struct stat info {};
    ASSERT_EQ(::stat(kitchen.target().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0644u);
    EXPECT_THAT(kitchen.hub.log(), HasSubstr("\"range\": \"bytes="));
}

TEST(Download, WhatIsThereIsNotFetchedAgain) {
    Kitchen kitchen;
    kitchen.expectDone(kitchen.download());
    kitchen.hub.clearLog();
    kitchen.expectDone(kitchen.download());
    EXPECT_EQ(kitchen.hub.log(), "[]");
    // The same size with other bytes is not the file.
    std::fstream(kitchen.target(), std::ios::in | std::ios::out | std::ios::binary).seekp(5).put('!');
    kitchen.expectDone(kitchen.download());
    EXPECT_NE(kitchen.hub.log(), "[]");
}

TEST(Download, SmallAndEmptyFiles) {
    for (const std::size_t bytes : {0u, 1u, 1000u}) {
        Kitchen kitchen(bytes);
        kitchen.expectDone(kitchen.download());
    }
}

TEST(Download, TheTokenGoesToTheHubOnly) {
    Kitchen kitchen;
    kitchen.token = "secret";
    kitchen.hub.setFaults(R"({"token": "secret", "require_token": true})");
    kitchen.expectDone(kitchen.download());
    EXPECT_THAT(kitchen.hub.log(), HasSubstr("Bearer secret"));  // the second host answers 400 to a token
}

class DownloadFault : public testing::TestWithParam<const char*> {};

// Whatever happens now and then, the file arrives.
TEST_P(DownloadFault, IsOvercome) {
    for (const std::size_t connections : {1u, 4u}) {
        Kitchen kitchen;
        kitchen.hub.setFaults(GetParam());
        kitchen.expectDone(kitchen.download(connections));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, DownloadFault,
    testing::Values(R"({"rules": [{"kind": "drop", "where": "cdn", "times": 12}]})",
                    R"({"rules": [{"kind": "drop", "where": "cdn", "reset": true, "at": 10000, "times": 12}]})",
                    R"({"rules": [{"kind": "drop", "where": "cdn", "at": 0, "times": 5}]})",
                    R"({"rules": [{"kind": "hang_up", "times": 5}]})",
                    R"({"rules": [{"kind": "status", "status": 429, "retry_after": 0, "where": "cdn", "times": 5}]})",
                    R"({"rules": [{"kind": "status", "status": 503, "times": 5}]})",
                    R"({"rules": [{"kind": "status", "status": 500, "where": "resolve", "times": 5}]})",
                    R"({"rules": [{"kind": "status", "status": 403, "where": "cdn", "times": 2}]})",
                    R"({"rules": [{"kind": "status", "status": 416, "where": "cdn", "after": 1, "times": 2}]})",
                    R"({"rules": [{"kind": "ignore_range", "where": "cdn", "times": 2}]})",
                    R"({"rules": [{"kind": "ignore_range", "where": "cdn"}]})",
                    R"({"rules": [{"kind": "ignore_range", "where": "cdn", "after": 2}]})",
                    R"({"rules": [{"kind": "wrong_range", "where": "cdn", "after": 1, "times": 3}]})",
                    R"({"rules": [{"kind": "short_length", "where": "cdn", "after": 1, "times": 3}]})",
                    R"({"rules": [{"kind": "wrong_bytes", "where": "cdn", "times": 1}]})",
                    R"({"rules": [{"kind": "changed_etag", "where": "cdn", "after": 2, "times": 1}]})",
                    R"({"rules": [{"kind": "changed_etag", "where": "resolve", "times": 1}]})",
                    R"({"rules": [{"kind": "portal", "where": "cdn", "times": 3}]})",
                    R"({"rules": [{"kind": "bad_redirect", "where": "resolve", "times": 2}]})",
                    R"({"rules": [{"kind": "redirect_loop", "where": "resolve", "times": 2}]})",
                    R"({"rules": [{"kind": "stall", "where": "cdn", "seconds": 60, "at": 5000, "times": 2}]})",
                    R"({"rules": [{"kind": "trickle", "where": "cdn", "seconds": 60, "bytes_per_second": 100, "times": 2}]})",
                    R"({"link_uses": 1})"));

TEST(Download, StopsAndGoesOnWhereItWas) {
    Kitchen kitchen;
    kitchen.hub.setFaults(R"({"rate": 3000000})");
    std::uint64_t before = 0;
    const auto stopped = kitchen.download(2, [&](const DownloadProgress& progress) {
        before = progress.doneBytes;
        return progress.doneBytes < 800'000;
    });
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
    EXPECT_FALSE(fs::exists(kitchen.target()));
    kitchen.hub.clearFaults();
    std::uint64_t first = 0;
    kitchen.expectDone(kitchen.download(2, [&](const DownloadProgress& progress) {
        if (first == 0) first = progress.doneBytes;
        return true;
    }));
    EXPECT_GE(first, before);
}

TEST(Download, WrongBytesTwiceAreThrownAway) {
    Kitchen kitchen;
    kitchen.hub.setFaults(R"({"rules": [{"kind": "wrong_bytes", "where": "cdn"}]})");
    const auto done = kitchen.download();
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::Corrupt);
    EXPECT_THAT(done.error().message, HasSubstr("sha256"));
    EXPECT_FALSE(fs::exists(kitchen.folder / "org/model")) << "nothing is left";
}

TEST(Download, GivesUpWithTheLastTrouble) {
    Kitchen kitchen;
    kitchen.hub.setFaults(R"({"rules": [{"kind": "status", "status": 503}]})");
    std::string remark;
    kitchen.limits.firstPause = 150ms;
    kitchen.limits.longestPause = 150ms;
    kitchen.limits.maxFailures = 3;
    const auto done = kitchen.download(4, [&](const DownloadProgress& progress) {
        if (!progress.remark.empty()) remark = progress.remark;
        return true;
    });
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(done.error().message, HasSubstr("503"));
    EXPECT_THAT(remark, HasSubstr("trying again in"));
}

TEST(Download, NobodyThere) {
    Kitchen kitchen;
    Repository repository = kitchen.repository;
    const auto place = placeDownload(kitchen.folder.path(), repository.id, repository.choices[0]);
    HubAccess access;
    access.endpoint = "http://127.0.0.1:1";
    kitchen.limits.maxFailures = 2;
    const auto done = downloadTo(*place, access, repository, 4, kitchen.limits, {});
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::Unavailable);
}

TEST(Download, GatedAndMissing) {
    Kitchen kitchen;
    kitchen.hub.putJson("org/model", R"({"gated": "manual"})");
    const auto gated = kitchen.download();
    ASSERT_FALSE(gated.ok());
    EXPECT_EQ(gated.error().code, ErrorCode::PermissionDenied);
    EXPECT_THAT(gated.error().message, HasSubstr(kitchen.hub.access().endpoint + "/org/model"));
    kitchen.hub.putJson("org/model", "{}");
    kitchen.repository.commit = std::string(40, '1');
    const auto missing = kitchen.download();
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
}

TEST(Download, OtherSizeThanListed) {
    for (const int difference : {-1, 1}) {
        Kitchen kitchen(200'000);
        auto& file = kitchen.repository.choices[0].files[0];
        file.bytes = static_cast<std::uint64_t>(static_cast<int>(file.bytes) + difference);
        const auto done = kitchen.download();
        ASSERT_FALSE(done.ok());
        EXPECT_EQ(done.error().code, ErrorCode::Corrupt);
        EXPECT_THAT(done.error().message, HasSubstr(difference < 0 ? "longer" : "shorter"));
    }
}

TEST(Download, NoSpaceIsSaidBeforeTheStart) {
    Kitchen kitchen;
    kitchen.repository.choices[0].files[0].bytes = 1ull << 49;
    kitchen.hub.clearLog();
    const auto done = kitchen.download();
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::NoSpace);
    EXPECT_THAT(done.error().message, AllOf(HasSubstr("TB"), HasSubstr("free")));
    EXPECT_EQ(kitchen.hub.log(), "[]");
    EXPECT_FALSE(fs::exists(kitchen.folder / "org"));
}

// Another program took the room since it was asked for: said before the first byte, what arrived earlier stays.
TEST(Download, DiskThatIsTooSmallIsFoundBeforeTheFirstByte) {
    Kitchen kitchen;
    const fs::path disk = kitchen.folder / "disk";
    fs::create_directories(disk);
    if (::mount("larder-test", disk.c_str(), "tmpfs", 0, "size=2m") != 0) GTEST_SKIP() << "needs the right to mount";
    const PartFile::Content facts{kitchen.repository.commit, kitchen.content.size(), sha256Of(kitchen.content)};
    const auto refused = PartFile::open(disk / "m.gguf", facts, {});
    EXPECT_EQ(refused.ok() ? ErrorCode::Internal : refused.error().code, ErrorCode::NoSpace);
    ::umount(disk.c_str());
}

TEST(Download, TwoAtATimeAreRefused) {
    Kitchen kitchen;
    fs::create_directories(kitchen.folder / "org/model");
    const auto held = PartFile::open(kitchen.target(), {"other", 10, ""}, {});
    ASSERT_TRUE(held.ok());
    const auto done = kitchen.download();
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::Overloaded);
}

TEST(Download, ASetIsOfferedOnlyWhenAllOfItIsThere) {
    Kitchen kitchen(400'000);
    const std::vector<std::string> names = {"big/m-00001-of-00003.gguf", "big/m-00002-of-00003.gguf", "big/m-00003-of-00003.gguf"};
    for (std::uint32_t i = 0; i < 3; ++i) kitchen.hub.put("org/split", names[i], noise(300'000 + i, i + 2));
    kitchen.repository = kitchen.hub.list("org/split", names);
    kitchen.hub.setFaults(R"({"rules": [{"kind": "status", "status": 403, "path": "m-00003", "where": "resolve"}]})");
    ASSERT_FALSE(kitchen.download().ok());
    for (const auto& entry : fs::directory_iterator(kitchen.folder / "org/split"))
        EXPECT_EQ(entry.path().filename().string().front(), '.') << entry.path();
    kitchen.hub.clearFaults();
    const auto done = kitchen.download();
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(*done, kitchen.folder / "org/split/m-00001-of-00003.gguf");
    for (std::uint32_t i = 0; i < 3; ++i)
        EXPECT_TRUE(contentOf(kitchen.folder / "org/split" / fs::path(names[i]).filename()) == noise(300'000 + i, i + 2));
}

TEST(Download, SafetensorsReturnTheFolder) {
    Kitchen kitchen(1000);
    kitchen.hub.put("org/folder", "config.json", "{}");
    kitchen.hub.put("org/folder", "model.safetensors", noise(100'000));
    kitchen.repository = kitchen.hub.list("org/folder", {"config.json", "model.safetensors"}, ModelFormat::Safetensors);
    const auto done = kitchen.download();
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(*done, kitchen.folder / "org/folder");
    EXPECT_EQ(contentOf(*done / "config.json"), "{}");
    EXPECT_EQ(contentOf(*done / "model.safetensors"), noise(100'000));
}

TEST(DownloadPlace, RefusesNamesThatLeadElsewhere) {
    DownloadChoice choice;
    for (const char* path : {"../x.gguf", "/etc/x.gguf", "a/../../x.gguf", "", "a//b.gguf", ".hidden.gguf", "a\nb.gguf",
                             "a\\b.gguf", "\xff.gguf", "-rf.gguf", "a/"}) {
        choice.files = {{path, 1, ""}};
        EXPECT_FALSE(placeDownload("/models", "org/name", choice).ok()) << path;
    }
    choice.files = {{"x.gguf", 1, ""}};
    for (const char* name : {"", "..", "../x", "/org/name", "org/", "a/b/c", "org/..", "."})
        EXPECT_FALSE(placeDownload("/models", name, choice).ok()) << name;
    EXPECT_EQ(placeDownload("/models", "org/name", choice)->model, fs::path("/models/org/name/x.gguf"));
    choice.files = {{"a/x.gguf", 1, ""}, {"b/x.gguf", 1, ""}};
    EXPECT_FALSE(placeDownload("/models", "org/name", choice).ok()) << "both would be x.gguf";
    choice.files.clear();
    EXPECT_FALSE(placeDownload("/models", "org/name", choice).ok());
}

}  // namespace
}  // namespace larder::hub
