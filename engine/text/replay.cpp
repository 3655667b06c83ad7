#include "engine/text/replay.h"

#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/text/replay_equality.h"

namespace larder::text {
namespace {

using base::Json;

// Texts one behind the other, so that different ones never hash as one.
class TextsHasher {
public:
    void add(std::string_view text) {
        add(std::uint64_t{text.size()});
        m_hasher.add(text);
    }
    void add(std::uint64_t number) { m_hasher.add(std::as_bytes(std::span(&number, 1))); }
    void add(const base::Hash128& hash) {
        add(hash.low);
        add(hash.high);
    }
    base::Hash128 value() const { return m_hasher.value(); }

private:
    base::Hasher128 m_hasher;
};

bool isAnswer(const Json& message) {
    return message.is_object() && message.contains("role") && message["role"].is_string() &&
           message["role"].get_ref<const std::string&>() == "assistant";
}

// What of a message tells conversations apart, and stays the same however a client changes the answers in it.
void addMessage(TextsHasher& digest, const Json& message) {
    if (isAnswer(message)) {
        digest.add("assistant");
        digest.add(trimmedText(message, "content"));
        const Json& calls = toolCallsOf(message);
        digest.add(std::uint64_t{calls.size()});
        for (const Json& call : calls) digest.add(callId(call));
        return;
    }
    for (const char* key : {"role", "content"}) {
        const auto it = message.is_object() ? message.find(key) : message.end();
        if (it == message.end()) digest.add("");
        else if (it->is_string()) digest.add(it->get_ref<const std::string&>());
        else digest.add(base::dumpJson(*it));
    }
}

// Ids of tool calls are unique for ever; without calls it is the words at this place of this conversation.
std::string keyOf(const Tokenizer& tokenizer, const Json& message, const base::Hash128& before) {
    TextsHasher hasher;
    hasher.add(tokenizer.digest());
    const Json& calls = toolCallsOf(message);
    if (!calls.empty() && !callId(calls.front()).empty()) {
        hasher.add("call");
        hasher.add(callId(calls.front()));
    } else {
        hasher.add("words");
        hasher.add(before);
        hasher.add(trimmedText(message, "content"));
    }
    const base::Hash128 key = hasher.value();
    std::string bytes;
    for (const std::uint64_t half : {key.low, key.high})
        for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(half >> shift & 0xff);
    return bytes;
}

ReplayedAnswer answerOf(ReplayRecord record, const Json& message) {
    ReplayedAnswer answer;
    answer.tokens = std::move(record.tokens);
    answer.promptBytes = record.promptBytes;
    answer.promptHash = {record.promptHash[0], record.promptHash[1]};
    answer.reasoning = trimmedText(message, "reasoning_content");
    answer.content = trimmedText(message, "content");
    for (const Json& call : toolCallsOf(message)) answer.callNames.emplace_back(callName(call));
    return answer;
}

// The record's answer in place of the message, if that is the same.
std::optional<ReplayedAnswer> restore(ReplayRecord record, const Tokenizer& tokenizer, Json& message, const Json* tools) {
    // Whoever stored it, the engine must never see a token that its model lacks.
    const auto known = [&](TokenId token) { return token >= 0 && static_cast<std::size_t>(token) < tokenizer.vocabulary(); };
    if (!std::all_of(record.tokens.begin(), record.tokens.end(), known)) return std::nullopt;
    auto sent = base::parseJson(record.message);
    if (!sent || !isAnswer(*sent) || !isSameAnswer(message, *sent, tools)) return std::nullopt;
    message = std::move(*sent);
    return answerOf(std::move(record), message);
}

}  // namespace

RestoredMessages restoreAnswers(ReplayStore& store, const Tokenizer& tokenizer, Json& messages, const Json* tools) {
    RestoredMessages restored;
    TextsHasher digest;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        Json& message = messages[i];
        if (isAnswer(message)) {
            auto record = store.find(keyOf(tokenizer, message, digest.value()));
            auto answer = record ? restore(std::move(*record), tokenizer, message, tools) : std::nullopt;
            if (answer) {
                answer->message = i;
                restored.answers.push_back(std::move(*answer));
            }
        }
        addMessage(digest, message);
    }
    restored.digest = digest.value();
    return restored;
}

void rememberAnswer(ReplayStore& store, const Tokenizer& tokenizer, const ReplayPlace& place, const Json& message,
                    std::vector<TokenId> tokens) {
    assert(isAnswer(message));
    ReplayRecord record;
    record.message = base::dumpJson(message);
    record.tokens = std::move(tokens);
    record.promptBytes = place.promptBytes;
    record.promptHash = {place.promptHash.low, place.promptHash.high};
    store.put(keyOf(tokenizer, message, place.conversation), std::move(record));
}

}  // namespace larder::text
