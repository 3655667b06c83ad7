// The safetensors container (huggingface.co/docs/safetensors, format section): 8 bytes little-endian length N of the header,
// N bytes of JSON, padded with spaces at its end, then the tensors' bytes without gaps. Pure functions over bytes; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/error.h"

namespace larder::formats {

struct SafeTensor {
    std::string name;
    std::string type;                  // "U8", "I32", "F16", ...
    std::vector<std::uint64_t> shape;
    std::uint64_t firstByte = 0;       // in the data section: [firstByte, lastByte)
    std::uint64_t lastByte = 0;
};

struct SafeTensorsHeader {
    std::vector<std::pair<std::string, std::string>> metadata;  // "__metadata__", in order
    std::vector<SafeTensor> tensors;                            // in order of their bytes, without gaps, from 0 on
    std::uint64_t dataOffset = 0;      // of the data section in the file: 8 + N

    const SafeTensor* tensor(std::string_view name) const;
    const std::string* meta(std::string_view key) const;
};

// The bytes before the data section. headerBytes: 8 + N of the result, padded with spaces; REQUIRES that it suffices
// (0: as short as the format's alignment of 8 allows). dataOffset of header is not read.
std::string writeSafeTensorsHeader(const SafeTensorsHeader& header, std::size_t headerBytes = 0);

// How many bytes of the file readSafeTensorsHeader needs: 8 + N. Corrupt when N is absurd (over maxBytes).
Expected<std::size_t> safeTensorsHeaderBytes(std::span<const std::byte> first8, std::size_t maxBytes);

// file: at least 8 + N bytes from the start. fileBytes: of the whole file; tensors must fill the rest exactly. Corrupt, with
// one sentence, for anything else: bad JSON, a tensor whose shape and type do not make its bytes, gaps, overlaps.
Expected<SafeTensorsHeader> readSafeTensorsHeader(std::span<const std::byte> file, std::uint64_t fileBytes);

}  // namespace larder::formats
