// Repositories to choose from: found by a search, or recommended for this machine. A list with a title and a line of detail
// each, and the delegate that paints them. GUI thread only.
#pragma once

#include <QAbstractListModel>
#include <QStyledItemDelegate>
#include <vector>

#include "engine/hub.h"

namespace larder::ui {

class RepositoryList : public QAbstractListModel {
    Q_OBJECT

public:
    enum Roles { DetailRole = Qt::UserRole + 1, ReferenceRole, GatedRole };

    explicit RepositoryList(QObject* parent = nullptr);

    void showResults(const std::vector<SearchResult>& results);
    void showRecommended(const std::vector<RecommendedModel>& models);
    void showOne(const QString& reference);      // what the user named exactly
    void clear();

    QString reference(int row) const;            // for parseModelReference; empty for no row
    int suggestedRow() const { return m_suggested; }

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    struct Entry {
        QString reference;
        QString title;
        QString detail;
        bool gated = false;
    };
    void reset(std::vector<Entry> entries, int suggested);

    std::vector<Entry> m_entries;
    int m_suggested = -1;
};

// Title over a smaller, muted detail.
class TwoLineDelegate : public QStyledItemDelegate {
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace larder::ui
