#include "engine/formats/gguf_reader.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "engine/formats/gguf_types.h"

namespace larder::formats {
namespace {

// Bounds far above any real file, so that a hostile one costs little: its directory is walked in about a second at
// most, and the maps stay in the tens of megabytes.
constexpr std::uint64_t kMaxDirectoryBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxKeys = 1 << 16;
constexpr std::uint64_t kMaxTensors = 1 << 16;
constexpr std::uint64_t kMaxNameBytes = 65535;  // of a key: the format's own bound

constexpr std::uint64_t kMinAlignment = 8;  // the format's own; kernels may rely on it
constexpr std::uint64_t kMaxAlignment = 1 << 20;
constexpr std::uint32_t kMaxDimensions = 4;

// The fewest bytes an entry takes: name length, one letter, kind, a value of one byte; name length, one letter,
// number of dimensions, one of them, type, offset.
constexpr std::uint64_t kMinKeyBytes = 8 + 1 + 4 + 1;
constexpr std::uint64_t kMinTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr std::uint32_t kSwappedMagic = 0x47475546;

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

std::string shapeText(const std::vector<std::uint64_t>& shape) {
    std::string text = "[";
    for (const std::uint64_t size : shape) text += (text.size() > 1 ? ", " : "") + number(size);
    return text + "]";
}

bool isKind(std::uint32_t kind, GgufKind expected) {
    return kind == static_cast<std::uint32_t>(expected);
}

}  // namespace

GgufReader::GgufReader(GgufFile& file)
    : m_file(file), m_bytes(file.m_bytes), m_end(std::min<std::uint64_t>(m_bytes.size(), kMaxDirectoryBytes)) {}

Expected<void> GgufReader::read() {
    if (readHeader() && readMetadata() && readAlignment() && readTensors() && placeTensors() && checkOverlaps())
        return {};
    return m_error;
}

bool GgufReader::readHeader() {
    if (m_bytes.empty()) return fail(ErrorCode::Corrupt, "the file is empty");
    const std::uint32_t magic = m_bytes.size() < sizeof magic ? 0 : loadNumber<std::uint32_t>(m_bytes.data());
    if (magic == kSwappedMagic) return fail(ErrorCode::Unsupported, "big-endian GGUF files are not supported");
    if (magic != kMagic) {
        const std::size_t shown = std::min<std::size_t>(m_bytes.size(), 24);
        const std::string_view start(reinterpret_cast<const char*>(m_bytes.data()), shown);
        return fail(ErrorCode::Corrupt, "this is not a GGUF file: it starts with " + inQuotes(start));
    }
    m_at = sizeof magic;
    return readVersion() && take(m_tensorCount, "the number of tensors") &&
           take(m_keyCount, "the number of metadata keys");
}

bool GgufReader::readVersion() {
    std::uint32_t version = 0;
    if (!take(version, "the version")) return false;
    if (version == 2 || version == 3) return true;
    if (version != 0 && (version & 0xffff) == 0)
        return fail(ErrorCode::Unsupported, "big-endian GGUF files are not supported");
    return fail(ErrorCode::Unsupported, "GGUF version " + number(version) +
                                            " is not supported, only 2 and 3; get a newer "
                                            "conversion of the model");
}

bool GgufReader::readMetadata() {
    if (m_keyCount > kMaxKeys || m_keyCount > left() / kMinKeyBytes) {
        return fail(ErrorCode::Corrupt, "it claims " + number(m_keyCount) + " metadata keys, more than " +
                                            number(std::min(kMaxKeys, left() / kMinKeyBytes)) + " are possible here");
    }
    m_part = Part::Key;
    for (m_index = 0; m_index < m_keyCount; ++m_index) {
        m_subjectName = {};
        if (!readValue()) return false;
    }
    return true;
}

bool GgufReader::readValue() {
    std::string_view key;
    GgufFile::Value value;
    if (!takeString(key, "its name")) return false;
    if (key.empty()) return failAbout(ErrorCode::Corrupt, "has an empty name");
    m_subjectName = key;
    if (key.size() > kMaxNameBytes)
        return failAbout(ErrorCode::Corrupt,
                         "has a name of " + number(key.size()) + " bytes, at most 65535 are allowed");
    if (!take(value.kind, "the kind of its value")) return false;
    value.offset = m_at;
    std::string_view text;
    if (isKind(value.kind, GgufKind::String)) {
        if (!takeString(text, "its text")) return false;
    } else if (isKind(value.kind, GgufKind::Array)) {
        if (!readArray(value)) return false;
    } else if (const std::size_t bytes = scalarBytes(value.kind); bytes == 0) {
        return failAbout(ErrorCode::Corrupt, "has the unknown value kind " + number(value.kind));
    } else if (!skip(bytes, "its value") || (isKind(value.kind, GgufKind::Bool) && !checkBool(value.offset))) {
        return false;
    }
    if (!m_file.m_values.emplace(key, value).second) return failAbout(ErrorCode::Corrupt, "occurs twice");
    return true;
}

bool GgufReader::readArray(GgufFile::Value& value) {
    if (!take(value.elementKind, "the kind of its elements") || !take(value.count, "the number of its elements"))
        return false;
    value.offset = m_at;
    if (isKind(value.elementKind, GgufKind::Array))
        return failAbout(ErrorCode::Unsupported, "is an array of arrays, which is not supported");
    const bool strings = isKind(value.elementKind, GgufKind::String);
    const std::uint64_t elementBytes = strings ? sizeof(std::uint64_t) : scalarBytes(value.elementKind);
    if (elementBytes == 0)
        return failAbout(ErrorCode::Corrupt, "is an array of the unknown value kind " + number(value.elementKind));
    if (value.count > left() / elementBytes) {
        return failAbout(ErrorCode::Corrupt, "claims " + number(value.count) + " elements, but the " + number(left()) +
                                                 " bytes left hold at most " + number(left() / elementBytes));
    }
    if (strings) {
        std::string_view text;
        for (std::uint64_t i = 0; i < value.count; ++i) {
            if (!takeString(text, "an element")) {
                m_error.message += " (element " + number(i) + " of " + number(value.count) + ")";
                return false;
            }
        }
        return true;
    }
    if (!skip(value.count * elementBytes, "its elements")) return false;
    if (isKind(value.elementKind, GgufKind::Bool)) {
        for (std::uint64_t i = 0; i < value.count; ++i)
            if (!checkBool(value.offset + i)) return false;
    }
    return true;
}

bool GgufReader::readAlignment() {
    constexpr std::string_view kKey = "general.alignment";
    m_part = Part::Header;
    if (!m_file.has(kKey)) return true;
    const auto alignment = m_file.unsignedValue(kKey);
    if (!alignment) return fail(ErrorCode::Corrupt, "metadata key 'general.alignment' is not a positive integer");
    if (*alignment < kMinAlignment || *alignment > kMaxAlignment || !std::has_single_bit(*alignment)) {
        return fail(ErrorCode::Corrupt, "metadata key 'general.alignment' is " + number(*alignment) +
                                            ", not a power of two from " + number(kMinAlignment) + " to " +
                                            number(kMaxAlignment));
    }
    m_alignment = *alignment;
    return true;
}

bool GgufReader::readTensors() {
    if (m_tensorCount > kMaxTensors || m_tensorCount > left() / kMinTensorBytes) {
        return fail(ErrorCode::Corrupt, "it claims " + number(m_tensorCount) + " tensors, more than " +
                                            number(std::min(kMaxTensors, left() / kMinTensorBytes)) +
                                            " are possible here");
    }
    m_file.m_tensors.reserve(m_tensorCount);
    m_part = Part::Tensor;
    for (m_index = 0; m_index < m_tensorCount; ++m_index) {
        m_subjectName = {};
        if (!readTensor()) return false;
    }
    return true;
}

bool GgufReader::readTensor() {
    GgufTensor tensor;
    std::uint32_t typeNumber = 0;
    if (!takeString(tensor.name, "its name")) return false;
    if (tensor.name.empty()) return failAbout(ErrorCode::Corrupt, "has an empty name");
    m_subjectName = tensor.name;
    if (tensor.name.size() > kMaxNameBytes)
        return failAbout(ErrorCode::Corrupt,
                         "has a name of " + number(tensor.name.size()) + " bytes, at most 65535 are allowed");
    if (!readShape(tensor) || !take(typeNumber, "its type") || !take(tensor.fileOffset, "its offset")) return false;
    if (!measureTensor(typeNumber, tensor)) return false;
    if (!m_file.m_tensorIndex.emplace(tensor.name, m_file.m_tensors.size()).second)
        return failAbout(ErrorCode::Corrupt, "occurs twice");
    m_file.m_tensors.push_back(std::move(tensor));
    return true;
}

bool GgufReader::readShape(GgufTensor& tensor) {
    std::uint32_t dimensions = 0;
    if (!take(dimensions, "the number of its dimensions")) return false;
    if (dimensions == 0 || dimensions > kMaxDimensions)
        return failAbout(ErrorCode::Corrupt, "has " + number(dimensions) + " dimensions, 1 to 4 are allowed");
    tensor.shape.resize(dimensions);
    for (std::uint64_t& size : tensor.shape)
        if (!take(size, "its shape")) return false;
    if (std::ranges::find(tensor.shape, 0u) != tensor.shape.end())
        return failAbout(ErrorCode::Corrupt, "has the shape " + shapeText(tensor.shape) + ", a dimension of zero");
    return true;
}

// Sets data to a span of the right size; where it lies is known only when the whole directory has been read.
bool GgufReader::measureTensor(std::uint32_t typeNumber, GgufTensor& tensor) {
    tensor.type = static_cast<GgufType>(typeNumber);
    const GgufTypeTraits* traits = ggufTypeTraits(tensor.type);
    if (traits == nullptr)
        return failAbout(ErrorCode::Unsupported,
                         "has the type " + describeType(typeNumber) + ", which this version cannot read");
    if (tensor.shape[0] % traits->blockElements != 0) {
        return failAbout(ErrorCode::Corrupt, "has rows of " + number(tensor.shape[0]) +
                                                 " elements, not a multiple of the " + number(traits->blockElements) +
                                                 " that make a block of " + std::string(traits->name));
    }
    std::uint64_t bytes = traits->blockBytes;
    bool fits = true;
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
        const std::uint64_t factor = i == 0 ? tensor.shape[0] / traits->blockElements : tensor.shape[i];
        fits = fits && factor <= m_bytes.size() / bytes;
        if (fits) bytes *= factor;
    }
    if (!fits) {
        return failAbout(ErrorCode::Corrupt, "of type " + std::string(traits->name) + " and shape " +
                                                 shapeText(tensor.shape) + " does not fit in a file of " +
                                                 number(m_bytes.size()) + " bytes");
    }
    tensor.data = m_bytes.first(bytes);
    return true;
}

