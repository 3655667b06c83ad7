// How programs reach the server: to copy, complete but for the key, which they fetch themselves.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/agents.h"
#include "engine/agents/codex.h"
#include "engine/base/json.h"

namespace larder {
namespace {

// A string constant; JSON's is one of Python, JavaScript and TOML too.
std::string constant(const std::string& text) { return base::dumpJson(base::Json(text)); }

struct SnippetParts {
    std::string address;
    std::string model;
    bool asksForKey = false;
    std::string keyFile;   // empty: the key is in no file
    std::string shellKey;
};

std::string keyRemark(const SnippetParts& parts, const std::string& comment) {
    if (!parts.asksForKey) return comment + "The server asks for no key.\n";
    if (parts.keyFile.empty()) return comment + "Set LARDER_KEY to the API key from Larder's settings.\n";
    return comment + "The API key is in " + parts.keyFile + ".\n";
}

// sh: LARDER_KEY is set, or is set by the user.
std::string shellKeyLine(const SnippetParts& parts) {
    return keyRemark(parts, "# ") + (parts.asksForKey && !parts.keyFile.empty() ? "LARDER_KEY=" + parts.shellKey + "\n" : "");
}

std::string curlText(const SnippetParts& parts) {
    base::Json body;
    body["model"] = parts.model;
    body["messages"] = base::Json::array({{{"role", "user"}, {"content", "Hello!"}}});
    return shellKeyLine(parts) + "curl " + shellQuoted(parts.address + "/v1/chat/completions") + " \\\n" +
           (parts.asksForKey ? "  -H \"Authorization: Bearer $LARDER_KEY\" \\\n" : "") + "  -H 'Content-Type: application/json' \\\n  -d " +
           shellQuoted(base::dumpJson(body)) + "\n";
}

std::string pythonText(const SnippetParts& parts) {
    std::string key = R"("larder")", imports;
    if (parts.asksForKey && parts.keyFile.empty()) {
        imports = "import os\n";
        key = R"(os.environ["LARDER_KEY"])";
    } else if (parts.asksForKey) {
        imports = "from pathlib import Path\n";
        key = "Path(" + constant(parts.keyFile) + ").read_text().strip()";
    }
    const std::string model = constant(parts.model);
    return "# pip install openai anthropic\n" + keyRemark(parts, "# ") + imports + "from anthropic import Anthropic\nfrom openai import OpenAI\n\n" +
           "key = " + key + "\nquestion = [{\"role\": \"user\", \"content\": \"Hello!\"}]\n\n" +
           "client = OpenAI(base_url=" + constant(parts.address + "/v1") + ", api_key=key)\n" +
           "answer = client.chat.completions.create(model=" + model + ", messages=question)\n" +
           "print(answer.choices[0].message.content)\n\n" +
           "client = Anthropic(base_url=" + constant(parts.address) + ", api_key=key)\n" +
           "answer = client.messages.create(model=" + model + ", max_tokens=1000, messages=question)\n" +
           "print(answer.content[0].text)\n";
}

std::string javaScriptText(const SnippetParts& parts) {
    std::string key = R"("larder")", imports;
    if (parts.asksForKey && parts.keyFile.empty()) {
        key = "process.env.LARDER_KEY";
    } else if (parts.asksForKey) {
        imports = "import { readFileSync } from \"node:fs\";\n";
        key = "readFileSync(" + constant(parts.keyFile) + ", \"utf8\").trim()";
    }
    return "// npm install openai; save as hello.mjs\n" + keyRemark(parts, "// ") + imports + "import OpenAI from \"openai\";\n\n" +
           "const client = new OpenAI({\n  baseURL: " + constant(parts.address + "/v1") + ",\n  apiKey: " + key + ",\n});\n" +
           "const answer = await client.chat.completions.create({\n  model: " + constant(parts.model) +
           ",\n  messages: [{ role: \"user\", content: \"Hello!\" }],\n});\nconsole.log(answer.choices[0].message.content);\n";
}

// What larder launch codex sets.
std::string codexText(const SnippetParts& parts, const AgentModel& model) {
    std::string command = "codex";
    for (const auto& [key, value] : agents::codexSettings(parts.address, model)) command += " \\\n  -c " + shellQuoted(key + "=" + value);
    return shellKeyLine(parts) + (parts.asksForKey ? "export LARDER_KEY\n" : "export LARDER_KEY=larder\n") + command + "\n";
}

}  // namespace

std::vector<Snippet> agentSnippets(const AgentServer& server, const std::string& model) {
    const bool asksForKey = !server.apiKey.empty() || !server.keyFile.empty();
    const auto known = std::find_if(server.models.begin(), server.models.end(), [&](const AgentModel& each) { return each.name == model; });
    const SnippetParts parts{server.address, model, asksForKey, server.keyFile.string(), shellKey(server)};
    return {{"curl", "curl", curlText(parts)},
            {"python", "Python", pythonText(parts)},
            {"javascript", "JavaScript", javaScriptText(parts)},
            {"codex", "Codex", codexText(parts, known == server.models.end() ? AgentModel{model} : *known)}};
}

}  // namespace larder
