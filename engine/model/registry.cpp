#include <array>
#include <string>
#include <string_view>

#include "engine/model/architectures.h"

namespace larder::model {
namespace {

struct Architecture {
    std::string_view name;  // general.architecture
    Expected<std::unique_ptr<Model>> (*load)(const formats::GgufFile&, const LoadOptions&);
};

constexpr std::array kArchitectures{Architecture{"llama", loadLlama}};

}  // namespace

Expected<std::unique_ptr<Model>> loadModel(const std::filesystem::path& path, const LoadOptions& options) {
    const auto file = formats::GgufFile::open(path);
    if (!file) return file.error();
    const auto name = file->stringValue("general.architecture");
    if (!name) return Error{ErrorCode::Corrupt, path.string() + ": the key general.architecture is missing"};
    std::string known;
    for (const Architecture& architecture : kArchitectures) {
        if (architecture.name == *name) return architecture.load(*file, options);
        known += (known.empty() ? "" : ", ") + std::string(architecture.name);
    }
    return Error{ErrorCode::Unsupported, path.string() + ": models of the family \"" + std::string(*name) +
                                             "\" are not supported yet (supported: " + known + ")"};
}

}  // namespace larder::model
