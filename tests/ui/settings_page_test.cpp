// The settings page as a user works it: typing, saving, reverting, and settings that change behind its back.
#include "ui/pages/settings_page.h"

#include <gmock/gmock.h>

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QSpinBox>
#include <QTest>

#include "tests/support/scripted_service.h"
#include "tests/support/temp_folder.h"
#include "ui/ask.h"
#include "ui/look.h"

namespace larder::ui {
namespace {

// A test double for the operating system's start at login.
class ScriptedAutostart final : public Autostart {
public:
    bool enabled() const override { return on; }
    Expected<void> set(bool wanted) override {
        if (refuses) return Error{ErrorCode::PermissionDenied, "the folder cannot be written"};
        on = wanted;
        return {};
    }
    bool on = false;
    bool refuses = false;
};

struct SettingsPageTest : testing::Test {
    SettingsPageTest() : model(support::ScriptedService::maker(service)) {
        Look::install(*qApp, QStringLiteral("light"));
        service->edit([&](ServiceSnapshot& s) {
            s.settings.baseDir = folder.path();
            s.settings.modelDir = folder / "models";
            s.settings.setupDone = true;
            s.settings.appearance = "light";
            s.apiKey = "0123456789abcdef";
        });
        model.refresh();
        page = std::make_unique<SettingsPage>(model);
        page->resize(900, 600);
        page->show();
    }

    template <class T>
    T* named(const char* name) const {
        for (auto* found : page->findChildren<T*>())
            if (found->accessibleName() == QLatin1String(name)) return found;
        ADD_FAILURE() << "no editor called " << name;
        return nullptr;
    }
    QPushButton* button(const char* text) const {
        for (auto* found : page->findChildren<QPushButton*>())
            if (found->text().remove(QLatin1Char('&')) == QLatin1String(text)) return found;
        ADD_FAILURE() << "no button " << text;
        return nullptr;
    }
    bool barShown() const { return page->findChild<QWidget*>(QStringLiteral("settingsBar"))->isVisible(); }
    bool says(const QString& words) const {
        for (auto* label : page->findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(words)) return true;
        return false;
    }
    void type(QLineEdit* edit, const char* text) {
        edit->selectAll();
        QTest::keyClick(edit, Qt::Key_Delete);
        QTest::keyClicks(edit, QString::fromLatin1(text));
    }
    // Waits until what was asked of the service has been answered and shown.
    bool waitUntil(const std::function<bool()>& condition) { return QTest::qWaitFor(condition, 20'000); }

    support::TempFolder folder;
    support::ScriptedService* service = nullptr;
    EngineModel model;
    std::unique_ptr<SettingsPage> page;
};

TEST_F(SettingsPageTest, ShowsTheBarOnlyWhileSomethingDiffers) {
    EXPECT_FALSE(barShown());
    auto* notifications = named<QCheckBox>("Show notifications");
    QTest::keyClick(notifications, Qt::Key_Space);
    EXPECT_TRUE(barShown());
    EXPECT_TRUE(page->hasChanges());
    QTest::keyClick(notifications, Qt::Key_Space);
    EXPECT_FALSE(barShown());
    EXPECT_FALSE(page->hasChanges());
}

TEST_F(SettingsPageTest, StoresExactlyWhatWasChanged) {
    type(named<QLineEdit>("Prompt cache in memory"), "4G");
    QTest::keyClick(named<QCheckBox>("Show notifications"), Qt::Key_Space);
    named<QSpinBox>("Answers at the same time")->setValue(3);
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return !barShown(); }));
    ASSERT_EQ(service->savedSettings().size(), 1u);
    Settings expected = service->savedSettings()[0];
    EXPECT_EQ(expected.hotCacheBytes, std::size_t{4} << 30);
    EXPECT_FALSE(expected.notifications);
    EXPECT_EQ(expected.maxRunning, 3u);
    expected.hotCacheBytes.reset();
    expected.notifications = true;
    expected.maxRunning = Settings{}.maxRunning;
    Settings untouched;
    untouched.baseDir = folder.path();
    untouched.modelDir = folder / "models";
    untouched.setupDone = true;
    untouched.appearance = "light";
    EXPECT_EQ(expected, untouched) << "nothing else may change";
    EXPECT_FALSE(service->called("restartServer"));
}

TEST_F(SettingsPageTest, ChangingAValueBackAfterSavingIsAChangeAgain) {
    auto* running = named<QSpinBox>("Answers at the same time");
    running->setValue(3);
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return !barShown(); }));
    running->setValue(static_cast<int>(Settings{}.maxRunning));
    ASSERT_TRUE(barShown());
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return service->savedSettings().size() == 2; }));
    EXPECT_EQ(service->savedSettings()[1].maxRunning, Settings{}.maxRunning);
}

