// Page 4: the first model. One that is here already, one recommended for this machine, any from Hugging Face, or none yet.
#pragma once

#include <QButtonGroup>
#include <QRadioButton>
#include <vector>

#include "ui/engine_model.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/meter.h"
#include "ui/wizard/repository_choice.h"
#include "ui/wizard/step.h"

namespace larder::ui {

class ModelOption;

class ModelStep : public Step {
    Q_OBJECT

public:
    ModelStep(EngineModel& model, const Settings& draft, QWidget* parent = nullptr);

    void initializePage() override;
    void cleanupPage() override {}
    bool isComplete() const override;

    // Puts the choice into the plan: a default model, something to look up, or something to download.
    void describe(SetupPlan& plan) const;
    bool wantsDownload() const;

    void showProgress(const QString& sentence);             // empty: none is under way
    void showFailure(const QString& sentence, bool canGoOn); // canGoOn: offers to continue without a model
    void setLocked(bool locked);

signals:
    void continueWithout();

private:
    struct Entry {
        QRadioButton* radio = nullptr;
        std::string model;           // an installed one's name
        std::string reference;       // a recommended one's
        std::uint64_t bytes = 0;     // to download
    };
    void build();
    void fill();                     // the options, anew; keeps what is chosen
    void addInstalled(const ModelInfo& model);
    void addRecommended(const RecommendedModel& model, const Machine& machine);
    void addHeading(const QString& text);
    ModelOption* addOption(const QString& title, const QString& detail, Entry entry);
    const Entry* chosen() const;
    QString chosenKey() const;
    void choose(const QString& key);
    bool isHere(const ModelInfo& model) const;
    void showSpace();

    EngineModel& m_model;
    const Settings& m_draft;
    QWidget* m_options = nullptr;
    QVBoxLayout* m_list;
    QButtonGroup* m_group;
    std::vector<Entry> m_entries;
    QRadioButton* m_other;
    RepositoryChoice* m_repository;
    QRadioButton* m_later;
    NoteLabel* m_space;
    Meter* m_progress;
    Banner* m_failure;
    std::shared_ptr<const std::vector<ModelInfo>> m_shownModels;
    std::filesystem::path m_shownFolder;
    bool m_userChose = false;
};

}  // namespace larder::ui
