#include "ui/pages/logs_page.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QScrollBar>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/look.h"
#include "ui/status_text.h"

namespace larder::ui {
namespace {

constexpr int kBetweenLooksMs = 1000;
constexpr int kWidestPixels = 20'000;   // a line of hostile length must not make the view one pixel per mile

QString joinedLines(const QModelIndexList& rows) {
    QStringList lines;
    for (const QModelIndex& row : rows) lines.append(row.data(LogLines::LineRole).toString());
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

}  // namespace

LogsPage::LogsPage(EngineModel& model, QWidget* parent, LogSource source)
    : QWidget(parent), m_model(model), m_lines(new LogLines(std::move(source), this)), m_shown(new LogFilter(this)) {
    const Look& look = Look::instance();
    setObjectName(QStringLiteral("page"));
    m_shown->setSourceModel(m_lines);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(look.space(6), look.space(6), look.space(6), look.space(4));
    column->setSpacing(look.space(3));
    auto* title = new QLabel(tr("Logs"));
    title->setFont(look.titleFont());
    column->addWidget(title);
    buildTools(column);
    buildTable();
    auto* stack = new QGridLayout;
    stack->addWidget(m_table, 0, 0);
    stack->addWidget(m_empty, 0, 0, Qt::AlignCenter);
    column->addLayout(stack, 1);
    m_count = new QLabel;
    m_count->setProperty("muted", true);
    column->addWidget(m_count);

    m_timer.setInterval(kBetweenLooksMs);
    connect(&m_timer, &QTimer::timeout, this, &LogsPage::fetch);
    connect(&m_model, &EngineModel::changed, this, [this] {
        if (isVisible()) fetch();
    });
    connect(m_lines, &QAbstractItemModel::rowsInserted, this, [this](const QModelIndex&, int first, int last) { measure(first, last); });
    connect(&Look::instance(), &Look::changed, this, [this] { m_table->viewport()->update(); });
    showCount();
}

void LogsPage::buildTools(QVBoxLayout* column) {
    const Look& look = Look::instance();
    m_level = new QComboBox;
    m_level->setAccessibleName(tr("Least level shown"));
    m_level->addItem(tr("All levels"), static_cast<int>(LogSeverity::Debug));
    m_level->addItem(tr("Info and up"), static_cast<int>(LogSeverity::Info));
    m_level->addItem(tr("Warnings and errors"), static_cast<int>(LogSeverity::Warning));
    m_level->addItem(tr("Errors only"), static_cast<int>(LogSeverity::Error));
    m_filter = new QLineEdit;
    m_filter->setAccessibleName(tr("Only lines that contain"));
    m_filter->setPlaceholderText(tr("Filter"));
    m_filter->setClearButtonEnabled(true);
    m_copySelected = new QPushButton(tr("Copy selected"));
    m_copySelected->setEnabled(false);
    m_copyShown = new QPushButton(tr("Copy all shown"));
    auto* folder = new QPushButton(tr("Open log folder"));

    auto* filters = new QHBoxLayout;
    filters->setSpacing(look.space(2));
    filters->addWidget(m_level);
    filters->addWidget(m_filter, 1);
    column->addLayout(filters);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(look.space(2));
    for (QPushButton* button : {m_copySelected, m_copyShown, folder}) buttons->addWidget(button);
    buttons->addStretch(1);
    column->addLayout(buttons);

    connect(m_level, &QComboBox::currentIndexChanged, this, [this] {
        m_shown->setLeast(static_cast<LogSeverity>(m_level->currentData().toInt()));
        showCount();
    });
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_shown->setText(text);
        showCount();
    });
    connect(m_copySelected, &QPushButton::clicked, this, &LogsPage::copySelected);
    connect(m_copyShown, &QPushButton::clicked, this, &LogsPage::copyShown);
    connect(folder, &QPushButton::clicked, this, &LogsPage::openFolder);
}

