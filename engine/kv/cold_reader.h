// Reads blocks that were asked for, one after another: from the staging or from their files, into the reader's memory, checked.
// What is bad or gone is taken out of the books. One object a thread.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/kv/cold_books.h"
#include "engine/kv/cold_folder.h"

namespace larder::kv {

class ColdReader {
public:
    explicit ColdReader(ColdContext& context) : m_context(&context) {}

    // The next read that waits. False: none does. Blocks on the disk.
    bool readNext();

    // Reads and checks the file of a block that is on the disk. False: it is bad, and out of the books.
    bool verify(const BlockKey& key, std::uint64_t& bytes);

private:
    struct Source;

    std::size_t read(const ColdRead& order, std::uint64_t& fileBytes);
    bool openSource(const BlockKey& key, const ColdRead& order, Source& source);
    Expected<void> fill(const Source& source, const ColdRead& order);
    bool giveUp(const BlockKey& key, const Error& error);
    void expect(const std::vector<BlockKey>& keys);

    ColdContext* m_context;
    ColdScratch m_scratch;
    DiskLoss m_loss = DiskLoss::None;  // of the read under way
};

}  // namespace larder::kv
