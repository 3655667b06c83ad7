// A Cache page over a scripted service: two models, two prefixes, a running server, the disk cache in use. GUI thread.
#pragma once

#include <gtest/gtest.h>

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QTest>
#include <algorithm>

#include "tests/support/scripted_service.h"
#include "ui/ask.h"
#include "ui/look.h"
#include "ui/pages/cache_page.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/banner.h"

namespace larder::ui {

inline CachedPrefix prefixOf(const std::string& id, const std::string& model, bool pinned, std::int64_t used) {
    CachedPrefix made;
    made.id = id;
    made.model = model;
    made.tokens = 640;
    made.bytes = 70'000'000;
    made.ownBytes = 7'000'000;
    made.uses = 4;
    made.lastUsedUnixMs = used;
    made.pinned = pinned;
    return made;
}

class CachePageTest : public testing::Test {
protected:
    CachePageTest() {
        Look::install(*qApp, QStringLiteral("light"));
        service->listing.models = {{"large", "a", 1200, 8'400'000'000, 1'200'000'000, 214, 1}, {"small", "b", 60, 412'000'000, 0, 1, 0}};
        service->listing.prefixes = {prefixOf("1111", "large", true, 30), prefixOf("2222", "small", false, 20)};
        serve();
        page.resize(900, 700);
        page.show();
        settle();
    }
    void edit(const std::function<void(ServiceSnapshot&)>& change) {
        service->editQuietly(change);
        model.refresh();
    }
    void serve() {
        edit([](ServiceSnapshot& s) {
            s.server = ServerState::Running;
            s.engine.hotTier = {5'600'000'000, 1'200'000'000, 3'400'000'000, 0};
            ColdTierStatus& tier = s.engine.coldTier;
            tier.on = true;
            tier.folder = "/cache";
            tier.limitBytes = 20'000'000'000;
            tier.usedBytes = 8'812'000'000;
            tier.pinnedBytes = 1'200'000'000;
            tier.blocks = 1260;
            tier.freeDiskBytes = 183'000'000'000;
            tier.floorBytes = 2'000'000'000;
            tier.bytesPerDay = 100'000'000'000;
            tier.writtenTodayBytes = 6'000'000'000;
            tier.readBlocks = 1345;
            tier.missedBlocks = 12;
        });
    }
    void settle() {   // replies come through the event loop
        for (int i = 0; i < 5; ++i) QApplication::processEvents();
    }
    void click(QPushButton* button) {
        ASSERT_TRUE(button->isVisible() && button->isEnabled());
        button->click();
        settle();
    }
    long listed() const { return called("listCache"); }
    long called(const std::string& call) const {
        const auto calls = service->calls();
        return std::count(calls.begin(), calls.end(), call);
    }
    template <class T>
    T* part(const char* name) const {
        auto* found = page.findChild<T*>(QLatin1String(name));
        EXPECT_NE(found, nullptr) << name;
        return found;
    }
    QPushButton* button(const char* name) const { return part<QPushButton>(name); }
    template <class T>
    T* named(const char* name) const {
        for (auto* found : page.findChildren<T*>())
            if (found->accessibleName() == QLatin1String(name)) return found;
        ADD_FAILURE() << "nothing is called " << name;
        return nullptr;
    }
    std::string banner(const char* name) const {
        auto* found = part<Banner>(name);
        return found->isVisible() ? found->findChild<QLabel*>()->text().toStdString() : std::string();
    }
    std::string result() const { return banner("cacheResult"); }
    std::string state() const { return banner("cacheState"); }
    std::string badge() const { return part<Badge>("coldState")->text().toStdString(); }
    std::string label(const char* name) const { return part<QLabel>(name)->text().remove(QChar(0x200b)).toStdString(); }
    QStringList models() const {
        QStringList shown;
        for (auto* row : page.findChildren<QWidget*>(QStringLiteral("cachedModel")))
            if (row->isVisible()) shown += row->accessibleName() + QStringLiteral(": ") + row->accessibleDescription();
        return shown;
    }
    bool says(const char* words) const {
        for (auto* each : page.findChildren<QLabel*>())
            if (each->isVisible() && each->text().contains(QLatin1String(words))) return true;
        return false;
    }
    QTableView* table() const { return part<QTableView>("prefixes"); }
    void type(QLineEdit* edit, const char* text) {
        edit->selectAll();
        QTest::keyClick(edit, Qt::Key_Delete);
        QTest::keyClicks(edit, QString::fromLatin1(text));
    }

    support::ScriptedService* service = nullptr;
    EngineModel model{support::ScriptedService::maker(service)};
    CachePage page{model};
};

}  // namespace larder::ui
