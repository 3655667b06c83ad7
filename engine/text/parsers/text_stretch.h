// The white space at the two ends of a stretch of text. Fed byte by byte, it passes everything on except:
// - one line break right before the marker that ends the stretch;
// - what its LeadingLines say at its beginning;
// - all of a stretch that is nothing but white space (up to kMaxSeparatorBytes) beside a marker.
// One answer each; one thread at a time.
#pragma once

#include <cstdint>
#include <string>

namespace larder::text {

// The line breaks at the beginning of a stretch that only separate.
enum class LeadingLines : std::uint8_t {
    Keep,  // none: the answer begins
    One,   // behind a call
    All    // behind a marker of reasoning
};

class TextStretch {
public:
    explicit TextStretch(LeadingLines leading) : m_leading(leading) {}

    // Appends to out what is certain now.
    void add(char byte, std::string& out);
    // The answer ends here.
    void finish(std::string& out);
    // Nothing but white space so far.
    bool blank() const { return m_blank; }

private:
    void endBlank(std::string& out);

    LeadingLines m_leading;
    bool m_blank = true;
    std::string m_spaces;      // while blank
    bool m_lineBreak = false;  // held back: the last byte was one
};

}  // namespace larder::text
