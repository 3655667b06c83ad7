// The wizard as a new user walks through it, by mouse and keyboard, with a hub that works, is slow, or is not there.
#include "ui/wizard/wizard.h"

#include <gmock/gmock.h>

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QRadioButton>
#include <QSpinBox>
#include <QTest>
#include <QtNetwork/QTcpServer>
#include <fstream>

#include "tests/support/scripted_service.h"
#include "tests/support/temp_folder.h"
#include "ui/ask.h"
#include "ui/look.h"
#include "ui/widgets/folder_field.h"

namespace larder::ui {
namespace {

Repository oneModel() {
    Repository repository;
    repository.id = "org/model";
    repository.commit = std::string(40, 'a');
    DownloadChoice good;
    good.label = "Q8_0";
    good.bytes = 1'000'000'000;
    good.fit.verdict = Fit::Good;
    DownloadChoice other = good;
    other.label = "Q4_0";
    DownloadChoice wrong = good;
    wrong.label = "IQ1_S";
    wrong.problem = "IQ1_S cannot be computed by this version";
    repository.choices = {good, other, wrong};
    return repository;
}

struct WizardTest : testing::Test {
    WizardTest() : model(support::ScriptedService::maker(service)) {
        Look::install(*qApp, QStringLiteral("light"));
        QTcpServer probe;   // a port that nobody uses
        EXPECT_TRUE(probe.listen(QHostAddress::LocalHost));
        freePort = probe.serverPort();
        service->edit([&](ServiceSnapshot& s) {
            s.settings.baseDir = folder / "larder";
            s.settings.modelDir = folder / "larder" / "models";
            s.settings.port = freePort;
        });
        service->setRepository(oneModel());
        model.refresh();
    }

