// What the disk refuses: told once in the log and as status().problem, followed by a pause before it is tried again (1 s,
// doubling to 60 s), over when something was written. Keeper's thread only.
#pragma once

#include <string>

#include "engine/error.h"
#include "engine/kv/cold_books.h"

namespace larder::kv {

class ColdTrouble {
public:
    explicit ColdTrouble(ColdContext& context) : m_context(&context) {}

    void failed(const Error& error);            // starts a pause
    void noRoom(const std::string& why);        // nothing is wrong with the disk: no pause
    void worked();
    bool pausing();                             // ends the pause when its time has come
    double untilMs() const { return m_untilMs; }
    void endPause();

private:
    ColdContext* m_context;
    double m_untilMs = 0;
    double m_pauseMs = 0;
    bool m_paused = false;
    bool m_logged = false;
};

}  // namespace larder::kv
