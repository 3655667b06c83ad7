// Models come and go: room, the load, the lane, and the hot tier's size after each.
#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/conductor.h"
#include "engine/kv/kv_size.h"

namespace larder {
namespace {

// One request of this many tokens must fit beside the weights, or of the window where that is smaller.
constexpr std::size_t kUsefulTokens = 4096;

}  // namespace

std::size_t requestedContext(const ModelInfo& model, const Settings& settings) {
    return settings.contextTokens > 0 ? settings.contextTokens : model.contextTokens;
}

Error crashedBefore(const std::string& model) {
    return {ErrorCode::Unavailable, model + " was not loaded: Larder ended while loading it last time, often for want of memory; "
                                            "close other programs or choose a smaller model, then load it by hand: on the Models page, or "
                                            "with larder run " + model + " while no server runs"};
}

std::string crashedName(const ModelList& models, const LoadGuard& guard) {
    const auto crashed = guard.crashed();
    if (crashed.empty()) return "";
    std::error_code ignored;
    for (const ModelInfo& model : models.all())
        if (std::filesystem::equivalent(model.path, crashed.front(), ignored)) return model.name;
    return crashed.front().filename().string();
}

MemoryNeed Conductor::needOf(const ModelInfo& model) const {
    const Settings& settings = m_parts.settings;
    MemoryNeed need{.model = model.name, .weightBytes = static_cast<std::size_t>(model.fileBytes)};
    const std::size_t tokens = std::min(requestedContext(model, settings), kUsefulTokens);
    const std::size_t wider = settings.kvType == KvType::F32 ? 2 : 1;
    need.kvBytes = model.kvBytesPerToken > 0 ? static_cast<std::size_t>(model.kvBytesPerToken) * wider * tokens : need.weightBytes / 10;
    // A limit, not a demand: what is never filled need not be free.
    if (settings.hotCacheBytes) need.kvBytes = std::min(need.kvBytes, *settings.hotCacheBytes);
    return need;
}

std::size_t Conductor::hotLimit(std::size_t windowBytes) const {
    const Machine machine = m_parts.surroundings.machine();
    const generate::HotStatus hot = m_worker.hotStatus();
    return hotLimitBytes({.settingBytes = m_parts.settings.hotCacheBytes,
                          .totalBytes = static_cast<std::size_t>(machine.memoryBytes),
                          .availableBytes = static_cast<std::size_t>(machine.availableMemoryBytes),
                          .kvBytes = hot.leasedBytes + hot.cachedBytes,
                          .contextBytes = windowBytes});
}

// Begins the load, or makes room for it first; then it is asked again. REQUIRES that nothing comes or goes.
Expected<void> Conductor::beginLoad(const std::string& name, bool byHand, Walk& walk) {
    const auto info = m_parts.models->known(name);
    if (!info) return Error{ErrorCode::NotFound, "the model " + name + " is gone from the model folder"};
    if (!byHand && m_parts.guard->refuses(info->path)) return crashedBefore(name);
    const std::size_t available = static_cast<std::size_t>(m_parts.surroundings.machine().availableMemoryBytes);
    const generate::HotStatus hot = m_worker.hotStatus();
    const MemoryNeed need = needOf(*info);
    const RoomPlan plan = planRoom(need, {available + hot.cachedBytes, m_rules.modelMemoryBytes}, m_table.held(m_held));
    if (plan.refusal) {
        failLoad(name, *plan.refusal);
        return *plan.refusal;
    }
    for (const std::string& other : plan.leave) {
        TableModel& model = *m_table.find(other);
        if (!model.idle()) {
            walk.held.insert(other);
            continue;
        }
        base::logInfo(other + " makes room for " + name);
        leave(model);
    }
    if (!plan.leave.empty()) return {};
    // What is only kept makes room for weights; the limit is computed anew when they are there.
    if (const std::size_t needed = neededBytes(need); needed > available)
        m_worker.setHotLimit(hot.leasedBytes + hot.cachedBytes - std::min(hot.cachedBytes, needed - available));
    base::logInfo("loading " + name);
    m_table.enter(name);
    m_loading = name;
    m_parts.watch->loading(0);
    const std::size_t threads = m_parts.settings.threads;
    m_loader.load(*info, m_table.anythingRuns() ? std::max<std::size_t>(1, threads / 2) : threads);
    return {};
}

void Conductor::failLoad(const std::string& name, const Error& error) {
    base::logError(error.message);
    m_table.fail(name, error.message);
}

void Conductor::take(WeightsRead message) {
    const std::string crashed = crashedName(*m_parts.models, *m_parts.guard);
    m_parts.watch->warn(crashed.empty() ? "" : crashedBefore(crashed).message);
    Expected<void> there = message.loaded.ok() ? attach(*m_table.find(message.model), std::move(*message.loaded))
                                               : Expected<void>(message.loaded.error());
    if (there) return;
    m_loading.clear();
    failLoad(message.model, there.error());
    refuseAll(message.model, {there.error().code == ErrorCode::OutOfMemory ? ErrorCode::OutOfMemory : ErrorCode::Unavailable,
                              there.error().message});
}

// The weights are in RAM: what is left decides over the hot tier, and that over the window.
Expected<void> Conductor::attach(TableModel& entry, std::unique_ptr<model::Model> loaded) {
    const auto trained = static_cast<std::size_t>(loaded->contextTokens());
    const std::size_t asked = m_parts.settings.contextTokens > 0 ? m_parts.settings.contextTokens : trained;
    if (asked > trained)
        base::logWarning(entry.name + " was trained for " + std::to_string(trained) + " tokens; a window of " +
                         std::to_string(asked) + " may give poor answers");
    entry.trainedTokens = trained;
    const KvShape shape = loaded->kvShape();
    entry.identity = loaded->identity();
    if (m_parts.cold) m_parts.cold->nameModel(entry.identity, entry.name);
    generate::LaneSettings lane{.maxRunning = m_parts.settings.maxRunning};
    entry.fullWindowBytes = kv::kvBytesOf(shape, asked, lane.stepTokens);
    const std::size_t limit = hotLimit(m_table.largestWindowBytes());
    lane.contextTokens = entry.windowTokens = kv::kvTokensWithin(shape, limit, asked, lane.stepTokens);
    if (entry.windowTokens == 0)
        return Error{ErrorCode::OutOfMemory, "the hot cache has no room for one block of " + entry.name + " (" +
                                                 std::to_string((kv::kvBytesOf(shape, kBlockTokens, lane.stepTokens) - kv::kvBytesOf(shape, 0, lane.stepTokens)) >> 10) + " KB); raise --hot-cache"};
    if (entry.windowTokens < asked)
        base::logWarning("the hot cache holds " + std::to_string(entry.windowTokens) + " tokens of " + entry.name +
                         ", so its window is cut from " + std::to_string(asked) + "; raise --hot-cache (" +
                         std::to_string(entry.fullWindowBytes >> 20) + " MB hold all)");
    m_worker.setHotLimit(limit);
    entry.vocabulary = loaded->vocabulary();
    entry.weightBytes = loaded->weightBytes();
    entry.lane = static_cast<generate::LaneId>(++m_lanes);
    entry.status = m_worker.attach(entry.lane, std::move(loaded), lane, [mailbox = m_mailbox, id = entry.lane](Expected<void> done) {
        mailbox->post(Attached{id, std::move(done)});
    });
    return {};
}

void Conductor::take(Attached message) {
    TableModel& model = *m_table.findLane(message.lane);
    const std::string name = model.name;
    m_loading.clear();
    if (!message.result) {
        failLoad(name, message.result.error());
        return refuseAll(name, message.result.error());
    }
    model.stage = TableModel::Stage::Serving;
    model.servingSinceMs = base::steadyMs();
    m_table.touch(name);
    base::logInfo(name + " is loaded");
}

void Conductor::leave(TableModel& model) {
    model.stage = TableModel::Stage::Leaving;
    m_worker.detach(model.lane, [mailbox = m_mailbox, id = model.lane] { mailbox->post(Detached{id}); });
}

void Conductor::take(Detached message) {
    const TableModel& model = *m_table.findLane(message.lane);
    base::logInfo(model.name + " is unloaded");
    m_parts.watch->retire(model.name, model.status->read());
    m_table.erase(std::string(model.name));
    m_worker.setHotLimit(hotLimit(m_table.largestWindowBytes()));
}

void Conductor::unloadIdle() {
    if (m_rules.idleMinutes == 0) return;
    for (const std::string& name : m_table.idleFor(std::chrono::minutes(m_rules.idleMinutes))) {
        base::logInfo(name + " was not used for " + std::to_string(m_rules.idleMinutes) + " minutes");
        leave(*m_table.find(name));
    }
}

// In the time of the mailbox: a test's clock may run differently.
std::optional<std::chrono::steady_clock::time_point> Conductor::nextLook() const {
    if (m_rules.idleMinutes == 0) return std::nullopt;
    const auto due = m_table.nextIdleFor(std::chrono::minutes(m_rules.idleMinutes));
    if (!due) return std::nullopt;
    return std::chrono::steady_clock::now() + (*due - m_parts.surroundings.now());
}

}  // namespace larder
