#include "app/cli/cache_door.h"

#include <QJsonDocument>
#include <utility>

#include "engine/documents.h"
#include "engine/server.h"

namespace larder::app {
namespace {

QString asText(const std::string& text) { return QString::fromStdString(text); }

// What a verb gave, as the server would have written it.
template <class T, class Write>
Expected<QJsonObject> documentOf(const Expected<T>& result, const Write& write) {
    if (!result.ok()) return result.error();
    return readDocument(write(*result));
}

}  // namespace

QJsonObject readDocument(const std::string& document) { return QJsonDocument::fromJson(QByteArray::fromStdString(document)).object(); }

Expected<std::unique_ptr<CacheDoor>> CacheDoor::open(const Settings& settings) {
    auto door = std::make_unique<CacheDoor>();
    const auto running = findRunningServer(settings);
    if (running.ok()) {
        door->m_server = std::make_unique<ApiClient>(running->address, running->apiKey);
        return door;
    }
    if (running.error().code != ErrorCode::NotFound) return running.error();
    auto files = openCache(settings);
    if (!files.ok()) return files.error();
    door->m_files = std::move(*files);
    return door;
}

Expected<QJsonObject> CacheDoor::list() {
    if (m_server) return m_server->get("/api/cache");
    return documentOf(m_files->list(), [this](const CacheListing& listing) { return cacheDocument(m_files->status(), listing); });
}

Expected<QJsonObject> CacheDoor::pin(const std::string& id, bool pinned) {
    if (m_server) return m_server->post("/api/cache/pin", {{"id", asText(id)}, {"pinned", pinned}});
    if (auto done = m_files->pin(id, pinned); !done.ok()) return done.error();
    return readDocument(pinnedDocument(id, pinned));
}

Expected<QJsonObject> CacheDoor::clear(const std::string& model, bool pinnedToo) {
    if (m_server) return m_server->post("/api/cache/clear", {{"model", asText(model)}, {"pinned_too", pinnedToo}});
    return documentOf(m_files->clear(model, pinnedToo), clearedDocument);
}

Expected<QJsonObject> CacheDoor::verify(const std::function<void(double)>& progress, const std::function<bool()>& stopAsked, int stopFd) {
    if (m_files) {
        const auto report = [&](double fraction) {
            progress(fraction);
            return !stopAsked();
        };
        return documentOf(m_files->verify(report), verifiedDocument);
    }
    QJsonObject result;
    const auto done = m_server->stream("/api/cache/verify", {}, stopFd, [&](const QJsonObject& event) {
        if (event.contains("result")) result = event["result"].toObject();
        else progress(event["progress"].toDouble());
        return true;
    });
    if (!done.ok()) return done.error();
    return result;
}

Expected<QJsonObject> CacheDoor::exportPrefix(const std::string& id, const std::filesystem::path& file) {
    if (m_server) return m_server->post("/api/cache/export", {{"id", asText(id)}, {"file", asText(file.string())}});
    return documentOf(m_files->exportPrefix(id, file),
                      [&](const ExportedPrefix& exported) { return exportedDocument(file.string(), exported); });
}

Expected<QJsonObject> CacheDoor::importPrefix(const std::filesystem::path& file) {
    if (m_server) return m_server->post("/api/cache/import", {{"file", asText(file.string())}});
    return documentOf(m_files->importPrefix(file), importedDocument);
}

}  // namespace larder::app
