// One model on this disk: what it is, how well it fits this machine, and what can be done with it. GUI thread only.
#pragma once

#include <QFrame>
#include <QString>

#include "engine/service.h"

class QAction;
class QBoxLayout;
class QPushButton;

namespace larder::ui {

class Badge;
class Meter;
class TextLabel;

// What the filter looks at: name, family, quantisation, architecture, repository.
QString searchText(const ModelInfo& model);

// "chat only: 8k window" for windows too small for a coding agent; else empty.
QString windowWarning(std::size_t contextTokens);

class InstalledRow : public QFrame {
    Q_OBJECT

public:
    InstalledRow(const QString& name, QWidget* parent);

    const QString& name() const { return m_name; }
    void show(const ModelInfo& model, const ServiceSnapshot& snapshot);
    void setDivided(bool divided);                  // a line above
    QWidget* chainTabOrder(QWidget* before);        // its last control
    void takeFocus();
    QSize minimumSizeHint() const override;

signals:
    void loadWanted();
    void unloadWanted();
    void pinWanted(bool pinned);
    void defaultToggled();
    void folderWanted();
    void removeWanted();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    int pinWordWidth() const;
    void buildLabels();
    void buildActions(QBoxLayout* layout);
    void showState(const ModelInfo& model, const ServiceSnapshot& snapshot);
    void showActions(const ModelInfo& model, const ServiceSnapshot& snapshot);
    void showPin(const ModelInfo& model, const ServiceSnapshot& snapshot);
    void showFit(const ModelInfo& model, const ServiceSnapshot& snapshot);

    QString m_name;
    bool m_divided = false;
    bool m_loaded = false;
    bool m_isPinned = false;
    TextLabel* m_title;
    TextLabel* m_detail;
    TextLabel* m_activity;
    TextLabel* m_remark;
    Badge* m_state;
    Badge* m_pinned;
    Badge* m_default;
    Badge* m_window;
    Badge* m_fit;
    Badge* m_source;
    Meter* m_progress;
    QPushButton* m_load;
    QPushButton* m_pin;
    QPushButton* m_more;
    QAction* m_toggleDefault;
    QAction* m_remove;
};

}  // namespace larder::ui
