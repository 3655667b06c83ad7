#include "ui/model_text.h"

#include <gtest/gtest.h>

#include <QLocale>

#include "tests/ui/some_models.h"

namespace larder::ui {
namespace {

struct ModelTextTest : testing::Test {
    ModelTextTest() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    ~ModelTextTest() override { QLocale::setDefault(QLocale::system()); }
};

TEST_F(ModelTextTest, EveryStateHasAWordAndATone) {
    const auto expect = [](const ModelStatus& model, const char* word, Tone tone, const char* remark) {
        const ModelText text(model);
        EXPECT_EQ(text.word().toStdString(), word);
        EXPECT_EQ(text.tone(), tone) << word;
        EXPECT_EQ(text.remark().toStdString(), remark);
    };
    expect(modelIn(ModelState::Loaded), "loaded", Tone::Good, "");
    expect(loadingModel(0.4399), "loading 43 %", Tone::Busy, "");
    expect(modelIn(ModelState::Unloaded), "waiting for memory", Tone::Warning,
           "It is loaded as soon as other models leave it enough memory.");
    expect(failedModel("tiny: the file ends early."), "failed to load", Tone::Bad, "tiny: the file ends early.");
    expect(failedModel("", "a%1b"), "failed to load", Tone::Bad, "a%1b could not be loaded.");
}

TEST_F(ModelTextTest, SaysOnlyWhatThereIs) {
    ModelStatus model = modelIn(ModelState::Loaded);
    EXPECT_EQ(ModelText(model).activity(), QString());
    EXPECT_EQ(ModelText(model).memory(), QString());
    model.waitingSequences = 1200;
    EXPECT_EQ(ModelText(model).activity().toStdString(), "1,200 waiting");
    model.runningSequences = 2;
    EXPECT_EQ(ModelText(model).activity().toStdString(), "2 running, 1,200 waiting");
    model.kvBytes = 420'000'000;
    EXPECT_EQ(ModelText(model).memory().toStdString(), "420 MB in the prompt cache");
    model.weightBytes = 1'900'000'000;
    EXPECT_EQ(ModelText(model).memory().toStdString(), "1.9 GB of weights, 420 MB in the prompt cache");
}

}  // namespace
}  // namespace larder::ui
