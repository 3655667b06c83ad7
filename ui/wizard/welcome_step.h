// Page 1: what Larder does, and where things will be kept.
#pragma once

#include "engine/settings.h"
#include "ui/wizard/step.h"

namespace larder::ui {

class NoteLabel;

class WelcomeStep : public Step {
    Q_OBJECT

public:
    explicit WelcomeStep(const Settings& draft, QWidget* parent = nullptr);
    void initializePage() override;

private:
    const Settings& m_draft;
    NoteLabel* m_where;
};

}  // namespace larder::ui
