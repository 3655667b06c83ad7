#include "ui/tinted_icon.h"

#include <QFile>
#include <QHash>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>
#include <utility>

// In a static library the resources must be asked for by name, outside every namespace.
static void registerLarderIcons() { Q_INIT_RESOURCE(resources); }

namespace larder::ui {

namespace {

QByteArray readSvg(const QString& path) {
    registerIcons();
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void drawSvg(QPainter& painter, const QRectF& target, QByteArray svg, const QColor& tint) {
    svg.replace("currentColor", tint.name().toLatin1());
    QSvgRenderer renderer(svg);
    if (!renderer.isValid()) return;
    renderer.setAspectRatioMode(Qt::KeepAspectRatio);
    renderer.render(&painter, target);
}

QPixmap drawnPixmap(const QByteArray& svg, const QColor& tint, const QSize& devicePixels) {
    QPixmap pixmap(devicePixels);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    drawSvg(painter, QRectF(QPointF(0, 0), devicePixels), svg, tint);
    return pixmap;
}

class TintedIconEngine : public QIconEngine {
public:
    TintedIconEngine(QString path, std::function<QColor(QIcon::Mode)> colour)
        : m_path(std::move(path)), m_svg(readSvg(m_path)), m_colour(std::move(colour)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        drawSvg(*painter, rect, m_svg, m_colour(mode));
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State) override {
        const QColor tint = m_colour(mode);
        const QString key = QStringLiteral("larder:%1:%2x%3:%4").arg(m_path).arg(size.width()).arg(size.height()).arg(tint.name());
        QPixmap pixmap;
        if (!QPixmapCache::find(key, &pixmap)) {
            pixmap = drawnPixmap(m_svg, tint, size);
            QPixmapCache::insert(key, pixmap);
        }
        return pixmap;
    }
    QIconEngine* clone() const override { return new TintedIconEngine(*this); }
    bool isNull() override { return m_svg.isEmpty(); }

private:
    QString m_path;
    QByteArray m_svg;
    std::function<QColor(QIcon::Mode)> m_colour;
};

}  // namespace

void registerIcons() {
    static bool registered = false;
    if (!registered) registerLarderIcons();
    registered = true;
}

QIcon tintedIcon(const QString& path, std::function<QColor(QIcon::Mode)> colour) {
    return QIcon(new TintedIconEngine(path, std::move(colour)));
}

// One icon for each path: Qt keeps what it scaled from an icon, and a new one at every change of state would fill its cache.
// Never destroyed: pixmaps must not outlive the application, and statics would.
QIcon pictureIcon(const QString& path) {
    static QHash<QString, QIcon>& icons = *new QHash<QString, QIcon>;
    QIcon& icon = icons[path];
    if (!icon.isNull()) return icon;
    const QByteArray svg = readSvg(path);
    for (const int pixels : {16, 20, 22, 24, 32, 44, 48, 64, 128})
        icon.addPixmap(drawnPixmap(svg, Qt::black, QSize(pixels, pixels)));
    return icon;
}

QPixmap svgPixmap(const QString& path, const QColor& tint, int pixels, qreal devicePixelRatio) {
    const int devicePixels = qRound(pixels * devicePixelRatio);
    QPixmap pixmap = drawnPixmap(readSvg(path), tint, QSize(devicePixels, devicePixels));
    pixmap.setDevicePixelRatio(devicePixelRatio);
    return pixmap;
}

}  // namespace larder::ui
