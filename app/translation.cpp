#include "app/translation.h"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QLocale>
#include <QTranslator>

namespace larder::app {
namespace {

const QString kWritten = QStringLiteral("en");   // what the sources are written in

bool installFile(QCoreApplication& application, const QString& file, const QString& folder) {
    auto* translator = new QTranslator(&application);
    if (translator->load(file, folder) && QCoreApplication::installTranslator(translator)) return true;
    delete translator;
    return false;
}

}  // namespace

QString installTranslation(QCoreApplication& application, const std::string& language) {
    const QLocale system = QLocale::system();
    const QLocale wanted = language.empty() ? system : QLocale(QString::fromStdString(language));
    // Numbers and dates go with the texts; a desktop of the same language knows better which country's.
    if (wanted.language() != system.language() && wanted.language() != QLocale::C) QLocale::setDefault(wanted);
    for (const QString& candidate : wanted.uiLanguages()) {
        const QString code = candidate.section(QLatin1Char('-'), 0, 0).toLower();
        if (code == kWritten) break;   // preferred over whatever comes after it
        if (!installFile(application, QStringLiteral("larder_") + code, QStringLiteral(":/translations"))) continue;
        // The words on Qt's own buttons and dialogs, where the system has them.
        installFile(application, QStringLiteral("qtbase_") + code, QLibraryInfo::path(QLibraryInfo::TranslationsPath));
        return code;
    }
    return kWritten;
}

}  // namespace larder::app
