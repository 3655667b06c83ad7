#include "ui/wizard/wizard.h"

#include <QAbstractButton>

#include "ui/look.h"
#include "ui/wizard/access_step.h"
#include "ui/wizard/folders_step.h"
#include "ui/wizard/model_step.h"
#include "ui/wizard/setup_run.h"
#include "ui/wizard/step_list.h"
#include "ui/wizard/welcome_step.h"

namespace larder::ui {

Wizard::Wizard(EngineModel& model, QWidget* parent)
    : QWizard(parent), m_model(model), m_draft(model.snapshot().settings) {
    setWindowTitle(tr("Set up Larder"));
    setWizardStyle(QWizard::ModernStyle);
    setOptions(QWizard::NoBackButtonOnStartPage | QWizard::NoDefaultButton);
    setButtonText(QWizard::BackButton, tr("&Back"));
    setButtonText(QWizard::NextButton, tr("&Next"));
    setButtonText(QWizard::CancelButton, tr("Cancel"));
    if (m_draft.baseDir.empty()) m_draft.baseDir = defaultBaseDir();
    if (m_draft.modelDir.empty()) m_draft.modelDir = m_draft.baseDir / "models";

    m_steps = new StepList({tr("Welcome"), tr("Folders"), tr("Access"), tr("First model")});
    setSideWidget(m_steps);
    m_folders = new FoldersStep(m_model, m_draft);
    m_access = new AccessStep(m_model, m_draft);
    m_first = new ModelStep(m_model, m_draft);
    addPage(new WelcomeStep(m_draft));
    addPage(m_folders);
    addPage(m_access);
    addPage(m_first);
    // A button that was disabled for a moment is no longer the one that Return presses.
    const auto returnGoesOn = [this] {
        for (const WizardButton button : {QWizard::NextButton, QWizard::FinishButton})
            if (auto* push = qobject_cast<QPushButton*>(this->button(button))) push->setDefault(push->isVisibleTo(this));
    };
    connect(this, &QWizard::currentIdChanged, this, [this, returnGoesOn](int id) {
        m_steps->setCurrent(static_cast<int>(pageIds().indexOf(id)));
        returnGoesOn();
    });
    for (const int id : pageIds()) connect(page(id), &QWizardPage::completeChanged, this, returnGoesOn);
    for (const WizardButton forward : {QWizard::NextButton, QWizard::FinishButton}) button(forward)->setProperty("primary", true);
    connect(m_first, &ModelStep::continueWithout, this, [this] { carryOut(false); });

    const Look& look = Look::instance();
    setMinimumSize(look.space(100), look.space(80));
    resize(look.space(210), look.space(135));
}

void Wizard::accept() {
    if (m_done) QWizard::accept();
    else if (m_run == nullptr && m_first->isComplete()) carryOut(true);
}

void Wizard::carryOut(bool withModel) {
    if (m_run != nullptr) return;
    SetupPlan plan;
    // The stored settings as they are now, with what the pages ask for: nothing else that changed meanwhile is undone.
    plan.settings = m_model.snapshot().settings;
    plan.settings.baseDir = m_draft.baseDir;
    plan.settings.modelDir = m_draft.modelDir;
    plan.settings.port = m_draft.port;
    plan.settings.requireApiKey = m_draft.requireApiKey;
    plan.settings.setupDone = true;
    plan.keyRenewed = m_access->keyRenewed();
    if (withModel) m_first->describe(plan);

    m_run = new SetupRun(m_model, std::move(plan), this);
    const auto stop = [this] {
        m_run->deleteLater();
        m_run = nullptr;
        setBusy(false);
    };
    connect(m_run, &SetupRun::progress, m_first, &ModelStep::showProgress);
    connect(m_run, &SetupRun::lookUpFailed, this, [this, stop](const QString& sentence) {
        stop();
        m_first->showFailure(sentence, true);
    });
    connect(m_run, &SetupRun::saveFailed, this, [this, stop](const QString& sentence) {
        stop();
        m_first->showFailure(sentence, false);
    });
    connect(m_run, &SetupRun::done, this, [this] {
        m_done = true;
        accept();
        Q_EMIT finishedSetup();
    });
    setBusy(true);
    m_run->start();
}

void Wizard::setBusy(bool busy) {
    m_first->setLocked(busy);
    button(QWizard::FinishButton)->setEnabled(!busy && m_first->isComplete());
    button(QWizard::BackButton)->setEnabled(!busy);
}

}  // namespace larder::ui
