// A model that took Larder down while it was loading is not loaded by itself again. With a real process that is killed in
// the middle of a load, and with files as such a process leaves them.
#include "engine/load_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "engine/base/mailbox.h"
#include "engine/engine.h"
#include "engine/server.h"
#include "tests/support/fixtures.h"
#include "tests/support/model_states.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void copyModel(const fs::path& to) {
    fs::create_directories(to.parent_path());
    fs::copy_file(support::fixtureModel("tiny_llama_q4_0"), to, fs::copy_options::overwrite_existing);
}

// As a process leaves it that dies in the middle of a load.
void plant(const fs::path& baseDir, const fs::path& model) {
    LoadGuard guard(baseDir);
    guard.begin(model);
}

class LoadGuardTest : public testing::Test {
protected:
    void SetUp() override { copyModel(model); }

    support::TempFolder folder;
    const fs::path base = folder.path();
    const fs::path file = base / "loading.json";
    const fs::path model = base / "models" / "a.gguf";
};

TEST_F(LoadGuardTest, ALoadThatComesBackLeavesNothing) {
    LoadGuard guard(base);
    guard.begin(model);
    EXPECT_TRUE(fs::exists(file));
    guard.end();
    EXPECT_FALSE(fs::exists(file));
    EXPECT_THAT(guard.crashed(), IsEmpty());
}

TEST_F(LoadGuardTest, ALoadThatDoesNotComeBackIsRememberedUntilItSucceeds) {
    plant(base, model);
    for (int start = 0; start < 2; ++start) {
        const LoadGuard guard(base);
        EXPECT_THAT(guard.crashed(), ElementsAre(model));
        EXPECT_TRUE(guard.refuses(model));
        EXPECT_FALSE(guard.refuses(base / "models" / "b.gguf"));
    }
    LoadGuard guard(base);
    guard.begin(model);
    guard.end();
    EXPECT_FALSE(guard.refuses(model));
    EXPECT_THAT(LoadGuard(base).crashed(), IsEmpty());
}

TEST_F(LoadGuardTest, AnotherModelThatLoadsWellDoesNotMakeItForget) {
    plant(base, model);
    const fs::path other = base / "models" / "b.gguf";
    copyModel(other);
    {
        LoadGuard guard(base);
        guard.begin(other);
        guard.end();
        EXPECT_TRUE(guard.refuses(model));
    }
    plant(base, other);
    EXPECT_THAT(LoadGuard(base).crashed(), ElementsAre(other, model)) << "the latest first";
}

TEST_F(LoadGuardTest, AChangedOrMissingFileIsForgotten) {
    plant(base, model);
    std::ofstream(model, std::ios::app) << "more";
    EXPECT_THAT(LoadGuard(base).crashed(), IsEmpty());
    EXPECT_FALSE(fs::exists(file));

    copyModel(model);
    plant(base, model);
    const LoadGuard guard(base);
    EXPECT_TRUE(guard.refuses(model));
    fs::last_write_time(model, fs::last_write_time(model) + std::chrono::seconds(2));
    EXPECT_FALSE(guard.refuses(model)) << "replaced while we run";

    copyModel(model);
    plant(base, model);
    fs::remove(model);
    EXPECT_THAT(LoadGuard(base).crashed(), IsEmpty());
}

TEST_F(LoadGuardTest, AProcessThatEndsOnPurposeHasNotCrashed) {
    LoadGuard guard(base);
    forgetLoadUnderWay();
    guard.begin(model);
    EXPECT_TRUE(fs::exists(file));
    forgetLoadUnderWay();
    EXPECT_THAT(LoadGuard(base).crashed(), IsEmpty());
    guard.end();
    plant(base, model);
    LoadGuard(base).end();
    EXPECT_TRUE(LoadGuard(base).refuses(model)) << "nothing was loading";
}

