// JSON whose keys keep their order, read with limits that make hostile input cheap to refuse. Any thread.
// The library is nlohmann's ordered_json; only files that build or walk documents include its full header.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "engine/error.h"

namespace larder::base {

using Json = nlohmann::ordered_json;

struct JsonLimits {
    std::size_t maxDepth = 200;            // the library recurses when it frees or prints a document
    std::size_t maxKeysPerObject = 2000;   // looking a key up in ordered_json walks all of them
    std::size_t maxValues = 4'000'000;     // a byte of text can become 50 bytes of memory
    bool uniqueKeys = false;               // refuse an object that has one key twice
};

// InvalidArgument with the position for anything that is not one JSON document within the limits, valid UTF-8 included.
// The last of two equal keys counts, unless that is refused. Takes time linear in the text.
Expected<Json> parseJson(std::string_view text, const JsonLimits& limits = {});

// One line, UTF-8 as it is; bytes that are not UTF-8 become U+FFFD (model text may be cut anywhere). Never throws.
std::string dumpJson(const Json& value);

}  // namespace larder::base
