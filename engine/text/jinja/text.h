// A string that remembers, byte range by byte range, whether the template's author wrote it (trusted) or it came from
// messages, tools or variables (untrusted). A value type that fails when it gets too many ranges; one thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace larder::text::jinja {

class Text {
public:
    // Bytes [start of the previous run, end) have one provenance. Ends increase, neighbours differ.
    struct Run {
        std::size_t end = 0;
        bool trusted = false;
    };

    Text() = default;
    Text(std::string bytes, bool trusted);

    const std::string& bytes() const { return m_bytes; }
    std::size_t size() const { return m_bytes.size(); }
    std::size_t heldBytes() const { return m_bytes.size() + m_runs.size() * sizeof(Run); }
    bool empty() const { return m_bytes.empty(); }
    const std::vector<Run>& runs() const { return m_runs; }

    // Whether no byte is untrusted; true for the empty text.
    bool trusted() const;

    void append(std::string_view bytes, bool trusted);
    void append(const Text& other) { append(other, 0, other.size()); }
    void append(const Text& other, std::size_t first, std::size_t last);
    Text slice(std::size_t first, std::size_t last) const;

private:
    void extend(std::size_t end, bool trusted);

    std::string m_bytes;
    std::vector<Run> m_runs;
};

}  // namespace larder::text::jinja
