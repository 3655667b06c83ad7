// One tray app for each base directory and user: the first one listens on a local socket, a second start tells it to show
// its window. GUI thread only.
#pragma once

#include <QLocalServer>
#include <QLockFile>
#include <QObject>
#include <filesystem>
#include <memory>

namespace larder::app {

class SingleInstance : public QObject {
    Q_OBJECT

public:
    explicit SingleInstance(QObject* parent = nullptr);

    // True: this process is the first one and now listens. False: another one runs and was told to show itself.
    // Blocks for at most five seconds, while the other one is just starting.
    bool claim(const std::filesystem::path& baseDir, bool showOther);

signals:
    void showWanted();

private:
    void answer();
    std::unique_ptr<QLockFile> m_lock;
    QLocalServer m_server;
};

}  // namespace larder::app
