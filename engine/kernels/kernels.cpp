#include "engine/kernels/kernels.h"

#include <vector>

#include "engine/kernels/isa_tables.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include "engine/kernels/arm_features.h"
#endif

namespace larder::kernels {
namespace {

#if defined(__x86_64__)
struct CpuFeatures {
    bool avx2 = false;        // with FMA and F16C
    bool avxVnni = false;
    bool avx512Vnni = false;  // with F, BW, DQ, VL
    bool amxInt8 = false;     // and the system lets this process use the tile registers
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

// Asks the system for the tile registers, for every thread of this process. Linux hands them out on request only.
bool grantedTiles() {
#if defined(__linux__)
    constexpr long kArchPrctl = 158;
    constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
    constexpr long kTileData = 18;
    long result = kArchPrctl;
    __asm__ volatile("syscall" : "+a"(result) : "D"(kRequestPermission), "S"(kTileData) : "rcx", "r11", "memory");
    return result == 0;
#else
    return false;
#endif
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
    const bool tiles = bit(d, 24) && bit(d, 25) && (state & 0x60000u) == 0x60000u;  // AMX-TILE, AMX-INT8
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) {
        features.avxVnni = features.avx2 && bit(a, 4);
    }
    features.amxInt8 = features.avx512Vnni && tiles && grantedTiles();
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
    if (features.avxVnni || features.avx512Vnni) {
        tables.push_back(features.avxVnni ? avx2VnniKernels() : avx512vlVnniKernels());
    }
    if (features.avx512Vnni) {
        tables.push_back(avx512VnniKernels());
    }
    if (features.amxInt8) {
        tables.push_back(avx512AmxKernels());
    }
#elif defined(__aarch64__)
    const ArmFeatures features = readArmFeatures();
    tables.push_back(neonKernels());
    if (features.dotProduct) {
        tables.push_back(neonDotprodKernels());
    }
    if (features.dotProduct && features.int8Matrix) {
        tables.push_back(neonI8mmKernels());
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
