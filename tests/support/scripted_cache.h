// A test double for what is kept on the disk: answers what the test put there, and notes what was asked. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/cache_control.h"

namespace larder::support {

class ScriptedCache final : public CacheControl {
public:
    // Set before use.
    ColdTierStatus tier;
    CacheListing listing;
    CacheCleared cleared;
    CacheVerified verified;
    std::vector<double> progress;          // what verify reports, in order
    std::optional<Error> refusal;          // of every verb but status()
    std::function<void()> whileVerifying;  // before each report

    std::vector<std::string> asked() const {
        std::lock_guard lock(m_mutex);
        return m_asked;
    }

    ColdTierStatus status() const override { return tier; }
    Expected<CacheListing> list() override { return answer("list", listing); }
    Expected<void> pin(const std::string& id, bool pinned) override {
        note((pinned ? "pin " : "unpin ") + id);
        return refusal ? Expected<void>(*refusal) : Expected<void>();
    }
    Expected<CacheCleared> clear(const std::string& model, bool pinnedToo) override {
        return answer("clear \"" + model + "\"" + (pinnedToo ? " pinned too" : ""), cleared);
    }
    Expected<CacheVerified> verify(const std::function<bool(double)>& report) override {
        CacheVerified result = verified;
        for (const double fraction : progress) {
            if (whileVerifying) whileVerifying();
            if (report && !report(fraction)) {
                note("verify stopped");
                result.complete = false;
                return result;
            }
        }
        return answer("verify", result);
    }
    Expected<ExportedPrefix> exportPrefix(const std::string& id, const std::filesystem::path& file) override {
        return answer("export " + id + " " + file.string(), ExportedPrefix{100, 2, 3000});
    }
    Expected<ImportedPrefix> importPrefix(const std::filesystem::path& file) override {
        return answer("import " + file.string(), ImportedPrefix{"tiny", 100, 2, 3000, 1});
    }

private:
    void note(const std::string& what) {
        std::lock_guard lock(m_mutex);
        m_asked.push_back(what);
    }
    template <class T>
    Expected<T> answer(const std::string& what, T result) {
        note(what);
        return refusal ? Expected<T>(*refusal) : Expected<T>(std::move(result));
    }

    mutable std::mutex m_mutex;
    std::vector<std::string> m_asked;
};

}  // namespace larder::support
