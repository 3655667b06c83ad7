#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/file_error.h"
#include "engine/base/file_system.h"
#include "engine/base/guarded.h"

namespace larder::base {
namespace {

// A file or a folder. Without a name in any folder it lives as long as somebody has it open, as on a disk.
struct MemoryNode {
    bool isFolder = false;
    bool isLocked = false;
    std::vector<std::byte> bytes;
    std::map<std::string, std::shared_ptr<MemoryNode>> children;
};

using MemoryNodePtr = std::shared_ptr<MemoryNode>;

// usedBytes is the sum of the sizes of all nodes, those without a name included, each rounded up to pages.
struct MemoryTree {
    MemoryNode root{.isFolder = true, .isLocked = false, .bytes = {}, .children = {}};
    std::uint64_t capacityBytes = 0;
    std::uint64_t usedBytes = 0;
};

using SharedTree = std::shared_ptr<Guarded<MemoryTree>>;

std::uint64_t inPages(std::uint64_t bytes) {
    constexpr std::uint64_t kPage = 4096;
    return (bytes + kPage - 1) / kPage * kPage;
}

// 0, or the number of the error.
int resizeNode(MemoryTree& tree, MemoryNode& node, std::uint64_t bytes) {
    if (bytes > tree.capacityBytes) return ENOSPC;
    const std::uint64_t others = tree.usedBytes - inPages(node.bytes.size());
    if (others + inPages(bytes) > tree.capacityBytes) return ENOSPC;
    node.bytes.resize(static_cast<std::size_t>(bytes));
    tree.usedBytes = others + inPages(bytes);
    return 0;
}

// Gives back the space of a file that has neither a name nor a handle any more.
void releaseNode(MemoryTree& tree, MemoryNodePtr& node) {
    if (node.use_count() == 1) tree.usedBytes -= inPages(node->bytes.size());
    node.reset();
}

std::vector<std::string> partsOf(const std::filesystem::path& path) {
    std::vector<std::string> parts;
    for (const auto& part : path.lexically_normal().relative_path())
        if (!part.empty() && part != ".") parts.push_back(part.string());
    return parts;
}

// The folder that holds the last part of a path, and that part (empty for the root).
struct MemoryPlace {
    MemoryNode* folder = nullptr;  // null: there is none
    std::string name;

    MemoryNodePtr node() const {
        if (folder == nullptr) return nullptr;
        const auto found = folder->children.find(name);
        return found == folder->children.end() ? nullptr : found->second;
    }
};

MemoryPlace placeOf(MemoryTree& tree, const std::filesystem::path& path) {
    const auto parts = partsOf(path);
    if (parts.empty()) return {&tree.root, ""};
    MemoryPlace place{&tree.root, parts.front()};
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const MemoryNodePtr next = place.node();
        if (!next || !next->isFolder) return {};
        place = {next.get(), parts[i]};
    }
    return place;
}

MemoryNode* folderAt(MemoryTree& tree, const std::filesystem::path& path) {
    const MemoryPlace place = placeOf(tree, path);
    if (place.folder == nullptr || place.name.empty()) return place.folder;
    const MemoryNodePtr node = place.node();
    return node && node->isFolder ? node.get() : nullptr;
}

class MemoryFile final : public OpenFile {
public:
    MemoryFile(std::filesystem::path path, SharedTree tree, MemoryNodePtr node, bool isWritable)
        : m_path(std::move(path)), m_tree(std::move(tree)), m_node(std::move(node)), m_isWritable(isWritable) {}
    ~MemoryFile() override {
        m_tree->with([&](MemoryTree& tree) { releaseNode(tree, m_node); });
    }

