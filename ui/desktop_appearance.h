// Whether the desktop wants dark windows: what it says over the session bus (the XDG settings portal), and when it changes
// its mind. Nothing here waits: without a bus or a portal there is simply no answer. GUI thread only.
#pragma once

#include <QDBusVariant>
#include <QObject>
#include <QString>
#include <optional>

namespace larder::ui {

class DesktopAppearance : public QObject {
    Q_OBJECT

public:
    explicit DesktopAppearance(QObject* parent = nullptr);

    std::optional<bool> prefersDark() const { return m_prefersDark; }  // empty: not (yet) known, or no preference

    // The portal's number: 1 dark, 2 light, everything else no preference.
    void takeColorScheme(const QVariant& value);

Q_SIGNALS:
    void changed();

private Q_SLOTS:
    void settingChanged(const QString& group, const QString& key, const QDBusVariant& value);

private:
    void ask();
    std::optional<bool> m_prefersDark;
};

}  // namespace larder::ui
