// A bar against a limit, with its figures as text beside it: memory, disk, a download.
#pragma once

#include <QWidget>

#include "ui/look.h"

namespace larder::ui {

class Meter : public QWidget {
    Q_OBJECT

public:
    explicit Meter(QWidget* parent = nullptr);
    // share in [0, 1], or negative while the end is unknown (an idle stripe, no animation). text is also the accessible value.
    void set(double share, const QString& text, Tone tone = Tone::Neutral);

protected:
    void paintEvent(QPaintEvent* event) override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

private:
    double m_share = 0;
    QString m_text;
    Tone m_tone = Tone::Neutral;
};

}  // namespace larder::ui
