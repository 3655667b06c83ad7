#include "ui/colours.h"

#include <QHash>
#include <array>
#include <cassert>
#include <utility>

namespace larder::ui {

namespace {

struct BothColours {
    QRgb light;
    QRgb dark;
};

// In the order of Look::Role.
constexpr std::array<BothColours, 14> kRoleColours = {{
    {0xfff6f3ee, 0xff1d1a17},  // Window: paper, and a cellar at night
    {0xffffffff, 0xff282420},  // Card
    {0xffe2dcd3, 0xff3d3730},  // CardBorder
    {0xff24201b, 0xfff2ede5},  // Text
    {0xff665f56, 0xffb5ab9d},  // MutedText
    {0xff965600, 0xfff0b14f},  // Accent
    {0xffffffff, 0xff2a1a00},  // OnAccent
    {0xffebe6de, 0xff38322b},  // Hover
    {0xffa85a00, 0xfff0b14f},  // Prefill
    {0xff1c67ad, 0xff79bbf6},  // Decode
    {0xff7548b3, 0xffc6a7f5},  // Ttft
    {0xff1d7346, 0xff78d19a},  // Cache
    {0xffa8345a, 0xfff193ad},  // Memory
    {0xffece7df, 0xff37312b},  // Grid
}};

// In the order of Tone: text, ground.
constexpr std::array<BothColours, 5> kToneColours = {{
    {0xff5c554c, 0xffc3b9ab},
    {0xff1b6a3c, 0xff83d7a0},
    {0xff1d5c9e, 0xff93c5f8},
    {0xff835000, 0xfff4c068},
    {0xffae2218, 0xffffa59b},
}};
constexpr std::array<BothColours, 5> kToneGrounds = {{
    {0xffece7df, 0xff3a342d},
    {0xffdff1e5, 0xff1f3527},
    {0xffe1ecf9, 0xff1f3145},
    {0xfffcecce, 0xff413117},
    {0xfffbe5e2, 0xff47231f},
}};

QColor pickColour(const BothColours& both, bool dark) { return QColor::fromRgb(dark ? both.dark : both.light); }

// What a style sheet can say and a palette cannot. @name is a colour, $n a distance of n steps of a quarter.
constexpr const char* kStyleSheet = R"(
QToolTip { color: @text; background: @card; border: 1px solid @border; padding: $4px; }

QWidget#page, QScrollArea#pageScroll, QScrollArea#pageScroll > QWidget > QWidget#page { background: @window; }
QScrollArea { border: none; }
QLabel[muted="true"] { color: @muted; }

larder--ui--Card { background: @card; border: 1px solid @border; border-radius: $10px; }
larder--ui--Badge { border-radius: $5px; padding: $1px $7px; }
larder--ui--Badge[tone="0"], larder--ui--Banner[tone="0"] { color: @tone0; background: @ground0; }
larder--ui--Badge[tone="1"], larder--ui--Banner[tone="1"] { color: @tone1; background: @ground1; }
larder--ui--Badge[tone="2"], larder--ui--Banner[tone="2"] { color: @tone2; background: @ground2; }
larder--ui--Badge[tone="3"], larder--ui--Banner[tone="3"] { color: @tone3; background: @ground3; }
larder--ui--Badge[tone="4"], larder--ui--Banner[tone="4"] { color: @tone4; background: @ground4; }
larder--ui--Banner { border-radius: $8px; }
larder--ui--Banner QLabel { color: @text; background: transparent; }

QPushButton, QToolButton { color: @text; background: @card; border: 1px solid @control; border-radius: $6px; }
QPushButton { padding: $5px $14px; min-height: $18px; }
QToolButton { padding: $5px; }
QPushButton:hover, QToolButton:hover { background: @hover; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked { background: @border; }
QPushButton:checked { color: @accent; background: @hover; border-color: @accent; }
QPushButton:focus { border: 2px solid @accent; padding: @focusY $13px; }
QToolButton:focus { border: 2px solid @accent; padding: @focusY; }
QPushButton:disabled, QToolButton:disabled { color: @disabled; background: @window; border-color: @border; }
QPushButton[primary="true"] { color: @onAccent; background: @accent; border-color: @accent; }
QPushButton[primary="true"]:hover { background: @accentHover; }
QPushButton[primary="true"]:pressed { background: @accentPressed; }
QPushButton[primary="true"]:focus { border-color: @text; }
QPushButton[primary="true"]:disabled { color: @disabled; background: @hover; border-color: @border; }
QPushButton[danger="true"] { color: @tone4; }
QPushButton[danger="true"]:disabled { color: @disabled; }
QPushButton[flat="true"], QToolButton[flat="true"] { background: transparent; border-color: transparent; }
QPushButton[flat="true"]:hover, QToolButton[flat="true"]:hover { background: @hover; }
QPushButton[flat="true"]:focus, QToolButton[flat="true"]:focus { border-color: @accent; }

QLineEdit, QPlainTextEdit, QTextEdit { color: @text; background: @card; border: 1px solid @control; border-radius: $6px;
    selection-background-color: @accent; selection-color: @onAccent; }
QLineEdit { padding: $5px $8px; min-height: $18px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid @accent; }
QLineEdit:focus { padding: @focusY $7px; }
QLineEdit:disabled, QLineEdit:read-only { background: @window; }
QLineEdit:disabled { color: @disabled; }
QLineEdit[wrong="true"] { border: 2px solid @tone4; }

QComboBox { color: @text; background: @card; border: 1px solid @control; border-radius: $6px; padding: $5px $8px;
    min-height: $18px; }
QComboBox:hover { background: @hover; }
QComboBox:focus { border: 2px solid @accent; padding: @focusY $7px; }
QComboBox:disabled { color: @disabled; background: @window; }
QComboBox::drop-down { border: none; width: $20px; }
QComboBox::down-arrow { image: url(:/icons/arrow-down.svg); width: $10px; height: $10px; }
QComboBox QAbstractItemView { color: @text; background: @card; border: 1px solid @control; outline: none;
    selection-background-color: @hover; selection-color: @text; }

QSpinBox, QDoubleSpinBox { color: @text; background: @card; border: 1px solid @control; border-radius: $6px;
    padding: $5px $8px; min-height: $18px; selection-background-color: @accent; selection-color: @onAccent; }
QSpinBox:focus, QDoubleSpinBox:focus { border: 2px solid @accent; padding: @focusY $7px; }
QSpinBox:disabled, QDoubleSpinBox:disabled { color: @disabled; background: @window; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: $20px; subcontrol-origin: border; }
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url(:/icons/arrow-up.svg); width: $9px; height: $9px; }
QAbstractSpinBox::down-arrow { image: url(:/icons/arrow-down.svg); width: $9px; height: $9px; }

QCheckBox, QRadioButton { spacing: $8px; padding: $3px; border: 2px solid transparent; border-radius: $5px; }
QCheckBox:focus, QRadioButton:focus { border-color: @accent; }
QCheckBox:disabled, QRadioButton:disabled { color: @disabled; }
QCheckBox::indicator { width: $14px; height: $14px; border: 1px solid @control; border-radius: $4px; background: @card; }
QCheckBox::indicator:hover { background: @hover; }
QCheckBox::indicator:checked { border-color: @accent; background: @accent; image: url(:/icons/@tick.svg); }
QCheckBox::indicator:disabled { border-color: @border; background: @window; }
QCheckBox::indicator:checked:disabled { border-color: @disabled; background: @disabled; }
QRadioButton::indicator { width: @box; height: @box; border: 1px solid @control; border-radius: @round; background: @card; }
QRadioButton::indicator:hover { background: @hover; }
QRadioButton::indicator:checked { width: @dot; height: @dot; border: @ring solid @accent; background: @onAccent; }
QRadioButton::indicator:disabled { border-color: @border; background: @window; }
QRadioButton::indicator:checked:disabled { border-color: @disabled; }

QAbstractItemView { alternate-background-color: @window; }
QTableView, QTreeView, QListView { color: @text; background: @card; border: 1px solid @border; border-radius: $8px;
    outline: none; gridline-color: @border; selection-background-color: @hover; selection-color: @text; }
QTableView:focus, QTreeView:focus, QListView:focus { border: 2px solid @accent; }
QTableView::item, QTreeView::item, QListView::item { padding: $4px $6px; }
QHeaderView { background: @card; }
QHeaderView::section { color: @muted; background: @card; border: none; border-bottom: 1px solid @border;
    padding: $5px $6px; }
QTableView#prefixes QHeaderView::up-arrow, QTableView#prefixes QHeaderView::down-arrow { image: none; width: 0; height: 0; }

QMenu { color: @text; background: @card; border: 1px solid @border; padding: $4px; }
QMenu::item { padding: $5px $24px $5px $10px; border-radius: $5px; }
QMenu::item:selected { background: @hover; }
QMenu::item:disabled { color: @muted; }
QMenu::separator { height: 1px; background: @border; margin: $4px $6px; }
QMenu::icon { padding-left: $8px; }

QProgressBar { color: @text; background: @hover; border: none; border-radius: $4px; text-align: center; }
QProgressBar::chunk { background: @accent; border-radius: $4px; }

QScrollBar:vertical { background: transparent; width: $12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: $12px; margin: 0; }
QScrollBar::handle { background: @handle; border: $3px solid transparent; border-radius: $6px; }
QScrollBar::handle:vertical { min-height: $28px; margin: $2px $3px; border-radius: $3px; border: none; }
QScrollBar::handle:horizontal { min-width: $28px; margin: $3px $2px; border-radius: $3px; border: none; }
QScrollBar::handle:hover { background: @control; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QGroupBox { border: 1px solid @border; border-radius: $8px; margin-top: $10px; padding-top: $8px; }
QGroupBox::title { subcontrol-origin: margin; left: $10px; color: @muted; }
QTabBar::tab { color: @muted; padding: $6px $12px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; }
QTabBar::tab:focus { color: @accent; }
QTabWidget::pane { border: none; border-top: 1px solid @border; }

QWidget#sidebar { background: @card; border: none; border-right: 1px solid @border; }
QListWidget#navigation, QListWidget#navigation:focus { background: transparent; border: none; outline: none; }
QListWidget#navigation::item { color: @text; padding: 0 $8px; margin: $1px; border: 2px solid transparent; border-radius: $6px; }
QListWidget#navigation::item:focus { border-color: @accent; }
QListWidget#navigation::item:hover { background: @hover; }
QListWidget#navigation::item:selected { color: @accent; background: @hover; }
)";

QHash<QString, QColor> sheetColours(bool dark) {
    using Role = Look::Role;
    const QColor accent = roleColour(Role::Accent, dark);
    QHash<QString, QColor> colours = {
        {QStringLiteral("window"), roleColour(Role::Window, dark)},
        {QStringLiteral("card"), roleColour(Role::Card, dark)},
        {QStringLiteral("border"), roleColour(Role::CardBorder, dark)},
        {QStringLiteral("text"), roleColour(Role::Text, dark)},
        {QStringLiteral("muted"), roleColour(Role::MutedText, dark)},
        {QStringLiteral("accent"), accent},
        {QStringLiteral("accentHover"), dark ? accent.lighter(108) : accent.darker(108)},
        {QStringLiteral("accentPressed"), dark ? accent.lighter(115) : accent.darker(118)},
        {QStringLiteral("onAccent"), roleColour(Role::OnAccent, dark)},
        {QStringLiteral("hover"), roleColour(Role::Hover, dark)},
        {QStringLiteral("disabled"), dark ? QColor(0x86, 0x7d, 0x71) : QColor(0x96, 0x8e, 0x83)},
        {QStringLiteral("control"), dark ? QColor(0x76, 0x6d, 0x62) : QColor(0x8d, 0x84, 0x78)},
        {QStringLiteral("handle"), dark ? QColor(0x57, 0x4f, 0x46) : QColor(0xc9, 0xc1, 0xb6)},
    };
    for (int tone = 0; tone < 5; ++tone) {
        colours.insert(QStringLiteral("tone%1").arg(tone), toneColour(static_cast<Tone>(tone), dark));
        colours.insert(QStringLiteral("ground%1").arg(tone), toneGround(static_cast<Tone>(tone), dark));
    }
    return colours;
}

}  // namespace

QColor roleColour(Look::Role role, bool dark) { return pickColour(kRoleColours.at(static_cast<std::size_t>(role)), dark); }
QColor toneColour(Tone tone, bool dark) { return pickColour(kToneColours.at(static_cast<std::size_t>(tone)), dark); }
QColor toneGround(Tone tone, bool dark) { return pickColour(kToneGrounds.at(static_cast<std::size_t>(tone)), dark); }

QPalette lookPalette(bool dark) {
    using Role = Look::Role;
    const auto colours = sheetColours(dark);
    const QColor text = roleColour(Role::Text, dark);
    const QColor card = roleColour(Role::Card, dark);
    QPalette palette;
    palette.setColor(QPalette::Window, roleColour(Role::Window, dark));
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, card);
    palette.setColor(QPalette::AlternateBase, roleColour(Role::Window, dark));
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::Button, dark ? roleColour(Role::Hover, dark) : card);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::BrightText, toneColour(Tone::Bad, dark));
    palette.setColor(QPalette::PlaceholderText, roleColour(Role::MutedText, dark));
    palette.setColor(QPalette::ToolTipBase, card);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::Highlight, roleColour(Role::Accent, dark));
    palette.setColor(QPalette::HighlightedText, roleColour(Role::OnAccent, dark));
    palette.setColor(QPalette::Link, roleColour(Role::Accent, dark));
    palette.setColor(QPalette::LinkVisited, roleColour(Role::Accent, dark));
    palette.setColor(QPalette::Light, dark ? QColor(0x4a, 0x43, 0x3b) : QColor(0xff, 0xff, 0xff));
    palette.setColor(QPalette::Midlight, roleColour(Role::Hover, dark));
    palette.setColor(QPalette::Mid, roleColour(Role::CardBorder, dark));
    palette.setColor(QPalette::Dark, colours.value(QStringLiteral("control")));
    palette.setColor(QPalette::Shadow, dark ? QColor(0, 0, 0) : QColor(0x8a, 0x82, 0x78));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
        palette.setColor(QPalette::Disabled, role, colours.value(QStringLiteral("disabled")));
    palette.setColor(QPalette::Disabled, QPalette::Highlight, roleColour(Role::Hover, dark));
    return palette;
}

