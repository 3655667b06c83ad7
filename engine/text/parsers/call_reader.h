// Reads one call, byte by byte, from its opening on: one implementation for each way in which models write calls.
// One call each; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace larder::text {

enum class CallStep : std::uint8_t {
    Open,   // more may follow
    Ended,  // whole or broken off
    NoCall  // it never was one, and nothing was reported
};

// What is known of a call so far.
struct CallReport {
    bool named = false;      // it is a call, and this is its name
    std::string name;
    std::string arguments;   // further JSON; whoever takes it clears it
    bool complete = false;   // the arguments, joined, are one JSON object
    bool closed = false;     // its closing marker was seen, or it needs none
    std::size_t unread = 0;  // Ended, NoCall: so many of the last bytes are not part of it
};

class CallReader {
public:
    virtual ~CallReader() = default;
    // Ended comes only after named. No bytes follow an end.
    virtual CallStep add(char byte) = 0;
    // No more text comes. Never Open.
    virtual CallStep finish() = 0;

    CallReport& report() { return m_report; }

protected:
    CallStep end(CallStep step, std::size_t unread) {
        m_report.unread = unread;
        return step;
    }
    CallReport m_report;
};

enum class BareCalls : std::uint8_t {
    Never,
    InOpenBlock,  // behind a call without closing marker: another in the same block
    WhereNoText   // behind anything but text
};

// How calls begin.
struct CallFamily {
    std::vector<std::string> openings;  // markers
    BareCalls bare = BareCalls::Never;  // where "{" without a marker begins one
    // For a call that begins with one of the openings, or (opening is empty) with "{", which is yet to be fed. tools may be
    // null and outlive it.
    std::unique_ptr<CallReader> (*open)(std::string_view opening, const base::Json* tools) = nullptr;
};

CallFamily hermesJsonCalls();
CallFamily qwenXmlCalls();
CallFamily llamaJsonCalls();

}  // namespace larder::text
