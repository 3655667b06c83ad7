#include "engine/kv/cold_archive.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>

namespace larder::kv {
namespace {

constexpr std::size_t kTarBlock = 512;
constexpr std::size_t kNameBytes = 100;

// Where the fields of a header begin, and how long they are (POSIX ustar).
struct Field {
    std::size_t offset;
    std::size_t bytes;
};
constexpr Field kMode{100, 8};
constexpr Field kSize{124, 12};
constexpr Field kModified{136, 12};
constexpr Field kSum{148, 8};
constexpr std::size_t kType = 156;
constexpr std::size_t kMagic = 257;

using TarHeader = std::array<char, kTarBlock>;

void putOctal(TarHeader& header, Field field, std::uint64_t value) {
    for (std::size_t i = field.bytes - 1; i-- > 0; value >>= 3) header[field.offset + i] = static_cast<char>('0' + (value & 7));
}

std::optional<std::uint64_t> octalOf(const TarHeader& header, Field field) {
    const char* first = header.data() + field.offset;
    const char* last = std::find_if(first, first + field.bytes, [](char c) { return c == '\0' || c == ' '; });
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(first, last, value, 8);
    if (problem != std::errc{} || end != last) return std::nullopt;
    return value;
}

// Of all bytes, those of the sum itself taken as spaces.
std::uint64_t sumOf(const TarHeader& header) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < header.size(); ++i)
        sum += i >= kSum.offset && i < kSum.offset + kSum.bytes ? std::uint64_t{' '} : static_cast<unsigned char>(header[i]);
    return sum;
}

std::uint64_t padded(std::uint64_t bytes) {
    return (bytes + kTarBlock - 1) / kTarBlock * kTarBlock;
}

}  // namespace

Expected<void> ColdArchiveWriter::pad() {
    const std::uint64_t rest = padded(m_offset) - m_offset;
    const std::array<std::byte, kTarBlock> zeros{};
    return append(std::span(zeros).first(rest));
}

Expected<void> ColdArchiveWriter::begin(std::string_view name, std::uint64_t bytes) {
    assert(name.size() < kNameBytes);
    if (auto done = pad(); !done) return done;
    TarHeader header{};
    std::copy(name.begin(), name.end(), header.begin());
    putOctal(header, kMode, 0600);
    putOctal(header, {108, 8}, 0);
    putOctal(header, {116, 8}, 0);
    putOctal(header, kSize, bytes);
    putOctal(header, kModified, 0);
    header[kType] = '0';
    std::memcpy(header.data() + kMagic, "ustar\00000", 8);
    putOctal(header, kSum, sumOf(header));
    return append(std::as_bytes(std::span(header)));
}

Expected<void> ColdArchiveWriter::append(std::span<const std::byte> bytes) {
    if (bytes.empty()) return {};
    if (auto written = m_file->writeAt(m_offset, bytes); !written) return written;
    m_offset += bytes.size();
    return {};
}

Expected<void> ColdArchiveWriter::finish() {
    if (auto done = pad(); !done) return done;
    const std::array<std::byte, 2 * kTarBlock> zeros{};
    return append(zeros);
}

Expected<std::optional<ColdArchiveMember>> ColdArchiveReader::next() {
    const Error broken{ErrorCode::Corrupt, "The file is not an exported prefix, or it is damaged."};
    TarHeader header{};
    const auto got = m_file->readAt(m_offset, std::as_writable_bytes(std::span(header)));
    if (!got) return got.error();
    if (*got != header.size()) return broken;
    if (std::all_of(header.begin(), header.end(), [](char c) { return c == '\0'; })) return std::optional<ColdArchiveMember>{};
    const auto bytes = octalOf(header, kSize);
    const auto sum = octalOf(header, kSum);
    if (!bytes || !sum || *sum != sumOf(header) || header[kType] != '0' || *bytes > std::uint64_t{1} << 40) return broken;
    ColdArchiveMember member;
    member.name.assign(header.data(), ::strnlen(header.data(), kNameBytes));
    member.offset = m_offset + kTarBlock;
    member.bytes = *bytes;
    m_offset = member.offset + padded(*bytes);
    return std::optional(std::move(member));
}

}  // namespace larder::kv
