// CacheControl of a running engine: what is cleared on the disk is forgotten in RAM too, and what is imported is computed again
// in part by the model it belongs to. Any thread; outlives the engine, then it says that the server is shutting down.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "engine/conductor.h"
#include "engine/store_control.h"

namespace larder {

class EngineCache final : public StoreControl {
public:
    // cleared: see EngineSurroundings::cacheCleared; not empty.
    EngineCache(std::shared_ptr<kv::ColdStore> store, std::shared_ptr<Conductor::Mailbox> conductor,
                std::function<void(const std::string&)> cleared)
        : StoreControl(std::move(store)), m_conductor(std::move(conductor)), m_cleared(std::move(cleared)) {}

    Expected<CacheCleared> clear(const std::string& model, bool pinnedToo) override;
    Expected<ImportedPrefix> importPrefix(const std::filesystem::path& file) override;

private:
    Expected<void> loadModel(const std::string& name);
    template <class T>
    Expected<T> atLane(const base::Hash128& identity, const Error& unknown,
                       const std::function<Expected<T>(generate::Worker&, generate::LaneId)>& work);
    Expected<std::size_t> check(const kv::ColdStore::Incoming& incoming);

    std::shared_ptr<Conductor::Mailbox> m_conductor;
    std::function<void(const std::string&)> m_cleared;
};

}  // namespace larder
