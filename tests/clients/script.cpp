#include "tests/clients/script.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>

namespace larder::clients {

Expected<Script> Script::read(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file) return Error{ErrorCode::NotFound, "cannot read the script " + path.string()};
    try {
        const auto json = nlohmann::json::parse(file);
        Script script;
        script.m_otherwise = json.at("otherwise").get<std::string>();
        for (const auto& each : json.at("rules")) {
            Rule rule{each.at("find").get<std::string>(), each.at("say").get<std::vector<std::string>>()};
            if (rule.find.empty() || rule.say.empty()) return Error{ErrorCode::InvalidArgument, "a rule finds or says nothing"};
            script.m_rules.push_back(std::move(rule));
        }
        return script;
    } catch (const std::exception& problem) {
        return Error{ErrorCode::InvalidArgument, path.string() + ": " + problem.what()};
    }
}

const std::string& Script::answer(std::span<const Turn> turns) const {
    std::size_t answered = 0;  // since the turn under look
    for (std::size_t at = turns.size(); at-- > 0;) {
        if (turns[at].role == "assistant") {
            ++answered;
            continue;
        }
        const Rule* last = nullptr;
        std::size_t lastPosition = 0;
        for (const Rule& rule : m_rules) {
            const std::size_t position = turns[at].text.rfind(rule.find);
            if (position == std::string::npos || (last != nullptr && position < lastPosition)) continue;
            last = &rule;
            lastPosition = position;
        }
        if (last != nullptr) return last->say[std::min(answered, last->say.size() - 1)];
    }
    return m_otherwise;
}

}  // namespace larder::clients
