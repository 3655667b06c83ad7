// The one who changes the cold tier's folder: puts what was decided in RAM onto the disk, in small steps, and keeps the index.
// One thread at a time, the keeper's; every step blocks on the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/error.h"
#include "engine/kv/cold_adoption.h"
#include "engine/kv/cold_books.h"
#include "engine/kv/cold_imports.h"
#include "engine/kv/cold_index.h"
#include "engine/kv/cold_quarantine.h"
#include "engine/kv/cold_removals.h"
#include "engine/kv/cold_room.h"
#include "engine/kv/cold_trouble.h"
#include "engine/kv/cold_writer.h"

namespace larder::kv {

class ColdKeeper {
public:
    explicit ColdKeeper(ColdContext& context);

    // Reads the index into the catalog; makes it anew when it is broken. Before anything else.
    Expected<void> load();

    // The most urgent piece of work. False: nothing to do now.
    bool step();
    // How long there is nothing to do unless somebody rings.
    double restMs();
    // Writes what is staged and the index, as far as the disk lets it.
    void finish();

    // For what is done by hand, on this thread.
    Expected<void> settleLeftovers() { return m_quarantine.settleLeftovers(); }
    Expected<void> flushIndex();                       // all of it
    Expected<void> finishScan();                       // at once, so that all bytes are counted
    Expected<void> removeStrays();                     // and the quarantine
    ColdImports& imports() { return m_imports; }

private:
    Expected<void> openIndex();
    Expected<void> loadIndex();
    void rebuildIndex();
    bool evictSome();
    bool takeStagedBack();
    bool flushSome(bool everything);
    ColdIndexChanges takeChanges(bool everything);
    void putBack(const ColdIndexChanges& changes);
    Expected<void> writeChanges(const ColdIndexChanges& changes);
    void measureIndex();

    ColdContext* m_context;
    ColdTrouble m_trouble;
    ColdRemovals m_removals;
    ColdQuarantine m_quarantine;
    ColdAdoption m_adoption;
    ColdRoom m_room;
    ColdWriter m_writer;
    ColdImports m_imports;
    std::unique_ptr<ColdIndex> m_index;                // none: it has to be made anew
    std::uint64_t m_indexBaseBytes = 0;                // after the last checkpoint
    double m_flushedMs = 0;
};

}  // namespace larder::kv
