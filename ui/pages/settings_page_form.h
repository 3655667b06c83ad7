// The fields of the settings page against the stored settings: which differ, what is wrong with them, what Save would store.
// A field is an editor and two functions; whether it was touched is whether what it would store differs. GUI thread only.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <functional>
#include <vector>

#include "engine/settings.h"
#include "ui/widgets/form_row.h"

namespace larder::ui {

struct SettingsField {
    QString name;                                  // for sentences: "Port"
    FormRow* row = nullptr;                        // shows what is wrong
    std::function<void(const Settings&)> show;     // puts the stored value into the editor
    std::function<QString(Settings&)> store;       // takes the editor's value; what is wrong with it, or empty
};

class SettingsForm : public QObject {
    Q_OBJECT

public:
    explicit SettingsForm(const Settings& stored, QObject* parent = nullptr);

    void add(SettingsField field);                 // and shows its stored value
    // The stored settings are these now: untouched fields follow, what the user typed stays.
    void setStored(const Settings& stored);
    void revert();
    void read();                                   // the editors anew; evaluated() follows
    // Why storing failed, shown beside the field where one alone is changed, until something is edited. False: it is not.
    bool blame(const QString& failure);

    const Settings& stored() const { return m_stored; }
    const Settings& edited() const { return m_edited; }
    bool isChanged() const { return !m_changed.isEmpty(); }
    const QStringList& changedNames() const { return m_changed; }
    const QStringList& restartNames() const { return m_restart; }  // of the changed ones
    const QString& problem() const { return m_problem; }           // why it cannot be stored; empty when it can

signals:
    void evaluated();

private:
    bool isTouched(const SettingsField& field) const;

    Settings m_stored;
    Settings m_edited;
    std::vector<SettingsField> m_fields;
    QStringList m_changed;
    QStringList m_restart;
    QString m_problem;
    bool m_showing = false;    // editors are being filled: not the user
};

}  // namespace larder::ui
