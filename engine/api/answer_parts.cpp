#include "engine/api/answer_parts.h"

#include <utility>

#include "engine/base/secret.h"

namespace larder::api {
namespace {

template <class... Functions>
struct Each : Functions... {
    using Functions::operator()...;
};

}  // namespace

AnswerParts::AnswerParts(AnswerPartsSettings settings)
    : m_callIdPrefix(std::move(settings.callIdPrefix)),
      m_answer(*settings.tokenizer, std::move(settings.markers), std::move(settings.stops)),
      m_parser(text::makeOutputParser(std::move(settings.parser))) {}

void AnswerParts::add(GeneratedToken token, std::vector<OutputEvent>& events) {
    pass(m_answer.add(std::move(token)), events);
}

void AnswerParts::finish(std::vector<OutputEvent>& events) {
    if (std::exchange(m_finished, true)) return;
    pass(m_answer.finish(), events);
    m_parser->finish(m_parts);
    for (text::OutputPart& part : m_parts) events.push_back(event(std::move(part)));
    m_parts.clear();
}

void AnswerParts::pass(OutputText output, std::vector<OutputEvent>& events) {
    if (!output.text.empty()) m_parser->add(output.text, m_parts);
    // Log probabilities belong to tokens, not to kinds of text: they come first, with the text where there is some.
    bool pending = !output.logprobs.empty();
    for (text::OutputPart& part : std::exchange(m_parts, {})) {
        OutputEvent next = event(std::move(part));
        if (auto* text = std::get_if<OutputText>(&next); text != nullptr && std::exchange(pending, false))
            text->logprobs = std::move(output.logprobs);
        events.push_back(std::move(next));
    }
    if (pending) events.push_back(OutputText{{}, std::move(output.logprobs)});
}

OutputEvent AnswerParts::event(text::OutputPart part) {
    return std::visit(
        Each{[this](text::PartText& text) -> OutputEvent {
                 m_message.text += text.text;
                 return OutputText{std::move(text.text), {}};
             },
             [this](text::PartReasoning& reasoning) -> OutputEvent {
                 m_message.reasoning += reasoning.text;
                 return OutputReasoning{std::move(reasoning.text)};
             },
             [this](text::PartCallStart& call) -> OutputEvent {
                 // Clients drop a call whose id they have seen in any conversation: 96 random bits are never seen twice.
                 m_message.calls.push_back({m_callIdPrefix + base::randomHex(12), call.name, {}, false});
                 return OutputCallStart{call.index, m_message.calls.back().id, std::move(call.name)};
             },
             [this](text::PartCallArguments& arguments) -> OutputEvent {
                 m_message.calls.back().arguments += arguments.json;
                 return OutputCallArguments{arguments.index, std::move(arguments.json)};
             },
             [this](text::PartCallEnd& end) -> OutputEvent {
                 m_message.calls.back().complete = end.complete;
                 m_completeCalls += end.complete ? 1 : 0;
                 return OutputCallEnd{end.index, end.complete, std::move(end.raw)};
             }},
        part);
}

}  // namespace larder::api
