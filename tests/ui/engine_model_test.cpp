// The bridge, under everything a service's threads can do to it.
#include "ui/engine_model.h"

#include <gtest/gtest.h>

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <QThread>
#include <atomic>
#include <thread>

#include "tests/support/scripted_service.h"

namespace larder::ui {
namespace {

using support::ScriptedService;

bool waitFor(const std::function<bool()>& condition) {
    return QTest::qWaitFor(condition, 20'000);
}

class EngineModelTest : public testing::Test {
protected:
    bool anyTimerActive() const {
        const auto timers = model.findChildren<QTimer*>();
        EXPECT_EQ(timers.size(), 2);
        return std::any_of(timers.begin(), timers.end(), [](const QTimer* timer) { return timer->isActive(); });
    }

    ScriptedService* service = nullptr;
    EngineModel model{ScriptedService::maker(service)};
};

TEST_F(EngineModelTest, HasASnapshotFromTheStart) {
    EXPECT_EQ(model.snapshot().address, "http://127.0.0.1:1337");
}

TEST_F(EngineModelTest, AChangeIsToldOnTheGuiThread) {
    QThread* toldOn = nullptr;
    QObject::connect(
        &model, &EngineModel::changed, &model, [&] { toldOn = QThread::currentThread(); }, Qt::DirectConnection);
    std::thread other([&] { service->edit([](ServiceSnapshot& s) { s.failure = "new"; }); });
    other.join();
    EXPECT_EQ(model.snapshot().failure, "") << "not before the event loop";
    ASSERT_TRUE(waitFor([&] { return toldOn != nullptr; }));
    EXPECT_EQ(toldOn, model.thread());
    EXPECT_EQ(model.snapshot().failure, "new");
}

TEST_F(EngineModelTest, AHammeringServiceIsToldOfTenTimesASecondAndTheLastValueArrives) {
    int told = 0;
    QObject::connect(&model, &EngineModel::changed, [&] { ++told; });
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> written{0};
    QElapsedTimer clock;
    clock.start();
    std::thread hammer([&] {
        while (!stop) {
            ++written;
            service->edit([&](ServiceSnapshot& s) { s.engine.total.requests = written; });
        }
    });
    waitFor([&] { return told >= 8; });
    stop = true;
    hammer.join();
    EXPECT_TRUE(waitFor([&] { return model.snapshot().engine.total.requests == written; }));
    QTest::qWait(250);  // nothing more may come
    EXPECT_GE(told, 8);
    EXPECT_LE(told, clock.elapsed() / 100 + 2);
    EXPECT_GT(written, 100u);
    const int whenQuiet = told;
    const int looks = service->snapshotsTaken();
    EXPECT_LE(looks, told + 2) << "a snapshot is copied only to be shown";
    QTest::qWait(250);
    EXPECT_EQ(told, whenQuiet);
}

TEST_F(EngineModelTest, AChangeWithinTheCalmIsToldAtItsEnd) {
    service->edit([](ServiceSnapshot& s) { s.failure = "one"; });
    ASSERT_TRUE(waitFor([&] { return model.snapshot().failure == "one"; }));
    service->edit([](ServiceSnapshot& s) { s.failure = "two"; });
    EXPECT_TRUE(waitFor([&] { return model.snapshot().failure == "two"; }));
    EXPECT_TRUE(waitFor([&] { return !anyTimerActive(); }));
}

TEST_F(EngineModelTest, RepliesRunOnTheGuiThreadNeverInsideTheCall) {
    for (const bool threaded : {false, true}) {
        if (threaded) service->answerFromThread();
        QThread* ranOn = nullptr;
        model.service().loadModel("tiny", model.reply<void>(&model, [&](const Expected<void>& loaded) {
            EXPECT_TRUE(loaded.ok());
            ranOn = QThread::currentThread();
        }));
        EXPECT_EQ(ranOn, nullptr);
        ASSERT_TRUE(waitFor([&] { return ranOn != nullptr; }));
        EXPECT_EQ(ranOn, model.thread());
    }
}

TEST_F(EngineModelTest, RepliesCarryValuesAndErrors) {
    std::string key;
    model.service().renewApiKey(
        model.reply<std::string>(&model, [&](const Expected<std::string>& made) { key = *made; }));
    EXPECT_TRUE(waitFor([&] { return key == "renewed-key-1"; }));
    service->failWith("renewApiKey", {ErrorCode::PermissionDenied, "the file cannot be written"});
    std::string problem;
    model.service().renewApiKey(model.reply<std::string>(
        &model, [&](const Expected<std::string>& made) { problem = made.ok() ? "?" : made.error().message; }));
    EXPECT_TRUE(waitFor([&] { return problem == "the file cannot be written"; }));
}

TEST_F(EngineModelTest, AReplyIsDroppedWhenItsContextDied) {
    bool dropped = true;
    bool other = false;
    {
        QObject context;
        service->holdReplies();
        model.service().loadModel("tiny", model.reply<void>(&context, [&](const Expected<void>&) { dropped = false; }));
        model.service().loadModel("tiny", model.reply<void>(&model, [&](const Expected<void>&) { other = true; }));
    }
    service->releaseReplies();
    EXPECT_TRUE(waitFor([&] { return other; }));
    EXPECT_TRUE(dropped);
}

TEST_F(EngineModelTest, AReplyOnItsWayIsDroppedWhenItsContextDies) {
    bool dropped = true;
    bool other = false;
    auto context = std::make_unique<QObject>();
    model.service().loadModel("tiny",
                              model.reply<void>(context.get(), [&](const Expected<void>&) { dropped = false; }));
    context.reset();  // already posted
    model.service().loadModel("tiny", model.reply<void>(&model, [&](const Expected<void>&) { other = true; }));
    EXPECT_TRUE(waitFor([&] { return other; }));
    EXPECT_TRUE(dropped);
}

TEST(EngineModelEndTest, MayDieWhilePingsAndRepliesArrive) {
    std::atomic<int> afterEnd{0};
    for (int round = 0; round < 200; ++round) {
        ScriptedService* service = nullptr;
        std::function<void()> ping;
        auto alive = std::make_shared<bool>(true);
        auto model = std::make_unique<EngineModel>([&](std::function<void()> changed) {
            ping = changed;
            return ScriptedService::maker(service)(std::move(changed));
        });
        service->answerFromThread();
        QObject context;
        std::atomic<bool> stop{false};
        std::atomic<int> pings{0};
        // Goes on after the model's end, as a late thread might; ends with the last hold on the door.
        std::thread late([&stop, &pings, ping = std::exchange(ping, nullptr)] {
            while (!stop) {
                ping();
                ++pings;
            }
        });
        QObject::connect(model.get(), &EngineModel::changed, [&] { afterEnd += *alive ? 0 : 1; });
        for (int i = 0; i < 20; ++i)
            model->service().loadModel(
                "m", model->reply<void>(&context, [&, alive](const Expected<void>&) { afterEnd += *alive ? 0 : 1; }));
        if (round % 3 == 1) QCoreApplication::processEvents();
        while (pings == 0) QThread::yieldCurrentThread();
        *alive = false;
        model.reset();
        if (round % 2 == 0) QCoreApplication::processEvents();
        stop = true;
        late.join();
        QCoreApplication::processEvents();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }
    EXPECT_EQ(afterEnd, 0);
}

TEST(EngineModelEndTest, RepliesOfAServiceThatEndsAreDropped) {
    bool called = false;
    QObject context;
    {
        ScriptedService* service = nullptr;
        EngineModel model(ScriptedService::maker(service));
        service->holdReplies();
        model.service().loadModel("tiny", model.reply<void>(&context, [&](const Expected<void>&) { called = true; }));
    }
    QCoreApplication::processEvents();
    EXPECT_FALSE(called);
}

TEST_F(EngineModelTest, HiddenAndIdleNothingWakesUp) {
    EXPECT_FALSE(anyTimerActive());
    service->edit([](ServiceSnapshot& s) { s.server = ServerState::Running; });
    ASSERT_TRUE(waitFor([&] { return model.snapshot().server == ServerState::Running; }));
    ASSERT_TRUE(waitFor([&] { return !anyTimerActive(); }));
    EXPECT_EQ(model.history().size(), 0u);
}

TEST_F(EngineModelTest, WatchedItSamplesEverySecondUntilItIsNot) {
    model.setWatched(true);
    EXPECT_TRUE(anyTimerActive());
    EXPECT_GE(model.history().size(), 1u) << "the window shows figures at once";
    ASSERT_TRUE(waitFor([&] { return model.history().size() >= 3; }));
    EXPECT_EQ(model.history().at(2).second, model.history().at(1).second + 1);
    model.setWatched(false);
    ASSERT_TRUE(waitFor([&] { return !anyTimerActive(); }));
    const std::size_t samples = model.history().size();
    QTest::qWait(1'200);
    EXPECT_EQ(model.history().size(), samples);
}

TEST_F(EngineModelTest, UnwatchedItSamplesWhileBusyAndUntilTheRatesFell) {
    service->edit([](ServiceSnapshot& s) {
        s.server = ServerState::Running;
        s.engine.runningSequences = 1;
    });
    ASSERT_TRUE(waitFor([&] { return model.history().size() >= 1; }));
    service->editQuietly([](ServiceSnapshot& s) {
        s.engine.total.computedPromptTokens = 100;
        s.engine.total.prefillSeconds = 0.5;
    });
    ASSERT_TRUE(waitFor([&] { return model.history().at(model.history().size() - 1).prefillTokensPerSecond > 0; }));
    service->edit([](ServiceSnapshot& s) { s.engine.runningSequences = 0; });
    ASSERT_TRUE(waitFor([&] { return !anyTimerActive(); }));
    EXPECT_EQ(model.history().at(model.history().size() - 1).prefillTokensPerSecond, 0) << "the line ends at zero";
}

TEST_F(EngineModelTest, RefreshTellsAtOnce) {
    QSignalSpy changed(&model, &EngineModel::changed);
    service->editQuietly([](ServiceSnapshot& s) { s.failure = "new"; });
    model.refresh();
    EXPECT_EQ(changed.size(), 1);
    EXPECT_EQ(model.snapshot().failure, "new");
}

TEST_F(EngineModelTest, SampleAtUsesTheGivenTime) {
    model.sampleAt(5'000);
    model.sampleAt(6'000);
    ASSERT_EQ(model.history().size(), 2u);
    EXPECT_EQ(model.history().at(0).second, 5);
    EXPECT_EQ(model.history().at(1).second, 6);
}

}  // namespace
}  // namespace larder::ui
