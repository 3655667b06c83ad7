#include "engine/engine_cache.h"

#include <functional>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/kv/cold_block.h"

namespace larder {

// RAM first: what it still knew would be written again.
Expected<CacheCleared> EngineCache::clear(const std::string& model, bool pinnedToo) {
    Forget forget{.model = model, .identities = {}, .done = {}};
    for (const CachedModel& each : store().list().models)
        if (const auto identity = kv::keyOfHex(each.identity); identity && !model.empty() && each.name == model) forget.identities.push_back(*identity);
    const auto answer = std::make_shared<base::Mailbox<bool>>();
    forget.done = [answer] { answer->post(true); };
    if (!m_conductor->post(std::move(forget))) return shuttingDown();
    (void)answer->wait();
    m_cleared(model);
    return StoreControl::clear(model, pinnedToo);
}

Expected<void> EngineCache::loadModel(const std::string& name) {
    const auto answer = std::make_shared<base::Mailbox<Expected<void>>>();
    if (!m_conductor->post(Load{name, true, [answer](Expected<void> done) { answer->post(std::move(done)); }})) return shuttingDown();
    return answer->wait().front();
}

Expected<ImportedPrefix> EngineCache::importPrefix(const std::filesystem::path& file) {
    auto incoming = store().importPrefix(file);
    if (!incoming) return incoming.error();
    auto checked = check(*incoming);
    if (!checked) {
        store().dropImport(*incoming);
        return checked.error();
    }
    if (auto taken = store().acceptImport(*incoming); !taken) return taken.error();
    return ImportedPrefix{.model = incoming->model,
                          .tokens = incoming->tokens.size(),
                          .blocks = incoming->blocks.size(),
                          .bytes = incoming->bytes,
                          .checkedBlock = *checked};
}

// Waits for work on the conductor thread; unknown: no lane has this content.
template <class T>
Expected<T> EngineCache::atLane(const base::Hash128& identity, const Error& unknown,
                                const std::function<Expected<T>(generate::Worker&, generate::LaneId)>& work) {
    const auto answer = std::make_shared<base::Mailbox<Expected<T>>>();
    const bool posted = m_conductor->post(AtLane{identity,
                                                 [&, answer](generate::Worker& worker, std::optional<generate::LaneId> lane) {
                                                     answer->post(lane ? work(worker, *lane) : Expected<T>(unknown));
                                                 },
                                                 [answer] { answer->post(Expected<T>(shuttingDown())); }});
    if (!posted) return shuttingDown();
    return answer->wait().front();
}

// The number of the block that was computed anew. One at random: whoever made the file cannot know which.
Expected<std::size_t> EngineCache::check(const kv::ColdStore::Incoming& incoming) {
    const Error unknown{ErrorCode::NotFound, "no model here has the content that this prefix was computed with (" + incoming.model +
                                                 "): it needs the same file, KV type and version of Larder"};
    const std::size_t blocks = incoming.tokens.size() / kBlockTokens;
    if (blocks == 0) return Error{ErrorCode::InvalidArgument, "this prefix has not one whole block"};
    if (auto loaded = loadModel(incoming.model); !loaded) return loaded.error().code == ErrorCode::NotFound ? unknown : loaded.error();
    std::random_device random;
    const std::size_t chosen = std::uniform_int_distribution<std::size_t>(0, blocks - 1)(random);

    std::vector<TokenId> tokens(incoming.tokens.begin(), incoming.tokens.begin() + static_cast<std::ptrdiff_t>((chosen + 1) * kBlockTokens));
    if (auto begun = atLane<void>(incoming.identity, unknown, [&](generate::Worker& worker, generate::LaneId lane) {
            return worker.beginCheck(lane, std::move(tokens));
        }); !begun)
        return begun.error();
    std::vector<std::byte> payload;
    Expected<void> filled;
    for (std::size_t block = 0; block <= chosen && filled; ++block) {
        payload.resize(incoming.blocks[block].parts.empty() ? 0 : incoming.blocks[block].parts.front().rawBytes);
        filled = store().readIncoming(incoming, block, std::vector<kv::ColdRead::Target>{{.group = 0, .bytes = payload}});
        if (filled && block < chosen)
            filled = atLane<void>(incoming.identity, unknown, [&](generate::Worker& worker, generate::LaneId) { return worker.fillCheck(block, payload); });
    }
    const std::span<const std::byte> last = filled ? std::span<const std::byte>(payload) : std::span<const std::byte>();
    const Expected<bool> same = atLane<bool>(incoming.identity, unknown, [&](generate::Worker& worker, generate::LaneId) { return worker.endCheck(last); });
    if (!filled) return filled.error();
    if (!same) return same.error();
    if (!*same)
        return Error{ErrorCode::Corrupt, "this prefix is not what " + incoming.model + " computes (block " + std::to_string(chosen) +
                                             " is different): nothing of it was taken over"};
    return chosen;
}

}  // namespace larder
