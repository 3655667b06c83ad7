#include "engine/api/anthropic_count.h"

#include <nlohmann/json.hpp>

#include "engine/api/anthropic_request.h"
#include "engine/api/prompt.h"
#include "engine/api/request_fields.h"

namespace larder::api {

Expected<std::string> countTokensBody(const PromptServices& services, const std::string& body) {
    const Expected<base::Json> json = readBody(body);
    if (!json) return json.error();
    const Expected<AnthropicRequest> request = readAnthropicPrompt(*json);
    if (!request) return request.error();
    const Expected<ModelInfo> model = findNamedModel(services.generator, request->chat.model);
    if (!model) return model.error();
    const Expected<SharedModelText> text = services.texts.get(*model);
    if (!text) return text.error();
    const Expected<Prompt> prompt = makePrompt(services, *model, **text, request->chat);
    if (!prompt) return prompt.error();
    const base::Json counted{{"input_tokens", prompt->ids.size()}};
    return base::dumpJson(counted);
}

}  // namespace larder::api
