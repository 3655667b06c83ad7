// The port to listen on, tried while typing: when another program has it, says so and offers the next free one.
#pragma once

#include <QPushButton>
#include <QSpinBox>
#include <QTimer>
#include <QWidget>
#include <string>

#include "engine/service.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {

class PortField : public QWidget {
    Q_OBJECT

public:
    explicit PortField(QWidget* parent = nullptr);

    void setPort(std::uint16_t port);
    std::uint16_t port() const;
    void setHost(const std::string& host);               // tried on this address
    // The port that our own running server has counts as free.
    void setRunning(const ServiceSnapshot& snapshot);
    void allowAnyPort();                                 // 0 = "any free port"

    void settle();                                       // what is typed last is tried now
    bool isGood() const { return m_good; }               // as of the last try
    QSpinBox* box() const { return m_box; }

signals:
    void edited();
    void checked();

private:
    void check();
    void takeNextFree();
    bool isFree(std::uint16_t port) const;

    QSpinBox* m_box;
    QPushButton* m_other;
    NoteLabel* m_note;
    QTimer m_debounce;
    std::string m_host = "127.0.0.1";
    std::uint16_t m_ownPort = 0;
    std::uint16_t m_nextFree = 0;
    bool m_good = true;
};

}  // namespace larder::ui
