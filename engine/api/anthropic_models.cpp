#include "engine/api/anthropic_models.h"

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/api/prompt.h"
#include "engine/base/json.h"

namespace larder::api {
namespace {

// RFC 3339, in UTC.
std::string utcTime(std::int64_t unixSeconds) {
    const std::chrono::sys_seconds time{std::chrono::seconds(unixSeconds)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    char text[40];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return text;
}

base::Json anthropicModelJson(const ModelInfo& model) {
    base::Json entry;
    entry["type"] = "model";
    entry["id"] = model.name;
    entry["display_name"] = model.family.empty() ? model.name : model.family;
    entry["created_at"] = utcTime(model.modifiedSeconds);
    return entry;
}

}  // namespace

std::string anthropicModelListBody(Generator& generator) {
    generator.refreshModels();
    base::Json body;
    base::Json& data = body["data"] = base::Json::array();
    for (const ModelInfo& model : generator.models())
        if (model.problem.empty()) data.push_back(anthropicModelJson(model));
    base::Json first;
    base::Json last;
    if (!data.empty()) {
        first = data.front()["id"];
        last = data.back()["id"];
    }
    body["has_more"] = false;
    body["first_id"] = std::move(first);
    body["last_id"] = std::move(last);
    return base::dumpJson(body);
}

Expected<std::string> anthropicModelBody(Generator& generator, const std::string& name) {
    Expected<ModelInfo> model = findNamedModel(generator, name);
    if (!model) return model.error();
    return base::dumpJson(anthropicModelJson(*model));
}

}  // namespace larder::api
