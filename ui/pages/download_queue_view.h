// The downloads under way, waiting and done: one row each, hidden while there are none. GUI thread only.
#pragma once

#include <QHash>
#include <QWidget>
#include <cstdint>

#include "ui/engine_model.h"

class QPushButton;
class QVBoxLayout;

namespace larder::ui {

class Card;
class DownloadRow;
class TextLabel;

class DownloadQueueView : public QWidget {
    Q_OBJECT

public:
    explicit DownloadQueueView(EngineModel& model, QWidget* parent = nullptr);

    void refresh();
    DownloadRow* row(std::uint64_t id) const { return m_rows.value(id); }

private:
    DownloadRow* makeRow(std::uint64_t id);
    void cancel(std::uint64_t id);
    void clearDone();
    const DownloadStatus* find(std::uint64_t id) const;

    EngineModel& m_model;
    Card* m_card;
    QVBoxLayout* m_rowLayout;
    QPushButton* m_clear;
    TextLabel* m_space;
    QHash<std::uint64_t, DownloadRow*> m_rows;
};

}  // namespace larder::ui
