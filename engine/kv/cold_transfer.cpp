// Prefixes that leave for a file and come from one.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/json.h"
#include "engine/kv/cold_archive.h"
#include "engine/kv/cold_prefixes.h"
#include "engine/kv/cold_store_inner.h"

namespace larder::kv {
namespace {

constexpr const char* kAbout = "prefix.json";
constexpr std::uint64_t kMostAboutBytes = 65'536;
constexpr std::uint64_t kMostMemberBytes = std::uint64_t{1} << 31;

Error notAPrefix(const std::filesystem::path& file, const std::string& what) {
    return Error{ErrorCode::Corrupt, file.string() + " is not a prefix that can be imported: " + what + "."};
}

// A whole block file, checked.
Expected<std::vector<std::byte>> wholeFile(const ColdContext& context, const BlockKey& key) {
    const auto staged = context.books.with([&](const ColdBooks& books) { return books.staging.find(key); });
    if (staged) {
        std::vector<std::span<const std::byte>> payload;
        for (std::size_t i = 0; i < staged->head.parts.size(); ++i) payload.push_back(staged->part(i));
        const std::string head = writeColdHead(staged->head, payload);
        std::vector<std::byte> bytes(head.size() + staged->byteCount);
        std::copy_n(reinterpret_cast<const std::byte*>(head.data()), head.size(), bytes.begin());
        std::copy_n(staged->bytes.get(), staged->byteCount, bytes.begin() + static_cast<std::ptrdiff_t>(head.size()));
        return bytes;
    }
    const auto file = openColdFile(context.folder.files(), context.folder.block(key), key);
    if (!file) return file.error();
    std::vector<std::byte> bytes(file->head.fileBytes());
    const auto got = file->file->readAt(0, bytes);
    if (!got) return got.error();
    const auto head = readColdHead(bytes, *got);
    if (!head) return head.error();
    ColdChecksum checksum{std::span(bytes).first(kColdHeadBytes)};
    checksum.add(std::span(bytes).subspan(kColdHeadBytes));
    if (checksum.ok()) return bytes;
    return Error{ErrorCode::Corrupt, "The block of KV " + hexOf(key) + " on the disk is damaged: its checksum is wrong."};
}

// What an import knows of itself before its blocks.
Expected<std::string> modelNameIn(const base::OpenFile& file, const ColdArchiveMember& about, const std::filesystem::path& path) {
    if (about.name != kAbout || about.bytes > kMostAboutBytes) return notAPrefix(path, "it does not begin with " + std::string(kAbout));
    std::string text(about.bytes, '\0');
    const auto got = file.readAt(about.offset, std::as_writable_bytes(std::span(text)));
    if (!got) return got.error();
    const auto json = base::parseJson(text);
    if (*got != text.size() || !json || !json->is_object()) return notAPrefix(path, std::string(kAbout) + " is malformed");
    const auto is = [&](const char* key, const base::Json& value) { return json->contains(key) && (*json)[key] == value; };
    if (!is("format", "larder-prefix")) return notAPrefix(path, "it says that it is something else");
    if (!is("version", kColdFormatVersion)) return notAPrefix(path, "its format has another version");
    return json->contains("model") && (*json)["model"].is_string() ? (*json)["model"].get<std::string>() : std::string();
}

// Whether the blocks hang together: the chain from the root, a tail at most at its end, states behind blocks of it.
bool follows(const ColdStore::Incoming& incoming, const ColdHead& next) {
    if (incoming.blocks.empty()) return next.position == 0;
    if (next.identity != incoming.identity) return false;
    const auto parent = std::find_if(incoming.blocks.begin(), incoming.blocks.end(), [&](const ColdHead& each) {
        return each.kind == ColdKind::Full && each.key == next.parent && each.position + kBlockTokens == next.position;
    });
    if (next.position > 0 && parent == incoming.blocks.end()) return false;
    return next.kind == ColdKind::State || next.position == incoming.tokens.size();
}

}  // namespace

Expected<ExportedPrefix> ColdStore::exportPrefix(const std::string& id, const std::filesystem::path& file) {
    ColdContext& context = m_inner->context;
    struct Order {
        std::uint32_t position;
        bool state;
        BlockKey key;
    };
    std::vector<Order> blocks;
    base::Json about;
    ExportedPrefix exported;
    std::optional<Error> problem;
    context.books.with([&](const ColdBooks& books) {
        const auto end = findColdEnd(books.catalog, id);
        if (!end) {
            problem = end.error();
            return;
        }
        const ColdPath path = pathTo(books.catalog, *end);
        for (const auto* entries : {&path.blocks, &path.states})
            for (const ColdEntryId each : *entries) {
                const ColdEntry& entry = books.catalog.at(each);
                blocks.push_back({entry.position, entry.kind == ColdKind::State, entry.key});
            }
        const ColdEntry& last = books.catalog.at(*end);
        const ColdModel& model = books.catalog.models()[last.model];
        exported.tokens = last.position + std::uint64_t{last.count};
        about = {{"format", "larder-prefix"}, {"version", kColdFormatVersion}, {"model", model.name}, {"identity", hexOf(model.identity)},
                 {"tokens", exported.tokens}, {"blocks", blocks.size()}};
    });
    if (problem) return *problem;
    std::stable_sort(blocks.begin(), blocks.end(), [](const Order& a, const Order& b) {
        return a.position != b.position ? a.position < b.position : a.state < b.state;
    });

    base::FileSystem& files = context.folder.files();
    std::filesystem::path unfinished = file;
    unfinished += ".part";
    const auto write = [&]() -> Expected<void> {
        auto opened = files.open(unfinished, base::OpenMode::Replace);
        if (!opened) return opened.error();
        ColdArchiveWriter archive(**opened);
        const std::string text = base::dumpJson(about) + "\n";
        if (auto done = archive.begin(kAbout, text.size()); !done) return done;
        if (auto done = archive.append(std::as_bytes(std::span(text))); !done) return done;
        for (const Order& each : blocks) {
            const auto bytes = wholeFile(context, each.key);
            if (!bytes) return bytes.error();
            if (auto done = archive.begin(hexOf(each.key) + ".safetensors", bytes->size()); !done) return done;
            if (auto done = archive.append(*bytes); !done) return done;
        }
        if (auto done = archive.finish(); !done) return done;
        exported.blocks = blocks.size();
        exported.bytes = archive.bytes();
        if (auto done = (*opened)->sync(); !done) return done;
        return files.rename(unfinished, file);
    };
    if (auto written = write(); !written) {
        (void)files.remove(unfinished);
        return written.error();
    }
    return exported;
}

Expected<ColdStore::Incoming> ColdStore::importPrefix(const std::filesystem::path& file) {
    auto opened = m_inner->context.folder.files().open(file, base::OpenMode::Read);
    if (!opened) return opened.error();
    ColdArchiveReader archive(**opened);
    const auto about = archive.next();
    if (!about) return about.error();
    if (!*about) return notAPrefix(file, "it is empty");
    auto model = modelNameIn(**opened, **about, file);
    if (!model) return model.error();

    Incoming incoming;
    incoming.model = std::move(model).value();
    Expected<void> done;
    const auto onKeeper = [&](const std::function<Expected<void>()>& wish) {
        Expected<void> result;
        if (!m_inner->onKeeper([&] { result = wish(); })) result = m_inner->closedError();
        return result;
    };
    done = onKeeper([&]() -> Expected<void> {
        if (auto scanned = m_inner->keeper.finishScan(); !scanned) return scanned;
        const auto number = m_inner->keeper.imports().begin();
        if (!number) return number.error();
        incoming.number = *number;
        return {};
    });
    if (!done) return done.error();
    const auto takeNext = [&](const ColdArchiveMember& member) -> Expected<void> {
        if (member.bytes > kMostMemberBytes) return notAPrefix(file, member.name + " is too large");
        std::vector<std::byte> bytes(member.bytes);
        const auto got = (*opened)->readAt(member.offset, bytes);
        if (!got) return got.error();
        if (*got != bytes.size()) return notAPrefix(file, "it ends too early");
        auto head = readColdHead(bytes, bytes.size());
        if (!head) return notAPrefix(file, member.name + " is damaged");
        ColdChecksum checksum{std::span(bytes).first(kColdHeadBytes)};
        checksum.add(std::span(bytes).subspan(kColdHeadBytes));
        if (!checksum.ok()) return notAPrefix(file, member.name + " is damaged");
        if (!follows(incoming, *head)) return notAPrefix(file, "its blocks do not hang together");
        if (auto added = onKeeper([&] { return m_inner->keeper.imports().add(incoming.number, head->key, bytes); }); !added) return added;
        incoming.identity = head->identity;
        incoming.bytes += bytes.size();
        if (head->kind != ColdKind::State) incoming.tokens.insert(incoming.tokens.end(), head->tokens.begin(), head->tokens.end());
        incoming.blocks.push_back(std::move(*head));
        return {};
    };
    while (done) {
        const auto member = archive.next();
        if (!member)
            done = member.error();
        else if (!*member)
            break;
        else
            done = takeNext(**member);
    }
    if (done && incoming.blocks.empty()) done = notAPrefix(file, "it holds no blocks");
    if (done) return incoming;
    dropImport(incoming);
    return done.error();
}

Expected<void> ColdStore::readIncoming(const Incoming& incoming, std::size_t block, std::span<const ColdRead::Target> targets) {
    const BlockKey key = incoming.blocks.at(block).key;
    const ColdFolder& folder = m_inner->context.folder;
    const auto file = openColdFile(folder.files(), incomingFile(folder, incoming.number, key), key);
    if (!file) return file.error();
    std::vector<ColdTarget> wanted;
    for (const ColdRead::Target& target : targets) wanted.push_back({target.group, target.bytes});
    ColdScratch scratch;
    return readColdPayload(*file, wanted, scratch);
}

Expected<void> ColdStore::acceptImport(const Incoming& incoming) {
    Expected<void> accepted;
    const bool open = m_inner->onKeeper([&] {
        accepted = m_inner->keeper.imports().accept(incoming.number, incoming.blocks, incoming.model);
        if (auto flushed = m_inner->keeper.flushIndex(); !flushed && accepted) accepted = flushed;
    });
    return open ? accepted : Expected<void>(m_inner->closedError());
}

void ColdStore::dropImport(const Incoming& incoming) {
    m_inner->onKeeper([&] { m_inner->keeper.imports().drop(incoming.number); });
}

}  // namespace larder::kv
