// The wizard's steps at the left: which are done, which one this is. Only shows; keys and clicks go to the pages.
#pragma once

#include <QStringList>
#include <QWidget>

namespace larder::ui {

class StepList : public QWidget {
    Q_OBJECT

public:
    explicit StepList(const QStringList& names, QWidget* parent = nullptr);
    void setCurrent(int index);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QStringList m_names;
    int m_current = 0;
};

}  // namespace larder::ui
