// Ends an answer at the first of some strings: passes text on, holds back what may be the beginning of a stop string.
// One generation each; one thread at a time.
#pragma once

#include <string>
#include <vector>

namespace larder::text {

class StopStrings {
public:
    // Empty strings are ignored.
    explicit StopStrings(std::vector<std::string> stops);

    struct Result {
        std::string text;      // may be passed on now; never contains a stop string
        bool stopped = false;  // the answer ends here; later text is dropped
        std::string stop;      // which one, when stopped
    };
    // The match that ends first wins, whatever the pieces were; at the same end, the longest.
    Result add(const std::string& text);
    // No more text will come: what was held back is text.
    std::string finish();

private:
    std::vector<std::string> m_stops;
    std::string m_held;
    bool m_stopped = false;
};

}  // namespace larder::text
