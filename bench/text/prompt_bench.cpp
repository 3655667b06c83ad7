// What a coding agent's request costs before the model sees it: 200 KB in 60 messages and 30 KB of tools are rendered
// and tokenised. LARDER_STARTER names the model whose tokenizer and template are used; its tokenizer also encodes what
// a template that knows tools makes.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "engine/text/chat_template.h"
#include "engine/text/encoding_memory.h"
#include "engine/text/model_text.h"

namespace {

using namespace larder;
using base::Json;

// Text as agents send it: prose, source code and listings of files, always the same for one seed.
class Writer {
public:
    explicit Writer(unsigned seed) : m_random(seed) {}

    std::string prose(std::size_t bytes) {
        std::string out;
        while (out.size() < bytes) out += word() + (pick(9) == 0 ? ".\n" : pick(7) == 0 ? ", " : " ");
        return out;
    }
    std::string code(std::size_t bytes) {
        std::string out;
        for (int line = 1; out.size() < bytes; ++line) {
            out += std::to_string(line) + "\t" + std::string(4 * pick(4), ' ');
            out += "const " + word() + " = " + word() + "_" + word() + "(" + word() + "." + word() + ", ";
            out += std::to_string(pick(5000)) + ", \"" + word() + "/" + word() + ".cpp\");\n";
        }
        return out;
    }
    std::size_t pick(std::size_t below) { return m_random() % below; }

private:
    std::string word() {
        static constexpr const char* kWords[] = {"the",    "cache",  "prompt",  "reader", "that",  "returns", "when",
                                                 "tokens", "of",     "message", "block",  "value", "Shelf",   "index",
                                                 "find",   "is",     "request", "buffer", "for",   "handler", "pantry",
                                                 "model",  "stream", "parse",   "über",   "count", "largest", "undo"};
        return kWords[pick(std::size(kWords))];
    }

    std::mt19937 m_random;
};

Json toolOf(Writer& writer, int number) {
    Json properties = Json::object();
    for (int i = 0; i < 5; ++i) {
        properties["field_" + std::to_string(i)] = {{"type", i % 2 == 0 ? "string" : "number"},
                                                    {"description", writer.prose(120)}};
    }
    const Json parameters = {{"type", "object"}, {"properties", properties}, {"required", {"field_0", "field_1"}}};
    return {
        {"type", "function"},
        {"function",
         {{"name", "tool_" + std::to_string(number)}, {"description", writer.prose(500)}, {"parameters", parameters}}}};
}

struct Conversation {
    Json messages = Json::array();
    Json tools = Json::array();

