#include <QApplication>

#include "app/application.h"
#include "app/cli/command.h"
#include "app/translation.h"
#include "ui/look.h"

namespace larder::app {

int tray(const Options& options) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    SingleInstance instance;
    if (!instance.claim(settings->baseDir, true)) return kExitOk;

    QApplication::setApplicationName(QStringLiteral("larder"));
    QApplication::setApplicationDisplayName(QStringLiteral("Larder"));
    QApplication::setDesktopFileName(QStringLiteral("larder"));
    QApplication::setQuitOnLastWindowClosed(false);
    auto& gui = static_cast<QApplication&>(*QCoreApplication::instance());
    installTranslation(gui, settings->language);
    ui::Look::install(gui, QString::fromStdString(settings->appearance));
    gui.setWindowIcon(QIcon(QStringLiteral(":/icons/larder.svg")));
    Application application(*settings, options.hidden, instance);
    return QApplication::exec();
}

}  // namespace larder::app