    Expected<std::uint64_t> size() const override {
        return m_tree->with([&](MemoryTree&) -> Expected<std::uint64_t> { return std::uint64_t{m_node->bytes.size()}; });
    }
    Expected<std::size_t> readAt(std::uint64_t offset, std::span<std::byte> bytes) const override {
        return m_tree->with([&](MemoryTree&) -> Expected<std::size_t> {
            if (offset >= m_node->bytes.size()) return std::size_t{0};
            const std::size_t count = std::min<std::size_t>(bytes.size(), m_node->bytes.size() - offset);
            std::copy_n(m_node->bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, bytes.begin());
            return count;
        });
    }
    Expected<void> writeAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
        return change([&](MemoryTree& tree) {
            const std::uint64_t end = offset + bytes.size();
            if (bytes.empty()) return 0;
            if (end < offset) return EFBIG;
            if (end > m_node->bytes.size())
                if (const int number = resizeNode(tree, *m_node, end); number != 0) return number;
            std::copy(bytes.begin(), bytes.end(), m_node->bytes.begin() + static_cast<std::ptrdiff_t>(offset));
            return 0;
        });
    }
    Expected<void> resize(std::uint64_t bytes) override {
        return change([&](MemoryTree& tree) { return resizeNode(tree, *m_node, bytes); });
    }
    Expected<void> sync() override { return {}; }
    void expectRead(std::uint64_t, std::uint64_t) const override {}
    void forget() const override {}

private:
    template <class Change>
    Expected<void> change(Change&& change) {
        const int number = m_isWritable ? m_tree->with(change) : EBADF;
        if (number != 0) return fileError("write", m_path, number);
        return {};
    }

    std::filesystem::path m_path;
    SharedTree m_tree;
    MemoryNodePtr m_node;
    bool m_isWritable;
};

class MemoryLock final : public FileLockHandle {
public:
    MemoryLock(SharedTree tree, MemoryNodePtr node) : m_tree(std::move(tree)), m_node(std::move(node)) {}
    ~MemoryLock() override {
        m_tree->with([&](MemoryTree& tree) {
            m_node->isLocked = false;
            releaseNode(tree, m_node);
        });
    }

private:
    SharedTree m_tree;
    MemoryNodePtr m_node;
};

// The file of that name, or a new one. number: why there is none.
MemoryNodePtr openNode(MemoryTree& tree, const std::filesystem::path& path, bool mayMake, int& number) {
    const MemoryPlace place = placeOf(tree, path);
    number = place.folder == nullptr ? ENOENT : place.name.empty() ? EISDIR : 0;
    if (number != 0) return nullptr;
    MemoryNodePtr node = place.node();
    if (!node && mayMake) node = place.folder->children[place.name] = std::make_shared<MemoryNode>();
    number = !node ? ENOENT : node->isFolder ? EISDIR : 0;
    return number == 0 ? node : nullptr;
}

class MemoryFileSystem final : public FileSystem {
public:
    explicit MemoryFileSystem(std::uint64_t capacityBytes) : m_tree(std::make_shared<Guarded<MemoryTree>>()) {
        m_tree->with([&](MemoryTree& tree) { tree.capacityBytes = capacityBytes; });
    }

    Expected<std::unique_ptr<OpenFile>> open(const std::filesystem::path& path, OpenMode mode) override {
        int number = 0;
        MemoryNodePtr node = m_tree->with([&](MemoryTree& tree) {
            MemoryNodePtr found = openNode(tree, path, mode != OpenMode::Read, number);
            if (found && mode == OpenMode::Replace) (void)resizeNode(tree, *found, 0);
            return found;
        });
        if (!node) return fileError("open", path, number);
        return std::unique_ptr<OpenFile>(std::make_unique<MemoryFile>(path, m_tree, std::move(node), mode != OpenMode::Read));
    }

    Expected<std::vector<FolderEntry>> list(const std::filesystem::path& folder) override {
        return m_tree->with([&](MemoryTree& tree) -> Expected<std::vector<FolderEntry>> {
            const MemoryNode* node = folderAt(tree, folder);
            if (node == nullptr) return fileError("list", folder, ENOENT);
            std::vector<FolderEntry> entries;
            for (const auto& [name, child] : node->children) entries.push_back({name, child->isFolder});
            return entries;
        });
    }

    bool exists(const std::filesystem::path& path) override {
        return m_tree->with([&](MemoryTree& tree) {
            const MemoryPlace place = placeOf(tree, path);
            return place.folder != nullptr && (place.name.empty() || place.node() != nullptr);
        });
    }

