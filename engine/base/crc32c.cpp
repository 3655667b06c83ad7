#include "engine/base/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace larder::base {
namespace {

// A remainder is a polynomial over GF(2) whose highest power stands in the lowest bit.
constexpr std::uint32_t kPolynomial = 0x82F63B78;
constexpr std::uint32_t kOne = 0x80000000;

constexpr std::uint32_t timesX(std::uint32_t a) { return (a >> 1) ^ ((a & 1) != 0 ? kPolynomial : 0); }

constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
    std::uint32_t sum = 0;
    for (std::uint32_t power = kOne; power != 0; power >>= 1, b = timesX(b))
        if ((a & power) != 0) sum ^= b;
    return sum;
}

// What a remainder is multiplied by when so many bytes of 0 follow.
constexpr std::uint32_t factorOfZeros(std::size_t bytes) {
    std::uint32_t factor = kOne;
    std::uint32_t square = kOne >> 8;  // x^8: one byte
    for (; bytes != 0; bytes >>= 1, square = product(square, square))
        if ((bytes & 1) != 0) factor = product(factor, square);
    return factor;
}

// [place of a byte in a remainder][its value]: what that byte becomes.
template <std::size_t Places>
using ByteTables = std::array<std::array<std::uint32_t, 256>, Places>;

// Eight bytes at once: the byte at place p of them has 7 - p bytes behind it.
constexpr ByteTables<8> makeSliceTables() {
    ByteTables<8> tables{};
    for (std::uint32_t value = 0; value < 256; ++value) {
        std::uint32_t each = value;
        for (int bit = 0; bit < 8; ++bit) each = timesX(each);
        for (std::size_t place = 8; place-- > 0;) {
            tables[place][value] = each;
            for (int bit = 0; bit < 8; ++bit) each = timesX(each);
        }
    }
    return tables;
}
constexpr ByteTables<8> kSlice = makeSliceTables();

std::uint32_t addByteFromTable(std::uint32_t crc, std::byte value) {
    return (crc >> 8) ^ kSlice[7][(crc ^ std::to_integer<std::uint32_t>(value)) & 0xFF];
}

#if defined(__x86_64__) || (defined(__aarch64__) && defined(__ARM_FEATURE_CRC32))
#define LARDER_HAS_CRC32C_INSTRUCTION 1

#if defined(__x86_64__)
#define LARDER_CRC32C_TARGET __attribute__((target("sse4.2")))
bool hasInstruction() { return __builtin_cpu_supports("sse4.2") != 0; }
LARDER_CRC32C_TARGET inline std::uint64_t addEight(std::uint64_t crc, std::uint64_t bytes) { return _mm_crc32_u64(crc, bytes); }
LARDER_CRC32C_TARGET inline std::uint32_t addOne(std::uint32_t crc, std::byte value) {
    return _mm_crc32_u8(crc, std::to_integer<unsigned char>(value));
}
#else
#define LARDER_CRC32C_TARGET
bool hasInstruction() { return true; }
inline std::uint64_t addEight(std::uint64_t crc, std::uint64_t bytes) { return __crc32cd(static_cast<std::uint32_t>(crc), bytes); }
inline std::uint32_t addOne(std::uint32_t crc, std::byte value) { return __crc32cb(crc, std::to_integer<std::uint8_t>(value)); }
#endif

constexpr ByteTables<4> makeZerosTables(std::size_t bytes) {
    ByteTables<4> tables{};
    const std::uint32_t factor = factorOfZeros(bytes);
    for (std::size_t place = 0; place < 4; ++place)
        for (std::uint32_t value = 0; value < 256; ++value) tables[place][value] = product(value << (8 * place), factor);
    return tables;
}

inline std::uint32_t afterZeros(const ByteTables<4>& tables, std::uint64_t crc) {
    return tables[0][crc & 0xFF] ^ tables[1][(crc >> 8) & 0xFF] ^ tables[2][(crc >> 16) & 0xFF] ^ tables[3][(crc >> 24) & 0xFF];
}

// One instruction takes three cycles and can start in each: three stretches side by side keep it busy.
template <std::size_t Stretch>
constexpr ByteTables<4> kZerosOf = makeZerosTables(Stretch);

template <std::size_t Stretch>
LARDER_CRC32C_TARGET std::uint32_t addStretches(std::uint32_t crc, std::span<const std::byte>& bytes) {
    while (bytes.size() >= 3 * Stretch) {
        const std::byte* at = bytes.data();
        std::uint64_t first = crc;
        std::uint64_t second = 0;
        std::uint64_t third = 0;
        for (std::size_t i = 0; i < Stretch; i += 8) {
            std::uint64_t words[3];
            std::memcpy(&words[0], at + i, 8);
            std::memcpy(&words[1], at + Stretch + i, 8);
            std::memcpy(&words[2], at + 2 * Stretch + i, 8);
            first = addEight(first, words[0]);
            second = addEight(second, words[1]);
            third = addEight(third, words[2]);
        }
        second ^= afterZeros(kZerosOf<Stretch>, first);
        crc = static_cast<std::uint32_t>(third) ^ afterZeros(kZerosOf<Stretch>, second);
        bytes = bytes.subspan(3 * Stretch);
    }
    return crc;
}

LARDER_CRC32C_TARGET std::uint32_t addByInstruction(std::uint32_t crc, std::span<const std::byte> bytes) {
    crc = addStretches<4096>(crc, bytes);
    crc = addStretches<256>(crc, bytes);
    std::uint64_t wide = crc;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), 8);
        wide = addEight(wide, word);
    }
    crc = static_cast<std::uint32_t>(wide);
    for (const std::byte value : bytes) crc = addOne(crc, value);
    return crc;
}
#endif

std::uint32_t addFromTables(std::uint32_t crc, std::span<const std::byte> bytes) {
    if constexpr (std::endian::native == std::endian::little) {
        for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data(), 8);
            word ^= crc;
            crc = 0;
            for (std::size_t place = 0; place < 8; ++place) crc ^= kSlice[place][(word >> (8 * place)) & 0xFF];
        }
    }
    for (const std::byte value : bytes) crc = addByteFromTable(crc, value);
    return crc;
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
#if defined(LARDER_HAS_CRC32C_INSTRUCTION)
    if (hasInstruction()) return ~addByInstruction(~before, bytes);
#endif
    return crc32cFromTables(bytes, before);
}

std::uint32_t crc32cFromTables(std::span<const std::byte> bytes, std::uint32_t before) {
    return ~addFromTables(~before, bytes);
}

}  // namespace larder::base
