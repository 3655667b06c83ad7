#include "ui/pages/prefix_table.h"

#include <QDateTime>
#include <QHash>
#include <QLocale>
#include <algorithm>
#include <utility>

#include "ui/pages/text_label.h"
#include "ui/status_text.h"

namespace larder::ui {
namespace {

QVariant sideOf(int column) {
    if (column == PrefixTable::Model) return {};
    return QVariant::fromValue((column == PrefixTable::Pinned ? Qt::AlignHCenter : Qt::AlignRight) | Qt::AlignVCenter);
}

bool isBefore(const CachedPrefix& a, const CachedPrefix& b, int column) {
    switch (column) {
        case PrefixTable::Model: return a.model < b.model;
        case PrefixTable::Tokens: return a.tokens < b.tokens;
        case PrefixTable::Size: return a.bytes < b.bytes;
        case PrefixTable::OwnSize: return a.ownBytes < b.ownBytes;
        case PrefixTable::Uses: return a.uses < b.uses;
        case PrefixTable::LastUsed: return a.lastUsedUnixMs < b.lastUsedUnixMs;
        case PrefixTable::Pinned: return std::pair(a.pinned, a.pinnedTokens) < std::pair(b.pinned, b.pinnedTokens);
        default: return false;
    }
}

QString dateText(std::int64_t unixMs) {
    return unixMs > 0 ? QLocale().toString(QDateTime::fromMSecsSinceEpoch(unixMs), QLocale::ShortFormat) : QStringLiteral("-");
}

}  // namespace

PrefixTable::PrefixTable(QObject* parent) : QAbstractTableModel(parent) {}

void PrefixTable::show(std::vector<CachedPrefix> prefixes) {
    beginResetModel();
    m_prefixes = std::move(prefixes);
    arrange();
    endResetModel();
}

void PrefixTable::arrange() {
    const int column = m_column;
    const bool down = m_order == Qt::DescendingOrder;
    std::stable_sort(m_prefixes.begin(), m_prefixes.end(), [column, down](const CachedPrefix& a, const CachedPrefix& b) {
        return down ? isBefore(b, a, column) : isBefore(a, b, column);
    });
}

void PrefixTable::sort(int column, Qt::SortOrder order) {
    if (column < 0 || column >= ColumnCount) return;
    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    std::vector<std::string> ids;
    for (const QModelIndex& each : before) ids.push_back(m_prefixes[static_cast<std::size_t>(each.row())].id);
    m_column = column;
    m_order = order;
    arrange();
    if (!before.isEmpty()) {
        QHash<QByteArray, int> rows;
        for (std::size_t i = 0; i < m_prefixes.size(); ++i) rows.insert(QByteArray::fromStdString(m_prefixes[i].id), static_cast<int>(i));
        QModelIndexList after;
        for (qsizetype i = 0; i < before.size(); ++i)
            after += index(rows.value(QByteArray::fromStdString(ids[static_cast<std::size_t>(i)]), -1), before[i].column());
        changePersistentIndexList(before, after);
    }
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
    Q_EMIT headerDataChanged(Qt::Horizontal, 0, ColumnCount - 1);
}

const CachedPrefix* PrefixTable::prefix(int row) const {
    return row >= 0 && row < rowCount() ? &m_prefixes[static_cast<std::size_t>(row)] : nullptr;
}

int PrefixTable::rowOf(const std::string& id) const {
    const auto found = std::find_if(m_prefixes.begin(), m_prefixes.end(), [&](const CachedPrefix& each) { return each.id == id; });
    return found == m_prefixes.end() ? -1 : static_cast<int>(found - m_prefixes.begin());
}

int PrefixTable::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_prefixes.size()); }

int PrefixTable::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QString PrefixTable::text(const CachedPrefix& prefix, int column) const {
    switch (column) {
        case Model: return QString::fromStdString(prefix.model);
        case Tokens: return StatusText::count(prefix.tokens);
        case Size: return StatusText::bytes(prefix.bytes);
        case OwnSize: return StatusText::bytes(prefix.ownBytes);
        case Uses: return StatusText::count(prefix.uses);
        case LastUsed: return StatusText::ago(prefix.lastUsedUnixMs, QDateTime::currentMSecsSinceEpoch());
        case Pinned: return prefix.pinned ? tr("pinned") : prefix.pinnedTokens > 0 ? tr("in part") : QString();
        default: return {};
    }
}

QVariant PrefixTable::data(const QModelIndex& index, int role) const {
    const CachedPrefix* found = index.isValid() ? prefix(index.row()) : nullptr;
    if (!found) return {};
    switch (role) {
        case Qt::DisplayRole:
        case Qt::AccessibleTextRole: return text(*found, index.column());
        case Qt::ToolTipRole:
            return plainToolTip(tr("%1\n%2\nFirst kept %3, last used %4")
                                    .arg(QString::fromStdString(found->model), QString::fromStdString(found->id),
                                         dateText(found->createdUnixMs), dateText(found->lastUsedUnixMs)));
        case Qt::TextAlignmentRole:
            return sideOf(index.column());
        default: return {};
    }
}

QVariant PrefixTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return sideOf(section);
    if (role == Qt::ToolTipRole && section == Size) return tr("Of all its blocks, those that other prefixes begin with included.");
    if (role == Qt::ToolTipRole && section == OwnSize) return tr("Of the blocks that no other prefix needs: what clearing it alone would free.");
    if (role != Qt::DisplayRole) return {};
    // The arrow is part of the name: the header's own would lie over names at the right.
    const QString arrow = m_order == Qt::DescendingOrder ? QStringLiteral(" \u2193") : QStringLiteral(" \u2191");
    return section == m_column ? columnName(section) + arrow : columnName(section);
}

QString PrefixTable::columnName(int column) const {
    switch (column) {
        case Model: return tr("Model");
        case Tokens: return tr("Tokens");
        case Size: return tr("Size");
        case OwnSize: return tr("Own size");
        case Uses: return tr("Uses");
        case LastUsed: return tr("Last used");
        case Pinned: return tr("Pin", "column");
        default: return {};
    }
}

}  // namespace larder::ui