    std::uint64_t diskBytes(const std::filesystem::path& path) override {
        return m_tree->with([&](MemoryTree& tree) {
            const MemoryNodePtr node = placeOf(tree, path).node();
            return node ? inPages(node->bytes.size()) : 0;
        });
    }

    Expected<void> makeFolder(const std::filesystem::path& path) override {
        return m_tree->with([&](MemoryTree& tree) -> Expected<void> {
            MemoryNode* folder = &tree.root;
            for (const std::string& part : partsOf(path)) {
                MemoryNodePtr& child = folder->children[part];
                if (!child) {
                    child = std::make_shared<MemoryNode>();
                    child->isFolder = true;
                }
                if (!child->isFolder) return fileError("make the folder", path, EEXIST);
                folder = child.get();
            }
            return {};
        });
    }

    Expected<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        const int number = m_tree->with([&](MemoryTree& tree) {
            const MemoryPlace source = placeOf(tree, from);
            const MemoryPlace target = placeOf(tree, to);
            const MemoryNodePtr node = source.node();
            if (!node || target.folder == nullptr) return ENOENT;
            MemoryNodePtr replaced = target.node();
            if (replaced == node) return 0;
            if (node->isFolder && isInside(partsOf(to), partsOf(from))) return EINVAL;
            if (target.name.empty() || (replaced && replaced->isFolder && !node->isFolder)) return EISDIR;
            if (replaced && node->isFolder && !replaced->isFolder) return ENOTDIR;
            if (replaced && !replaced->children.empty()) return ENOTEMPTY;
            source.folder->children.erase(source.name);
            target.folder->children[target.name] = node;
            if (replaced) releaseNode(tree, replaced);
            return 0;
        });
        if (number != 0) return fileError("rename", from, number);
        return {};
    }

    Expected<void> remove(const std::filesystem::path& path) override {
        const int number = m_tree->with([&](MemoryTree& tree) {
            const MemoryPlace place = placeOf(tree, path);
            MemoryNodePtr node = place.node();
            if (!node) return place.folder != nullptr && place.name.empty() ? EBUSY : 0;
            if (!node->children.empty()) return ENOTEMPTY;
            place.folder->children.erase(place.name);
            releaseNode(tree, node);
            return 0;
        });
        if (number != 0) return fileError("delete", path, number);
        return {};
    }

    Expected<void> syncFolder(const std::filesystem::path& folder) override {
        const bool isThere = m_tree->with([&](MemoryTree& tree) { return folderAt(tree, folder) != nullptr; });
        if (!isThere) return fileError("open", folder, ENOENT);
        return {};
    }

    Expected<std::uint64_t> freeBytes(const std::filesystem::path& folder) override {
        return m_tree->with([&](MemoryTree& tree) -> Expected<std::uint64_t> {
            if (folderAt(tree, folder) == nullptr) return fileError("measure the free space of", folder, ENOENT);
            return tree.capacityBytes - tree.usedBytes;
        });
    }

    Expected<std::unique_ptr<FileLockHandle>> lock(const std::filesystem::path& path) override {
        int number = 0;
        MemoryNodePtr node = m_tree->with([&](MemoryTree& tree) {
            MemoryNodePtr found = openNode(tree, path, true, number);
            if (found && std::exchange(found->isLocked, true)) found.reset();
            return found;
        });
        if (number != 0) return fileError("open", path, number);
        if (!node) return Error{ErrorCode::Unavailable, path.string() + " is held by another process"};
        return std::unique_ptr<FileLockHandle>(std::make_unique<MemoryLock>(m_tree, std::move(node)));
    }

    std::int64_t unixMs() const override { return wallMs(); }

private:
    static bool isInside(const std::vector<std::string>& path, const std::vector<std::string>& folder) {
        return path.size() > folder.size() && std::equal(folder.begin(), folder.end(), path.begin());
    }

    SharedTree m_tree;
};

}  // namespace

std::unique_ptr<FileSystem> makeMemoryFileSystem(std::uint64_t capacityBytes) {
    return std::make_unique<MemoryFileSystem>(capacityBytes);
}

}  // namespace larder::base
