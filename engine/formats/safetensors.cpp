#include "engine/formats/safetensors.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/json.h"
#include "engine/base/utf8.h"

namespace larder::formats {
namespace {

using base::Json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;
constexpr char kMetadataKey[] = "__metadata__";
// dtype, shape and data_offsets of some ten thousand tensors: more than any file has.
constexpr base::JsonLimits kHeaderLimits{.maxDepth = 3, .maxKeysPerObject = 100'000, .maxValues = 2'000'000, .uniqueKeys = true};

Error refusal(const std::string& what) { return {ErrorCode::Corrupt, "not a safetensors file: " + what}; }

// A name as messages show it.
std::string shownName(std::string_view name) {
    constexpr std::size_t kMostBytes = 60;
    if (name.size() <= kMostBytes) return "'" + std::string(name) + "'";
    const std::string_view start = name.substr(0, kMostBytes);
    return "'" + std::string(start.substr(0, start.size() - base::incompleteUtf8Suffix(start))) + "...'";
}

std::optional<std::uint64_t> elementBytesOf(std::string_view type) {
    struct Known {
        std::string_view name;
        std::uint64_t bytes;
    };
    constexpr Known kTypes[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},   {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2},
                                {"BF16", 2}, {"U32", 4}, {"I32", 4},  {"F32", 4},     {"U64", 8},     {"I64", 8}, {"F64", 8}};
    for (const Known& known : kTypes)
        if (known.name == type) return known.bytes;
    return std::nullopt;
}

std::optional<std::uint64_t> productOf(std::uint64_t a, std::uint64_t b) {
    if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
    return a * b;
}

std::uint64_t lengthIn(std::span<const std::byte> first8) {
    std::uint64_t length = 0;
    for (std::size_t i = kLengthBytes; i-- > 0;) length = length << 8 | std::to_integer<std::uint64_t>(first8[i]);
    return length;
}

// "[1,2,3]": natural numbers; false otherwise.
bool readNumbers(const Json& value, std::vector<std::uint64_t>& numbers) {
    if (!value.is_array()) return false;
    for (const Json& each : value) {
        if (!each.is_number_unsigned()) return false;
        numbers.push_back(each.get<std::uint64_t>());
    }
    return true;
}

Expected<void> checkBytes(const SafeTensor& tensor) {
    std::optional<std::uint64_t> bytes = elementBytesOf(tensor.type);
    if (!bytes) return refusal("tensor " + shownName(tensor.name) + " has the unknown type " + shownName(tensor.type));
    // In any order of sizes: a 0 anywhere makes it 0, so that comes first.
    if (std::find(tensor.shape.begin(), tensor.shape.end(), 0u) != tensor.shape.end()) bytes = 0;
    for (const std::uint64_t size : tensor.shape) bytes = bytes ? productOf(*bytes, size) : std::nullopt;
    if (!bytes) return refusal("the shape of tensor " + shownName(tensor.name) + " has more elements than can be counted");
    if (tensor.firstByte > tensor.lastByte || tensor.lastByte - tensor.firstByte != *bytes)
        return refusal("tensor " + shownName(tensor.name) + " takes " + std::to_string(*bytes) + " bytes by shape and type, and says [" +
                       std::to_string(tensor.firstByte) + ", " + std::to_string(tensor.lastByte) + ")");
    return {};
}

Expected<SafeTensor> readTensor(const std::string& name, const Json& value) {
    const auto wrong = [&](const std::string& what) { return refusal("tensor " + shownName(name) + " " + what); };
    if (!value.is_object()) return wrong("is not an object");
    SafeTensor tensor;
    tensor.name = name;
    std::vector<std::uint64_t> offsets;
    for (const auto& [key, field] : value.items()) {
        if (key == "dtype") {
            if (!field.is_string()) return wrong("has a dtype that is no text");
            tensor.type = field.get<std::string>();
        } else if (key == "shape") {
            if (!readNumbers(field, tensor.shape)) return wrong("has a shape that is no list of natural numbers");
        } else if (key == "data_offsets") {
            if (!readNumbers(field, offsets) || offsets.size() != 2) return wrong("has data_offsets that are not two natural numbers");
        } else {
            return wrong("has the unknown field " + shownName(key));
        }
    }
    if (value.size() != 3) return wrong("lacks dtype, shape or data_offsets");
    tensor.firstByte = offsets[0];
    tensor.lastByte = offsets[1];
    if (auto checked = checkBytes(tensor); !checked.ok()) return checked.error();
    return tensor;
}

Expected<void> readMetadata(const Json& value, SafeTensorsHeader& header) {
    if (!value.is_object()) return refusal("__metadata__ is not an object");
    for (const auto& [key, text] : value.items()) {
        if (!text.is_string()) return refusal("the metadata " + shownName(key) + " is no text");
        header.metadata.emplace_back(key, text.get<std::string>());
    }
    return {};
}

// Sorts the tensors by their bytes; they must follow each other from 0 to dataBytes.
Expected<void> placeTensors(std::vector<SafeTensor>& tensors, std::uint64_t dataBytes) {
    std::stable_sort(tensors.begin(), tensors.end(), [](const SafeTensor& a, const SafeTensor& b) {
        return a.firstByte != b.firstByte ? a.firstByte < b.firstByte : a.lastByte < b.lastByte;
    });
    std::uint64_t end = 0;
    for (const SafeTensor& tensor : tensors) {
        if (tensor.firstByte != end)
            return refusal("tensor " + shownName(tensor.name) + " starts at byte " + std::to_string(tensor.firstByte) +
                           (tensor.firstByte < end ? ", within another that ends at " : ", after a gap from ") + std::to_string(end));
        end = tensor.lastByte;
    }
    if (end != dataBytes)
        return refusal("its tensors take " + std::to_string(end) + " bytes, and the file has " + std::to_string(dataBytes));
    return {};
}

std::string numbersText(std::span<const std::uint64_t> numbers) {
    std::string text = "[";
    for (const std::uint64_t number : numbers) text += (text.size() > 1 ? "," : "") + std::to_string(number);
    return text + "]";
}

}  // namespace

const SafeTensor* SafeTensorsHeader::tensor(std::string_view name) const {
    const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const SafeTensor& each) { return each.name == name; });
    return found == tensors.end() ? nullptr : &*found;
}

