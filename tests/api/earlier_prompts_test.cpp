// What a book of requests says of prompts that an earlier server knew: the cause is true whatever became of them, and never New.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/api/request_book.h"
#include "tests/api/api_house.h"
#include "tests/support/faulty_file_system.h"

namespace larder::api {
namespace {

using ::testing::HasSubstr;

const std::string kLong(200, 'x');

class EarlierPromptsTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(files.makeFolder("/base").ok());
        cold.on = true;
        cold.limitBytes = 1'000'000;
        start();
    }
    void start() {
        store.emplace(records::PromptStoreParts{.file = "/base/prompts.sqlite3", .files = &files});
        book.emplace(RequestBookLimits{}, std::function<void()>(), RequestBookSources{&*store, [this] { return cold; }});
        store->flush();
    }
    void restart() {
        book.reset();
        store.reset();
        start();
    }
    void die() {
        store->flush();
        files.settle();
        files.powerCut();
        book.reset();
        store.reset();
        files.boot();
        start();
    }
    struct Shape {
        bool noStore = false;
        DiskLoss diskLoss = DiskLoss::None;
        std::uint64_t content = 1;
        bool stops = true;  // by a stop token, which the next prompt need not have
    };
    RequestEntry prepare(const std::string& prompt, const Shape& shape) {
        RequestEntry entry = book->open("openai chat", nullptr);
        PreparedRequest request;
        request.model = "tiny";
        request.content = shape.content;
        request.ids = byteTokens(prompt);
        request.text = text;
        request.noStore = shape.noStore;
        entry.prepared(std::move(request));
        return entry;
    }
    static void compute(RequestEntry& entry, std::size_t computed, std::size_t cached, std::size_t total, DiskLoss loss = DiskLoss::None) {
        PrefillProgress progress;
        progress.computedTokens = computed;
        progress.cachedTokens = cached;
        progress.totalTokens = total;
        progress.diskLoss = loss;
        entry.progress(progress);
    }
    RequestStatus ask(const std::string& prompt, std::size_t cached, const Shape& shape) {
        RequestEntry entry = prepare(prompt, shape);
        compute(entry, cached, cached, prompt.size(), shape.diskLoss);
        for (const TokenId token : byteTokens("yes")) entry.answered(token);
        GenerationFinished finished;
        if (shape.stops) finished.stopToken = kImEnd;
        finished.promptTokens = prompt.size();
        finished.cachedTokens = cached;
        entry.finished(finished);
        return newest();
    }
    RequestStatus ask(const std::string& prompt, std::size_t cached = 0) { return ask(prompt, cached, Shape{}); }
    RequestStatus newest() const {  // of the ended ones
        const auto all = book->source()({});
        for (const RequestStatus& status : *all)
            if (status.endedUnixMs > 0) return status;
        return {};
    }

    support::FaultyFileSystem files;
    SharedModelText text = makeTinyText();
    ColdTierStatus cold;
    std::optional<records::PromptStore> store;
    std::optional<RequestBook> book;
};

TEST_F(EarlierPromptsTest, KnownWithItsAnswer) {
    ask(kLong);
    restart();
    RequestStatus status = ask(kLong + "yes", 203 - 1);
    EXPECT_EQ(status.cause, MissCause::Nothing);
    EXPECT_EQ(status.sharedTokens, 203u);
    EXPECT_EQ(status.closestNumber, 0u);
    restart();
    status = ask(kLong + "yes, and no", 203);
    EXPECT_EQ(status.cause, MissCause::Grown);
    EXPECT_EQ(status.why, "8 tokens were added to a known prompt of 203.");
}

TEST_F(EarlierPromptsTest, WhereItDiffersTheTextsAreShown) {
    ask(kLong + "old");
    restart();
    const RequestStatus status = ask(kLong + "new", 200);
    EXPECT_EQ(status.cause, MissCause::Differs);
    EXPECT_THAT(status.knownText, HasSubstr("oldyes"));
    EXPECT_EQ(status.askedText, "new");
    EXPECT_EQ(status.closestTokens, 200u + 3 + 3 + 1);
}

