// The events of an answer as blocks, which are Anthropic's content blocks and the items of OpenAI's Responses: stretches of
// one kind become one block, numbered from 0.
// Stretches of nothing but white space become none, because clients drop such blocks and the conversation would come back
// without them. One answer each; one thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/api/chat_request.h"

namespace larder::api {

enum class AnswerBlock { Text, Thinking, ToolUse };

struct BlockStart {
    std::size_t index = 0;
    AnswerBlock kind = AnswerBlock::Text;
    std::string id;    // ToolUse
    std::string name;  // ToolUse
};
struct BlockPiece {  // of text, thinking, or the call's JSON; not empty
    std::size_t index = 0;
    AnswerBlock kind = AnswerBlock::Text;
    std::string text;
};
struct BlockStop {
    std::size_t index = 0;
    AnswerBlock kind = AnswerBlock::Text;
    std::string signature;  // Thinking
    bool complete = true;   // ToolUse: the pieces are one JSON object
    std::string raw;        // ToolUse: the call as the model wrote it
};
using BlockStep = std::variant<BlockStart, BlockPiece, BlockStop>;

class AnswerBlocks {
public:
    // Appends what follows from the event. OutputFinished ends the last block; an answer without any block gets an empty
    // text block.
    void add(const OutputEvent& event, std::vector<BlockStep>& steps);

private:
    void addPiece(AnswerBlock kind, std::string_view text, std::vector<BlockStep>& steps);
    void open(AnswerBlock kind, std::vector<BlockStep>& steps, std::string id = {}, std::string name = {});
    void close(std::vector<BlockStep>& steps);

    bool m_isOpen = false;
    AnswerBlock m_kind = AnswerBlock::Text;  // of the open block
    std::size_t m_blocks = 0;                      // begun so far
    std::string m_thinking;                        // of the open block, for its signature
    AnswerBlock m_heldKind = AnswerBlock::Text;
    std::string m_held;  // white space that begins a stretch; a block begins with its first other character
};

}  // namespace larder::api
