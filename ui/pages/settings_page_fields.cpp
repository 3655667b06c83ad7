#include "ui/pages/settings_page_fields.h"

#include <QFileInfo>
#include <limits>
#include <memory>

#include "ui/look.h"

namespace larder::ui {
namespace {

constexpr std::uint64_t kGigabyte = 1'000'000'000;

int shownNumber(std::size_t number) {
    return static_cast<int>(qMin<std::size_t>(number, std::numeric_limits<int>::max()));
}

void selectChoice(QComboBox* box, const QString& value) {
    int index = box->findData(value);
    if (index < 0) {     // written into the file by hand, or by a later version: shown as it is, and kept
        box->addItem(value, value);
        index = box->count() - 1;
    }
    box->setCurrentIndex(index);
}

// A number or a choice is short: a box across the whole card would only be harder to read. Its words are never cut off.
void keepNarrow(QWidget* box) { box->setMaximumWidth(qMax(Look::instance().space(60), box->sizeHint().width())); }

}  // namespace

QString sizeText(std::size_t bytes) {
    const QString units = QStringLiteral("TGMK");
    for (int i = 0; i < units.size(); ++i) {
        const std::size_t unit = std::size_t{1} << (10 * (units.size() - i));
        if (bytes >= unit && bytes % unit == 0) return QString::number(bytes / unit) + units.at(i);
    }
    return QString::number(bytes);
}

FormRow* SettingsFields::plain(const Words& words, QWidget* editor) {
    auto* row = new FormRow(words.name, editor, words.hint);
    m_column->addWidget(row);
    return row;
}

FormRow* SettingsFields::row(const Words& words, QWidget* editor, std::function<void(const Settings&)> show,
                             std::function<QString(Settings&)> store) {
    FormRow* made = plain(words, editor);
    m_form.add({words.name, made, std::move(show), std::move(store)});
    return made;
}

QLineEdit* SettingsFields::text(const Words& words, std::string Settings::*member) {
    auto* edit = new QLineEdit;
    edit->setPlaceholderText(words.zero);
    QObject::connect(edit, &QLineEdit::textChanged, &m_form, &SettingsForm::read);
    row(words, edit, [edit, member](const Settings& settings) { edit->setText(QString::fromStdString(settings.*member)); },
        [edit, member](Settings& settings) {
            settings.*member = edit->text().trimmed().toStdString();
            return QString();
        });
    return edit;
}

QLineEdit* SettingsFields::file(const Words& words, std::filesystem::path Settings::*member) {
    auto* edit = new QLineEdit;
    edit->setPlaceholderText(words.zero);
    QObject::connect(edit, &QLineEdit::textChanged, &m_form, &SettingsForm::read);
    row(words, edit, [edit, member](const Settings& settings) { edit->setText(QString::fromStdString((settings.*member).string())); },
        [edit, member](Settings& settings) {
            const std::filesystem::path path = expandPath(edit->text().trimmed().toStdString());
            if (path == settings.*member) return QString();
            settings.*member = path;
            const QFileInfo file(QString::fromStdString(path.string()));
            if (path.empty() || (file.isFile() && file.isReadable())) return QString();
            return SettingsForm::tr("There is no file there that Larder can read.");
        });
    return edit;
}

QLineEdit* SettingsFields::size(const Words& words, std::optional<std::size_t> Settings::*member) {
    auto* edit = new QLineEdit;
    edit->setPlaceholderText(words.zero);
    keepNarrow(edit);
    QObject::connect(edit, &QLineEdit::textChanged, &m_form, &SettingsForm::read);
    row(words, edit,
        [edit, member](const Settings& settings) { edit->setText(settings.*member ? sizeText(*(settings.*member)) : QString()); },
        [edit, member](Settings& settings) {
            const QString typed = edit->text().trimmed();
            if (typed.isEmpty()) {
                (settings.*member).reset();
                return QString();
            }
            const auto bytes = parseSize(typed.toStdString());
            if (!bytes.ok()) return QString::fromStdString(bytes.error().message);
            settings.*member = *bytes;
            return QString();
        });
    return edit;
}

QSpinBox* SettingsFields::number(const Words& words, std::size_t Settings::*member, int least, int most, int step) {
    auto* box = new QSpinBox;
    box->setRange(least, most);
    box->setSingleStep(step);
    if (least == 0) box->setSpecialValueText(words.zero);
    guardWheel(box);
    keepNarrow(box);
    QObject::connect(box, &QSpinBox::valueChanged, &m_form, &SettingsForm::read);
    // What lies outside the range stays stored until the box is changed.
    auto shown = std::make_shared<int>();
    row(words, box,
        [box, member, shown](const Settings& settings) {
            box->setValue(shownNumber(settings.*member));
            *shown = box->value();
        },
        [box, member, shown](Settings& settings) {
            if (box->value() != *shown) settings.*member = static_cast<std::size_t>(box->value());
            return QString();
        });
    return box;
}

QSpinBox* SettingsFields::gigabytes(const Words& words, std::uint64_t Settings::*member) {
    auto* box = new QSpinBox;
    box->setRange(0, 10'000);
    box->setSuffix(SettingsForm::tr(" GB"));
    box->setSpecialValueText(words.zero);
    guardWheel(box);
    keepNarrow(box);
    QObject::connect(box, &QSpinBox::valueChanged, &m_form, &SettingsForm::read);
    auto shown = std::make_shared<int>();
    row(words, box,
        [box, member, shown](const Settings& settings) {   // a part of a gigabyte must not look like "never"
            box->setValue(shownNumber((settings.*member + kGigabyte - 1) / kGigabyte));
            *shown = box->value();
        },
        [box, member, shown](Settings& settings) {
            if (box->value() != *shown) settings.*member = static_cast<std::uint64_t>(box->value()) * kGigabyte;
            return QString();
        });
    return box;
}

QCheckBox* SettingsFields::check(const Words& words, bool Settings::*member) {
    auto* box = new QCheckBox(words.name);
    box->setAccessibleName(words.name);
    QObject::connect(box, &QCheckBox::toggled, &m_form, &SettingsForm::read);
    auto* made = new FormRow({}, box, words.hint);
    m_column->addWidget(made);
    m_form.add({words.name, made, [box, member](const Settings& settings) { box->setChecked(settings.*member); },
                [box, member](Settings& settings) {
                    settings.*member = box->isChecked();
                    return QString();
                }});
    return box;
}

QComboBox* SettingsFields::choice(const Words& words, const Choices& choices, std::string Settings::*member) {
    auto* box = new QComboBox;
    for (const auto& [value, name] : choices) box->addItem(name, value);
    guardWheel(box);
    keepNarrow(box);
    QObject::connect(box, &QComboBox::currentIndexChanged, &m_form, &SettingsForm::read);
    row(words, box, [box, member](const Settings& settings) { selectChoice(box, QString::fromStdString(settings.*member)); },
        [box, member](Settings& settings) {
            settings.*member = box->currentData().toString().toStdString();
            return QString();
        });
    return box;
}

template <class Value>
QComboBox* SettingsFields::oneOf(const Words& words, const QVector<std::pair<Value, QString>>& choices, Value Settings::*member) {
    auto* box = new QComboBox;
    for (const auto& [value, name] : choices) box->addItem(name, static_cast<int>(value));
    guardWheel(box);
    keepNarrow(box);
    QObject::connect(box, &QComboBox::currentIndexChanged, &m_form, &SettingsForm::read);
    row(words, box, [box, member](const Settings& settings) { box->setCurrentIndex(box->findData(static_cast<int>(settings.*member))); },
        [box, member](Settings& settings) {
            if (box->currentIndex() >= 0) settings.*member = static_cast<Value>(box->currentData().toInt());
            return QString();
        });
    return box;
}

QComboBox* SettingsFields::kvType(const Words& words, KvType Settings::*member) {
    return oneOf<KvType>(words, {{KvType::F16, SettingsForm::tr("16-bit (default)")}, {KvType::F32, SettingsForm::tr("32-bit (twice the memory)")}},
                         member);
}

QComboBox* SettingsFields::compression(const Words& words, ColdCompression Settings::*member) {
    return oneOf<ColdCompression>(words,
                                  {{ColdCompression::None, SettingsForm::tr("None (fastest)")},
                                   {ColdCompression::Zstd, SettingsForm::tr("zstd (smaller files, slower)")}},
                                  member);
}

}  // namespace larder::ui
