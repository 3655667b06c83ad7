// The sha256 of a file while it grows: a thread of its own reads behind the download, out of the page cache, so that the
// hash is known almost as soon as the last byte is there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/random_access_file.h"
#include "engine/error.h"

namespace larder::hub {

class PartHash {
public:
    // bytes: of the whole file. REQUIRES: part outlives this object.
    PartHash(const base::RandomAccessFile& part, std::uint64_t bytes);
    ~PartHash();  // stops within some milliseconds

    void advance(std::uint64_t prefixEnd);  // [0, prefixEnd) is written and will not change

    struct View {
        std::uint64_t hashedBytes = 0;
        std::optional<std::string> digest;  // lower-case hex, once everything is hashed
        std::optional<Error> failure;       // the file could not be read
    };
    View view() const;

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::hub
