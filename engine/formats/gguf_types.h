// The number tables of GGUF: tensor types, metadata value kinds, and words for messages. Private to formats/.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace larder::formats {

static_assert(std::endian::native == std::endian::little, "GGUF numbers are read as they lie in the file");

// GGUF value kinds; on disk, do not change.
enum class GgufKind : std::uint32_t {
    U8 = 0, I8 = 1, U16 = 2, I16 = 3, U32 = 4, I32 = 5, F32 = 6, Bool = 7, String = 8, Array = 9, U64 = 10, I64 = 11,
    F64 = 12,
};

// Bytes of one value; 0 for strings, arrays and unknown kinds.
std::size_t scalarBytes(std::uint32_t kind);

// "Q4_1 (3)", also for types this build cannot read; "unknown (99)".
std::string describeType(std::uint32_t type);

// Text fit for a terminal and a log: valid UTF-8 only, control characters and other bytes as \xNN, and "..." in place
// of what exceeds about maxBytes.
std::string printable(std::string_view text, std::size_t maxBytes);

// The same of a text from a file, shortened to about 100 bytes: 'text'.
std::string inQuotes(std::string_view text);

// The number at `bytes`, wherever it lies.
template <class T>
T loadNumber(const std::byte* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

}  // namespace larder::formats
