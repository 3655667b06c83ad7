#include "engine/base/json.h"

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

namespace larder::base {
namespace {

// Builds the document while it counts, in linear time. The library's own ways are not linear: a parse callback walks the
// whole parent after every child, ordered_json compares every new key with all earlier ones, and a growing object copies
// its members (their keys are const). Hence containers are collected here and made when they close.
class LimitedBuilder : public nlohmann::json_sax<Json> {
public:
    explicit LimitedBuilder(const JsonLimits& limits) : m_limits(limits) {}

    Json takeRoot() { return std::move(m_root); }
    const std::string& refusal() const { return m_refusal; }

    bool null() override { return count() && add(nullptr); }
    bool boolean(bool value) override { return count() && add(value); }
    bool number_integer(std::int64_t value) override { return count() && add(value); }
    bool number_unsigned(std::uint64_t value) override { return count() && add(value); }
    bool number_float(double value, const std::string&) override { return count() && add(value); }
    bool string(std::string& value) override { return count() && add(std::move(value)); }
    bool binary(Json::binary_t&) override { return refuse("the JSON is not valid"); }

    bool start_object(std::size_t) override { return open(true); }
    bool start_array(std::size_t) override { return open(false); }
    bool end_array() override {
        Json array = std::move(m_open.back().elements);
        m_open.pop_back();
        return add(std::move(array));
    }
    bool end_object() override {
        Json object = Json::object();
        auto& members = object.get_ref<Json::object_t&>();
        members.reserve(m_open.back().names.size());
        for (std::size_t i = 0; i < m_open.back().names.size(); ++i)
            members.Container::emplace_back(std::move(m_open.back().names[i]), std::move(m_open.back().elements[i]));
        m_open.pop_back();
        return add(std::move(object));
    }

    bool key(std::string& name) override {
        Frame& frame = m_open.back();
        const auto [known, isNew] = frame.index.emplace(name, frame.names.size());
        frame.slot = known->second;  // the last of two equal keys counts, at the place of the first
        if (!isNew) return !m_limits.uniqueKeys || refuse("the JSON is refused because one object has the same key twice");
        if (frame.names.size() >= m_limits.maxKeysPerObject)
            return refuse("the JSON is refused because one object has more than " +
                          std::to_string(m_limits.maxKeysPerObject) + " keys");
        frame.names.push_back(std::move(name));
        frame.elements.emplace_back();
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
        constexpr int kNumberOverflow = 406;
        if (error.id == kNumberOverflow)
            return refuse("the JSON holds a number that is out of range near byte " + std::to_string(position));
        return refuse("the JSON is not valid near byte " + std::to_string(position));
    }

private:
    // A container that is open: elements, and for an object their names (same places).
    struct Frame {
        bool isObject = false;
        std::vector<Json> elements;
        std::vector<std::string> names;
        std::unordered_map<std::string, std::size_t> index;  // name -> place
        std::size_t slot = 0;                                // where the value of the last key goes
    };

    bool refuse(std::string why) {
        m_refusal = std::move(why);
        return false;
    }

    bool count() {
        if (++m_values <= m_limits.maxValues) return true;
        return refuse("the JSON is refused because it has more than " + std::to_string(m_limits.maxValues) + " values");
    }

    bool add(Json value) {
        if (m_open.empty()) m_root = std::move(value);
        else if (Frame& frame = m_open.back(); frame.isObject) frame.elements[frame.slot] = std::move(value);
        else frame.elements.push_back(std::move(value));
        return true;
    }

    bool open(bool isObject) {
        if (!count()) return false;
        if (m_open.size() >= m_limits.maxDepth)
            return refuse("the JSON is refused because it is nested more than " + std::to_string(m_limits.maxDepth) +
                          " levels deep");
        m_open.emplace_back().isObject = isObject;
        return true;
    }

    const JsonLimits& m_limits;
    Json m_root;
    std::vector<Frame> m_open;
    std::size_t m_values = 0;
    std::string m_refusal;
};

}  // namespace

Expected<Json> parseJson(std::string_view text, const JsonLimits& limits) {
    // The library takes a NUL for the end and would not look at what follows.
    if (const auto nul = text.find('\0'); nul != std::string_view::npos)
        return Error{ErrorCode::InvalidArgument, "the JSON is not valid near byte " + std::to_string(nul + 1)};
    LimitedBuilder builder(limits);
    try {
        if (Json::sax_parse(text.begin(), text.end(), &builder)) return builder.takeRoot();
    } catch (const std::exception&) {
        return Error{ErrorCode::InvalidArgument, "the JSON is not valid"};
    }
    return Error{ErrorCode::InvalidArgument, builder.refusal()};
}

std::string dumpJson(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace larder::base
