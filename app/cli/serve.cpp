#include <utility>

#include "app/cli/command.h"
#include "app/stop_signal.h"
#include "app/terminal.h"
#include "engine/server.h"

namespace larder::app {

int serve(const Options& options) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    StopSignal stop(kExitOk);
    // A load must end in order: one that just vanishes counts as a crash of the model.
    stop.collect();
    ServerStart how;
    how.stopAsked = [&stop] { return stop.take(); };
    auto server = Server::start(*settings, std::move(how));
    if (!server.ok()) return server.error().code == ErrorCode::Cancelled ? kExitOk : fail(server.error());
    // Scripts wait for this line. Whether anyone reads it does not matter to the clients.
    (void)writeOutput("listening on " + (*server)->address() + "\n");
    stop.wait();
    server->reset();
    return kExitOk;
}

void addServe(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("serve", "Answer over HTTP until stopped");
    addFolderOptions(*command, options);
    addServerOptions(*command, options);
    addComputeOptions(*command, options);
    command->callback([&options, &chosen] { chosen = [&options] { return serve(options); }; });
}

}  // namespace larder::app
