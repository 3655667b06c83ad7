#include "app/single_instance.h"

#include <QCryptographicHash>
#include <QDir>
#include <QElapsedTimer>
#include <QLocalSocket>
#include <QStandardPaths>
#include <QThread>

namespace larder::app {
namespace {

constexpr int kPatienceMs = 5000;
constexpr char kShow[] = "show\n";

// Only this user can reach the folder; the base directory's path would often be too long for a socket.
QString socketPath(const std::filesystem::path& baseDir) {
    QString folder = QStandardPaths::writableLocation(QStandardPaths::RuntimeLocation);
    if (folder.isEmpty()) folder = QDir::tempPath();
    const QByteArray digest =
        QCryptographicHash::hash(QByteArray::fromStdString(baseDir.lexically_normal().string()), QCryptographicHash::Sha256);
    return folder + QStringLiteral("/larder-") + QString::fromLatin1(digest.toHex().left(16));
}

bool tellToShow(const QString& path) {
    QLocalSocket socket;
    socket.connectToServer(path);
    if (!socket.waitForConnected(500)) return false;
    socket.write(kShow);
    socket.waitForBytesWritten(500);
    return socket.waitForDisconnected(1000) || socket.state() == QLocalSocket::UnconnectedState;
}

}  // namespace

SingleInstance::SingleInstance(QObject* parent) : QObject(parent) {
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    connect(&m_server, &QLocalServer::newConnection, this, &SingleInstance::answer);
}

bool SingleInstance::claim(const std::filesystem::path& baseDir, bool showOther) {
    const QString path = socketPath(baseDir);
    auto lock = std::make_unique<QLockFile>(path + QStringLiteral(".lock"));
    lock->setStaleLockTime(0);  // stale only when its process is gone
    if (!lock->tryLock(0)) {
        if (lock->error() == QLockFile::LockFailedError) {
            QElapsedTimer waited;
            waited.start();
            while (showOther && !tellToShow(path) && waited.elapsed() < kPatienceMs) QThread::msleep(50);
            return false;
        }
        // A folder that cannot be written must not keep anyone from working: the server's own lock still guards the data.
        return true;
    }
    m_server.close();
    QLocalServer::removeServer(path);
    m_server.listen(path);
    m_lock = std::move(lock);
    return true;
}

void SingleInstance::answer() {
    while (QLocalSocket* socket = m_server.nextPendingConnection()) {
        connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
        connect(socket, &QLocalSocket::readyRead, this, [this, socket] {
            if (socket->canReadLine() && socket->readLine() == kShow) emit showWanted();
            socket->disconnectFromServer();
        });
    }
}

}  // namespace larder::app
