// A titled surface that groups things on a page. Children go into body().
#pragma once

#include <QFrame>
#include <QLabel>
#include <QVBoxLayout>

namespace larder::ui {

class Card : public QFrame {
    Q_OBJECT

public:
    explicit Card(const QString& title, QWidget* parent = nullptr);  // an empty title takes no room

    QVBoxLayout* body() { return m_body; }
    QHBoxLayout* header() { return m_header; }   // right of the title: buttons, a badge
    void setTitle(const QString& title);

private:
    QHBoxLayout* m_header;
    QLabel* m_title;
    QVBoxLayout* m_body;
};

}  // namespace larder::ui