void LogsPage::buildTable() {
    m_table = new QTableView;
    m_table->setAccessibleName(tr("Log lines"));
    m_table->setModel(m_shown);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setTabKeyNavigation(false);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_table->horizontalHeader()->setSectionResizeMode(LogLines::TextColumn, QHeaderView::Fixed);

    auto* copy = new QAction(tr("Copy"), m_table);
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetShortcut);
    m_table->addAction(copy);
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(copy, &QAction::triggered, this, &LogsPage::copySelected);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this] { m_copySelected->setEnabled(m_table->selectionModel()->hasSelection()); });

    m_empty = new QLabel;
    m_empty->setProperty("muted", true);
    m_empty->setAttribute(Qt::WA_TransparentForMouseEvents);
}

void LogsPage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    fetch();
    fitText();
    m_timer.start();
}

void LogsPage::hideEvent(QHideEvent* event) {
    m_timer.stop();
    QWidget::hideEvent(event);
}

void LogsPage::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fitText();
}

bool LogsPage::isAtEnd() const {
    const QScrollBar* bar = m_table->verticalScrollBar();
    return bar->value() >= bar->maximum();
}

// The view follows the log only where the user looks at its end.
void LogsPage::fetch() {
    const bool follow = isAtEnd();
    const int before = m_lines->rowCount();
    m_lines->fetch();
    if (follow) m_table->scrollToBottom();
    if (before != m_lines->rowCount() || before == 0) showCount();
}

void LogsPage::measure(int first, int last) {
    const QFontMetrics metrics(m_table->font());
    for (int row = first; row <= last; ++row) {
        const QString text = m_lines->index(row, LogLines::TextColumn).data().toString().left(2000);
        m_widestText = qMin(kWidestPixels, qMax(m_widestText, metrics.horizontalAdvance(text)));
    }
    fitText();
}

// Time and level as wide as they need, the text as wide as its longest line: nothing is cut off, the view scrolls.
void LogsPage::fitText() {
    const Look& look = Look::instance();
    const QFontMetrics metrics(m_table->font());
    const int padding = look.space(6);
    QHeaderView* header = m_table->horizontalHeader();
    header->resizeSection(LogLines::TimeColumn, metrics.horizontalAdvance(QStringLiteral("2888-08-28 08:08:08.888")) + padding);
    int level = metrics.horizontalAdvance(tr("Level"));
    for (const LogSeverity severity : {LogSeverity::Debug, LogSeverity::Info, LogSeverity::Warning, LogSeverity::Error})
        level = qMax(level, metrics.horizontalAdvance(LogLines::severityName(severity)));
    header->resizeSection(LogLines::LevelColumn, level + padding);
    const int rest = m_table->viewport()->width() - header->sectionSize(LogLines::TimeColumn) - header->sectionSize(LogLines::LevelColumn);
    header->resizeSection(LogLines::TextColumn, qMax(rest, m_widestText + padding));
    m_table->verticalHeader()->setDefaultSectionSize(metrics.height() + look.space(3));
}

void LogsPage::showCount() {
    const auto all = static_cast<std::uint64_t>(m_lines->rowCount());
    const auto shown = static_cast<std::uint64_t>(m_shown->rowCount());
    m_copyShown->setEnabled(shown > 0);
    m_empty->setVisible(shown == 0);
    m_empty->setText(all == 0 ? tr("Nothing was logged yet.") : tr("No line is like that."));
    m_count->setText(shown == all ? tr("%1 lines").arg(StatusText::count(all))
                                  : tr("%1 of %2 lines").arg(StatusText::count(shown), StatusText::count(all)));
}

void LogsPage::copySelected() {
    QModelIndexList rows = m_table->selectionModel()->selectedRows(LogLines::TextColumn);
    if (rows.isEmpty()) return;
    std::sort(rows.begin(), rows.end(), [](const QModelIndex& a, const QModelIndex& b) { return a.row() < b.row(); });
    QApplication::clipboard()->setText(joinedLines(rows));
}

void LogsPage::copyShown() {
    QModelIndexList rows;
    for (int row = 0; row < m_shown->rowCount(); ++row) rows.append(m_shown->index(row, LogLines::TextColumn));
    if (!rows.isEmpty()) QApplication::clipboard()->setText(joinedLines(rows));
}

void LogsPage::openFolder() {
    const QString folder = QString::fromStdString((m_model.snapshot().settings.baseDir / "logs").string());
    QDesktopServices::openUrl(QUrl::fromLocalFile(folder));
}

}  // namespace larder::ui
