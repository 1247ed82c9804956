// The inner loops of the JPEG decoder, compiled once for each CPU path (see path_body.h for the rules of such a file).
#include <cstring>

#include "jpeg_idct.h"
#include "jpeg_scan.h"

namespace tutela {
namespace {

typedef int16_t EightShorts __attribute__((vector_size(16)));

// Position in the file's order to place in the block; what lies beyond the block goes behind it, where the next is not yet begun.
struct JpegPlaces {
  uint8_t at[kJpegPositions];
};
constexpr JpegPlaces jpeg_places() {
  JpegPlaces places{};
  int row = 0, column = 0;
  for (int k = 0; k < kJpegPositions; ++k) places.at[k] = 64;
  for (int k = 0; k < 64; ++k) {
    places.at[k] = static_cast<uint8_t>(row * 8 + kJpegSlots[column]);
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

// Bits from the top of a word.  Below the count that are taken in there may be more of the same data, never anything else.
struct JpegBits {
  uint64_t bits = 0;
  uint32_t count = 0;  // its lowest 6 bits; above them is what look-ups, taken away whole, leave
  const uint8_t* at;

  TUTELA_INLINE void fill() {  // to 56 bits or more
    uint64_t next;
    std::memcpy(&next, at, 8);
    bits |= __builtin_bswap64(next) >> (count & 63);
    at += 7 - (count >> 3 & 7);
    count |= 56;
  }
  TUTELA_INLINE void skip(uint32_t number) {  // or a look-up
    bits <<= number & 63;
    count -= number;
  }
  // Skips so many bits, of which the last `size` are a coefficient's, 0 to 11 (T.81, F.2.2.1; without a branch, as any would be
  // mispredicted half the time).
  TUTELA_INLINE int32_t value(int number, int size) {
    const auto raw = static_cast<int32_t>(bits << (number - size) >> 1 >> (63 - size)), half = 1 << size >> 1;
    skip(static_cast<uint32_t>(number));
    return raw + ((raw - half) >> 31 & (1 - 2 * half));
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
  const JpegDc::Look look = dc.looks[from.bits >> (64 - kJpegDcLook)];
  int number = look.bits, size = look.size;
  if (__builtin_expect(number == 0, 0)) {
    number = size = jpeg_symbol(from, dc.code, kJpegDcLook);
    if (size < 0) return false;
  }
  difference = from.value(number, size);
  return true;
}

// Whether a coefficient and its negative stay within 16 bits; those of look-ups do.
TUTELA_INLINE bool jpeg_fits(int32_t value) { return value >= -32767 && value <= 32767; }

enum class Step { kWrong, kOn, kEnd };

// One symbol of which a look-up holds the code at most; of none, if `look` is 0.  Moves `k`.
TUTELA_INLINE Step jpeg_step(JpegBits& from, const JpegCode& code, JpegLook look, unsigned& k, int16_t* block, const int16_t* quant) {
  int size = static_cast<int>(jpeg_last(look)) - static_cast<int>(kJpegLong), number = static_cast<int>(jpeg_bits(look)) + size;
  unsigned way = jpeg_first(look);
  if (__builtin_expect(size <= 0, 0)) {
    const int symbol = jpeg_symbol(from, code, 0);
    if (symbol < 0) return Step::kWrong;
    if (symbol == 0) return Step::kEnd;
    way = static_cast<unsigned>(symbol >> 4) + 1;
    number = size = symbol & 15;
  }
  k += way;
  if (k > 63) return Step::kWrong;
  const int32_t value = from.value(number, size);  // 0 of the sixteenth of sixteen zeros
  if (block) {
    const int place = kJpegPlaces.at[k];
    if (!jpeg_fits(value * quant[place])) return Step::kWrong;
    block[place] = static_cast<int16_t>(value);
  }
  return k == 63 ? Step::kEnd : Step::kOn;
}

// The 63 coefficients behind the first.
template <bool kKept>
TUTELA_INLINE bool jpeg_ac(JpegBits& given, const JpegAc& ac, int16_t* block, const int16_t* quant) {
  constexpr int kLook = kKept ? kJpegLook : kJpegSkipLook;
  static_assert(4 * kLook <= 56, "four look-ups between two fillings");
  JpegBits from = given;
  JpegLook look = 0;
  unsigned k = 0;
  const auto goes_on = [&] {
    look = ac.looks[from.bits >> (64 - kLook)];
    const uint8_t* places = kJpegPlaces.at + k;
    const unsigned next = k + jpeg_last(look);
    if (kKept) {  // the last first: it may be the first itself
      block[places[jpeg_last(look)]] = static_cast<int16_t>(jpeg_last_value(look));
      block[places[jpeg_first(look)]] = static_cast<int16_t>(jpeg_value(look));
    }
    if (__builtin_expect(next >= 63, 0) || __builtin_expect(jpeg_ends(look), 0)) return false;
    from.skip(look);
    k = next;
    return true;
  };
  static_assert(16 + 11 + 2 * kJpegSkipLook <= 56, "two look-ups behind a DC coefficient");
  bool on = kKept || (goes_on() && goes_on());  // most blocks of chroma end there
  for (;; on = true) {
    if (on) {
      from.fill();
      if (goes_on() && goes_on() && goes_on() && goes_on()) continue;
    }
    const bool fits = jpeg_last(look) < kJpegLong;
    const unsigned last = k + jpeg_last(look);
    if (fits && (jpeg_ends(look) ? last <= 62 : last == 63)) {  // the block ends with it
      from.skip(look);
      break;
    }
    from.fill();
    const Step step = jpeg_step(from, ac.code, fits ? 0 : look, k, kKept ? block : nullptr, quant);
    if (step == Step::kWrong) return false;
    if (step == Step::kEnd) break;
  }
  given = from;
  return true;
}

// Blocks are transformed some time after they are read, and several at once: numbers just written one by one cannot be loaded as
// a vector without waiting for them.
template <int kSide>
struct JpegBatch {
  static constexpr int kBlocks = 8, kBytes = kSide == 8 ? 64 : 16, kPitch = kSide == 8 ? 8 : 4;
  const JpegScan& scan;
  JpegWorst& worst;
  int count = 0;
  alignas(64) int16_t blocks[kBlocks * 64 + 1];  // one more: see kJpegPlaces
  int x[kBlocks], y[kBlocks];

  JpegBatch(const JpegScan& of, JpegWorst& seen) : scan(of), worst(seen) {}
  TUTELA_INLINE int16_t* begin() {
    int16_t* block = blocks + count * 64;
    const EightShorts none = {};
    for (int row = 0; row < 8; ++row) std::memcpy(block + row * 8, &none, sizeof none);  // memset would become a loop
    return block;
  }
  TUTELA_INLINE void end(int left, int top) {
    if (left >= scan.width || top >= scan.height) return;  // beyond the edge: only there to fill the unit
    x[count] = left;
    y[count] = top;
    if (++count == kBlocks) flush();
  }
  void flush() {
    std::memset(blocks + count * 64, 0, static_cast<size_t>(kBlocks - count) * 128);
    alignas(64) uint8_t pixels[kBlocks * kBytes];
    for (int i = 0; i < count; i += kJpegGroup) jpeg_idct<kSide>(blocks + i * 64, scan.quant, pixels + i * kBytes, worst);
    for (int i = 0; i < count; ++i) put(pixels + i * kBytes, x[i], y[i]);
    count = 0;
  }
  TUTELA_INLINE void put(const uint8_t* pixels, int left, int top) {
    uint8_t* to = scan.plane + static_cast<ptrdiff_t>(top) * scan.width + left;
    if (left + kSide <= scan.width && top + kSide <= scan.height) {
      for (int row = 0; row < kSide; ++row, to += scan.width) std::memcpy(to, pixels + row * kPitch, kSide);
      return;
    }
    const int wide = scan.width - left < kSide ? scan.width - left : kSide, high = scan.height - top < kSide ? scan.height - top : kSide;
    for (int row = 0; row < high; ++row, to += scan.width) std::memcpy(to, pixels + row * kPitch, static_cast<size_t>(wide));
  }
};

// A block is one pixel: nothing but its mean is read.
template <>
struct JpegBatch<1> {
  JpegWorst& worst;
  JpegBatch(const JpegScan&, JpegWorst& seen) : worst(seen) {}
  void flush() {}
};

template <int kSide>
TUTELA_INLINE bool jpeg_luma_block(JpegBits& from, const JpegScan& scan, int& dc, JpegBatch<kSide>& batch, int x, int y) {
  int difference;
  if (!jpeg_dc(from, *scan.dc[0], difference)) return false;
  dc += difference;
  if (dc < -4096 || dc > 4095) return false;
  if constexpr (kSide == 1) {
    if (!jpeg_ac<false>(from, *scan.ac[0], nullptr, nullptr)) return false;
    if (x < scan.width && y < scan.height) scan.plane[static_cast<ptrdiff_t>(y) * scan.width + x] = jpeg_flat(dc * scan.quant[0], batch.worst);
  } else {
    if (!jpeg_fits(dc * scan.quant[0])) return false;
    int16_t* block = batch.begin();
    if (!jpeg_ac<true>(from, *scan.ac[0], block, scan.quant)) return false;
    block[0] = static_cast<int16_t>(dc);
    batch.end(x, y);
  }
  return true;
}

template <int kSide>
bool jpeg_units(const JpegScan& scan, size_t first, size_t count, const uint8_t* bytes, size_t size) {
  JpegBits from;
  from.at = bytes;
  int dc = 0, ignored = 0;
  JpegWorst worst;
  JpegBatch<kSide> batch(scan, worst);
  int row = static_cast<int>(first / static_cast<size_t>(scan.units_across));
  int column = static_cast<int>(first % static_cast<size_t>(scan.units_across));
  for (size_t unit = 0; unit < count; ++unit) {
    if (from.at > bytes + size + 8) return false;
    for (int v = 0; v < scan.down; ++v)
      for (int h = 0; h < scan.across; ++h)
        if (!jpeg_luma_block<kSide>(from, scan, dc, batch, (column * scan.across + h) * kSide, (row * scan.down + v) * kSide))
          return false;
    for (int c = 1; c < scan.components; ++c) {
      if (!jpeg_dc(from, *scan.dc[c], ignored)) return false;
      if (!jpeg_ac<false>(from, *scan.ac[c], nullptr, nullptr)) return false;
    }
    if (++column == scan.units_across) {
      column = 0;
      ++row;
    }
  }
  batch.flush();
  const size_t used = static_cast<size_t>(from.at - bytes) * 8 - (from.count & 63);  // bits
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
