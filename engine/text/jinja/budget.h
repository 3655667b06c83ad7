// What one rendering may cost, counted as it goes: steps, bytes held, depth of recursion. Every walk over values and
// every string made asks here, so that a hostile template ends in a Failure and not in a dead process.
// One thread at a time; outlives the values counted in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace larder::text::jinja {

// Thrown inside engine/text/jinja only; caught in jinja.cpp, which makes an Error of it.
struct Failure {
    std::string message;
    bool fromTemplate = false;  // raise_exception: the message is the template's own words
    int line = 0;               // 0: where it happened is filled in by the catcher
};

[[noreturn]] inline void fail(std::string message) { throw Failure{std::move(message)}; }

inline constexpr std::size_t kMaxTextBytes = 64u << 20;   // of one string, and of the output
inline constexpr std::size_t kMaxHeldBytes = 256u << 20;  // of all strings and collections alive at once
#ifdef LARDER_FUZZ  // instrumented code is slow, and a fuzzer meets the limits again and again
inline constexpr std::uint64_t kMaxSteps = 300'000;
#else
inline constexpr std::uint64_t kMaxSteps = 10'000'000;
#endif
inline constexpr std::size_t kMaxPieces = 1'000'000;  // that one text is cut into, or that differ in provenance
inline constexpr int kMaxDepth = 1200;       // nested evaluations; each takes a few hundred bytes of stack
inline constexpr unsigned kMaxNesting = 300;  // of values inside values

class Budget {
public:
    explicit Budget(std::uint64_t maxSteps = kMaxSteps) : m_maxSteps(maxSteps) {}

    void steps(std::uint64_t count) {
        m_steps += count;
        if (m_steps > m_maxSteps) fail("the template takes too many steps (over " + std::to_string(m_maxSteps) + ")");
    }
    // Bytes of text that are copied, compared or searched as they are.
    void bytes(std::size_t count) { steps(1 + count / 256); }
    // Bytes of text that are looked at character by character.
    void characters(std::size_t bytes) { steps(1 + bytes / 32); }

    void hold(std::size_t bytes) {
        m_heldBytes += bytes;
        if (m_heldBytes > kMaxHeldBytes) {
            m_heldBytes -= bytes;
            fail("the template needs too much memory (over " + std::to_string(kMaxHeldBytes >> 20) + " MiB)");
        }
    }
    void release(std::size_t bytes) noexcept { m_heldBytes -= bytes; }

    void enter() {
        if (++m_depth > kMaxDepth) {
            --m_depth;
            fail("the template nests too deeply (over " + std::to_string(kMaxDepth) + " levels)");
        }
    }
    void leave() noexcept { --m_depth; }

private:
    const std::uint64_t m_maxSteps;
    std::uint64_t m_steps = 0;
    std::size_t m_heldBytes = 0;
    int m_depth = 0;
};

// One level of recursion, for the life of this object.
class Level {
public:
    explicit Level(Budget& budget) : m_budget(budget) { m_budget.enter(); }
    ~Level() { m_budget.leave(); }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

private:
    Budget& m_budget;
};

// Bytes that no value stands for, for the life of this object.
class Held {
public:
    Held(Budget& budget, std::size_t bytes) : m_budget(budget), m_bytes(bytes) { m_budget.hold(bytes); }
    ~Held() { m_budget.release(m_bytes); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

private:
    Budget& m_budget;
    const std::size_t m_bytes;
};

inline void checkTextBytes(std::size_t bytes) {
    if (bytes > kMaxTextBytes)
        fail("the template makes a text of over " + std::to_string(kMaxTextBytes >> 20) + " MiB");
}

inline void checkPieces(std::size_t count) {
    if (count > kMaxPieces) fail("the template cuts a text into too many pieces (over " + std::to_string(kMaxPieces) + ")");
}

}  // namespace larder::text::jinja
