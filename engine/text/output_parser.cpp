#include "engine/text/output_parser.h"

#include "engine/text/parsers/call_reader.h"
#include "engine/text/parsers/marked_answer.h"
#include "engine/text/parsers/plain_text.h"

namespace larder::text {
namespace {

CallFamily callsOf(ToolCallFormat format) {
    switch (format) {
        case ToolCallFormat::None: break;
        case ToolCallFormat::HermesJson: return hermesJsonCalls();
        case ToolCallFormat::QwenXml: return qwenXmlCalls();
        case ToolCallFormat::LlamaJson: return llamaJsonCalls();
    }
    return {};
}

}  // namespace

std::unique_ptr<OutputParser> makeOutputParser(OutputParserSettings settings) {
    if (settings.toolCalls == ToolCallFormat::None && !settings.reasoning) return std::make_unique<PlainText>();
    CallFamily family = callsOf(settings.toolCalls);
    return std::make_unique<MarkedAnswer>(std::move(settings), std::move(family));
}

}  // namespace larder::text
