// A ReplayStore for tests: forgets nothing by itself. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/replay.h"

namespace larder::text {

class MapReplayStore final : public ReplayStore {
public:
    std::optional<ReplayRecord> find(const std::string& key) override {
        const auto it = records.find(key);
        return it == records.end() ? std::nullopt : std::optional(it->second);
    }
    void put(const std::string& key, ReplayRecord record) override { records[key] = std::move(record); }

    std::map<std::string, ReplayRecord> records;
};

}  // namespace larder::text
