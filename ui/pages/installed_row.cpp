#include "ui/pages/installed_row.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QPushButton>

#include "ui/look.h"
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
    auto* layout = new QHBoxLayout(this);
    const Look& look = Look::instance();
    layout->setContentsMargins(0, look.space(3), 0, look.space(3));
    layout->setSpacing(look.space(2));
    buildText(layout);
    buildActions(layout);
}

void InstalledRow::buildText(QBoxLayout* layout) {
    m_title = new TextLabel(TextLabel::Style::Heading);
    m_title->setElided(m_name);
    m_state = new Badge;
    m_default = new Badge;
    m_window = new Badge;
    m_fit = new Badge;
    m_source = new Badge;
    m_detail = new TextLabel(TextLabel::Style::Muted);
    m_remark = new TextLabel(TextLabel::Style::Small);
    m_progress = new Meter;
    auto* text = new QVBoxLayout;
    auto* first = new QHBoxLayout;
    first->addWidget(m_title);
    first->addWidget(m_state);
    first->addWidget(m_default);
    first->addStretch(1);
    auto* badges = new QHBoxLayout;
    for (Badge* badge : {m_fit, m_window, m_source}) badges->addWidget(badge);
    badges->addStretch(1);
    text->addLayout(first);
    text->addWidget(m_detail);
    text->addLayout(badges);
    text->addWidget(m_remark);
    text->addWidget(m_progress);
    layout->addLayout(text, 1);
}

void InstalledRow::buildActions(QBoxLayout* layout) {
    m_load = new QPushButton(tr("Load"));
    m_load->setObjectName(QStringLiteral("load"));
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
    layout->addWidget(m_more, 0, Qt::AlignTop);
    connect(m_load, &QPushButton::clicked, this, [this] {
        if (m_loaded) Q_EMIT unloadWanted();
        else Q_EMIT loadWanted();
    });
    connect(m_toggleDefault, &QAction::triggered, this, &InstalledRow::defaultToggled);
    connect(folder, &QAction::triggered, this, &InstalledRow::folderWanted);
    connect(copy, &QAction::triggered, this, [this] { QApplication::clipboard()->setText(m_name); });
    connect(m_remove, &QAction::triggered, this, &InstalledRow::removeWanted);
}

// Not by a focus proxy: Tab would go from the last control before the row's old place back into it.
void InstalledRow::takeFocus() { m_load->setFocus(); }

QWidget* InstalledRow::chainTabOrder(QWidget* before) {
    QWidget::setTabOrder(before, m_load);
    QWidget::setTabOrder(m_load, m_more);
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

void InstalledRow::show(const ModelInfo& model, const ServiceSnapshot& snapshot) {
    m_detail->setSentence(detailText(model));
    m_default->set(isDefaultModel(model, snapshot.settings) ? tr("default") : QString(), Tone::Neutral);
    m_window->set(model.problem.empty() ? windowWarning(model.contextTokens) : QString(), Tone::Warning);
    m_source->set(model.source == ModelSource::HuggingFaceCache ? tr("Hugging Face cache: used in place") : QString(), Tone::Neutral);
    showState(model, snapshot);
    showFit(model, snapshot);
    showActions(model, snapshot);
}

void InstalledRow::showState(const ModelInfo& model, const ServiceSnapshot& snapshot) {
    const EngineStatus& engine = snapshot.engine;
    const bool mine = engine.model == model.name;
    m_loaded = mine && engine.modelState == ModelState::Loaded;
    const bool loading = mine && engine.modelState == ModelState::Loading;
    m_progress->setVisible(loading);
    if (loading) m_progress->set(engine.loadProgress, tr("Loading: %1 %").arg(static_cast<int>(engine.loadProgress * 100)), Tone::Busy);
    if (m_loaded) m_state->set(tr("loaded"), Tone::Good);
    else if (loading) m_state->set(tr("loading"), Tone::Busy);
    else if (mine && engine.modelState == ModelState::Failed) m_state->set(tr("failed to load"), Tone::Bad);
    else if (!model.problem.empty()) m_state->set(tr("cannot run yet"), Tone::Warning);
    else m_state->set(QString(), Tone::Neutral);
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
    if (snapshot.engine.model == model.name && snapshot.engine.modelState == ModelState::Failed) {
        remark = QString::fromStdString(snapshot.engine.failure);
        remarkTone = Tone::Bad;
    }
    m_remark->setSentence(remark);
    m_remark->setTone(remarkTone);
    m_remark->setVisible(!remark.isEmpty());
}

void InstalledRow::showActions(const ModelInfo& model, const ServiceSnapshot& snapshot) {
    const bool busy = snapshot.engine.modelState == ModelState::Loading || snapshot.server == ServerState::Starting ||
                      snapshot.server == ServerState::Stopping;
    m_load->setText(m_loaded ? tr("Unload") : tr("Load"));
    m_load->setAccessibleName(m_loaded ? tr("Unload %1").arg(m_name) : tr("Load %1").arg(m_name));
    m_load->setEnabled(m_loaded || (model.problem.empty() && !busy));
    QString hint;
    if (!model.problem.empty()) hint = QString::fromStdString(model.problem);
    else if (m_loaded) hint = tr("Frees its memory; the next request that names it loads it again");
    else if (busy) hint = tr("Wait until the other one is ready: one model is loaded at a time");
    else if (snapshot.server != ServerState::Running) hint = tr("Starts the server and loads this model");
    else if (!snapshot.engine.model.empty()) hint = tr("Takes the place of the loaded model");
    m_load->setToolTip(plainToolTip(hint));
    m_toggleDefault->setText(isDefaultModel(model, snapshot.settings) ? tr("No longer the default") : tr("Set as default"));
    m_toggleDefault->setEnabled(model.problem.empty() || isDefaultModel(model, snapshot.settings));
    const bool ours = model.source == ModelSource::Folder;
    m_remove->setEnabled(ours);
    m_remove->setText(ours ? tr("Delete ...") : tr("Delete (not possible: other programs use this file too)"));
}

}  // namespace larder::ui
