// Builds the bytes of small GGUF files, right or wrong on purpose. One thread.
// Example: GgufWriter().text("general.architecture", "llama").tensor("a.weight", GgufType::F32, {4, 2}, bytes).bytes().
// The head counts what was added unless told otherwise; the raw... verbs write anything.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/formats/gguf.h"

namespace larder::support {

// A string of bytes that numbers are appended to, little-endian.
class ByteWriter {
public:
    template <class T>
    requires std::is_arithmetic_v<T> ByteWriter& number(T value) {
        const auto at = m_bytes.size();
        m_bytes.resize(at + sizeof value);
        std::memcpy(m_bytes.data() + at, &value, sizeof value);
        return *this;
    }
    ByteWriter& raw(std::string_view text) {
        const auto* first = reinterpret_cast<const std::byte*>(text.data());
        m_bytes.insert(m_bytes.end(), first, first + text.size());
        return *this;
    }
    ByteWriter& string(std::string_view text) { return number<std::uint64_t>(text.size()).raw(text); }
    ByteWriter& bytes(const std::vector<std::byte>& more) {
        m_bytes.insert(m_bytes.end(), more.begin(), more.end());
        return *this;
    }
    void padTo(std::size_t alignment) {
        while (m_bytes.size() % alignment != 0) m_bytes.push_back(std::byte{0});
    }
    const std::vector<std::byte>& bytes() const { return m_bytes; }
    std::size_t size() const { return m_bytes.size(); }

private:
    std::vector<std::byte> m_bytes;
};

class GgufWriter {
public:
    // A scalar or an array of the C++ type's own GGUF kind (float -> FLOAT32, std::uint8_t -> UINT8, bool -> BOOL ...).
    template <class T>
    GgufWriter& value(std::string_view key, T scalar) {
        return rawKey(key, kindOf<T>(), ByteWriter().number(scalar));
    }
    template <class T>
    GgufWriter& array(std::string_view key, const std::vector<T>& elements) {
        ByteWriter payload = arrayHead(kindOf<T>(), elements.size());
        for (const T element : elements) payload.number(element);
        return rawKey(key, kArray, payload);
    }
    GgufWriter& text(std::string_view key, std::string_view value);
    GgufWriter& texts(std::string_view key, const std::vector<std::string>& elements);

    // Any kind number and payload.
    GgufWriter& rawKey(std::string_view key, std::uint32_t kind, const ByteWriter& payload);
    static ByteWriter arrayHead(std::uint32_t elementKind, std::uint64_t count);

    // A tensor with its data; the offset follows the data written so far, aligned.
    GgufWriter& tensor(std::string_view name, formats::GgufType type, const std::vector<std::uint64_t>& shape,
                       const std::vector<std::byte>& data);
    // A directory entry only, with any numbers.
    GgufWriter& rawTensor(std::string_view name, std::uint32_t type, const std::vector<std::uint64_t>& shape,
                          std::uint64_t offset);
    GgufWriter& data(const std::vector<std::byte>& bytes);  // appended to the data section as it is

    GgufWriter& version(std::uint32_t number) {
        m_version = number;
        return *this;
    }
    GgufWriter& claimKeys(std::uint64_t count) {
        m_claimedKeys = count;
        return *this;
    }
    GgufWriter& claimTensors(std::uint64_t count) {
        m_claimedTensors = count;
        return *this;
    }
    GgufWriter& alignment(std::uint32_t bytes);  // writes general.alignment and follows it

    std::vector<std::byte> bytes() const;  // the whole file

    static constexpr std::uint32_t kString = 8;
    static constexpr std::uint32_t kArray = 9;

private:
    template <class T>
    static constexpr std::uint32_t kindOf() {
        if constexpr (std::is_same_v<T, bool>)
            return 7;
        else if constexpr (std::is_same_v<T, float>)
            return 6;
        else if constexpr (std::is_same_v<T, double>)
            return 12;
        else
            return (sizeof(T) == 8 ? 10 : 2 * static_cast<std::uint32_t>(std::countr_zero(sizeof(T)))) +
                   std::is_signed_v<T>;
    }

    ByteWriter m_keys;
    ByteWriter m_tensors;
    ByteWriter m_data;
    std::uint64_t m_keyCount = 0;
    std::uint64_t m_tensorCount = 0;
    std::optional<std::uint64_t> m_claimedKeys;
    std::optional<std::uint64_t> m_claimedTensors;
    std::uint32_t m_version = 3;
    std::uint32_t m_alignment = 32;
};

}  // namespace larder::support
