// The log as a table: time, level, text. Takes what is new from its source and keeps the last rows. GUI thread only.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <deque>
#include <functional>
#include <vector>

#include "engine/logs.h"

namespace larder::ui {

using LogSource = std::function<std::vector<LogLine>(std::uint64_t after)>;

class LogLines : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { TimeColumn, LevelColumn, TextColumn, ColumnCount };
    enum Role { SeverityRole = Qt::UserRole, LineRole };   // LineRole: "time level text", for copying
    static constexpr std::size_t kMostRows = 5000;

    explicit LogLines(LogSource source, QObject* parent = nullptr);

    void fetch();               // appends what is new

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    static QString severityName(LogSeverity severity);

private:
    LogSource m_source;
    std::deque<LogLine> m_lines;
    std::uint64_t m_last = 0;   // number of the newest line seen
};

// Of these, the lines from a level up that contain a text.
class LogFilter : public QSortFilterProxyModel {
    Q_OBJECT

public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setLeast(LogSeverity least);
    void setText(const QString& text);   // without case; several words: each of them

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    LogSeverity m_least = LogSeverity::Debug;
    QStringList m_words;
};

}  // namespace larder::ui
