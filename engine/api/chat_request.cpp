#include "engine/api/chat_request.h"

#include <nlohmann/json.hpp>

namespace larder::api {

std::shared_ptr<const base::Json> allTools(const ChatRequest& request) {
    if (!request.deferredTools) return request.tools;
    if (!request.tools) return request.deferredTools;
    auto all = std::make_shared<base::Json>(*request.tools);
    for (const base::Json& tool : *request.deferredTools) all->push_back(tool);
    return all;
}

}  // namespace larder::api
