#include "engine/model/weights.h"

#include <algorithm>
#include <optional>

#include "engine/base/log.h"

namespace larder::model {
namespace {

constexpr std::size_t kChunkBytes = 64u << 20;
constexpr std::size_t kHugePage = 2u << 20;

std::optional<kernels::WeightFormat> kernelFormat(formats::GgufType type) {
    using kernels::WeightFormat;
    switch (type) {
        case formats::GgufType::F32: return WeightFormat::F32;
        case formats::GgufType::F16: return WeightFormat::F16;
        case formats::GgufType::BF16: return WeightFormat::BF16;
        case formats::GgufType::Q4_0: return WeightFormat::Q4_0;
        case formats::GgufType::Q4_1: return WeightFormat::Q4_1;
        case formats::GgufType::Q8_0: return WeightFormat::Q8_0;
        case formats::GgufType::Q6_K: return WeightFormat::Q6_K;
        default: return std::nullopt;
    }
}

std::string typeName(formats::GgufType type) {
    const auto* traits = formats::ggufTypeTraits(type);
    return traits ? std::string(traits->name) : "number " + std::to_string(static_cast<std::uint32_t>(type));
}

std::string shapeText(const std::vector<std::uint64_t>& shape) {
    std::string text = "[";
    for (const std::uint64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
}

}  // namespace

std::byte* WeightArena::allocate(std::size_t bytes) {
    bytes = (bytes + 63) / 64 * 64;
    if (m_chunks.empty() || m_chunks.back().used + bytes > m_chunks.back().memory.size()) {
        const std::size_t size = std::max(kChunkBytes, (bytes + kHugePage - 1) / kHugePage * kHugePage);
        auto memory = base::PageMemory::allocate(size);
        if (!memory.ok()) return nullptr;
        m_chunks.push_back({std::move(*memory), 0});
    }
    Chunk& chunk = m_chunks.back();
    std::byte* result = chunk.memory.data() + chunk.used;
    chunk.used += bytes;
    m_usedBytes += bytes;
    return result;
}

WeightLoader::WeightLoader(const formats::GgufFile& file, WeightArena& arena, base::ThreadPool& pool, Progress progress,
                           const std::optional<base::Hash128>& knownContent)
    : m_file(file), m_arena(arena), m_pool(pool), m_progress(std::move(progress)), m_knownContent(knownContent) {
    for (const auto& tensor : file.tensors()) m_totalBytes += tensor.data.size();
    if (file.mapping()) file.mapping()->expectSequentialRead();
}

const formats::GgufTensor* WeightLoader::find(const std::string& name, int rows, int columns) {
    if (!m_error.message.empty()) return nullptr;
    const formats::GgufTensor* tensor = m_file.tensor(name);
    if (tensor == nullptr) {
        fail(ErrorCode::Corrupt, "the tensor " + name + " is missing");
        return nullptr;
    }
    const bool twoDimensional = tensor->shape.size() <= 2 ||
        std::all_of(tensor->shape.begin() + 2, tensor->shape.end(), [](std::uint64_t size) { return size == 1; });
    if (!twoDimensional || tensor->rowElements() != static_cast<std::uint64_t>(columns) ||
        tensor->rows() != static_cast<std::uint64_t>(rows)) {
        const std::string expected = rows == 1 ? "[" + std::to_string(columns) + "]"
                                               : "[" + std::to_string(columns) + ", " + std::to_string(rows) + "]";
        fail(ErrorCode::Corrupt, "tensor " + name + ": expected " + expected + ", found " + shapeText(tensor->shape));
        return nullptr;
    }
    return tensor;
}

Matrix WeightLoader::matrix(const std::string& name, int rows, int columns) {
    const formats::GgufTensor* tensor = find(name, rows, columns);
    if (tensor == nullptr) return {};
    const auto format = kernelFormat(tensor->type);
    if (!format) {
        fail(ErrorCode::Unsupported, "tensor " + name + " has the type " + typeName(tensor->type) +
                                         ", which is not supported yet (F32, F16, BF16, Q4_0, Q4_1, Q8_0, Q6_K are)");
        return {};
    }
    if (columns % kernels::blockColumns(*format) != 0) {
        fail(ErrorCode::Corrupt, "tensor " + name + " has rows of " + std::to_string(columns) + " values, which " +
                                     typeName(tensor->type) + " cannot hold");
        return {};
    }
    const std::size_t rowBytes = kernels::sourceRowBytes(*format, columns);
    if (rowBytes * static_cast<std::size_t>(rows) != tensor->data.size()) {
        fail(ErrorCode::Corrupt, "tensor " + name + " has " + std::to_string(tensor->data.size()) + " bytes where its shape needs " +
                                     std::to_string(rowBytes * static_cast<std::size_t>(rows)));
        return {};
    }
    Matrix matrix{*format, rows, columns, nullptr};
    std::byte* packed = m_arena.allocate(kernels::packedPanelBytes(*format, columns) * static_cast<std::size_t>(matrix.panels()));
    if (packed == nullptr) {
        fail(ErrorCode::OutOfMemory, "there is not enough memory for tensor " + name);
        return {};
    }
    matrix.packed = packed;
    constexpr int kPanelsPerTask = 32;
    const int tasks = (matrix.panels() + kPanelsPerTask - 1) / kPanelsPerTask;
    m_pool.run(static_cast<std::size_t>(tasks), [&](std::size_t task) {
        const int first = static_cast<int>(task) * kPanelsPerTask;
        const int last = std::min(first + kPanelsPerTask, matrix.panels());
        kernels::packPanels(*format, tensor->data.data(), rows, columns, first, last, packed);
    });
    countDone(*tensor);
    return matrix;
}

std::vector<float> WeightLoader::vector(const std::string& name, int size) {
    const formats::GgufTensor* tensor = find(name, 1, size);
    if (tensor == nullptr) return {};
    const auto format = kernelFormat(tensor->type);
    if (!format || kernels::usesInt8Activations(*format)) {
        fail(ErrorCode::Unsupported, "tensor " + name + " has the type " + typeName(tensor->type) + ", expected F32, F16 or BF16");
        return {};
    }
    // A vector is one row: pack it as a matrix of one and read that row back, so that widening exists once.
    std::vector<std::byte> packed(kernels::packedPanelBytes(*format, size));
    kernels::packPanels(*format, tensor->data.data(), 1, size, 0, 1, packed.data());
    std::vector<float> values(static_cast<std::size_t>(size));
    kernels::unpackRow(*format, packed.data(), size, 0, values.data());
    countDone(*tensor);
    return values;
}

std::vector<float> WeightLoader::optionalVector(const std::string& name, int size) {
    return has(name) ? vector(name, size) : std::vector<float>{};
}

void WeightLoader::countDone(const formats::GgufTensor& tensor) {
    ++m_usedTensors;
    m_doneBytes += tensor.data.size();
    if (!m_knownContent) addToContent(tensor);
    if (m_file.mapping()) m_file.mapping()->release(tensor.fileOffset, tensor.data.size());
    if (m_progress && !m_progress(static_cast<double>(m_doneBytes) / static_cast<double>(std::max<std::size_t>(m_totalBytes, 1))))
        fail(ErrorCode::Cancelled, "loading was cancelled");
}

// The bytes were just read for packing. Hashed in pieces, so that all threads can help.
void WeightLoader::addToContent(const formats::GgufTensor& tensor) {
    constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
    std::vector<base::Hash128> pieces((tensor.data.size() + kPieceBytes - 1) / kPieceBytes);
    m_pool.run(pieces.size(), [&](std::size_t piece) {
        const std::size_t first = piece * kPieceBytes;
        pieces[piece] = base::hash128(tensor.data.subspan(first, std::min(kPieceBytes, tensor.data.size() - first)));
    });
    const std::string label = std::string(tensor.name) + "|" + typeName(tensor.type) + "|" + shapeText(tensor.shape);
    pieces.push_back(base::hash128(std::as_bytes(std::span(label))));
    m_content.push_back(base::hash128(std::as_bytes(std::span(pieces))));
}

base::Hash128 WeightLoader::contentHash() const {
    return m_knownContent ? *m_knownContent : base::hash128(std::as_bytes(std::span(m_content)));
}

void WeightLoader::fail(ErrorCode code, const std::string& message) {
    if (m_error.message.empty()) m_error = {code, m_file.name() + ": " + message};
}

Expected<void> WeightLoader::finish() {
    if (!m_error.message.empty()) return m_error;
    if (m_usedTensors < m_file.tensors().size())
        base::logInfo(m_file.name() + ": " + std::to_string(m_file.tensors().size() - m_usedTensors) + " tensors are not used");
    return {};
}

}  // namespace larder::model
