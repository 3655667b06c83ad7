#include "ui/desktop_appearance.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QFile>
#include <QTimer>

namespace larder::ui {

namespace {

QString portalService() { return QStringLiteral("org.freedesktop.portal.Desktop"); }
QString portalPath() { return QStringLiteral("/org/freedesktop/portal/desktop"); }
QString portalInterface() { return QStringLiteral("org.freedesktop.portal.Settings"); }
QString appearanceGroup() { return QStringLiteral("org.freedesktop.appearance"); }
QString colorSchemeKey() { return QStringLiteral("color-scheme"); }

// Without an address libdbus would try to launch a bus of its own, and wait for it.
bool hasSessionBus() {
    return qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS") ||
           (qEnvironmentVariableIsSet("XDG_RUNTIME_DIR") &&
            QFile::exists(qEnvironmentVariable("XDG_RUNTIME_DIR") + QStringLiteral("/bus")));
}

}  // namespace

DesktopAppearance::DesktopAppearance(QObject* parent) : QObject(parent) {
    if (hasSessionBus()) QTimer::singleShot(0, this, &DesktopAppearance::ask);
}

void DesktopAppearance::ask() {
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected()) return;
    // No service name: with one, connect() would ask for its owner and wait.
    bus.connect(QString(), portalPath(), portalInterface(), QStringLiteral("SettingChanged"), this,
                SLOT(settingChanged(QString, QString, QDBusVariant)));
    QDBusMessage call = QDBusMessage::createMethodCall(portalService(), portalPath(), portalInterface(), QStringLiteral("Read"));
    call.setArguments({appearanceGroup(), colorSchemeKey()});
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(call, 5000), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        const QDBusPendingReply<QVariant> reply = *watcher;
        if (!reply.isError()) takeColorScheme(reply.value());
        watcher->deleteLater();
    });
}

void DesktopAppearance::settingChanged(const QString& group, const QString& key, const QDBusVariant& value) {
    if (group == appearanceGroup() && key == colorSchemeKey()) takeColorScheme(value.variant());
}

void DesktopAppearance::takeColorScheme(const QVariant& value) {
    QVariant inner = value;  // the portal's Read wraps the value twice
    while (inner.canConvert<QDBusVariant>() && inner.userType() == qMetaTypeId<QDBusVariant>())
        inner = inner.value<QDBusVariant>().variant();
    bool isNumber = false;
    const uint scheme = inner.toUInt(&isNumber);
    if (!isNumber) return;
    const std::optional<bool> prefersDark = scheme == 1 ? std::optional(true) : scheme == 2 ? std::optional(false) : std::nullopt;
    if (prefersDark == m_prefersDark) return;
    m_prefersDark = prefersDark;
    Q_EMIT changed();
}

}  // namespace larder::ui
