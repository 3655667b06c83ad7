#include "ui/pages/server_card.h"

#include <QApplication>
#include <QClipboard>
#include <QFontDatabase>
#include <QGridLayout>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QStyle>
#include <algorithm>

#include "ui/pages/text_label.h"
#include "ui/pages/try_command.h"
#include "ui/status_text.h"
#include "ui/widgets/meter.h"

namespace larder::ui {

namespace {

Tone lampTone(Light light) {
    switch (light) {
        case Light::Stopped: return Tone::Neutral;
        case Light::Starting: return Tone::Busy;
        case Light::Serving:
        case Light::Generating: return Tone::Good;
        case Light::Warning: return Tone::Warning;
    }
    return Tone::Neutral;
}

// A round lamp; the headline beside it says the same in words.
class StateLamp : public QWidget {
public:
    void setTone(Tone tone) {
        if (tone == m_tone) return;
        m_tone = tone;
        update();
    }
    QSize sizeHint() const override {
        const int side = Look::instance().space(4);
        return {side, side};
    }

protected:
    void paintEvent(QPaintEvent*) override {
        const Look& look = Look::instance();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const double radius = look.space(3) / 2.0;
        const QPointF middle = QRectF(rect()).center();
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.background(m_tone));
        painter.drawEllipse(middle, radius * 1.3, radius * 1.3);
        painter.setBrush(look.color(m_tone));
        painter.drawEllipse(middle, radius * 0.8, radius * 0.8);
    }

private:
    Tone m_tone = Tone::Neutral;
};

const QString& hiddenKey() {
    static const QString dots(12, QChar(0x2022));
    return dots;
}

}  // namespace

ServerCard::ServerCard(EngineModel& model, QWidget* parent) : Card(QString(), parent), m_model(model) {
    buildTop();
    m_progress = new Meter;
    m_progress->setObjectName(QStringLiteral("serverProgress"));
    m_progress->setAccessibleName(tr("Prompt being read"));
    body()->addWidget(m_progress);
    buildRows();
    m_machine = new TextLabel(TextLabel::Style::Small);
    body()->addWidget(m_machine);
    refresh();
}

void ServerCard::buildTop() {
    auto* top = new QHBoxLayout;
    auto* words = new QVBoxLayout;
    m_light = new StateLamp;
    m_light->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    m_headline = new TextLabel(TextLabel::Style::Title);
    m_headline->setObjectName(QStringLiteral("headline"));
    m_detail = new TextLabel(TextLabel::Style::Body);
    m_detail->setObjectName(QStringLiteral("detail"));
    m_settings = new QPushButton(tr("Open settings"));
    m_settings->setObjectName(QStringLiteral("openSettings"));
    m_toggle = new QPushButton;
    m_toggle->setObjectName(QStringLiteral("toggleServer"));
    auto* first = new QHBoxLayout;
    first->addWidget(m_light);
    first->addWidget(m_headline, 1);
    words->addLayout(first);
    words->addWidget(m_detail);
    top->addLayout(words, 1);
    top->addWidget(m_settings, 0, Qt::AlignVCenter);
    top->addWidget(m_toggle, 0, Qt::AlignVCenter);
    body()->addLayout(top);
    connect(m_settings, &QPushButton::clicked, this, &ServerCard::settingsWanted);
    connect(m_toggle, &QPushButton::clicked, this, &ServerCard::toggleServer);
}

void ServerCard::buildRows() {
    auto* grid = new QGridLayout;
    grid->setColumnStretch(1, 1);
    m_address = buildRow(grid, 2, tr("Address"), tr("Copy the address"));
    m_key = buildRow(grid, 1, tr("API key"), tr("Copy the API key"));
    m_try = buildRow(grid, 2, tr("Try it"), tr("Copy the command"));
    m_address.value->setObjectName(QStringLiteral("address"));
    m_key.value->setObjectName(QStringLiteral("apiKey"));
    m_try.value->setObjectName(QStringLiteral("tryCommand"));
    m_try.value->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_reveal = new QPushButton(tr("Show"));
    m_reveal->setCheckable(true);
    m_reveal->setAccessibleName(tr("Show the API key"));
    grid->addWidget(m_reveal, 1, 2);
    body()->addLayout(grid);
    // The rows live in members: the buttons look there for what to copy when they are pressed.
    for (Row* row : {&m_address, &m_key, &m_try}) {
        connect(row->copy, &QPushButton::clicked, this, [row] { QApplication::clipboard()->setText(row->copied); });
    }
    connect(m_reveal, &QPushButton::toggled, this, [this] { refreshRows(); });
}

// columns: how many the value takes; the key leaves one to its Show button.
ServerCard::Row ServerCard::buildRow(QGridLayout* grid, int columns, const QString& name, const QString& copyName) {
    Row row;
    const int line = grid->count() == 0 ? 0 : grid->rowCount();
    auto* label = new TextLabel(TextLabel::Style::Muted, name);
    row.label = label;
    row.value = new QLineEdit;
    row.value->setReadOnly(true);
    row.value->setAccessibleName(name);
    label->setBuddy(row.value);
    row.copy = new QPushButton(tr("Copy"));
    row.copy->setAccessibleName(copyName);
    row.copy->setToolTip(copyName);
    grid->addWidget(label, line, 0);
    grid->addWidget(row.value, line, 1, 1, columns);
    grid->addWidget(row.copy, line, 3);
    return row;
}

