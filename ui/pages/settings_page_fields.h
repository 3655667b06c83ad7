// Makes the rows of one card: an editor for one setting each, joined to the form. Names are translated by the caller.
#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QSpinBox>
#include <QVBoxLayout>
#include <QVector>
#include <filesystem>
#include <optional>
#include <utility>

#include "ui/pages/settings_page_form.h"

namespace larder::ui {

class SettingsFields {
public:
    SettingsFields(SettingsForm& form, QVBoxLayout* column) : m_form(form), m_column(column) {}

    struct Words {
        QString name;
        QString hint = {};
        QString zero = {};     // what 0 or empty means: "automatic"
    };

    QLineEdit* text(const Words& words, std::string Settings::*member);
    QLineEdit* file(const Words& words, std::filesystem::path Settings::*member);       // must exist
    QLineEdit* size(const Words& words, std::optional<std::size_t> Settings::*member);  // "4G", empty
    QSpinBox* number(const Words& words, std::size_t Settings::*member, int least, int most, int step = 1);
    QSpinBox* gigabytes(const Words& words, std::uint64_t Settings::*member);           // 10^9 bytes; 0 = words.zero
    QCheckBox* check(const Words& words, bool Settings::*member);
    using Choices = QVector<std::pair<QString, QString>>;                               // value, what it is called
    QComboBox* choice(const Words& words, const Choices& choices, std::string Settings::*member);
    QComboBox* kvType(const Words& words, KvType Settings::*member);
    QComboBox* compression(const Words& words, ColdCompression Settings::*member);

    // An editor of another kind.
    FormRow* row(const Words& words, QWidget* editor, std::function<void(const Settings&)> show,
                 std::function<QString(Settings&)> store);
    // Something that is no setting.
    FormRow* plain(const Words& words, QWidget* editor);

private:
    template <class Value>
    QComboBox* oneOf(const Words& words, const QVector<std::pair<Value, QString>>& choices, Value Settings::*member);

    SettingsForm& m_form;
    QVBoxLayout* m_column;
};

// "4G" where it is a whole number of a unit, else the bytes: what parseSize() reads back exactly.
QString sizeText(std::size_t bytes);

}  // namespace larder::ui