TEST_F(EarlierPromptsTest, LostBecauseTheColdCacheIsOff) {
    cold.on = false;
    ask(kLong);
    restart();
    RequestStatus status = ask(kLong);
    EXPECT_EQ(status.cause, MissCause::NotWritten);
    EXPECT_EQ(status.why, "200 tokens were known before the server was started, but only what the cache on the disk has outlives a restart, and it is off.");
    cold.problem = "the folder cannot be written";
    restart();
    EXPECT_THAT(ask(kLong).why, HasSubstr("it is off: the folder cannot be written."));
    restart();
    cold.on = true;
    cold.problem.clear();
    status = ask(kLong + "!");
    EXPECT_EQ(status.cause, MissCause::NotWritten);
    EXPECT_THAT(status.why, HasSubstr("the cache on the disk was off then. 1 token was added behind them."));
}

TEST_F(EarlierPromptsTest, GivenUpSince) {
    ask(kLong);
    restart();
    const RequestStatus status = ask(kLong, 64);
    EXPECT_EQ(status.cause, MissCause::Evicted);
    EXPECT_EQ(status.why, "200 tokens were known before the server was started, but 135 of them had been given up since: the disk had no room for them, or "
                          "their files were removed.");
}

TEST_F(EarlierPromptsTest, NotWrittenBeforeTheServerDied) {
    ask(kLong);
    die();
    RequestStatus status = ask(kLong, 128);
    EXPECT_EQ(status.cause, MissCause::NotWritten);
    EXPECT_THAT(status.why, HasSubstr("71 of them are not on the disk: that server ended before it had written them, or their files were removed."));
    die();
    cold.usedBytes = 999'999;
    cold.quarantineFiles = 1;
    status = ask(kLong);
    EXPECT_EQ(status.cause, MissCause::Evicted);
    EXPECT_THAT(status.why, HasSubstr("the disk had no room for them, or that server ended"));
    EXPECT_THAT(status.why, HasSubstr("or a damaged block was set aside"));
}

TEST_F(EarlierPromptsTest, ADamagedBlockAndOneThatIsGone) {
    ask(kLong);
    restart();
    RequestStatus status = ask(kLong, 64, {.diskLoss = DiskLoss::Damaged});
    EXPECT_EQ(status.cause, MissCause::Damaged);
    EXPECT_EQ(status.why, "200 tokens were known, but a block of theirs on the disk was damaged: it was set aside, and 135 tokens were computed from there on.");
    status = ask(kLong, 64, {.diskLoss = DiskLoss::Damaged});
    EXPECT_EQ(status.cause, MissCause::Damaged) << "also where this server had computed it";
    status = ask(kLong, 64, {.diskLoss = DiskLoss::Gone});
    EXPECT_EQ(status.cause, MissCause::Evicted);
    EXPECT_THAT(status.why, HasSubstr("files of the cache on the disk had gone"));
}

TEST_F(EarlierPromptsTest, WhatThisServerComputedAgainItLostItself) {
    cold.on = false;
    ask(kLong);
    restart();
    ask(kLong);
    const RequestStatus status = ask(kLong);
    EXPECT_EQ(status.cause, MissCause::Evicted);
    EXPECT_THAT(status.why, HasSubstr("there was no room for them, or the cache was cleared"));
    EXPECT_EQ(status.closestNumber, 1u);
}

TEST_F(EarlierPromptsTest, OneThatRanWhenTheServerDied) {
    RequestEntry running = prepare(kLong, {});
    compute(running, 90, 0, 200);
    store->flush();
    files.settle();
    files.powerCut();
    running.failed({ErrorCode::Cancelled, ""});
    book.reset();
    store.reset();
    files.boot();
    start();
    const RequestStatus status = ask(kLong, 90);
    EXPECT_EQ(status.cause, MissCause::NotStored);
    EXPECT_EQ(status.why, "The server ended while the closest known prompt was being computed: at least 90 of 200 tokens were done.");
}

