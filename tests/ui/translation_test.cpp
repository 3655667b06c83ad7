// Other languages: every text in the windows goes through tr(), longer ones have room, and what is translated is whole.
#include <gmock/gmock.h>

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QListWidget>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTableView>
#include <QTranslator>
#include <QXmlStreamReader>

#include "app/translation.h"
#include "tests/support/clipped_text.h"
#include "tests/support/fixtures.h"
#include "tests/ui/shown_windows.h"

namespace larder::ui {
namespace {

class TranslatorInUse {
public:
    explicit TranslatorInUse(QTranslator& translator) : m_translator(translator) { QCoreApplication::installTranslator(&translator); }
    ~TranslatorInUse() { QCoreApplication::removeTranslator(&m_translator); }
    TranslatorInUse(const TranslatorInUse&) = delete;
    TranslatorInUse& operator=(const TranslatorInUse&) = delete;

private:
    QTranslator& m_translator;
};

// A test double for a language: every text in marks.
class Marking final : public QTranslator {
public:
    bool isEmpty() const override { return false; }
    QString translate(const char*, const char* source, const char*, int) const override {
        return QChar(u'«') + QString::fromUtf8(source) + QChar(u'»');
    }
};

// A test double for a wordy language: every text of ours about 40 % longer.
class Lengthening final : public QTranslator {
public:
    bool isEmpty() const override { return false; }
    QString translate(const char*, const char* source, const char*, int) const override {
        QString text = QString::fromUtf8(source);
        if (!std::any_of(text.begin(), text.end(), [](QChar c) { return c.isLetter() && c != u'n'; })) return text;
        static const QString more = QStringLiteral("ersatz wort ");
        const qsizetype added = (text.size() * 2 + 4) / 5;
        if (text.size() > 12) text += QLatin1Char(' ');
        for (qsizetype i = 0; i < added; ++i) text += more.at(i % more.size());
        return text.trimmed();
    }
};

// What is left of a text without what was translated and without what is data.
QString untranslatedPart(QString text, const QStringList& known) {
    QString outside;
    int depth = 0;
    for (const QChar c : text.remove(QChar(0x200b))) {
        if (c == u'«') ++depth;
        if (depth == 0) outside += c;
        if (c == u'»' && depth > 0) --depth;
    }
    for (const QString& piece : known) outside.remove(piece);
    static const QRegularExpression letters(QStringLiteral("\\p{L}"));
    return outside.contains(letters) ? outside.trimmed() : QString();
}

// What of a plan is data: names, values, the command, places of files.
void addPlan(const AgentPlan& plan, QStringList& known) {
    std::string command = plan.agent.id;
    for (const std::string& argument : plan.arguments) command += " " + shellQuoted(argument);
    known << QStringLiteral("/home/ada/.local/bin/") + QString::fromStdString(plan.agent.id) << QString::fromStdString(command);
    for (const AgentVariable& variable : plan.environment)
        known << QString::fromStdString(variable.name + "=" + variable.value) << QString::fromStdString(variable.name);
    for (const AgentFile& file : plan.files) known << QString::fromStdString(file.path.string());
}

// Names, places and sentences that the engine gives; nobody translates them. Longest first, as they contain each other.
QStringList knownData() {
    QStringList known = {
        // what is typed or spoken by other programs
        QStringLiteral("https://huggingface.co"), QStringLiteral("http://127.0.0.1:1337"), QStringLiteral("hf_..."), QStringLiteral("org/gated-GGUF"),
        QStringLiteral("gated-Q4_0.gguf"), QStringLiteral("llama3.2"), QStringLiteral("waiting-model"), QStringLiteral("Q4_K_M"),
        // the engine's sentences and names
        QString::fromLatin1(ShownWindows::kProblem), QString::fromLatin1(ShownWindows::kFailure), QStringLiteral("Test processor"),
        // names of languages and keys
        QStringLiteral("English"), QStringLiteral("Deutsch"), QStringLiteral("Ctrl")};
    const Machine machine{"Test processor", 4, 16'000'000'000, 9'000'000'000};
    for (const ModelInfo& model : ShownWindows::models()) {
        for (const std::string& text : {model.name, model.family, model.quantisation, model.path.string(), estimateFit(model, machine).sentence})
            known.append(QString::fromStdString(text));
    }
    for (const DownloadStatus& status : ShownWindows::downloads())
        known << QString::fromStdString(status.repository) << QString::fromStdString(status.label);
    for (const DownloadChoice& choice : ShownWindows::repository().choices) known.append(QString::fromStdString(choice.fit.sentence));
    for (const RecommendedModel& model : recommendedModels(machine)) {
        for (const std::string& text : {model.title, model.reference, model.reference.substr(0, model.reference.find(':')), model.remark,
                                        estimateFit(model.bytes, 0, model.contextTokens, machine).sentence})
            known.append(QString::fromStdString(text));
    }
    AgentServer agents{"http://127.0.0.1:1337", "key", {}, {}, {}};
    for (const ModelInfo& model : ShownWindows::models())
        if (model.problem.empty()) agents.models.push_back({model.name, model.contextTokens});
    known << QDir::homePath();
    for (const AgentInfo& agent : knownAgents()) known << QString::fromStdString(agent.name) << QString::fromStdString(agent.installCommand);
    for (const AgentModel& model : agents.models) {
        for (const AgentInfo& agent : knownAgents()) addPlan(*planAgent(agent.id, agents, model.name), known);
    }
    known << QStringLiteral("curl") << QStringLiteral("Python") << QStringLiteral("JavaScript") << QStringLiteral("Codex");
    known.removeAll(QString());
    std::sort(known.begin(), known.end(), [](const QString& a, const QString& b) { return a.size() > b.size(); });
    return known;
}

void addItemTexts(const QAbstractItemView& view, QStringList& texts) {
    const QAbstractItemModel* items = view.model();
    if (items == nullptr) return;
    const bool ours = qobject_cast<const QListWidget*>(&view) != nullptr || items->columnCount() > 1;
    for (int column = 0; ours && column < items->columnCount(); ++column) {
        texts += items->headerData(column, Qt::Horizontal).toString();
        for (int row = 0; row < std::min(items->rowCount(), 30); ++row)
            for (const int role : {Qt::DisplayRole, Qt::ToolTipRole, Qt::AccessibleTextRole})
                texts += items->index(row, column).data(role).toString();
    }
}

// All that a person can read or hear of it.
QStringList textsOf(const QWidget& widget) {
    QStringList texts = {widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()};
    if (widget.isWindow()) texts += widget.windowTitle();
    if (const auto* label = qobject_cast<const QLabel*>(&widget)) {
        const bool elided = label->text().contains(QChar(0x2026)) && !label->accessibleName().isEmpty();
        if (!elided) texts += label->text();
    }
    if (const auto* button = qobject_cast<const QAbstractButton*>(&widget)) texts += button->text();
    if (const auto* edit = qobject_cast<const QLineEdit*>(&widget)) texts += edit->placeholderText();
    if (const auto* box = qobject_cast<const QSpinBox*>(&widget)) texts << box->prefix() << box->suffix() << box->specialValueText();
    if (const auto* box = qobject_cast<const QComboBox*>(&widget))
        for (int i = 0; i < box->count(); ++i) texts += box->itemText(i);
    if (const auto* view = qobject_cast<const QAbstractItemView*>(&widget); view && !qobject_cast<const QHeaderView*>(&widget))
        addItemTexts(*view, texts);
    for (const QAction* action : widget.actions()) texts << action->text();
    return texts;
}

TEST(TranslationTest, EveryTextOfTheWindowsIsTranslated) {
    Marking marking;
    const TranslatorInUse inUse(marking);
    const QStringList known = knownData();
    QSet<QString> complaints;
    ShownWindows windows;
    windows.visitAll([&](QWidget& window, const QString& state) {
        QList<QWidget*> all = window.findChildren<QWidget*>();
        all.append(&window);
        for (const QWidget* widget : all) {
            // Qt's parts that are not seen; a line edit's menu and icons are Qt's own.
            if (!widget->isVisible() || widget->objectName().startsWith(QLatin1String("qt_"))) continue;
            for (QString text : textsOf(*widget)) {
                text.replace(QRegularExpression(QRegularExpression::escape(QDir::tempPath()) + QStringLiteral("/[^ ,»]*")), QString());
                const QString left = untranslatedPart(text, known);
                if (left.isEmpty() || complaints.contains(left)) continue;
                complaints.insert(left);
                ADD_FAILURE() << window.metaObject()->className() << ", " << state.toStdString() << ": " << widget->metaObject()->className()
                              << " \"" << text.toStdString() << "\": not translated: " << left.toStdString();
            }
        }
    });
}

TEST(TranslationTest, LongerTextsHaveRoom) {
    Lengthening lengthening;
    const TranslatorInUse inUse(lengthening);
    ShownWindows windows;
    windows.visitAll([](QWidget& window, const QString& state) {
        QTest::qWait(50);
        for (const QString& complaint : support::clippedTexts(window))
            // The state in the sidebar ends in "..." where it must; its tooltip has it whole.
            if (!complaint.startsWith(QLatin1String("QToolButton"))) ADD_FAILURE() << window.metaObject()->className() << ", " << state.toStdString() << ": " << complaint.toStdString();
    });
}

struct Message {
    QString context, source, translation;
    bool finished = false;
};

std::vector<Message> messagesIn(const QString& file) {
    std::vector<Message> messages;
    QFile input(file);
    if (!input.open(QIODevice::ReadOnly)) return messages;
    QXmlStreamReader xml(&input);
    QString context;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement) continue;
        if (xml.name() == u"name") {
            context = xml.readElementText();
        } else if (xml.name() == u"source") {
            messages.push_back({context, xml.readElementText(), {}, false});
        } else if (xml.name() == u"translation" && !messages.empty()) {
            messages.back().finished = xml.attributes().value(QLatin1String("type")).isEmpty();
            messages.back().translation = xml.readElementText(QXmlStreamReader::IncludeChildElements);
        }
    }
    EXPECT_FALSE(xml.hasError()) << xml.errorString().toStdString();
    return messages;
}

