#include "ui/wizard/folders_step.h"

#include "ui/widgets/form_row.h"

namespace larder::ui {
namespace {

const char* const kModelsFolder = "models";

}  // namespace

FoldersStep::FoldersStep(EngineModel& model, Settings& draft, QWidget* parent)
    : Step(tr("Folders"), tr("Models are large, often several gigabytes each: put them where there is room."), parent),
      m_draft(draft),
      m_base(new FolderField(model, tr("Larder's folder"))),
      m_models(new FolderField(model, tr("Model folder"))) {
    body()->addWidget(new FormRow(tr("&Larder's folder: settings, logs and the cache"), m_base));
    body()->addWidget(new FormRow(tr("&Model folder: what you download, and models you already have"), m_models));
    connect(m_base, &FolderField::edited, this, &FoldersStep::followBase);
    connect(m_models, &FolderField::edited, this, [this] { m_modelsFollow = false; });
    connect(m_base, &FolderField::checked, this, &QWizardPage::completeChanged);
    connect(m_models, &FolderField::checked, this, &QWizardPage::completeChanged);

    // At once, so that the service has looked at them before the user comes to this page.
    m_modelsFollow = m_draft.modelDir == m_draft.baseDir / kModelsFolder && !m_draft.setupDone;
    m_base->setPath(m_draft.baseDir);
    m_models->setPath(m_draft.modelDir);
    if (m_draft.setupDone)
        m_base->setReadOnly(tr("Fixed since the first setup: your settings are stored in it."));
}

void FoldersStep::followBase() {
    if (m_modelsFollow && !m_base->path().empty()) m_models->setPath(m_base->path() / kModelsFolder);
}

bool FoldersStep::isComplete() const { return m_base->isGood() && m_models->isGood(); }

bool FoldersStep::validatePage() {
    if (!isComplete()) return false;
    m_draft.baseDir = m_base->path();
    m_draft.modelDir = m_models->path();
    return true;
}

}  // namespace larder::ui
