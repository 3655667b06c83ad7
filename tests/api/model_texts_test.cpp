#include "engine/api/model_texts.h"

#include <gtest/gtest.h>

#include <atomic>

#include "engine/base/thread.h"
#include "tests/api/api_house.h"

namespace larder::api {
namespace {

TEST(ModelTexts, AreReadOnceForManyAskers) {
    std::atomic<int> loads{0};
    ModelTexts texts([&](const std::filesystem::path&) -> Expected<SharedModelText> {
        ++loads;
        return std::make_shared<const text::ModelText>();
    });
    std::vector<SharedModelText> got(8);
    {
        std::vector<base::Thread> askers;
        for (auto& slot : got) askers.emplace_back("asker", [&texts, &slot] { slot = *texts.get(makeModelInfo("a")); });
    }
    EXPECT_EQ(loads, 1);
    for (const auto& text : got) EXPECT_EQ(text, got[0]);
}

TEST(ModelTexts, AreReadAgainWhenTheFileChanges) {
    int loads = 0;
    ModelTexts texts([&](const std::filesystem::path&) -> Expected<SharedModelText> {
        ++loads;
        return std::make_shared<const text::ModelText>();
    });
    ModelInfo model = makeModelInfo("a");
    const SharedModelText first = *texts.get(model);
    model.modifiedSeconds += 1;
    EXPECT_NE(*texts.get(model), first);
    model.fileBytes += 1;
    (void)texts.get(model);
    (void)texts.get(model);
    EXPECT_EQ(loads, 3);
}

TEST(ModelTexts, FailuresAreNotRemembered) {
    int loads = 0;
    ModelTexts texts([&](const std::filesystem::path& path) -> Expected<SharedModelText> {
        if (++loads == 1) return Error{ErrorCode::Corrupt, path.string() + " is broken"};
        return std::make_shared<const text::ModelText>();
    });
    const auto failed = texts.get(makeModelInfo("a"));
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().message, "a.gguf is broken");
    EXPECT_TRUE(texts.get(makeModelInfo("a")).ok());
}

TEST(ModelTexts, OnlyAFewAreKept) {
    int loads = 0;
    ModelTexts texts([&](const std::filesystem::path&) -> Expected<SharedModelText> {
        ++loads;
        return std::make_shared<const text::ModelText>();
    });
    for (int round = 0; round < 2; ++round)
        for (const char* name : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(texts.get(makeModelInfo(name)).ok());
    EXPECT_EQ(loads, 10);  // the oldest had to go each time
    (void)texts.get(makeModelInfo("e"));
    EXPECT_EQ(loads, 10);
}

}  // namespace
}  // namespace larder::api
