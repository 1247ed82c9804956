// The inverse cosine transform of blocks to 8 x 8, 4 x 4 or 2 x 2 pixels, in the fixed-point arithmetic of libjpeg-turbo's
// jidctint.c and jidctred.c ("islow"; Loeffler, Ligtenberg and Moschytz, ICASSP 1989), so that the pixels are equal to its.
#include "jpeg_lanes.h"
#include "jpeg_scan.h"

namespace tutela {
namespace {

// libjpeg-turbo's vector code keeps 16 bits between the passes, its plain code looks pixels up in a table of bounded size.  So
// long as no column's coefficients add up to more than kMostColumn, and no pixel lies outside -512 to 511 before it is clipped,
// both give what is worked out here; beyond, the whole picture is left to libjpeg-turbo.
constexpr int kMostColumn = 2800;

struct JpegWorst {
  Shorts column = {};
  Shorts pixel = {};
  int32_t flat = 0;
  bool exact() const {
    for (int i = 0; i < 8 * kJpegGroup; ++i)
      if (column[i] > kMostColumn || (pixel[i] & ~1023)) return false;
    return !(flat & ~1023);
  }
};

TUTELA_INLINE uint8_t jpeg_flat(int coefficient, JpegWorst& worst) {
  const int value = (coefficient + 4) >> 3;
  worst.flat |= value + 512;
  const int shifted = value + 128;
  return static_cast<uint8_t>(shifted < 0 ? 0 : shifted > 255 ? 255 : shifted);
}

// Factors of a pair, the same for all pairs.
TUTELA_INLINE Shorts factors(int first, int second) {
  return reinterpret_cast<Shorts>(Words{} + static_cast<int32_t>((static_cast<uint32_t>(second) << 16) | (static_cast<uint32_t>(first) & 0xFFFF)));
}

// Pairs of the coefficients along one axis, as kJpegSlots has them next to each other: 0 and 4, 2 and 6, 1 and 3, 5 and 7.
struct JpegPairs {
  Shorts four, six, three, seven;
};

// One pass: its answers have `bias` added and are shifted down by `bits`.  (libjpeg's shared products are multiplied out: the
// sums are the same, whole numbers modulo 2^32.)
template <int kSide>
TUTELA_INLINE void jpeg_pass(const JpegPairs& in, int32_t bias, int bits, Words out[kSide]) {
  const auto odd = [&](int one, int three, int five, int seven) {
    return pair_sums(in.three, factors(one, three)) + pair_sums(in.seven, factors(five, seven));
  };
  if constexpr (kSide == 8) {
    const Words zero = pair_sums(in.four, factors(8192, 8192)) + bias, one = pair_sums(in.four, factors(8192, -8192)) + bias;
    const Words two = pair_sums(in.six, factors(4433, -10704)), three = pair_sums(in.six, factors(10703, 4433));
    const Words even[4] = {zero + three, one + two, one - two, zero - three};
    const Words odds[4] = {odd(11363, 9633, 6437, 2260), odd(9633, -2259, -11362, -6436), odd(6437, -11362, 2261, 9633), odd(2260, -6436, 9633, -11363)};
    for (int i = 0; i < 4; ++i) {
      out[i] = (even[i] + odds[i]) >> bits;
      out[7 - i] = (even[i] - odds[i]) >> bits;
    }
  } else if constexpr (kSide == 4) {
    const Words zero = pair_sums(in.four, factors(16384, 0)) + bias, even = pair_sums(in.six, factors(15137, -6270));
    const Words high = zero + even, low = zero - even;
    const Words inner = odd(8697, -17799, 11893, -1730), outer = odd(20995, 7373, -4926, -4176);
    out[0] = (high + outer) >> bits;
    out[3] = (high - outer) >> bits;
    out[1] = (low + inner) >> bits;
    out[2] = (low - inner) >> bits;
  } else {
    const Words zero = (pair_sums(in.four, factors(16384, 0)) << 1) + bias, other = odd(29692, -10426, 6967, -5906);
    out[0] = (zero + other) >> bits;
    out[1] = (zero - other) >> bits;
  }
}

// Along the columns: rows of 16 bits.
template <int kSide>
TUTELA_INLINE void jpeg_columns(const int16_t* blocks, const int16_t* quant, Shorts rows[kSide], JpegWorst& worst) {
  constexpr int kBits = kSide == 8 ? 11 : kSide == 4 ? 12 : 13;
  Shorts in[8] = {}, sum = {};
  for (int row = 0; row < 8; ++row) {
    if ((kSide == 4 && row == 4) || (kSide == 2 && (row == 2 || row == 4 || row == 6))) continue;
    in[row] = jpeg_load(blocks + row * 8, 64) * jpeg_load(quant + row * 8, 0);
    sum = bounded_sum(sum, larger(in[row], -in[row]));
  }
  worst.column = larger(worst.column, sum);
  Words left[kSide], right[kSide];
  jpeg_pass<kSide>({low_pairs(in[0], in[4]), low_pairs(in[2], in[6]), low_pairs(in[1], in[3]), low_pairs(in[5], in[7])}, 1 << (kBits - 1), kBits, left);
  jpeg_pass<kSide>({high_pairs(in[0], in[4]), high_pairs(in[2], in[6]), high_pairs(in[1], in[3]), high_pairs(in[5], in[7])}, 1 << (kBits - 1), kBits, right);
  for (int row = 0; row < kSide; ++row) rows[row] = narrowed(left[row], right[row]);
}

// Four columns of four rows, turned to two rows each of `upper` and `lower`, and judged before anything is clipped.
TUTELA_INLINE void jpeg_turned(Words a, Words b, Words c, Words d, Shorts& upper, Shorts& lower, JpegWorst& worst) {
  const Shorts even = narrowed(a, c), odd = narrowed(b, d);
  worst.pixel |= (even + 384) | (odd + 384);  // 128 is in them already
  const Shorts left = low_pairs(even, odd), right = high_pairs(even, odd);
  upper = low_twos(left, right);
  lower = high_twos(left, right);
}

// Along four rows: as many rows of kSide pixels, one after the other, 16 bytes a vector.
template <int kSide>
TUTELA_INLINE void jpeg_rows(Shorts a, Shorts b, Shorts c, Shorts d, Shorts pixels[kSide == 8 ? 2 : 1], JpegWorst& worst) {
  constexpr int kBits = kSide == 8 ? 18 : kSide == 4 ? 19 : 20;
  const Shorts ab = low_twos(a, b), cd = low_twos(c, d), ab_odd = high_twos(a, b), cd_odd = high_twos(c, d);
  Words out[kSide];
  jpeg_pass<kSide>({low_fours(ab, cd), high_fours(ab, cd), low_fours(ab_odd, cd_odd), high_fours(ab_odd, cd_odd)}, (1 << (kBits - 1)) + (128 << kBits), kBits, out);
  Shorts upper, lower;
  jpeg_turned(out[0], out[1], out[kSide == 2 ? 0 : 2], out[kSide == 2 ? 1 : 3], upper, lower, worst);
  if constexpr (kSide == 8) {
    Shorts right_upper, right_lower;
    jpeg_turned(out[4], out[5], out[6], out[7], right_upper, right_lower, worst);
    pixels[0] = bytes_of(low_fours(upper, right_upper), high_fours(upper, right_upper));
    pixels[1] = bytes_of(low_fours(lower, right_lower), high_fours(lower, right_lower));
  } else {
    pixels[0] = bytes_of(upper, lower);
  }
}

// The pixels of kJpegGroup blocks, kSide x kSide each, one block after the other; with kSide 2 the rows are 4 bytes apart.
template <int kSide>
TUTELA_INLINE void jpeg_idct(const int16_t* blocks, const int16_t* quant, uint8_t* pixels, JpegWorst& worst) {
  constexpr int kParts = kSide == 8 ? 4 : 1;
  Shorts rows[kSide], packed[kParts];
  jpeg_columns<kSide>(blocks, quant, rows, worst);
  if constexpr (kSide == 2) {
    jpeg_rows<2>(rows[0], rows[1], rows[0], rows[1], packed, worst);
  } else {
    for (int half = 0; half < kSide / 4; ++half)
      jpeg_rows<kSide>(rows[half * 4], rows[half * 4 + 1], rows[half * 4 + 2], rows[half * 4 + 3], packed + 2 * half, worst);
  }
  for (int part = 0; part < kParts; ++part)
    for (int block = 0; block < kJpegGroup; ++block)
      std::memcpy(pixels + (block * kParts + part) * 16, reinterpret_cast<const char*>(&packed[part]) + 16 * block, 16);
}

}  // namespace
}  // namespace tutela
