#include "ui/pages/request_table.h"

#include <QBrush>
#include <algorithm>
#include <utility>

#include "ui/look.h"
#include "ui/pages/text_label.h"
#include "ui/request_text.h"
#include "ui/status_text.h"

namespace larder::ui {
namespace {

bool isNumber(int column) {
    return column == RequestTable::Prompt || column == RequestTable::Answer || column == RequestTable::Duration;
}

bool sameRows(const RequestList& a, const RequestList& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const RequestStatus& one, const RequestStatus& other) { return one.number == other.number; });
}

RequestShares sharesOf(const RequestStatus& request) {
    if (request.promptTokens == 0) return {};
    const RequestText text(request);
    const auto all = static_cast<double>(request.promptTokens);
    return {static_cast<double>(text.memoryTokens()) / all, static_cast<double>(text.diskTokens()) / all,
            static_cast<double>(text.computedTokens()) / all};
}

}  // namespace

RequestTable::RequestTable(QObject* parent) : QAbstractTableModel(parent), m_requests(std::make_shared<const RequestList>()) {}

void RequestTable::show(std::shared_ptr<const RequestList> requests, std::int64_t nowUnixMs) {
    m_nowUnixMs = nowUnixMs;
    if (requests == m_requests) return;
    if (sameRows(*requests, *m_requests)) {
        m_requests = std::move(requests);
        if (!m_requests->empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
        return;
    }
    beginResetModel();
    m_requests = std::move(requests);
    endResetModel();
}

const RequestStatus* RequestTable::request(int row) const {
    return row >= 0 && row < rowCount() ? &(*m_requests)[static_cast<std::size_t>(row)] : nullptr;
}

int RequestTable::rowOf(std::uint64_t number) const {
    const auto found = std::find_if(m_requests->begin(), m_requests->end(), [&](const RequestStatus& each) { return each.number == number; });
    return found == m_requests->end() ? -1 : static_cast<int>(found - m_requests->begin());
}

int RequestTable::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_requests->size()); }

int RequestTable::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QString RequestTable::text(const RequestStatus& request, int column) const {
    const RequestText words(request);
    switch (column) {
        case Title: return words.title();
        case State: return words.state();
        case Model: return QString::fromStdString(request.model);
        case Client: return words.client();
        case Prompt: return request.promptTokens > 0 ? StatusText::count(request.promptTokens) : QString();
        case Answer: return request.answerTokens > 0 ? StatusText::count(request.answerTokens) : QString();
        case Duration: return words.duration(m_nowUnixMs);
        default: return {};
    }
}

QString RequestTable::tip(const RequestStatus& request, int column) const {
    const RequestText words(request);
    switch (column) {
        case State: return request.failure.empty() ? words.state() : StatusText::sentence(request.failure);
        case Prompt:
        case Parts: {
            const QString parts = words.parts();
            if (parts.isEmpty()) return {};
            return request.followedTokens > 0
                       ? parts + QLatin1Char('\n') + tr("%1 of those from memory came from a request beside it").arg(StatusText::count(request.followedTokens))
                       : parts;
        }
        default: return text(request, column);
    }
}

QVariant RequestTable::data(const QModelIndex& index, int role) const {
    const RequestStatus* found = index.isValid() ? request(index.row()) : nullptr;
    if (!found) return {};
    switch (role) {
        case Qt::DisplayRole: return text(*found, index.column());
        case Qt::AccessibleTextRole: return index.column() == Parts ? RequestText(*found).parts() : text(*found, index.column());
        case Qt::ToolTipRole: return plainToolTip(tip(*found, index.column()));
        case Qt::TextAlignmentRole: return isNumber(index.column()) ? QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter) : QVariant();
        case Qt::ForegroundRole: {
            const Look& look = Look::instance();
            const Tone tone = RequestText(*found).tone();
            if (index.column() == State && tone != Tone::Neutral) return QBrush(look.color(tone));
            if (found->endedUnixMs > 0 && index.column() != Title) return QBrush(look.color(Look::Role::MutedText));
            return {};
        }
        case kSharesRole: return index.column() == Parts ? QVariant::fromValue(sharesOf(*found)) : QVariant();
        default: return {};
    }
}

QVariant RequestTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return isNumber(section) ? QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter) : QVariant();
    if (role == Qt::ToolTipRole && section == Prompt) return tr("Tokens of the prompt");
    if (role == Qt::ToolTipRole && section == Parts) return tr("Where the tokens of the prompt came from");
    if (role == Qt::ToolTipRole && section == Answer) return tr("Tokens of the answer so far");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case Title: return tr("Request");
        case State: return tr("State");
        case Model: return tr("Model");
        case Client: return tr("Client");
        case Prompt: return tr("Prompt");
        case Parts: return tr("Came from");
        case Answer: return tr("Answer");
        case Duration: return tr("Time");
        default: return {};
    }
}

}  // namespace larder::ui
