#include "engine/kernels/kernels.h"

#include <vector>

#include "engine/kernels/isa_tables.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace larder::kernels {
namespace {

#if defined(__x86_64__)
struct CpuFeatures {
    bool avx2 = false;        // with FMA and F16C
    bool avx512Vnni = false;  // with F, BW, DQ, VL
};

bool bit(unsigned word, int index) {
    return (word >> index & 1u) != 0;
}

// Which register state the operating system saves; REQUIRES that cpuid reports OSXSAVE.
unsigned enabledState() {
    unsigned low = 0;
    unsigned high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

CpuFeatures readCpuFeatures() {
    CpuFeatures features;
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || !bit(c, 27)) {  // OSXSAVE
        return features;
    }
    const unsigned state = enabledState();
    const bool ymm = (state & 0x6u) == 0x6u;
    const bool zmm = (state & 0xe6u) == 0xe6u;
    const bool fma = bit(c, 12);
    const bool f16c = bit(c, 29);
    const bool avx = bit(c, 28);
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) {
        return features;
    }
    features.avx2 = ymm && avx && fma && f16c && bit(b, 5);
    const bool avx512 = bit(b, 16) && bit(b, 17) && bit(b, 30) && bit(b, 31);  // F, DQ, BW, VL
    features.avx512Vnni = features.avx2 && zmm && avx512 && bit(c, 11);
    return features;
}
#endif

// What this CPU runs, best last.
std::vector<const Kernels*> supportedTables() {
    std::vector<const Kernels*> tables = {scalarKernels()};
#if defined(__x86_64__)
    const CpuFeatures features = readCpuFeatures();
    if (features.avx2) {
        tables.push_back(avx2Kernels());
    }
    if (features.avx512Vnni) {
        tables.push_back(avx512VnniKernels());
    }
#endif
    return tables;
}

}  // namespace

const Kernels* selectKernels(std::string_view forced) {
    const std::vector<const Kernels*> tables = supportedTables();
    if (forced.empty()) {
        return tables.back();
    }
    for (const Kernels* table : tables) {
        if (forced == table->isa) {
            return table;
        }
    }
    return nullptr;
}

std::string supportedIsas() {
    std::string names;
    for (const Kernels* table : supportedTables()) {
        names += names.empty() ? "" : ", ";
        names += table->isa;
    }
    return names;
}

}  // namespace larder::kernels
