// Describing models, with a memory of those whose files did not change: engine/hub/catalog.h.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

#include "engine/base/disk.h"
#include "engine/base/snapshot.h"
#include "engine/hub/catalog.h"

namespace larder::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSecondNs = 1'000'000'000;
// A file that changed less than this before it was read may change again without its times telling.
constexpr std::int64_t kSettledNs = 2 * kSecondNs;
// More models than anyone has; then the memory starts anew.
constexpr std::size_t kMostRemembered = 10'000;

struct Remembered {
    std::vector<base::FileStamp> stamps;
    ModelInfo info;
};
using Memory = std::map<fs::path, std::shared_ptr<const Remembered>>;

// Never changed once published: a reader keeps the map it took.
base::Snapshot<std::shared_ptr<const Memory>>& memoryOfModels() {
    static base::Snapshot<std::shared_ptr<const Memory>> memory(std::make_shared<const Memory>());
    return memory;
}

// Of every file that is read; files that cannot be reached have an empty one.
std::vector<base::FileStamp> stampsOf(const ModelFiles& model) {
    std::vector<base::FileStamp> stamps;
    for (const fs::path& file : model.files) stamps.push_back(base::stampOf(file).value_or(base::FileStamp{}));
    return stamps;
}

// Whether a later look at the times will show every later change. A file that could not be reached may come back with the
// times it had.
bool areSettled(const std::vector<base::FileStamp>& stamps, std::int64_t nowNs) {
    return std::all_of(stamps.begin(), stamps.end(), [&](const base::FileStamp& stamp) {
        return stamp.isRegular && std::max(stamp.modifiedNs, stamp.changedNs) + kSettledNs < nowNs;
    });
}

std::int64_t unixNs() {
    const auto sinceEpoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(sinceEpoch).count();
}

void remember(const fs::path& path, std::shared_ptr<const Remembered> entry) {
    const std::shared_ptr<const Memory> before = memoryOfModels().read();
    auto after = before->size() < kMostRemembered ? std::make_shared<Memory>(*before) : std::make_shared<Memory>();
    (*after)[path] = std::move(entry);
    memoryOfModels().publish(std::move(after));
}

// False: the system refused a read, and may not do so the next time.
bool readModel(const ModelFiles& model, const std::vector<base::FileStamp>& stamps, ModelInfo& info) {
    info.path = model.path;
    info.name = printableName(model.isSafetensors ? fs::path(model.path / "").parent_path().filename().string() : model.path.stem().string());
    for (const base::FileStamp& stamp : stamps) {
        info.fileBytes += stamp.bytes;
        info.modifiedSeconds = std::max(info.modifiedSeconds, stamp.modifiedNs / kSecondNs);
    }
    return model.isSafetensors ? describeSafetensors(model, info) : describeGguf(model, info);
}

}  // namespace

ModelInfo describeModel(const ModelFiles& model) {
    const std::vector<base::FileStamp> stamps = stampsOf(model);
    const auto memory = memoryOfModels().read();
    const auto known = memory->find(model.path);
    if (known != memory->end() && known->second->stamps == stamps) return known->second->info;
    const std::int64_t nowNs = unixNs();
    ModelInfo info;
    const bool isCertain = readModel(model, stamps, info);
    if (isCertain && areSettled(stamps, nowNs)) remember(model.path, std::make_shared<const Remembered>(Remembered{stamps, info}));
    return info;
}

}  // namespace larder::catalog
