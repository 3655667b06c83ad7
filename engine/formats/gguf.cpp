#include "engine/formats/gguf.h"

#include <array>
#include <utility>

#include "engine/formats/gguf_reader.h"
#include "engine/formats/gguf_types.h"

namespace larder::formats {
namespace {

// An integer of any width: its bits, and whether they are to be read as negative.
struct Integer {
    std::uint64_t bits = 0;
    bool negative = false;
};

Integer widened(std::int64_t value) {
    return {static_cast<std::uint64_t>(value), value < 0};
}

std::optional<Integer> readInteger(std::uint32_t kind, const std::byte* at) {
    switch (static_cast<GgufKind>(kind)) {
        case GgufKind::U8:
            return Integer{loadNumber<std::uint8_t>(at)};
        case GgufKind::U16:
            return Integer{loadNumber<std::uint16_t>(at)};
        case GgufKind::U32:
            return Integer{loadNumber<std::uint32_t>(at)};
        case GgufKind::U64:
            return Integer{loadNumber<std::uint64_t>(at)};
        case GgufKind::I8:
            return widened(loadNumber<std::int8_t>(at));
        case GgufKind::I16:
            return widened(loadNumber<std::int16_t>(at));
        case GgufKind::I32:
            return widened(loadNumber<std::int32_t>(at));
        case GgufKind::I64:
            return widened(loadNumber<std::int64_t>(at));
        default:
            return std::nullopt;
    }
}

std::optional<std::int64_t> asSigned(Integer integer) {
    const auto value = static_cast<std::int64_t>(integer.bits);
    if (!integer.negative && value < 0) return std::nullopt;
    return value;
}

}  // namespace

std::uint64_t GgufTensor::rows() const {
    std::uint64_t product = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) product *= shape[i];
    return product;
}

Expected<GgufFile> GgufFile::open(const std::filesystem::path& path) {
    Expected<base::MappedFile> map = base::MappedFile::open(path);
    if (!map.ok()) return std::move(map).error();
    GgufFile file;
    file.m_name = path.string();
    file.m_file = std::move(map).value();
    file.m_bytes = file.m_file->bytes();
    if (auto read = GgufReader(file).read(); !read.ok()) return std::move(read).error();
    return file;
}

Expected<GgufFile> GgufFile::parse(std::span<const std::byte> bytes, std::string name) {
    GgufFile file;
    file.m_name = std::move(name);
    file.m_bytes = bytes;
    if (auto read = GgufReader(file).read(); !read.ok()) return std::move(read).error();
    return file;
}

bool GgufFile::has(std::string_view key) const {
    return m_values.contains(key);
}

std::optional<std::uint64_t> GgufFile::unsignedValue(std::string_view key) const {
    const auto found = m_values.find(key);
    if (found == m_values.end()) return std::nullopt;
    const auto integer = readInteger(found->second.kind, m_bytes.data() + found->second.offset);
    if (!integer || integer->negative) return std::nullopt;
    return integer->bits;
}

std::optional<std::int64_t> GgufFile::signedValue(std::string_view key) const {
    const auto found = m_values.find(key);
    if (found == m_values.end()) return std::nullopt;
    const auto integer = readInteger(found->second.kind, m_bytes.data() + found->second.offset);
    return integer ? asSigned(*integer) : std::nullopt;
}

std::optional<double> GgufFile::floatValue(std::string_view key) const {
    const auto found = m_values.find(key);
    if (found == m_values.end()) return std::nullopt;
    const std::byte* at = m_bytes.data() + found->second.offset;
    if (found->second.kind == static_cast<std::uint32_t>(GgufKind::F32)) return double{loadNumber<float>(at)};
    if (found->second.kind == static_cast<std::uint32_t>(GgufKind::F64)) return loadNumber<double>(at);
    const auto integer = readInteger(found->second.kind, at);
    if (!integer) return std::nullopt;
    if (integer->negative) return static_cast<double>(static_cast<std::int64_t>(integer->bits));
    return static_cast<double>(integer->bits);
}

