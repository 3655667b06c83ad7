// The requests as a table with a bar for each prompt, the colours' legend, and a button that cancels the chosen one. GUI thread
// only.
#pragma once

#include <QStyledItemDelegate>
#include <QTableView>
#include <cstdint>
#include <memory>

#include "engine/requests.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace larder::ui {

class RequestTable;

// Paints RequestShares as a bar in the colours of the legend.
class RequestBar : public QStyledItemDelegate {
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// The first column takes the room that the others leave, and scrolls with them where there is none.
class RequestView : public QTableView {
    Q_OBJECT

public:
    explicit RequestView(RequestTable* table, QWidget* parent = nullptr);
    void fitToContents();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void fitToWidth();
};

class RequestListCard : public Card {
    Q_OBJECT

public:
    explicit RequestListCard(QWidget* parent = nullptr);

    void show(const std::shared_ptr<const RequestList>& requests, std::int64_t nowUnixMs);  // the chosen one stays chosen; at first the newest
    const RequestStatus* chosen() const;   // null: there is none

signals:
    void chosenChanged();
    void cancelWanted(std::uint64_t number);

private:
    void showCancel();
    void cancel();

    RequestTable* m_table;
    RequestView* m_view;
    QPushButton* m_cancel;
    std::uint64_t m_chosen = 0;            // number; 0 = none
    std::uint64_t m_cancelled = 0;         // the last one that was asked to end
};

}  // namespace larder::ui
