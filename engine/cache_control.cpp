#include "engine/cache_control.h"

#include <utility>

#include "engine/base/file_system.h"
#include "engine/cold_tier.h"
#include "engine/records/prompt_file.h"
#include "engine/records/set_aside.h"
#include "engine/store_control.h"
#include "engine/usage_records.h"

namespace larder {
namespace {

// Nobody serves: who clears all of it means the remembered answers and the known prompts, too.
class OfflineCache final : public StoreControl {
public:
    OfflineCache(std::shared_ptr<kv::ColdStore> store, const Settings& settings)
        : StoreControl(std::move(store)), m_answers(replayFile(settings)), m_prompts(promptsFile(settings)) {}

    Expected<CacheCleared> clear(const std::string& model, bool pinnedToo) override {
        if (auto cleared = model.empty() ? clearRecords() : clearPrompts(model); !cleared) return cleared.error();
        return StoreControl::clear(model, pinnedToo);
    }

private:
    Expected<void> clearRecords() {
        for (const auto& file : {m_answers, m_prompts})
            if (auto removed = records::removeDatabase(file, base::realFileSystem()); !removed) return removed;
        return {};
    }
    // A file that is broken or of another version is not read by the server that wrote this cache either.
    Expected<void> clearPrompts(const std::string& model) {
        if (!base::realFileSystem().exists(m_prompts)) return {};
        auto file = records::PromptFile::open(m_prompts, nullptr, {});
        if (!file) return file.error().code == ErrorCode::Corrupt || file.error().code == ErrorCode::Unsupported ? Expected<void>() : file.error();
        return (*file)->clear(model);
    }

    const std::filesystem::path m_answers;
    const std::filesystem::path m_prompts;
};

}  // namespace

Expected<std::unique_ptr<CacheControl>> openCache(const Settings& settings) {
    auto store = openColdTier(settings);
    if (!store) return store.error();
    if (!*store || !(*store)->status().on) return Error{ErrorCode::Unavailable, "nothing is kept on the disk: the cold cache is set to 0"};
    return std::unique_ptr<CacheControl>(std::make_unique<OfflineCache>(std::move(*store), settings));
}

}  // namespace larder
