// Put before every source of llama.cpp by peer.py. GCC 12's _tile_loadconfig says that it reads 8 of the 64 bytes it is
// given, so the optimiser drops what was written to the others, and the first tile instruction ends the program.
#pragma once

#if defined(__AMX_TILE__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#define _tile_loadconfig(config) __asm__ volatile("ldtilecfg\t%0" : : "m"(*(const char(*)[64])(config)))
#endif