void ServerCard::Row::show(const QString& shown, const QString& toCopy) {
    copied = toCopy;
    if (shown == value->text()) return;
    value->setText(shown);
    value->setCursorPosition(0);
}

void ServerCard::Row::setVisible(bool visible) {
    label->setVisible(visible);
    value->setVisible(visible);
    copy->setVisible(visible);
}

void ServerCard::toggleServer() {
    const ServerState state = m_model.snapshot().server;
    if (state == ServerState::Running || state == ServerState::Starting) {
        m_model.service().stopServer();
    } else {
        m_model.service().startServer();
    }
}

void ServerCard::refresh() {
    refreshState();
    refreshProgress();
    refreshRows();
    refreshMachine();
}

void ServerCard::refreshState() {
    const ServiceSnapshot& snapshot = m_model.snapshot();
    const StatusText status(snapshot);
    const bool failed = snapshot.server == ServerState::Failed;
    static_cast<StateLamp*>(m_light)->setTone(failed ? Tone::Bad : lampTone(status.light()));
    m_headline->setText(status.headline());
    const QString detail = status.detail();
    m_detail->setSentence(detail);
    m_detail->setVisible(!detail.isEmpty());
    m_detail->setTone(failed ? Tone::Bad : Tone::Neutral);
    m_settings->setVisible(failed);
    switch (snapshot.server) {
        case ServerState::Stopped: m_toggle->setText(tr("Start server")); break;
        case ServerState::Failed: m_toggle->setText(tr("Try again")); break;
        case ServerState::Starting: m_toggle->setText(tr("Cancel")); break;
        case ServerState::Running: m_toggle->setText(tr("Stop server")); break;
        case ServerState::Stopping: m_toggle->setText(tr("Stopping ...")); break;
    }
    m_toggle->setEnabled(snapshot.server != ServerState::Stopping);
    // Starting is what one comes for; stopping should not be hit by accident.
    const bool primary = snapshot.server == ServerState::Stopped || failed;
    if (m_toggle->property("primary").toBool() != primary) {
        m_toggle->setProperty("primary", primary);
        m_toggle->style()->unpolish(m_toggle);
        m_toggle->style()->polish(m_toggle);
    }
}

// A long prompt being read. The detail above says how far in words; here is how long it still takes.
void ServerCard::refreshProgress() {
    const EngineStatus& engine = m_model.snapshot().engine;
    const bool reading = engine.prefillTotalTokens > 0;
    m_progress->setVisible(reading);
    if (reading) {
        const std::size_t done = std::min(engine.prefillDoneTokens, engine.prefillTotalTokens);
        const auto left = static_cast<double>(engine.prefillTotalTokens - done);
        const QString text = engine.prefillTokensPerSecond > 0
                                 ? tr("about %1 until the answer begins").arg(StatusText::duration(left / engine.prefillTokensPerSecond))
                                 : QString();
        m_progress->set(static_cast<double>(done) / static_cast<double>(engine.prefillTotalTokens), text, Tone::Busy);
    }
}

void ServerCard::refreshRows() {
    const ServiceSnapshot& snapshot = m_model.snapshot();
    const QString address = QString::fromStdString(snapshot.address);
    const QString key = QString::fromStdString(snapshot.apiKey);
    const bool revealed = m_reveal->isChecked();
    m_address.show(address, address);
    m_address.setVisible(!address.isEmpty());
    m_key.show(revealed ? key : hiddenKey(), key);
    m_key.setVisible(!key.isEmpty());
    m_reveal->setVisible(!key.isEmpty());
    m_reveal->setText(revealed ? tr("Hide") : tr("Show"));
    const bool canTry = snapshot.server == ServerState::Running && !modelToTry(snapshot).empty();
    m_try.setVisible(canTry);
    if (canTry) m_try.show(tryCommand(snapshot, revealed || key.isEmpty() ? key : hiddenKey()), tryCommand(snapshot, key));
}

void ServerCard::refreshMachine() {
    const ServiceSnapshot& snapshot = m_model.snapshot();
    QStringList parts;
    if (!snapshot.machine.processor.empty()) parts += QString::fromStdString(snapshot.machine.processor);
    if (!snapshot.engine.isa.empty()) parts += QString::fromStdString(snapshot.engine.isa).toUpper();
    const std::size_t threads = snapshot.engine.threads;
    parts += threads > 0 ? tr("threads: %1").arg(threads) : tr("cores: %1").arg(snapshot.machine.cores);
    if (snapshot.machine.memoryBytes > 0) parts += tr("%1 memory").arg(StatusText::bytes(snapshot.machine.memoryBytes));
    parts += tr("no GPU is used");
    m_machine->setSentence(parts.join(QStringLiteral(" · ")));
}

}  // namespace larder::ui
