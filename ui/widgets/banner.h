// One sentence across a page that says what happened and, with a button, what to do about it. Hidden while it has no text.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QPushButton>

#include "ui/look.h"

namespace larder::ui {

class Banner : public QFrame {
    Q_OBJECT

public:
    explicit Banner(QWidget* parent = nullptr);
    void show(const QString& sentence, Tone tone, const QString& action = {});  // no action text: no button
    void clear();

signals:
    void actionClicked();

private:
    void restyle();
    QLabel* m_text;
    QPushButton* m_action;
    Tone m_tone = Tone::Neutral;
};

}  // namespace larder::ui
