// What the outside world can do wrong, as values: Error (a code and one sentence) and Expected<T> (a T or an Error).
// Any thread. Own bugs are assertions, never Errors; nothing throws across a module.
#pragma once

#include <cassert>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace larder {

enum class ErrorCode {
    InvalidArgument,   // the caller's input is wrong: HTTP 400, exit 1
    NotFound,          // no such model, file or route: 404
    Unsupported,       // well formed, but this build cannot do it: 400
    Corrupt,           // a file's bytes contradict each other
    Io,                // the operating system refused a read or write
    NoSpace,           // disk full
    OutOfMemory,       // would exceed the memory the user allowed: 503
    PermissionDenied,  // the operating system denied access
    AddressInUse,      // the port is taken
    Overloaded,        // the queue is full: 503 with Retry-After
    ContextExceeded,   // prompt longer than the model's window: 400
    Cancelled,         // the asker went away
    Unavailable,       // shutting down, or the model failed to load: 503
    Internal,          // a bug of ours that was caught: 500
};

// message: one sentence for the user that names the thing and the number and says what to do.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string message;
    // Of ContextExceeded: how many tokens the prompt has and the window takes. Protocols put them into words of their own.
    std::size_t promptTokens = 0;
    std::size_t windowTokens = 0;
};

// A T or an Error. Like C++23's std::expected with the error type fixed; value() and error() REQUIRE the right state.
template <class T>
class [[nodiscard]] Expected {
public:
    Expected(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Expected(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { assert(ok()); return *std::get_if<0>(&m_state); }
    const T& value() const& { assert(ok()); return *std::get_if<0>(&m_state); }
    T&& value() && { assert(ok()); return std::move(*std::get_if<0>(&m_state)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& { assert(!ok()); return *std::get_if<1>(&m_state); }
    Error&& error() && { assert(!ok()); return std::move(*std::get_if<1>(&m_state)); }

private:
    std::variant<T, Error> m_state;
};

// Success or an Error, for verbs without a result.
template <>
class [[nodiscard]] Expected<void> {
public:
    Expected() = default;
    Expected(Error error) : m_error(std::move(error)), m_ok(false) {}

    bool ok() const { return m_ok; }
    explicit operator bool() const { return m_ok; }
    const Error& error() const& { assert(!m_ok); return m_error; }
    Error&& error() && { assert(!m_ok); return std::move(m_error); }

private:
    Error m_error;
    bool m_ok = true;
};

}  // namespace larder
