// What a repository offers as a table: name, size, and how it does on this machine. GUI thread only.
#pragma once

#include <QAbstractTableModel>
#include <optional>

#include "engine/hub.h"

namespace larder::ui {

class ChoiceTable : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Label, Size, FitWord, Note, ColumnCount };

    explicit ChoiceTable(QObject* parent = nullptr);

    void show(const Repository& repository);
    void clear();

    const DownloadChoice* choice(int row) const;   // null for no row
    int recommendedRow() const;                    // -1 when nothing here runs

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(int row, int column) const;

    std::vector<DownloadChoice> m_choices;
    int m_recommended = -1;
};

// "fits", "tight", "too big"; empty when unknown.
QString fitWord(Fit fit);

}  // namespace larder::ui
