#include "engine/api/request_routes.h"

#include "engine/api/http_target.h"
#include "engine/documents.h"

namespace larder::api {

std::optional<RequestPath> readRequestPath(std::string_view path) {
    constexpr std::string_view kPrefix = "/api/requests/", kCancel = "/cancel";
    if (!path.starts_with(kPrefix)) return std::nullopt;
    path.remove_prefix(kPrefix.size());
    const bool cancel = path.ends_with(kCancel);
    if (cancel) path.remove_suffix(kCancel.size());
    const auto number = readDecimal(path);
    if (!number) return std::nullopt;
    return RequestPath{*number, cancel};
}

std::string requestListBody(const RequestBook& book, const Generator& generator) {
    return requestsDocument(*book.source()(generator.status()));
}

Expected<std::string> requestBody(RequestBook& book, const Generator& generator, const RequestPath& path) {
    const std::string name = "request " + std::to_string(path.number);
    if (path.cancel) {
        if (!book.cancel(path.number)) return Error{ErrorCode::NotFound, "There is no " + name + " that runs or waits."};
        return cancelledDocument(path.number);
    }
    const auto found = book.find(path.number, generator.status());
    if (!found) return Error{ErrorCode::NotFound, "There is no " + name + ": GET /api/requests lists the last ones."};
    return requestDocument(*found);
}

}  // namespace larder::api
