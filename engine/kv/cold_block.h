// One block of KV on the disk: a safetensors file that says itself what it is and carries a checksum. docs/kv_format.md has the
// grammar; change it together with this. Pure functions over bytes; any thread.
//
//   [0, 4096)     safetensors header (padded with spaces), then the tensor "tokens"; so that
//   [4096, end)   payload begins on a page: tensors "group_0", "group_1", ... as far as there are, or "state"
//
// The CRC32C covers every byte of the file but the eight hex digits that state it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/compression.h"
#include "engine/base/hash.h"
#include "engine/error.h"
#include "engine/kv/block_key.h"
#include "engine/types.h"

namespace larder::kv {

enum class ColdKind : std::uint8_t { Full = 1, Tail = 2, State = 3 };  // on the disk: do not change
enum class ColdCodec : std::uint8_t { None = 0, Zstd = 1 };             // on the disk: do not change

inline constexpr std::size_t kColdHeadBytes = 4096;  // of every file: all but the payload
inline constexpr int kColdFormatVersion = 1;

// What a file holds, payload apart.
struct ColdHead {
    ColdKind kind = ColdKind::Full;
    BlockKey key;                      // childKey, tailKey or stateKey of parent and tokens
    BlockKey parent;                   // key of the full block before it, or the root key of identity
    base::Hash128 identity;
    std::size_t position = 0;          // tokens before it, a multiple of 64
    std::vector<TokenId> tokens;       // 64 of a full block, 1..63 of a tail, 1..64 of a state (it stands after them)
    std::size_t elementBytes = 1;      // of the numbers in the payload, for the byte planes
    struct Part {
        int group = 0;                 // layer group; -1: the state
        ColdCodec codec = ColdCodec::None;
        std::size_t rawBytes = 0;
        std::size_t storedBytes = 0;
    };
    std::vector<Part> parts;           // in the order of the payload

    std::size_t fileBytes() const;     // kColdHeadBytes and the stored parts
};

// The first 4096 bytes of the file; payload: the stored parts, one after another. REQUIRES at most 16 parts.
std::string writeColdHead(const ColdHead& head, std::span<const std::span<const std::byte>> payload);

// From the first 4096 bytes. Corrupt: not such a file, another version, keys that are not those of the tokens, sizes that
// disagree with fileBytes. Does not know the payload: see ColdChecksum.
Expected<ColdHead> readColdHead(std::span<const std::byte> head, std::uint64_t fileBytes);

// Checks a file while it is read: feed the head, then the payload in order; ok() at the end.
class ColdChecksum {
public:
    explicit ColdChecksum(std::span<const std::byte> head);  // [4096] REQUIRES that readColdHead accepted it
    void add(std::span<const std::byte> payload);
    bool ok() const { return m_crc == m_stated; }

private:
    std::uint32_t m_crc = 0;
    std::uint32_t m_stated = 0;
};

// "blocks/3f/3f07...c2.safetensors": 32 hex digits of the key, high half first.
std::string coldFileName(const BlockKey& key);
std::string hexOf(const BlockKey& key);
std::optional<BlockKey> keyOfHex(std::string_view digits);  // lower case only

}  // namespace larder::kv
