// The inverse cosine transform of a block to 8 x 8, 4 x 4 or 2 x 2 pixels, in the fixed-point arithmetic of libjpeg-turbo's
// jidctint.c and jidctred.c ("islow"; Loeffler, Ligtenberg and Moschytz, ICASSP 1989), so that the pixels are equal to its.
#include <cstdint>
#include <cstring>

#include "path.h"

namespace tutela {
namespace {

typedef int32_t Four __attribute__((vector_size(16)));
typedef int32_t Eight __attribute__((vector_size(32)));
typedef int16_t EightShort __attribute__((vector_size(16)));

// libjpeg-turbo's vector code keeps 16 bits between the passes, its plain code looks pixels up in a table of bounded size.  So
// long as no column's coefficients add up to more than kMostColumn, and no pixel lies outside -512 to 511 before it is clipped,
// both give what is worked out here; beyond, the whole picture is left to libjpeg-turbo.
constexpr int kMostColumn = 2800;

struct JpegWorst {
  Eight column = {};
  Four pixel = {};
  int32_t flat = 0;
  TUTELA_INLINE bool exact() const {
    for (int i = 0; i < 8; ++i)
      if (column[i] > kMostColumn) return false;
    for (int i = 0; i < 4; ++i)
      if (pixel[i] & ~1023) return false;
    return !(flat & ~1023);
  }
};

template <typename V>
TUTELA_INLINE V descale(V value, int bits) { return (value + (1 << (bits - 1))) >> bits; }

TUTELA_INLINE void jpeg_flat(int coefficient, int count, uint8_t* pixels, JpegWorst& worst) {
  const int value = (coefficient + 4) >> 3;
  worst.flat |= value + 512;
  const int shifted = value + 128;
  std::memset(pixels, shifted < 0 ? 0 : shifted > 255 ? 255 : shifted, static_cast<size_t>(count));
}

TUTELA_INLINE Eight jpeg_row(const int16_t* block, const int32_t* quant, int row) {
  EightShort raw;
  Eight scale;
  std::memcpy(&raw, block + row * 8, sizeof raw);
  std::memcpy(&scale, quant + row * 8, sizeof scale);
  return __builtin_convertvector(raw, Eight) * scale;
}

template <int kSide>
TUTELA_INLINE void jpeg_rows(const int16_t* block, const int32_t* quant, Eight in[8], JpegWorst& worst) {
  Eight sum = {};
  for (int row = 0; row < 8; ++row) {
    if ((kSide == 4 && row == 4) || (kSide == 2 && (row == 2 || row == 4 || row == 6))) continue;
    in[row] = jpeg_row(block, quant, row);
    sum += in[row] < 0 ? -in[row] : in[row];
  }
  worst.column = sum > worst.column ? sum : worst.column;
}

// Four pixels a lane, first the lowest byte.
TUTELA_INLINE Four jpeg_clip(Four a, Four b, Four c, Four d, JpegWorst& worst) {
  Four all[4] = {a, b, c, d}, packed = {};
  for (int i = 0; i < 4; ++i) {
    worst.pixel |= all[i] + 512;
    Four value = all[i] + 128;
    value = value < 0 ? Four{} : value;
    value = value > 255 ? Four{} + 255 : value;
    packed |= value << (8 * i);
  }
  return packed;
}

TUTELA_INLINE void jpeg_turn(const Four in[4], Four out[4]) {
  const Four a = __builtin_shufflevector(in[0], in[1], 0, 4, 1, 5), b = __builtin_shufflevector(in[2], in[3], 0, 4, 1, 5);
  const Four c = __builtin_shufflevector(in[0], in[1], 2, 6, 3, 7), d = __builtin_shufflevector(in[2], in[3], 2, 6, 3, 7);
  out[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  out[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  out[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  out[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
}

// One pass of the transform to four; `bits` is what its answers are shifted down by.
template <typename V>
TUTELA_INLINE void jpeg_four(const V in[8], V out[4], int bits) {
  const V zero = in[0] << 14;
  const V even = in[2] * 15137 - in[6] * 6270;
  const V high = zero + even, low = zero - even;
  const V inner = in[7] * -1730 + in[5] * 11893 - in[3] * 17799 + in[1] * 8697;
  const V outer = in[7] * -4176 - in[5] * 4926 + in[3] * 7373 + in[1] * 20995;
  out[0] = descale<V>(high + outer, bits);
  out[3] = descale<V>(high - outer, bits);
  out[1] = descale<V>(low + inner, bits);
  out[2] = descale<V>(low - inner, bits);
}

template <typename V>
TUTELA_INLINE void jpeg_eight(const V in[8], V out[8], int bits) {
  const V turned = (in[2] + in[6]) * 4433;
  const V two = turned - in[6] * 15137, three = turned + in[2] * 6270;
  const V zero = (in[0] + in[4]) << 13, one = (in[0] - in[4]) << 13;
  const V even[4] = {zero + three, one + two, one - two, zero - three};
  const V z5 = (in[7] + in[3] + in[5] + in[1]) * 9633;
  const V z1 = (in[7] + in[1]) * -7373, z2 = (in[5] + in[3]) * -20995;
  const V z3 = (in[7] + in[3]) * -16069 + z5, z4 = (in[5] + in[1]) * -3196 + z5;
  const V odd[4] = {in[1] * 12299 + z1 + z4, in[3] * 25172 + z2 + z3, in[5] * 16819 + z2 + z4, in[7] * 2446 + z1 + z3};
  for (int i = 0; i < 4; ++i) {
    out[i] = descale<V>(even[i] + odd[i], bits);
    out[7 - i] = descale<V>(even[i] - odd[i], bits);
  }
}

// The left (0) or right (1) half of `count` rows, turned: one vector a column.
TUTELA_INLINE void jpeg_columns(const Eight* rows, Four columns[8]) {
  Four half[4];
  for (int i = 0; i < 4; ++i) half[i] = __builtin_shufflevector(rows[i], rows[i], 0, 1, 2, 3);
  jpeg_turn(half, columns);
  for (int i = 0; i < 4; ++i) half[i] = __builtin_shufflevector(rows[i], rows[i], 4, 5, 6, 7);
  jpeg_turn(half, columns + 4);
}

template <int kSide>
TUTELA_INLINE void jpeg_idct(const int16_t* block, const int32_t* quant, uint8_t* pixels, JpegWorst& worst);

template <>
TUTELA_INLINE void jpeg_idct<1>(const int16_t*, const int32_t*, uint8_t*, JpegWorst&) {}

template <>
TUTELA_INLINE void jpeg_idct<4>(const int16_t* block, const int32_t* quant, uint8_t* pixels, JpegWorst& worst) {
  Eight in[8], rows[4];
  jpeg_rows<4>(block, quant, in, worst);
  jpeg_four<Eight>(in, rows, 12);
  Four columns[8], out[4];
  jpeg_columns(rows, columns);
  jpeg_four<Four>(columns, out, 19);
  const Four packed = jpeg_clip(out[0], out[1], out[2], out[3], worst);
  std::memcpy(pixels, &packed, 16);
}

template <>
TUTELA_INLINE void jpeg_idct<8>(const int16_t* block, const int32_t* quant, uint8_t* pixels, JpegWorst& worst) {
  Eight in[8], rows[8];
  jpeg_rows<8>(block, quant, in, worst);
  jpeg_eight<Eight>(in, rows, 11);
  for (int half = 0; half < 2; ++half) {
    Four columns[8], out[8];
    jpeg_columns(rows + 4 * half, columns);
    jpeg_eight<Four>(columns, out, 18);
    const Four left = jpeg_clip(out[0], out[1], out[2], out[3], worst), right = jpeg_clip(out[4], out[5], out[6], out[7], worst);
    for (int row = 0; row < 4; ++row) {
      std::memcpy(pixels + (half * 4 + row) * 8, reinterpret_cast<const char*>(&left) + row * 4, 4);
      std::memcpy(pixels + (half * 4 + row) * 8 + 4, reinterpret_cast<const char*>(&right) + row * 4, 4);
    }
  }
}

template <>
TUTELA_INLINE void jpeg_idct<2>(const int16_t* block, const int32_t* quant, uint8_t* pixels, JpegWorst& worst) {
  Eight in[8];
  jpeg_rows<2>(block, quant, in, worst);
  const Eight zero = in[0] << 15, odd = in[7] * -5906 + in[5] * 6967 - in[3] * 10426 + in[1] * 29692;
  const Eight rows[2] = {descale<Eight>(zero + odd, 13), descale<Eight>(zero - odd, 13)};
  for (int row = 0; row < 2; ++row) {
    const Eight& ws = rows[row];
    const int32_t even = ws[0] * 32768, other = ws[7] * -5906 + ws[5] * 6967 - ws[3] * 10426 + ws[1] * 29692;
    for (int side = 0; side < 2; ++side) {
      const int32_t value = descale<int32_t>(side ? even - other : even + other, 20);
      worst.flat |= value + 512;
      const int32_t shifted = value + 128;
      pixels[row * 2 + side] = static_cast<uint8_t>(shifted < 0 ? 0 : shifted > 255 ? 255 : shifted);
    }
  }
}

}  // namespace
}  // namespace tutela