    std::size_t bytes() const { return messages.dump().size() + tools.dump().size(); }
};

// system, then user, call and result in turn.
Conversation conversationOf(int messages) {
    Writer writer(7);
    Conversation out;
    for (int i = 0; i < 24; ++i) out.tools.push_back(toolOf(writer, i));
    out.messages.push_back({{"role", "system"}, {"content", writer.prose(12'000)}});
    for (int i = 1; i < messages; ++i) {
        const std::string id = "call" + std::to_string(10'000 + i / 3);
        if (i % 3 == 1) {
            out.messages.push_back({{"role", "user"}, {"content", writer.prose(1500)}});
        } else if (i % 3 == 2) {
            const Json arguments = {{"path", "engine/text/" + std::to_string(i)}, {"text", writer.code(900)}};
            const Json function = {{"name", "tool_3"}, {"arguments", arguments}};
            out.messages.push_back(
                {{"role", "assistant"},
                 {"content", writer.prose(200)},
                 {"tool_calls", Json::array({{{"id", id}, {"type", "function"}, {"function", function}}})}});
        } else {
            out.messages.push_back({{"role", "tool"}, {"tool_call_id", id}, {"content", writer.code(5100)}});
        }
    }
    return out;
}

std::shared_ptr<const text::ModelText> starter() {
    const char* path = std::getenv("LARDER_STARTER");
    if (path == nullptr) return nullptr;
    auto loaded = text::loadModelText(path);
    return loaded && (*loaded)->chatTemplate ? *loaded : nullptr;
}

std::string sourceThatKnowsTools() {
    std::ifstream file(LARDER_SOURCE_DIR "/tests/golden/chat_templates/qwen3_0_6b.jinja", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<const text::ChatTemplate> templateThatKnowsTools() {
    auto compiled = text::ChatTemplate::compile(sourceThatKnowsTools());
    return compiled ? *compiled : nullptr;
}

std::vector<text::TextSegment> renderOrEnd(const text::ChatTemplate& chatTemplate, const Conversation& conversation) {
    text::ChatTemplateInput input;
    input.messages = &conversation.messages;
    input.tools = &conversation.tools;
    auto segments = chatTemplate.render(input);
    if (segments) return std::move(*segments);
    std::cerr << segments.error().message << "\n";
    std::exit(1);
}

void render(benchmark::State& state, std::shared_ptr<const text::ChatTemplate> chatTemplate) {
    const Conversation conversation = conversationOf(60);
    for (auto _ : state) benchmark::DoNotOptimize(renderOrEnd(*chatTemplate, conversation));
    state.counters["bytes"] = static_cast<double>(conversation.bytes());
}

void encode(benchmark::State& state, std::shared_ptr<const text::ChatTemplate> chatTemplate,
            std::shared_ptr<const text::Tokenizer> tokenizer) {
    const std::vector<text::TextSegment> segments = renderOrEnd(*chatTemplate, conversationOf(60));
    std::size_t tokens = 0;
    for (auto _ : state) tokens = tokenizer->encode(segments).size();
    state.counters["tokens"] = static_cast<double>(tokens);
}

// A prompt seen before, with a turn more: what a request in the middle of a session costs.
void appended(benchmark::State& state, std::shared_ptr<const text::ChatTemplate> chatTemplate,
              std::shared_ptr<const text::Tokenizer> tokenizer) {
    const Conversation shorter = conversationOf(57), longer = conversationOf(60);
    for (auto _ : state) {
        state.PauseTiming();
        text::EncodingMemory memory;
        memory.encode(*tokenizer, renderOrEnd(*chatTemplate, shorter));
        state.ResumeTiming();
        benchmark::DoNotOptimize(memory.encode(*tokenizer, renderOrEnd(*chatTemplate, longer)));
    }
}

void all(benchmark::State& state, std::shared_ptr<const text::ChatTemplate> chatTemplate,
         std::shared_ptr<const text::Tokenizer> tokenizer) {
    const Conversation conversation = conversationOf(60);
    for (auto _ : state) {
        text::EncodingMemory memory;
        benchmark::DoNotOptimize(memory.encode(*tokenizer, renderOrEnd(*chatTemplate, conversation)));
    }
}

void compile(benchmark::State& state, const std::string& source) {
    for (auto _ : state) benchmark::DoNotOptimize(text::ChatTemplate::compile(source));
}

}  // namespace

int main(int argc, char** argv) {
    const auto model = starter();
    const auto knowsTools = templateThatKnowsTools();
    if (!model || !knowsTools) {
        std::cerr << "LARDER_STARTER must name a model with a chat template\n";
        return 1;
    }
    for (const auto& [name, chatTemplate] :
         {std::pair("starter", model->chatTemplate), std::pair("tools", knowsTools)}) {
        const auto add = [&](const char* what, auto bench, auto... more) {
            benchmark::RegisterBenchmark((std::string(what) + "/" + name).c_str(), bench, chatTemplate, more...)
                ->Unit(benchmark::kMillisecond);
        };
        add("render", render);
        add("encode", encode, model->tokenizer);
        add("all", all, model->tokenizer);
        add("appended", appended, model->tokenizer);
    }
    benchmark::RegisterBenchmark("compile/tools", compile, sourceThatKnowsTools())->Unit(benchmark::kMillisecond);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
