// Damaged files, kept for whoever wants to know why: quarantine/NNNNNN-KEY.safetensors, at most 16 and 1 % of the limit. And what
// happens to files that left the books: damaged ones come here, others are removed. Keeper's thread only; blocks on the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <vector>

#include "engine/error.h"
#include "engine/kv/cold_books.h"

namespace larder::kv {

class ColdQuarantine {
public:
    explicit ColdQuarantine(ColdContext& context) : m_context(&context) {}

    Expected<void> load();                       // what is there from earlier runs
    // Deals with every leftover. An Error: the disk refused one; it is tried again a minute later.
    Expected<void> settleLeftovers();
    // A file that is in nobody's books. bytes: what it takes on the disk.
    Expected<void> take(const std::filesystem::path& file, const BlockKey& key, std::uint64_t bytes);
    Expected<void> trim();
    bool empty() const { return m_files.empty(); }
    Expected<void> removeOldest();               // REQUIRES that it is not empty

private:
    struct Kept {
        std::filesystem::path file;
        std::uint64_t bytes = 0;
    };
    Expected<void> settle(const ColdLeftover& leftover);
    void publish();

    ColdContext* m_context;
    std::deque<Kept> m_files;                    // oldest first
    std::uint64_t m_bytes = 0;
    std::uint64_t m_number = 0;
    std::vector<ColdLeftover> m_stuck;
    double m_retryMs = 0;
};

}  // namespace larder::kv
