#include "engine/formats/gguf_types.h"

#include <array>

#include "engine/base/utf8.h"
#include "engine/formats/gguf.h"

namespace larder::formats {
namespace {

struct TypeRow {
    GgufType type;
    GgufTypeTraits traits;
};

// Block sizes: an f16 scale (and minimum), high bits and codes; the K types have 256 elements and packed sub-scales.
constexpr TypeRow kReadable[] = {
    {GgufType::F32, {"F32", 1, 4}},       {GgufType::F16, {"F16", 1, 2}},       {GgufType::BF16, {"BF16", 1, 2}},
    {GgufType::Q4_0, {"Q4_0", 32, 18}},   {GgufType::Q4_1, {"Q4_1", 32, 20}},   {GgufType::Q5_0, {"Q5_0", 32, 22}},
    {GgufType::Q5_1, {"Q5_1", 32, 24}},   {GgufType::Q8_0, {"Q8_0", 32, 34}},   {GgufType::Q2_K, {"Q2_K", 256, 84}},
    {GgufType::Q3_K, {"Q3_K", 256, 110}}, {GgufType::Q4_K, {"Q4_K", 256, 144}}, {GgufType::Q5_K, {"Q5_K", 256, 176}},
    {GgufType::Q6_K, {"Q6_K", 256, 210}},
};

struct NameRow {
    std::uint32_t number;
    std::string_view name;
};

// Types that exist in files and that this build cannot read: their names make the refusal understandable.
constexpr NameRow kUnreadable[] = {
    {4, "Q4_2"},   {5, "Q4_3"},    {9, "Q8_1"},   {15, "Q8_K"},  {16, "IQ2_XXS"},  {17, "IQ2_XS"},   {18, "IQ3_XXS"},
    {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"}, {23, "IQ4_XS"},   {24, "I8"},       {25, "I16"},
    {26, "I32"},   {27, "I64"},    {28, "F64"},   {29, "IQ1_M"}, {31, "Q4_0_4_4"}, {32, "Q4_0_4_8"}, {33, "Q4_0_8_8"},
    {34, "TQ1_0"}, {35, "TQ2_0"},  {39, "MXFP4"}, {40, "NVFP4"},
};

bool isPlain(char32_t point) {
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    // Marks that change the direction of the text around them could disguise the message itself.
    const bool direction = (point >= 0x200e && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
                           (point >= 0x2066 && point <= 0x2069);
    return !control && !direction;
}

}  // namespace

const GgufTypeTraits* ggufTypeTraits(GgufType type) {
    for (const TypeRow& row : kReadable)
        if (row.type == type) return &row.traits;
    return nullptr;
}

std::size_t scalarBytes(std::uint32_t kind) {
    // By GgufKind: u8 i8 u16 i16 u32 i32 f32 bool string array u64 i64 f64.
    constexpr std::array<std::uint8_t, 13> kBytes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return kind < kBytes.size() ? kBytes[kind] : 0;
}

std::string describeType(std::uint32_t type) {
    std::string_view name = "unknown";
    if (const GgufTypeTraits* traits = ggufTypeTraits(static_cast<GgufType>(type))) name = traits->name;
    for (const NameRow& row : kUnreadable)
        if (row.number == type) name = row.name;
    return std::string(name) + " (" + std::to_string(type) + ")";
}

std::string printable(std::string_view text, std::size_t maxBytes) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (out.size() >= maxBytes) return out + "...";
        const base::CodePoint point = base::decodeUtf8(text, at);
        for (std::size_t i = 0; i < point.bytes; ++i) {
            const auto byte = static_cast<unsigned char>(text[at + i]);
            if (point.valid && isPlain(point.value))
                out += text[at + i];
            else
                out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
        }
        at += point.bytes;
    }
    return out;
}

std::string inQuotes(std::string_view text) {
    constexpr std::size_t kMaxShownBytes = 96;
    return "'" + printable(text, kMaxShownBytes) + "'";
}

}  // namespace larder::formats
