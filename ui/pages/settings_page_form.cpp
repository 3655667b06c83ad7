#include "ui/pages/settings_page_form.h"

#include <utility>

namespace larder::ui {

SettingsForm::SettingsForm(const Settings& stored, QObject* parent) : QObject(parent), m_stored(stored), m_edited(stored) {}

void SettingsForm::add(SettingsField field) {
    m_showing = true;
    field.show(m_stored);
    m_showing = false;
    m_fields.push_back(std::move(field));
}

bool SettingsForm::isTouched(const SettingsField& field) const {
    Settings alone = m_stored;
    return !field.store(alone).isEmpty() || alone != m_stored;
}

void SettingsForm::setStored(const Settings& stored) {
    std::vector<bool> touched;
    for (const SettingsField& field : m_fields) touched.push_back(isTouched(field));
    m_stored = stored;
    m_showing = true;
    for (std::size_t i = 0; i < m_fields.size(); ++i)
        if (!touched[i] || !isTouched(m_fields[i])) m_fields[i].show(m_stored);
    m_showing = false;
    read();
}

void SettingsForm::revert() {
    m_showing = true;
    for (const SettingsField& field : m_fields) field.show(m_stored);
    m_showing = false;
    read();
}

bool SettingsForm::blame(const QString& failure) {
    std::vector<FormRow*> changed;
    for (const SettingsField& field : m_fields)
        if (isTouched(field)) changed.push_back(field.row);
    if (changed.size() != 1) return false;
    changed.front()->setProblem(failure);
    return true;
}

void SettingsForm::read() {
    if (m_showing) return;
    m_edited = m_stored;
    m_changed.clear();
    m_restart.clear();
    m_problem.clear();
    std::vector<QString> own;
    for (const SettingsField& field : m_fields) {
        Settings alone = m_stored;
        const QString problem = field.store(alone);
        own.push_back(problem);
        if (problem.isEmpty() && alone == m_stored) continue;
        m_changed.append(field.name);
        if (problem.isEmpty()) (void)field.store(m_edited);
        else if (m_problem.isEmpty()) m_problem = tr("%1: %2").arg(field.name, problem);
        if (needsServerRestart(m_stored, alone)) m_restart.append(field.name);
    }

    // What is wrong with all of it together stands where a field causes it alone; else only beside the buttons.
    const QString together = m_changed.isEmpty() ? QString() : QString::fromStdString(findSettingsProblem(m_edited));
    if (m_problem.isEmpty()) m_problem = together;
    for (std::size_t i = 0; i < m_fields.size(); ++i) {
        QString problem = own[i];
        if (problem.isEmpty() && !together.isEmpty()) {
            Settings alone = m_stored;
            (void)m_fields[i].store(alone);
            if (alone != m_stored && QString::fromStdString(findSettingsProblem(alone)) == together) problem = together;
        }
        m_fields[i].row->setProblem(problem);
    }
    Q_EMIT evaluated();
}

}  // namespace larder::ui
