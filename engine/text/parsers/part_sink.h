// Appends parts to a caller's list, neighbours of one kind joined within one round. One thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/output_parser.h"

namespace larder::text {

class PartSink {
public:
    // From here on parts go to this list, which outlives the round; what it holds already is left alone.
    void begin(std::vector<OutputPart>& parts);

    void addText(std::string_view text);
    void addReasoning(std::string_view text);
    void startCall(std::size_t index, std::string name);
    void addArguments(std::size_t index, std::string_view json);
    void endCall(std::size_t index, bool complete, std::string raw);

private:
    template <class Part>
    Part* last();

    std::vector<OutputPart>* m_parts = nullptr;
    std::size_t m_first = 0;  // of this round
};

}  // namespace larder::text
