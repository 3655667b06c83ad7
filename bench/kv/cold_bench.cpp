// The cold tier: how long it takes to open with 100,000 blocks, to look one up, and how fast blocks are written and read.
//
//     cold_bench [FOLDER]       on this folder's disk; default: the temporary one
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/kv/cold_index.h"
#include "engine/kv/cold_store.h"

namespace {

using namespace larder;
using Clock = std::chrono::steady_clock;

constexpr base::Hash128 kModel{11, 22};
constexpr std::size_t kEntries = 100'000;
constexpr std::size_t kBlocks = 256;
constexpr std::size_t kBlockBytes = std::size_t{1'474'560};  // 64 tokens of the starter model in F16

double msSince(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::vector<TokenId> tokensOf(std::size_t seed) {
    std::vector<TokenId> tokens(kBlockTokens);
    for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<TokenId>(seed * 1'000 + i);
    return tokens;
}

kv::ColdSettings settingsFor(const std::filesystem::path& folder) {
    kv::ColdSettings settings;
    settings.folder = folder;
    settings.limitBytes = std::uint64_t{1} << 40;
    settings.floorBytes = 0;
    settings.bytesPerDay = 0;
    return settings;
}

std::unique_ptr<kv::ColdStore> openStore(kv::ColdSettings settings) {
    auto store = kv::ColdStore::open(std::move(settings));
    if (!store) {
        std::fprintf(stderr, "%s\n", store.error().message.c_str());
        std::exit(1);
    }
    return std::move(store).value();
}

// An index of conversations of a thousand blocks each; there are no files.
std::vector<kv::BlockKey> makeIndex(const std::filesystem::path& folder, kv::ColdCatalog& catalog) {
    std::filesystem::create_directories(folder);
    auto index = std::move(kv::ColdIndex::open(folder / "index.sqlite3", base::realFileSystem())).value();
    kv::ColdIndexChanges changes;
    changes.models.push_back({*catalog.modelNumber(kModel), kModel, "model"});
    std::vector<kv::BlockKey> keys;
    kv::BlockKey parent;
    for (std::size_t i = 0; i < kEntries; ++i) {
        if (i % 1000 == 0) parent = kv::rootKey(kModel);
        const auto tokens = tokensOf(i);
        kv::ColdRow row;
        row.parent = parent;
        row.entry.key = parent = kv::childKey(parent, tokens);
        row.entry.prints = kv::printsOf(tokens);
        row.entry.count = kBlockTokens;
        row.entry.position = static_cast<std::uint32_t>(i % 1000 * kBlockTokens);
        row.entry.bytes = 1 << 20;
        row.entry.tick = i + 1;
        keys.push_back(parent);
        catalog.add(row.entry, row.parent);
        changes.rows.push_back(row);
    }
    if (!index->write(changes) || !index->checkpoint()) std::exit(1);
    return keys;
}

void benchIndex(const std::filesystem::path& folder) {
    kv::ColdCatalog catalog;
    const auto keys = makeIndex(folder, catalog);
    std::printf("catalog: %zu blocks, %.0f bytes of RAM a block\n", kEntries, static_cast<double>(catalog.ramBytes()) / kEntries);
    std::printf("index: %.0f bytes on the disk a block\n", static_cast<double>(std::filesystem::file_size(folder / "index.sqlite3")) / kEntries);
    std::vector<double> opened;
    auto settings = settingsFor(folder);
    settings.manual = true;  // no thread drops the rows, whose files are missing
    for (int i = 0; i < 5; ++i) {
        const auto start = Clock::now();
        auto store = openStore(settings);
        opened.push_back(msSince(start));
        if (i < 4) {
            // Not close(): it would look for the files.
            std::filesystem::copy_file(folder / "index.sqlite3", folder / "kept", std::filesystem::copy_options::overwrite_existing);
            store.reset();
            std::filesystem::copy_file(folder / "kept", folder / "index.sqlite3", std::filesystem::copy_options::overwrite_existing);
            continue;
        }
        std::vector<double> singles;
        std::size_t found = 0;
        for (std::size_t round = 0; round < 20; ++round) {
            const auto begin = Clock::now();
            for (std::size_t k = 0; k < 5000; ++k) found += store->find(keys[(k * 7919 + round) % keys.size()]).has_value();
            singles.push_back(msSince(begin) * 1000 / 5000);
        }
        std::sort(singles.begin(), singles.end());
        std::vector<double> walks;
        for (std::size_t round = 0; round < 20; ++round) {
            const auto begin = Clock::now();
            found += store->findAll(std::span(keys).subspan(round * 1000, 1000)).size();
            walks.push_back(msSince(begin) * 1000);
        }
        std::sort(walks.begin(), walks.end());
        const auto begin = Clock::now();
        for (std::size_t k = 0; k < 1000; ++k) found += store->closest(keys[k * 97], tokensOf(k * 97 + 1)).size() + store->states(keys[k * 97], tokensOf(k)).size();
        const double closest = msSince(begin);
        const auto listed = Clock::now();
        const std::size_t prefixes = store->list().prefixes.size();
        std::printf("find: %.2f us; a walk over 1000 keys: %.0f us; closest and states: %.1f us; list of %zu prefixes: %.1f ms (%zu found)\n",
                    singles[10], walks[10], closest, prefixes, msSince(listed), found);
    }
    std::sort(opened.begin(), opened.end());
    std::printf("open: %.0f ms (median of 5)\n", opened[2]);
}

void benchBlocks(const std::filesystem::path& folder, kv::ColdCodec codec) {
    base::Mailbox<bool> news;
    std::atomic<bool> busy{false};
    auto settings = settingsFor(folder);
    settings.codec = codec;
    settings.busy = [&] { return busy.load(); };
    auto store = openStore(settings);
    store->listen([&] { news.post(true); });
    // Numbers as a model makes them: the exponents are alike, the rest is noise.
    std::vector<std::byte> content(kBlockBytes);
    std::uint64_t noise = 1;
    for (std::size_t i = 0; i < content.size(); ++i) {
        noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
        content[i] = static_cast<std::byte>(i % 2 ? 0x38 + (noise >> 62) : noise >> 56);
    }
    std::vector<kv::ColdBlock> blocks(kBlocks);
    kv::BlockKey parent = kv::rootKey(kModel);
    const auto start = Clock::now();
    for (std::size_t i = 0; i < kBlocks; ++i) {
        kv::ColdHead& head = blocks[i].head;
        head.parent = parent;
        head.identity = kModel;
        head.position = i * kBlockTokens;
        head.tokens = tokensOf(i);
        head.key = parent = kv::childKey(parent, head.tokens);
        head.elementBytes = 2;
        head.parts = {{0, kv::ColdCodec::None, kBlockBytes, kBlockBytes}};
        blocks[i].payload = {content};
        while (store->stage(blocks[i]) != kv::StageResult::Staged) news.wait();
    }
    store->close();
    const double writeMs = msSince(start);
    constexpr double kBytes = static_cast<double>(kBlocks * kBlockBytes);
    const double stored = static_cast<double>(store->status().writtenBytes);
    const char* name = codec == kv::ColdCodec::Zstd ? "zstd" : "as they are";
    std::printf("write, %s: %.0f MB/s (%.0f %% of the bytes)\n", name, kBytes / writeMs / 1000, 100 * stored / kBytes);
    store = openStore(settings);
    store->listen([&] { news.post(true); });
    std::vector<std::vector<std::byte>> memory(kBlocks, std::vector<std::byte>(kBlockBytes));
    for (const bool alone : {true, false}) {
        busy = alone;
        std::vector<double> rates;
        for (int round = 0; round < 5; ++round) {
            const auto begin = Clock::now();
            for (std::size_t i = 0; i < kBlocks; ++i) {
                const kv::ColdHead& head = blocks[i].head;
                store->read({{head.key}, head.parent, head.identity, head.kind, head.position, head.tokens, {{0, memory[i]}}});
            }
            std::size_t done = 0;
            while (done < kBlocks) {
                news.wait();
                for (const auto& each : store->takeRead()) done += each.tokens > 0 ? 1 : kBlocks + 1;
            }
            if (done != kBlocks) std::printf("a block was missed\n");
            rates.push_back(kBytes / msSince(begin) / 1000);
        }
        std::sort(rates.begin(), rates.end());
        std::printf("read, %s, %s: %.0f MB/s (median of 5, from the page cache)\n", name, alone ? "one thread" : "two threads", rates[2]);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path root = (argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path()) /
                                       ("larder-cold-bench-" + std::to_string(::getpid()));
    benchIndex(root / "index");
    benchBlocks(root / "blocks", larder::kv::ColdCodec::None);
    benchBlocks(root / "packed", larder::kv::ColdCodec::Zstd);
    std::filesystem::remove_all(root);
}