bool GgufReader::placeTensors() {
    m_dataStart = (m_at + m_alignment - 1) / m_alignment * m_alignment;
    m_index = 0;
    for (GgufTensor& tensor : m_file.m_tensors) {
        m_subjectName = tensor.name;
        const std::uint64_t offset = tensor.fileOffset;
        const std::uint64_t size = tensor.data.size();
        if (offset % m_alignment != 0)
            return failAbout(ErrorCode::Corrupt, "has the offset " + number(offset) +
                                                     ", not a multiple of the alignment " + number(m_alignment));
        const std::uint64_t room = m_bytes.size() - std::min<std::uint64_t>(m_dataStart, m_bytes.size());
        if (offset > room || size > room - offset) {
            return failAbout(ErrorCode::Corrupt, "needs " + number(size) + " bytes at offset " + number(offset) +
                                                     " of the data, which has only " + number(room) +
                                                     "; the file is incomplete or damaged");
        }
        tensor.fileOffset = m_dataStart + offset;
        tensor.data = m_bytes.subspan(tensor.fileOffset, size);
        ++m_index;
    }
    return true;
}

bool GgufReader::checkOverlaps() {
    const std::vector<GgufTensor>& tensors = m_file.m_tensors;
    std::vector<std::uint32_t> order(tensors.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return tensors[i].fileOffset; });
    for (std::size_t i = 1; i < order.size(); ++i) {
        const GgufTensor& before = tensors[order[i - 1]];
        const GgufTensor& tensor = tensors[order[i]];
        if (before.fileOffset + before.data.size() <= tensor.fileOffset) continue;
        m_index = order[i];
        m_subjectName = tensor.name;
        return failAbout(ErrorCode::Corrupt, "starts at byte " + number(tensor.fileOffset) + ", inside tensor " +
                                                 inQuotes(before.name) + ", which ends at " +
                                                 number(before.fileOffset + before.data.size()));
    }
    return true;
}

