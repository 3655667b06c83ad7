// The requests of a snapshot as a table, those that run first. Texts are made when a row is seen. GUI thread only.
#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <array>
#include <memory>

#include "engine/requests.h"

namespace larder::ui {

class RequestTable : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Column { Title, State, Model, Client, Prompt, Parts, Answer, Duration, ColumnCount };
    static constexpr int kSharesRole = Qt::UserRole;   // of Parts: a RequestShares

    explicit RequestTable(QObject* parent = nullptr);

    // Rows stay where they are as long as the same requests stand in the same order.
    void show(std::shared_ptr<const RequestList> requests, std::int64_t nowUnixMs);
    const RequestStatus* request(int row) const;   // null for no row
    int rowOf(std::uint64_t number) const;         // -1: it is gone

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(const RequestStatus& request, int column) const;
    QString tip(const RequestStatus& request, int column) const;

    std::shared_ptr<const RequestList> m_requests;
    std::int64_t m_nowUnixMs = 0;
};

// Parts of the prompt, 0 to 1: from memory, from the disk, computed.
using RequestShares = std::array<double, 3>;

}  // namespace larder::ui

Q_DECLARE_METATYPE(larder::ui::RequestShares)
