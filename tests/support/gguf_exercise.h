// Calls everything a GgufFile offers, for fuzzing and damaged files: only a crash or a sanitizer can fail it.
#pragma once

#include <cstdint>

#include "engine/formats/gguf.h"

namespace larder::support {

// A number that depends on everything read, so that no read is optimised away.
inline std::uint64_t exerciseGguf(const formats::GgufFile& file) {
    std::uint64_t sum = file.name().size() + file.bytes().size();
    for (const std::string_view key : file.keys()) {
        sum += file.has(key);
        sum += file.unsignedValue(key).value_or(1);
        sum += static_cast<std::uint64_t>(file.signedValue(key).value_or(1));
        sum += file.floatValue(key).value_or(1) > 0;
        sum += file.boolValue(key).value_or(true);
        if (const auto text = file.stringValue(key); text && !text->empty())
            sum += static_cast<unsigned char>(text->back());
        if (const auto texts = file.stringArray(key)) {
            for (const std::string_view text : *texts)
                sum += text.empty() ? 1 : static_cast<unsigned char>(text.back());
        }
        if (const auto floats = file.floatArray(key)) sum += floats->size();
        if (const auto integers = file.integerArray(key)) {
            for (const std::int64_t integer : *integers) sum += static_cast<std::uint64_t>(integer);
        }
    }
    for (const formats::GgufTensor& tensor : file.tensors()) {
        sum += tensor.rows() * tensor.rowElements() + tensor.fileOffset;
        sum += std::to_integer<unsigned>(tensor.data.front()) + std::to_integer<unsigned>(tensor.data.back());
        sum += file.tensor(tensor.name) == &tensor;
    }
    return sum;
}

}  // namespace larder::support
