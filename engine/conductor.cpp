// The line of those who wait, and the messages that move it. Loading and unloading: conductor_loads.cpp.
#include "engine/conductor.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <variant>

#include "engine/base/log.h"
#include "engine/base/memory.h"

namespace larder {
namespace {

const std::string* modelOf(const InLine& entry) {
    if (const auto* route = std::get_if<Route>(&entry)) return &route->model;
    if (const auto* load = std::get_if<Load>(&entry)) return &load->model;
    return nullptr;
}

generate::WorkerSettings workerSettings(const ConductorParts& parts, base::ThreadPool& pool) {
    const Settings& settings = parts.settings;
    const Machine machine = parts.surroundings.machine();
    generate::WorkerSettings worker;
    worker.pool = &pool;
    worker.cold = parts.cold.get();
    worker.hotLimitBytes = hotLimitBytes({.settingBytes = settings.hotCacheBytes,
                                          .totalBytes = static_cast<std::size_t>(machine.memoryBytes),
                                          .availableBytes = static_cast<std::size_t>(machine.availableMemoryBytes)});
    // Half of what is free after the weights is the most the rule gives.
    worker.hotCeilingBytes = std::max(worker.hotLimitBytes, settings.hotCacheBytes.value_or(machine.memoryBytes / 2));
    worker.changed = [watch = parts.watch] { watch->changed(); };
    return worker;
}

}  // namespace

Error shuttingDown() { return {ErrorCode::Unavailable, "the server is shutting down"}; }

Conductor::Conductor(ConductorParts parts)
    : m_parts(std::move(parts)),
      m_rules{m_parts.settings.modelMemoryBytes, m_parts.settings.idleUnloadMinutes},
      m_table(m_parts.surroundings.now),
      m_pool(m_parts.settings.threads),
      m_worker(*m_parts.kernels, workerSettings(m_parts, m_pool)),
      m_loader({.kernels = m_parts.kernels,
                .computePool = &m_pool,
                .kvType = m_parts.settings.kvType,
                .guard = m_parts.guard,
                .baseDir = m_parts.settings.baseDir,
                .read = m_parts.surroundings.loadModel,
                .progress =
                    [watch = m_parts.watch, seen = m_parts.surroundings.loading](const std::string& model, double fraction) {
                        watch->loading(fraction);
                        seen(model, fraction);
                    },
                .done = [mailbox = m_mailbox](const std::string& model,
                                              LoadedModel loaded) { mailbox->post(WeightsRead{model, std::move(loaded)}); }}) {
    for (const std::string& name : m_parts.settings.pinnedModels) m_table.pin(name, true);
    m_parts.watch->watchHotTier(m_worker.watchHot());
    m_thread = base::Thread("conductor", [this] { run(); });
}

Conductor::~Conductor() {
    m_mailbox->close();
    m_thread.join();
}

bool Conductor::countIn(std::size_t limit) {
    if (m_unfinished.fetch_add(1) < limit) return true;
    --m_unfinished;
    return false;
}

void Conductor::run() {
    while (!m_mailbox->closed()) {
        const auto look = nextLook();
        auto messages = look ? m_mailbox->waitUntil(*look) : m_mailbox->wait();
        for (ConductorMessage& message : messages)
            std::visit([this](auto& each) { take(std::move(each)); }, message);
        if (!m_mailbox->closed()) advance();
    }
    shutDown();
}

void Conductor::shutDown() {
    m_loader.stop();
    for (ConductorMessage& message : m_mailbox->take())
        std::visit([this](auto& each) {
            using Message = std::decay_t<decltype(each)>;
            if constexpr (std::is_constructible_v<InLine, Message>) m_line.push_back(std::move(each));
            else if constexpr (std::is_same_v<Message, Drop>) take(std::move(each));
            else if constexpr (std::is_same_v<Message, Forget>) each.done();
            else if constexpr (std::is_same_v<Message, AtLane>) each.gone();
        }, message);
    m_worker.stop();  // reports to every sink it still has
    for (InLine& entry : m_line) {
        if (auto* route = std::get_if<Route>(&entry)) refuse(*route, shuttingDown());
        else if (auto* load = std::get_if<Load>(&entry)) answer(std::move(load->done), shuttingDown());
        else answer(std::move(std::get<Unload>(entry).done), shuttingDown());
    }
    m_line.clear();
    for (const auto& [name, model] : m_table.all())
        if (model.status) m_parts.watch->retire(name, model.status->read());
    m_parts.watch->show({});
    deliver();
}

void Conductor::take(Route message) {
    m_table.touch(message.model);
    m_line.push_back(std::move(message));
}

void Conductor::take(Load message) { m_line.push_back(std::move(message)); }

void Conductor::take(Unload message) {
    // "All" means those that are there now, and those that somebody ahead waits for.
    if (message.model.empty()) {
        for (const auto& [name, model] : m_table.all()) message.remaining.insert(name);
        for (const InLine& entry : m_line)
            if (const std::string* name = modelOf(entry)) message.remaining.insert(*name);
    } else {
        message.remaining.insert(message.model);
    }
    m_line.push_back(std::move(message));
}

void Conductor::take(Drop message) {
    if (m_table.end(message.id) != nullptr) {
        --m_unfinished;
        return m_worker.cancel(message.id);
    }
    const auto isIt = [&](const InLine& entry) {
        const auto* route = std::get_if<Route>(&entry);
        return route != nullptr && route->submit.id == message.id;
    };
    const std::size_t dropped = std::erase_if(m_line, isIt);
    m_unfinished -= dropped;
    m_parts.watch->queue(-static_cast<std::ptrdiff_t>(dropped));
}

void Conductor::take(Ended message) {
    if (m_table.end(message.id) != nullptr) --m_unfinished;
}

void Conductor::take(Pin message) { m_table.pin(message.model, message.pinned); }

void Conductor::take(UnloadRules message) { m_rules = message; }

void Conductor::take(AtLane message) {
    for (const auto& [name, model] : m_table.all())
        if (model.serves() && model.identity == message.identity) return message.work(m_worker, model.lane);
    message.work(m_worker, std::nullopt);
}

void Conductor::take(Forget message) {
    if (message.model.empty()) m_worker.forgetHot(std::nullopt);
    if (const TableModel* model = m_table.find(message.model); model != nullptr) m_worker.forgetHot(model->identity);
    for (const base::Hash128& identity : message.identities) m_worker.forgetHot(identity);
    answer([done = std::move(message.done)](Expected<void>) { done(); }, {});
}

// Walks along the line once: whatever changed may move anyone.
void Conductor::advance() {
    Walk walk;
    for (auto entry = m_line.begin(); entry != m_line.end();) {
        const bool leaves = std::visit([&](auto& each) { return settle(each, walk); }, *entry);
        entry = leaves ? m_line.erase(entry) : std::next(entry);
    }
    m_held = std::move(walk.held);
    unloadIdle();
    show();
    deliver();
}

// What is told, and what starts, once the status shows it.
void Conductor::deliver() {
    for (const auto& each : std::exchange(m_outgoing, {})) each();
}

bool Conductor::settle(Route& route, Walk& walk) {
    TableModel* model = m_table.find(route.model);
    if (model != nullptr && model->serves() && !walk.held.contains(route.model)) {
        start(std::move(route), *model);
        return true;
    }
    const Expected<void> coming = want(route.model, false, walk);
    if (!coming) refuse(route, coming.error());
    return !coming.ok();
}

bool Conductor::settle(Load& load, Walk& walk) {
    const TableModel* model = m_table.find(load.model);
    const bool there = model != nullptr && model->serves() && !walk.held.contains(load.model);
    const Expected<void> coming = there ? Expected<void>() : want(load.model, load.byHand, walk);
    if (coming && !there) return false;
    answer(std::move(load.done), coming);
    return true;
}

bool Conductor::settle(Unload& unload, Walk& walk) {
    std::erase_if(unload.remaining, [&](const std::string& name) {
        if (walk.wanted.contains(name)) return false;
        TableModel* model = m_table.find(name);
        if (model == nullptr) return true;
        if (model->idle()) leave(*model);
        if (model->stage != TableModel::Stage::Failed) return false;
        m_table.erase(name);
        return true;
    });
    if (unload.remaining.empty()) {
        answer(std::move(unload.done), {});
        return true;
    }
    walk.held.insert(unload.remaining.begin(), unload.remaining.end());
    return false;
}

// Somebody waits for this model. An Error: in vain.
Expected<void> Conductor::want(const std::string& name, bool byHand, Walk& walk) {
    const TableModel* model = m_table.find(name);
    const bool held = model != nullptr && model->serves();
    if (!held && !walk.loadAhead && !m_table.changing())
        if (Expected<void> begun = beginLoad(name, byHand, walk); !begun) return begun;
    walk.loadAhead = true;
    walk.wanted.insert(name);
    return {};
}

void Conductor::start(Route route, TableModel& model) {
    const std::vector<TokenId>& prompt = route.submit.request.prompt;
    const auto outside = std::find_if(prompt.begin(), prompt.end(), [&](TokenId id) { return id < 0 || id >= model.vocabulary; });
    if (outside != prompt.end())
        return refuse(route, {ErrorCode::InvalidArgument, "the prompt holds the token id " + std::to_string(*outside) +
                                                              "; the model's ids are 0 to " + std::to_string(model.vocabulary - 1)});
    // The window may have been cut to what the memory holds when the model was loaded.
    if (prompt.size() > model.windowTokens)
        return refuse(route, promptTooLong(prompt.size(), model.windowTokens, model.trainedTokens));
    if (model.servingSinceMs > route.submit.submittedMs) route.submit.loadedMs = model.servingSinceMs;
    m_table.touch(model.name);
    model.running.insert(route.submit.id);
    m_parts.watch->queue(-1);
    m_outgoing.push_back([this, lane = model.lane, submit = std::move(route.submit)]() mutable {
        m_worker.submit(lane, std::move(submit));
    });
}

void Conductor::refuse(Route& route, const Error& error) {
    --m_unfinished;
    m_parts.watch->queue(-1);
    m_outgoing.push_back([sink = std::move(route.submit.sink), error] { sink(error); });
}

void Conductor::answer(std::function<void(Expected<void>)> done, const Expected<void>& result) {
    m_outgoing.push_back([done = std::move(done), result] { done(result); });
}

void Conductor::refuseAll(const std::string& model, const Error& error) {
    for (auto entry = m_line.begin(); entry != m_line.end();) {
        const std::string* name = modelOf(*entry);
        if (name == nullptr || *name != model) {
            ++entry;
            continue;
        }
        if (auto* route = std::get_if<Route>(&*entry)) refuse(*route, error);
        else answer(std::move(std::get<Load>(*entry).done), error);
        entry = m_line.erase(entry);
    }
}

void Conductor::show() {
    std::map<std::string, std::size_t> waiting;
    EngineScene scene;
    for (const InLine& entry : m_line) {
        const auto* route = std::get_if<Route>(&entry);
        const std::string* name = modelOf(entry);
        if (name == nullptr) continue;
        waiting[*name] += route != nullptr ? 1 : 0;
        const TableModel* model = m_table.find(*name);
        if (route != nullptr && (model == nullptr || !model->serves())) ++scene.modelWaitSequences;
    }
    for (const auto& [name, model] : m_table.all()) waiting.try_emplace(name, 0);
    for (const auto& [name, count] : waiting) {
        const TableModel* model = m_table.find(name);
        ModelScene shown;
        shown.status.name = name;
        shown.status.pinned = m_table.pinned(name);
        shown.status.waitingSequences = count;
        shown.status.lastUsedUnixMs = m_table.lastUsedUnixMs(name);
        if (model != nullptr) {
            using Stage = TableModel::Stage;
            shown.status.state = model->stage == Stage::Loading  ? ModelState::Loading
                                 : model->stage == Stage::Failed ? ModelState::Failed
                                                                 : ModelState::Loaded;
            shown.status.failure = model->failure;
            if (shown.status.state == ModelState::Loaded) {
                shown.status.contextTokens = model->windowTokens;
                shown.status.weightBytes = model->weightBytes;
                shown.lane = model->status;
            }
        }
        scene.models.push_back(std::move(shown));
    }
    m_parts.watch->show(std::move(scene));
}

}  // namespace larder
