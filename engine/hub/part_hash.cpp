#include "engine/hub/part_hash.h"

#include <algorithm>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/base/sha256.h"
#include "engine/base/snapshot.h"
#include "engine/base/thread.h"

namespace larder::hub {

struct PartHash::Inner {
    static constexpr std::uint64_t kReadBytes = 512 * 1024;  // stays in the second-level cache between read and hash

    const base::RandomAccessFile& part;
    const std::uint64_t bytes;
    base::Mailbox<std::uint64_t> ends;
    base::Snapshot<View> published;
    base::Thread thread;

    Inner(const base::RandomAccessFile& file, std::uint64_t size) : part(file), bytes(size) {
        thread = base::Thread("download-hash", [this] { run(); });
    }

    void run() {
        base::Sha256 hash;
        std::vector<std::byte> buffer(kReadBytes);
        View view;
        std::uint64_t end = 0;
        while (view.hashedBytes < bytes) {
            for (const std::uint64_t one : ends.wait()) end = std::max(end, std::min(one, bytes));
            while (view.hashedBytes < end && !ends.closed()) {
                const auto wanted = static_cast<std::size_t>(std::min(kReadBytes, end - view.hashedBytes));
                const auto got = part.readAt(view.hashedBytes, std::span(buffer).first(wanted));
                if (!got.ok() || *got < wanted) {
                    view.failure = got.ok() ? Error{ErrorCode::Io, part.path().string() + " became shorter"} : got.error();
                    published.publish(view);
                    return;
                }
                hash.update(std::span<const std::byte>(buffer).first(wanted));
                view.hashedBytes += wanted;
                published.publish(view);
            }
            if (ends.closed()) return;
        }
        view.digest = hash.finish();
        published.publish(view);
    }
};

PartHash::PartHash(const base::RandomAccessFile& part, std::uint64_t bytes) : m_inner(std::make_unique<Inner>(part, bytes)) {}

PartHash::~PartHash() {
    m_inner->ends.close();
    m_inner->thread.join();
}

void PartHash::advance(std::uint64_t prefixEnd) { m_inner->ends.post(prefixEnd); }

PartHash::View PartHash::view() const { return m_inner->published.read(); }

}  // namespace larder::hub
