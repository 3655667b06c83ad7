// A small pill with a word in a tone: "loaded", "chat only", "too big". Never colour alone: the word says it.
#pragma once

#include <QLabel>

#include "ui/look.h"

namespace larder::ui {

class Badge : public QLabel {
    Q_OBJECT

public:
    explicit Badge(QWidget* parent = nullptr);
    void set(const QString& text, Tone tone);    // an empty text hides it

private:
    void restyle();
    Tone m_tone = Tone::Neutral;
};

}  // namespace larder::ui
