// Every window without eyes and without a mouse: each control has a name, Tab reaches it, Space presses it, and no two
// buttons say the same.
#include <gmock/gmock.h>

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QApplication>
#include <QComboBox>
#include <QHeaderView>
#include <QPushButton>
#include <QSet>
#include <QSlider>
#include <QTimer>
#include <algorithm>

#include "tests/ui/shown_windows.h"

namespace larder::ui {
namespace {

bool isInside(const QWidget* widget, const char* className) {
    for (const QWidget* parent = widget->parentWidget(); parent != nullptr; parent = parent->parentWidget())
        if (parent->inherits(className)) return true;
    return false;
}

// What a person works with; not the parts that Qt builds its own controls from.
bool isControl(const QWidget* widget) {
    if (qobject_cast<const QHeaderView*>(widget) != nullptr) return false;
    for (const char* whole : {"QLineEdit", "QAbstractSpinBox", "QComboBox", "QAbstractItemView"})
        if (isInside(widget, whole)) return false;
    return qobject_cast<const QAbstractButton*>(widget) != nullptr || qobject_cast<const QLineEdit*>(widget) != nullptr ||
           qobject_cast<const QComboBox*>(widget) != nullptr || qobject_cast<const QAbstractSpinBox*>(widget) != nullptr ||
           qobject_cast<const QAbstractItemView*>(widget) != nullptr || qobject_cast<const QSlider*>(widget) != nullptr;
}

QList<QWidget*> controlsOf(const QWidget& window) {
    QList<QWidget*> found;
    for (QWidget* widget : window.findChildren<QWidget*>())
        if (widget->isVisible() && isControl(widget)) found.append(widget);
    return found;
}

QString nameOf(QWidget* widget) { return QAccessible::queryAccessibleInterface(widget)->text(QAccessible::Name).trimmed(); }

std::string describe(QWidget* widget) {
    const auto* button = qobject_cast<const QAbstractButton*>(widget);
    return std::string(widget->metaObject()->className()) + " \"" + nameOf(widget).toStdString() + "\"" +
           (button ? " (" + button->text().toStdString() + ")" : "") + " " + widget->objectName().toStdString();
}

std::string place(const QWidget& window, const QString& state) {
    return std::string(window.metaObject()->className()) + ", " + state.toStdString();
}

TEST(AccessibilityTest, EveryControlHasAName) {
    ShownWindows windows;
    windows.visitAll([](QWidget& window, const QString& state) {
        const QList<QWidget*> controls = controlsOf(window);
        EXPECT_FALSE(controls.isEmpty()) << place(window, state);
        for (QWidget* control : controls) {
            const QString name = nameOf(control);
            EXPECT_TRUE(std::any_of(name.begin(), name.end(), [](QChar c) { return c.isLetterOrNumber(); }))
                << place(window, state) << ": " << describe(control);
        }
    });
}

// The widgets that hold the focus as Tab goes round once.
QList<QWidget*> tabRound(QWidget& window) {
    QApplication::setActiveWindow(&window);
    QList<QWidget*> stops;
    for (int pressed = 0; pressed < 400; ++pressed) {
        QWidget* now = QApplication::focusWidget();
        if (now != nullptr) {
            if (stops.contains(now)) return stops.mid(stops.indexOf(now));
            stops.append(now);
        }
        QTest::keyClick(now != nullptr ? now : &window, Qt::Key_Tab);
    }
    ADD_FAILURE() << "Tab does not come round";
    return stops;
}

bool isReached(const QWidget* control, const QList<QWidget*>& stops) {
    if (stops.contains(control)) return true;
    const auto* radio = qobject_cast<const QRadioButton*>(control);   // one stop a group
    return radio != nullptr && !radio->isChecked() &&   // at the chosen one
           std::any_of(stops.begin(), stops.end(), [](const QWidget* stop) { return qobject_cast<const QRadioButton*>(stop) != nullptr; });
}

TEST(AccessibilityTest, TabReachesEveryControlAndGoesOn) {
    ShownWindows windows;
    windows.visitAll([](QWidget& window, const QString& state) {
        const QList<QWidget*> stops = tabRound(window);
        EXPECT_GT(stops.size(), 1) << place(window, state) << ": the focus is stuck";
        for (QWidget* control : controlsOf(window))
            EXPECT_TRUE(!control->isEnabled() || isReached(control, stops)) << place(window, state) << ": " << describe(control);
        // The focus never goes where nothing can be done or scrolled.
        for (QWidget* stop : stops) {
            EXPECT_TRUE(stop->isVisible() && stop->isEnabled()) << place(window, state) << ": " << describe(stop);
            EXPECT_FALSE(nameOf(stop).isEmpty()) << place(window, state) << ": " << describe(stop);
        }
    });
}

TEST(AccessibilityTest, SpacePressesTheFocusedButton) {
    ShownWindows windows;
    windows.visitAll([](QWidget& window, const QString& state) {
        for (QWidget* stop : tabRound(window)) {
            auto* button = qobject_cast<QAbstractButton*>(stop);
            if (button == nullptr) continue;
            bool pressed = false;
            const auto seen = QObject::connect(button, &QAbstractButton::pressed, button, [&pressed] { pressed = true; });
            QTimer closeMenu;   // a button with a menu opens it, and waits
            QObject::connect(&closeMenu, &QTimer::timeout, [] {
                if (QWidget* popup = QApplication::activePopupWidget()) popup->close();
            });
            closeMenu.start(0);
            QTest::keyPress(button, Qt::Key_Space);   // not released: nothing is to happen here
            EXPECT_TRUE(pressed) << place(window, state) << ": " << describe(button);
            QObject::disconnect(seen);
            button->setDown(false);
        }
    });
}

TEST(AccessibilityTest, NoTwoButtonsSayTheSame) {
    ShownWindows windows;
    windows.visitAll([](QWidget& window, const QString& state) {
        QSet<QString> said;
        for (QWidget* control : controlsOf(window)) {
            if (qobject_cast<QAbstractButton*>(control) == nullptr) continue;
            const QString words = nameOf(control) + QLatin1Char('\n') + control->accessibleDescription();
            EXPECT_FALSE(said.contains(words)) << place(window, state) << ": " << describe(control);
            said.insert(words);
        }
    });
}

}  // namespace
}  // namespace larder::ui
