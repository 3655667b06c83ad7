#include "ui/pages/installed_row.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QSignalBlocker>
#include <algorithm>
#include <initializer_list>

#include "ui/loaded_models.h"
#include "ui/look.h"
#include "ui/model_text.h"
#include "ui/pages/installed_list.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/meter.h"

namespace larder::ui {

namespace {

// "135 M weights", "7.2 B weights": how people speak of a model's size.
QString weightsText(std::uint64_t parameters) {
    const double millions = static_cast<double>(parameters) / 1e6;
    if (millions < 1) return InstalledRow::tr("%1 weights").arg(QLocale().toString(static_cast<qulonglong>(parameters)));
    if (millions < 1000) return InstalledRow::tr("%1M weights").arg(QLocale().toString(millions, 'f', 0));
    return InstalledRow::tr("%1B weights").arg(QLocale().toString(millions / 1000, 'f', 1));
}

QString modelWindowText(std::size_t tokens) {
    if (tokens < 1024) return InstalledRow::tr("%1-token window").arg(tokens);
    return InstalledRow::tr("%1k window").arg(QLocale().toString(static_cast<qulonglong>(tokens / 1024)));
}

QString detailText(const ModelInfo& model) {
    QStringList parts;
    if (!model.family.empty()) parts += QString::fromStdString(model.family);
    else if (!model.architecture.empty()) parts += QString::fromStdString(model.architecture);
    if (!model.quantisation.empty()) parts += QString::fromStdString(model.quantisation);
    if (model.parameters > 0) parts += weightsText(model.parameters);
    if (model.fileBytes > 0) parts += StatusText::bytes(model.fileBytes);
    if (model.contextTokens > 0) parts += modelWindowText(model.contextTokens);
    return parts.join(QStringLiteral(" · "));
}

}  // namespace

QString searchText(const ModelInfo& model) {
    const std::string all = model.name + '\n' + model.family + '\n' + model.quantisation + '\n' + model.architecture + '\n' + model.repository;
    return QString::fromStdString(all);
}

QString windowWarning(std::size_t contextTokens) {
    constexpr std::size_t kSmallestAgentWindow = 16'384;   // tools and system prompt of coding agents need about this much alone
    if (contextTokens == 0 || contextTokens >= kSmallestAgentWindow) return {};
    return InstalledRow::tr("chat only: %1").arg(modelWindowText(contextTokens));
}

InstalledRow::InstalledRow(const QString& name, QWidget* parent) : QFrame(parent), m_name(name) {
    setAccessibleName(name);
    buildLabels();
    const Look& look = Look::instance();
    auto* first = new QHBoxLayout;
    for (QWidget* each : std::initializer_list<QWidget*>{m_title, m_state, m_pinned, m_default}) first->addWidget(each);
    first->addStretch(1);
    auto* text = new QVBoxLayout;
    text->addLayout(first);
    text->addWidget(m_detail);
    auto* top = new QHBoxLayout;
    top->setSpacing(look.space(2));
    top->addLayout(text, 1);
    buildActions(top);
    auto* badges = new QHBoxLayout;
    for (Badge* badge : {m_fit, m_window, m_source}) badges->addWidget(badge);
    badges->addStretch(1);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, look.space(3), 0, look.space(3));
    layout->addLayout(top);
    layout->addLayout(badges);
    layout->addWidget(m_activity);
    layout->addWidget(m_remark);
    layout->addWidget(m_progress);
}

void InstalledRow::buildLabels() {
    m_title = new TextLabel(TextLabel::Style::Heading);
    m_title->setElided(m_name);
    m_state = new Badge;
    m_pinned = new Badge;
    m_default = new Badge;
    m_window = new Badge;
    m_fit = new Badge;
    m_source = new Badge;
    m_detail = new TextLabel(TextLabel::Style::Muted);
    m_activity = new TextLabel(TextLabel::Style::Small);
    m_activity->setObjectName(QStringLiteral("activity"));
    m_remark = new TextLabel(TextLabel::Style::Small);
    m_progress = new Meter;
}

