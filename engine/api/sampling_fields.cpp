#include "engine/api/sampling_fields.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/secret.h"

namespace larder::api {
namespace {

constexpr std::size_t kMaxStops = 16;
constexpr std::size_t kMaxStopBytes = 4096;

void readLogitBias(RequestFields& fields, SamplingParams& sampling) {
    const base::Json* biases = fields.object("logit_bias");
    if (biases == nullptr) return;
    std::map<TokenId, float> byToken;  // "7" and "07" are one token
    for (const auto& [key, value] : biases->items()) {
        TokenId token = -1;
        const auto parsed = std::from_chars(key.data(), key.data() + key.size(), token);
        if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size() || token < 0)
            return fields.complain("logit_bias", "must have token ids as keys, but has \"" + key.substr(0, 40) + "\"");
        if (!value.is_number() || !(std::fabs(value.get<double>()) <= 100))
            return fields.complain("logit_bias", "must have numbers from -100 to 100 as values, but token " + key +
                                                     " has " + describeJson(value));
        byToken[token] = value.get<float>();
    }
    sampling.logitBias.assign(byToken.begin(), byToken.end());
}

void readSampling(RequestFields& fields, SamplingParams& sampling) {
    const auto read = [&](std::string_view name, double min, double max, float& target) {
        if (const auto value = fields.number(name, min, max)) target = static_cast<float>(*value);
    };
    read("temperature", 0, 2, sampling.temperature);
    read("top_p", 0, 1, sampling.topP);
    read("min_p", 0, 1, sampling.minP);
    read("repeat_penalty", 0.01, 100, sampling.repetitionPenalty);
    read("repetition_penalty", 0.01, 100, sampling.repetitionPenalty);
    read("frequency_penalty", -2, 2, sampling.frequencyPenalty);
    read("presence_penalty", -2, 2, sampling.presencePenalty);
    // The ends that the sampler's half-open ranges leave out mean "only the likeliest token".
    if (sampling.topP <= 0) sampling.topP = std::numeric_limits<float>::min();
    if (sampling.minP >= 1) sampling.minP = std::nextafter(1.0f, 0.0f);
    const auto topK = fields.integer("top_k", -1, std::numeric_limits<int>::max());
    sampling.topK = topK && *topK > 0 ? static_cast<int>(*topK) : 0;
    readLogitBias(fields, sampling);

    const base::Json* seed = fields.value("seed");
    if (seed == nullptr)
        sampling.seed = base::randomBits();
    else if (seed->is_number_unsigned())
        sampling.seed = seed->get<std::uint64_t>();
    else if (seed->is_number_integer())
        sampling.seed = static_cast<std::uint64_t>(seed->get<std::int64_t>());
    else
        fields.complain("seed", "must be an integer, but is " + describeJson(*seed));
}

// service_tier is OpenAI's; "flex" is its cheap tier for what nobody waits for. Its other values change nothing here.
void readPriority(RequestFields& fields, Priority& priority) {
    if (fields.string("service_tier") == "flex") priority = Priority::Background;
    const auto named = fields.string("priority");
    if (!named) return;
    if (*named != "interactive" && *named != "background")
        return fields.complain("priority", "must be \"interactive\" or \"background\"");
    priority = *named == "background" ? Priority::Background : Priority::Interactive;
}

void readCache(RequestFields& fields, ChatRequest& request) {
    const base::Json* cache = fields.object("cache");
    if (cache == nullptr) return;
    RequestFields own(*cache, "cache.");
    request.noStore = own.boolean("no_store").value_or(false);
    request.pin = own.boolean("pin").value_or(false);
    if (request.noStore && request.pin) own.complain("pin", "must not be true together with cache.no_store");
    if (!own.ok()) fields.complain(own.problem());
}

// {"type": "json_schema", "json_schema": {"name", "schema", "strict"}} or {"type": "json_object"}
void readResponseFormat(RequestFields& fields, ChatRequest& request) {
    const base::Json* format = fields.object("response_format");
    if (format == nullptr) return;
    RequestFields own(*format, "response_format.");
    const std::string type = own.string("type").value_or("");
    if (type == "json_object") {
        // Several servers take a schema here.
        const base::Json* schema = own.object("schema");
        request.answerSchema = std::make_shared<base::Json>(schema != nullptr ? *schema : base::Json(true));
    } else if (type == "json_schema") {
        const base::Json* named = own.object("json_schema");
        const base::Json* schema = named != nullptr && named->contains("schema") ? &(*named)["schema"] : nullptr;
        if (schema == nullptr || !schema->is_object()) own.complain("json_schema", "must be an object with a schema");
        else request.answerSchema = std::make_shared<base::Json>(*schema);
        if (named != nullptr) request.answerSchemaStrict = RequestFields(*named).boolean("strict").value_or(false);
    } else if (type != "text") {
        own.complain("type", "must be \"text\", \"json_object\" or \"json_schema\"");
    }
    if (!own.ok()) fields.complain(own.problem());
}

void refuseUnsupported(RequestFields& fields) {
    if (const auto n = fields.integer("n", 1); n && *n > 1)
        fields.complain("n", "must be 1: several answers to one request are not supported", ErrorCode::Unsupported);
    if (const auto best = fields.integer("best_of", 1); best && *best > 1)
        fields.complain("best_of", "must be 1: several answers to one request are not supported",
                        ErrorCode::Unsupported);
    for (const char* name : {"grammar", "json_schema", "guided_json", "guided_regex", "guided_choice", "guided_grammar",
                             "structured_outputs"})
        fields.refuse(name, "is not supported: send a JSON schema as response_format");
}

}  // namespace

void readSamplingFields(RequestFields& fields, ChatRequest& request) {
    readSampling(fields, request.sampling);
    readPriority(fields, request.priority);
    readCache(fields, request);
}

void readStopStrings(RequestFields& fields, std::string_view name, std::vector<std::string>& stops) {
    const base::Json* stop = fields.value(name);
    if (stop == nullptr) return;
    const base::Json list = stop->is_array() ? *stop : base::Json::array({*stop});
    if (list.size() > kMaxStops)
        return fields.complain(name, "may have at most " + std::to_string(kMaxStops) + " strings, but has " +
                                         std::to_string(list.size()));
    for (const base::Json& entry : list) {
        if (!entry.is_string())
            return fields.complain(name, "must be a string or an array of strings, but has " + describeJson(entry));
        const auto& text = entry.get_ref<const std::string&>();
        if (text.size() > kMaxStopBytes)
            return fields.complain(name, "has a string of more than " + std::to_string(kMaxStopBytes) + " bytes");
        if (!text.empty()) stops.push_back(text);
    }
}

void readCommonFields(RequestFields& fields, ChatRequest& request) {
    request.model = fields.string("model").value_or("");
    readSamplingFields(fields, request);
    readStopStrings(fields, "stop", request.stop);
    readResponseFormat(fields, request);
    refuseUnsupported(fields);
    request.ignoreEos = fields.boolean("ignore_eos").value_or(false);
    request.stream = fields.boolean("stream").value_or(false);
    if (const base::Json* options = fields.object("stream_options")) {
        RequestFields own(*options, "stream_options.");
        request.includeUsage = own.boolean("include_usage").value_or(false);
        if (!own.ok()) fields.complain(own.problem());
    }
}

}  // namespace larder::api
