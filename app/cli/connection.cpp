#include "app/cli/connection.h"

#include <QByteArray>
#include <QRandomGenerator>
#include <array>
#include <utility>

#include "engine/models.h"

namespace larder::app {
namespace {

std::string randomKey() {
    std::array<quint32, 8> bits{};
    QRandomGenerator::system()->fillRange(bits.data(), static_cast<qsizetype>(bits.size()));
    return QByteArray(reinterpret_cast<const char*>(bits.data()), sizeof bits).toHex().toStdString();
}

bool isInFolder(const std::filesystem::path& file, const std::filesystem::path& folder) {
    const auto isInside = [](const std::filesystem::path& relative) { return !relative.empty() && *relative.begin() != ".."; };
    std::error_code ignored;
    // As written, for the folder may hold links to models elsewhere; or whatever the links in both names lead to.
    return isInside(file.lexically_normal().lexically_relative(folder.lexically_normal())) ||
           isInside(std::filesystem::relative(file, folder, ignored));
}

// Whether a server with these settings has it in its list.
bool isListed(const ModelInfo& model, const Settings& settings) {
    return model.source == ModelSource::HuggingFaceCache || isInFolder(model.path, settings.modelDir);
}

// What the running server calls the model. It knows those of its list only.
Expected<std::string> nameAtServer(const Settings& settings, const std::string& model) {
    const auto found = resolveModel(model, settings);
    if (!found.ok()) {
        // The server may have another model folder: let it decide.
        if (found.error().code == ErrorCode::NotFound) return model;
        return found.error();
    }
    if (isListed(*found, settings)) return found->name;
    return Error{ErrorCode::NotFound, "a server is running on " + settings.baseDir.string() + " and " + found->path.string() +
                                          " is not in its model folder: put the file into " + settings.modelDir.string() +
                                          " or stop the server"};
}

}  // namespace

Expected<Connection> Connection::open(const Settings& settings, const std::string& model, std::function<bool()> stopAsked) {
    Connection connection;
    const auto running = findRunningServer(settings);
    if (running.ok()) {
        auto name = nameAtServer(settings, model);
        if (!name.ok()) return name.error();
        connection.m_address = running->address;
        connection.m_apiKey = running->apiKey;
        connection.m_model = std::move(*name);
        return connection;
    }
    if (running.error().code != ErrorCode::NotFound) return running.error();

    const auto found = resolveModel(model, settings);
    if (!found.ok()) return found.error();
    if (!found->problem.empty()) return Error{ErrorCode::Unsupported, found->path.string() + " cannot be run: " + found->problem};
    Settings own = settings;
    own.host = "127.0.0.1";
    own.port = 0;
    own.requireApiKey = true;
    own.apiKey = randomKey();
    own.defaultModel = isListed(*found, settings) ? found->name : found->path.string();
    ServerStart how;
    how.firstLoad = FirstLoad::ByHand;
    how.stopAsked = std::move(stopAsked);
    auto server = Server::start(own, std::move(how));
    if (!server.ok()) return server.error();
    connection.m_own = std::move(*server);
    connection.m_address = connection.m_own->address();
    connection.m_apiKey = connection.m_own->apiKey();
    return connection;  // no name: the server's default model
}

}  // namespace larder::app
