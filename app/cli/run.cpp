#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <QJsonArray>
#include <QJsonObject>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include "app/cli/api_client.h"
#include "app/cli/command.h"
#include "app/cli/connection.h"
#include "app/stop_signal.h"
#include "app/terminal.h"

namespace larder::app {
namespace {

struct Asked {
    std::string model;
    std::optional<std::string> prompt;
    std::optional<double> temperature;
    std::optional<std::uint64_t> seed;
    std::optional<std::size_t> maxTokens;
    bool verbose = false;
};

// One turn's answer, as it grows.
struct Answer {
    std::string text;
    QJsonObject usage;
    QJsonObject timings;
    bool outputBroken = false;  // nobody reads what we print
};

// The conversation so far and how to continue it.
class Conversation {
public:
    Conversation(const Connection& connection, const Asked& asked)
        : m_client(connection.address(), connection.apiKey()), m_asked(asked) {
        if (!connection.model().empty()) m_body["model"] = QString::fromStdString(connection.model());
        m_body["stream"] = true;
        m_body["stream_options"] = QJsonObject{{"include_usage", true}};
        if (asked.temperature) m_body["temperature"] = *asked.temperature;
        if (asked.seed) m_body["seed"] = static_cast<qint64>(*asked.seed);
        if (asked.maxTokens) m_body["max_tokens"] = static_cast<qint64>(*asked.maxTokens);
    }

    // Sends the user's message and prints the answer as it comes. A stopped answer stays in the history as far as it
    // came; after any other Error the message is forgotten.
    Expected<void> say(const std::string& message, int stopFd) {
        QJsonArray messages = m_messages;
        messages.append(QJsonObject{{"role", "user"}, {"content", QString::fromStdString(message)}});
        m_body["messages"] = messages;
        Answer answer;
        auto done = m_client.stream("/v1/chat/completions", m_body, stopFd,
                                    [&answer](const QJsonObject& event) { return take(event, answer); });
        if (!answer.text.empty() && !answer.text.ends_with('\n')) (void)writeOutput("\n");
        if (answer.outputBroken) return Error{ErrorCode::Io, "standard output cannot be written"};
        if (!done.ok() && done.error().code != ErrorCode::Cancelled) return done;
        messages.append(QJsonObject{{"role", "assistant"}, {"content", QString::fromStdString(answer.text)}});
        m_messages = messages;
        if (m_asked.verbose) printCounts(answer);
        return done;
    }

    void forget() { m_messages = {}; }

private:
    // Prints what an event adds; false to stop.
    static bool take(const QJsonObject& event, Answer& answer) {
        if (event["usage"].isObject()) answer.usage = event["usage"].toObject();
        if (event["timings"].isObject()) answer.timings = event["timings"].toObject();
        const QJsonValue content = event["choices"].toArray().first()["delta"]["content"];
        const std::string piece = content.toString().toStdString();
        answer.text += piece;
        answer.outputBroken = !writeOutput(piece);
        return !answer.outputBroken;
    }

    static void printCounts(const Answer& answer) {
        if (answer.usage.isEmpty()) return;  // stopped before the server counted
        const auto count = [&](const char* key) { return static_cast<long long>(answer.usage[key].toDouble()); };
        const auto cached = static_cast<long long>(answer.usage["prompt_tokens_details"]["cached_tokens"].toDouble());
        std::fprintf(stderr, "prompt tokens: %lld (%lld cached), %.1f tokens/s\n", count("prompt_tokens"), cached,
                     answer.timings["prompt_per_second"].toDouble());
        std::fprintf(stderr, "eval tokens:   %lld, %.1f tokens/s\n", count("completion_tokens"),
                     answer.timings["predicted_per_second"].toDouble());
    }

    ApiClient m_client;
    const Asked& m_asked;
    QJsonObject m_body;
    QJsonArray m_messages;
};

// Until Ctrl-D or /exit; Ctrl-C stops an answer, at the prompt it leaves.
int chat(Conversation& conversation, StopSignal& stop) {
    (void)writeOutput("Type a message. Ctrl-C stops an answer, /clear starts over, Ctrl-D or /exit leaves.\n");
    LineReader reader;
    while (!stop.leave()) {
        const auto line = reader.read(">>> ", stop.fd());
        if (!line) {
            (void)writeOutput("\n");
            break;
        }
        if (line->find_first_not_of(" \t\r") == std::string::npos) continue;
        if (*line == "/exit" || *line == "/bye" || *line == "/quit") break;
        if (*line == "/clear") {
            conversation.forget();
            continue;
        }
        const auto done = conversation.say(*line, stop.fd());
        (void)stop.take();
        if (done.ok() || done.error().code == ErrorCode::Cancelled) continue;
        fail(done.error());
        if (done.error().code == ErrorCode::Io) return kExitFailed;
    }
    return kExitOk;
}

int run(const Options& options, const Asked& asked) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    std::optional<std::string> prompt = asked.prompt;
    if (!prompt && !inputIsTerminal()) prompt = readAllInput();
    if (prompt && prompt->find_first_not_of(" \t\r\n") == std::string::npos) {
        fail("the prompt is empty: write one after the model's name, or pipe one in");
        return kExitUsage;
    }

    StopSignal stop(kExitFailed);
    if (errorsAreTerminal()) std::cerr << "loading " << asked.model << " ...\r" << std::flush;
    stop.collect();
    const auto connection = Connection::open(*settings, asked.model, [&stop] { return stop.take(); });
    if (errorsAreTerminal()) std::cerr << "\x1b[K" << std::flush;
    if (!connection.ok()) return connection.error().code == ErrorCode::Cancelled ? kExitFailed : fail(connection.error());

    Conversation conversation(*connection, asked);
    if (!prompt) return chat(conversation, stop);
    const auto done = conversation.say(*prompt, stop.fd());
    return done.ok() ? kExitOk : fail(done.error());
}

}  // namespace

void addRun(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("run", "Chat with a model, or answer one prompt");
    auto asked = std::make_shared<Asked>();
    command->add_option("model", asked->model, "A name from larder list, or a path")->required();
    command->add_option("prompt", asked->prompt, "Answer this and end (default: chat, or the prompt piped in)");
    command->add_option("--temperature", asked->temperature, "0 always takes the likeliest token")->check(CLI::NonNegativeNumber);
    command->add_option("--seed", asked->seed, "The same seed gives the same answer");
    command->add_option("--max-tokens", asked->maxTokens, "Stop the answer after this many tokens")->check(CLI::PositiveNumber);
    command->add_flag("--verbose", asked->verbose, "Show token counts and rates");
    addFolderOptions(*command, options);
    addComputeOptions(*command, options);
    command->callback([&options, &chosen, asked] { chosen = [&options, asked] { return run(options, *asked); }; });
}

}  // namespace larder::app
