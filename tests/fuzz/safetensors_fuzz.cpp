// libFuzzer target: any bytes either are a safetensors file whose tensors fill it exactly, and whose header is the same when
// written and read again, or are refused with a message that is valid UTF-8.
// Run: safetensors_fuzz -max_len=65536 -malloc_limit_mb=64 NEW_FOLDER tests/fuzz/safetensors_corpus
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "engine/base/utf8.h"
#include "engine/formats/safetensors.h"

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

bool sameTensor(const larder::formats::SafeTensor& a, const larder::formats::SafeTensor& b) {
    return a.name == b.name && a.type == b.type && a.shape == b.shape && a.firstByte == b.firstByte && a.lastByte == b.lastByte;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = std::as_bytes(std::span(data, size));
    const auto header = larder::formats::readSafeTensorsHeader(file, size);
    if (!header.ok()) {
        check(!header.error().message.empty() && larder::base::isUtf8(header.error().message));
        return 0;
    }
    std::uint64_t end = 0;
    for (const auto& tensor : header->tensors) {
        check(tensor.firstByte == end && tensor.lastByte >= end);
        end = tensor.lastByte;
    }
    check(header->dataOffset + end == size);
    const std::string text = larder::formats::writeSafeTensorsHeader(*header);
    const auto again = larder::formats::readSafeTensorsHeader(std::as_bytes(std::span(text)), text.size() + end);
    check(again.ok() && again->metadata == header->metadata && again->tensors.size() == header->tensors.size());
    for (std::size_t i = 0; i < again->tensors.size(); ++i) check(sameTensor(again->tensors[i], header->tensors[i]));
    return 0;
}