TEST_F(SettingsPageTest, AWrongValueIsSaidAtTheFieldAndCannotBeStored) {
    auto* size = named<QLineEdit>("Prompt cache in memory");
    type(size, "a lot");
    EXPECT_TRUE(says(QStringLiteral("a lot")));
    EXPECT_TRUE(barShown());
    EXPECT_FALSE(button("Save")->isEnabled());
    type(size, "2G");
    EXPECT_TRUE(button("Save")->isEnabled());
    EXPECT_FALSE(says(QStringLiteral("a lot")));
}

TEST_F(SettingsPageTest, MemoryForModelsAndWhenIdleOnesGo) {
    auto* memory = named<QLineEdit>("Memory for models");
    auto* idle = named<QSpinBox>("Unload idle models after");
    EXPECT_EQ(memory->text(), QString());
    EXPECT_EQ(memory->placeholderText(), QStringLiteral("automatic"));
    EXPECT_EQ(idle->text(), QStringLiteral("never"));
    type(memory, "16G");
    idle->setValue(30);
    EXPECT_EQ(idle->text(), QStringLiteral("30 min"));
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return !barShown(); }));
    EXPECT_EQ(service->savedSettings().at(0).modelMemoryBytes, std::size_t{16} << 30);
    EXPECT_EQ(service->savedSettings().at(0).idleUnloadMinutes, 30u);
    memory->clear();
    idle->setValue(0);
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return !barShown(); }));
    EXPECT_EQ(service->savedSettings().at(1).modelMemoryBytes, std::nullopt);
    EXPECT_EQ(service->savedSettings().at(1).idleUnloadMinutes, 0u);
}

TEST_F(SettingsPageTest, ValuesThatContradictEachOtherAreCaughtUntilBothFit) {
    service->edit([](ServiceSnapshot& s) { s.settings.requireApiKey = false; });
    model.refresh();
    type(named<QLineEdit>("Address to listen on"), "0.0.0.0");
    EXPECT_FALSE(button("Save")->isEnabled());
    QTest::keyClick(named<QCheckBox>("Ask for an API key"), Qt::Key_Space);
    EXPECT_TRUE(button("Save")->isEnabled());
}

TEST_F(SettingsPageTest, RevertPutsEverythingBack) {
    auto* host = named<QLineEdit>("Address to listen on");
    type(host, "127.0.0.2");
    named<QSpinBox>("Threads")->setValue(2);
    QTest::mouseClick(button("Revert"), Qt::LeftButton);
    EXPECT_FALSE(barShown());
    EXPECT_EQ(host->text(), QStringLiteral("127.0.0.1"));
    EXPECT_EQ(named<QSpinBox>("Threads")->value(), 0);
    EXPECT_TRUE(service->savedSettings().empty());
}

TEST_F(SettingsPageTest, NamesWhatNeedsARestartAndRestarts) {
    service->edit([](ServiceSnapshot& s) { s.server = ServerState::Running; });
    model.refresh();
    QTest::keyClick(named<QCheckBox>("Show notifications"), Qt::Key_Space);
    EXPECT_FALSE(button("Save and restart")->isVisible());
    named<QSpinBox>("Threads")->setValue(2);
    EXPECT_TRUE(says(QStringLiteral("anew: Threads.")));
    ASSERT_TRUE(button("Save and restart")->isVisible());
    QTest::mouseClick(button("Save and restart"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return service->called("restartServer"); }));
    EXPECT_EQ(service->savedSettings().at(0).threads, 2u);
}

