#include "engine/base/mailbox.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "engine/base/thread.h"

namespace larder::base {
namespace {

using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::IsEmpty;

bool isReadable(int fd) {
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, 0) == 1;
}

TEST(Mailbox, KeepsTheOrderOfOneSender) {
    Mailbox<int> mailbox;
    for (int i = 1; i <= 3; ++i) EXPECT_TRUE(mailbox.post(i));
    EXPECT_THAT(mailbox.take(), ElementsAre(1, 2, 3));
    EXPECT_THAT(mailbox.take(), IsEmpty());
}

TEST(Mailbox, CarriesWhatCanOnlyBeMoved) {
    Mailbox<std::unique_ptr<int>> mailbox;
    mailbox.post(std::make_unique<int>(7));
    const auto messages = mailbox.wait();
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(*messages[0], 7);
}

TEST(Mailbox, WaitUntilGivesUpAtTheDeadline) {
    Mailbox<int> mailbox;
    EXPECT_THAT(mailbox.waitUntil(steady_clock::now() - std::chrono::seconds(1)), IsEmpty());
    mailbox.post(1);
    EXPECT_THAT(mailbox.waitUntil(steady_clock::now() - std::chrono::seconds(1)), ElementsAre(1));
}

TEST(Mailbox, AQuietWaiterSleepsOnUntilSomethingIsUrgent) {
    constexpr auto kNever = steady_clock::time_point::max();
    Mailbox<int> mailbox;
    std::vector<int> got;
    Thread waiter("waiter", [&] { got = mailbox.waitUntil(kNever, kNever); });
    for (int i = 0; i < 1000; ++i) mailbox.post(i, Urgency::Soon);
    mailbox.post(1000);
    waiter.join();
    EXPECT_EQ(got.size(), 1001u);
    // What was urgent is so once only.
    mailbox.post(1, Urgency::Soon);
    Thread again("waiter", [&] { got = mailbox.waitUntil(kNever, kNever); });
    mailbox.post(2, Urgency::Soon);
    mailbox.close();
    again.join();
    EXPECT_THAT(got, ElementsAre(1, 2));
}

TEST(Mailbox, QuietEndsAtItsMomentAndAtTheDeadline) {
    const auto past = steady_clock::now() - std::chrono::seconds(1);
    Mailbox<int> mailbox;
    mailbox.post(1, Urgency::Soon);
    EXPECT_THAT(mailbox.waitUntil(steady_clock::time_point::max(), past), ElementsAre(1));
    mailbox.post(2, Urgency::Soon);
    EXPECT_THAT(mailbox.waitUntil(past, steady_clock::time_point::max()), ElementsAre(2));
    std::vector<int> got;
    Thread waiter("waiter", [&] { got = mailbox.waitUntil(steady_clock::time_point::max(), past); });
    mailbox.post(3, Urgency::Soon);
    waiter.join();
    EXPECT_THAT(got, ElementsAre(3));
}

TEST(Mailbox, CloseWakesTheWaiterAndRefusesPosts) {
    Mailbox<int> mailbox;
    std::vector<int> got{99};
    Thread waiter("waiter", [&] { got = mailbox.wait(); });
    mailbox.close();
    waiter.join();
    EXPECT_THAT(got, IsEmpty());
    EXPECT_FALSE(mailbox.post(1));
    EXPECT_TRUE(mailbox.closed());
}

TEST(Mailbox, WhatWasPostedBeforeCloseCanStillBeTaken) {
    Mailbox<int> mailbox;
    mailbox.post(1);
    mailbox.close();
    EXPECT_THAT(mailbox.wait(), ElementsAre(1));
    EXPECT_THAT(mailbox.wait(), IsEmpty());
}

TEST(Mailbox, LosesNothingFromManySenders) {
    constexpr int kSenders = 4;
    constexpr int kEach = 5000;
    Mailbox<int> mailbox;
    std::vector<Thread> senders;
    for (int s = 0; s < kSenders; ++s) {
        senders.emplace_back("sender", [&mailbox, s] {
            for (int i = 0; i < kEach; ++i) mailbox.post(s * kEach + i);
        });
    }
    std::vector<int> got;
    std::vector<int> last(kSenders, -1);
    while (got.size() < kSenders * kEach) {
        for (const int message : mailbox.wait()) {
            const auto sender = static_cast<std::size_t>(message / kEach);
            EXPECT_GT(message, last[sender]) << "order of one sender";
            last[sender] = message;
            got.push_back(message);
        }
    }
    std::sort(got.begin(), got.end());
    std::vector<int> all(kSenders * kEach);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(got, all);
}

// A consumer may destroy the mailbox as soon as it has seen the last message (the sanitizers watch).
TEST(Mailbox, MayDieRightAfterTheLastMessage) {
    for (int round = 0; round < 2000; ++round) {
        auto mailbox = std::make_unique<Mailbox<int>>();
        Thread sender("sender", [raw = mailbox.get()] { raw->post(1); });
        mailbox->wait();
        mailbox.reset();
    }
}

TEST(EventLoopMailbox, IsReadableExactlyWhileSomethingIsInside) {
    EventLoopMailbox<int> mailbox;
    EXPECT_FALSE(isReadable(mailbox.fd()));
    mailbox.post(1);
    mailbox.post(2);
    EXPECT_TRUE(isReadable(mailbox.fd()));
    EXPECT_THAT(mailbox.take(), ElementsAre(1, 2));
    EXPECT_FALSE(isReadable(mailbox.fd()));
    mailbox.post(3);
    EXPECT_TRUE(isReadable(mailbox.fd()));
    EXPECT_THAT(mailbox.take(), ElementsAre(3));
}

TEST(EventLoopMailbox, RefusesPostsOnceClosed) {
    EventLoopMailbox<int> mailbox;
    mailbox.post(1);
    mailbox.close();
    EXPECT_FALSE(mailbox.post(2));
    EXPECT_THAT(mailbox.take(), ElementsAre(1));
}

TEST(EventLoopMailbox, NeverSleepsOnAMessage) {
    constexpr int kMessages = 20000;
    EventLoopMailbox<int> mailbox;
    Thread sender("sender", [&] {
        for (int i = 0; i < kMessages; ++i) mailbox.post(i);
    });
    int next = 0;
    while (next < kMessages) {
        pollfd watched{mailbox.fd(), POLLIN, 0};
        ASSERT_EQ(::poll(&watched, 1, 60'000), 1) << "a message is inside and nobody said so";
        for (const int message : mailbox.take()) EXPECT_EQ(message, next++);
    }
}

}  // namespace
}  // namespace larder::base
