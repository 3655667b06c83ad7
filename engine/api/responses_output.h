// An answer as output items of the Responses protocol, and the events that tell of them: the same items whether they are streamed or
// collected. One answer each; one thread at a time.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/api/answer_blocks.h"
#include "engine/api/chat_request.h"
#include "engine/api/responses_tools.h"
#include "engine/base/json.h"

namespace larder::api {

struct ResponsesOutputSettings {
    std::map<std::string, ResponsesTool> tools;  // by the names that the model sees
    bool summariseReasoning = false;             // reasoning goes out as a summary, else as content
    bool sealReasoning = false;                  // ... and in encrypted_content
};

class ResponsesOutput {
public:
    explicit ResponsesOutput(ResponsesOutputSettings settings) : m_settings(std::move(settings)) {}

    // Appends the events that follow, without sequence numbers. An item that the answer's length cut off, and a call that
    // broke off, is "incomplete".
    void add(const OutputEvent& event, std::vector<base::Json>& events);

    const base::Json& items() const { return m_items; }           // array: those that are done
    const std::string& reasoning() const { return m_reasoning; }  // all of it

private:
    using Events = std::vector<base::Json>;
    void start(const BlockStart& start, Events& events);
    void piece(const BlockPiece& piece, Events& events);
    void stop(const BlockStop& stop, bool cutOff, Events& events);
    void startCall(const BlockStart& start);
    void stopMessage(Events& events);
    void stopReasoning(Events& events);
    void stopCall(const BlockStop& stop, Events& events);
    // About the current item.
    base::Json itemEvent(const char* type) const;
    base::Json partEvent(const char* type, base::Json part) const;

    const ResponsesOutputSettings m_settings;
    AnswerBlocks m_blocks;
    base::Json m_items = base::Json::array();
    base::Json m_item;     // the current one
    std::string m_pieces;  // of it
    std::string m_reasoning;
};

}  // namespace larder::api
