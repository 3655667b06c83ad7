// GET /api/requests, GET /api/requests/N and POST /api/requests/N/cancel: what is asked of the server, and why its prompts had
// to be computed. Request threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/api/generator.h"
#include "engine/api/request_book.h"
#include "engine/error.h"

namespace larder::api {

// "/api/requests/7" or "/api/requests/7/cancel".
struct RequestPath {
    std::uint64_t number = 0;
    bool cancel = false;
};
std::optional<RequestPath> readRequestPath(std::string_view path);

std::string requestListBody(const RequestBook& book, const Generator& generator);
// NotFound: it never was, is forgotten, or (cancel) is over.
Expected<std::string> requestBody(RequestBook& book, const Generator& generator, const RequestPath& path);

}  // namespace larder::api
