#include "tests/kernels/test_inputs.h"

#include <cmath>
#include <cstring>
#include <sstream>

#include "engine/kernels/isa_tables.h"
#include "tests/kernels/emulated_avx512_table.h"

namespace larder::kernels::test {

std::vector<const Kernels*> tablesUnderTest() {
    std::vector<const Kernels*> tables;
    for (const char* isa : {"avx2", "avx2-vnni", "avx512-vnni", "avx512-amx", "neon", "neon-dotprod", "neon-i8mm"}) {
        if (const Kernels* table = selectKernels(isa)) {
            tables.push_back(table);
        }
    }
#if defined(__x86_64__)
    // avx2-vnni in its other encoding, where selectKernels prefers the first.
    if (selectKernels("avx512-vnni") != nullptr && selectKernels("avx2-vnni") != avx512vlVnniKernels()) {
        tables.push_back(avx512vlVnniKernels());
    }
#endif
    if (const Kernels* table = selectKernels("avx2") == nullptr ? nullptr : emulatedAvx512Table()) {
        tables.push_back(table);
    }
    return tables;
}

std::string tableName(const Kernels* table) {
    std::string name = table == emulatedAvx512Table() ? "avx512_emulated" : table->isa;
    if (name == "avx2-vnni" && table != selectKernels("avx2-vnni")) {
        name += "_by_avx512vl";
    }
    for (char& c : name) {
        c = c == '-' ? '_' : c;
    }
    return name;
}

const Kernels* scalarTable() {
    return selectKernels("scalar");
}

std::string firstDifference(std::span<const float> actual, std::span<const float> expected) {
    if (actual.size() != expected.size()) {
        return "sizes differ";
    }
    for (std::size_t i = 0; i < actual.size(); ++i) {
        const float a = actual[i];
        const float e = expected[i];
        const bool same =
            std::memcmp(&a, &e, sizeof a) == 0 || (a == 0.0f && e == 0.0f) || (std::isnan(a) && std::isnan(e));
        if (!same) {
            std::ostringstream text;
            text << "at " << i << ": " << std::hexfloat << a << " instead of " << e;
            return text.str();
        }
    }
    return "";
}

AlignedBytes::AlignedBytes(std::size_t size)
    : m_bytes(static_cast<std::byte*>(::operator new[](size == 0 ? 64 : size, std::align_val_t{64}))) {
    std::memset(m_bytes.get(), 0xff, size);
}

float uniform(Random& random, float low, float high) {
    return low + (high - low) * (static_cast<float>(random() >> 8) * 0x1p-24f);
}

std::vector<float> uniformRow(Random& random, std::size_t count, float low, float high) {
    std::vector<float> row(count);
    for (float& value : row) {
        value = uniform(random, low, high);
    }
    return row;
}

namespace {

// Half floats of 2^-8 to 2^-5, either sign.
std::uint16_t randomHalf(Random& random) {
    const unsigned exponent = 7 + random() % 4;
    return static_cast<std::uint16_t>((random() % 2) << 15 | exponent << 10 | random() % 1024);
}

std::uint16_t randomBfloat(Random& random) {
    const float value = uniform(random, -1.0f, 1.0f);
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return static_cast<std::uint16_t>(bits >> 16);
}

}  // namespace

std::vector<std::byte> randomSource(Random& random, WeightFormat format, int rows, int columns) {
    std::vector<std::byte> source(static_cast<std::size_t>(rows) * sourceRowBytes(format, columns));
    if (format == WeightFormat::F32) {
        const std::vector<float> values = uniformRow(random, source.size() / 4);
        std::memcpy(source.data(), values.data(), source.size());
        return source;
    }
    if (!usesInt8Activations(format)) {
        for (std::size_t at = 0; at < source.size(); at += 2) {
            const std::uint16_t value = format == WeightFormat::F16 ? randomHalf(random) : randomBfloat(random);
            std::memcpy(source.data() + at, &value, 2);
        }
        return source;
    }
    for (std::byte& value : source) {
        value = static_cast<std::byte>(random());
    }
    const std::size_t blockBytes = sourceRowBytes(format, blockColumns(format));
    for (std::size_t at = 0; at < source.size(); at += blockBytes) {
        const std::uint16_t parts[2] = {randomHalf(random), randomHalf(random)};
        std::memcpy(source.data() + at + scaleOffset(format), parts, format == WeightFormat::Q4_1 ? 4 : 2);
    }
    return source;
}

int fittingColumns(WeightFormat format, int columns) {
    const int block = blockColumns(format);
    return (columns + block - 1) / block * block;
}

std::size_t scaleOffset(WeightFormat format) {
    return format == WeightFormat::Q6_K ? 208 : 0;
}

std::size_t codeOffset(WeightFormat format) {
    return format == WeightFormat::Q6_K ? 0 : format == WeightFormat::Q4_1 ? 4 : 2;
}

PackedWeights::PackedWeights(WeightFormat packedFormat, std::span<const std::byte> source, int rowCount,
                             int columnCount)
    : format(packedFormat),
      rows(rowCount),
      columns(columnCount),
      panels((rowCount + kPanelRows - 1) / kPanelRows),
      bytes(static_cast<std::size_t>(panels) * packedPanelBytes(format, columns)) {
    packPanels(format, source.data(), rows, columns, 0, panels, bytes.data());
}

Activations::Activations(std::vector<float> values, int tokenCount, int columnCount)
    : tokens(tokenCount),
      columns(columnCount),
      x(std::move(values)),
      codes(x.size()),
      scales(x.size() / kGroup),
      sums(x.size() / kGroup),
      firstSums(x.size() / kGroup),
      scaledSums(x.size() / kGroup) {
    if (columns % kGroup == 0) {
        for (int row = 0; row < tokens; ++row) {
            scalarTable()->quantizeRow(x.data() + static_cast<std::ptrdiff_t>(row) * columns, columns,
                                       groupsOf(quantized(), columns, row));
        }
    }
}

QuantizedRows Activations::quantized() {
    return {tokens, codes.data(), scales.data(), sums.data(), firstSums.data(), scaledSums.data()};
}

const char* formatName(WeightFormat format) {
    switch (format) {
        case WeightFormat::F32:
            return "F32";
        case WeightFormat::F16:
            return "F16";
        case WeightFormat::BF16:
            return "BF16";
        case WeightFormat::Q4_0:
            return "Q4_0";
        case WeightFormat::Q4_1:
            return "Q4_1";
        case WeightFormat::Q8_0:
            return "Q8_0";
        case WeightFormat::Q6_K:
            return "Q6_K";
    }
    return "";
}

}  // namespace larder::kernels::test
