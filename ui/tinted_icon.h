// Line icons that take their colour from Look whenever they are painted, so that light <-> dark needs no new icons. The SVG's
// "currentColor" is replaced. Drawn at the device's own pixels, at any size. GUI thread only.
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>
#include <QString>
#include <functional>

namespace larder::ui {

// colour of a mode (normal, disabled, selected ...), asked at every painting.
QIcon tintedIcon(const QString& path, std::function<QColor(QIcon::Mode)> colour);

// An SVG as it is, drawn once at the sizes that trays and window managers take.
QIcon pictureIcon(const QString& path);

// Makes ":/icons/..." known; the functions here do it themselves.
void registerIcons();

// One size of it, for labels. pixels is in device-independent pixels.
QPixmap svgPixmap(const QString& path, const QColor& tint, int pixels, qreal devicePixelRatio);

}  // namespace larder::ui