    void open() {
        wizard = std::make_unique<Wizard>(model);
        QObject::connect(wizard.get(), &Wizard::finishedSetup, wizard.get(), [this] { ++finished; });
        wizard->show();
    }
    QAbstractButton* press(QWizard::WizardButton which) const {
        QAbstractButton* button = wizard->button(which);
        QTest::mouseClick(button, Qt::LeftButton);
        return button;
    }
    void next(int times = 1) const {
        for (int i = 0; i < times; ++i) {
            press(QWizard::NextButton);
            QCoreApplication::processEvents();  // what the service found about the folders arrives
        }
    }
    void finish() const { press(QWizard::FinishButton); }
    bool canGoOn() const {
        QCoreApplication::processEvents();
        return wizard->button(page() == 3 ? QWizard::FinishButton : QWizard::NextButton)->isEnabled();
    }
    int page() const { return static_cast<int>(wizard->pageIds().indexOf(wizard->currentId())); }
    template <class T>
    T* named(const char* name) const {
        for (auto* found : wizard->currentPage()->findChildren<T*>())
            if (found->accessibleName() == QLatin1String(name)) return found;
        ADD_FAILURE() << "nothing called " << name;
        return nullptr;
    }
    template <class T>
    T* withText(const char* text) const {
        for (auto* found : wizard->findChildren<T*>())
            if (found->text().remove(QLatin1Char('&')) == QLatin1String(text)) return found;
        ADD_FAILURE() << "nothing says " << text;
        return nullptr;
    }
    QString chosen() const {
        for (auto* radio : wizard->findChildren<QRadioButton*>())
            if (radio->isChecked()) return radio->text().remove(QLatin1Char('&'));
        return {};
    }
    bool says(const char* words) const {
        for (auto* label : wizard->findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(QLatin1String(words))) return true;
        return false;
    }
    void type(QLineEdit* edit, const QString& text) const {
        edit->setFocus();
        edit->selectAll();
        QTest::keyClick(edit, Qt::Key_Delete);
        QTest::keyClicks(edit, text);
    }
    bool waitUntil(const std::function<bool()>& condition) const { return QTest::qWaitFor(condition, 20'000); }
    void addInstalled(const std::string& name, const std::string& file) {
        ModelInfo info;
        info.name = name;
        info.path = folder / "larder" / "models" / file;
        info.quantisation = "Q8_0";
        info.fileBytes = 145'000'000;
        info.contextTokens = 8192;
        service->setModels({info});
        model.refresh();
    }

    support::TempFolder folder;
    support::ScriptedService* service = nullptr;
    EngineModel model;
    std::unique_ptr<Wizard> wizard;
    std::uint16_t freePort = 0;
    int finished = 0;
};

TEST_F(WizardTest, FourPagesByKeyboardAloneStartTheServer) {
    open();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(wizard.get()));
    EXPECT_EQ(page(), 0);
    for (int step = 0; step < 3; ++step) {
        ASSERT_TRUE(canGoOn()) << "page " << step;
        QTest::keyClick(wizard.get(), Qt::Key_Return);
        ASSERT_EQ(page(), step + 1);
    }
    QTest::keyClick(wizard.get(), Qt::Key_Return);
    ASSERT_TRUE(waitUntil([&] { return finished == 1; }));
    EXPECT_EQ(wizard->result(), QDialog::Accepted);
    ASSERT_EQ(service->savedSettings().size(), 1u);
    EXPECT_TRUE(service->savedSettings()[0].setupDone);
    EXPECT_EQ(service->savedSettings()[0].port, freePort);
    EXPECT_EQ(service->savedSettings()[0].defaultModel, "");
    EXPECT_TRUE(service->called("startDownload org/model Q8_0")) << "the suggested model";
    EXPECT_TRUE(service->called("startServer"));
    EXPECT_TRUE(service->called("renewApiKey"));
}

TEST_F(WizardTest, NothingIsStoredBeforeTheEnd) {
    open();
    next(3);
    EXPECT_EQ(page(), 3);
    press(QWizard::CancelButton);
    EXPECT_TRUE(service->savedSettings().empty());
    EXPECT_FALSE(service->called("startServer"));
    EXPECT_EQ(finished, 0);
}

TEST_F(WizardTest, AFolderThatCannotBeWrittenIsSaidAndHoldsTheWizard) {
    std::ofstream(folder / "file") << "not a folder";
    open();
    next();
    auto* base = named<QLineEdit>("Larder's folder");
    type(base, QString::fromStdString((folder / "file" / "larder").string()));
    EXPECT_FALSE(canGoOn()) << "not even before it was looked at";
    ASSERT_TRUE(waitUntil([&] { return !wizard->findChild<FolderField*>()->problem().isEmpty(); }));
    EXPECT_FALSE(canGoOn());
    EXPECT_TRUE(says(wizard->findChild<FolderField*>()->problem().toUtf8().constData()));
    Ask::answerNextFolder(QString::fromStdString((folder / "fine").string()));
    QTest::mouseClick(named<QPushButton>("Browse for Larder's folder"), Qt::LeftButton);
    EXPECT_TRUE(canGoOn());
    EXPECT_EQ(named<QLineEdit>("Model folder")->text().toStdString(), (folder / "fine" / "models").string()) << "goes along";
    next();
    EXPECT_TRUE(says("made in the new folder"));
    next();
    withText<QRadioButton>("Later")->click();
    finish();
    ASSERT_TRUE(waitUntil([&] { return finished == 1; }));
    EXPECT_EQ(service->savedSettings().at(0).baseDir, folder / "fine");
    EXPECT_EQ(service->savedSettings().at(0).modelDir, folder / "fine" / "models");
}

TEST_F(WizardTest, AModelFolderOfItsOwnStaysWhenTheBaseMoves) {
    open();
    next();
    type(named<QLineEdit>("Model folder"), QString::fromStdString((folder / "big").string()));
    type(named<QLineEdit>("Larder's folder"), QString::fromStdString((folder / "small").string()));
    ASSERT_TRUE(waitUntil([&] { return canGoOn(); }));
    EXPECT_EQ(named<QLineEdit>("Model folder")->text().toStdString(), (folder / "big").string());
}

TEST_F(WizardTest, AnEmptyFolderNameIsAskedFor) {
    open();
    next();
    type(named<QLineEdit>("Model folder"), QString());
    ASSERT_TRUE(waitUntil([&] { return says("Choose a folder."); }));
    EXPECT_FALSE(canGoOn());
}

TEST_F(WizardTest, ATakenPortIsSaidAndTheNextFreeOneOffered) {
    QTcpServer other;
    ASSERT_TRUE(other.listen(QHostAddress::LocalHost));
    service->edit([&](ServiceSnapshot& s) { s.settings.port = other.serverPort(); });
    model.refresh();
    open();
    next(2);
    EXPECT_FALSE(canGoOn());
    QPushButton* offer = nullptr;
    for (auto* found : wizard->currentPage()->findChildren<QPushButton*>())
        if (found->isVisible() && found->text().startsWith(QStringLiteral("Use "))) offer = found;
    ASSERT_NE(offer, nullptr);
    QTest::mouseClick(offer, Qt::LeftButton);
    EXPECT_TRUE(canGoOn());
    EXPECT_NE(named<QSpinBox>("Port")->value(), other.serverPort());
}

TEST_F(WizardTest, OurOwnServersPortIsFree) {
    QTcpServer ours;
    ASSERT_TRUE(ours.listen(QHostAddress::LocalHost));
    service->edit([&](ServiceSnapshot& s) {
        s.settings.port = ours.serverPort();
        s.settings.setupDone = true;
        s.server = ServerState::Running;
        s.address = "http://127.0.0.1:" + std::to_string(ours.serverPort());
    });
    model.refresh();
    open();
    next(2);
    EXPECT_TRUE(canGoOn());
}

TEST_F(WizardTest, RunAgainItShowsWhatIsSetAndChangesNothingByItself) {
    addInstalled("my-model", "my-model.gguf");
    service->edit([&](ServiceSnapshot& s) {
        s.settings.setupDone = true;
        s.settings.defaultModel = "my-model";
        s.settings.threads = 3;
        s.settings.requireApiKey = false;
        s.server = ServerState::Running;
        s.address = "http://127.0.0.1:" + std::to_string(freePort);
    });
    model.refresh();
    const Settings before = service->snapshot().settings;
    open();
    next();
    EXPECT_TRUE(named<QLineEdit>("Larder's folder")->isReadOnly());
    EXPECT_TRUE(says("Fixed since the first setup"));
    next();
    EXPECT_FALSE(withText<QCheckBox>("Ask for an API key")->isChecked());
    EXPECT_FALSE(service->called("renewApiKey"));
    next();
    EXPECT_EQ(chosen(), QStringLiteral("my-model"));
    finish();
    ASSERT_TRUE(waitUntil([&] { return finished == 1; }));
    EXPECT_EQ(service->savedSettings().at(0), before);
    EXPECT_FALSE(service->called("restartServer")) << "nothing changed that would need it";
    EXPECT_FALSE(service->called("startServer"));
}

TEST_F(WizardTest, AnotherPortRestartsARunningServer) {
    service->edit([&](ServiceSnapshot& s) {
        s.settings.setupDone = true;
        s.server = ServerState::Running;
        s.address = "http://127.0.0.1:1";
    });
    model.refresh();
    open();
    next(2);
    QTcpServer probe;
    ASSERT_TRUE(probe.listen(QHostAddress::LocalHost));
    const int port = probe.serverPort();
    probe.close();
    named<QSpinBox>("Port")->setValue(port);
    next();
    EXPECT_EQ(chosen(), QStringLiteral("Leave the models as they are"));
    finish();
    ASSERT_TRUE(waitUntil([&] { return finished == 1; }));
    EXPECT_TRUE(service->called("restartServer"));
}

TEST_F(WizardTest, AModelThatIsHereIsOfferedAndBecomesTheDefault) {
    addInstalled("SmolLM2-135M-Instruct.Q8_0", "SmolLM2-135M-Instruct.Q8_0.gguf");
    open();
    next(3);
    EXPECT_TRUE(says("Already here"));
    EXPECT_TRUE(says("chat only"));
    int offered = 0;
    for (auto* radio : wizard->findChildren<QRadioButton*>())
        if (radio->text().contains(QStringLiteral("135M"))) ++offered;
    EXPECT_EQ(offered, 1) << "not offered for download once more";
    withText<QRadioButton>("SmolLM2-135M-Instruct.Q8_0")->click();
    finish();
    ASSERT_TRUE(waitUntil([&] { return finished == 1; }));
    EXPECT_EQ(service->savedSettings().at(0).defaultModel, "SmolLM2-135M-Instruct.Q8_0");
    for (const std::string& call : service->calls()) EXPECT_FALSE(call.starts_with("startDownload")) << call;
}

TEST_F(WizardTest, ModelsFoundLaterAppearAndKeepTheChoice) {
    open();
    next(3);
    withText<QRadioButton>("Later")->click();
    addInstalled("late-model", "late-model.gguf");
    EXPECT_NE(withText<QRadioButton>("late-model"), nullptr);
    EXPECT_EQ(chosen(), QStringLiteral("Later"));
}

TEST_F(WizardTest, WithoutANetworkTheServerCanStillBeStarted) {
    service->failWith("listRepository", {ErrorCode::Unavailable, "huggingface.co cannot be found: is there a network?"});
    open();
    next(3);
    finish();
    ASSERT_TRUE(waitUntil([&] { return says("is there a network?"); }));
    EXPECT_TRUE(service->savedSettings().empty());
    EXPECT_TRUE(canGoOn()) << "can be tried again";
    EXPECT_EQ(finished, 0);
    QTest::mouseClick(withText<QPushButton>("Start without a model"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return finished == 1; }));
    EXPECT_TRUE(service->called("startServer"));
    EXPECT_EQ(service->savedSettings().size(), 1u);
}

TEST_F(WizardTest, WhenTheSettingsCannotBeStoredNothingElseHappens) {
    service->failWith("saveSettings", {ErrorCode::NoSpace, "the disk is full: free some space"});
    open();
    next(3);
    finish();
    ASSERT_TRUE(waitUntil([&] { return says("the disk is full"); }));
    EXPECT_FALSE(service->called("startServer"));
    EXPECT_FALSE(service->called("startDownload org/model Q8_0"));
    service->succeed("saveSettings");
    finish();
    ASSERT_TRUE(waitUntil([&] { return finished == 1; }));
    EXPECT_TRUE(service->called("startDownload org/model Q8_0"));
}

TEST_F(WizardTest, WhileLookingUpItShowsSoAndTakesNoSecondOrder) {
    open();
    next(3);
    service->holdReplies();
    finish();
    EXPECT_FALSE(canGoOn());
    EXPECT_FALSE(wizard->button(QWizard::BackButton)->isEnabled());
    QTest::keyClick(wizard.get(), Qt::Key_Return);
    service->publish();
    model.refresh();
    EXPECT_FALSE(canGoOn());
    service->releaseReplies();
    ASSERT_TRUE(waitUntil([&] { return finished == 1; }));
    int lookedUp = 0;
    for (const std::string& call : service->calls()) lookedUp += call.starts_with("listRepository");
    EXPECT_EQ(lookedUp, 1);
}

TEST_F(WizardTest, CancelledWhileLookingUpItStartsNothing) {
    open();
    next(3);
    service->holdReplies();
    finish();
    press(QWizard::CancelButton);
    wizard.reset();
    service->releaseReplies();
    QTest::qWait(0);
    EXPECT_TRUE(service->savedSettings().empty());
    EXPECT_FALSE(service->called("startServer"));
}

TEST_F(WizardTest, AnyModelByItsIdWithAChoiceOfFiles) {
    open();
    next(3);
    withText<QRadioButton>("Another model from Hugging Face")->click();
    EXPECT_FALSE(canGoOn());
    auto* id = named<QLineEdit>("Hugging Face ID");
    QTest::keyClicks(id, QStringLiteral("no such thing"));
    EXPECT_FALSE(withText<QPushButton>("Look up")->isEnabled());
    type(id, QStringLiteral("org/model:Q4_0"));
    ASSERT_TRUE(withText<QPushButton>("Look up")->isEnabled());
    QTest::keyClick(id, Qt::Key_Return);
    EXPECT_EQ(finished, 0) << "Return in the field looks up, it does not finish";
    auto* files = named<QComboBox>("File to download");
    ASSERT_TRUE(waitUntil([&] { return files->isVisible(); }));
    EXPECT_TRUE(service->called("listRepository org/model main"));
    EXPECT_TRUE(files->currentText().startsWith(QStringLiteral("Q4_0"))) << "what the ID names";
    EXPECT_TRUE(canGoOn());
    files->setCurrentIndex(2);
    EXPECT_TRUE(says("cannot be computed"));
    EXPECT_FALSE(canGoOn());
    files->setCurrentIndex(1);
    finish();
    ASSERT_TRUE(waitUntil([&] { return finished == 1; }));
    EXPECT_TRUE(service->called("startDownload org/model Q4_0"));
}

TEST_F(WizardTest, AFailedLookUpSaysWhyAndCanBeTriedAgain) {
    service->failWith("listRepository", {ErrorCode::NotFound, "there is no repository org/gone, or it is private"});
    open();
    next(3);
    withText<QRadioButton>("Another model from Hugging Face")->click();
    auto* id = named<QLineEdit>("Hugging Face ID");
    QTest::keyClicks(id, QStringLiteral("org/gone"));
    QTest::mouseClick(withText<QPushButton>("Look up"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return says("there is no repository org/gone"); }));
    EXPECT_FALSE(canGoOn());
    service->succeed("listRepository");
    QTest::mouseClick(withText<QPushButton>("Try again"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return canGoOn(); }));
}

TEST_F(WizardTest, AnAnswerToAnEarlierIdIsDropped) {
    open();
    next(3);
    service->holdReplies();
    withText<QRadioButton>("Another model from Hugging Face")->click();
    auto* id = named<QLineEdit>("Hugging Face ID");
    QTest::keyClicks(id, QStringLiteral("org/model"));
    QTest::keyClick(id, Qt::Key_Return);
    QTest::keyClicks(id, QStringLiteral("x"));
    service->releaseReplies();
    QTest::qWait(0);
    QApplication::processEvents();
    EXPECT_FALSE(named<QComboBox>("File to download")->isVisible());
    EXPECT_FALSE(canGoOn());
}

TEST_F(WizardTest, AnEmptyRepositoryIsExplained) {
    Repository empty = oneModel();
    empty.choices.clear();
    service->setRepository(empty);
    open();
    next(3);
    withText<QRadioButton>("Another model from Hugging Face")->click();
    QTest::keyClicks(named<QLineEdit>("Hugging Face ID"), QStringLiteral("org/model"));
    QTest::mouseClick(withText<QPushButton>("Look up"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return says("There is no model in this repository"); }));
    EXPECT_FALSE(canGoOn());
}

}  // namespace
}  // namespace larder::ui
