// What the disk keeps of each model: its name, size and share of all, and a button that clears it. GUI thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/cache.h"
#include "ui/widgets/card.h"

class QVBoxLayout;

namespace larder::ui {

class TextLabel;

class CachedModelList : public Card {
    Q_OBJECT

public:
    explicit CachedModelList(QWidget* parent = nullptr);

    void show(const std::vector<CachedModel>& models, std::int64_t nowUnixMs);
    void showNothing(const QString& sentence);   // why there is no list
    void setWorking(bool working);               // no clearing meanwhile
    void chainTabOrder(QWidget* before);         // rows come late: without it Tab reaches them last

signals:
    void clearWanted(const QString& model);

private:
    class Row;
    void showRows(std::size_t count);

    TextLabel* m_sentence;
    QVBoxLayout* m_rowLayout;
    std::vector<Row*> m_rows;                    // made when needed, hidden when not
    bool m_working = false;
};

}  // namespace larder::ui
