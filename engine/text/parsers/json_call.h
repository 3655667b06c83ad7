// A call as one JSON object: {"name": ..., "arguments": {...}}, its keys in any order; "parameters" means the same as
// "arguments". The arguments may be an object, a string that holds one, null or "": none. Arguments that come before the
// name are held back until it is known. One call each; one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/text/parsers/arguments_writer.h"
#include "engine/text/parsers/call_reader.h"
#include "engine/text/parsers/json_reader.h"

namespace larder::text {

enum class JsonCallKind : std::uint8_t {
    Marked,  // behind a marker: the name makes it a call, other keys are passed over
    Bare     // may be any JSON: a call only with name and arguments, and no keys that calls do not have
};

class JsonCall final : private JsonEvents {
public:
    // Writes name, arguments and complete. tools may be null; both outlive this.
    JsonCall(JsonCallKind kind, const base::Json* tools, CallReport& report);
    JsonCall(const JsonCall&) = delete;

    // From the opening brace on. Whole: the object ends with this byte and is a call. Broken: this byte cannot follow.
    JsonStep add(char byte);

private:
    enum class Part : std::uint8_t { Other, Name, Arguments };

    void open(bool isObject) override;
    void close() override;
    void key(const std::string& name) override;
    void beginString() override;
    void addString(std::string_view piece) override;
    void endString() override;
    void scalar(std::string_view text) override;

    void beginPart(const std::string& name);
    bool writes() const { return m_part == Part::Arguments && m_writer.has_value(); }
    void takeName();
    void readHeldArguments();
    void report();
    void endArguments(std::string_view json);
    void endCall();

    JsonCallKind m_kind;
    const base::Json* m_tools;
    CallReport& m_report;
    JsonReader m_reader;
    bool m_refused = false;
    std::size_t m_depth = 0;
    Part m_part = Part::Other;  // of what comes at depth 1 and below
    std::string m_string;       // name, or arguments that are a string
    std::optional<std::string> m_name;
    bool m_argumentsBegun = false;
    bool m_holding = false;
    std::string m_held;  // from the colon on
    std::optional<ArgumentsWriter> m_writer;
};

}  // namespace larder::text
