// The inside of ColdStore: its books, its threads, and the way onto the keeper's thread. Included by the sources of ColdStore only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/base/guarded.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/kv/cold_books.h"
#include "engine/kv/cold_keeper.h"
#include "engine/kv/cold_reader.h"
#include "engine/kv/cold_store.h"

namespace larder::kv {

struct ColdStore::Inner {
    Inner(ColdSettings settings, const ColdFolder& folder) : context(std::move(settings), folder), keeper(context), manualReader(context) {}

    ColdContext context;
    std::unique_ptr<base::FileLockHandle> lock;
    ColdKeeper keeper;                        // by the keeper's thread; before it starts and after it ended by open() and close()
    ColdReader manualReader;
    base::Guarded<bool> byHand{false};        // an import or export is on its way: one at a time
    base::Mailbox<std::function<void()>> wishes;  // to the keeper's thread; an empty one only wakes it
    std::vector<std::unique_ptr<base::Mailbox<bool>>> bells;  // of the readers
    base::Thread keeperThread;
    std::vector<base::Thread> readerThreads;
    std::uint64_t nextImport = 0;             // keeper's thread only

    void start();
    void keep();
    void serveReads(std::size_t reader);
    void ringKeeper();
    void ringReaders();
    bool closed() const;

    // Runs it on the keeper's thread and waits for its end; in manual mode on this one. False: the store is closed.
    bool onKeeper(const std::function<void()>& wish);
    Error closedError() const;
    // The end of the prefix that an id, or its beginning, names.
    Expected<BlockKey> endOf(const std::string& id) const;
};

}  // namespace larder::kv
