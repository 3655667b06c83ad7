// The Requests page as a user works it: what runs, how far it is, why it computes, and an end to it.
#include <gmock/gmock.h>

#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTableView>
#include <QTest>

#include "tests/support/scripted_service.h"
#include "ui/look.h"
#include "ui/pages/request_table.h"
#include "ui/pages/requests_page.h"

namespace larder::ui {
namespace {

using ::testing::ElementsAre;

class RequestsPageTest : public ::testing::Test {
protected:
    RequestsPageTest() {
        Look::install(*qApp, QStringLiteral("light"));
        service->edit([](ServiceSnapshot& s) { s.server = ServerState::Running; });
        page.resize(1000, 800);
        page.show();
        show({});
    }
    void show(RequestList requests) {
        service->setRequests(std::move(requests));
        model.refresh();
        QTest::qWait(1);
    }
    static RequestStatus request(std::uint64_t number, RequestState state) {
        RequestStatus made;
        made.number = number;
        made.state = state;
        made.model = "tiny";
        made.protocol = "anthropic messages";
        made.title = "Question " + std::to_string(number);
        made.startedUnixMs = 1'767'225'600'000;
        if (state == RequestState::Done || state == RequestState::Cancelled || state == RequestState::Failed) made.endedUnixMs = made.startedUnixMs + 65'000;
        made.promptTokens = 1000;
        made.cachedTokens = 700;
        made.loadedTokens = 200;
        made.doneTokens = 1000;
        return made;
    }
    template <class T>
    T* part(const char* name) const {
        auto* found = page.findChild<T*>(QLatin1String(name));
        EXPECT_NE(found, nullptr) << name;
        return found;
    }
    QTableView* table() const { return part<QTableView>("requests"); }
    QPushButton* cancel() const { return part<QPushButton>("cancelRequest"); }
    std::string cell(int row, int column) const { return table()->model()->index(row, column).data().toString().toStdString(); }
    std::string label(const char* name) const { return part<QLabel>(name)->text().remove(QChar(0x200b)).toStdString(); }
    std::string chosen() const { return cell(table()->currentIndex().row(), RequestTable::Title); }
    void choose(int row) { table()->setCurrentIndex(table()->model()->index(row, 0)); }