TEST_F(LoadGuardTest, ABrokenFileIsIgnored) {
    for (const char* text : {"", "{", "[]", "null", "{\"loading\":7}", "{\"loading\":{\"path\":1}}", "{\"crashed\":[1,{}]}"}) {
        std::ofstream(file, std::ios::trunc) << text;
        EXPECT_THAT(LoadGuard(base).crashed(), IsEmpty()) << text;
    }
    EXPECT_THAT(LoadGuard("").crashed(), IsEmpty());
}

Settings guardedSettings(const fs::path& base) {
    Settings settings;
    settings.baseDir = base;
    settings.modelDir = base / "models";
    settings.threads = 2;
    settings.hotCacheBytes = 16u << 20;
    return settings;
}

GenerationRequest anyRequest(const std::string& model) {
    GenerationRequest request;
    request.model = model;
    request.prompt = {1, 2, 3};
    request.maxTokens = 2;
    return request;
}

TEST_F(LoadGuardTest, TheEngineRefusesItUntilItIsLoadedByHand) {
    plant(base, model);
    auto created = Engine::create(guardedSettings(base));
    ASSERT_TRUE(created.ok()) << created.error().message;
    Engine& engine = **created;
    EXPECT_EQ(engine.crashedModel(), "a");
    EXPECT_THAT(engine.status().warning, HasSubstr("a was not loaded"));
    const auto refused = engine.submit(anyRequest("a"), [](const GenerationEvent&) {});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(refused.error().message, HasSubstr("load it by hand"));
    EXPECT_TRUE(fs::exists(file));

    ASSERT_TRUE(engine.load("a").ok());
    EXPECT_EQ(engine.crashedModel(), "");
    EXPECT_EQ(engine.status().warning, "");
    EXPECT_FALSE(fs::exists(file));
    auto events = std::make_shared<base::Mailbox<int>>();
    const auto taken = engine.submit(anyRequest("a"), [events](const GenerationEvent& event) {
        if (std::holds_alternative<GenerationFinished>(event)) events->post(0);
    });
    ASSERT_TRUE(taken.ok());
    EXPECT_EQ(events->wait().size(), 1u);
}

TEST_F(LoadGuardTest, ALoadThatFailsWithAnErrorIsNoCrash) {
    // Whole enough for the list, but its last tensor is cut off while the engine knows it as good.
    auto created = Engine::create(guardedSettings(base));
    ASSERT_TRUE(created.ok());
    fs::resize_file(model, fs::file_size(model) / 2);
    EXPECT_FALSE((*created)->load("a").ok());
    EXPECT_FALSE(fs::exists(file));
    EXPECT_EQ((*created)->crashedModel(), "");
    EXPECT_EQ(support::stateOf((*created)->status()), ModelState::Failed);
}

// The statement runs in a process of its own, which starts this test anew: the folder comes from the environment then.
TEST(LoadGuardDeathTest, AProcessKilledInTheMiddleOfALoadIsNoticed) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    std::unique_ptr<support::TempFolder> own;
    if (std::getenv("LARDER_TEST_CRASH_FOLDER") == nullptr) {
        own = std::make_unique<support::TempFolder>();
        ::setenv("LARDER_TEST_CRASH_FOLDER", own->path().c_str(), 1);
        copyModel(own->path() / "models" / "a.gguf");
    }
    const fs::path base = std::getenv("LARDER_TEST_CRASH_FOLDER");
    const auto dieWhileLoading = [&base] {
        auto created = Engine::create(guardedSettings(base));
        if (!created) std::_Exit(1);
        Engine& engine = **created;
        engine.observe([&engine] {
            const ModelStatus loading = support::modelOf(engine.status());
            if (loading.state == ModelState::Loading && loading.loadProgress > 0) (void)std::raise(SIGKILL);
        });
        (void)engine.load("a");
        std::_Exit(0);
    };
    EXPECT_EXIT(dieWhileLoading(), testing::KilledBySignal(SIGKILL), "");
    ::unsetenv("LARDER_TEST_CRASH_FOLDER");
    const LoadGuard guard(base);
    EXPECT_THAT(guard.crashed(), ElementsAre(base / "models" / "a.gguf"));
}

}  // namespace
}  // namespace larder
