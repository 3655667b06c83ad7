#include "ui/pages/settings_page_cards.h"

#include <QCoreApplication>
#include <QDir>
#include <QLabel>
#include <QLocale>

#include "ui/pages/settings_page_fields.h"
#include "ui/widgets/card.h"

namespace larder::ui {
namespace {

using Words = SettingsFields::Words;

QString settingsWords(const char* text) { return QCoreApplication::translate("SettingsPage", text); }

SettingsFields openCard(const QString& title, SettingsForm& form, QVBoxLayout* column) {
    auto* card = new Card(title);
    card->body()->setSpacing(Look::instance().space(4));
    column->addWidget(card);
    return {form, card->body()};
}

void addServerCard(EngineModel& model, SettingsForm& form, QVBoxLayout* column, SettingsParts& parts) {
    SettingsFields fields = openCard(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Server")), form, column);
    QLineEdit* host = fields.text({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Address to listen on")),
                                   settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "127.0.0.1: this computer only. 0.0.0.0: every device in "
                                                                           "your network; then an API key is required."))},
                                  &Settings::host);
    auto* port = new PortField;
    parts.port = port;
    port->allowAnyPort();
    port->setRunning(model.snapshot());
    QObject::connect(host, &QLineEdit::textChanged, port, [port](const QString& typed) { port->setHost(typed.trimmed().toStdString()); });
    port->setHost(model.snapshot().settings.host);
    QObject::connect(port, &PortField::edited, &form, &SettingsForm::read);
    fields.row({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Port"))}, port, [port](const Settings& settings) { port->setPort(settings.port); },
               [port](Settings& settings) {
                   settings.port = port->port();
                   return QString();
               });

    parts.requireKey = fields.check({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Ask for an API key")),
                                     settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Without one, every program and web page on this "
                                                                             "computer can use your models."))},
                                    &Settings::requireApiKey);
    parts.key = new KeyField(model);
    parts.key->setPlaceholder(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "made when the server starts")));
    fields.plain({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "API key"))}, parts.key);
    parts.key->setEnabled(parts.requireKey->isChecked());
    QObject::connect(parts.requireKey, &QCheckBox::toggled, parts.key, &QWidget::setEnabled);
    fields.check({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Start the server when Larder starts"))}, &Settings::startServerOnLaunch);
}

void addModelsCard(EngineModel& model, SettingsForm& form, QVBoxLayout* column, SettingsParts& parts) {
    SettingsFields fields = openCard(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Models")), form, column);
    const QString folderName = settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Model folder"));
    auto* folder = new FolderField(model, folderName);
    QObject::connect(folder, &FolderField::edited, &form, &SettingsForm::read);
    QObject::connect(folder, &FolderField::checked, &form, &SettingsForm::read);
    fields.row({folderName}, folder, [folder](const Settings& settings) { folder->setPath(settings.modelDir); },
               [folder](Settings& settings) {
                   if (folder->path() == settings.modelDir) return QString();
                   settings.modelDir = folder->path();
                   return folder->isGood() ? QString() : folder->problem();
               });

    parts.defaultModel = new QComboBox;
    QComboBox* box = parts.defaultModel;
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMaximumWidth(Look::instance().space(120));
    guardWheel(box);
    fillDefaultModels(box, model.snapshot());
    QObject::connect(box, &QComboBox::currentIndexChanged, &form, &SettingsForm::read);
    fields.row({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Default model")),
                settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Loaded when the server starts, and meant by requests that name none."))},
               box,
               [box](const Settings& settings) {
                   const QString name = QString::fromStdString(settings.defaultModel);
                   if (box->findData(name) < 0)
                       box->addItem(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "%1 (not found)")).arg(name), name);
                   box->setCurrentIndex(box->findData(name));
               },
               [box](Settings& settings) {
                   settings.defaultModel = box->currentData().toString().toStdString();
                   return QString();
               });
    fields.check({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Use models from the Hugging Face cache")),
                  settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Other programs download into it; Larder reads them in place and never "
                                                          "deletes them."))},
                 &Settings::useHuggingFaceCache);
}

void addDownloadsCard(EngineModel& model, SettingsForm& form, QVBoxLayout* column, SettingsParts& parts) {
    SettingsFields fields = openCard(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Downloads")), form, column);
    parts.token = new TokenField(model);
    fields.plain({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Hugging Face token"))}, parts.token);
    fields.text({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Mirror")),
                 settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "The address of a mirror of Hugging Face. Your token is sent to it.")),
                 QStringLiteral("https://huggingface.co")},
                &Settings::hubEndpoint);
    fields.text({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Proxy")), {}, settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "the system's"))},
                &Settings::proxy);
    fields.file({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Certificates")),
                 settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "A PEM file, when a company's proxy signs connections with a certificate of "
                                                         "its own.")),
                 settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "the system's"))},
                &Settings::caFile);
    fields.number({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Connections for one file")),
                   settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "More are faster where the hub limits each one."))},
                  &Settings::downloadConnections, 1, 16);
}

