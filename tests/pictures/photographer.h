// Takes pictures of windows into a folder, and complains on stdout about empty ones and text that is cut off. GUI thread.
#pragma once

#include <QCoreApplication>
#include <QImage>
#include <QScrollArea>
#include <QScrollBar>
#include <QSet>
#include <QTest>
#include <cstdio>

#include "tests/support/clipped_text.h"

namespace larder::pictures {

class Photographer {
public:
    explicit Photographer(QString folder, QString suffix) : m_folder(std::move(folder)), m_suffix(std::move(suffix)) {}

    void take(QWidget& window, const QString& name) {
        QTest::qWait(50);
        // Where painting alone takes that long (sanitizers): one layout asks for the next, level by level.
        for (int round = 0; round < 10; ++round) {
            QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
            QCoreApplication::processEvents();
        }
        const QImage image = window.grab().toImage();
        const QString file = m_folder + u'/' + name + m_suffix + QStringLiteral(".png");
        if (!image.save(file)) complain(name, QStringLiteral("cannot be written to ") + file);
        if (coloursIn(image) < 8) complain(name, QStringLiteral("the picture is empty"));
        for (const QString& text : support::clippedTexts(window)) complain(name, text);
        ++m_taken;
    }
    // The same page scrolled to its end, if it scrolls.
    void takeScrolled(QWidget& window, QWidget& page, const QString& name) {
        take(window, name);
        for (auto* area : page.findChildren<QScrollArea*>()) {
            if (!area->isVisible() || area->verticalScrollBar()->maximum() == 0) continue;
            area->verticalScrollBar()->setValue(area->verticalScrollBar()->maximum());
            take(window, name + QStringLiteral("-end"));
            area->verticalScrollBar()->setValue(0);
            break;
        }
    }

    // The same page scrolled until this part of it is seen, where it is not seen at once.
    void takePart(QWidget& window, QWidget& page, QWidget& part, const QString& name) {
        auto* area = page.findChild<QScrollArea*>();
        area->ensureWidgetVisible(&part);
        if (area->verticalScrollBar()->value() > 0) take(window, name);
        area->verticalScrollBar()->setValue(0);
    }

    int complaints() const { return m_complaints; }
    int taken() const { return m_taken; }

private:
    static int coloursIn(const QImage& image) {
        QSet<QRgb> colours;
        for (int y = 0; y < image.height(); y += 3)
            for (int x = 0; x < image.width(); x += 3) colours.insert(image.pixel(x, y));
        return static_cast<int>(colours.size());
    }
    void complain(const QString& name, const QString& what) {
        ++m_complaints;
        std::printf("%s%s: %s\n", qPrintable(name), qPrintable(m_suffix), qPrintable(what));
    }

    QString m_folder;
    QString m_suffix;
    int m_complaints = 0;
    int m_taken = 0;
};

}  // namespace larder::pictures
