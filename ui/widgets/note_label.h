// A wrapped line of small print below a field: a hint, or what is wrong with it. Hidden while it has no text.
#pragma once

#include <QLabel>

#include "ui/look.h"

namespace larder::ui {

class NoteLabel : public QLabel {
    Q_OBJECT

public:
    explicit NoteLabel(QWidget* parent = nullptr);
    void set(const QString& sentence, Tone tone = Tone::Neutral);
    Tone tone() const { return m_tone; }

private:
    void restyle();
    Tone m_tone = Tone::Neutral;
};

}  // namespace larder::ui
