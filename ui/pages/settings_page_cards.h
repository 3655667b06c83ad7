// The cards of the settings page, and the widgets in them that are more than one stored value.
#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/engine_model.h"
#include "ui/pages/settings_page_form.h"
#include "ui/widgets/folder_field.h"
#include "ui/widgets/key_field.h"
#include "ui/widgets/port_field.h"
#include "ui/widgets/token_field.h"

namespace larder::ui {

struct SettingsParts {
    PortField* port = nullptr;
    KeyField* key = nullptr;
    QCheckBox* requireKey = nullptr;
    QComboBox* defaultModel = nullptr;
    TokenField* token = nullptr;
    QComboBox* appearance = nullptr;
    QCheckBox* autostart = nullptr;
    FormRow* autostartRow = nullptr;
    QPushButton* wizard = nullptr;
};

SettingsParts makeSettingsCards(EngineModel& model, SettingsForm& form, QVBoxLayout* column);

// The models that can be chosen, anew; what is chosen stays, also when it is not there (any more).
void fillDefaultModels(QComboBox* box, const ServiceSnapshot& snapshot);

}  // namespace larder::ui
