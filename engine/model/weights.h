// Weights in RAM: matrices packed into panels for the kernels, vectors as f32; and the loader that checks names and
// shapes while it fills them from a file. Built by one thread; afterwards immutable.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/page_memory.h"
#include "engine/base/thread_pool.h"
#include "engine/error.h"
#include "engine/formats/gguf.h"
#include "engine/kernels/weight_format.h"

namespace larder::model {

// A packed matrix [rows, columns]: y = W x. bytes lie in the model's WeightArena.
struct Matrix {
    kernels::WeightFormat format = kernels::WeightFormat::F32;
    int rows = 0;
    int columns = 0;
    const std::byte* packed = nullptr;

    int panels() const { return (rows + kernels::kPanelRows - 1) / kernels::kPanelRows; }
};

// Memory of all weights of one model, in huge pages where the system gives them. Freed as a whole.
class WeightArena {
public:
    WeightArena() = default;
    WeightArena(const WeightArena&) = delete;
    WeightArena& operator=(const WeightArena&) = delete;

    std::byte* allocate(std::size_t bytes);  // 64-byte aligned; nullptr when the system has none left
    std::size_t usedBytes() const { return m_usedBytes; }

private:
    struct Chunk {
        base::PageMemory memory;
        std::size_t used = 0;
    };
    std::vector<Chunk> m_chunks;
    std::size_t m_usedBytes = 0;
};

// Takes tensors out of a file by name. The first problem is kept and later calls do nothing, so a graph lists what it
// needs and asks once. Packing runs on the pool; file pages are released as soon as they are packed.
class WeightLoader {
public:
    using Progress = std::function<bool(double fractionDone)>;  // false cancels

    // knownContent: what contentHash() would be, so that nothing is hashed.
    WeightLoader(const formats::GgufFile& file, WeightArena& arena, base::ThreadPool& pool, Progress progress,
                 const std::optional<base::Hash128>& knownContent = std::nullopt);

    Matrix matrix(const std::string& name, int rows, int columns);
    std::vector<float> vector(const std::string& name, int size);            // from F32, F16 or BF16
    std::vector<float> optionalVector(const std::string& name, int size);    // empty when the file has none
    bool has(const std::string& name) const { return m_file.tensor(name) != nullptr; }

    // Of all tensors taken so far: names, types, shapes and every byte.
    base::Hash128 contentHash() const;

    // The first error, or a note in the log about tensors nobody asked for.
    Expected<void> finish();

private:
    const formats::GgufTensor* find(const std::string& name, int rows, int columns);
    void fail(ErrorCode code, const std::string& message);
    void countDone(const formats::GgufTensor& tensor);
    void addToContent(const formats::GgufTensor& tensor);

    const formats::GgufFile& m_file;
    WeightArena& m_arena;
    base::ThreadPool& m_pool;
    Progress m_progress;
    std::size_t m_doneBytes = 0;
    std::size_t m_totalBytes = 0;
    std::size_t m_usedTensors = 0;
    std::optional<base::Hash128> m_knownContent;
    std::vector<base::Hash128> m_content;  // of the tensors taken, in order; empty when it is known already
    Error m_error;
};

}  // namespace larder::model
