#include "engine/api/request_fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace larder::api {
namespace {

std::string shortNumber(double value) {
    char text[32];
    const auto result = std::to_chars(text, text + sizeof text, value);
    return std::string(text, result.ptr);
}

bool isEmptyValue(const base::Json& value) {
    if (value.is_null()) return true;
    if (value.is_boolean()) return !value.get<bool>();
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    return value.is_structured() && value.empty();
}

}  // namespace

Expected<base::Json> readBody(const std::string& body) {
    Expected<base::Json> json = base::parseJson(body);
    if (!json)
        return Error{ErrorCode::InvalidArgument, "The request body cannot be read: " + json.error().message + "."};
    if (!json->is_object()) return Error{ErrorCode::InvalidArgument, "The request body must be a JSON object."};
    return json;
}

std::string describeJson(const base::Json& value) {
    switch (value.type()) {
        case base::Json::value_t::null:
            return "null";
        case base::Json::value_t::object:
            return "an object";
        case base::Json::value_t::array:
            return "an array";
        case base::Json::value_t::string:
            return "a string";
        case base::Json::value_t::boolean:
            return value.get<bool>() ? "true" : "false";
        default:
            return value.dump();
    }
}

RequestFields::RequestFields(const base::Json& object, std::string where)
    : m_object(object), m_where(std::move(where)) {}

const base::Json* RequestFields::value(std::string_view name) const {
    if (!m_object.is_object()) return nullptr;
    const auto found = m_object.find(name);
    return found == m_object.end() || found->is_null() ? nullptr : &*found;
}

bool RequestFields::hasAnyOf(std::initializer_list<std::string_view> names) const {
    return std::any_of(names.begin(), names.end(), [this](std::string_view name) {
        const base::Json* field = value(name);
        return field != nullptr && !(field->is_structured() && field->empty());
    });
}

std::optional<std::string> RequestFields::string(std::string_view name) {
    const base::Json* field = value(name);
    if (field == nullptr) return std::nullopt;
    if (field->is_string()) return field->get<std::string>();
    complain(name, "must be a string, but is " + describeJson(*field));
    return std::nullopt;
}

std::optional<bool> RequestFields::boolean(std::string_view name) {
    const base::Json* field = value(name);
    if (field == nullptr) return std::nullopt;
    if (field->is_boolean()) return field->get<bool>();
    complain(name, "must be true or false, but is " + describeJson(*field));
    return std::nullopt;
}

std::optional<std::int64_t> RequestFields::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const base::Json* field = value(name);
    if (field == nullptr) return std::nullopt;
    const bool unlimited = max == std::numeric_limits<std::int64_t>::max();
    std::optional<std::int64_t> number;
    if (field->is_number_unsigned()) {
        const auto large = field->get<std::uint64_t>();
        if (large <= static_cast<std::uint64_t>(max))
            number = static_cast<std::int64_t>(large);
        else if (unlimited)
            number = max;
    } else if (field->is_number_integer()) {
        number = field->get<std::int64_t>();
    } else if (field->is_number_float()) {  // Python writes 40.0
        constexpr double kExact = 9007199254740992.0;  // 2^53
        const auto value = field->get<double>();
        if (std::fabs(value) <= kExact && value == std::trunc(value)) number = static_cast<std::int64_t>(value);
    }
    if (number && *number >= min && *number <= max) return number;
    std::string range = unlimited ? "must be an integer of at least " + std::to_string(min)
                                  : "must be an integer from " + std::to_string(min) + " to " + std::to_string(max);
    complain(name, range + ", but is " + describeJson(*field));
    return std::nullopt;
}

std::optional<double> RequestFields::number(std::string_view name, double min, double max) {
    const base::Json* field = value(name);
    if (field == nullptr) return std::nullopt;
    if (field->is_number()) {
        const auto number = field->get<double>();
        if (number >= min && number <= max) return number;
    }
    complain(name, "must be a number from " + shortNumber(min) + " to " + shortNumber(max) + ", but is " +
                       describeJson(*field));
    return std::nullopt;
}

const base::Json* RequestFields::object(std::string_view name) {
    const base::Json* field = value(name);
    if (field == nullptr || field->is_object()) return field;
    complain(name, "must be an object, but is " + describeJson(*field));
    return nullptr;
}

const base::Json* RequestFields::array(std::string_view name) {
    const base::Json* field = value(name);
    if (field == nullptr || field->is_array()) return field;
    complain(name, "must be an array, but is " + describeJson(*field));
    return nullptr;
}

void RequestFields::refuse(std::string_view name, std::string_view why) {
    const base::Json* field = value(name);
    if (field != nullptr && !isEmptyValue(*field)) complain(name, why, ErrorCode::Unsupported);
}

void RequestFields::complain(std::string_view name, std::string_view complaint, ErrorCode code) {
    complain(Error{code, m_where + std::string(name) + " " + std::string(complaint)});
}

void RequestFields::complain(const Error& error) {
    if (!m_problem) m_problem = error;
}

}  // namespace larder::api