std::optional<bool> GgufFile::boolValue(std::string_view key) const {
    const auto found = m_values.find(key);
    if (found == m_values.end() || found->second.kind != static_cast<std::uint32_t>(GgufKind::Bool))
        return std::nullopt;
    return m_bytes[found->second.offset] != std::byte{0};
}

std::optional<std::string_view> GgufFile::stringValue(std::string_view key) const {
    const auto found = m_values.find(key);
    if (found == m_values.end() || found->second.kind != static_cast<std::uint32_t>(GgufKind::String))
        return std::nullopt;
    const std::byte* at = m_bytes.data() + found->second.offset;
    return std::string_view(reinterpret_cast<const char*>(at) + 8, loadNumber<std::uint64_t>(at));
}

const GgufFile::Value* GgufFile::array(std::string_view key) const {
    const auto found = m_values.find(key);
    if (found == m_values.end() || found->second.kind != static_cast<std::uint32_t>(GgufKind::Array)) return nullptr;
    return &found->second;
}

std::optional<std::vector<std::string_view>> GgufFile::stringArray(std::string_view key) const {
    const Value* value = array(key);
    if (value == nullptr || value->elementKind != static_cast<std::uint32_t>(GgufKind::String)) return std::nullopt;
    std::vector<std::string_view> strings;
    strings.reserve(value->count);
    const std::byte* at = m_bytes.data() + value->offset;
    for (std::uint64_t i = 0; i < value->count; ++i) {
        const auto length = loadNumber<std::uint64_t>(at);
        strings.emplace_back(reinterpret_cast<const char*>(at) + 8, length);
        at += 8 + length;
    }
    return strings;
}

std::optional<std::vector<float>> GgufFile::floatArray(std::string_view key) const {
    const Value* value = array(key);
    if (value == nullptr) return std::nullopt;
    const bool wide = value->elementKind == static_cast<std::uint32_t>(GgufKind::F64);
    if (!wide && value->elementKind != static_cast<std::uint32_t>(GgufKind::F32)) return std::nullopt;
    std::vector<float> floats;
    floats.reserve(value->count);
    const std::byte* at = m_bytes.data() + value->offset;
    for (std::uint64_t i = 0; i < value->count; ++i, at += wide ? 8 : 4)
        floats.push_back(wide ? static_cast<float>(loadNumber<double>(at)) : loadNumber<float>(at));
    return floats;
}

std::optional<std::vector<std::int64_t>> GgufFile::integerArray(std::string_view key) const {
    const Value* value = array(key);
    if (value == nullptr) return std::nullopt;
    const bool bools = value->elementKind == static_cast<std::uint32_t>(GgufKind::Bool);
    const auto kind = bools ? static_cast<std::uint32_t>(GgufKind::U8) : value->elementKind;
    const std::size_t bytes = scalarBytes(kind);
    if (bytes == 0 || !readInteger(kind, std::array<std::byte, 8>{}.data())) return std::nullopt;
    std::vector<std::int64_t> integers;
    integers.reserve(value->count);
    const std::byte* at = m_bytes.data() + value->offset;
    for (std::uint64_t i = 0; i < value->count; ++i, at += bytes) {
        const auto integer = asSigned(*readInteger(kind, at));
        if (!integer) return std::nullopt;
        integers.push_back(*integer);
    }
    return integers;
}

std::vector<std::string_view> GgufFile::keys() const {
    std::vector<std::string_view> names;
    names.reserve(m_values.size());
    for (const auto& [key, value] : m_values) names.push_back(key);
    return names;
}

const GgufTensor* GgufFile::tensor(std::string_view name) const {
    const auto found = m_tensorIndex.find(name);
    return found == m_tensorIndex.end() ? nullptr : &m_tensors[found->second];
}

}  // namespace larder::formats
