#include "tests/support/gguf_writer.h"

namespace larder::support {

GgufWriter& GgufWriter::text(std::string_view key, std::string_view value) {
    return rawKey(key, kString, ByteWriter().string(value));
}

GgufWriter& GgufWriter::texts(std::string_view key, const std::vector<std::string>& elements) {
    ByteWriter payload = arrayHead(kString, elements.size());
    for (const std::string& element : elements) payload.string(element);
    return rawKey(key, kArray, payload);
}

GgufWriter& GgufWriter::rawKey(std::string_view key, std::uint32_t kind, const ByteWriter& payload) {
    m_keys.string(key).number(kind).bytes(payload.bytes());
    ++m_keyCount;
    return *this;
}

ByteWriter GgufWriter::arrayHead(std::uint32_t elementKind, std::uint64_t count) {
    return ByteWriter().number(elementKind).number(count);
}

GgufWriter& GgufWriter::tensor(std::string_view name, formats::GgufType type, const std::vector<std::uint64_t>& shape,
                               const std::vector<std::byte>& data) {
    m_data.padTo(m_alignment);
    rawTensor(name, static_cast<std::uint32_t>(type), shape, m_data.size());
    m_data.bytes(data);
    return *this;
}

GgufWriter& GgufWriter::rawTensor(std::string_view name, std::uint32_t type, const std::vector<std::uint64_t>& shape,
                                  std::uint64_t offset) {
    m_tensors.string(name).number(static_cast<std::uint32_t>(shape.size()));
    for (const std::uint64_t size : shape) m_tensors.number(size);
    m_tensors.number(type).number(offset);
    ++m_tensorCount;
    return *this;
}

GgufWriter& GgufWriter::data(const std::vector<std::byte>& bytes) {
    m_data.bytes(bytes);
    return *this;
}

GgufWriter& GgufWriter::alignment(std::uint32_t bytes) {
    m_alignment = bytes;
    return value("general.alignment", bytes);
}

std::vector<std::byte> GgufWriter::bytes() const {
    ByteWriter file;
    file.raw("GGUF").number(m_version);
    file.number(m_claimedTensors.value_or(m_tensorCount)).number(m_claimedKeys.value_or(m_keyCount));
    file.bytes(m_keys.bytes()).bytes(m_tensors.bytes());
    file.padTo(m_alignment);
    file.bytes(m_data.bytes());
    return file.bytes();
}

}  // namespace larder::support
