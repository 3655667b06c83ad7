// The cold tier's threads: one keeper, which alone changes the folder, and one or two readers.
#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/kv/cold_store_inner.h"

namespace larder::kv {
namespace {

constexpr std::size_t kMostReaders = 2;
constexpr std::chrono::milliseconds kAskAgain{10};  // whether others still compute

}  // namespace

void ColdStore::Inner::start() {
    const std::size_t readers = std::min(kMostReaders, base::physicalCores());
    for (std::size_t i = 0; i < readers; ++i) bells.push_back(std::make_unique<base::Mailbox<bool>>());
    for (std::size_t i = 0; i < readers; ++i)
        readerThreads.emplace_back("cold-read-" + std::to_string(i), [this, i] { serveReads(i); });
    keeperThread = base::Thread("cold-keeper", [this] { keep(); });
}

void ColdStore::Inner::keep() {
    base::yieldToComputing();
    while (true) {
        const auto rest = std::chrono::duration<double, std::milli>(keeper.restMs());
        const auto until = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(rest);
        auto asked = wishes.waitUntil(until);
        const bool ends = wishes.closed();
        do {
            context.books.with([](ColdBooks& books) { books.rung = false; });
            for (const auto& wish : asked)
                if (wish) wish();
            asked = wishes.take();
        } while (!asked.empty() || (!ends && !wishes.closed() && keeper.step()));
        if (ends) return;
    }
}

void ColdStore::Inner::serveReads(std::size_t reader) {
    base::lowerThreadPriority();  // as those who compute: a request waits for what is read
    ColdReader work(context);
    const auto mayHelp = [&] { return reader == 0 || !context.settings.busy || !context.settings.busy(); };
    while (!bells[reader]->closed()) {
        if (!mayHelp()) {
            // While reads wait it asks now and then; else the bell tells.
            const bool waiting = context.books.with([](const ColdBooks& books) { return !books.reads.empty(); });
            if (waiting)
                bells[reader]->waitUntil(std::chrono::steady_clock::now() + kAskAgain);
            else
                bells[reader]->wait();
        } else if (!work.readNext()) {
            bells[reader]->wait();
        }
    }
}

void ColdStore::Inner::ringKeeper() {
    const bool rang = context.books.with([](ColdBooks& books) { return std::exchange(books.rung, true); });
    if (!rang) wishes.post({});
}

void ColdStore::Inner::ringReaders() {
    for (const auto& bell : bells) bell->post(true);
}

bool ColdStore::Inner::closed() const {
    return context.books.with([](const ColdBooks& books) { return books.closed; });
}

bool ColdStore::Inner::onKeeper(const std::function<void()>& wish) {
    if (closed()) return false;
    if (context.settings.manual) {
        wish();
        return true;
    }
    base::Mailbox<bool> done;
    const bool posted = wishes.post([&] {
        wish();
        done.post(true);
    });
    if (posted) done.wait();
    return posted;
}

Error ColdStore::Inner::closedError() const {
    return Error{ErrorCode::Unavailable, "The KV cache on the disk is closed."};
}

}  // namespace larder::kv
