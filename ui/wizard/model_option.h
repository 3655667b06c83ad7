// One model to choose in the wizard: a radio button with its name, a remark beside it, and the figures below.
#pragma once

#include <QRadioButton>
#include <QWidget>

#include "ui/widgets/badge.h"
#include "ui/widgets/note_label.h"

class QHBoxLayout;

namespace larder::ui {

class ModelOption : public QWidget {
    Q_OBJECT

public:
    ModelOption(const QString& title, const QString& detail, QWidget* parent = nullptr);

    QRadioButton* radio() const { return m_radio; }
    void addBadge(const QString& text, Tone tone);

protected:
    void mousePressEvent(QMouseEvent* event) override;   // the figures choose too, not only the button

private:
    QRadioButton* m_radio;
    NoteLabel* m_detail;
    QHBoxLayout* m_line;
};

}  // namespace larder::ui
