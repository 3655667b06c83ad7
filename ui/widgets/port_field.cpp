#include "ui/widgets/port_field.h"

#include <QHBoxLayout>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/widgets/form_row.h"

namespace larder::ui {
namespace {

constexpr int kPauseInPortMs = 200;
constexpr int kPortsTried = 64;
constexpr int kFirstOpenPort = 1024;   // below, programs need rights of their own
constexpr int kLastPort = 65535;

}  // namespace

PortField::PortField(QWidget* parent)
    : QWidget(parent), m_box(new QSpinBox), m_other(new QPushButton), m_note(new NoteLabel) {
    m_box->setRange(1, kLastPort);
    m_box->setAccessibleName(tr("Port"));
    guardWheel(m_box);
    m_other->setAutoDefault(false);
    m_other->hide();
    setFocusProxy(m_box);

    auto* line = new QHBoxLayout;
    line->setSpacing(Look::instance().space(2));
    line->addWidget(m_box);
    line->addWidget(m_other);
    line->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Look::instance().space(1));
    layout->addLayout(line);
    layout->addWidget(m_note);

    m_debounce.setSingleShot(true);
    m_debounce.setInterval(kPauseInPortMs);
    connect(&m_debounce, &QTimer::timeout, this, &PortField::check);
    connect(m_box, &QSpinBox::valueChanged, this, [this] {
        m_debounce.start();
        Q_EMIT edited();
    });
    connect(m_other, &QPushButton::clicked, this, &PortField::takeNextFree);
}

void PortField::setPort(std::uint16_t port) {
    const QSignalBlocker quiet(m_box);
    m_box->setValue(port);
    check();
}

std::uint16_t PortField::port() const { return static_cast<std::uint16_t>(m_box->value()); }

void PortField::setHost(const std::string& host) {
    if (m_host == host) return;
    m_host = host;
    m_debounce.start();
}

void PortField::setRunning(const ServiceSnapshot& snapshot) {
    const bool ours = snapshot.server == ServerState::Running || snapshot.server == ServerState::Starting ||
                      snapshot.server == ServerState::Stopping;
    const int port = ours ? QUrl(QString::fromStdString(snapshot.address)).port(0) : 0;
    if (port == m_ownPort) return;
    m_ownPort = static_cast<std::uint16_t>(port);
    check();
}

void PortField::allowAnyPort() {
    m_box->setMinimum(0);
    m_box->setSpecialValueText(tr("any free port"));
}

bool PortField::isFree(std::uint16_t port) const {
    return port == 0 || (port == m_ownPort && m_ownPort != 0) || checkPort(m_host, port).empty();
}

void PortField::check() {
    m_debounce.stop();
    const std::uint16_t wanted = port();
    m_good = isFree(wanted);
    m_nextFree = 0;
    if (m_good) {
        m_note->set({});
    } else {
        m_note->set(QString::fromStdString(checkPort(m_host, wanted)), Tone::Bad);
        int candidate = wanted;
        for (int tried = 0; tried < kPortsTried && m_nextFree == 0; ++tried) {
            candidate = candidate >= kLastPort || candidate < kFirstOpenPort ? kFirstOpenPort : candidate + 1;
            if (isFree(static_cast<std::uint16_t>(candidate))) m_nextFree = static_cast<std::uint16_t>(candidate);
        }
    }
    m_other->setText(tr("Use %1").arg(m_nextFree));
    m_other->setVisible(m_nextFree != 0);
    m_box->setAccessibleDescription(m_note->text());
    Q_EMIT checked();
}

void PortField::settle() {
    m_box->interpretText();
    check();
}

void PortField::takeNextFree() {
    if (m_nextFree == 0) return;
    m_box->setValue(m_nextFree);
    check();
    m_box->setFocus();   // the button goes away: the keyboard must not be lost
}

}  // namespace larder::ui