void InstalledRow::buildActions(QBoxLayout* layout) {
    m_load = new QPushButton(tr("Load"));
    m_load->setObjectName(QStringLiteral("load"));
    m_pin = new QPushButton(Look::instance().icon(QStringLiteral("pin")), QString());
    m_pin->setObjectName(QStringLiteral("pin"));
    m_pin->setCheckable(true);
    m_pin->setAccessibleName(tr("Pin %1").arg(m_name));
    m_more = new QPushButton(tr("More"));
    m_more->setObjectName(QStringLiteral("more"));
    m_more->setAccessibleName(tr("More for %1").arg(m_name));
    auto* menu = new QMenu(m_more);
    m_toggleDefault = menu->addAction(QString());
    QAction* folder = menu->addAction(tr("Show in folder"));
    QAction* copy = menu->addAction(tr("Copy the name"));
    menu->addSeparator();
    m_remove = menu->addAction(tr("Delete ..."));
    m_toggleDefault->setObjectName(QStringLiteral("toggleDefault"));
    folder->setObjectName(QStringLiteral("showInFolder"));
    m_remove->setObjectName(QStringLiteral("remove"));
    m_more->setMenu(menu);
    // The arrow beside the word instead of in the corner.
    const int space = Look::instance().space(1);
    m_more->setStyleSheet(QStringLiteral("QPushButton { padding-right: %1px; } QPushButton::menu-indicator { image: "
                                         "url(:/icons/arrow-down.svg); width: %2px; height: %2px; subcontrol-origin: border; "
                                         "subcontrol-position: center right; right: %3px; }")
                              .arg(space * 7).arg(space * 5 / 2).arg(space * 5 / 2));
    layout->addWidget(m_load, 0, Qt::AlignTop);
    layout->addWidget(m_pin, 0, Qt::AlignTop);
    layout->addWidget(m_more, 0, Qt::AlignTop);
    connect(m_load, &QPushButton::clicked, this, [this] {
        if (m_loaded) Q_EMIT unloadWanted();
        else Q_EMIT loadWanted();
    });
    // Toggled, not clicked: screen readers toggle. It shows what is; what was wanted comes with the next snapshot.
    connect(m_pin, &QPushButton::toggled, this, [this](bool wanted) {
        const QSignalBlocker quiet(m_pin);
        m_pin->setChecked(m_isPinned);
        Q_EMIT pinWanted(wanted);
    });
    connect(&Look::instance(), &Look::changed, m_pin, [this] { m_pin->setIcon(Look::instance().icon(QStringLiteral("pin"))); });
    connect(m_toggleDefault, &QAction::triggered, this, &InstalledRow::defaultToggled);
    connect(folder, &QAction::triggered, this, &InstalledRow::folderWanted);
    connect(copy, &QAction::triggered, this, [this] { QApplication::clipboard()->setText(m_name); });
    connect(m_remove, &QAction::triggered, this, &InstalledRow::removeWanted);
}

// Not by a focus proxy: Tab would go from the last control before the row's old place back into it.
void InstalledRow::takeFocus() { m_load->setFocus(); }

QWidget* InstalledRow::chainTabOrder(QWidget* before) {
    QWidget::setTabOrder(before, m_load);
    QWidget::setTabOrder(m_load, m_pin);
    QWidget::setTabOrder(m_pin, m_more);
    return m_more;
}

void InstalledRow::setDivided(bool divided) {
    if (divided == m_divided) return;
    m_divided = divided;
    update();
}

void InstalledRow::paintEvent(QPaintEvent*) {
    if (!m_divided) return;
    QPainter painter(this);
    painter.setPen(Look::instance().color(Look::Role::CardBorder));
    painter.drawLine(0, 0, width(), 0);
}

int InstalledRow::pinWordWidth() const { return m_pin->fontMetrics().horizontalAdvance(tr("Pin")) + Look::instance().space(1); }

// As if the pin had no word: where the row is narrow it goes without, and its tooltip has the words.
QSize InstalledRow::minimumSizeHint() const {
    const QSize least = QFrame::minimumSizeHint();
    return {least.width() - (m_pin->text().isEmpty() ? 0 : pinWordWidth()), least.height()};
}

void InstalledRow::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    const bool narrow = width() < std::max(Look::instance().space(150), minimumSizeHint().width() + pinWordWidth());
    const QString text = narrow ? QString() : tr("Pin");
    if (text != m_pin->text()) m_pin->setText(text);
}

void InstalledRow::show(const ModelInfo& model, const ServiceSnapshot& snapshot) {
    m_detail->setSentence(detailText(model));
    m_default->set(isDefaultModel(model, snapshot.settings) ? tr("default") : QString(), Tone::Neutral);
    m_window->set(model.problem.empty() ? windowWarning(model.contextTokens) : QString(), Tone::Warning);
    m_source->set(model.source == ModelSource::HuggingFaceCache ? tr("Hugging Face cache: used in place") : QString(), Tone::Neutral);
    showState(model, snapshot);
    showFit(model, snapshot);
    showActions(model, snapshot);
    showPin(model, snapshot);
}

