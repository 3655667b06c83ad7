// The models on this disk, one row each, with a filter and a choice of order; rows are made anew only when the models
// change. Knows no service: what the user wants comes out as signals. GUI thread only.
#pragma once

#include <QHash>
#include <QStringList>
#include <QWidget>
#include <memory>
#include <vector>

#include "engine/service.h"

class QComboBox;
class QLineEdit;
class QPushButton;
class QVBoxLayout;

namespace larder::ui {

class Card;
class InstalledRow;
class TextLabel;

bool isDefaultModel(const ModelInfo& model, const Settings& settings);

class InstalledList : public QWidget {
    Q_OBJECT

public:
    explicit InstalledList(QWidget* parent = nullptr);

    void show(const ServiceSnapshot& snapshot);
    QStringList shownNames() const;   // in order, without those filtered out

signals:
    void loadWanted(const QString& name);
    void unloadWanted(const QString& name);
    void pinWanted(const QString& name, bool pinned);
    void defaultToggled(const QString& name);
    void folderWanted(const QString& name);
    void removeWanted(const QString& name);
    void downloadWanted();

private:
    void buildHeader();
    QWidget* buildEmpty();
    void rebuild(const std::vector<ModelInfo>& models);
    void arrange();                   // order and filter
    void showEmpty(const ServiceSnapshot& snapshot);

    Card* m_card;
    QLineEdit* m_filter;
    QComboBox* m_order;
    QVBoxLayout* m_rowLayout;
    QWidget* m_empty;
    TextLabel* m_emptyText;
    QPushButton* m_get;
    TextLabel* m_noMatch;
    std::shared_ptr<const std::vector<ModelInfo>> m_models;
    std::vector<InstalledRow*> m_rows;   // as in m_models
};

}  // namespace larder::ui
