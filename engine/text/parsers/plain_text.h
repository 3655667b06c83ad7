// The parser for answers in which nothing is looked for. One answer each; one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/text/output_parser.h"

namespace larder::text {

class PlainText final : public OutputParser {
public:
    void add(std::string_view text, std::vector<OutputPart>& parts) override {
        if (!text.empty()) parts.emplace_back(PartText{std::string(text)});
    }
    void finish(std::vector<OutputPart>&) override {}
};

}  // namespace larder::text
