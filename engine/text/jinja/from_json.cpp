#include "engine/text/jinja/from_json.h"

#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace larder::text::jinja {

Value fromJson(Budget& budget, const base::Json& json) {
    const Level level(budget);
    switch (json.type()) {
        case base::Json::value_t::boolean: return Value::boolean(json.get<bool>());
        case base::Json::value_t::number_integer: return Value::integer(json.get<std::int64_t>());
        case base::Json::value_t::number_unsigned: {
            const auto number = json.get<std::uint64_t>();
            if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
                return Value::floating(static_cast<double>(number));
            }
            return Value::integer(static_cast<std::int64_t>(number));
        }
        case base::Json::value_t::number_float: return Value::floating(json.get<double>());
        case base::Json::value_t::string:
            return Value(Kind::String, std::make_shared<StringObject>(
                                           &budget, Text(json.get_ref<const std::string&>(), false), false));
        case base::Json::value_t::array: {
            std::vector<Value> items;
            items.reserve(json.size());
            for (const base::Json& item : json) items.push_back(fromJson(budget, item));
            return Value(Kind::List, std::make_shared<ListObject>(budget, std::move(items)));
        }
        case base::Json::value_t::object: {
            auto dict = std::make_shared<DictObject>(budget);
            for (const auto& [key, value] : json.items()) {
                dict->set(Value(Kind::String, std::make_shared<StringObject>(&budget, Text(key, false), false)),
                          fromJson(budget, value));
            }
            return makeDict(std::move(dict));
        }
        case base::Json::value_t::null:
        case base::Json::value_t::binary:
        case base::Json::value_t::discarded: break;
    }
    return Value::none();
}

}  // namespace larder::text::jinja
