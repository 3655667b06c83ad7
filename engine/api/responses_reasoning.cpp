#include "engine/api/responses_reasoning.h"

#include "engine/base/base64.h"
#include "engine/base/utf8.h"

namespace larder::api {
namespace {

constexpr std::string_view kSealMark = "larder1.";

}  // namespace

std::string sealedReasoning(std::string_view text) {
    return std::string(kSealMark) + base::toBase64(text);
}

std::optional<std::string> openedReasoning(std::string_view sealed) {
    if (!sealed.starts_with(kSealMark)) return std::nullopt;
    const auto text = base::fromBase64(sealed.substr(kSealMark.size()));
    if (!text) return std::nullopt;
    return base::repairUtf8(*text);
}

}  // namespace larder::api
