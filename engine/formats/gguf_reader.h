// Fills a GgufFile from its bytes: walks header, metadata and tensor directory once, front to back, and checks every
// number before it is used. Private to formats/. One thread; used once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/error.h"
#include "engine/formats/gguf.h"

namespace larder::formats {

class GgufReader {
public:
    // REQUIRES file.m_name and file.m_bytes set, all else empty.
    explicit GgufReader(GgufFile& file);

    // Corrupt or Unsupported; the file is then of no use.
    Expected<void> read();

private:
    // What is being read, put into words only when something is wrong with it.
    enum class Part { Header, Key, Tensor };

    bool readHeader();
    bool readVersion();
    bool readMetadata();
    bool readValue();
    bool readArray(GgufFile::Value& value);
    bool readAlignment();
    bool readTensors();
    bool readTensor();
    bool readShape(GgufTensor& tensor);
    bool measureTensor(std::uint32_t typeNumber, GgufTensor& tensor);
    bool placeTensors();
    bool checkOverlaps();

    template <class T>
    bool take(T& value, std::string_view what);
    bool takeString(std::string_view& text, std::string_view what);
    bool skip(std::uint64_t bytes, std::string_view what);
    bool checkBool(std::uint64_t offset);

    // Records the first Error and returns false.
    bool fail(ErrorCode code, std::string text);
    bool failAbout(ErrorCode code, std::string_view text);
    std::string subject() const;
    std::uint64_t left() const { return m_end - m_at; }

    GgufFile& m_file;
    std::span<const std::byte> m_bytes;
    std::uint64_t m_at = 0;
    std::uint64_t m_end = 0;           // the directory must lie in [0, m_end)
    std::uint64_t m_keyCount = 0;
    std::uint64_t m_tensorCount = 0;
    std::uint64_t m_alignment = 32;
    std::uint64_t m_dataStart = 0;

    Part m_part = Part::Header;
    std::uint64_t m_index = 0;         // of the key or tensor
    std::string_view m_subjectName;    // once known
    Error m_error;
};

}  // namespace larder::formats
