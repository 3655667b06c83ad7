// Vector forms of math.h for NEON. Private to kernels; internal linkage as in half.h.
#pragma once

#include <arm_neon.h>

#include "engine/kernels/exp2_polynomial.h"

namespace larder::kernels {

// exp2Scalar for every lane, except that lanes above 127 are undefined.
static inline float32x4_t exp2UpTo127(float32x4_t x) {
    const float32x4_t n = vrndnq_f32(x);
    const float32x4_t f = vsubq_f32(x, n);
    float32x4_t p = vfmaq_f32(vdupq_n_f32(kExp2C5), f, vdupq_n_f32(kExp2C6));
    p = vfmaq_f32(vdupq_n_f32(kExp2C4), f, p);
    p = vfmaq_f32(vdupq_n_f32(kExp2C3), f, p);
    p = vfmaq_f32(vdupq_n_f32(kExp2C2), f, p);
    p = vfmaq_f32(vdupq_n_f32(kExp2C1), f, p);
    p = vfmaq_f32(vdupq_n_f32(1.0f), f, p);
    const int32x4_t exponent = vshlq_n_s32(vcvtnq_s32_f32(n), 23);  // 0 for NaN, which p keeps
    const uint32x4_t power = vaddq_u32(vreinterpretq_u32_f32(p), vreinterpretq_u32_s32(exponent));
    const uint32x4_t small = vcltq_f32(x, vdupq_n_f32(-126.0f));
    return vreinterpretq_f32_u32(vbicq_u32(power, small));
}

static inline float32x4_t exp2Vector(float32x4_t x) {
    const uint32x4_t over = vcgtq_f32(x, vdupq_n_f32(127.0f));
    return vbslq_f32(over, vdupq_n_f32(__builtin_inff()), exp2UpTo127(x));
}

// The tree +8, +4, +2, +1 over 16 lanes in four registers.
static inline float sumTree(const float32x4_t (&lanes)[4]) {
    const float32x4_t four = vaddq_f32(vaddq_f32(lanes[0], lanes[2]), vaddq_f32(lanes[1], lanes[3]));
    const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

// All bits set in the first `count` of 4 lanes, count clamped to 0..4.
static inline uint32x4_t firstLanes(int count) {
    static const std::int32_t kLanes[4] = {0, 1, 2, 3};
    return vcgtq_s32(vdupq_n_s32(count), vld1q_s32(kLanes));
}

}  // namespace larder::kernels
