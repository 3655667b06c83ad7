#include "engine/kv/cold_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <charconv>
#include <cstring>

#include "engine/base/crc32c.h"
#include "engine/formats/safetensors.h"

namespace larder::kv {
namespace {

constexpr std::size_t kMaxParts = 16;
constexpr int kMaxGroups = 32;                            // ColdFacts::groups has so many bits
constexpr std::string_view kStatedCrc = "\"crc32c\":\"";  // what stands before the eight digits
constexpr std::size_t kCrcDigits = 8;
constexpr std::string_view kKindNames[] = {"full", "tail", "state"};
constexpr std::string_view kCodecNames[] = {"none", "zstd"};

std::string hexDigits(std::uint64_t value, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t i = digits; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
    return text;
}

// Lower case only: a flipped bit between 'a' and 'A' must not go unseen.
std::optional<std::uint64_t> parseHex(std::string_view text) {
    std::uint64_t value = 0;
    for (const char c : text) {
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return std::nullopt;
        value = value << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
}

std::optional<std::uint64_t> parseNumber(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string_view> splitAtCommas(std::string_view text) {
    std::vector<std::string_view> pieces;
    for (std::size_t comma = 0; comma != std::string_view::npos;) {
        comma = text.find(',');
        pieces.push_back(text.substr(0, comma));
        if (comma != std::string_view::npos) text.remove_prefix(comma + 1);
    }
    return pieces;
}

std::string partName(int group) {
    return group < 0 ? "state" : "group_" + std::to_string(group);
}

std::optional<int> groupOf(std::string_view name) {
    if (name == "state") return -1;
    if (!name.starts_with("group_")) return std::nullopt;
    const auto number = parseNumber(name.substr(6));
    if (!number || *number >= kMaxGroups || partName(static_cast<int>(*number)) != name) return std::nullopt;
    return static_cast<int>(*number);
}

// Where the eight digits stand, if they do.
std::optional<std::size_t> placeOfCrc(std::string_view head) {
    const std::size_t found = head.find(kStatedCrc);
    if (found == std::string_view::npos || found + kStatedCrc.size() + kCrcDigits > head.size()) return std::nullopt;
    return found + kStatedCrc.size();
}

std::uint32_t crcOfHead(std::span<const std::byte> head, std::size_t digits) {
    return base::crc32c(head.subspan(digits + kCrcDigits), base::crc32c(head.first(digits)));
}

std::string_view textOf(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Error corrupt(std::string_view what) {
    return Error{ErrorCode::Corrupt, "The block of KV on the disk is damaged: " + std::string(what) + "."};
}

// The metadata that is one value of its own; false: something is missing or malformed.
bool readValues(const formats::SafeTensorsHeader& header, ColdHead& head) {
    const auto value = [&](std::string_view name) -> std::string_view {
        const std::string* found = header.meta(name);
        return found ? std::string_view(*found) : std::string_view();
    };
    const auto kind = std::find(std::begin(kKindNames), std::end(kKindNames), value("kind"));
    const auto key = keyOfHex(value("key"));
    const auto parent = keyOfHex(value("parent"));
    const auto identity = keyOfHex(value("identity"));
    const auto position = parseNumber(value("position"));
    const auto element = parseNumber(value("element_bytes"));
    if (kind == std::end(kKindNames) || !key || !parent || !identity || !position || !element) return false;
    if (*position > std::uint64_t{1} << 40 || (*element != 1 && *element != 2 && *element != 4)) return false;
    head.kind = static_cast<ColdKind>(kind - std::begin(kKindNames) + 1);
    head.key = *key;
    head.parent = *parent;
    head.identity = *identity;
    head.position = *position;
    head.elementBytes = *element;
    return true;
}

bool readParts(const formats::SafeTensorsHeader& header, ColdHead& head) {
    const std::string* codecs = header.meta("codec");
    const std::string* sizes = header.meta("raw_bytes");
    const std::size_t count = header.tensors.size() - 1;
    if (!codecs || !sizes || count > kMaxParts) return false;
    // A model whose layers keep nothing but a state: its blocks are tokens alone.
    if (count == 0) return head.kind != ColdKind::State && codecs->empty() && sizes->empty();
    const auto codecNames = splitAtCommas(*codecs);
    const auto rawSizes = splitAtCommas(*sizes);
    if (codecNames.size() != count || rawSizes.size() != count) return false;
    std::uint64_t groups = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const formats::SafeTensor& tensor = header.tensors[i + 1];
        const auto group = groupOf(tensor.name);
        const auto codec = std::find(std::begin(kCodecNames), std::end(kCodecNames), codecNames[i]);
        const auto rawBytes = parseNumber(rawSizes[i]);
        if (!group || (*group < 0) != (head.kind == ColdKind::State) || codec == std::end(kCodecNames) || !rawBytes) return false;
        if (tensor.type != "U8" || tensor.shape.size() != 1 || *rawBytes > std::uint64_t{1} << 32) return false;
        const std::uint64_t bit = std::uint64_t{1} << (*group + 1);
        if (groups & bit) return false;
        groups |= bit;
        head.parts.push_back({*group, static_cast<ColdCodec>(codec - std::begin(kCodecNames)), *rawBytes,
                              tensor.lastByte - tensor.firstByte});
        if (head.parts.back().codec == ColdCodec::None && head.parts.back().storedBytes != *rawBytes) return false;
    }
    return head.kind != ColdKind::State || count == 1;
}

bool readTokens(const formats::SafeTensorsHeader& header, std::span<const std::byte> bytes, ColdHead& head) {
    const formats::SafeTensor& tokens = header.tensors.front();
    if (tokens.name != "tokens" || tokens.type != "I32" || tokens.shape.size() != 1) return false;
    const std::uint64_t count = tokens.shape[0];
    const bool counts = head.kind == ColdKind::Full   ? count == kBlockTokens
                        : head.kind == ColdKind::Tail ? count >= 1 && count < kBlockTokens
                                                      : count >= 1 && count <= kBlockTokens;
    if (!counts || header.dataOffset + count * sizeof(TokenId) != kColdHeadBytes) return false;
    head.tokens.resize(count);
    std::memcpy(head.tokens.data(), bytes.data() + header.dataOffset, count * sizeof(TokenId));
    return true;
}

BlockKey keyOfHead(const ColdHead& head) {
    switch (head.kind) {
        case ColdKind::Full: return childKey(head.parent, head.tokens);
        case ColdKind::Tail: return tailKey(head.parent, head.tokens);
        case ColdKind::State: return stateKey(head.parent, head.tokens);
    }
    return {};
}

}  // namespace

// Tokens are written as they lie in memory.
static_assert(std::endian::native == std::endian::little && sizeof(TokenId) == 4);

std::size_t ColdHead::fileBytes() const {
    std::size_t bytes = kColdHeadBytes;
    for (const Part& part : parts) bytes += part.storedBytes;
    return bytes;
}

std::string writeColdHead(const ColdHead& head, std::span<const std::span<const std::byte>> payload) {
    assert((!head.parts.empty() || head.kind != ColdKind::State) && head.parts.size() <= kMaxParts && payload.size() == head.parts.size());
    assert(!head.tokens.empty() && head.tokens.size() <= kBlockTokens);
    formats::SafeTensorsHeader header;
    std::string codecs;
    std::string sizes;
    std::uint64_t offset = head.tokens.size() * sizeof(TokenId);
    header.tensors.push_back({"tokens", "I32", {head.tokens.size()}, 0, offset});
    for (const ColdHead::Part& part : head.parts) {
        if (!codecs.empty()) codecs += ',';
        if (!sizes.empty()) sizes += ',';
        codecs += kCodecNames[static_cast<std::size_t>(part.codec)];
        sizes += std::to_string(part.rawBytes);
        header.tensors.push_back({partName(part.group), "U8", {part.storedBytes}, offset, offset + part.storedBytes});
        offset += part.storedBytes;
    }
    // The checksum stands first, so that its place does not depend on what else is said.
    header.metadata = {{"crc32c", std::string(kCrcDigits, '0')},
                       {"format", "larder-kv"},
                       {"version", std::to_string(kColdFormatVersion)},
                       {"kind", std::string(kKindNames[static_cast<std::size_t>(head.kind) - 1])},
                       {"key", hexOf(head.key)},
                       {"parent", hexOf(head.parent)},
                       {"identity", hexOf(head.identity)},
                       {"position", std::to_string(head.position)},
                       {"element_bytes", std::to_string(head.elementBytes)},
                       {"codec", codecs},
                       {"raw_bytes", sizes}};
    const std::size_t tokenBytes = head.tokens.size() * sizeof(TokenId);
    std::string text = formats::writeSafeTensorsHeader(header, kColdHeadBytes - tokenBytes);
    text.append(reinterpret_cast<const char*>(head.tokens.data()), tokenBytes);
    assert(text.size() == kColdHeadBytes);
    const auto digits = placeOfCrc(text);
    assert(digits);
    std::uint32_t crc = crcOfHead(std::as_bytes(std::span(text)), *digits);
    for (const auto& part : payload) crc = base::crc32c(part, crc);
    text.replace(*digits, kCrcDigits, hexDigits(crc, kCrcDigits));
    return text;
}

Expected<ColdHead> readColdHead(std::span<const std::byte> bytes, std::uint64_t fileBytes) {
    if (bytes.size() < kColdHeadBytes || fileBytes < kColdHeadBytes) return corrupt("it is shorter than its head");
    bytes = bytes.first(kColdHeadBytes);
    const auto size = formats::safeTensorsHeaderBytes(bytes, kColdHeadBytes);
    if (!size) return size.error();
    const auto header = formats::readSafeTensorsHeader(bytes, fileBytes);
    if (!header) return header.error();
    const std::string* format = header->meta("format");
    const std::string* version = header->meta("version");
    if (!format || *format != "larder-kv") return corrupt("it does not say that it is one");
    if (!version || *version != std::to_string(kColdFormatVersion)) return corrupt("its format has another version");
    const auto digits = placeOfCrc(textOf(bytes));
    if (!digits || !parseHex(textOf(bytes).substr(*digits, kCrcDigits))) return corrupt("it states no checksum");
    ColdHead head;
    if (header->tensors.empty() || !readValues(*header, head) || !readTokens(*header, bytes, head) || !readParts(*header, head))
        return corrupt("its metadata is malformed");
    if (head.fileBytes() != fileBytes) return corrupt("its length is wrong");
    const bool first = head.parent == rootKey(head.identity);
    if (head.position % kBlockTokens != 0 || first != (head.position == 0)) return corrupt("its position is wrong");
    if (head.key != keyOfHead(head)) return corrupt("its key is not that of its tokens");
    return head;
}

ColdChecksum::ColdChecksum(std::span<const std::byte> head) {
    assert(head.size() == kColdHeadBytes);
    const auto digits = placeOfCrc(textOf(head));
    assert(digits);
    m_stated = static_cast<std::uint32_t>(*parseHex(textOf(head).substr(*digits, kCrcDigits)));
    m_crc = crcOfHead(head, *digits);
}

void ColdChecksum::add(std::span<const std::byte> payload) {
    m_crc = base::crc32c(payload, m_crc);
}

std::string hexOf(const BlockKey& key) {
    return hexDigits(key.high, 16) + hexDigits(key.low, 16);
}

std::optional<BlockKey> keyOfHex(std::string_view digits) {
    if (digits.size() != 32) return std::nullopt;
    const auto high = parseHex(digits.substr(0, 16));
    const auto low = parseHex(digits.substr(16));
    if (!high || !low) return std::nullopt;
    return BlockKey{*low, *high};
}

std::string coldFileName(const BlockKey& key) {
    const std::string digits = hexOf(key);
    return "blocks/" + digits.substr(0, 2) + "/" + digits + ".safetensors";
}

}  // namespace larder::kv
