#include "engine/cache_control.h"

#include <utility>

#include "engine/base/file_system.h"
#include "engine/cold_tier.h"
#include "engine/records/replay_file.h"
#include "engine/store_control.h"
#include "engine/usage_records.h"

namespace larder {
namespace {

// Nobody serves: who clears all of it means the remembered answers, too.
class OfflineCache final : public StoreControl {
public:
    OfflineCache(std::shared_ptr<kv::ColdStore> store, std::filesystem::path answers)
        : StoreControl(std::move(store)), m_answers(std::move(answers)) {}

    Expected<CacheCleared> clear(const std::string& model, bool pinnedToo) override {
        if (model.empty())
            if (auto removed = records::ReplayFile::remove(m_answers, base::realFileSystem()); !removed) return removed.error();
        return StoreControl::clear(model, pinnedToo);
    }

private:
    const std::filesystem::path m_answers;
};

}  // namespace

Expected<std::unique_ptr<CacheControl>> openCache(const Settings& settings) {
    auto store = openColdTier(settings);
    if (!store) return store.error();
    if (!*store || !(*store)->status().on) return Error{ErrorCode::Unavailable, "nothing is kept on the disk: the cold cache is set to 0"};
    return std::unique_ptr<CacheControl>(std::make_unique<OfflineCache>(std::move(*store), replayFile(settings)));
}

}  // namespace larder
