// The `loop` variable of a running for loop. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/text/jinja/objects.h"

namespace larder::text::jinja {

struct LoopObject : Object, std::enable_shared_from_this<LoopObject> {
    LoopObject(Value over, IteratorObject::Next items);

    bool advance(Value& out);
    // Items in all. Of an iterator, this reads it to its end.
    std::int64_t length();
    Value attribute(Interpreter& interpreter, const std::shared_ptr<Object>& self, std::string_view name);

    Value iterable;
    IteratorObject::Next next;
    std::int64_t index0 = -1;
    Value lastChanged;  // arguments of loop.changed

private:
    const Value& peek();

    Value m_after, m_current, m_before;  // Missing when there is none
    std::optional<std::int64_t> m_length;
};

}  // namespace larder::text::jinja
