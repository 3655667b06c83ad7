// A Jinja template, equal to Python's jinja2 as transformers sets it up for chat templates: sandboxed and immutable,
// trim_blocks, lstrip_blocks, loop controls, raise_exception, strftime_now, plain tojson. What it leaves out
// (inheritance, includes, imports, recursive loops) is an Error when compiled. Immutable: any thread.
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/json.h"
#include "engine/error.h"
#include "engine/text/tokenizer.h"

namespace larder::text {

// A variable of a rendering. json outlives the call; its strings are untrusted. Without json it is the trusted text.
struct JinjaVariable {
    std::string name;
    const base::Json* json = nullptr;
    std::string trustedText;
};

// What a rendering may cost. Trial: a small conversation, tried out while a model is loaded, one of dozens.
enum class JinjaEffort { Full, Trial };

class JinjaTemplate {
public:
    // Unsupported, with the line and what was not understood.
    static Expected<std::shared_ptr<const JinjaTemplate>> compile(std::string_view source);
    ~JinjaTemplate();

    // Neighbouring segments differ in trust; none is empty. InvalidArgument with the template's own words for
    // raise_exception, with the line for anything else that goes wrong or exceeds the limits of jinja/budget.h.
    Expected<std::vector<TextSegment>> render(const std::vector<JinjaVariable>& variables,
                                              const std::optional<std::tm>& now = {},
                                              JinjaEffort effort = JinjaEffort::Full) const;

    // Whether the template reads a variable of that name.
    bool mentions(std::string_view variable) const;

private:
    JinjaTemplate();
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::text
