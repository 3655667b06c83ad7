// The page of coding agents: what it shows of a plan, what its buttons do, and what it says when something is missing. Terminal
// programs are doubles: scripts that write down their arguments.
#include "ui/pages/agents_page.h"

#include <gmock/gmock.h>

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTest>

#include "tests/support/scripted_service.h"
#include "tests/support/temp_folder.h"
#include "tests/ui/some_models.h"
#include "ui/ask.h"
#include "ui/look.h"
#include "ui/pages/overview_page.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/banner.h"

namespace larder::ui {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

ModelInfo modelOf(const std::string& name, std::size_t window, const std::string& problem = "") {
    ModelInfo model;
    model.name = name;
    model.contextTokens = window;
    model.problem = problem;
    return model;
}

class AgentsPageTest : public testing::Test {
protected:
    AgentsPageTest() {
        Look::install(*qApp, QStringLiteral("light"));
        edit([this](ServiceSnapshot& s) {
            s.settings.baseDir = folder / "base dir";
            s.server = ServerState::Running;
            s.apiKey = "secret-key";
        });
        setModels({modelOf("large", 131'072), modelOf("broken", 4096, "cannot be read"), modelOf("small", 8192)});
        page.resize(900, 900);
        page.show();
        settle();
    }
    ~AgentsPageTest() override {
        qputenv("PATH", m_path);
        qputenv("TERMINAL", m_terminal);
    }
    void edit(const std::function<void(ServiceSnapshot&)>& change) {
        service->editQuietly(change);
        model.refresh();
        settle();
    }
    void setModels(std::vector<ModelInfo> models) {
        edit([&](ServiceSnapshot& s) { s.models = std::make_shared<const std::vector<ModelInfo>>(std::move(models)); });
    }
    void settle() {   // replies come through the event loop
        for (int i = 0; i < 5; ++i) QApplication::processEvents();
    }
    void showAnew() {
        page.hide();
        page.show();
        settle();
    }
    template <class T>
    T* part(const char* name) const {
        // Of the agent's card, where it is in one.
        auto* card = page.findChild<QWidget*>(QStringLiteral("agentCard-") + agent);
        auto* found = card == nullptr ? nullptr : card->findChild<T*>(QLatin1String(name));
        if (found == nullptr) found = page.findChild<T*>(QLatin1String(name));
        EXPECT_NE(found, nullptr) << name;
        return found;
    }
    bool isShown(const char* name) const { return part<QWidget>(name)->isVisible(); }
    QPushButton* button(const char* name) const { return part<QPushButton>(name); }
    void click(const char* name) {
        ASSERT_TRUE(button(name)->isVisible() && button(name)->isEnabled()) << name;
        button(name)->click();
        settle();
    }
    std::string label(const char* name) const { return part<QLabel>(name)->text().remove(QChar(0x200b)).toStdString(); }
    std::string badge() const { return part<Badge>("agentState")->text().toStdString(); }
    QWidget* card() const { return page.findChild<QWidget*>(QStringLiteral("agentCard-") + agent); }
    // As they are seen, from the top.
    std::vector<std::string> order() const {
        std::map<int, std::string> tops;
        for (auto* each : page.findChildren<QWidget*>())
            if (each->objectName().startsWith(QStringLiteral("agentCard-"))) tops[each->mapTo(&page, QPoint()).y()] = each->objectName().mid(10).toStdString();
        std::vector<std::string> names;
        for (const auto& [top, name] : tops) names.push_back(name);
        return names;
    }
    QComboBox* models() const { return part<QComboBox>("agentModel"); }
    std::vector<std::string> warnings() const {
        std::vector<std::string> shown;
        for (auto* each : card()->findChildren<QLabel*>(QStringLiteral("agentWarning")))
            if (each->isVisible()) shown.push_back(each->text().toStdString());
        return shown;
    }
    std::vector<std::string> variables() const {
        std::vector<std::string> shown;
        for (auto* row : card()->findChildren<QWidget*>(QStringLiteral("agentVariable")))
            if (row->isVisible()) shown.push_back(row->findChildren<QLabel*>().front()->accessibleName().toStdString());
        return shown;
    }
    long asked() const {
        long count = 0;
        for (const std::string& call : service->calls()) count += call.starts_with("planAgent claude ");
        return count;
    }
    static std::string copied() { return QApplication::clipboard()->text().toStdString(); }
    // From now on these are the only programs there are.
    void setPrograms(const QStringList& names) {
        QFile::copy(QStringLiteral("/bin/sh"), path("sh"));
        for (const QString& name : names) {
            QFile script(path(name));
            ASSERT_TRUE(script.open(QIODevice::WriteOnly));
            script.write("#!/bin/sh\n{ pwd; for each in \"$0\" \"$@\"; do printf '[%s]' \"$each\"; done; } >'" + path("said.new").toUtf8() +
                         "'\n/bin/mv '" + path("said.new").toUtf8() + "' '" + path("said").toUtf8() + "'\n");
            script.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        }
        qputenv("PATH", folder.path().c_str());
    }
    std::string saidByTerminal() const {
        EXPECT_TRUE(QTest::qWaitFor([this] { return QFile::exists(path("said")); }, 20'000));
        QFile file(path("said"));
        return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : "(nothing)";
    }
    QString path(const QString& name) const { return QString::fromStdString((folder / name.toStdString()).string()); }
    QString path(const char* name) const { return path(QString::fromLatin1(name)); }

    QString agent = QStringLiteral("claude");
    support::TempFolder folder;
    support::ScriptedService* service = nullptr;
    EngineModel model{support::ScriptedService::maker(service)};
    AgentsPage page{model};

private:
    const QByteArray m_path = qgetenv("PATH");
    const QByteArray m_terminal = qgetenv("TERMINAL");
};

TEST_F(AgentsPageTest, ShowsWhereItIsAndWhatIsSet) {
    EXPECT_EQ(badge(), "installed");
    EXPECT_EQ(label("agentPlace"), "/home/ada/.local/bin/claude");
    EXPECT_FALSE(isShown("lookAgain"));
    EXPECT_TRUE(variables().empty()) << "folded";
    click("showVariables");
    EXPECT_THAT(variables(), Contains("claude --model large --disallowedTools=LSP"));
    EXPECT_THAT(variables(), Contains("CLAUDE_CODE_MAX_CONTEXT_TOKENS=131072"));
    EXPECT_THAT(variables(), Contains("ANTHROPIC_API_KEY="));
    EXPECT_THAT(variables(), testing::Each(Not(HasSubstr("secret-key"))));
    click("showVariables");
    EXPECT_TRUE(variables().empty());
}

TEST_F(AgentsPageTest, OffersModelsThatRunTheLoadedOneFirst) {
    ASSERT_EQ(models()->count(), 2);
    EXPECT_EQ(models()->itemText(0).toStdString(), "large (131,072 tokens)");
    EXPECT_THAT(warnings(), testing::IsEmpty());
    edit([](ServiceSnapshot& s) {
        s.engine.models = {modelIn(ModelState::Loaded, "small")};
        s.engine.models[0].contextTokens = 6000;   // memory cut it
    });
    EXPECT_EQ(models()->itemText(0).toStdString(), "small (6,000 tokens)");
    EXPECT_EQ(models()->currentData().toString().toStdString(), "large") << "what is chosen stays";

    models()->setCurrentIndex(0);
    Q_EMIT models()->activated(0);
    settle();
    EXPECT_TRUE(service->called("planAgent claude small in " + QDir::homePath().toStdString()));
    EXPECT_THAT(warnings(), testing::ElementsAre(testing::AllOf(HasSubstr("6000 tokens"), HasSubstr("large (131072)"))));
    EXPECT_THAT(part<QWidget>("snippets")->findChild<QTabWidget*>()->widget(0)->property("plainText").toString().toStdString(), HasSubstr("\"small\""));
}

TEST_F(AgentsPageTest, AsksOnlyWhenSomethingChanged) {
    const long before = asked();
    edit([](ServiceSnapshot& s) { s.engine.total.requests = 5; });
    EXPECT_EQ(asked(), before);
    edit([](ServiceSnapshot& s) { s.address = "http://127.0.0.1:4000"; });
    EXPECT_EQ(asked(), before + 1);
    showAnew();
    EXPECT_EQ(asked(), before + 2) << "it may have been installed meanwhile";
    page.hide();
    edit([](ServiceSnapshot& s) { s.address = "http://127.0.0.1:5000"; });
    EXPECT_EQ(asked(), before + 2) << "nobody looks";
}

TEST_F(AgentsPageTest, SaysThatItIsNotInstalledAndHow) {
    service->installedAgents.clear();
    showAnew();
    EXPECT_EQ(badge(), "not found");
    EXPECT_THAT(label("installHint"), HasSubstr("npm install -g @anthropic-ai/claude-code"));
    EXPECT_THAT(warnings(), testing::IsEmpty());
    EXPECT_FALSE(isShown("openInTerminal") || isShown("copyCommand") || isShown("showVariables"));
    click("copyInstallCommand");
    EXPECT_EQ(copied(), "npm install -g @anthropic-ai/claude-code");
    service->installedAgents = {"claude"};
    click("lookAgain");
    EXPECT_EQ(badge(), "installed");
    EXPECT_TRUE(button("openInTerminal")->isEnabled());
    EXPECT_FALSE(isShown("installHint"));
}

TEST_F(AgentsPageTest, ShowsEveryAgentTheInstalledOnesFirst) {
    EXPECT_THAT(order(), testing::ElementsAre("claude", "codex", "opencode", "qwen"));
    service->installedAgents = {"opencode", "qwen"};
    showAnew();
    EXPECT_THAT(order(), testing::ElementsAre("opencode", "qwen", "claude", "codex"));
    agent = QStringLiteral("claude");
    auto* lastOfFound = page.findChild<QWidget*>(QStringLiteral("agentCard-qwen"))->findChild<QPushButton*>(QStringLiteral("showVariables"));
    QWidget* next = lastOfFound->nextInFocusChain();
    while (next->focusPolicy() == Qt::NoFocus || !next->isVisible()) next = next->nextInFocusChain();
    EXPECT_EQ(next, button("copyInstallCommand")) << "the keyboard goes the same way";
    agent = QStringLiteral("qwen");
    EXPECT_EQ(badge(), "installed");
    click("copyCommand");
    EXPECT_THAT(copied(), HasSubstr(" launch qwen --model large"));
    click("showVariables");
    EXPECT_THAT(variables(), Contains((folder / "base dir/agents/qwen-code.json").string()));
}

TEST_F(AgentsPageTest, ShowsWarningsAndFailures) {
    service->agentWarnings = {"/home/ada/.claude/settings.json sets ANTHROPIC_BASE_URL", "another"};
    showAnew();
    EXPECT_THAT(warnings(), testing::ElementsAre(HasSubstr("settings.json sets ANTHROPIC_BASE_URL"), HasSubstr("another")));
    service->agentWarnings.clear();
    showAnew();
    EXPECT_THAT(warnings(), testing::IsEmpty());
}

TEST_F(AgentsPageTest, StartsTheServerThatDoesNotRun) {
    auto* banner = part<Banner>("agentsState");
    EXPECT_FALSE(banner->isVisible());
    edit([](ServiceSnapshot& s) { s.server = ServerState::Stopped; });
    ASSERT_TRUE(banner->isVisible());
    EXPECT_FALSE(button("openInTerminal")->isEnabled());
    EXPECT_TRUE(button("copyCommand")->isEnabled()) << "it starts one itself";
    banner->findChild<QPushButton*>()->click();
    EXPECT_TRUE(service->called("startServer"));
    edit([](ServiceSnapshot& s) { s.server = ServerState::Starting; });
    EXPECT_FALSE(banner->findChild<QPushButton*>()->isVisible());
    edit([](ServiceSnapshot& s) { s.server = ServerState::Running; });
    EXPECT_FALSE(banner->isVisible());
    EXPECT_TRUE(button("openInTerminal")->isEnabled());
}

TEST_F(AgentsPageTest, PointsToModelsWhereThereAreNone) {
    QSignalSpy wanted(&page, &AgentsPage::modelsWanted);
    EXPECT_FALSE(button("getModelForAgents")->isVisible());
    setModels({modelOf("broken", 4096, "cannot be read")});
    EXPECT_FALSE(card()->isVisible());
    EXPECT_FALSE(part<QWidget>("snippets")->isVisible());
    click("getModelForAgents");
    EXPECT_EQ(wanted.count(), 1);
    setModels({modelOf("new", 40'960)});
    EXPECT_TRUE(card()->isVisible());
    EXPECT_EQ(badge(), "installed");
}

TEST_F(AgentsPageTest, CopiesTheCommand) {
    click("copyCommand");
    // The double of the program is this test; its base directory is not the default one.
    EXPECT_THAT(copied(), testing::EndsWith(" launch claude --model large --base-dir '" + (folder / "base dir").string() + "'"));
    EXPECT_THAT(label("agentNote"), HasSubstr(copied()));
    edit([](ServiceSnapshot& s) { s.settings.baseDir = defaultBaseDir(); });
    click("copyCommand");
    EXPECT_THAT(copied(), testing::EndsWith(" launch claude --model large"));

    setPrograms({});
    QFile::link(QCoreApplication::applicationFilePath(), path("larder"));
    click("copyCommand");
    EXPECT_EQ(copied(), "larder launch claude --model large") << "found by name";
}

TEST_F(AgentsPageTest, CopiesACommandThatNeedsNoLarderAndHoldsNoKey) {
    click("showVariables");
    click("copyPlainCommand");
    EXPECT_THAT(copied(), HasSubstr("ANTHROPIC_BASE_URL=http://127.0.0.1:1337 "));
    EXPECT_THAT(copied(), HasSubstr("ANTHROPIC_AUTH_TOKEN=\"$(cat '" + (folder / "base dir/api-key").string() + "')\""));
    EXPECT_THAT(copied(), HasSubstr(" /home/ada/.local/bin/claude --model large"));
    EXPECT_THAT(copied(), Not(HasSubstr("secret-key")));
    edit([](ServiceSnapshot& s) { s.settings.apiKey = s.apiKey = "my-key"; });
    click("copyPlainCommand");
    EXPECT_THAT(copied(), testing::AllOf(HasSubstr("\"$LARDER_KEY\""), Not(HasSubstr("my-key"))));
    EXPECT_THAT(label("agentNote"), HasSubstr("LARDER_KEY"));
}

TEST_F(AgentsPageTest, OpensATerminalInTheChosenFolder) {
    ASSERT_TRUE(QDir().mkpath(path("my project")));
    Ask::answerNextFolder(path("my project"));
    click("chooseFolder");
    EXPECT_TRUE(service->called("planAgent claude large in " + (folder / "my project").string()));
    qunsetenv("TERMINAL");
    setPrograms({QStringLiteral("x-terminal-emulator"), QStringLiteral("xterm")});
    click("openInTerminal");
    const std::string said = saidByTerminal();
    EXPECT_THAT(said, testing::StartsWith((folder / "my project").string() + "\n[" + (folder / "x-terminal-emulator").string() + "][-e][sh][-c]["));
    EXPECT_THAT(said, testing::EndsWith("[" + QCoreApplication::applicationFilePath().toStdString() + "][launch][claude][--model][large][--base-dir][" +
                                        (folder / "base dir").string() + "]"));
    EXPECT_THAT(label("agentNote"), HasSubstr("my project"));
}

TEST_F(AgentsPageTest, OpensTheTerminalTheUserChose) {
    setPrograms({QStringLiteral("x-terminal-emulator"), QStringLiteral("gnome-terminal")});
    qputenv("TERMINAL", "gnome-terminal --wait");
    click("openInTerminal");
    EXPECT_THAT(saidByTerminal(), HasSubstr("gnome-terminal][--wait][--][sh][-c]["));
}

TEST_F(AgentsPageTest, SaysThatThereIsNoTerminal) {
    setPrograms({});
    qputenv("TERMINAL", "not-there");
    click("openInTerminal");
    EXPECT_THAT(label("agentNote"), HasSubstr("No terminal program was found"));
}

TEST_F(AgentsPageTest, CopiesTheSnippetThatIsShown) {
    auto* tabs = part<QWidget>("snippets")->findChild<QTabWidget*>();
    ASSERT_EQ(tabs->count(), 4);
    QSet<QString> texts;
    for (int i = 0; i < tabs->count(); ++i) {
        tabs->setCurrentIndex(i);
        click("copySnippet");
        EXPECT_EQ(copied(), static_cast<QPlainTextEdit*>(tabs->widget(i))->toPlainText().toStdString());
        EXPECT_THAT(copied(), testing::AllOf(HasSubstr("http://127.0.0.1:1337"), HasSubstr("large"), Not(HasSubstr("secret-key"))));
        texts.insert(QString::fromStdString(copied()));
    }
    EXPECT_EQ(texts.size(), 4);
}

TEST_F(AgentsPageTest, OverviewLeadsHere) {
    OverviewPage overview(model);
    overview.show();
    settle();
    QSignalSpy wanted(&overview, &OverviewPage::agentsWanted);
    auto* connectAgent = overview.findChild<QPushButton*>(QStringLiteral("connectAgent"));
    ASSERT_TRUE(connectAgent->isVisible());
    connectAgent->click();
    EXPECT_EQ(wanted.count(), 1);
    setModels({});
    EXPECT_FALSE(connectAgent->isVisible()) << "a model comes first";
}

}  // namespace
}  // namespace larder::ui
