// Brings one file from the hub into its PartFile: several ranges at a time over connections of their own, redirects to the
// host that has the bytes (followed by hand, asked for anew when that address expires), pauses and new tries when
// something breaks. One thread, no waiting without tick().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/error.h"
#include "engine/hub.h"
#include "engine/hub/part_file.h"

namespace larder::hub {

struct TransferLimits {
    std::uint64_t smallestPart = 4 * 1024 * 1024;
    std::uint64_t largestPart = 64 * 1024 * 1024;
    std::chrono::milliseconds lowSpeedWindow{30'000};
    std::uint64_t lowSpeedBytes = 30'000;            // less than this in a window: the connection is made anew
    std::chrono::milliseconds firstPause{1000};      // after a failure; doubles with each one in a row
    std::chrono::milliseconds longestPause{60'000};
    std::chrono::milliseconds longestRetryAfter{300'000};
    std::size_t maxFailures = 8;                     // in a row, without a single new byte
    PartFile::Pace journal;

    // The defaults, with all times multiplied by LARDER_HUB_PATIENCE (0.001 to 100) where that is set: slow lines need more, tests
    // less.
    static TransferLimits fromEnvironment();
};

struct TransferView {
    std::uint64_t presentBytes = 0;    // of the file
    std::uint64_t receivedBytes = 0;   // new ones, by this transfer
    std::string remark;                // empty when all is well
};

enum class TransferEnd {
    Complete,
    Changed,   // the server has another version than the one the part was begun with: throw it away and start over
};

class Transfer {
public:
    struct Source {
        HubAccess access;
        std::string repository;
        std::string commit;
        RepositoryFile file;
        std::size_t connections = 1;
    };
    // REQUIRES: part outlives this object.
    Transfer(Source source, PartFile& part, TransferLimits limits);
    ~Transfer();

    // Blocks. tick is called about ten times a second; false ends with Cancelled. What arrived is in the part in any case,
    // not always in its journal.
    Expected<TransferEnd> run(const std::function<bool(const TransferView&)>& tick);

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::hub