QStringList translationFiles() {
    const QDir folder(QString::fromStdString((support::sourceFolder() / "resources" / "translations").string()));
    QStringList files;
    for (const QString& name : folder.entryList({QStringLiteral("larder_*.ts")})) files += folder.filePath(name);
    return files;
}

QStringList placeholdersOf(const QString& text) {
    static const QRegularExpression placeholder(QStringLiteral("%L?\\d|%n|<[^>]*>"));
    QStringList found;
    for (auto match = placeholder.globalMatch(text); match.hasNext();) found += match.next().captured();
    found.sort();
    return found;
}

qsizetype acceleratorsIn(QString text) { return text.remove(QStringLiteral("&&")).count(QLatin1Char('&')); }

TEST(TranslationTest, EveryMessageIsFinishedAndKeepsItsPlaceholders) {
    ASSERT_FALSE(translationFiles().isEmpty());
    for (const QString& file : translationFiles()) {
        const std::vector<Message> messages = messagesIn(file);
        EXPECT_GT(messages.size(), 300U);
        for (const Message& message : messages) {
            SCOPED_TRACE(message.context.toStdString() + ": " + message.source.toStdString());
            EXPECT_TRUE(message.finished && !message.translation.isEmpty());
            EXPECT_EQ(placeholdersOf(message.source), placeholdersOf(message.translation));
            EXPECT_EQ(acceleratorsIn(message.source), acceleratorsIn(message.translation));
            EXPECT_EQ(message.source.startsWith(QLatin1Char(' ')), message.translation.startsWith(QLatin1Char(' ')));
            EXPECT_EQ(message.source.endsWith(QStringLiteral("...")), message.translation.endsWith(QStringLiteral("...")));
        }
    }
}

