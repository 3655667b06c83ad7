// CacheControl over a cold store: what needs no engine. With an engine, EngineCache (engine_cache.h) adds RAM and import.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "engine/cache_control.h"
#include "engine/kv/cold_store.h"

namespace larder {

class StoreControl : public CacheControl {
public:
    explicit StoreControl(std::shared_ptr<kv::ColdStore> store) : m_store(std::move(store)) {}  // not null

    ColdTierStatus status() const override { return m_store->status(); }
    Expected<CacheListing> list() override { return m_store->list(); }
    Expected<void> pin(const std::string& id, bool pinned) override { return m_store->pin(id, pinned); }
    Expected<CacheCleared> clear(const std::string& model, bool pinnedToo) override { return m_store->clear(model, pinnedToo); }
    Expected<CacheVerified> verify(const std::function<bool(double)>& progress) override { return m_store->verify(progress); }
    Expected<ExportedPrefix> exportPrefix(const std::string& id, const std::filesystem::path& file) override {
        return m_store->exportPrefix(id, file);
    }
    Expected<ImportedPrefix> importPrefix(const std::filesystem::path&) override {
        return Error{ErrorCode::Unsupported, "a prefix is checked by the model it belongs to: start the server, then import it"};
    }

protected:
    kv::ColdStore& store() { return *m_store; }

private:
    std::shared_ptr<kv::ColdStore> m_store;
};

}  // namespace larder
