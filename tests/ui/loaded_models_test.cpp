#include "ui/loaded_models.h"

#include <gtest/gtest.h>

#include "tests/ui/some_models.h"

namespace larder::ui {
namespace {

std::string foremostOf(std::vector<ModelStatus> models) {
    EngineStatus engine;
    engine.models = std::move(models);
    const ModelStatus* foremost = foremostModel(engine);
    return foremost ? foremost->name : "none";
}

TEST(LoadedModels, TheForemostIsTheOneToSpeakOf) {
    const ModelStatus failed = modelIn(ModelState::Failed, "failed", 90), loading = loadingModel(0.2, "loading"),
                      old = modelIn(ModelState::Loaded, "old", 10), recent = modelIn(ModelState::Loaded, "recent", 20),
                      waiting = modelIn(ModelState::Unloaded, "waiting", 99);
    EXPECT_EQ(foremostOf({}), "none");
    EXPECT_EQ(foremostOf({failed, loading, old, recent, waiting}), "loading");
    EXPECT_EQ(foremostOf({loading, loadingModel(0.7, "further"), recent}), "further");
    EXPECT_EQ(foremostOf({failed, old, recent, waiting}), "recent");
    EXPECT_EQ(foremostOf({recent, old}), "recent");
    EXPECT_EQ(foremostOf({waiting, failed}), "failed");
    EXPECT_EQ(foremostOf({waiting}), "waiting");
    EXPECT_EQ(foremostOf({modelIn(ModelState::Loaded, "a"), modelIn(ModelState::Loaded, "b")}), "a") << "stays where it is";
}

TEST(LoadedModels, TheLatestLoadedIsLoaded) {
    EngineStatus engine;
    EXPECT_EQ(latestLoaded(engine), nullptr);
    engine.models = {loadingModel(0.5, "loading"), modelIn(ModelState::Failed, "failed", 50)};
    EXPECT_EQ(latestLoaded(engine), nullptr);
    engine.models.push_back(modelIn(ModelState::Loaded, "unused"));
    EXPECT_EQ(latestLoaded(engine)->name, "unused") << "never used, but loaded";
    engine.models.push_back(modelIn(ModelState::Loaded, "used", 5));
    EXPECT_EQ(latestLoaded(engine)->name, "used");
    EXPECT_EQ(countOf(engine, ModelState::Loaded), 2u);
    EXPECT_EQ(countOf(engine, ModelState::Unloaded), 0u);
}

TEST(LoadedModels, AreFoundByTheirName) {
    EngineStatus engine;
    engine.models = {modelIn(ModelState::Loaded, "a"), modelIn(ModelState::Failed, "b")};
    ASSERT_NE(modelStatus(engine, "b"), nullptr);
    EXPECT_EQ(modelStatus(engine, "b")->state, ModelState::Failed);
    EXPECT_EQ(modelStatus(engine, "c"), nullptr);
}

TEST(LoadedModels, ThePinIsTheEnginesElseTheStoredOne) {
    ServiceSnapshot snapshot;
    snapshot.settings.pinnedModels = {"a"};
    EXPECT_TRUE(isPinned(snapshot, "a"));
    EXPECT_FALSE(isPinned(snapshot, "b"));
    snapshot.engine.models = {modelIn(ModelState::Loaded, "a"), modelIn(ModelState::Loaded, "b")};
    snapshot.engine.models[1].pinned = true;
    EXPECT_FALSE(isPinned(snapshot, "a"));
    EXPECT_TRUE(isPinned(snapshot, "b"));
}

}  // namespace
}  // namespace larder::ui
