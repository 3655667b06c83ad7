// The known prefixes as a table, sorted by any column. Holds thousands: rows are sorted once, texts are made when a row is seen.
// GUI thread only.
#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <vector>

#include "engine/cache.h"

namespace larder::ui {

class PrefixTable : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Model, Tokens, Size, OwnSize, Uses, LastUsed, Pinned, ColumnCount };

    explicit PrefixTable(QObject* parent = nullptr);

    void show(std::vector<CachedPrefix> prefixes);   // in the order that was asked for last
    const CachedPrefix* prefix(int row) const;       // null for no row
    int rowOf(const std::string& id) const;          // -1: it is gone

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;   // rows that are equal keep their order

private:
    void arrange();
    QString text(const CachedPrefix& prefix, int column) const;
    QString columnName(int column) const;

    std::vector<CachedPrefix> m_prefixes;
    int m_column = LastUsed;
    Qt::SortOrder m_order = Qt::DescendingOrder;
};

}  // namespace larder::ui
