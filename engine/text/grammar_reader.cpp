#include "engine/text/grammar_reader.h"

#include <algorithm>
#include <cassert>

namespace larder::text {

namespace {

constexpr std::uint32_t kMostDepth = 64;  // of values that may be anything; schemas end earlier

std::string_view literalText(const std::string& literal) { return literal; }
std::string_view literalText(const JsonProperty& property) { return property.key; }
std::string_view literalText(const AnswerGrammar::Opening& opening) { return opening.text; }

// Of sorted texts [first, last) that agree in `at` bytes: those that go on with this byte. False when there are none.
template <class Texts>
bool narrow(const Texts& texts, std::uint32_t& first, std::uint32_t& last, std::uint32_t& at, std::uint8_t byte) {
    const auto isBefore = [&](const auto& each, int limit) {
        const std::string_view text = literalText(each);
        return text.size() <= at || static_cast<std::uint8_t>(text[at]) < limit;
    };
    const auto begin = texts.begin() + first;
    const auto end = texts.begin() + last;
    const auto from = std::partition_point(begin, end, [&](const auto& each) { return isBefore(each, byte); });
    const auto to = std::partition_point(from, end, [&](const auto& each) { return isBefore(each, byte + 1); });
    first = static_cast<std::uint32_t>(from - texts.begin());
    last = static_cast<std::uint32_t>(to - texts.begin());
    ++at;
    return first < last;
}

std::size_t wordsFor(const JsonObject& object) { return object.open ? 0 : (object.properties.size() + 63) / 64; }

}  // namespace

GrammarReader::State GrammarReader::start() const {
    State state;
    startAnswer(state, false);
    state.m_blanks = static_cast<std::uint8_t>(m_grammar->blanks);
    return state;
}

// False when there is nothing to open.
bool GrammarReader::startAnswer(State& state, bool again) const {
    state = {};
    state.m_again = again;
    const auto texts = openings(state);
    state.m_last = static_cast<std::uint32_t>(texts.size());
    return !texts.empty();
}

bool GrammarReader::step(State& state, std::uint8_t byte) {
    switch (state.m_place) {
        case State::Place::Opening: return opening(state, byte);
        case State::Place::Value: return value(state, byte);
        case State::Place::Literal: return literal(state, byte);
        case State::Place::Number: return number(state, byte);
        case State::Place::String:
        case State::Place::FreeKey: return string(state, byte);
        case State::Place::ArrayStart: return item(state, byte);
        case State::Place::ObjectStart:
        case State::Place::NextKey: return keyOrEnd(state, byte);
        case State::Place::Key: return key(state, byte);
        case State::Place::Colon: return byte == ':' && beginValue(state, state.m_node, 1);
        case State::Place::AfterItem: return afterItem(state, byte);
        case State::Place::Closing: return closing(state, byte);
        case State::Place::Ended: return startAnswer(state, true) && opening(state, byte);
    }
    return false;
}

bool GrammarReader::mayEnd(const State& state) const {
    using enum State::Place;
    if (state.m_container >= 0) return false;
    const bool complete = (state.m_place == Number && state.m_number.complete()) ||
                          (state.m_place == Literal && node(state).literals[state.m_first].size() == state.m_at);
    return state.m_place == Ended || (complete && m_grammar->closing.empty());
}

bool GrammarReader::inPlainString(const State& state) {
    return (state.m_place == State::Place::String || state.m_place == State::Place::FreeKey) && state.m_string.plain();
}

bool GrammarReader::inCharacter(const State& state) {
    return (state.m_place == State::Place::String || state.m_place == State::Place::FreeKey) && state.m_string.inCharacter();
}

bool GrammarReader::opening(State& state, std::uint8_t byte) {
    if (state.m_blanks > 0 && state.m_at == 0 && (byte == ' ' || byte == '\n')) {
        --state.m_blanks;
        return true;
    }
    const auto texts = openings(state);
    if (literalText(texts[state.m_first]).size() == state.m_at)  // an empty opening
        return beginValue(state, texts[state.m_first].value, 0) && value(state, byte);
    if (!narrow(texts, state.m_first, state.m_last, state.m_at, byte)) return false;
    const auto& found = texts[state.m_first];
    return found.text.size() > state.m_at || beginValue(state, found.value, 0);
}

bool GrammarReader::closing(State& state, std::uint8_t byte) {
    const std::string& text = m_grammar->closing;
    if (static_cast<std::uint8_t>(text[state.m_at]) != byte) return false;
    if (++state.m_at == text.size()) state.m_place = State::Place::Ended;
    return true;
}

bool GrammarReader::beginValue(State& state, GrammarNode node, std::uint8_t blanks) {
    state.m_place = State::Place::Value;
    state.m_node = node;
    state.m_blanks = blanks;
    return node != kNoValue;
}

bool GrammarReader::value(State& state, std::uint8_t byte) {
    if (byte == ' ' && state.m_blanks > 0) {
        --state.m_blanks;
        return true;
    }
    const JsonChoice& choice = node(state);
    if (byte == '"' && choice.string) {
        state.m_place = State::Place::String;
        state.m_string = {};
        return true;
    }
    if (byte == '{' && choice.object >= 0) {
        if (!mayNest(state)) return false;
        open(state, {.object = choice.object});
        state.m_place = State::Place::ObjectStart;
        return true;
    }
    if (byte == '[' && choice.array) {
        if (!mayNest(state)) return false;
        open(state, {.items = choice.items});
        state.m_place = State::Place::ArrayStart;
        return true;
    }
    if (choice.number != JsonNumber::None && (byte == '-' || (byte >= '0' && byte <= '9'))) {
        state.m_place = State::Place::Number;
        state.m_number = JsonNumberReader(choice.number == JsonNumber::Integer);
        return state.m_number.step(byte);
    }
    state.m_place = State::Place::Literal;
    state.m_first = 0;
    state.m_last = static_cast<std::uint32_t>(choice.literals.size());
    state.m_at = 0;
    return !choice.literals.empty() && literal(state, byte);
}

bool GrammarReader::literal(State& state, std::uint8_t byte) {
    const auto& texts = node(state).literals;
    const bool complete = texts[state.m_first].size() == state.m_at;
    State longer = state;
    if (narrow(texts, longer.m_first, longer.m_last, longer.m_at, byte)) {
        state = longer;
        if (state.m_last - state.m_first == 1 && texts[state.m_first].size() == state.m_at) completeValue(state);
        return true;
    }
    if (!complete) return false;
    completeValue(state);
    return step(state, byte);
}

bool GrammarReader::number(State& state, std::uint8_t byte) {
    if (state.m_number.step(byte)) return true;
    if (!state.m_number.complete()) return false;
    completeValue(state);
    return step(state, byte);
}

bool GrammarReader::string(State& state, std::uint8_t byte) {
    const auto read = state.m_string.step(byte);
    if (read == JsonStringReader::Step::Closed) {
        if (state.m_place == State::Place::String) {
            completeValue(state);
        } else {
            state.m_place = State::Place::Colon;
            state.m_node = shape(container(state)).rest;
        }
    }
    return read != JsonStringReader::Step::Refused;
}

// The first of an array, or its end.
bool GrammarReader::item(State& state, std::uint8_t byte) {
    if (byte == ']') return close(state);
    return beginValue(state, container(state).items, 0) && value(state, byte);
}

bool GrammarReader::keyOrEnd(State& state, std::uint8_t byte) {
    if (byte == '}' && state.m_place == State::Place::ObjectStart) return hasRequired(container(state)) && close(state);
    if (byte == ' ' && state.m_place == State::Place::NextKey && state.m_blanks > 0) {
        --state.m_blanks;
        return true;
    }
    return byte == '"' && beginKey(state, byte);
}

bool GrammarReader::beginKey(State& state, std::uint8_t byte) {
    const JsonObject& object = shape(container(state));
    if (object.open) {
        if (object.rest == kNoValue) return false;
        state.m_place = State::Place::FreeKey;
        state.m_string = {};
        return true;
    }
    state.m_place = State::Place::Key;
    state.m_first = 0;
    state.m_last = static_cast<std::uint32_t>(object.properties.size());
    state.m_at = 0;
    return key(state, byte);
}

bool GrammarReader::key(State& state, std::uint8_t byte) {
    const Container& object = container(state);
    const auto& properties = shape(object).properties;
    if (!narrow(properties, state.m_first, state.m_last, state.m_at, byte)) return false;
    if (!anyUnseen(object, state.m_first, state.m_last)) return false;
    const JsonProperty& found = properties[state.m_first];
    if (found.key.size() > state.m_at) return true;
    noteSeen(state, state.m_first);
    state.m_place = State::Place::Colon;
    state.m_node = found.value;
    return true;
}

bool GrammarReader::afterItem(State& state, std::uint8_t byte) {
    const Container& around = container(state);
    if (around.object < 0) {
        if (byte == ']') return close(state);
        return byte == ',' && beginValue(state, around.items, 1);
    }
    if (byte == '}') return hasRequired(around) && close(state);
    const JsonObject& object = shape(around);
    if (byte != ',') return false;
    if (!object.open && !anyUnseen(around, 0, static_cast<std::uint32_t>(object.properties.size()))) return false;
    state.m_place = State::Place::NextKey;
    state.m_blanks = 1;
    return true;
}

void GrammarReader::completeValue(State& state) {
    if (state.m_container >= 0) {
        state.m_place = State::Place::AfterItem;
        return;
    }
    state.m_place = m_grammar->closing.empty() ? State::Place::Ended : State::Place::Closing;
    state.m_at = 0;
}

void GrammarReader::open(State& state, Container container) {
    container.parent = state.m_container;
    container.depth = state.m_container < 0 ? 1 : this->container(state).depth + 1;
    if (container.object >= 0) {
        container.seen = static_cast<std::uint32_t>(m_seen.size());
        m_seen.resize(m_seen.size() + wordsFor(shape(container)), 0);
    }
    state.m_container = static_cast<std::int32_t>(m_containers.size());
    m_containers.push_back(container);
}

bool GrammarReader::close(State& state) {
    state.m_container = container(state).parent;
    completeValue(state);
    return true;
}

bool GrammarReader::mayNest(const State& state) const {
    if (state.m_node != kAnyValue || state.m_container < 0) return true;
    return m_containers[static_cast<std::size_t>(state.m_container)].depth < kMostDepth;
}

bool GrammarReader::anyUnseen(const Container& container, std::uint32_t first, std::uint32_t last) const {
    for (std::uint32_t i = first; i < last; ++i)
        if ((m_seen[container.seen + i / 64] >> (i % 64) & 1) == 0) return true;
    return false;
}

bool GrammarReader::hasRequired(const Container& container) const {
    const auto& properties = shape(container).properties;
    for (std::uint32_t i = 0; i < properties.size(); ++i)
        if (properties[i].required && anyUnseen(container, i, i + 1)) return false;
    return true;
}

// States may share a container, so it is not changed: the state gets a copy that knows one property more.
void GrammarReader::noteSeen(State& state, std::uint32_t property) {
    Container copy = container(state);
    const std::size_t words = wordsFor(shape(copy));
    const std::size_t from = copy.seen;
    copy.seen = static_cast<std::uint32_t>(m_seen.size());
    for (std::size_t i = 0; i < words; ++i) m_seen.push_back(m_seen[from + i]);
    m_seen[copy.seen + property / 64] |= std::uint64_t{1} << (property % 64);
    state.m_container = static_cast<std::int32_t>(m_containers.size());
    m_containers.push_back(copy);
}

void GrammarReader::forgetSince(const Mark& mark) {
    m_containers.resize(mark.containers);
    m_seen.resize(mark.words);
}

void GrammarReader::keepOnly(State& state) {
    std::vector<Container> kept;
    for (std::int32_t i = state.m_container; i >= 0; i = m_containers[static_cast<std::size_t>(i)].parent)
        kept.push_back(m_containers[static_cast<std::size_t>(i)]);
    std::ranges::reverse(kept);
    std::vector<std::uint64_t> seen;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        kept[i].parent = static_cast<std::int32_t>(i) - 1;
        if (kept[i].object < 0) continue;
        const auto from = m_seen.begin() + kept[i].seen;
        kept[i].seen = static_cast<std::uint32_t>(seen.size());
        seen.insert(seen.end(), from, from + static_cast<std::ptrdiff_t>(wordsFor(shape(kept[i]))));
    }
    state.m_container = static_cast<std::int32_t>(kept.size()) - 1;
    m_containers = std::move(kept);
    m_seen = std::move(seen);
}

}  // namespace larder::text