TEST_F(SettingsPageTest, AFailedSaveKeepsWhatWasTypedAndSaysWhy) {
    service->failWith("saveSettings", {ErrorCode::NoSpace, "the disk is full: free some space"});
    type(named<QLineEdit>("Proxy"), "http://proxy:3128");
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return says(QStringLiteral("the disk is full")); }));
    EXPECT_EQ(named<QLineEdit>("Proxy")->text(), QStringLiteral("http://proxy:3128"));
    EXPECT_TRUE(button("Save")->isEnabled());
    service->succeed("saveSettings");
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return !barShown(); }));
    EXPECT_EQ(service->savedSettings().at(0).proxy, "http://proxy:3128");
}

TEST_F(SettingsPageTest, NothingIsSavedTwiceWhileTheAnswerIsOutstanding) {
    service->holdReplies();
    named<QSpinBox>("Threads")->setValue(2);
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    EXPECT_FALSE(button("Save")->isEnabled());
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    service->releaseReplies();
    ASSERT_TRUE(waitUntil([&] { return !barShown(); }));
    EXPECT_EQ(service->savedSettings().size(), 1u);
}

TEST_F(SettingsPageTest, SettingsChangedElsewhereFillUntouchedFieldsOnly) {
    type(named<QLineEdit>("Address to listen on"), "127.0.0.9");
    service->edit([](ServiceSnapshot& s) {
        s.settings.host = "127.0.0.5";
        s.settings.proxy = "http://new:1";
        s.settings.threads = 3;
    });
    model.refresh();
    EXPECT_EQ(named<QLineEdit>("Address to listen on")->text(), QStringLiteral("127.0.0.9"));
    EXPECT_EQ(named<QLineEdit>("Proxy")->text(), QStringLiteral("http://new:1"));
    EXPECT_EQ(named<QSpinBox>("Threads")->value(), 3);
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return !barShown(); }));
    EXPECT_EQ(service->savedSettings().at(0).host, "127.0.0.9");
    EXPECT_EQ(service->savedSettings().at(0).proxy, "http://new:1");
}

TEST_F(SettingsPageTest, ValuesNoEditorCanShowExactlyAreNotTouched) {
    service->edit([](ServiceSnapshot& s) {
        s.settings.lowDiskBytes = 1'234'567'890;
        s.settings.hotCacheBytes = 1'000'000'001;
        s.settings.defaultModel = "gone-model";
        s.settings.appearance = "sepia";
    });
    model.refresh();
    EXPECT_FALSE(page->hasChanges());
    EXPECT_TRUE(named<QComboBox>("Default model")->currentText().contains(QStringLiteral("gone-model")));
}

TEST_F(SettingsPageTest, TheChosenDefaultModelStaysWhileTheListChanges) {
    service->edit([](ServiceSnapshot& s) {
        ModelInfo one, two, broken;
        one.name = "one";
        two.name = "two";
        broken.name = "broken";
        broken.problem = "cannot be read";
        s.models = std::make_shared<const std::vector<ModelInfo>>(std::vector<ModelInfo>{one, two, broken});
    });
    model.refresh();
    auto* box = named<QComboBox>("Default model");
    EXPECT_EQ(box->count(), 3);
    box->setCurrentIndex(2);
    ASSERT_TRUE(barShown());
    service->edit([](ServiceSnapshot& s) {
        ModelInfo two;
        two.name = "two";
        s.models = std::make_shared<const std::vector<ModelInfo>>(std::vector<ModelInfo>{two});
    });
    model.refresh();
    EXPECT_EQ(box->currentData().toString(), QStringLiteral("two"));
    EXPECT_TRUE(barShown());
}

