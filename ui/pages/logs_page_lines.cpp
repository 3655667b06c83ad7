#include "ui/pages/logs_page_lines.h"

#include <QBrush>
#include <QDateTime>
#include <algorithm>

#include "ui/look.h"

namespace larder::ui {
namespace {

QString timeText(std::int64_t unixMs) {
    return QDateTime::fromMSecsSinceEpoch(unixMs).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.zzz"));
}

Tone severityTone(LogSeverity severity) {
    switch (severity) {
        case LogSeverity::Error: return Tone::Bad;
        case LogSeverity::Warning: return Tone::Warning;
        case LogSeverity::Info: return Tone::Neutral;
        case LogSeverity::Debug: return Tone::Neutral;
    }
    return Tone::Neutral;
}

}  // namespace

LogLines::LogLines(LogSource source, QObject* parent) : QAbstractTableModel(parent), m_source(std::move(source)) {}

QString LogLines::severityName(LogSeverity severity) {
    switch (severity) {
        case LogSeverity::Error: return tr("Error");
        case LogSeverity::Warning: return tr("Warning");
        case LogSeverity::Info: return tr("Info");
        case LogSeverity::Debug: return tr("Debug");
    }
    return {};
}

void LogLines::fetch() {
    std::vector<LogLine> fresh = m_source(m_last);
    if (fresh.empty()) return;
    m_last = fresh.back().number;
    if (fresh.size() > kMostRows) fresh.erase(fresh.begin(), fresh.end() - static_cast<std::ptrdiff_t>(kMostRows));
    const std::size_t room = kMostRows - fresh.size();
    if (m_lines.size() > room) {
        const std::size_t gone = m_lines.size() - room;
        beginRemoveRows({}, 0, static_cast<int>(gone) - 1);
        m_lines.erase(m_lines.begin(), m_lines.begin() + static_cast<std::ptrdiff_t>(gone));
        endRemoveRows();
    }
    const int first = static_cast<int>(m_lines.size());
    beginInsertRows({}, first, first + static_cast<int>(fresh.size()) - 1);
    std::move(fresh.begin(), fresh.end(), std::back_inserter(m_lines));
    endInsertRows();
}

int LogLines::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_lines.size()); }

int LogLines::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant LogLines::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const LogLine& line = m_lines[static_cast<std::size_t>(index.row())];
    const QString text = QString::fromStdString(line.text);
    if (role == SeverityRole) return static_cast<int>(line.severity);
    if (role == LineRole) return QStringList{timeText(line.unixMs), severityName(line.severity), text}.join(QLatin1Char('\t'));
    if (role == Qt::ForegroundRole) {
        const Look& look = Look::instance();
        if (index.column() == TimeColumn || line.severity == LogSeverity::Debug) return QBrush(look.color(Look::Role::MutedText));
        if (index.column() == LevelColumn && line.severity != LogSeverity::Info) return QBrush(look.color(severityTone(line.severity)));
        return {};
    }
    if (role == Qt::ToolTipRole && index.column() == TextColumn) return text.toHtmlEscaped();
    if (role != Qt::DisplayRole && role != Qt::AccessibleTextRole) return {};
    switch (index.column()) {
        case TimeColumn: return timeText(line.unixMs);
        case LevelColumn: return severityName(line.severity);
        default: return text;
    }
}

QVariant LogLines::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    switch (section) {
        case TimeColumn: return tr("Time");
        case LevelColumn: return tr("Level");
        case TextColumn: return tr("What happened");
        default: return {};
    }
}

void LogFilter::setLeast(LogSeverity least) {
    m_least = least;
    invalidateFilter();
}

void LogFilter::setText(const QString& text) {
    m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

bool LogFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
    const QModelIndex line = sourceModel()->index(row, LogLines::TextColumn, parent);
    if (line.data(LogLines::SeverityRole).toInt() < static_cast<int>(m_least)) return false;
    const QString text = line.data(Qt::DisplayRole).toString();
    return std::all_of(m_words.begin(), m_words.end(),
                       [&](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
}

}  // namespace larder::ui