void addMemoryCard(EngineModel& model, SettingsForm& form, QVBoxLayout* column) {
    SettingsFields fields = openCard(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Memory and speed")), form, column);
    fields.number({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Threads")),
                   settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "This computer has %1 cores; more threads than that make it slower."))
                       .arg(model.snapshot().machine.cores),
                   settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "one for each core"))},
                  &Settings::threads, 0, 4096);
    fields.number({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Context in tokens")),
                   settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "How much of a conversation a model sees. Less needs less memory.")),
                   settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "all the model can"))},
                  &Settings::contextTokens, 0, 16'777'216, 1024);
    fields.kvType({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Numbers in the prompt cache"))}, &Settings::kvType);
    fields.size({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Prompt cache in memory")),
                 settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "A size such as 4G. Running answers live in it too.")),
                 settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "automatic"))},
                &Settings::hotCacheBytes);
    fields.size({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Memory for models")),
                 settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "A size such as 16G, for all loaded models together. Where it does not "
                                                         "reach, an idle one makes room.")),
                 settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "automatic"))},
                &Settings::modelMemoryBytes);
    QSpinBox* idle = fields.number({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Unload idle models after")),
                                    settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Pinned models stay. What a model has read is kept in "
                                                                            "the prompt cache.")),
                                    settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "never"))},
                                   &Settings::idleUnloadMinutes, 0, 100'000, 5);
    idle->setSuffix(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", " min")));
    fields.number({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Answers at the same time"))}, &Settings::maxRunning, 1, 4096);
    fields.number({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Requests that may wait")),
                   settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Further ones are told to come back later.")),
                   settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "none"))},
                  &Settings::maxWaiting, 0, 65536);
}

// The languages there are translations for; empty while there are none, since a choice of one is no choice.
SettingsFields::Choices availableLanguages() {
    SettingsFields::Choices languages;
    for (const QString& file : QDir(QStringLiteral(":/translations")).entryList({QStringLiteral("larder_*.qm")})) {
        const QString code = file.section(QLatin1Char('_'), 1).section(QLatin1Char('.'), 0, 0);
        languages.append({code, QLocale(code).nativeLanguageName()});
    }
    if (languages.isEmpty()) return languages;
    languages.prepend({QStringLiteral("en"), QStringLiteral("English")});
    languages.prepend({QString(), settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "As the desktop"))});
    return languages;
}

void addAppCard(SettingsForm& form, QVBoxLayout* column, SettingsParts& parts) {
    SettingsFields fields = openCard(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "App")), form, column);
    parts.autostart = new QCheckBox(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Start Larder at login")));
    parts.autostartRow = fields.plain({}, parts.autostart);
    parts.autostartRow->hide();
    parts.appearance = fields.choice({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Appearance"))},
                                     {{QStringLiteral("system"), settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "As the desktop"))},
                                      {QStringLiteral("light"), settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Light"))},
                                      {QStringLiteral("dark"), settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Dark"))}},
                                     &Settings::appearance);
    if (const auto languages = availableLanguages(); !languages.isEmpty())
        fields.choice({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Language")),
                       settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "From the next start of Larder."))},
                      languages, &Settings::language);
    fields.check({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Go on when the window is closed")),
                  settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "The server keeps running; the tray icon opens the window again."))},
                 &Settings::keepRunningWhenClosed);
    fields.check({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Show notifications")),
                  settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "When a download is done, the server fails or the disk is nearly full."))},
                 &Settings::notifications);
    fields.gigabytes({settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Warn when the disk has less than")),
                      {},
                      settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "never"))},
                     &Settings::lowDiskBytes);
}

void addSetupCard(const Settings& settings, SettingsForm& form, QVBoxLayout* column, SettingsParts& parts) {
    SettingsFields fields = openCard(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Setup")), form, column);
    parts.wizard = new QPushButton(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Run setup again ...")));
    auto* line = new QWidget;
    auto* layout = new QHBoxLayout(line);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(parts.wizard);
    layout->addStretch(1);
    line->setFocusProxy(parts.wizard);
    fields.plain({{}, settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "Settings, key and logs are kept in %1."))
                          .arg(QString::fromStdString(settings.baseDir.string()))},
                 line);
}

}  // namespace

void fillDefaultModels(QComboBox* box, const ServiceSnapshot& snapshot) {
    const QSignalBlocker quiet(box);
    const QVariant chosen = box->currentData();
    const QString stored = QString::fromStdString(snapshot.settings.defaultModel);
    box->clear();
    box->addItem(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "None: load what a request names")), QString());
    for (const ModelInfo& model : *snapshot.models)
        if (model.problem.empty()) box->addItem(QString::fromStdString(model.name), QString::fromStdString(model.name));
    for (const QString& name : {stored, chosen.toString()})
        if (box->findData(name) < 0) box->addItem(settingsWords(QT_TRANSLATE_NOOP("SettingsPage", "%1 (not found)")).arg(name), name);
    box->setCurrentIndex(box->findData(chosen.isValid() ? chosen.toString() : stored));
}

SettingsParts makeSettingsCards(EngineModel& model, SettingsForm& form, QVBoxLayout* column) {
    SettingsParts parts;
    addServerCard(model, form, column, parts);
    addModelsCard(model, form, column, parts);
    addDownloadsCard(model, form, column, parts);
    addMemoryCard(model, form, column);
    addAppCard(form, column, parts);
    addSetupCard(model.snapshot().settings, form, column, parts);
    return parts;
}

}  // namespace larder::ui
