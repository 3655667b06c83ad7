// Llama 3: {"name": ..., "parameters": {...}}, alone or behind <|python_tag|>.
#include <gtest/gtest.h>

#include "tests/text/output_parser_house.h"

namespace larder::text {
namespace {

void expectLlama(const std::string& text, const Parts& right) { expectInEveryCut(settingsOf(ToolCallFormat::LlamaJson), text, right); }

const std::string kLlamaCall = R"({"name": "read", "parameters": {"limit": "5"}})";
const std::string kLlamaArguments = R"({"limit":5})";

TEST(LlamaParser, Calls) {
    const std::string& call = kLlamaCall;
    expectLlama(call, Answer().call("read", kLlamaArguments, call));
    expectLlama("\n " + call, Answer().call("read", kLlamaArguments, call));
    expectLlama("<|python_tag|>" + call, Answer().call("read", kLlamaArguments, "<|python_tag|>" + call));
    expectLlama("\n<|python_tag|>\n" + call + "\n", Answer().call("read", kLlamaArguments, "<|python_tag|>\n" + call + "\n"));
    expectLlama("So:\n<|python_tag|>" + call, Answer().text("So:").call("read", kLlamaArguments, "<|python_tag|>" + call));
    const std::string typed = R"({"type": "function", "id": "1", "parameters": {"limit": "5"}, "name": "read"})";
    expectLlama(typed, Answer().call("read", kLlamaArguments, typed));
    const std::string none = R"({"name": "now", "parameters": null})";
    expectLlama(none, Answer().call("now", "{}", none));
    const std::string quoted = R"({"name": "read", "arguments": "{\"limit\": 5}"})";
    expectLlama(quoted, Answer().call("read", kLlamaArguments, quoted));
}

TEST(LlamaParser, SeveralCalls) {
    const std::string& call = kLlamaCall;
    const Answer two = Answer().call("read", kLlamaArguments, call + ";").call("read", kLlamaArguments, call);
    expectLlama(call + ";" + call, two);
    expectLlama(call + "; \n" + call, two);
    expectLlama(call + " ;\n" + call, Answer().call("read", kLlamaArguments, call + " ;").call("read", kLlamaArguments, call));
    expectLlama(call + "\n" + call, Answer().call("read", kLlamaArguments, call).call("read", kLlamaArguments, call));
    expectLlama(call + call, Answer().call("read", kLlamaArguments, call).call("read", kLlamaArguments, call));
    expectLlama(call + "\n\nDone; {", Answer().call("read", kLlamaArguments, call).text("\nDone; {"));
    expectLlama(call + "\n<|python_tag|>" + call,
                Answer().call("read", kLlamaArguments, call).call("read", kLlamaArguments, "<|python_tag|>" + call));
}

TEST(LlamaParser, OtherJsonIsText) {
    for (const std::string& text :
         {"```json\n" + kLlamaCall + "\n```", "Here: " + kLlamaCall, "// call\n" + kLlamaCall, "[" + kLlamaCall + "]",
          std::string("{\"name\": \"Bob\", \"age\": 5}"), std::string("{\"name\": \"Bob\"}"), std::string("{ {"), std::string("{"),
          std::string("{\"name\": \"Bob\", \"parameters\": [1]}"), std::string("{\"a\": {\"name\": \"read\", \"parameters\": {}}}"),
          std::string("{\"name\": \"read\", \"parameters\""), std::string("{} "), std::string("<|python_tag|>print(1)"),
          std::string("<|python_tag|>"), std::string("<|python"), std::string("{\"parameters\": {\"a\": 1}"), std::string("{\"name\": \"read\" x")})
        expectLlama(text, Answer().text(text));
}

TEST(LlamaParser, ACallThatBreaksOff) {
    const std::string head = R"({"name": "read", "parameters": {"path": "/tm)";
    expectLlama(head, Answer().broken("read", R"({"path":"/tm)", head));
    expectLlama(head + "p\"]\nso", Answer().broken("read", R"({"path":"/tmp")", head + "p\"").text("]\nso"));
}

}  // namespace
}  // namespace larder::text
