// The inner loops of the JPEG decoder, compiled once for each CPU path (see path_body.h for the rules of such a file).
#include <cstring>

#include "jpeg_idct.h"
#include "jpeg_scan.h"

namespace tutela {
namespace {

// Position in the file's order to place in rows; what lies beyond the block goes to a place that nobody reads.
struct JpegPlaces {
  uint8_t at[kJpegPositions];
};
constexpr JpegPlaces jpeg_places() {
  JpegPlaces places{};
  int row = 0, column = 0;
  for (int k = 0; k < kJpegPositions; ++k) places.at[k] = 64;
  for (int k = 0; k < 64; ++k) {
    places.at[k] = static_cast<uint8_t>(row * 8 + column);
    if ((row + column) % 2 == 0) {
      if (column == 7) ++row;
      else if (row == 0) ++column;
      else --row, ++column;
    } else {
      if (row == 7) ++column;
      else if (column == 0) ++row;
      else ++row, --column;
    }
  }
  return places;
}
constexpr JpegPlaces kJpegPlaces = jpeg_places();

// Bits from the top of a word.  Below the `count` that are taken in there may be more of the same data, never anything else.
struct JpegBits {
  uint64_t bits = 0;
  uint32_t count = 0;
  const uint8_t* at;

  TUTELA_INLINE void fill() {  // to 56 bits or more
    uint64_t next;
    std::memcpy(&next, at, 8);
    bits |= __builtin_bswap64(next) >> count;
    at += (63 - count) >> 3;
    count |= 56;
  }
  TUTELA_INLINE void skip(uint32_t number) {
    bits <<= number;
    count -= number;
  }
  TUTELA_INLINE int32_t value(int size) {  // of a coefficient of 1 to 11 bits (T.81, F.2.2.1)
    const auto raw = static_cast<int32_t>(bits >> (64 - size));
    skip(static_cast<uint32_t>(size));
    return raw >> (size - 1) ? raw : raw - (1 << size) + 1;
  }
};

// The symbol of the code that comes next, which is longer than `known` bits, or -1.
inline int jpeg_symbol(JpegBits& from, const JpegCode& code, int known) {
  const auto next = static_cast<uint32_t>(from.bits >> 48);
  for (int length = known + 1; length <= 16; ++length)
    if (next < code.limit[length]) {
      from.skip(static_cast<uint32_t>(length));
      return code.symbols[(static_cast<int32_t>(next >> (16 - length)) + code.offset[length]) & 255];
    }
  return -1;
}

TUTELA_INLINE bool jpeg_dc(JpegBits& from, const JpegDc& dc, int& difference) {
  from.fill();
  const auto next = from.bits >> (64 - kJpegDcLook);
  if (dc.bits[next]) {
    difference = dc.value[next];
    from.skip(dc.bits[next]);
    return true;
  }
  const int size = jpeg_symbol(from, *dc.code, 0);
  if (size < 0) return false;
  difference = size ? from.value(size) : 0;
  return true;
}

// One symbol whose value no look-up holds.  Moves `k`; false if there is no such code or no such place.
TUTELA_INLINE bool jpeg_long(JpegBits& from, const JpegAc& ac, const JpegLook& look, int& k, int16_t* block, bool& ends) {
  int symbol = look.symbol;
  from.skip(look.first_bits);
  if (look.first_bits == 0) symbol = jpeg_symbol(from, *ac.code, kJpegLook);
  if (symbol < 0) return false;
  const int run = symbol >> 4, size = symbol & 15;
  ends = symbol == 0;
  if (ends) return true;
  k += run + 1;
  if (k > 63) return false;
  if (size == 0) return true;  // sixteen zeros
  const int32_t value = from.value(size);
  if (block) block[kJpegPlaces.at[k]] = static_cast<int16_t>(value);
  return true;
}

// The 63 coefficients behind the first; `from` holds 12 bits at least.  `last` is the position of the last that is given.
template <bool kKept>
TUTELA_INLINE bool jpeg_ac(JpegBits& given, const JpegAc& ac, int16_t* block, int& last) {
  JpegBits from = given;
  int k = 0;
  for (;;) {
    uint64_t raw;  // one load; the fields in registers
    std::memcpy(&raw, &ac.looks[from.bits >> (64 - kJpegLook)], 8);
    const int advance = raw >> 8 & 255, next = k + advance;
    if (kKept) {
      block[kJpegPlaces.at[k + static_cast<int>(raw >> 16 & 255)]] = static_cast<int8_t>(raw >> 48);
      block[kJpegPlaces.at[k + static_cast<int>(raw >> 24 & 255)]] = static_cast<int8_t>(raw >> 56);
    }
    from.fill();
    if (__builtin_expect(next < 63, 1)) {
      from.bits <<= raw & 63;
      from.count -= raw & 255;
      k = next;
      continue;
    }
    JpegLook look;
    std::memcpy(&look, &raw, 8);
    if (advance < 64 ? next == 63 : advance < 128 && next - 64 <= 62) {  // the block ends with it
      from.skip(look.bits);
      last = next & 63;
      break;
    }
    bool ends = false;
    if (advance < 128) {  // only the first symbol belongs to this block
      from.skip(look.first_bits);
      k += look.first;
      if (k > 63) return false;
    } else if (!jpeg_long(from, ac, look, k, kKept ? block : nullptr, ends)) {
      return false;
    }
    if (ends || k == 63) {
      last = k;
      break;
    }
    from.fill();
  }
  given = from;
  return true;
}

// Puts a block of `side` x `side` pixels into the plane, as far as it lies there.
TUTELA_INLINE void jpeg_put(const JpegScan& scan, const uint8_t* pixels, int side, int x, int y) {
  const int wide = scan.width - x < side ? scan.width - x : side, high = scan.height - y < side ? scan.height - y : side;
  for (int row = 0; row < high; ++row)
    std::memcpy(scan.plane + static_cast<ptrdiff_t>(y + row) * scan.width + x, pixels + row * side, static_cast<size_t>(wide));
}

template <int kSide>
TUTELA_INLINE bool jpeg_luma_block(JpegBits& from, const JpegScan& scan, int& dc, JpegWorst& worst, int x, int y) {
  alignas(64) int16_t block[80] = {};
  int difference, last = 0;
  if (!jpeg_dc(from, *scan.dc[0], difference)) return false;
  dc += difference;
  if (dc < -4096 || dc > 4095) return false;
  from.fill();
  if (!jpeg_ac<kSide != 1>(from, *scan.ac[0], block, last)) return false;
  if (x >= scan.width || y >= scan.height) return true;  // beyond the edge: only there to fill the unit
  block[0] = static_cast<int16_t>(dc);
  alignas(16) uint8_t pixels[kSide * kSide];
  if (kSide == 1 || last == 0) jpeg_flat(dc * scan.quant[0], kSide * kSide, pixels, worst);
  else jpeg_idct<kSide>(block, scan.quant, pixels, worst);
  if (x + kSide <= scan.width && y + kSide <= scan.height) {
    uint8_t* to = scan.plane + static_cast<ptrdiff_t>(y) * scan.width + x;
    for (int row = 0; row < kSide; ++row, to += scan.width) std::memcpy(to, pixels + row * kSide, kSide);
  } else {
    jpeg_put(scan, pixels, kSide, x, y);
  }
  return true;
}

template <int kSide>
bool jpeg_units(const JpegScan& scan, size_t first, size_t count, const uint8_t* bytes, size_t size) {
  JpegBits from;
  from.at = bytes;
  int dc = 0, ignored = 0;
  JpegWorst worst;
  int row = static_cast<int>(first / static_cast<size_t>(scan.units_across));
  int column = static_cast<int>(first % static_cast<size_t>(scan.units_across));
  for (size_t unit = 0; unit < count; ++unit) {
    if (from.at > bytes + size + 8) return false;
    for (int v = 0; v < scan.down; ++v)
      for (int h = 0; h < scan.across; ++h)
        if (!jpeg_luma_block<kSide>(from, scan, dc, worst, (column * scan.across + h) * kSide, (row * scan.down + v) * kSide))
          return false;
    for (int c = 1; c < scan.components; ++c) {
      if (!jpeg_dc(from, *scan.dc[c], ignored)) return false;
      from.fill();
      if (!jpeg_ac<false>(from, *scan.ac[c], nullptr, ignored)) return false;
    }
    if (++column == scan.units_across) {
      column = 0;
      ++row;
    }
  }
  const size_t used = static_cast<size_t>(from.at - bytes) * 8 - from.count;  // bits
  return used <= size * 8 && size * 8 - used < 8 && worst.exact();
}

bool jpeg_interval(const JpegScan& scan, size_t first, size_t count, const uint8_t* bytes, size_t size) {
  switch (scan.reduction) {
    case 1: return jpeg_units<8>(scan, first, count, bytes, size);
    case 2: return jpeg_units<4>(scan, first, count, bytes, size);
    case 4: return jpeg_units<2>(scan, first, count, bytes, size);
    default: return jpeg_units<1>(scan, first, count, bytes, size);
  }
}

}  // namespace

const JpegPath TUTELA_JPEG = {&jpeg_interval};

}  // namespace tutela
