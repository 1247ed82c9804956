// Vectors for the inverse transform: 128 bits for each of kJpegGroup blocks, and nothing ever crosses from block to block.
#pragma once
#include <cstdint>
#include <cstring>

#include "path.h"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace tutela {
namespace {

#if defined(TUTELA_AVX2)
constexpr int kJpegGroup = 2;
#define TUTELA_LANES(operation) _mm256_##operation
using JpegRegister = __m256i;
#else
constexpr int kJpegGroup = 1;
#define TUTELA_LANES(operation) _mm_##operation
#if defined(__SSE2__)
using JpegRegister = __m128i;
#endif
#endif

typedef int16_t Shorts __attribute__((vector_size(16 * kJpegGroup)));
typedef int32_t Words __attribute__((vector_size(16 * kJpegGroup)));

// The eight numbers at `at`, and as many for each further block, `step` numbers on.
TUTELA_INLINE Shorts jpeg_load(const int16_t* at, [[maybe_unused]] int step) {
#if defined(TUTELA_AVX2)
  const auto one = [&](int block) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + block * step)); };
  return reinterpret_cast<Shorts>(_mm256_inserti128_si256(_mm256_castsi128_si256(one(0)), one(1), 1));
#else
  Shorts made;
  std::memcpy(&made, at, sizeof made);
  return made;
#endif
}

#if defined(__SSE2__)
TUTELA_INLINE JpegRegister jpeg_raw(Shorts a) { return reinterpret_cast<JpegRegister>(a); }
TUTELA_INLINE JpegRegister jpeg_raw(Words a) { return reinterpret_cast<JpegRegister>(a); }

// The lower (upper) four of both, in turn.
TUTELA_INLINE Shorts low_pairs(Shorts a, Shorts b) { return reinterpret_cast<Shorts>(TUTELA_LANES(unpacklo_epi16)(jpeg_raw(a), jpeg_raw(b))); }
TUTELA_INLINE Shorts high_pairs(Shorts a, Shorts b) { return reinterpret_cast<Shorts>(TUTELA_LANES(unpackhi_epi16)(jpeg_raw(a), jpeg_raw(b))); }
// The same of pairs and of fours.
TUTELA_INLINE Shorts low_twos(Shorts a, Shorts b) { return reinterpret_cast<Shorts>(TUTELA_LANES(unpacklo_epi32)(jpeg_raw(a), jpeg_raw(b))); }
TUTELA_INLINE Shorts high_twos(Shorts a, Shorts b) { return reinterpret_cast<Shorts>(TUTELA_LANES(unpackhi_epi32)(jpeg_raw(a), jpeg_raw(b))); }
TUTELA_INLINE Shorts low_fours(Shorts a, Shorts b) { return reinterpret_cast<Shorts>(TUTELA_LANES(unpacklo_epi64)(jpeg_raw(a), jpeg_raw(b))); }
TUTELA_INLINE Shorts high_fours(Shorts a, Shorts b) { return reinterpret_cast<Shorts>(TUTELA_LANES(unpackhi_epi64)(jpeg_raw(a), jpeg_raw(b))); }
// Sums of two products each.
TUTELA_INLINE Words pair_sums(Shorts a, Shorts by) { return reinterpret_cast<Words>(TUTELA_LANES(madd_epi16)(jpeg_raw(a), jpeg_raw(by))); }
// First of `a`, then of `b`, what is too large at its bound: to signed, to unsigned bytes, and a sum.
TUTELA_INLINE Shorts narrowed(Words a, Words b) { return reinterpret_cast<Shorts>(TUTELA_LANES(packs_epi32)(jpeg_raw(a), jpeg_raw(b))); }
TUTELA_INLINE Shorts bytes_of(Shorts a, Shorts b) { return reinterpret_cast<Shorts>(TUTELA_LANES(packus_epi16)(jpeg_raw(a), jpeg_raw(b))); }
TUTELA_INLINE Shorts bounded_sum(Shorts a, Shorts b) { return reinterpret_cast<Shorts>(TUTELA_LANES(adds_epi16)(jpeg_raw(a), jpeg_raw(b))); }
TUTELA_INLINE Shorts larger(Shorts a, Shorts b) { return reinterpret_cast<Shorts>(TUTELA_LANES(max_epi16)(jpeg_raw(a), jpeg_raw(b))); }
#else
TUTELA_INLINE Shorts low_pairs(Shorts a, Shorts b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
TUTELA_INLINE Shorts high_pairs(Shorts a, Shorts b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
TUTELA_INLINE Shorts low_twos(Shorts a, Shorts b) { return __builtin_shufflevector(a, b, 0, 1, 8, 9, 2, 3, 10, 11); }
TUTELA_INLINE Shorts high_twos(Shorts a, Shorts b) { return __builtin_shufflevector(a, b, 4, 5, 12, 13, 6, 7, 14, 15); }
TUTELA_INLINE Shorts low_fours(Shorts a, Shorts b) { return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11); }
TUTELA_INLINE Shorts high_fours(Shorts a, Shorts b) { return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15); }
TUTELA_INLINE Words pair_sums(Shorts a, Shorts by) {
  const auto first = [](Shorts of) { return __builtin_convertvector(__builtin_shufflevector(of, of, 0, 2, 4, 6), Words); };
  const auto second = [](Shorts of) { return __builtin_convertvector(__builtin_shufflevector(of, of, 1, 3, 5, 7), Words); };
  return first(a) * first(by) + second(a) * second(by);
}
TUTELA_INLINE Shorts narrowed(Words a, Words b) {
  const auto held = [](Words of) {
    const Words least = of > 32767 ? Words{} + 32767 : of;
    return least < -32768 ? Words{} - 32768 : least;
  };
  const Words first = held(a), second = held(b);
  Shorts made;
  for (int i = 0; i < 4; ++i) {
    made[i] = static_cast<int16_t>(first[i]);
    made[i + 4] = static_cast<int16_t>(second[i]);
  }
  return made;
}
TUTELA_INLINE Shorts bytes_of(Shorts a, Shorts b) {
  const auto held = [](Shorts of) {
    const Shorts least = of > 255 ? Shorts{} + 255 : of;
    return least < 0 ? Shorts{} : least;
  };
  const Shorts first = held(a), second = held(b);
  uint8_t bytes[16];
  for (int i = 0; i < 8; ++i) {
    bytes[i] = static_cast<uint8_t>(first[i]);
    bytes[i + 8] = static_cast<uint8_t>(second[i]);
  }
  Shorts made;
  std::memcpy(&made, bytes, 16);
  return made;
}
TUTELA_INLINE Shorts bounded_sum(Shorts a, Shorts b) {
  const Shorts sum = a + b;
  return ((a ^ sum) & (b ^ sum)) < 0 ? (a >> 15) ^ 32767 : sum;
}
TUTELA_INLINE Shorts larger(Shorts a, Shorts b) { return a > b ? a : b; }
#endif

}  // namespace
}  // namespace tutela
