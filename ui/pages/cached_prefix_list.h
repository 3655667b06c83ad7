// The prefixes that the disk keeps, as a sorted table, and a button that pins or unpins the chosen one. GUI thread only.
#pragma once

#include <QTableView>
#include <string>
#include <vector>

#include "engine/cache.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace larder::ui {

class PrefixTable;
class TextLabel;

// The first column takes the room that the others leave, and scrolls with them where there is none.
class PrefixView : public QTableView {
    Q_OBJECT

public:
    explicit PrefixView(PrefixTable* table, QWidget* parent = nullptr);
    void fitToContents();        // the columns and the height, anew

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void fitToWidth();
};

class CachedPrefixList : public Card {
    Q_OBJECT

public:
    explicit CachedPrefixList(QWidget* parent = nullptr);

    void show(const std::vector<CachedPrefix>& prefixes);   // the chosen one stays chosen
    void setWorking(bool working);                          // a pin is on its way

signals:
    void pinWanted(const std::string& id, bool pinned);

private:
    const CachedPrefix* chosen() const;
    void showPin();
    void togglePin();

    PrefixTable* m_table;
    PrefixView* m_view;
    TextLabel* m_count;
    QPushButton* m_pin;
    bool m_working = false;
};

}  // namespace larder::ui
