// GGUF v2/v3 container: metadata and tensor directory over a memory-mapped file, every number checked before use.
// Format: github.com/ggml-org/ggml, docs/gguf.md. No meaning here: what a key or tensor is for is model's and text's.
// Immutable once opened: any thread. Views point into the map and live as long as the GgufFile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/file.h"
#include "engine/error.h"

namespace larder::formats {

// ggml's type numbers; do not change: they are on disk. Only those with a row in ggufTypeTraits() can be read.
enum class GgufType : std::uint32_t {
    F32 = 0, F16 = 1, Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8, Q2_K = 10, Q3_K = 11, Q4_K = 12, Q5_K = 13,
    Q6_K = 14, BF16 = 30,
};

// name "Q4_1"; a row of n elements takes n / blockElements * blockBytes bytes.
struct GgufTypeTraits {
    std::string_view name;
    std::uint32_t blockElements = 0;
    std::uint32_t blockBytes = 0;
};
// nullptr for a type number that is unknown.
const GgufTypeTraits* ggufTypeTraits(GgufType type);

struct GgufTensor {
    std::string_view name;
    GgufType type = GgufType::F32;
    std::vector<std::uint64_t> shape;  // ggml order: [0] is the contiguous dimension; 1 to 4 entries, each >= 1
    std::uint64_t fileOffset = 0;      // of data, from the start of the file
    std::span<const std::byte> data;   // exactly the tensor's bytes

    std::uint64_t rowElements() const { return shape[0]; }
    std::uint64_t rows() const;        // product of the other dimensions
};

class GgufFile {
public:
    // Reads directory and metadata, touches no tensor data. Corrupt / Unsupported name the key or tensor and the number.
    static Expected<GgufFile> open(const std::filesystem::path& path);
    // The same over bytes that outlive the result (fuzzing, tests).
    static Expected<GgufFile> parse(std::span<const std::byte> bytes, std::string name);

    const std::string& name() const { return m_name; }      // path or given name, for messages
    const base::MappedFile* mapping() const { return m_file ? &*m_file : nullptr; }
    std::span<const std::byte> bytes() const { return m_bytes; }

    // Metadata. Each returns nullopt when the key is missing or of another kind; integers of any width convert when
    // the value fits. Arrays are decoded on demand.
    bool has(std::string_view key) const;
    std::optional<std::uint64_t> unsignedValue(std::string_view key) const;
    std::optional<std::int64_t> signedValue(std::string_view key) const;
    std::optional<double> floatValue(std::string_view key) const;      // also from integers
    std::optional<bool> boolValue(std::string_view key) const;
    std::optional<std::string_view> stringValue(std::string_view key) const;
    std::optional<std::vector<std::string_view>> stringArray(std::string_view key) const;
    std::optional<std::vector<float>> floatArray(std::string_view key) const;
    std::optional<std::vector<std::int64_t>> integerArray(std::string_view key) const;  // integers and bools
    std::vector<std::string_view> keys() const;

    const std::vector<GgufTensor>& tensors() const { return m_tensors; }
    const GgufTensor* tensor(std::string_view name) const;             // nullptr if missing

private:
    // Where a value lies in the file; decoded by the getters. Checked at open.
    struct Value {
        std::uint32_t kind = 0;          // GGUF value type
        std::uint32_t elementKind = 0;   // of an array
        std::uint64_t count = 0;         // of an array
        std::uint64_t offset = 0;        // of the payload
    };
    friend class GgufReader;
    const Value* array(std::string_view key) const;  // nullptr if missing or no array

    std::string m_name;
    std::optional<base::MappedFile> m_file;
    std::span<const std::byte> m_bytes;
    std::map<std::string_view, Value> m_values;
    std::vector<GgufTensor> m_tensors;
    std::map<std::string_view, std::size_t> m_tensorIndex;
};

}  // namespace larder::formats
