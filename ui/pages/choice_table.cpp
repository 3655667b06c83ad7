#include "ui/pages/choice_table.h"

#include "ui/look.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"

namespace larder::ui {

QString fitWord(Fit fit) {
    switch (fit) {
        case Fit::Good: return ChoiceTable::tr("fits");
        case Fit::Tight: return ChoiceTable::tr("tight");
        case Fit::TooBig: return ChoiceTable::tr("too big");
        case Fit::Unknown: break;
    }
    return {};
}

ChoiceTable::ChoiceTable(QObject* parent) : QAbstractTableModel(parent) {}

void ChoiceTable::show(const Repository& repository) {
    beginResetModel();
    m_choices = repository.choices;
    const bool good = repository.recommended < m_choices.size() && m_choices[repository.recommended].problem.empty();
    m_recommended = good ? static_cast<int>(repository.recommended) : -1;
    endResetModel();
}

void ChoiceTable::clear() { show(Repository{}); }

const DownloadChoice* ChoiceTable::choice(int row) const {
    return row >= 0 && row < rowCount() ? &m_choices[static_cast<std::size_t>(row)] : nullptr;
}

int ChoiceTable::recommendedRow() const { return m_recommended; }

int ChoiceTable::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_choices.size()); }

int ChoiceTable::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QString ChoiceTable::text(int row, int column) const {
    const DownloadChoice& entry = m_choices[static_cast<std::size_t>(row)];
    switch (column) {
        case Label: return QString::fromStdString(entry.label);
        case Size: return StatusText::bytes(entry.bytes);
        case FitWord: return entry.problem.empty() ? fitWord(entry.fit.verdict) : tr("cannot run yet");
        case Note:
            if (!entry.problem.empty()) return QString::fromStdString(entry.problem);
            return row == m_recommended ? tr("recommended") : QString();
        default: return {};
    }
}

QVariant ChoiceTable::data(const QModelIndex& index, int role) const {
    const DownloadChoice* entry = index.isValid() ? choice(index.row()) : nullptr;
    if (!entry) return {};
    switch (role) {
        case Qt::DisplayRole:
        case Qt::AccessibleTextRole: return text(index.row(), index.column());
        case Qt::ToolTipRole: {
            QString tip = QString::fromStdString(entry->problem.empty() ? entry->fit.sentence : entry->problem);
            for (const RepositoryFile& file : entry->files) tip += QLatin1Char('\n') + QString::fromStdString(file.path);
            return plainToolTip(tip);
        }
        case Qt::TextAlignmentRole:
            if (index.column() == Size) return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
            return {};
        case Qt::ForegroundRole:
            if (!entry->problem.empty()) return Look::instance().color(Look::Role::MutedText);
            if (index.column() != FitWord) return {};
            if (entry->fit.verdict == Fit::Good) return Look::instance().color(Tone::Good);
            if (entry->fit.verdict == Fit::Tight) return Look::instance().color(Tone::Warning);
            if (entry->fit.verdict == Fit::TooBig) return Look::instance().color(Tone::Bad);
            return {};
        default: return {};
    }
}

QVariant ChoiceTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole && section == Size) {
        return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
    }
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
        case Label: return tr("Version");
        case Size: return tr("Size");
        case FitWord: return tr("This machine");
        case Note: return tr("Remark");
        default: return {};
    }
}

}  // namespace larder::ui