TEST_F(SettingsPageTest, TheAppearanceIsSeenAtOnceAndRevertedWithTheRest) {
    auto* appearance = named<QComboBox>("Appearance");
    appearance->setCurrentIndex(appearance->findData(QStringLiteral("dark")));
    EXPECT_TRUE(Look::instance().isDark());
    EXPECT_TRUE(barShown());
    QTest::mouseClick(button("Revert"), Qt::LeftButton);
    EXPECT_FALSE(Look::instance().isDark());
}

TEST_F(SettingsPageTest, TheTokenIsWrittenAndNeverShown) {
    QLineEdit* token = nullptr;
    for (auto* edit : page->findChildren<QLineEdit*>())
        if (edit->accessibleName().contains(QStringLiteral("Hugging Face token"))) token = edit;
    ASSERT_NE(token, nullptr);
    EXPECT_EQ(token->echoMode(), QLineEdit::Password);
    QTest::keyClicks(token, QStringLiteral("hf_secret"));
    QTest::keyClick(token, Qt::Key_Return);
    ASSERT_TRUE(waitUntil([&] { return service->called("saveHubToken hf_secret") && token->text().isEmpty(); }));
    EXPECT_FALSE(barShown()) << "the token is no part of the settings";
}

TEST_F(SettingsPageTest, ANewKeyIsAskedForFirst) {
    Ask::answerNext(false);
    QTest::mouseClick(button("New key"), Qt::LeftButton);
    EXPECT_FALSE(service->called("renewApiKey"));
    Ask::answerNext(true);
    QTest::mouseClick(button("New key"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return named<QLineEdit>("API key")->text() == QStringLiteral("renewed-key-1"); }));
    EXPECT_EQ(named<QLineEdit>("API key")->echoMode(), QLineEdit::Password);
    QTest::mouseClick(button("Show"), Qt::LeftButton);
    EXPECT_EQ(named<QLineEdit>("API key")->echoMode(), QLineEdit::Normal);
}

TEST_F(SettingsPageTest, StartAtLoginIsHiddenWithoutASystemThatCan) {
    QCheckBox* box = nullptr;
    for (auto* found : page->findChildren<QCheckBox*>())
        if (found->text() == QStringLiteral("Start Larder at login")) box = found;
    ASSERT_NE(box, nullptr);
    EXPECT_FALSE(box->isVisible());
    ScriptedAutostart autostart;
    page->setAutostart(&autostart);
    ASSERT_TRUE(box->isVisible());
    QTest::keyClick(box, Qt::Key_Space);
    EXPECT_TRUE(autostart.on);
    autostart.refuses = true;
    QTest::keyClick(box, Qt::Key_Space);
    EXPECT_TRUE(box->isChecked()) << "shows what is, not what was wanted";
    EXPECT_TRUE(says(QStringLiteral("cannot be written")));
    page->setAutostart(nullptr);
    EXPECT_FALSE(box->isVisible());
}

TEST_F(SettingsPageTest, SetupCanBeRunAgain) {
    int wanted = 0;
    QObject::connect(page.get(), &SettingsPage::wizardWanted, page.get(), [&] { ++wanted; });
    QTest::mouseClick(button("Run setup again ..."), Qt::LeftButton);
    EXPECT_EQ(wanted, 1);
}

TEST_F(SettingsPageTest, EveryControlHasANameForScreenReaders) {
    for (auto* widget : page->findChildren<QWidget*>()) {
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible()) continue;
        const auto* button = qobject_cast<QAbstractButton*>(widget);
        const bool inside = qobject_cast<QAbstractSpinBox*>(widget->parentWidget()) || qobject_cast<QComboBox*>(widget->parentWidget());
        if (inside) continue;
        EXPECT_TRUE(!widget->accessibleName().isEmpty() || (button && !button->text().isEmpty()))
            << widget->metaObject()->className() << " in " << widget->parentWidget()->metaObject()->className();
    }
}

}  // namespace
}  // namespace larder::ui