template <class T>
bool GgufReader::take(T& value, std::string_view what) {
    const std::uint64_t at = m_at;
    if (!skip(sizeof(T), what)) return false;
    value = loadNumber<T>(m_bytes.data() + at);
    return true;
}

bool GgufReader::takeString(std::string_view& text, std::string_view what) {
    std::uint64_t length = 0;
    if (!take(length, what)) return false;
    const std::uint64_t at = m_at;
    if (!skip(length, what)) return false;
    text = {reinterpret_cast<const char*>(m_bytes.data()) + at, length};
    return true;
}

bool GgufReader::skip(std::uint64_t bytes, std::string_view what) {
    if (bytes <= left()) {
        m_at += bytes;
        return true;
    }
    const bool whole = m_end == m_bytes.size();
    return failAbout(ErrorCode::Corrupt, "is cut off: " + std::string(what) + " takes " + number(bytes) +
                                             " bytes at offset " + number(m_at) + ", past the end of " +
                                             (whole ? "the file" : "what a directory may take") + " at " +
                                             number(m_end));
}

bool GgufReader::checkBool(std::uint64_t offset) {
    const auto value = std::to_integer<unsigned>(m_bytes[offset]);
    if (value <= 1) return true;
    return failAbout(ErrorCode::Corrupt, "has the truth value " + number(value) + ", neither 0 nor 1");
}

bool GgufReader::fail(ErrorCode code, std::string text) {
    m_error = {code, printable(m_file.m_name, std::string::npos) + ": " + std::move(text)};
    return false;
}

bool GgufReader::failAbout(ErrorCode code, std::string_view text) {
    return fail(code, subject() + " " + std::string(text));
}

std::string GgufReader::subject() const {
    if (m_part == Part::Header) return "the header";
    const bool key = m_part == Part::Key;
    if (!m_subjectName.empty()) return (key ? "metadata key " : "tensor ") + inQuotes(m_subjectName);
    return (key ? "metadata key " : "tensor ") + number(m_index + 1) + " of " +
           number(key ? m_keyCount : m_tensorCount);
}

}  // namespace larder::formats
