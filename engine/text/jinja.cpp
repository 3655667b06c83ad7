#include "engine/text/jinja.h"

#include <chrono>
#include <new>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/utf8.h"
#include "engine/text/jinja/budget.h"
#include "engine/text/jinja/from_json.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/parser.h"
#include "engine/text/jinja/walk.h"

namespace larder::text {
namespace {

Error errorOf(const jinja::Failure& failure, ErrorCode code) {
    constexpr std::size_t kMostBytes = 500;  // whoever reads it knows then
    std::string_view message = failure.message;
    message = message.substr(0, kMostBytes);
    if (message.size() < failure.message.size()) message.remove_suffix(base::incompleteUtf8Suffix(message));
    if (failure.fromTemplate) return {code, std::string(message)};
    std::string where = "chat template";
    if (failure.line > 0) where += ", line " + std::to_string(failure.line);
    return {code, where + ": " + std::string(message)};
}

std::tm localTime() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm out{};
    localtime_r(&now, &out);
    return out;
}

std::vector<TextSegment> segments(const jinja::Text& text) {
    std::vector<TextSegment> out;
    std::size_t start = 0;
    for (const auto& run : text.runs()) {
        out.push_back({text.bytes().substr(start, run.end - start), run.trusted});
        start = run.end;
    }
    return out;
}

}  // namespace

struct JinjaTemplate::Inner {
    jinja::Program program;
    std::set<std::string, std::less<>> names;
};

JinjaTemplate::JinjaTemplate() : m_inner(std::make_unique<Inner>()) {}
JinjaTemplate::~JinjaTemplate() = default;

Expected<std::shared_ptr<const JinjaTemplate>> JinjaTemplate::compile(std::string_view source) {
    try {
        std::shared_ptr<JinjaTemplate> out(new JinjaTemplate);
        out->m_inner->program = jinja::parse(source);
        jinja::walkNames(out->m_inner->program.body, [&](const std::string& name, jinja::NameUse use) {
            if (use == jinja::NameUse::Read) out->m_inner->names.insert(name);
            return true;
        });
        return std::shared_ptr<const JinjaTemplate>(std::move(out));
    } catch (const jinja::Failure& failure) {
        return errorOf(failure, ErrorCode::Unsupported);
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::OutOfMemory, "not enough memory for the chat template"};
    }
}

Expected<std::vector<TextSegment>> JinjaTemplate::render(const std::vector<JinjaVariable>& variables,
                                                         const std::optional<std::tm>& now,
                                                         JinjaEffort effort) const {
    constexpr std::uint64_t kTrialSteps = 200'000;
    jinja::Budget budget(effort == JinjaEffort::Full ? jinja::kMaxSteps : kTrialSteps);
    try {
        jinja::Interpreter::Variables values;
        for (const JinjaVariable& variable : variables) {
            values[variable.name] = variable.json != nullptr ? jinja::fromJson(budget, *variable.json)
                                                             : jinja::makeString(budget, variable.trustedText, true);
        }
        jinja::Interpreter interpreter(m_inner->program, budget, std::move(values), now ? *now : localTime());
        return segments(interpreter.run());
    } catch (const jinja::Failure& failure) {
        return errorOf(failure, ErrorCode::InvalidArgument);
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::OutOfMemory, "not enough memory to render the chat template"};
    }
}

bool JinjaTemplate::mentions(std::string_view variable) const { return m_inner->names.contains(variable); }

}  // namespace larder::text
