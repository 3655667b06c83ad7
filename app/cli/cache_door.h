// The cache on the disk for the commands: asked of the server that runs on the base directory or, while none does, of its files.
// The caller sees no difference: every verb gives the document that docs/http_api.md describes. Main thread; blocks.
#pragma once

#include <QJsonObject>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "app/cli/api_client.h"
#include "engine/cache_control.h"
#include "engine/error.h"
#include "engine/settings.h"

namespace larder::app {

class CacheDoor {
public:
    static Expected<std::unique_ptr<CacheDoor>> open(const Settings& settings);

    Expected<QJsonObject> list();
    Expected<QJsonObject> pin(const std::string& id, bool pinned);
    Expected<QJsonObject> clear(const std::string& model, bool pinnedToo);  // empty: of all models
    // progress: 0..1. Ends early when stopAsked says so (asked with every file) or stopFd becomes readable.
    Expected<QJsonObject> verify(const std::function<void(double)>& progress, const std::function<bool()>& stopAsked, int stopFd);
    Expected<QJsonObject> exportPrefix(const std::string& id, const std::filesystem::path& file);
    Expected<QJsonObject> importPrefix(const std::filesystem::path& file);

private:
    std::unique_ptr<ApiClient> m_server;   // one of the two
    std::unique_ptr<CacheControl> m_files;
};

// A document of engine/documents.h.
QJsonObject readDocument(const std::string& document);

}  // namespace larder::app
