// What holds for the parts of any answer, whatever a model wrote: for tests with random answers and for fuzzing. One thread.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/text/output_parser.h"

namespace larder::support {

// Whether parts is text without some of its white space and markers of reasoning, and nothing else.
inline bool nothingLost(std::string_view text, std::string_view parts) {
    // When text is matched up to here, so many bytes of parts may be: several, for what may be left out need not be.
    std::vector<std::set<std::size_t>> matched(text.size() + 1);
    matched[0] = {0};
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::string_view rest = text.substr(at);
        for (const std::size_t count : matched[at]) {
            if (count < parts.size() && parts[count] == rest[0]) matched[at + 1].insert(count + 1);
            if (std::string_view(" \t\r\n").find(rest[0]) != std::string_view::npos) matched[at + 1].insert(count);
            for (const std::string_view marker : {"<think>", "</think>"}) {
                if (rest.starts_with(marker)) matched[at + marker.size()].insert(count);
            }
        }
        matched[at].clear();
    }
    return matched.back().contains(parts.size());
}

struct OutputSummary {
    std::string written;  // text, reasoning and raw calls, joined
    std::string problem;  // "" when the parts follow each other as they should
};

// One call's parts follow each other; calls count from 0; the arguments of complete ones are one JSON object.
inline OutputSummary summarised(const std::vector<text::OutputPart>& parts) {
    OutputSummary out;
    bool open = false;
    std::size_t calls = 0;
    std::string arguments;
    for (const text::OutputPart& part : parts) {
        if (const auto* plain = std::get_if<text::PartText>(&part)) {
            if (open || plain->text.empty()) out.problem = "text is empty or inside a call";
            out.written += plain->text;
        } else if (const auto* thought = std::get_if<text::PartReasoning>(&part)) {
            if (open || thought->text.empty()) out.problem = "reasoning is empty or inside a call";
            out.written += thought->text;
        } else if (const auto* start = std::get_if<text::PartCallStart>(&part)) {
            if (open || start->index != calls || start->name.empty()) out.problem = "a call starts wrongly";
            open = true;
            arguments.clear();
        } else if (const auto* piece = std::get_if<text::PartCallArguments>(&part)) {
            if (!open || piece->index != calls || piece->json.empty()) out.problem = "arguments are empty or of no call";
            arguments += piece->json;
        } else if (const auto* end = std::get_if<text::PartCallEnd>(&part)) {
            if (!open || end->index != calls++ || end->raw.empty()) out.problem = "a call ends wrongly";
            open = false;
            out.written += end->raw;
            const auto json = base::parseJson(arguments);
            if (end->complete != (json.ok() && json->is_object())) out.problem = "arguments are whole or not, and it says otherwise: " + arguments;
        }
    }
    if (open) out.problem = "a call never ends";
    return out;
}

// "" when all is well.
inline std::string brokenPromise(std::string_view text, const std::vector<text::OutputPart>& parts) {
    const OutputSummary summary = summarised(parts);
    if (!summary.problem.empty()) return summary.problem;
    return nothingLost(text, summary.written) ? "" : "something was lost or added";
}

}  // namespace larder::support
