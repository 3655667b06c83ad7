#include "engine/kernels/kernels.h"

#include <gtest/gtest.h>

#include "tests/kernels/test_inputs.h"

namespace larder::kernels::test {
namespace {

TEST(SelectKernels, knowsEveryNameItLists) {
    const std::string names = supportedIsas();
    EXPECT_TRUE(names.starts_with("scalar"));
    std::size_t first = 0;
    std::string best;
    while (first < names.size()) {
        const std::size_t comma = std::min(names.find(", ", first), names.size());
        best = names.substr(first, comma - first);
        const Kernels* table = selectKernels(best);
        ASSERT_NE(table, nullptr) << best;
        EXPECT_EQ(table->isa, best);
        first = comma + 2;
    }
    EXPECT_EQ(selectKernels("")->isa, best);
}

TEST(SelectKernels, refusesUnknownNames) {
    for (const char* name : {"neon", "AVX2", "avx", "scalar ", "avx2, scalar"}) {
        EXPECT_EQ(selectKernels(name), nullptr) << name;
    }
}

#if defined(__x86_64__)
TEST(SelectKernels, agreesWithTheCompilersDetection) {
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    EXPECT_EQ(selectKernels("avx2") != nullptr, avx2);
    EXPECT_EQ(selectKernels("avx512-vnni") != nullptr,
              avx2 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"));
    if (selectKernels("avx512-amx") != nullptr) {
        EXPECT_NE(selectKernels("avx512-vnni"), nullptr);
    }
    EXPECT_TRUE(selectKernels("avx512-vnni") == nullptr || selectKernels("avx2-vnni") != nullptr);
}
#endif

TEST(SelectKernels, fillsEveryEntry) {
    std::vector<const Kernels*> tables = tablesUnderTest();
    tables.push_back(scalarTable());
    for (const Kernels* table : tables) {
        for (const MatmulFn matmul : table->matmul) {
            EXPECT_NE(matmul, nullptr);
        }
        for (int format = 0; format < 2; ++format) {
            EXPECT_NE(table->storeKv[format], nullptr);
            EXPECT_NE(table->attentionSpan[format], nullptr);
        }
        EXPECT_TRUE(table->quantizeRow && table->rmsNorm && table->ropeInterleaved && table->ropeNeox &&
                    table->siluMul && table->expAndSum && table->attentionMerge && table->attentionFinish);
    }
}

}  // namespace
}  // namespace larder::kernels::test
