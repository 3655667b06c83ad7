#include "engine/base/json.h"

#include <nlohmann/json.hpp>
#include <vector>

namespace larder::base {

Expected<Json> parseJson(std::string_view text, const JsonLimits& limits) {
    std::vector<std::size_t> keys;  // of every object that is open
    const char* broken = nullptr;
    // The callback returning false only drops the value, so an exception is the one way to stop early.
    struct LimitReached {};
    const auto watch = [&](int depth, Json::parse_event_t event, Json&) {
        if (static_cast<std::size_t>(depth) > limits.maxDepth) {
            broken = "it is nested too deeply";
            throw LimitReached{};
        }
        if (event == Json::parse_event_t::object_start) keys.push_back(0);
        if (event == Json::parse_event_t::object_end) keys.pop_back();
        if (event == Json::parse_event_t::key && ++keys.back() > limits.maxKeysPerObject) {
            broken = "one object has too many keys";
            throw LimitReached{};
        }
        return true;
    };
    try {
        return Json::parse(text.begin(), text.end(), watch);
    } catch (const LimitReached&) {
        return Error{ErrorCode::InvalidArgument, std::string("the JSON is refused because ") + broken};
    } catch (const Json::parse_error& error) {
        return Error{ErrorCode::InvalidArgument, "the JSON is not valid near byte " + std::to_string(error.byte)};
    } catch (const std::exception&) {  // out of range numbers
        return Error{ErrorCode::InvalidArgument, "the JSON holds a number that is out of range"};
    }
}

std::string dumpJson(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace larder::base
