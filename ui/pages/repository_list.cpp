#include "ui/pages/repository_list.h"

#include <QApplication>
#include <QPainter>

#include "ui/look.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"

namespace larder::ui {

RepositoryList::RepositoryList(QObject* parent) : QAbstractListModel(parent) {}

void RepositoryList::reset(std::vector<Entry> entries, int suggested) {
    beginResetModel();
    m_entries = std::move(entries);
    m_suggested = suggested;
    endResetModel();
}

void RepositoryList::clear() { reset({}, -1); }

void RepositoryList::showResults(const std::vector<SearchResult>& results) {
    std::vector<Entry> entries;
    entries.reserve(results.size());
    for (const SearchResult& result : results) {
        QStringList parts = {tr("%1 downloads").arg(StatusText::count(result.downloads)),
                             tr("%1 likes").arg(StatusText::count(result.likes))};
        if (!result.updated.empty()) parts += tr("updated %1").arg(QString::fromStdString(result.updated));
        if (result.gated) parts.prepend(tr("asks you to accept terms"));
        const QString id = QString::fromStdString(result.id);
        entries.push_back({id, id, parts.join(QStringLiteral(" · ")), result.gated});
    }
    reset(std::move(entries), -1);
}

void RepositoryList::showRecommended(const std::vector<RecommendedModel>& models) {
    std::vector<Entry> entries;
    int suggested = -1;
    for (const RecommendedModel& model : models) {
        QStringList parts = {StatusText::bytes(model.bytes)};
        if (!model.remark.empty()) parts += QString::fromStdString(model.remark);
        else if (model.contextTokens >= 1024) parts += tr("%1k window").arg(model.contextTokens / 1024);
        if (model.suggested) {
            suggested = static_cast<int>(entries.size());
            parts.prepend(tr("suggested"));
        }
        entries.push_back({QString::fromStdString(model.reference), QString::fromStdString(model.title),
                           parts.join(QStringLiteral(" · ")), false});
    }
    reset(std::move(entries), suggested);
}

void RepositoryList::showOne(const QString& reference) { reset({{reference, reference, QString(), false}}, 0); }

QString RepositoryList::reference(int row) const {
    return row >= 0 && row < rowCount() ? m_entries[static_cast<std::size_t>(row)].reference : QString();
}

int RepositoryList::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_entries.size()); }

QVariant RepositoryList::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const Entry& entry = m_entries[static_cast<std::size_t>(index.row())];
    switch (role) {
        case Qt::DisplayRole: return entry.title;
        case DetailRole: return entry.detail;
        case ReferenceRole: return entry.reference;
        case GatedRole: return entry.gated;
        case Qt::ToolTipRole: return plainToolTip(entry.reference);
        case Qt::AccessibleTextRole: return entry.detail.isEmpty() ? entry.title : tr("%1, %2").arg(entry.title, entry.detail);
        default: return {};
    }
}

void TwoLineDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const Look& look = Look::instance();
    QStyleOptionViewItem plain = option;
    initStyleOption(&plain, index);
    plain.text.clear();
    const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &plain, painter, option.widget);   // ground, selection, focus

    const int margin = look.space(2);
    const QRect area = option.rect.adjusted(margin, margin, -margin, -margin);
    painter->save();
    QFont title = option.font;
    title.setWeight(QFont::DemiBold);
    painter->setFont(title);
    painter->setPen(look.color(Look::Role::Text));
    const QFontMetrics metrics(title);
    painter->drawText(area, Qt::AlignLeft | Qt::AlignTop,
                      metrics.elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideMiddle, area.width()));
    painter->setFont(look.smallFont());
    painter->setPen(look.color(Look::Role::MutedText));
    const QString detail = index.data(RepositoryList::DetailRole).toString();
    painter->drawText(area, Qt::AlignLeft | Qt::AlignBottom,
                      QFontMetrics(look.smallFont()).elidedText(detail, Qt::ElideRight, area.width()));
    painter->restore();
}

QSize TwoLineDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const Look& look = Look::instance();
    const bool two = !index.data(RepositoryList::DetailRole).toString().isEmpty();
    const int detail = two ? QFontMetrics(look.smallFont()).height() + look.space(1) : 0;
    return {look.space(40), option.fontMetrics.height() + detail + 2 * look.space(2)};
}

}  // namespace larder::ui
