// A reply that is given exactly once: by give(), or, when every copy is dropped without, with Unavailable. Any thread, one
// at a time.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "engine/error.h"

namespace larder {

template <class T>
class Answer {
public:
    explicit Answer(std::function<void(Expected<T>)> reply) : m_owed(std::make_shared<Owed>(std::move(reply))) {}

    void give(Expected<T> result) const {
        if (auto reply = std::exchange(m_owed->reply, nullptr)) reply(std::move(result));
    }

private:
    struct Owed {
        explicit Owed(std::function<void(Expected<T>)> theReply) : reply(std::move(theReply)) {}
        Owed(const Owed&) = delete;
        Owed& operator=(const Owed&) = delete;
        ~Owed() {
            if (reply) reply(Error{ErrorCode::Unavailable, "Larder is closing"});
        }
        std::function<void(Expected<T>)> reply;
    };
    std::shared_ptr<Owed> m_owed;
};

}  // namespace larder
