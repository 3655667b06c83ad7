#include "engine/kernels/kernels.h"

#include <gtest/gtest.h>

#include <csetjmp>
#include <csignal>
#include <cstdlib>

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
    for (const char* name : {"NEON", "neon-", "AVX2", "avx", "scalar ", "avx2, scalar"}) {
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
    EXPECT_EQ(selectKernels("neon"), nullptr);
}
#elif defined(__aarch64__)
sigjmp_buf g_refused;

// Whether the CPU executes an instruction instead of raising SIGILL.
bool executes(void (*instruction)()) {
    const auto before = std::signal(SIGILL, [](int) { siglongjmp(g_refused, 1); });
    volatile bool done = false;
    if (sigsetjmp(g_refused, 1) == 0) {
        instruction();
        done = true;
    }
    std::signal(SIGILL, before);
    return done;
}

TEST(SelectKernels, agreesWithWhatTheCpuExecutes) {
    const bool sdot = executes([] { __asm__ volatile(".inst 0x4e809400" ::: "v0"); });
    const bool smmla = executes([] { __asm__ volatile(".inst 0x4e80a400" ::: "v0"); });
    EXPECT_NE(selectKernels("neon"), nullptr);
    EXPECT_EQ(selectKernels("neon-dotprod") != nullptr, sdot);
    EXPECT_EQ(selectKernels("neon-i8mm") != nullptr, sdot && smmla);
    EXPECT_EQ(selectKernels("avx2"), nullptr);
}

// The CPUs that tests/CMakeLists.txt runs the tests on.
TEST(SelectKernels, offersWhatEmulatedCpusHave) {
    const char* set = std::getenv("QEMU_CPU");
    if (set == nullptr) {
        GTEST_SKIP() << "QEMU_CPU names no CPU";
    }
    const std::string cpu = set;
    EXPECT_EQ(supportedIsas(), cpu == "cortex-a53"   ? "scalar, neon"
                               : cpu == "cortex-a76" ? "scalar, neon, neon-dotprod"
                                                     : "scalar, neon, neon-dotprod, neon-i8mm");
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
        EXPECT_TRUE(table->blockMaxima && table->blockMasses && table->collectAbove);
    }
}

}  // namespace
}  // namespace larder::kernels::test