    support::ScriptedService* service = nullptr;
    EngineModel model{support::ScriptedService::maker(service)};
    RequestsPage page{model};
};

TEST_F(RequestsPageTest, WithoutRequestsItSaysWhatItIsFor) {
    EXPECT_TRUE(part<QLabel>("noRequests")->isVisible());
    EXPECT_FALSE(part<QWidget>("requestList")->isVisible());
    EXPECT_FALSE(part<QWidget>("requestDetails")->isVisible());
    EXPECT_THAT(label("noRequests"), ::testing::HasSubstr("No request came"));
    service->edit([](ServiceSnapshot& s) { s.server = ServerState::Stopped; });
    model.refresh();
    EXPECT_THAT(label("noRequests"), ::testing::HasSubstr("does not run"));
    show({request(1, RequestState::Done)});
    EXPECT_FALSE(part<QLabel>("noRequests")->isVisible());
    EXPECT_TRUE(table()->isVisible());
}

TEST_F(RequestsPageTest, EveryStateHasItsWords) {
    RequestList list;
    for (const RequestState state : {RequestState::Waiting, RequestState::Loading, RequestState::Prefilling, RequestState::Prefilling,
                                     RequestState::Answering, RequestState::Done, RequestState::Failed, RequestState::Cancelled})
        list.push_back(request(20 - list.size(), state));
    list[2].doneTokens = list[3].doneTokens = 433;
    list[3].etaMs = 75'000;
    list[5].answerTokens = 1234;
    show(list);
    std::vector<std::string> states;
    for (int row = 0; row < 8; ++row) states.push_back(cell(row, RequestTable::State));
    EXPECT_THAT(states, ElementsAre("waiting", "model is loading", "reading 43 %", "reading 43 %, 1 min 15 s left", "answering", "done", "failed", "cancelled"));
    EXPECT_EQ(cell(5, RequestTable::Title), "Question 15");
    EXPECT_EQ(cell(5, RequestTable::Client), "Anthropic");
    EXPECT_EQ(cell(5, RequestTable::Prompt), "1,000");
    EXPECT_EQ(cell(5, RequestTable::Answer), "1,234");
    EXPECT_EQ(cell(5, RequestTable::Duration), "1 min 5 s");
}

TEST_F(RequestsPageTest, TheBarIsWhereThePromptCameFrom) {
    RequestStatus one = request(1, RequestState::Prefilling);
    one.doneTokens = 800;
    one.followedTokens = 50;
    show({one});
    const QModelIndex bar = table()->model()->index(0, RequestTable::Parts);
    EXPECT_EQ(bar.data(RequestTable::kSharesRole).value<RequestShares>(), (RequestShares{0.5, 0.2, 0.1}));
    EXPECT_EQ(bar.data(Qt::AccessibleTextRole).toString().toStdString(), "500 from memory, 200 from the disk, 100 computed");
    EXPECT_EQ(bar.data(Qt::ToolTipRole).toString().toStdString(),
              "500 from memory, 200 from the disk, 100 computed\n50 of those from memory came from a request beside it");
    one.promptTokens = 0;
    show({one});
    EXPECT_EQ(bar.data(RequestTable::kSharesRole).value<RequestShares>(), RequestShares{});
}

TEST_F(RequestsPageTest, TheNewestIsChosenAndStaysSoWhenOthersCome) {
    show({request(5, RequestState::Done), request(4, RequestState::Done)});
    EXPECT_EQ(chosen(), "Question 5");
    choose(1);
    show({request(6, RequestState::Answering), request(5, RequestState::Done), request(4, RequestState::Done)});
    EXPECT_EQ(chosen(), "Question 4");
    EXPECT_EQ(table()->currentIndex().row(), 2);
    show({request(7, RequestState::Answering)});
    EXPECT_EQ(chosen(), "Question 7") << "the chosen one is forgotten";
    show({});
    EXPECT_FALSE(part<QWidget>("requestDetails")->isVisible());
}

TEST_F(RequestsPageTest, OneThatRunsCanBeCancelledOnce) {
    show({request(3, RequestState::Answering), request(2, RequestState::Done)});
    EXPECT_TRUE(cancel()->isEnabled());
    QTest::mouseClick(cancel(), Qt::LeftButton);
    EXPECT_TRUE(service->called("cancelRequest 3"));
    EXPECT_FALSE(cancel()->isEnabled()) << "it is on its way";
    choose(1);
    EXPECT_FALSE(cancel()->isEnabled()) << "it is over";
    show({request(4, RequestState::Waiting), request(2, RequestState::Done)});
    choose(0);
    EXPECT_TRUE(cancel()->isEnabled());
}

TEST_F(RequestsPageTest, DetailsSayWhyInASentence) {
    RequestStatus one = request(9, RequestState::Done);
    one.sharedTokens = 700;
    one.closestTokens = 1200;
    one.closestNumber = 8;
    const RequestStatus known = one;
    const auto why = [&](MissCause cause) {
        one.cause = cause;
        show({one});
        return label("requestWhy");
    };
    EXPECT_EQ(why(MissCause::Unknown), "What was known before the server was started was still being read when this was computed.");
    one.doneTokens = one.cachedTokens;
    EXPECT_EQ(why(MissCause::Unknown), "It ended before anything of its prompt was computed.");
    one = known;
    EXPECT_EQ(why(MissCause::Nothing), "Nothing but the last token of the prompt had to be computed.");
    EXPECT_EQ(why(MissCause::Grown), "300 tokens were added to a known prompt of 700.");
    EXPECT_EQ(why(MissCause::New), "No known prompt of this model begins like it.");
    EXPECT_EQ(why(MissCause::Differs), "It leaves the closest known prompt (request 8) after 700 of 1,200 tokens: what comes there has to be computed.");
    one.closestNumber = 0;
    EXPECT_EQ(why(MissCause::Differs), "It leaves the closest known prompt, of before the server was started, after 700 of 1,200 tokens: what comes there has to "
                                       "be computed.");
    one.cachedTokens = 650;
    EXPECT_EQ(why(MissCause::Evicted), "700 tokens were known, but not all of them were still kept: there was no room for them, or they were cleared or removed. "
                                       "350 had to be computed.");
    EXPECT_EQ(why(MissCause::NotStored), "700 tokens are shared with a prompt that was not kept, was stopped before its end, or was still being computed. "
                                         "350 had to be computed.");
    EXPECT_EQ(why(MissCause::NotWritten), "700 tokens were known before the server was started, but are not on the disk: the cache there is off or was off "
                                          "then, that server ended before it had written them, or their files were removed. 350 had to be computed.");
    EXPECT_EQ(why(MissCause::Damaged), "700 tokens were known, but a block of theirs on the disk was damaged: it was set aside, and 350 had to be computed.");
    EXPECT_EQ(why(MissCause::Snapshot), "700 tokens were known, but the model's state was kept after 650 of them only.");
    EXPECT_EQ(why(MissCause::Asked), "The client asked for the probabilities of the prompt itself, so 350 tokens were computed.");
    one.cachedTokens = 800;
    EXPECT_EQ(why(MissCause::Grown), "800 tokens were still kept of older prompts; 200 came behind them.");
    EXPECT_FALSE(part<QPlainTextEdit>("knownText")->isVisible());
    one.state = RequestState::Waiting;
    one.doneTokens = one.endedUnixMs = 0;
    EXPECT_EQ(why(MissCause::Unknown), "Nothing of the prompt was computed yet.");
}

TEST_F(RequestsPageTest, DetailsHaveTheNumbersAndTheFailure) {
    RequestStatus one = request(9, RequestState::Failed);
    one.failure = "the model could not be loaded";
    one.prepareMs = 12.4;
    one.timings = {0, 2'000, 3'000, 2'000};
    one.answerTokens = 40;
    show({one});
    EXPECT_EQ(label("requestFailure"), "the model could not be loaded.");
    EXPECT_EQ(label("requestNumbers"), "1,000 tokens: 500 from memory, 200 from the disk, 300 computed · read in 12 ms · waited 2 s · computed in 3 s · "
                                       "answered at 20 tokens/s");
    show({request(10, RequestState::Done)});
    EXPECT_FALSE(part<QLabel>("requestFailure")->isVisible());
}

TEST_F(RequestsPageTest, TheDifferingTextsStandSideBySide) {
    RequestStatus one = request(9, RequestState::Done);
    one.cause = MissCause::Differs;
    one.sharedText = "Today is ";
    one.knownText = "Monday\nand <b>bold</b>";
    one.askedText = "Tuesday";
    show({one});
    auto* known = part<QPlainTextEdit>("knownText");
    auto* asked = part<QPlainTextEdit>("askedText");
    EXPECT_TRUE(known->isVisible());
    EXPECT_EQ(known->toPlainText().toStdString(), "Today is Monday\nand <b>bold</b>") << "text, no markup";
    EXPECT_EQ(asked->toPlainText().toStdString(), "Today is Tuesday");
    EXPECT_TRUE(known->isReadOnly());
    EXPECT_EQ(known->y(), asked->y());
    EXPECT_LT(known->geometry().right(), asked->geometry().left());
    QTextCursor cursor(asked->document());
    cursor.setPosition(3);
    EXPECT_EQ(cursor.charFormat().foreground().color(), Look::instance().color(Look::Role::MutedText)) << "what they share";
    cursor.setPosition(12);
    EXPECT_EQ(cursor.charFormat().foreground().color(), Look::instance().color(Look::Role::Text));
    asked->selectAll();
    show({one});
    EXPECT_TRUE(asked->textCursor().hasSelection()) << "nothing changed, so nothing is lost";
    Look::instance().setAppearance(QStringLiteral("dark"));
    EXPECT_EQ(cursor.charFormat().foreground().color(), Look::instance().color(Look::Role::Text));
    Look::instance().setAppearance(QStringLiteral("light"));
}

TEST_F(RequestsPageTest, HiddenItDoesNothing) {
    page.hide();
    show({request(1, RequestState::Done)});
    EXPECT_EQ(table()->model()->rowCount(), 0);
    page.show();
    EXPECT_EQ(table()->model()->rowCount(), 1);
}

}  // namespace
}  // namespace larder::ui
