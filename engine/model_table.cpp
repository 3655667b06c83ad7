#include "engine/model_table.h"

#include <algorithm>
#include <utility>

namespace larder {

TableModel* ModelTable::find(const std::string& name) {
    const auto found = m_models.find(name);
    return found == m_models.end() ? nullptr : &found->second;
}

TableModel* ModelTable::findLane(generate::LaneId lane) {
    for (auto& [name, model] : m_models)
        if (model.stage != TableModel::Stage::Failed && model.lane == lane) return &model;
    return nullptr;
}

TableModel& ModelTable::enter(const std::string& name) {
    touch(name);
    return m_models.insert_or_assign(name, TableModel{.name = name}).first->second;
}

void ModelTable::fail(const std::string& name, const std::string& failure) {
    touch(name);
    m_models.insert_or_assign(name, TableModel{.name = name, .stage = TableModel::Stage::Failed, .failure = failure});
}

void ModelTable::touch(const std::string& name) {
    const auto unix = std::chrono::system_clock::now().time_since_epoch();
    m_uses[name] = {m_now(), std::chrono::duration_cast<std::chrono::milliseconds>(unix).count()};
}

TableModel* ModelTable::end(SequenceId id) {
    for (auto& [name, model] : m_models) {
        if (model.running.erase(id) == 0) continue;
        touch(name);
        return &model;
    }
    return nullptr;
}

void ModelTable::pin(const std::string& name, bool pinned) {
    if (pinned)
        m_pinned.insert(name);
    else
        m_pinned.erase(name);
}

bool ModelTable::changing() const {
    return std::any_of(m_models.begin(), m_models.end(), [](const auto& entry) {
        return entry.second.stage == TableModel::Stage::Loading || entry.second.stage == TableModel::Stage::Leaving;
    });
}

bool ModelTable::anythingRuns() const {
    return std::any_of(m_models.begin(), m_models.end(), [](const auto& entry) { return !entry.second.running.empty(); });
}

std::size_t ModelTable::largestWindowBytes() const {
    std::size_t largest = 0;
    for (const auto& [name, model] : m_models) largest = std::max(largest, model.fullWindowBytes);
    return largest;
}

std::vector<WeightsHeld> ModelTable::held(const std::set<std::string>& promised) const {
    std::vector<WeightsHeld> held;
    for (const auto& [name, model] : m_models) {
        if (!model.serves()) continue;
        held.push_back({name, model.weightBytes, pinned(name), !model.running.empty(), promised.contains(name),
                        lastUsed(name).time_since_epoch().count()});
    }
    return held;
}

std::int64_t ModelTable::lastUsedUnixMs(const std::string& name) const {
    const auto found = m_uses.find(name);
    return found == m_uses.end() ? 0 : found->second.unixMs;
}

ModelTable::Clock::time_point ModelTable::lastUsed(const std::string& name) const {
    const auto found = m_uses.find(name);
    return found == m_uses.end() ? Clock::time_point() : found->second.at;
}

std::vector<std::string> ModelTable::idleFor(Clock::duration span) const {
    std::vector<std::string> names;
    for (const auto& [name, model] : m_models)
        if (model.idle() && !pinned(name) && lastUsed(name) + span <= m_now()) names.push_back(name);
    return names;
}

std::optional<ModelTable::Clock::time_point> ModelTable::nextIdleFor(Clock::duration span) const {
    std::optional<Clock::time_point> next;
    for (const auto& [name, model] : m_models) {
        if (!model.idle() || pinned(name)) continue;
        const Clock::time_point due = lastUsed(name) + span;
        if (!next || due < *next) next = due;
    }
    return next;
}

}  // namespace larder
