// Blocks of others, unpacked into incoming/NUMBER/ and not believed yet: counted, found by nobody, until they are accepted or
// dropped. Keeper's thread only; blocks on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/kv/cold_books.h"
#include "engine/kv/cold_removals.h"
#include "engine/kv/cold_room.h"

namespace larder::kv {

class ColdImports {
public:
    ColdImports(ColdContext& context, ColdRoom& room, ColdRemovals& removals) : m_context(&context), m_room(&room), m_removals(&removals) {}

    Expected<std::uint64_t> begin();
    // One block's file, checked by the caller.
    Expected<void> add(std::uint64_t number, const BlockKey& key, std::span<const std::byte> file);
    // Into blocks/ and the books, in this order; those that are there already are left out.
    Expected<void> accept(std::uint64_t number, std::span<const ColdHead> blocks, const std::string& model);
    void drop(std::uint64_t number);

private:
    Expected<void> takeIn(std::uint64_t number, const ColdHead& head);

    ColdContext* m_context;
    ColdRoom* m_room;
    ColdRemovals* m_removals;
    std::uint64_t m_last = 0;
    std::map<std::uint64_t, std::map<std::string, std::uint64_t>> m_files;  // of an import: bytes by name
};

std::filesystem::path incomingFile(const ColdFolder& folder, std::uint64_t number, const BlockKey& key);

}  // namespace larder::kv
