// Reads an answer byte by byte and says whether it can still become what its grammar wants. States are small values: a
// token is tried by stepping a copy. Containers that are open lie in a store that only grows, each pointing at the one
// around it; what trying tokens left there is dropped afterwards. One thread at a time.
//
// White space: one blank may stand behind ':' and ',', none elsewhere. So a text is either compact or as Python writes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/text/json_grammar.h"
#include "engine/text/json_scalars.h"

namespace larder::text {

class GrammarReader {
public:
    class State {
        friend GrammarReader;
        enum class Place : std::uint8_t {
            Opening,      // m_first, m_last of the openings (or again), m_at bytes of them
            Value,        // m_node
            Literal,      // m_first, m_last of m_node's, m_at bytes of them
            Number,
            String,       // a value
            FreeKey,      // a string, of an open object
            ArrayStart, ObjectStart, NextKey,
            Key,          // m_first, m_last of the object's properties, m_at bytes of them
            Colon,        // then a value that is m_node
            AfterItem,    // ',' or the end of the container
            Closing,      // m_at
            Ended
        };
        Place m_place = Place::Opening;
        bool m_again = false;
        std::uint8_t m_blanks = 0;  // so many may come first
        JsonStringReader m_string;
        JsonNumberReader m_number;
        std::int32_t m_container = -1;  // the innermost open one
        GrammarNode m_node = kNoValue;
        std::uint32_t m_first = 0, m_last = 0, m_at = 0;
    };

    // What the store held at a moment.
    struct Mark {
        std::size_t containers = 0;
        std::size_t words = 0;
    };

    explicit GrammarReader(std::shared_ptr<const AnswerGrammar> grammar) : m_grammar(std::move(grammar)) {}

    State start() const;
    bool step(State& state, std::uint8_t byte);  // false: it cannot go on so; the state is then worth nothing
    bool mayEnd(const State& state) const;

    // Inside a string, between two characters: whatever TokenTrie::plain() has may come, and leaves the state as it is.
    static bool inPlainString(const State& state);
    static bool inCharacter(const State& state);  // inside a character of several bytes

    Mark mark() const { return {m_containers.size(), m_seen.size()}; }
    void forgetSince(const Mark& mark);
    void keepOnly(State& state);  // forgets every container but those that are open there

private:
    struct Container {
        std::int32_t parent = -1;
        std::int32_t object = -1;     // its shape; -1: an array
        GrammarNode items = kNoValue;
        std::uint32_t seen = 0;       // where m_seen has a bit for each property that was there, if it is a closed object
        std::uint32_t depth = 0;
    };

    bool startAnswer(State& state, bool again) const;
    bool opening(State& state, std::uint8_t byte);
    bool closing(State& state, std::uint8_t byte);
    bool value(State& state, std::uint8_t byte);
    bool beginValue(State& state, GrammarNode node, std::uint8_t blanks);
    bool literal(State& state, std::uint8_t byte);
    bool number(State& state, std::uint8_t byte);
    bool string(State& state, std::uint8_t byte);
    bool item(State& state, std::uint8_t byte);
    bool keyOrEnd(State& state, std::uint8_t byte);
    bool beginKey(State& state, std::uint8_t byte);
    bool key(State& state, std::uint8_t byte);
    bool afterItem(State& state, std::uint8_t byte);
    void completeValue(State& state);
    void open(State& state, Container container);
    bool close(State& state);
    bool mayNest(const State& state) const;
    bool anyUnseen(const Container& container, std::uint32_t first, std::uint32_t last) const;
    bool hasRequired(const Container& container) const;
    void noteSeen(State& state, std::uint32_t property);
    const JsonObject& shape(const Container& container) const { return m_grammar->json.objects[static_cast<std::size_t>(container.object)]; }
    Container& container(const State& state) { return m_containers[static_cast<std::size_t>(state.m_container)]; }
    const JsonChoice& node(const State& state) const { return m_grammar->json.nodes[static_cast<std::size_t>(state.m_node)]; }
    std::span<const AnswerGrammar::Opening> openings(const State& state) const { return state.m_again ? m_grammar->again : m_grammar->openings; }

    std::shared_ptr<const AnswerGrammar> m_grammar;
    std::vector<Container> m_containers;
    std::vector<std::uint64_t> m_seen;
};

}  // namespace larder::text