// What @name stands for: colours, and measures that follow from others.
static QHash<QString, QString> sheetWords(bool dark, int paddingPixels, int boxPixels) {
    QHash<QString, QString> words;
    const auto colours = sheetColours(dark);
    for (auto colour = colours.begin(); colour != colours.end(); ++colour) words.insert(colour.key(), colour->name());
    const auto measure = [&words](const char* name, int pixels) {
        words.insert(QLatin1String(name), QStringLiteral("%1px").arg(pixels));
    };
    measure("focusY", qMax(0, paddingPixels - 1));  // the ring is one pixel thicker than the border it replaces
    const int circle = (boxPixels + 3) / 2 * 2;  // even: a corner's radius is half of it, to the pixel
    const int ring = circle * 5 / 16;
    measure("box", circle - 2);
    measure("round", circle / 2);
    measure("ring", ring);
    measure("dot", circle - 2 * ring);
    words.insert(QStringLiteral("tick"), dark ? QStringLiteral("tick-dark") : QStringLiteral("tick-light"));
    return words;
}

QString lookStyleSheet(bool dark, double step) {
    const auto pixels = [step](int quarters) { return qMax(1, qRound(step * quarters / 4)); };
    const auto words = sheetWords(dark, pixels(5), pixels(14));
    const QString source = QString::fromLatin1(kStyleSheet);
    QString sheet;
    sheet.reserve(source.size() * 2);
    for (qsizetype at = 0; at < source.size();) {
        const QChar mark = source.at(at);
        if (mark != QLatin1Char('@') && mark != QLatin1Char('$')) {
            sheet += mark;
            ++at;
            continue;
        }
        qsizetype end = at + 1;
        if (mark == QLatin1Char('$')) {
            while (end < source.size() && source.at(end).isDigit()) ++end;
            sheet += QString::number(pixels(source.mid(at + 1, end - at - 1).toInt()));
        } else {
            while (end < source.size() && source.at(end).isLetterOrNumber()) ++end;
            const QString name = source.mid(at + 1, end - at - 1);
            assert(words.contains(name));
            sheet += words.value(name);
        }
        at = end;
    }
    return sheet;
}

}  // namespace larder::ui
