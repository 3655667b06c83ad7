// The two palettes of Look, as plain tables, and the style sheet made from them. tests/ui/look_test computes the contrast of
// every text colour on every ground it is used on: at least 4.5.
#pragma once

#include <QColor>
#include <QPalette>
#include <QString>

#include "ui/look.h"

namespace larder::ui {

QColor roleColour(Look::Role role, bool dark);
QColor toneColour(Tone tone, bool dark);
QColor toneGround(Tone tone, bool dark);

QPalette lookPalette(bool dark);
QString lookStyleSheet(bool dark, double step);  // step: Look::space(1) before rounding

}  // namespace larder::ui
