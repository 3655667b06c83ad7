#include "ui/status_text.h"

#include <gtest/gtest.h>

#include <QFile>
#include <QLocale>
#include <functional>
#include <limits>
#include <ostream>

#include "tests/ui/some_models.h"
#include "ui/tinted_icon.h"

namespace larder::ui {
namespace {

ServiceSnapshot emptySnapshot() {
    ServiceSnapshot snapshot;
    snapshot.models = std::make_shared<const std::vector<ModelInfo>>(std::vector<ModelInfo>(1));
    snapshot.downloads = std::make_shared<const std::vector<DownloadStatus>>();
    snapshot.modelsKnown = true;
    snapshot.address = "http://127.0.0.1:1337";
    return snapshot;
}

// A server with the model "tiny" loaded and nothing to do.
ServiceSnapshot servingSnapshot() {
    ServiceSnapshot snapshot = emptySnapshot();
    snapshot.server = ServerState::Running;
    snapshot.runningSinceUnixMs = 1;
    snapshot.engine.models = {modelIn(ModelState::Loaded)};
    return snapshot;
}

// Numbers as an American desktop writes them, whatever machine this runs on.
struct AmericanNumbers {
    AmericanNumbers() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    ~AmericanNumbers() { QLocale::setDefault(QLocale::system()); }
};

class StatusTextTest : public testing::Test, AmericanNumbers {};

struct StateCase {
    const char* name;
    std::function<void(ServiceSnapshot&)> change;  // of servingSnapshot()
    Light light;
    const char* icon;
    const char* headline;
    const char* detail;
};

void PrintTo(const StateCase& state, std::ostream* out) {
    *out << state.name;
}

class StatusTextStates : public testing::TestWithParam<StateCase>, AmericanNumbers {};

TEST_P(StatusTextStates, SayWhatTheyAre) {
    const StateCase& expected = GetParam();
    ServiceSnapshot snapshot = servingSnapshot();
    expected.change(snapshot);
    const StatusText text(snapshot);
    EXPECT_EQ(text.light(), expected.light);
    EXPECT_EQ(text.iconName(), QStringLiteral(":/icons/tray-%1.svg").arg(QLatin1String(expected.icon)));
    registerIcons();
    EXPECT_TRUE(QFile::exists(text.iconName()));
    EXPECT_EQ(text.headline().toStdString(), expected.headline);
    EXPECT_EQ(text.detail().toStdString(), expected.detail);
    EXPECT_FALSE(text.detail().contains(QLatin1Char('\n')));
    EXPECT_TRUE(
        text.tooltip().startsWith(QStringLiteral("Larder: ") + text.headline() + QLatin1Char('\n') + text.detail()));
    EXPECT_FALSE(text.tooltip().contains(QStringLiteral("%1"))) << text.tooltip().toStdString();
}

const StateCase kStates[] = {
    {"Stopped",
     [](ServiceSnapshot& s) {
         s.server = ServerState::Stopped;
         s.engine = {};
     },
     Light::Stopped, "stopped", "Stopped", "The server is off: no program can ask it."},
    {"Starting",
     [](ServiceSnapshot& s) {
         s.server = ServerState::Starting;
         s.engine = {};
     },
     Light::Starting, "starting", "Starting ...", "The server is getting ready."},
    {"StartingWithAModel",
     [](ServiceSnapshot& s) {
         s.server = ServerState::Starting;
         s.engine.models = {loadingModel(0.5)};
     },
     Light::Starting, "starting", "Starting ...", "Loading tiny: 50 %"},
    {"Stopping",
     [](ServiceSnapshot& s) {
         s.server = ServerState::Stopping;
         s.engine.runningSequences = 2;
     },
     Light::Starting, "starting", "Stopping ...", "The last answers are being finished."},
    {"Failed",
     [](ServiceSnapshot& s) {
         s.server = ServerState::Failed;
         s.failure = "Port 1337 is taken.";
     },
     Light::Warning, "warning", "Needs attention", "Port 1337 is taken."},
    {"FailedWithoutASentence", [](ServiceSnapshot& s) { s.server = ServerState::Failed; }, Light::Warning, "warning",
     "Needs attention", "The server could not start."},
    {"LoadingAlmostDone",
     [](ServiceSnapshot& s) {
         s.engine.models = {loadingModel(0.9999)};
     },
     Light::Starting, "starting", "Loading a model ...", "Loading tiny: 99 %"},
    {"LoadingTwentyNine",
     [](ServiceSnapshot& s) {
         s.engine.models = {loadingModel(0.29)};
     },
     Light::Starting, "starting", "Loading a model ...", "Loading tiny: 29 %"},
    {"LoadingOutOfRange",
     [](ServiceSnapshot& s) {
         s.engine.models = {loadingModel(7)};
     },
     Light::Starting, "starting", "Loading a model ...", "Loading tiny: 100 %"},
    {"LoadingNaN",
     [](ServiceSnapshot& s) {
         s.engine.models = {loadingModel(std::numeric_limits<double>::quiet_NaN())};
     },
     Light::Starting, "starting", "Loading a model ...", "Loading tiny: 0 %"},
    {"ModelFailed",
     [](ServiceSnapshot& s) {
         s.engine.models = {failedModel("tiny: the file ends early")};
     },
     Light::Warning, "warning", "Needs attention", "tiny: the file ends early"},
    {"ModelFailedWithoutASentence", [](ServiceSnapshot& s) { s.engine.models = {failedModel("")}; },
     Light::Warning, "warning", "Needs attention", "tiny could not be loaded."},
    {"Serving", [](ServiceSnapshot&) {}, Light::Serving, "serving", "Serving", "tiny"},
    {"ServingAModelWithAPercentSign", [](ServiceSnapshot& s) { s.engine.models = {modelIn(ModelState::Loaded, "a%2b%L1")}; }, Light::Serving, "serving",
     "Serving", "a%2b%L1"},
    {"ServingSeveralModels", [](ServiceSnapshot& s) { s.engine.models.push_back(modelIn(ModelState::Loaded, "big")); },
     Light::Serving, "serving", "Serving", "2 models loaded"},
    {"OneLoadedAndOneFailed", [](ServiceSnapshot& s) { s.engine.models.push_back(failedModel("big is broken", "big")); },
     Light::Serving, "serving", "Serving", "tiny"},
    {"OneLoadedAndOneLoading", [](ServiceSnapshot& s) { s.engine.models.push_back(loadingModel(0.25, "big")); },
     Light::Starting, "starting", "Loading a model ...", "Loading big: 25 %"},
    {"AnsweringWhileAnotherLoads",
     [](ServiceSnapshot& s) {
         s.engine.models.push_back(loadingModel(0.25, "big"));
         s.engine.models.front().runningSequences = s.engine.runningSequences = 1;
     },
     Light::Generating, "generating", "Generating", "tiny is answering"},
    {"WaitingForMemory", [](ServiceSnapshot& s) { s.engine.models = {modelIn(ModelState::Unloaded, "big")}; },
     Light::Starting, "starting", "Loading a model ...", "big waits for memory."},
    {"NothingLoaded", [](ServiceSnapshot& s) { s.engine = {}; }, Light::Serving, "serving", "Serving",
     "Ready: the first request loads its model."},
    {"NoModels",
     [](ServiceSnapshot& s) {
         s.engine = {};
         s.models = std::make_shared<const std::vector<ModelInfo>>();
     },
     Light::Serving, "serving", "Serving", "There is no model on this computer yet."},
    {"NoModelsKnownYet",
     [](ServiceSnapshot& s) {
         s.engine = {};
         s.models = std::make_shared<const std::vector<ModelInfo>>();
         s.modelsKnown = false;
     },
     Light::Serving, "serving", "Serving", "Ready: the first request loads its model."},
    {"Prefilling",
     [](ServiceSnapshot& s) {
         s.engine.runningSequences = s.engine.prefillingSequences = 1;
         s.engine.prefillDoneTokens = 1'234;
         s.engine.prefillTotalTokens = 50'000;
     },
     Light::Generating, "generating", "Generating", "Reading a prompt: 1,234 of 50,000 tokens (2 %)"},
    {"PrefillingMoreThanAll",
     [](ServiceSnapshot& s) {
         s.engine.runningSequences = s.engine.prefillingSequences = 1;
         s.engine.prefillDoneTokens = 70;
         s.engine.prefillTotalTokens = 64;
     },
     Light::Generating, "generating", "Generating", "Reading a prompt: 64 of 64 tokens (100 %)"},
    {"PrefillingOfUnknownLength",
     [](ServiceSnapshot& s) { s.engine.runningSequences = s.engine.prefillingSequences = 1; }, Light::Generating,
     "generating", "Generating", "tiny is answering"},
    {"Generating",
     [](ServiceSnapshot& s) {
         s.engine.runningSequences = 1;
         s.engine.decodeTokensPerSecond = 41.7;
     },
     Light::Generating, "generating", "Generating", "tiny writes 42 tokens/s"},
    {"TheOneThatRunsIsNamed",
     [](ServiceSnapshot& s) {
         s.engine.models = {modelIn(ModelState::Loaded, "big", 1), modelIn(ModelState::Loaded, "tiny", 2)};
         s.engine.models.front().runningSequences = s.engine.runningSequences = 1;
         s.engine.decodeTokensPerSecond = 7;
     },
     Light::Generating, "generating", "Generating", "big writes 7.0 tokens/s"},
    {"SeveralAnswer",
     [](ServiceSnapshot& s) {
         s.engine.models = {modelIn(ModelState::Loaded, "big"), modelIn(ModelState::Loaded)};
         for (ModelStatus& model : s.engine.models) model.runningSequences = 1;
         s.engine.runningSequences = 2;
     },
     Light::Generating, "generating", "Generating", "2 models are answering"},
    {"SeveralWrite",
     [](ServiceSnapshot& s) {
         s.engine.models = {modelIn(ModelState::Loaded, "big"), modelIn(ModelState::Loaded)};
         for (ModelStatus& model : s.engine.models) model.runningSequences = 1;
         s.engine.runningSequences = 2;
         s.engine.decodeTokensPerSecond = 41.7;
     },
     Light::Generating, "generating", "Generating", "2 models write 42 tokens/s"},
    {"Warned", [](ServiceSnapshot& s) { s.engine.warning = "tiny was not loaded."; }, Light::Warning, "warning",
     "Needs attention", "tiny was not loaded."},
    {"WarnedButBusy",
     [](ServiceSnapshot& s) {
         s.engine.warning = "x";
         s.engine.runningSequences = 1;
     },
     Light::Generating, "generating", "Generating", "tiny is answering"},
};

INSTANTIATE_TEST_SUITE_P(All, StatusTextStates, testing::ValuesIn(kStates),
                         [](const testing::TestParamInfo<StateCase>& state) { return std::string(state.param.name); });

TEST_F(StatusTextTest, TooltipHasAddressRequestsRatesAndCache) {
    ServiceSnapshot snapshot = servingSnapshot();
    EXPECT_EQ(StatusText(snapshot).tooltip().toStdString(), "Larder: Serving\ntiny\nhttp://127.0.0.1:1337");
    EngineStatus& engine = snapshot.engine;
    engine.runningSequences = 2;
    engine.waitingSequences = 3;
    engine.prefillingSequences = 1;
    engine.prefillDoneTokens = 1;
    engine.prefillTotalTokens = 4;
    engine.total.promptTokens = 100;
    engine.total.cachedTokens = 64;
    engine.total.computedPromptTokens = 36;
    engine.total.prefillSeconds = 0.1;
    engine.total.generatedTokens = 22;
    engine.total.firstTokens = 2;
    engine.total.decodeSeconds = 1;
    EXPECT_EQ(StatusText(snapshot).tooltip().toStdString(),
              "Larder: Generating\nReading a prompt: 1 of 4 tokens (25 %)\nhttp://127.0.0.1:1337\ntiny\n2 running, 3 "
              "waiting\n"
              "Prefill 360 tokens/s, decode 20 tokens/s\n64 % of the prompts came from the cache");
    engine.total.generatedTokens = 2;
    EXPECT_FALSE(StatusText(snapshot).tooltip().contains(QStringLiteral("decode"))) << "nothing was decoded yet";
    snapshot.server = ServerState::Stopped;
    EXPECT_EQ(StatusText(snapshot).tooltip().toStdString(),
              "Larder: Stopped\nThe server is off: no program can ask it.");
}

TEST_F(StatusTextTest, TooltipNamesTheModelsAndWhatIsLoadedBesideThem) {
    ServiceSnapshot snapshot = servingSnapshot();
    snapshot.engine.models = {modelIn(ModelState::Loaded, "a"), modelIn(ModelState::Loaded, "b%3")};
    EXPECT_EQ(StatusText(snapshot).tooltip().toStdString(), "Larder: Serving\n2 models loaded\nhttp://127.0.0.1:1337\na, b%3");
    snapshot.engine.runningSequences = snapshot.engine.models[0].runningSequences = 1;
    snapshot.engine.models.push_back(loadingModel(0.5, "c"));
    snapshot.engine.waitingSequences = snapshot.engine.modelWaitSequences = 2;
    EXPECT_EQ(StatusText(snapshot).tooltip().toStdString(),
              "Larder: Generating\na is answering\nhttp://127.0.0.1:1337\na, b%3\n1 running, 2 waiting for a model to load\nLoading c: 50 %");
    snapshot.engine = {};
    for (const char* name : {"a", "b%2", "c", "d", "e"}) snapshot.engine.models.push_back(modelIn(ModelState::Loaded, name));
    EXPECT_TRUE(StatusText(snapshot).tooltip().endsWith(QStringLiteral("\na, b%2, c and 2 more")))
        << StatusText(snapshot).tooltip().toStdString();
}

TEST_F(StatusTextTest, TheSubjectIsAModelOrHowManyThereAre) {
    ServiceSnapshot snapshot = emptySnapshot();
    const auto of = [&](std::vector<ModelStatus> models) {
        snapshot.server = ServerState::Running;
        snapshot.engine.models = std::move(models);
        return StatusText(snapshot).subject().toStdString();
    };
    EXPECT_EQ(of({}), "");
    EXPECT_EQ(of({modelIn(ModelState::Loaded, "a")}), "a");
    EXPECT_EQ(of({modelIn(ModelState::Loaded, "a"), modelIn(ModelState::Loaded, "b")}), "2 models loaded");
    EXPECT_EQ(of({modelIn(ModelState::Loaded, "a"), failedModel("", "b")}), "a");
    EXPECT_EQ(of({failedModel("", "b")}), "b");
    EXPECT_EQ(of({modelIn(ModelState::Loaded, "a"), loadingModel(0.5, "b")}), "b") << "the headline says that one is loading";
    snapshot.engine.runningSequences = 1;
    EXPECT_EQ(of({modelIn(ModelState::Loaded, "a"), loadingModel(0.5, "b")}), "a") << "the headline says Generating";
}

TEST_F(StatusTextTest, RequestsSayWhatTheyWaitFor) {
    ServiceSnapshot snapshot = servingSnapshot();
    const auto of = [&](std::size_t running, std::size_t waiting, std::size_t loading, std::size_t following) {
        EngineStatus& engine = snapshot.engine;
        engine.runningSequences = running;
        engine.waitingSequences = waiting;
        engine.modelWaitSequences = loading;
        engine.followingSequences = following;
        return StatusText(snapshot).requests().toStdString();
    };
    EXPECT_EQ(of(0, 0, 0, 0), "No request is running or waiting.");
    EXPECT_EQ(of(2, 0, 0, 0), "2 running, 0 waiting");
    EXPECT_EQ(of(2, 3, 0, 0), "2 running, 3 waiting");
    EXPECT_EQ(of(0, 2, 1, 1), "0 running, 2 waiting, 1 of them for a model to load, 1 follows another request");
    EXPECT_EQ(of(1, 1, 1, 0), "1 running, 1 waiting for a model to load");
    EXPECT_EQ(of(1, 5, 0, 4), "1 running, 5 waiting, 4 follow other requests");
    snapshot.engine.loadingSequences = 1;
    EXPECT_EQ(of(1, 3, 1, 1), "1 running, 3 waiting, 1 of them for a model to load, 1 is reading from the disk, 1 follows another request");
    snapshot.engine.loadingSequences = 2;
    EXPECT_EQ(of(0, 2, 0, 0), "0 running, 2 waiting, 2 are reading from the disk");
    EXPECT_EQ(of(0, 1, 0, 0), "0 running, 1 waiting, 1 is reading from the disk") << "never more than wait";
    snapshot.engine.loadingSequences = 0;
    EXPECT_EQ(of(0, 1'200, 1'100, 0), "0 running, 1,200 waiting, 1,100 of them for a model to load");
    EXPECT_EQ(of(1, 2, 9, 9), "1 running, 2 waiting for a model to load") << "figures read an instant apart";
}

TEST_F(StatusTextTest, TheHotTierAgainstItsLimit) {
    ServiceSnapshot snapshot = servingSnapshot();
    EXPECT_EQ(StatusText(snapshot).hotTier(), QString());
    snapshot.engine.hotTier = {5'600'000'000, 1'200'000'000, 3'400'000'000, 7};
    EXPECT_EQ(StatusText(snapshot).hotTier().toStdString(), "1.2 GB in use, 3.4 GB kept of 5.6 GB");
}

TEST_F(StatusTextTest, TheColdTierAgainstItsLimit) {
    ServiceSnapshot snapshot = servingSnapshot();
    EXPECT_EQ(StatusText(snapshot).coldTier(), QString());
    ColdTierStatus& tier = snapshot.engine.coldTier;
    tier.limitBytes = 20'000'000'000;
    EXPECT_EQ(StatusText(snapshot).coldTier(), QString()) << "it is off";
    tier.on = true;
    tier.usedBytes = 12'000'000'000;
    EXPECT_EQ(StatusText(snapshot).coldTier().toStdString(), "12 GB kept of 20 GB");
    tier.pinnedBytes = 1'200'000'000;
    EXPECT_EQ(StatusText(snapshot).coldTier().toStdString(), "12 GB kept of 20 GB, 1.2 GB of it pinned");
}

TEST_F(StatusTextTest, HowLongAgo) {
    constexpr std::int64_t kMinute = 60'000;
    const std::int64_t now = 2'000'000'000'000;
    const auto ago = [&](std::int64_t minutes) { return StatusText::ago(now - minutes * kMinute, now).toStdString(); };
    EXPECT_EQ(StatusText::ago(0, now), QStringLiteral("-")) << "never";
    EXPECT_EQ(ago(-5), "just now") << "another clock";
    EXPECT_EQ(ago(0), "just now");
    EXPECT_EQ(ago(1), "1 min ago");
    EXPECT_EQ(ago(59), "59 min ago");
    EXPECT_EQ(ago(60), "1 h ago");
    EXPECT_EQ(ago(2'879), "47 h ago");
    EXPECT_EQ(ago(2'880), "2 days ago");
}

TEST_F(StatusTextTest, SentencesOfTheEngineEndWithAFullStop) {
    EXPECT_EQ(StatusText::sentence(""), QString());
    EXPECT_EQ(StatusText::sentence("the disk is full").toStdString(), "the disk is full.");
    EXPECT_EQ(StatusText::sentence("The disk is full. ").toStdString(), "The disk is full.");
}

TEST_F(StatusTextTest, FiguresOfThisRun) {
    ServiceSnapshot snapshot = servingSnapshot();
    {
        const StatusText none(snapshot);
        EXPECT_EQ(none.tokensProcessed(), QStringLiteral("0"));
        EXPECT_EQ(none.tokensCached(), QStringLiteral("0"));
        for (const QString& figure :
             {none.cacheEfficiency(), none.prefillRate(), none.decodeRate(), none.timeToFirstToken()})
            EXPECT_EQ(figure, QStringLiteral("-"));
    }
    EngineStatus& engine = snapshot.engine;
    engine.total.promptTokens = 1'200'000;
    engine.total.generatedTokens = 34'567;
    engine.total.firstTokens = 567;
    engine.total.cachedTokens = 768'000;
    engine.total.computedPromptTokens = 9'430;
    engine.total.prefillSeconds = 10;
    engine.total.decodeSeconds = 10'000;
    engine.total.ttftMs = 567 * 400.0;
    const StatusText text(snapshot);
    EXPECT_EQ(text.tokensProcessed(), QStringLiteral("1,234,567"));
    EXPECT_EQ(text.tokensCached(), QStringLiteral("768,000"));
    EXPECT_EQ(text.cacheEfficiency(), QStringLiteral("64 %"));
    EXPECT_EQ(text.prefillRate(), QStringLiteral("943 tokens/s"));
    EXPECT_EQ(text.decodeRate(), QStringLiteral("3.4 tokens/s")) << "34,000 decoded in 10,000 s";
    EXPECT_EQ(text.timeToFirstToken(), QStringLiteral("0.4 s"));
    engine.total.firstTokens = engine.total.generatedTokens + 1;
    EXPECT_EQ(StatusText(snapshot).decodeRate(), QStringLiteral("-")) << "must not wrap around";
}

TEST_F(StatusTextTest, TimeToFirstTokenChangesItsUnit) {
    ServiceSnapshot snapshot = servingSnapshot();
    snapshot.engine.total.firstTokens = 1;
    const auto of = [&](double milliseconds) {
        snapshot.engine.total.ttftMs = milliseconds;
        return StatusText(snapshot).timeToFirstToken().toStdString();
    };
    EXPECT_EQ(of(0.2), "0 ms");
    EXPECT_EQ(of(42), "42 ms");
    EXPECT_EQ(of(1'260), "1.3 s");
    EXPECT_EQ(of(59'940), "59.9 s");
    EXPECT_EQ(of(125'000), "2 min 5 s");
}

TEST_F(StatusTextTest, BytesHaveTwoOrThreeDigits) {
    const auto of = [](std::uint64_t bytes) { return StatusText::bytes(bytes).toStdString(); };
    EXPECT_EQ(of(0), "0 B");
    EXPECT_EQ(of(999), "999 B");
    EXPECT_EQ(of(1'000), "1.0 kB");
    EXPECT_EQ(of(98'362'432), "98 MB");
    EXPECT_EQ(of(999'499'999), "999 MB");
    EXPECT_EQ(of(999'999'999), "1.0 GB");
    EXPECT_EQ(of(4'100'000'000), "4.1 GB");
    EXPECT_EQ(of(39'970'000'000), "40 GB");
    EXPECT_EQ(of(std::numeric_limits<std::uint64_t>::max()), "18,447 PB");
}

TEST_F(StatusTextTest, Durations) {
    const auto of = [](double seconds) { return StatusText::duration(seconds).toStdString(); };
    EXPECT_EQ(of(-1), "-");
    EXPECT_EQ(of(std::numeric_limits<double>::infinity()), "-");
    EXPECT_EQ(of(std::numeric_limits<double>::quiet_NaN()), "-");
    EXPECT_EQ(of(0.4), "under 1 s");
    EXPECT_EQ(of(59.4), "59 s");
    EXPECT_EQ(of(59.6), "1 min 0 s");
    EXPECT_EQ(of(125), "2 min 5 s");
    EXPECT_EQ(of(3'599.7), "1 h 0 min");
    EXPECT_EQ(of(90'000), "1 d 1 h");
    EXPECT_EQ(of(1e12), "over a year");
}

TEST_F(StatusTextTest, TokenRatesNeverShowZeroForSomething) {
    EXPECT_EQ(StatusText::tokenRate(0), QStringLiteral("-"));
    EXPECT_EQ(StatusText::tokenRate(-3), QStringLiteral("-"));
    EXPECT_EQ(StatusText::tokenRate(std::numeric_limits<double>::quiet_NaN()), QStringLiteral("-"));
    EXPECT_EQ(StatusText::tokenRate(0.01), QStringLiteral("0.1 tokens/s"));
    EXPECT_EQ(StatusText::tokenRate(9.94), QStringLiteral("9.9 tokens/s"));
    EXPECT_EQ(StatusText::tokenRate(9.96), QStringLiteral("10 tokens/s"));
}

TEST_F(StatusTextTest, NumbersFollowTheUsersFormat) {
    QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
    EXPECT_EQ(StatusText::count(1'234'567), QStringLiteral("1.234.567"));
    EXPECT_EQ(StatusText::bytes(4'100'000'000), QStringLiteral("4,1 GB"));
}

}  // namespace
}  // namespace larder::ui
