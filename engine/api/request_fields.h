// Typed reading of a request's JSON object. A field that is missing or null is nullopt; a field of the wrong type or
// out of range is remembered as a problem (the first one wins) and reads as nullopt, so that readers stay straight
// lines: read everything, then look at problem() once. One thread at a time; the object outlives this.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/error.h"

namespace larder::api {

class RequestFields {
public:
    // where: put before the names of fields in messages ("messages[2]."); empty for the body itself.
    explicit RequestFields(const base::Json& object, std::string where = {});

    std::optional<std::string> string(std::string_view name);
    std::optional<bool> boolean(std::string_view name);
    // min and max are allowed values; 40.0 is 40.
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t min,
                                        std::int64_t max = std::numeric_limits<std::int64_t>::max());
    std::optional<double> number(std::string_view name, double min, double max);
    const base::Json* object(std::string_view name);  // nullptr: missing, null or wrong
    const base::Json* array(std::string_view name);
    const base::Json* value(std::string_view name) const;  // of any type; nullptr: missing or null
    // Whether passing the object over would lose what is under one of these names; an empty array or object is nothing.
    bool hasAnyOf(std::initializer_list<std::string_view> names) const;

    // Complains when the field is there with anything but null, false, an empty string, array or object.
    void refuse(std::string_view name, std::string_view why);
    // "<where><name> <complaint>".
    void complain(std::string_view name, std::string_view complaint, ErrorCode code = ErrorCode::InvalidArgument);
    void complain(const Error& error);

    bool ok() const { return !m_problem; }
    const Error& problem() const { return *m_problem; }  // REQUIRES !ok()

private:
    const base::Json& m_object;
    std::string m_where;
    std::optional<Error> m_problem;
};

// A request's body: one JSON object. InvalidArgument: it is none, with where and why.
Expected<base::Json> readBody(const std::string& body);

// "a string", "the number 3.5", "an object": for "..., but is <this>".
std::string describeJson(const base::Json& value);

}  // namespace larder::api
