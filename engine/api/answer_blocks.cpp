#include "engine/api/answer_blocks.h"

#include <cinttypes>
#include <cstdio>
#include <span>
#include <utility>

#include "engine/base/hash.h"

namespace larder::api {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\f\v";

// Clients keep it and send it back with the thinking; nobody here checks it.
std::string signatureOf(const std::string& thinking) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016" PRIx64, base::hash64(std::as_bytes(std::span(thinking.data(), thinking.size()))));
    return digits;
}

}  // namespace

void AnswerBlocks::add(const OutputEvent& event, std::vector<BlockStep>& steps) {
    if (const auto* text = std::get_if<OutputText>(&event)) {
        addPiece(AnswerBlock::Text, text->text, steps);
    } else if (const auto* reasoning = std::get_if<OutputReasoning>(&event)) {
        addPiece(AnswerBlock::Thinking, reasoning->text, steps);
    } else if (const auto* start = std::get_if<OutputCallStart>(&event)) {
        open(AnswerBlock::ToolUse, steps, start->id, start->name);
    } else if (const auto* arguments = std::get_if<OutputCallArguments>(&event)) {
        if (!arguments->json.empty()) steps.push_back(BlockPiece{m_blocks - 1, AnswerBlock::ToolUse, arguments->json});
    } else if (const auto* end = std::get_if<OutputCallEnd>(&event)) {
        steps.push_back(BlockStop{m_blocks - 1, AnswerBlock::ToolUse, {}, end->complete, end->raw});
        m_isOpen = false;
    } else if (std::holds_alternative<OutputFinished>(event)) {
        close(steps);
        if (m_blocks == 0) open(AnswerBlock::Text, steps);
        close(steps);
    }
}

void AnswerBlocks::addPiece(AnswerBlock kind, std::string_view text, std::vector<BlockStep>& steps) {
    if (text.empty()) return;
    if (!m_isOpen || m_kind != kind) {
        if (m_heldKind != kind) m_held.clear();
        m_heldKind = kind;
        m_held += text;
        if (text.find_first_not_of(kBlanks) == text.npos) return;
        const std::string whole = std::exchange(m_held, {});
        open(kind, steps);
        return addPiece(kind, whole, steps);
    }
    m_held.clear();
    if (kind == AnswerBlock::Thinking) m_thinking += text;
    steps.push_back(BlockPiece{m_blocks - 1, kind, std::string(text)});
}

void AnswerBlocks::open(AnswerBlock kind, std::vector<BlockStep>& steps, std::string id, std::string name) {
    close(steps);
    m_isOpen = true;
    m_kind = kind;
    m_held.clear();
    steps.push_back(BlockStart{m_blocks++, kind, std::move(id), std::move(name)});
}

void AnswerBlocks::close(std::vector<BlockStep>& steps) {
    if (!std::exchange(m_isOpen, false)) return;
    BlockStop stop{m_blocks - 1, m_kind, {}, true, {}};
    if (m_kind == AnswerBlock::Thinking) stop.signature = signatureOf(std::exchange(m_thinking, {}));
    steps.push_back(std::move(stop));
}

}  // namespace larder::api