TEST_F(EarlierPromptsTest, WhatNothingMayBeKeptOfIsNeverWritten) {
    ask(kLong, 0, {.noStore = true});
    restart();
    EXPECT_EQ(ask(kLong).cause, MissCause::New);
    restart();
    // Its longer sibling leaves the one that may be kept where it is.
    ask(kLong + "yes secret", 203, {.noStore = true});
    restart();
    const RequestStatus status = ask(kLong + "yes secret", 203);
    EXPECT_EQ(status.cause, MissCause::Grown);
    EXPECT_EQ(status.sharedTokens, 203u);
}

TEST_F(EarlierPromptsTest, AnotherFileUnderTheSameNameIsAnotherModel) {
    ask(kLong);
    restart();
    EXPECT_EQ(ask(kLong, 0, {.content = 2}).cause, MissCause::New);
    EXPECT_EQ(ask(kLong).cause, MissCause::Evicted);
}

TEST_F(EarlierPromptsTest, WhatWasClearedIsNotKnownLater) {
    ask(kLong);
    store->clear("tiny");
    EXPECT_EQ(ask(kLong).cause, MissCause::Evicted) << "the server that cleared it knows";
    store->clear("");
    restart();
    EXPECT_EQ(ask(kLong).cause, MissCause::New);
}

TEST_F(EarlierPromptsTest, TurnsAreOnePromptOverRestarts) {
    std::string prompt = kLong;
    for (int turn = 0; turn < 5; ++turn) {
        ask(prompt, prompt.size() - 1, {.stops = false});
        prompt += "yes";
        if (turn % 2 == 0) restart();
    }
    EXPECT_LT(book->promptBytes(), 2500u);
    ask(kLong, 199);  // contained in it
    restart();
    EXPECT_LT(book->promptBytes(), 2500u);
    EXPECT_EQ(ask(prompt, 100).cause, MissCause::Evicted);
}

// Before the record is read nobody knows; afterwards everybody does, also those that came before.
TEST_F(EarlierPromptsTest, WhoComesBeforeTheRecordIsReadIsToldLater) {
    ask(kLong);
    book.reset();
    base::Mailbox<bool> goOn;
    store.emplace(records::PromptStoreParts{.file = "/base/prompts.sqlite3", .files = &files});
    store->load(0, [&](std::vector<records::StoredPrompt>) { goOn.wait(); });  // holds the store's thread up
    book.emplace(RequestBookLimits{}, std::function<void()>(), RequestBookSources{&*store, [this] { return cold; }});
    RequestEntry first = prepare(kLong, {});
    compute(first, 100, 0, 200);
    EXPECT_EQ(book->find(1, {})->cause, MissCause::Unknown);
    EXPECT_THAT(book->find(1, {})->why, HasSubstr("still being read"));
    EXPECT_EQ(ask(kLong, 199).cause, MissCause::Nothing) << "which is true in any case";
    EXPECT_EQ(ask("something else").cause, MissCause::Unknown);
    goOn.post(true);
    store->flush();
    EXPECT_EQ(newest().cause, MissCause::New) << "which has ended";
    compute(first, 150, 0, 200);
    const RequestStatus status = *book->find(1, {});
    EXPECT_EQ(status.cause, MissCause::Evicted);
    EXPECT_EQ(status.sharedTokens, 200u);
    first.failed({ErrorCode::Cancelled, ""});
}

TEST_F(EarlierPromptsTest, ABrokenRecordOnlyKnowsNothing) {
    ask(kLong);
    book.reset();
    store.reset();
    for (std::uint64_t bit = 0; bit < 800; ++bit) files.flipBit("/base/prompts.sqlite3", bit);
    start();
    EXPECT_EQ(ask(kLong).cause, MissCause::New);
    EXPECT_EQ(ask(kLong, 64).cause, MissCause::Evicted);
    restart();
    EXPECT_EQ(ask(kLong).cause, MissCause::Evicted);
}

}  // namespace
}  // namespace larder::api
