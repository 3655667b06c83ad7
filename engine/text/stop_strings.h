// Ends an answer at the first of some strings: passes text on, holds back what may be the beginning of a stop string.
// One generation each; one thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace larder::text {

class StopStrings {
public:
    // UTF-8, as they come from requests. Empty strings are ignored.
    explicit StopStrings(std::vector<std::string> stops);

    struct Result {
        std::string text;      // may be passed on now; never contains a stop string
        bool stopped = false;  // the answer ends here; later text is dropped
        std::string stop;      // which one, when stopped
    };
    // The match that ends first wins, whatever the pieces were; at the same end, the longest. Held back is what may
    // still become a stop string (at most the longest one's bytes - 1), and a UTF-8 character that is not complete.
    Result add(const std::string& text);
    // No more text will come: what was held back is text.
    std::string finish();

private:
    // A prefix of some stop strings. Together they are an Aho-Corasick automaton: one step a byte, whatever the stops.
    struct Prefix {
        std::vector<std::pair<unsigned char, std::size_t>> next;  // by one more byte
        std::size_t length = 0;
        std::size_t shorter = 0;  // the longest other prefix that is a suffix of this one; 0: the empty one
        std::size_t stop = std::string::npos;  // the longest stop string that is a suffix, index into m_stops
    };
    std::size_t child(std::size_t prefix, unsigned char byte) const;
    std::size_t step(std::size_t prefix, unsigned char byte) const;
    void insert(std::size_t stop);
    void linkSuffixes();
    std::string release(std::size_t bytes);

    std::vector<std::string> m_stops;
    std::vector<Prefix> m_prefixes;  // [0] is the empty one
    std::size_t m_prefix = 0;        // the longest that the text so far ends with
    std::string m_held;              // from m_heldFirst on; the front is cut off now and then
    std::size_t m_heldFirst = 0;
    bool m_stopped = false;
    std::size_t m_stop = 0;  // which, when stopped
};

}  // namespace larder::text
