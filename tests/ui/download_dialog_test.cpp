#include "ui/download_dialog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>

#include "tests/support/scripted_service.h"
#include "tests/support/temp_folder.h"
#include "ui/pages/choice_table.h"
#include "ui/pages/repository_list.h"
#include "ui/repository_panel.h"
#include "ui/widgets/banner.h"

namespace larder::ui {
namespace {

DownloadChoice version(const std::string& label, std::uint64_t bytes, const std::string& problem = {}) {
    DownloadChoice choice;
    choice.label = label;
    choice.bytes = bytes;
    choice.problem = problem;
    choice.files = {{"name-" + label + ".gguf", bytes, std::string(64, 'a')}};
    choice.fit = {Fit::Good, bytes, 16'000'000'000, "needs little of this machine's 16 GB"};
    return choice;
}

Repository someRepository() {
    Repository repository;
    repository.id = "org/name";
    repository.commit = std::string(40, '1');
    repository.license = "apache-2.0";
    repository.pageUrl = "https://huggingface.co/org/name";
    repository.choices = {version("Q8_0", 2'000'000'000), version("Q4_0", 1'000'000'000),
                          version("Q6_K", 1'500'000'000, "Q6_K weights cannot be run yet.")};
    repository.recommended = 1;
    return repository;
}

SearchResult hit(const std::string& id) {
    SearchResult result;
    result.id = id;
    result.downloads = 12345;
    result.likes = 7;
    return result;
}

class DownloadDialogTest : public testing::Test {
protected:
    DownloadDialogTest() {
        service->editQuietly([&](ServiceSnapshot& s) { s.settings.baseDir = folder.path(); });
        model.refresh();
        service->setRepository(someRepository());
        service->setSearchResults({hit("org/name"), hit("org/other")});
        dialog.show();
    }
    bool wait(const std::function<bool()>& condition) { return QTest::qWaitFor(condition, 20'000); }
    void type(const QString& text) {
        field->clear();
        QTest::keyClicks(field, text);
    }
    void enter(const QString& text) {
        type(text);
        QTest::keyClick(field, Qt::Key_Return);
    }
    int found() const { return list->model()->rowCount(); }
    QString firstFound() const { return list->model()->index(0, 0).data().toString(); }
    bool repositoryShown() const { return table->isVisible() && table->model()->rowCount() == 3; }
    int callsOf(const std::string& verb) const {
        int count = 0;
        for (const std::string& call : service->calls()) count += call.rfind(verb, 0) == 0;
        return count;
    }

    support::TempFolder folder;
    support::ScriptedService* service = nullptr;
    EngineModel model{support::ScriptedService::maker(service)};
    DownloadDialog dialog{model};
    QLineEdit* field = dialog.findChild<QLineEdit*>(QStringLiteral("field"));
    QListView* list = dialog.findChild<QListView*>(QStringLiteral("results"));
    QTableView* table = dialog.findChild<QTableView*>(QStringLiteral("choices"));
    QPushButton* download = dialog.findChild<QPushButton*>(QStringLiteral("download"));
    QWidget* access = dialog.findChild<QWidget*>(QStringLiteral("access"));
    RepositoryPanel* panel = dialog.findChild<RepositoryPanel*>();
};

TEST_F(DownloadDialogTest, BeginsWithWhatSuitsTheMachine) {
    const auto recommended = recommendedModels(model.snapshot().machine);
    ASSERT_FALSE(recommended.empty());
    EXPECT_EQ(found(), static_cast<int>(recommended.size()));
    EXPECT_FALSE(download->isEnabled());
    type(QStringLiteral("x"));
    field->clear();
    ASSERT_TRUE(wait([&] { return found() == static_cast<int>(recommended.size()); }));   // empty again: back to these
    EXPECT_EQ(callsOf("searchRepositories"), 0);   // nobody searches for what was never left standing
}

TEST_F(DownloadDialogTest, WordsAreSearchedAndAResultListsItsVersions) {
    type(QStringLiteral("tiny llama"));
    ASSERT_TRUE(wait([&] { return found() == 2; }));
    EXPECT_EQ(callsOf("searchRepositories"), 1);   // once for ten keys
    EXPECT_TRUE(service->called("searchRepositories tiny llama"));
    list->setCurrentIndex(list->model()->index(0, 0));
    ASSERT_TRUE(wait([&] { return repositoryShown(); }));
    EXPECT_TRUE(service->called("listRepository org/name main"));
    EXPECT_EQ(table->currentIndex().row(), 1);   // the recommended one
    ASSERT_TRUE(download->isEnabled());
    QSignalSpy queued(&dialog, &DownloadDialog::downloadQueued);
    download->click();
    EXPECT_TRUE(service->called("startDownload org/name Q4_0"));
    EXPECT_EQ(queued.count(), 1);
    EXPECT_FALSE(dialog.isVisible());
}

TEST_F(DownloadDialogTest, AnExactNameIsNotSearched) {
    enter(QStringLiteral("https://huggingface.co/org/name"));
    ASSERT_TRUE(wait([&] { return repositoryShown(); }));
    EXPECT_EQ(callsOf("searchRepositories"), 0);
    enter(QStringLiteral("org/name:Q8_0"));
    ASSERT_TRUE(wait([&] { return repositoryShown() && table->currentIndex().row() == 0; }));
    enter(QStringLiteral("org/name:Q2_K"));   // says which there are
    auto* banner = panel->findChild<Banner*>();
    ASSERT_TRUE(wait([&] { return banner->isVisible(); }));
    EXPECT_TRUE(banner->accessibleName().contains(QStringLiteral("Q4_0"))) << banner->accessibleName().toStdString();
}

TEST_F(DownloadDialogTest, AVersionThatCannotRunIsNotDownloaded) {
    enter(QStringLiteral("org/name"));
    ASSERT_TRUE(wait([&] { return repositoryShown(); }));
    table->setCurrentIndex(table->model()->index(2, 0));
    EXPECT_FALSE(download->isEnabled());
    EXPECT_TRUE(dialog.findChild<QLabel*>(QStringLiteral("choiceNote"))->text().contains(QStringLiteral("cannot be run")));
    QTest::keyClick(table, Qt::Key_Return);
    EXPECT_EQ(callsOf("startDownload"), 0);
    table->setCurrentIndex(table->model()->index(0, 0));
    EXPECT_TRUE(download->isEnabled());
}

TEST_F(DownloadDialogTest, AnswersToOlderQuestionsAreDropped) {
    service->holdReplies();
    service->setSearchResults({hit("old/answer")});
    enter(QStringLiteral("first words"));
    service->setSearchResults({hit("new/answer")});
    enter(QStringLiteral("second words"));
    service->releaseReplies();
    ASSERT_TRUE(wait([&] { return found() == 1; }));
    QApplication::processEvents();
    EXPECT_EQ(firstFound(), QStringLiteral("new/answer"));

    service->holdReplies();
    enter(QStringLiteral("org/name"));
    field->clear();                                  // changed their mind
    QTest::keyClick(field, Qt::Key_Return);
    service->releaseReplies();
    QApplication::processEvents();
    EXPECT_FALSE(table->isVisible());
    EXPECT_FALSE(download->isEnabled());
}

TEST_F(DownloadDialogTest, ErrorsStandThereWithAWayToTryAgain) {
    service->failWith("searchRepositories", {ErrorCode::Unavailable, "Hugging Face cannot be reached: check the connection."});
    enter(QStringLiteral("words"));
    auto* banner = dialog.findChildren<Banner*>().first();
    for (Banner* each : dialog.findChildren<Banner*>())
        if (!panel->isAncestorOf(each)) banner = each;
    ASSERT_TRUE(wait([&] { return banner->isVisible(); }));
    EXPECT_EQ(found(), 0);
    service->succeed("searchRepositories");
    banner->findChild<QPushButton*>()->click();
    ASSERT_TRUE(wait([&] { return found() == 2; }));
    EXPECT_FALSE(banner->isVisible());

    service->failWith("listRepository", {ErrorCode::Unavailable, "The hub is busy."});
    enter(QStringLiteral("org/name"));
    auto* own = panel->findChild<Banner*>();
    ASSERT_TRUE(wait([&] { return own->isVisible(); }));
    service->succeed("listRepository");
    own->findChild<QPushButton*>()->click();
    ASSERT_TRUE(wait([&] { return repositoryShown(); }));
}

TEST_F(DownloadDialogTest, AnUnknownNameIsSearchedFor) {
    service->failWith("listRepository", {ErrorCode::NotFound, "There is no org/nam on Hugging Face."});
    enter(QStringLiteral("org/nam"));
    ASSERT_TRUE(wait([&] { return found() == 2; }));
    EXPECT_TRUE(service->called("searchRepositories nam"));
}

TEST_F(DownloadDialogTest, GatedModelsExplainThemselvesAndTakeAToken) {
    service->failWith("listRepository", {ErrorCode::PermissionDenied, "Accept the terms at https://huggingface.co/org/name first."});
    enter(QStringLiteral("org/name"));
    ASSERT_TRUE(wait([&] { return access->isVisible(); }));
    auto* token = dialog.findChild<QLineEdit*>(QStringLiteral("token"));
    EXPECT_EQ(token->echoMode(), QLineEdit::Password);
    auto* save = dialog.findChild<QPushButton*>(QStringLiteral("saveToken"));
    EXPECT_FALSE(save->isEnabled());
    QTest::keyClicks(token, QStringLiteral(" hf_abc "));
    service->succeed("listRepository");
    save->click();
    ASSERT_TRUE(wait([&] { return repositoryShown(); }));   // asks again by itself
    EXPECT_TRUE(service->called("saveHubToken hf_abc"));
    EXPECT_FALSE(access->isVisible());
    EXPECT_TRUE(token->text().isEmpty());
}

TEST_F(DownloadDialogTest, TooLittleRoomIsSaidBeforeTheDownload) {
    service->editQuietly([](ServiceSnapshot& s) { s.modelFolderFreeBytes = 500'000'000; });
    model.refresh();
    enter(QStringLiteral("org/name"));
    ASSERT_TRUE(wait([&] { return repositoryShown(); }));
    const QString note = dialog.findChild<QLabel*>(QStringLiteral("choiceNote"))->text();
    EXPECT_TRUE(note.contains(QStringLiteral("500 MB"))) << note.toStdString();
    EXPECT_TRUE(note.contains(QStringLiteral("1.0 GB"))) << note.toStdString();
}

TEST_F(DownloadDialogTest, NothingButTheKeyboardIsNeeded) {
    dialog.activateWindow();
    field->setFocus();
    enter(QStringLiteral("words"));
    ASSERT_TRUE(wait([&] { return found() == 2; }));
    EXPECT_EQ(callsOf("startDownload"), 0);          // Enter in the field looks up, no more
    QTest::keyClick(field, Qt::Key_Down);
    ASSERT_TRUE(wait([&] { return repositoryShown(); }));
    EXPECT_TRUE(list->hasFocus());
    for (int i = 0; i < 10 && !table->hasFocus(); ++i) QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
    ASSERT_TRUE(table->hasFocus());
    QTest::keyClick(table, Qt::Key_Up);
    QTest::keyClick(table, Qt::Key_Return);
    EXPECT_TRUE(service->called("startDownload org/name Q8_0"));
}

TEST_F(DownloadDialogTest, ARepositoryWithoutModelsSaysSo) {
    Repository empty = someRepository();
    empty.choices.clear();
    empty.recommended = 0;
    service->setRepository(empty);
    enter(QStringLiteral("org/name"));
    auto* facts = dialog.findChild<QLabel*>(QStringLiteral("facts"));
    ASSERT_TRUE(wait([&] { return facts->text().startsWith(QStringLiteral("Nothing")); }));
    EXPECT_FALSE(download->isEnabled());
    EXPECT_FALSE(table->isVisible());
}

TEST_F(DownloadDialogTest, ClosingItWithAnswersUnderWayIsSafe) {
    service->answerFromThread();
    service->holdReplies();
    auto* second = new DownloadDialog(model);
    second->setText(QStringLiteral("org/name"));
    second->setText(QStringLiteral("words"));
    delete second;
    service->releaseReplies();
    ASSERT_TRUE(wait([&] { return callsOf("searchRepositories") == 1; }));
    QApplication::processEvents();
    enter(QStringLiteral("org/name"));               // and the bridge still works, from the thread
    EXPECT_TRUE(wait([&] { return repositoryShown(); }));
}

TEST(ChoiceTableTest, KeepsTheRulesOfItemModels) {
    ChoiceTable choices;
    QAbstractItemModelTester tester(&choices, QAbstractItemModelTester::FailureReportingMode::Fatal);
    EXPECT_EQ(choices.recommendedRow(), -1);
    EXPECT_EQ(choices.choice(0), nullptr);
    choices.show(someRepository());
    EXPECT_EQ(choices.rowCount(), 3);
    EXPECT_EQ(choices.recommendedRow(), 1);
    EXPECT_EQ(choices.choice(3), nullptr);
    Repository none = someRepository();
    none.recommended = 2;                            // one that cannot run is never recommended
    choices.show(none);
    EXPECT_EQ(choices.recommendedRow(), -1);
    choices.clear();
    EXPECT_EQ(choices.rowCount(), 0);
}

TEST(RepositoryListTest, KeepsTheRulesOfItemModels) {
    RepositoryList found;
    QAbstractItemModelTester tester(&found, QAbstractItemModelTester::FailureReportingMode::Fatal);
    found.showRecommended(recommendedModels(Machine{"", 2, 8'000'000'000, 4'000'000'000}));
    EXPECT_GE(found.suggestedRow(), 0);
    SearchResult gated = hit("org/name");
    gated.gated = true;
    found.showResults({gated, hit("b/c")});
    EXPECT_EQ(found.rowCount(), 2);
    EXPECT_TRUE(found.index(0).data(RepositoryList::DetailRole).toString().contains(QStringLiteral("terms")));
    EXPECT_TRUE(found.index(0).data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("12,345")) ||
                found.index(0).data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("12345")));
    EXPECT_EQ(found.reference(2), QString());
    found.showOne(QStringLiteral("a/b"));
    EXPECT_EQ(found.rowCount(), 1);
}

}  // namespace
}  // namespace larder::ui
