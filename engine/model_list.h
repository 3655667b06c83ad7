// The models an engine serves by name: what was found at the last look, and when to look again. Any thread; find() and
// refresh() may read file headers.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/snapshot.h"
#include "engine/error.h"
#include "engine/models.h"
#include "engine/settings.h"

namespace larder {

class ModelList {
public:
    explicit ModelList(const Settings& settings);

    std::vector<ModelInfo> all() const { return m_models.read(); }
    void refresh();
    void listHuggingFaceCache(bool listed);  // one thread at a time

    // Empty name: the default model, or the only one. An unknown name, or one that could not be run, makes it look at the
    // disk again: at once when the model folder changed since the last look, else every ten seconds at most.
    Expected<ModelInfo> find(const std::string& name);
    Expected<ModelInfo> known(const std::string& name) const;  // without a look at the disk

    // Resolves a name or a path; a file outside the model folder is served too. Empty: no default.
    Expected<void> setDefault(const std::string& nameOrPath);
    std::string defaultName() const { return m_defaultName.read(); }

private:
    std::int64_t folderStamp() const;
    bool worthALook();

    base::Snapshot<Settings> m_settings;
    base::Snapshot<std::vector<ModelInfo>> m_models;
    base::Snapshot<std::string> m_defaultName;
    base::Snapshot<std::optional<ModelInfo>> m_outside;  // the default model when no folder of ours holds it
    std::atomic<std::int64_t> m_stamp{0};
    std::atomic<std::int64_t> m_lookedMs{0};
};

}  // namespace larder
