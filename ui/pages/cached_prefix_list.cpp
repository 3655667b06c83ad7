#include "ui/pages/cached_prefix_list.h"

#include <QHeaderView>
#include <QPushButton>
#include <QScrollBar>
#include <algorithm>

#include "ui/look.h"
#include "ui/pages/prefix_table.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"

namespace larder::ui {
namespace {

constexpr int kMostRowsSeen = 12;   // more scroll
constexpr int kMeasuredRows = 200;  // for the width of a column

}  // namespace

PrefixView::PrefixView(PrefixTable* table, QWidget* parent) : QTableView(parent) {
    setObjectName(QStringLiteral("prefixes"));
    setModel(table);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setTabKeyNavigation(false);
    setShowGrid(false);
    setWordWrap(false);
    setTextElideMode(Qt::ElideMiddle);
    setHorizontalScrollMode(ScrollPerPixel);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);   // thousands of rows are not measured
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + Look::instance().space(3));
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    horizontalHeader()->setResizeContentsPrecision(kMeasuredRows);
    horizontalHeader()->setSortIndicator(PrefixTable::LastUsed, Qt::DescendingOrder);
    setSortingEnabled(true);
    connect(table, &PrefixTable::headerDataChanged, this, &PrefixView::fitToContents);   // the arrow is at another name
}

void PrefixView::fitToContents() {
    for (int column = PrefixTable::Model + 1; column < PrefixTable::ColumnCount; ++column) resizeColumnToContents(column);
    fitToWidth();
}

void PrefixView::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    fitToWidth();
}

void PrefixView::fitToWidth() {
    int others = 0;
    for (int column = PrefixTable::Model + 1; column < PrefixTable::ColumnCount; ++column) others += columnWidth(column);
    const int least = Look::instance().space(40);
    const int room = viewport()->width() - others;
    setColumnWidth(PrefixTable::Model, std::max(least, room));
    const int rows = std::clamp(model()->rowCount(), 1, kMostRowsSeen);
    const int bar = room < least ? horizontalScrollBar()->sizeHint().height() : 0;
    setFixedHeight(horizontalHeader()->sizeHint().height() + rows * verticalHeader()->defaultSectionSize() + 2 * frameWidth() + bar);
}

CachedPrefixList::CachedPrefixList(QWidget* parent)
    : Card(tr("Prefixes"), parent),
      m_table(new PrefixTable(this)),
      m_view(new PrefixView(m_table)),
      m_count(new TextLabel(TextLabel::Style::Small)),
      m_pin(new QPushButton) {
    setObjectName(QStringLiteral("cachedPrefixes"));
    m_view->setAccessibleName(tr("Prefixes on the disk"));
    m_pin->setObjectName(QStringLiteral("pinPrefix"));
    header()->addWidget(m_pin);
    body()->addWidget(m_count);
    body()->addWidget(m_view);
    connect(m_pin, &QPushButton::clicked, this, &CachedPrefixList::togglePin);
    connect(m_view, &QTableView::activated, this, &CachedPrefixList::togglePin);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, &CachedPrefixList::showPin);
    showPin();
}

const CachedPrefix* CachedPrefixList::chosen() const { return m_table->prefix(m_view->currentIndex().row()); }

void CachedPrefixList::show(const std::vector<CachedPrefix>& prefixes) {
    const CachedPrefix* before = chosen();
    const std::string id = before ? before->id : std::string();
    const int scrolled = m_view->verticalScrollBar()->value();
    m_table->show(prefixes);
    if (const int row = m_table->rowOf(id); row >= 0) m_view->setCurrentIndex(m_table->index(row, 0));
    m_view->fitToContents();
    m_view->verticalScrollBar()->setValue(scrolled);
    m_count->setSentence(prefixes.size() == 1 ? tr("1 beginning of prompts is kept. Pinned ones stay until you unpin them.")
                                              : tr("%1 beginnings of prompts are kept. Pinned ones stay until you unpin them.")
                                                    .arg(StatusText::count(prefixes.size())));
    setVisible(!prefixes.empty());
    setTabOrder(m_view, m_pin);   // one chooses first
    showPin();
}

void CachedPrefixList::setWorking(bool working) {
    m_working = working;
    showPin();
}

void CachedPrefixList::showPin() {
    const CachedPrefix* one = chosen();
    m_pin->setEnabled(one && !m_working);
    m_pin->setText(one && one->pinned ? tr("Unpin") : tr("Pin"));
    m_pin->setAccessibleName(one && one->pinned ? tr("Unpin the chosen prefix") : tr("Pin the chosen prefix"));
    m_pin->setToolTip(one ? tr("A pinned prefix is never given up for newer ones, and counts against the limit.") : tr("Choose a prefix first."));
}

void CachedPrefixList::togglePin() {
    const CachedPrefix* one = chosen();
    if (one && !m_working) Q_EMIT pinWanted(std::string(one->id), !one->pinned);
}

}  // namespace larder::ui
