// A big number with its caption: "943 tokens/s" over "Prefill". Keeps its width while the digits change.
#pragma once

#include <QLabel>
#include <QWidget>

namespace larder::ui {

class Figure : public QWidget {
    Q_OBJECT

public:
    explicit Figure(const QString& caption, QWidget* parent = nullptr);
    void setValue(const QString& value);         // only repaints when it differs

private:
    QLabel* m_value;
    QLabel* m_caption;
};

}  // namespace larder::ui