TEST(TranslationTest, EveryTextInTheSourcesHasItsMessage) {
    const QString lupdate = QStandardPaths::findExecutable(QStringLiteral("lupdate"), {QStringLiteral("/usr/lib/qt6/bin")});
    if (lupdate.isEmpty()) GTEST_SKIP() << "lupdate is not installed";
    for (const QString& file : translationFiles()) {
        const support::TempFolder folder;
        const QString copy = QString::fromStdString((folder / "copy_de.ts").string());
        ASSERT_TRUE(QFile::copy(file, copy));
        QProcess process;
        process.setWorkingDirectory(QString::fromStdString(support::sourceFolder().string()));
        process.start(lupdate, {QStringLiteral("ui"), QStringLiteral("app"), QStringLiteral("engine/agents"), QStringLiteral("-I"), QStringLiteral("."),
                                QStringLiteral("-tr-function-alias"), QStringLiteral("QT_TRANSLATE_NOOP+=LARDER_TEXT"), QStringLiteral("-no-obsolete"),
                                QStringLiteral("-ts"), copy});
        ASSERT_TRUE(process.waitForFinished(300'000));
        for (const Message& message : messagesIn(copy))
            EXPECT_TRUE(message.finished) << message.context.toStdString() << ": \"" << message.source.toStdString()
                                          << "\": build the target update_translations, then translate it";
    }
}

// A sentence that is not marked would be shown in English.
TEST(TranslationTest, WhatTheEngineSaysOfAgentsIsMarked) {
    AgentSurroundings bare;
    bare.environment = [](const std::string&) { return std::nullopt; };
    bare.home = bare.workingFolder = bare.systemFolder = "/nowhere";
    std::vector<AgentText> said;
    for (const std::size_t window : {std::size_t{0}, std::size_t{8192}, std::size_t{40'960}, std::size_t{65'536}}) {
        AgentServer server;
        server.address = "http://127.0.0.1:1337";
        server.apiKey = window == 0 ? "" : "key";
        server.models = {{"small", window}, {"large", window == 65'536 ? 0U : 131'072U}};
        for (const AgentInfo& agent : knownAgents()) {
            const auto plan = planAgent(agent.id, server, "small", {}, bare);
            said.insert(said.end(), plan->warnings.begin(), plan->warnings.end());
            said.push_back(plan->argumentsWhy);
            for (const AgentVariable& variable : plan->environment) said.push_back(variable.why);
            for (const AgentFile& each : plan->files) said.push_back(each.why);
        }
    }
    for (const QString& file : translationFiles()) {
        QSet<QString> marked;
        for (const Message& message : messagesIn(file))
            if (message.context == QLatin1String("AgentText")) marked.insert(message.source);
        for (const AgentText& text : said)
            for (const AgentSentence& sentence : text) EXPECT_TRUE(marked.contains(QString::fromStdString(sentence.text))) << sentence.text;
    }
}

struct LanguageTest : testing::Test {
    ~LanguageTest() override {
        for (auto* translator : qApp->findChildren<QTranslator*>()) delete translator;   // which removes it
        QLocale::setDefault(QLocale::c());
    }
    static QString stopped() { return QCoreApplication::translate("StatusText", "Stopped"); }
};

TEST_F(LanguageTest, GermanIsShownWhereTheSettingsSaySo) {
    if (!QFile::exists(QStringLiteral(":/translations/larder_de.qm"))) GTEST_SKIP() << "built without lrelease";
    EXPECT_EQ(app::installTranslation(*qApp, "de"), QStringLiteral("de"));
    EXPECT_EQ(stopped(), QStringLiteral("Angehalten"));
    EXPECT_EQ(QLocale().language(), QLocale::German);
}

TEST_F(LanguageTest, TheSettingsPageOffersIt) {
    if (!QFile::exists(QStringLiteral(":/translations/larder_de.qm"))) GTEST_SKIP() << "built without lrelease";
    QComboBox* choice = nullptr;
    ShownWindows windows;
    bool offered = false;
    windows.visitAll([&](QWidget& window, const QString&) {
        for (QComboBox* box : window.findChildren<QComboBox*>())
            if (box->accessibleName() == QLatin1String("Language")) choice = box;
        if (choice == nullptr || offered) return;
        offered = true;
        EXPECT_EQ(choice->currentData().toString(), QString()) << "the desktop's";
        EXPECT_GE(choice->findData(QStringLiteral("en")), 0);
        EXPECT_EQ(choice->itemText(choice->findData(QStringLiteral("de"))), QStringLiteral("Deutsch"));
        EXPECT_EQ(choice->accessibleDescription(), QStringLiteral("From the next start of Larder."));
    });
    EXPECT_TRUE(offered);
}

TEST_F(LanguageTest, EnglishAndUnknownLanguagesLeaveTheTextsAsWritten) {
    for (const char* language : {"en", "xx", "", "../de", "fr"}) {   // the desktop of the tests is the C locale
        EXPECT_EQ(app::installTranslation(*qApp, language), QStringLiteral("en")) << language;
        EXPECT_EQ(stopped(), QStringLiteral("Stopped")) << language;
    }
}

}  // namespace
}  // namespace larder::ui
