#include "ui/pages/request_list.h"

#include <QApplication>
#include <QHeaderView>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QScrollBar>
#include <QStyle>
#include <algorithm>
#include <array>

#include "ui/look.h"
#include "ui/pages/request_table.h"
#include "ui/request_text.h"
#include "ui/widgets/stacked_meter.h"

namespace larder::ui {
namespace {

constexpr int kMostRequestsSeen = 9;    // more scroll
constexpr int kMeasuredRequests = 50;   // for the width of a column
constexpr std::array kColours = {Look::Role::Cache, Look::Role::Ttft, Look::Role::Prefill};

}  // namespace

void RequestBar::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyledItemDelegate::paint(painter, option, index);   // the ground of a chosen row
    const auto shares = index.data(RequestTable::kSharesRole).value<RequestShares>();
    const Look& look = Look::instance();
    const int height = look.space(2), margin = look.space(2);
    const QRect room = option.rect.adjusted(margin, 0, -margin, 0);
    const QRectF bar(room.left(), room.center().y() - height / 2 + 0.5, room.width(), height);
    if (bar.width() <= 0 || index.data(Qt::AccessibleTextRole).toString().isEmpty()) return;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    QPainterPath track;
    track.addRoundedRect(bar, height / 2.0, height / 2.0);
    painter->fillPath(track, look.color(option.state.testFlag(QStyle::State_Selected) ? Look::Role::CardBorder : Look::Role::Grid));
    painter->setClipPath(track, Qt::IntersectClip);
    double at = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        const double width = std::clamp(shares[i], 0.0, 1.0) * bar.width();
        const double left = option.direction == Qt::RightToLeft ? bar.right() - at - width : bar.left() + at;
        painter->fillRect(QRectF(left, bar.top(), width, bar.height()), look.color(kColours[i]));
        at += width;
    }
    painter->restore();
}

QSize RequestBar::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    return {Look::instance().space(28), option.fontMetrics.height()};
}

RequestView::RequestView(RequestTable* table, QWidget* parent) : QTableView(parent) {
    setObjectName(QStringLiteral("requests"));
    setModel(table);
    setItemDelegateForColumn(RequestTable::Parts, new RequestBar(this));
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setTabKeyNavigation(false);
    setShowGrid(false);
    setWordWrap(false);
    setHorizontalScrollMode(ScrollPerPixel);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + Look::instance().space(3));
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    horizontalHeader()->setResizeContentsPrecision(kMeasuredRequests);
    connect(&Look::instance(), &Look::changed, this, [this] { viewport()->update(); });
}

void RequestView::fitToContents() {
    const int widest = Look::instance().space(30);   // of a model's name; its tooltip has all of it
    for (int column = RequestTable::State; column < RequestTable::ColumnCount; ++column) {
        resizeColumnToContents(column);
        if (column == RequestTable::Model) setColumnWidth(column, std::min(columnWidth(column), widest));
    }
    fitToWidth();
}

void RequestView::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    fitToWidth();
}

void RequestView::fitToWidth() {
    int others = 0;
    for (int column = RequestTable::State; column < RequestTable::ColumnCount; ++column) others += columnWidth(column);
    const int least = Look::instance().space(40);
    const int room = viewport()->width() - others;
    setColumnWidth(RequestTable::Title, std::max(least, room));
    const int rows = std::clamp(model()->rowCount(), 1, kMostRequestsSeen);
    const int bar = room < least ? horizontalScrollBar()->sizeHint().height() : 0;
    setFixedHeight(horizontalHeader()->sizeHint().height() + rows * verticalHeader()->defaultSectionSize() + 2 * frameWidth() + bar);
}

RequestListCard::RequestListCard(QWidget* parent)
    : Card(tr("Running and recent"), parent), m_table(new RequestTable(this)), m_view(new RequestView(m_table)), m_cancel(new QPushButton(tr("Cancel"))) {
    setObjectName(QStringLiteral("requestList"));
    m_view->setAccessibleName(tr("Requests"));
    m_cancel->setObjectName(QStringLiteral("cancelRequest"));
    m_cancel->setAccessibleName(tr("Cancel the chosen request"));
    header()->addWidget(m_cancel);
    auto* legend = new StackedMeter;
    legend->setLegendOnly();
    legend->set({{0, kColours[0], tr("from memory")}, {0, kColours[1], tr("from the disk")}, {0, kColours[2], tr("computed")}}, QString(),
                tr("Colours of the bars: from memory, from the disk, computed"));
    body()->addWidget(m_view);
    body()->addWidget(legend);
    setTabOrder(m_view, m_cancel);   // one chooses first
    connect(m_cancel, &QPushButton::clicked, this, &RequestListCard::cancel);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& current) {
        const RequestStatus* one = m_table->request(current.row());
        if (!one || one->number == m_chosen) return;
        m_chosen = one->number;
        showCancel();
        Q_EMIT chosenChanged();
    });
    showCancel();
}

const RequestStatus* RequestListCard::chosen() const { return m_table->request(m_table->rowOf(m_chosen)); }

void RequestListCard::show(const std::shared_ptr<const RequestList>& requests, std::int64_t nowUnixMs) {
    const int scrolled = m_view->verticalScrollBar()->value();
    m_table->show(requests, nowUnixMs);
    m_view->viewport()->update();   // the times go on
    if (m_table->rowOf(m_chosen) < 0) m_chosen = requests->empty() ? 0 : requests->front().number;
    if (const int row = m_table->rowOf(m_chosen); row >= 0 && m_view->currentIndex().row() != row) m_view->setCurrentIndex(m_table->index(row, 0));
    m_view->fitToContents();
    m_view->verticalScrollBar()->setValue(scrolled);
    setVisible(!requests->empty());
    showCancel();
}

void RequestListCard::showCancel() {
    const RequestStatus* one = chosen();
    const bool runs = one && RequestText(*one).runs();
    m_cancel->setEnabled(runs && one->number != m_cancelled);
    m_cancel->setToolTip(!one ? tr("Choose a request first.") : runs ? tr("Its client is told that it was cancelled. What was computed stays in the cache.") : tr("It is over."));
}

void RequestListCard::cancel() {
    const RequestStatus* one = chosen();
    if (!one || !RequestText(*one).runs()) return;
    m_cancelled = one->number;
    showCancel();
    Q_EMIT cancelWanted(one->number);
}

}  // namespace larder::ui
