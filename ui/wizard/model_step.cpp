#include "ui/wizard/model_step.h"

#include <algorithm>

#include "ui/status_text.h"
#include "ui/wizard/model_option.h"

namespace larder::ui {
namespace {

const QString kOtherKey = QStringLiteral("other");
const QString kLaterKey = QStringLiteral("later");

QString lowered(const std::string& text) { return QString::fromStdString(text).toLower(); }

// "128k" for 131072: windows are powers of two, or near enough.
QString windowText(std::size_t tokens) {
    if (tokens < 1024) return QString::number(tokens);
    return QStringLiteral("%1k").arg((tokens + 512) / 1024);
}

QString detailLine(const QStringList& parts) {
    QStringList said;
    for (const QString& part : parts)
        if (!part.isEmpty()) said.append(part);
    return said.join(QStringLiteral("  \u00b7  "));
}

// Whether an installed model is what the reference would download. Files put there by hand carry no repository: then the
// name must hold both the repository's and the quantisation's.
bool isSameModel(const ModelInfo& model, const ModelReference& wanted) {
    const QString quantisation = lowered(wanted.quantisation);
    const QString name = lowered(model.path.filename().string());
    if (!wanted.file.empty()) return name == lowered(std::filesystem::path(wanted.file).filename().string());
    if (!quantisation.isEmpty() && !name.contains(quantisation) && lowered(model.quantisation) != quantisation) return false;
    if (!model.repository.empty()) return lowered(model.repository) == lowered(wanted.repository);
    QString title = lowered(wanted.repository).section(QLatin1Char('/'), 1);
    if (title.endsWith(QStringLiteral("-gguf"))) title.chop(5);
    return !title.isEmpty() && name.contains(title);
}

Tone fitTone(Fit fit) { return fit == Fit::Good ? Tone::Good : fit == Fit::Unknown ? Tone::Neutral : Tone::Warning; }

}  // namespace

ModelStep::ModelStep(EngineModel& model, const Settings& draft, QWidget* parent)
    : Step(tr("First model"), tr("Choose what Larder serves first. More can be added at any time on the Models page."), parent),
      m_model(model),
      m_draft(draft) {
    build();
    setButtonText(QWizard::FinishButton, tr("&Start server"));
    connect(&m_model, &EngineModel::changed, this, [this] {
        if (m_model.snapshot().models != m_shownModels && m_shownModels) fill();
    });
}

void ModelStep::build() {
    const Look& look = Look::instance();
    m_group = new QButtonGroup(this);
    m_options = new QWidget;
    m_list = new QVBoxLayout(m_options);
    m_list->setContentsMargins(0, 0, 0, 0);
    m_list->setSpacing(look.space(3));
    body()->addWidget(m_options);

    m_other = new QRadioButton(tr("&Another model from Hugging Face"));
    m_repository = new RepositoryChoice(m_model);
    auto* indented = new QHBoxLayout;
    indented->setContentsMargins(look.space(6), 0, 0, 0);
    indented->addWidget(m_repository);
    m_later = new QRadioButton(tr("&Later"));
    body()->addWidget(m_other);
    body()->addLayout(indented);
    body()->addWidget(m_later);
    m_group->addButton(m_other);
    m_group->addButton(m_later);
    m_repository->hide();

    m_space = new NoteLabel;
    m_progress = new Meter;
    m_failure = new Banner;
    m_progress->hide();
    footer()->addWidget(m_space);
    footer()->addWidget(m_progress);
    footer()->addWidget(m_failure);

    connect(m_group, &QButtonGroup::buttonToggled, this, [this](QAbstractButton*, bool on) {
        if (!on) return;
        // Tab stops at the chosen one; left alone, Qt stops at the first.
        for (QAbstractButton* button : m_group->buttons())
            button->setFocusPolicy(button->isChecked() ? Qt::StrongFocus : Qt::ClickFocus);
        m_repository->setVisible(m_other->isChecked());
        if (m_other->isChecked()) m_repository->edit()->setFocus();
        showSpace();
        Q_EMIT completeChanged();
    });
    connect(m_group, &QButtonGroup::buttonClicked, this, [this] { m_userChose = true; });
    connect(m_repository, &RepositoryChoice::changed, this, [this] {
        showSpace();
        Q_EMIT completeChanged();
    });
    connect(m_failure, &Banner::actionClicked, this, &ModelStep::continueWithout);
}

void ModelStep::initializePage() {
    if (!m_shownModels || m_shownFolder != m_draft.modelDir) fill();
    showSpace();
}

bool ModelStep::isHere(const ModelInfo& model) const {
    if (!model.problem.empty()) return false;
    return model.source == ModelSource::HuggingFaceCache || m_draft.modelDir == m_model.snapshot().settings.modelDir;
}

void ModelStep::fill() {
    const QString before = m_userChose ? chosenKey() : QString();
    const ServiceSnapshot& now = m_model.snapshot();
    m_shownModels = now.models;
    m_shownFolder = m_draft.modelDir;
    for (const Entry& entry : m_entries) m_group->removeButton(entry.radio);
    m_entries.clear();
    while (QLayoutItem* item = m_list->takeAt(0)) {
        delete item->widget();
        delete item;
    }

    QString suggested;
    std::vector<const ModelInfo*> here;
    for (const ModelInfo& model : *now.models)
        if (isHere(model)) here.push_back(&model);
    const std::vector<RecommendedModel> recommended = recommendedModels(now.machine);
    bool headed = false;
    for (const RecommendedModel& model : recommended) {
        const auto reference = parseModelReference(model.reference);
        const auto installed = std::find_if(here.begin(), here.end(), [&](const ModelInfo* have) {
            return reference.ok() && isSameModel(*have, *reference);
        });
        const bool isInstalled = installed != here.end();
        if (model.suggested)
            suggested = isInstalled ? QStringLiteral("model:") + QString::fromStdString((*installed)->name)
                                    : QStringLiteral("ref:") + QString::fromStdString(model.reference);
        if (isInstalled) continue;
        if (!headed) addHeading(tr("Recommended for this machine (%1 of memory)").arg(StatusText::bytes(now.machine.memoryBytes)));
        headed = true;
        addRecommended(model, now.machine);
    }
    if (!here.empty()) addHeading(tr("Already here"));
    for (const ModelInfo* model : here) addInstalled(*model);

    if (m_draft.setupDone)   // run again: what is set stays unless the user chooses otherwise
        suggested = m_draft.defaultModel.empty() ? kLaterKey : QStringLiteral("model:") + QString::fromStdString(m_draft.defaultModel);
    m_later->setText(m_draft.setupDone ? tr("&Leave the models as they are") : tr("&Later"));
    choose(before.isEmpty() ? suggested : before);
}

void ModelStep::addHeading(const QString& text) {
    auto* heading = new QLabel(text);
    heading->setFont(Look::instance().headingFont());
    heading->setWordWrap(true);
    m_list->addWidget(heading);
}

ModelOption* ModelStep::addOption(const QString& title, const QString& detail, Entry entry) {
    auto* option = new ModelOption(title, detail);
    entry.radio = option->radio();
    m_group->addButton(entry.radio);
    m_entries.push_back(std::move(entry));
    m_list->addWidget(option);
    return option;
}

void ModelStep::addRecommended(const RecommendedModel& model, const Machine& machine) {
    const ModelFit fit = estimateFit(model.bytes, 0, model.contextTokens, machine);
    const QString window = model.contextTokens == 0 ? QString() : tr("%1 window").arg(windowText(model.contextTokens));
    ModelOption* option = addOption(
        QString::fromStdString(model.title),
        detailLine({tr("%1 to download").arg(StatusText::bytes(model.bytes)), window, QString::fromStdString(fit.sentence)}),
        {nullptr, {}, model.reference, model.bytes});
    if (model.suggested) option->addBadge(tr("suggested"), Tone::Good);
    if (!model.remark.empty()) option->addBadge(QString::fromStdString(model.remark), Tone::Neutral);
    if (fit.verdict == Fit::TooBig) option->addBadge(tr("too big"), fitTone(fit.verdict));
    if (fit.verdict == Fit::Tight) option->addBadge(tr("tight fit"), fitTone(fit.verdict));
}

void ModelStep::addInstalled(const ModelInfo& model) {
    const ModelFit fit = estimateFit(model, m_model.snapshot().machine);
    const QString window = model.contextTokens == 0 ? QString() : tr("%1 window").arg(windowText(model.contextTokens));
    ModelOption* option = addOption(
        QString::fromStdString(model.name),
        detailLine({StatusText::bytes(model.fileBytes), QString::fromStdString(model.quantisation), window,
                    QString::fromStdString(fit.sentence)}),
        {nullptr, model.name, {}, 0});
    constexpr std::size_t kAgentWindow = 16384;   // below, a coding agent's own instructions do not fit
    if (model.contextTokens != 0 && model.contextTokens < kAgentWindow)
        option->addBadge(tr("chat only: %1 window").arg(windowText(model.contextTokens)), Tone::Neutral);
    if (fit.verdict == Fit::TooBig) option->addBadge(tr("too big"), fitTone(fit.verdict));
}

const ModelStep::Entry* ModelStep::chosen() const {
    for (const Entry& entry : m_entries)
        if (entry.radio->isChecked()) return &entry;
    return nullptr;
}

QString ModelStep::chosenKey() const {
    if (m_other->isChecked()) return kOtherKey;
    if (m_later->isChecked()) return kLaterKey;
    const Entry* entry = chosen();
    if (entry == nullptr) return {};
    return entry->model.empty() ? QStringLiteral("ref:") + QString::fromStdString(entry->reference)
                                : QStringLiteral("model:") + QString::fromStdString(entry->model);
}

void ModelStep::choose(const QString& key) {
    QRadioButton* radio = key == kOtherKey ? m_other : m_later;
    for (const Entry& entry : m_entries) {
        const QString own = entry.model.empty() ? QStringLiteral("ref:") + QString::fromStdString(entry.reference)
                                                : QStringLiteral("model:") + QString::fromStdString(entry.model);
        if (own == key) radio = entry.radio;
    }
    radio->setChecked(true);
}

bool ModelStep::isComplete() const {
    if (m_other->isChecked()) return m_repository->download().has_value();
    return m_later->isChecked() || chosen() != nullptr;
}

bool ModelStep::wantsDownload() const {
    const Entry* entry = chosen();
    return m_other->isChecked() || (entry != nullptr && entry->model.empty());
}

void ModelStep::describe(SetupPlan& plan) const {
    const Entry* entry = chosen();
    if (m_other->isChecked()) {
        plan.download = m_repository->download();
    } else if (entry != nullptr && !entry->model.empty()) {
        plan.settings.defaultModel = entry->model;
    } else if (entry != nullptr) {
        if (auto reference = parseModelReference(entry->reference); reference.ok()) plan.lookUp = std::move(*reference);
    }
    // A download becomes the default once it is there and the user says so: a server told to load it now would not start.
}

void ModelStep::showSpace() {
    const Entry* entry = chosen();
    std::uint64_t needed = entry != nullptr ? entry->bytes : 0;
    if (m_other->isChecked())
        if (const auto download = m_repository->download()) needed = download->choice.bytes;
    const std::uint64_t free = needed == 0 ? 0 : freeBytesAt(m_draft.modelDir);
    if (needed == 0 || free == 0 || needed <= free) m_space->set({});
    else m_space->set(tr("This download needs %1, and %2 are free in the model folder: choose a smaller one, or another folder.")
                          .arg(StatusText::bytes(needed), StatusText::bytes(free)),
                      Tone::Warning);
}

void ModelStep::showProgress(const QString& sentence) {
    m_progress->setVisible(!sentence.isEmpty());
    if (sentence.isEmpty()) return;
    m_failure->clear();
    m_progress->set(-1, sentence);
}

void ModelStep::showFailure(const QString& sentence, bool canGoOn) {
    showProgress({});
    m_failure->show(sentence, Tone::Bad, canGoOn ? tr("Start without a model") : QString());
}

void ModelStep::setLocked(bool locked) {
    for (QWidget* part : {m_options, static_cast<QWidget*>(m_repository), static_cast<QWidget*>(m_other), static_cast<QWidget*>(m_later)})
        part->setEnabled(!locked);
}

}  // namespace larder::ui