const std::string* SafeTensorsHeader::meta(std::string_view key) const {
    const auto found = std::find_if(metadata.begin(), metadata.end(), [&](const auto& each) { return each.first == key; });
    return found == metadata.end() ? nullptr : &found->second;
}

std::string writeSafeTensorsHeader(const SafeTensorsHeader& header, std::size_t headerBytes) {
    std::string text(kLengthBytes, '\0');
    text += "{";
    const auto addKey = [&text](const std::string& key) {
        if (text.back() != '{') text += ",";
        text += base::dumpJson(key) + ":";
    };
    if (!header.metadata.empty()) {
        addKey(kMetadataKey);
        text += "{";
        for (const auto& [key, value] : header.metadata) {
            addKey(key);
            text += base::dumpJson(value);
        }
        text += "}";
    }
    for (const SafeTensor& tensor : header.tensors) {
        const std::uint64_t offsets[] = {tensor.firstByte, tensor.lastByte};
        addKey(tensor.name);
        text += "{\"dtype\":" + base::dumpJson(tensor.type) + ",\"shape\":" + numbersText(tensor.shape) +
                ",\"data_offsets\":" + numbersText(offsets) + "}";
    }
    text += "}";
    const std::size_t shortest = (text.size() + kAlignment - 1) / kAlignment * kAlignment;
    assert(headerBytes == 0 || headerBytes >= text.size());
    text.resize(headerBytes == 0 ? shortest : headerBytes, ' ');
    const std::uint64_t length = text.size() - kLengthBytes;
    for (std::size_t i = 0; i < kLengthBytes; ++i) text[i] = static_cast<char>(length >> (8 * i) & 0xFF);
    return text;
}

Expected<std::size_t> safeTensorsHeaderBytes(std::span<const std::byte> first8, std::size_t maxBytes) {
    if (first8.size() < kLengthBytes) return refusal("it has only " + std::to_string(first8.size()) + " bytes");
    const std::uint64_t length = lengthIn(first8);
    if (length < 2 || maxBytes < kLengthBytes || length > maxBytes - kLengthBytes)
        return refusal("its header would have " + std::to_string(length) + " bytes");
    return static_cast<std::size_t>(length) + kLengthBytes;
}

Expected<SafeTensorsHeader> readSafeTensorsHeader(std::span<const std::byte> file, std::uint64_t fileBytes) {
    const auto headerBytes = safeTensorsHeaderBytes(file, static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), fileBytes)));
    if (!headerBytes.ok()) return headerBytes.error();
    const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes, *headerBytes - kLengthBytes);
    if (text.front() != '{') return refusal("its header does not begin with {");
    const auto document = base::parseJson(text, kHeaderLimits);
    if (!document.ok()) return refusal(document.error().message);
    SafeTensorsHeader header;
    header.dataOffset = *headerBytes;
    for (const auto& [key, value] : document->items()) {
        if (key == kMetadataKey) {
            if (auto read = readMetadata(value, header); !read.ok()) return read.error();
            continue;
        }
        auto tensor = readTensor(key, value);
        if (!tensor.ok()) return tensor.error();
        header.tensors.push_back(std::move(*tensor));
    }
    if (auto placed = placeTensors(header.tensors, fileBytes - header.dataOffset); !placed.ok()) return placed.error();
    return header;
}

}  // namespace larder::formats