void InstalledRow::showState(const ModelInfo& model, const ServiceSnapshot& snapshot) {
    const ModelStatus* status = modelStatus(snapshot.engine, model.name);
    m_loaded = status && status->state == ModelState::Loaded;
    const bool loading = status && status->state == ModelState::Loading;
    m_progress->setVisible(loading);
    QStringList held;
    if (status) {
        const ModelText text(*status);
        if (loading) m_progress->set(status->loadProgress, QString(), Tone::Busy);
        m_progress->setAccessibleName(tr("Loading of %1").arg(m_name));
        m_progress->setAccessibleDescription(text.word());
        m_state->set(text.word(), text.tone());
        for (const QString& part : {text.activity(), text.memory()})
            if (!part.isEmpty()) held += part;
    } else {
        m_state->set(model.problem.empty() ? QString() : tr("cannot run yet"), Tone::Warning);
    }
    m_activity->setSentence(held.join(QStringLiteral(" · ")));
    m_activity->setVisible(!held.isEmpty());
}

void InstalledRow::showFit(const ModelInfo& model, const ServiceSnapshot& snapshot) {
    const ModelFit fit = estimateFit(model, snapshot.machine);
    QString word;
    Tone tone = Tone::Neutral;
    switch (fit.verdict) {
        case Fit::Good: word = tr("fits"); tone = Tone::Good; break;
        case Fit::Tight: word = tr("tight"); tone = Tone::Warning; break;
        case Fit::TooBig: word = tr("too big"); tone = Tone::Bad; break;
        case Fit::Unknown: break;
    }
    const bool runs = model.problem.empty();
    m_fit->set(runs ? word : QString(), tone);
    m_fit->setToolTip(plainToolTip(QString::fromStdString(fit.sentence)));
    QString remark = QString::fromStdString(runs ? fit.sentence : model.problem);
    Tone remarkTone = runs ? Tone::Neutral : Tone::Warning;
    const ModelStatus* status = modelStatus(snapshot.engine, model.name);
    const QString news = status ? ModelText(*status).remark() : QString();
    if (!news.isEmpty()) {
        remark = news;
        remarkTone = ModelText(*status).tone();
    }
    m_remark->setSentence(remark);
    m_remark->setTone(remarkTone);
    m_remark->setVisible(!remark.isEmpty());
}

void InstalledRow::showActions(const ModelInfo& model, const ServiceSnapshot& snapshot) {
    const ModelStatus* status = modelStatus(snapshot.engine, model.name);
    const bool loading = status && status->state == ModelState::Loading;
    const bool waiting = status && status->state == ModelState::Unloaded;
    const bool changing = snapshot.server == ServerState::Starting || snapshot.server == ServerState::Stopping;
    m_load->setText(m_loaded ? tr("Unload") : tr("Load"));
    m_load->setAccessibleName(m_loaded ? tr("Unload %1").arg(m_name) : tr("Load %1").arg(m_name));
    m_load->setEnabled(m_loaded || (model.problem.empty() && !loading && !waiting && !changing));
    QString hint;
    if (m_loaded) hint = tr("Frees the memory of its weights. What it has read is kept in the prompt cache, and the next request that names it loads it again.");
    else if (!model.problem.empty()) hint = QString::fromStdString(model.problem);
    else if (loading) hint = tr("It is being loaded");
    else if (waiting) hint = ModelText(*status).remark();
    else if (changing) hint = tr("Wait until the server is ready");
    else if (snapshot.server != ServerState::Running) hint = tr("Starts the server and loads this model");
    else if (latestLoaded(snapshot.engine)) hint = tr("Loads it beside the others. Where memory is short, idle ones that are not pinned make room.");
    m_load->setToolTip(plainToolTip(hint));
    m_toggleDefault->setText(isDefaultModel(model, snapshot.settings) ? tr("No longer the default") : tr("Set as default"));
    m_toggleDefault->setEnabled(model.problem.empty() || isDefaultModel(model, snapshot.settings));
    const bool ours = model.source == ModelSource::Folder;
    m_remove->setEnabled(ours);
    m_remove->setText(ours ? tr("Delete ...") : tr("Delete (not possible: other programs use this file too)"));
}

void InstalledRow::showPin(const ModelInfo& model, const ServiceSnapshot& snapshot) {
    m_isPinned = isPinned(snapshot, model.name);
    const QSignalBlocker quiet(m_pin);  // nobody asked for a change
    m_pin->setChecked(m_isPinned);
    m_pin->setEnabled(m_isPinned || model.problem.empty());
    m_pin->setToolTip(m_isPinned ? tr("Pinned: once loaded it stays loaded until you unload it. Click to let it go when it is idle or memory is short.")
                                 : tr("Pin: once loaded it stays loaded until you unload it, however idle it is and whatever else needs memory."));
    m_pin->setAccessibleDescription(m_pin->toolTip());
    m_pinned->set(m_isPinned ? tr("pinned") : QString(), Tone::Neutral);
}

}  // namespace larder::ui
