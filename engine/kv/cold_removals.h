// Removes files so that they stay removed: a power cut may bring back what was removed or moved since its folder was synced, so
// room counts as made only after sync(). Keeper's thread only; blocks on the disk.
#pragma once

#include <filesystem>
#include <set>
#include <utility>

#include "engine/base/file_system.h"
#include "engine/error.h"

namespace larder::kv {

class ColdRemovals {
public:
    explicit ColdRemovals(base::FileSystem& files) : m_files(&files) {}

    Expected<void> remove(const std::filesystem::path& file) {
        m_folders.insert(file.parent_path());
        return m_files->remove(file);
    }
    Expected<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) {
        m_folders.insert(from.parent_path());
        m_folders.insert(to.parent_path());
        return m_files->rename(from, to);
    }
    // What an earlier run removed from this folder may not be durable.
    void doubt(const std::filesystem::path& folder) { m_folders.insert(folder); }
    bool pending() const { return !m_folders.empty(); }
    Expected<void> sync() {
        while (!m_folders.empty()) {
            // A folder that is gone holds nothing.
            if (m_files->exists(*m_folders.begin()))
                if (auto synced = m_files->syncFolder(*m_folders.begin()); !synced) return synced;
            m_folders.erase(m_folders.begin());
        }
        return {};
    }

private:
    base::FileSystem* m_files;
    std::set<std::filesystem::path> m_folders;
};

}  // namespace larder::kv
