#include "jpeg_luma.h"

#include <cstring>
#include <memory>

#include "path.h"

namespace tutela {
namespace {

const JpegPath& jpeg_path() {
#if defined(__x86_64__)
  // The AVX-512 path, too: there its code with vectors twice as wide was 5 % slower (AMD EPYC).
  if (std::strcmp(path().name, "portable") != 0) return kJpegAvx2;
#endif
  return kJpegPortable;
}

// The value of a coefficient of so many bits (T.81, F.2.2.1).
int extended(uint32_t raw, int size) {
  if (size == 0) return 0;
  const auto value = static_cast<int>(raw);
  return value >> (size - 1) ? value : value - (1 << size) + 1;
}

// Calls `put(first, last, length, symbol)` for each code that fits in `bits`: it leads the numbers from first to last - 1.
template <typename Put>
void each_code(const JpegCode& code, int bits, Put put) {
  uint32_t at = 0;
  for (int length = 1; length <= bits; ++length) {
    const uint32_t step = 1u << (bits - length), end = code.limit[length] >> (16 - bits);
    for (; at < end; at += step)
      put(at, at + step, length, code.symbols[(static_cast<int32_t>(at >> (bits - length)) + code.offset[length]) & 255]);
  }
}

// Whether a table that was made of `made` serves `wanted`.
bool same(const JpegCode& made, const JpegCode& wanted) {
  return made.given && std::memcmp(made.limit + 1, wanted.limit + 1, sizeof made.limit - sizeof *made.limit) == 0 &&
         std::memcmp(made.symbols, wanted.symbols, sizeof made.symbols) == 0;
}

void make_dc(const JpegCode& code, JpegDc& dc) {
  if (same(dc.code, code)) return;
  dc.code = code;
  std::memset(dc.looks, 0, sizeof dc.looks);
  each_code(code, kJpegDcLook, [&](uint32_t first, uint32_t last, int length, int size) {
    for (uint32_t i = first; i < last; ++i) dc.looks[i] = {static_cast<uint8_t>(length + size), static_cast<uint8_t>(size)};
  });
}

// Look-ups of one symbol each.
void make_single(const JpegCode& code, bool kept, int width, JpegLook* single) {
  for (int i = 0; i < 1 << width; ++i) single[i] = jpeg_look(0, 1, kJpegLong, true, 0, 0);
  each_code(code, width, [&](uint32_t first, uint32_t last, int length, int symbol) {
    const int size = symbol & 15, rest = width - length - size;
    const unsigned way = (symbol >> 4) + 1, code_bits = length, value_bits = size;
    if (rest < 0 || (kept && size > 6)) {
      for (uint32_t i = first; i < last; ++i) single[i] = jpeg_look(code_bits, way, kJpegLong + value_bits, true, 0, 0);
      return;
    }
    for (uint32_t i = first; i < last; ++i) {
      const int value = kept ? extended(i >> rest & ((1u << size) - 1), size) : 0;
      single[i] = jpeg_look(code_bits + value_bits, way, way, symbol == 0, value, value);
    }
  });
}

// Look-ups of as many symbols as fit: two coefficients and an end where they are `kept`, else any number.
void make_ac(const JpegCode& code, bool kept, JpegAc& ac) {
  if (ac.kept == kept && same(ac.code, code)) return;
  const unsigned width = kept ? kJpegLook : kJpegSkipLook;
  ac.code = code;
  ac.kept = kept;
  JpegLook single[1 << kJpegLook];
  make_single(code, kept, static_cast<int>(width), single);
  for (uint32_t i = 0; i < 1u << width; ++i) {
    JpegLook look = single[i];
    for (int found = 1; !jpeg_ends(look); ++found) {
      const unsigned bits = jpeg_bits(look), last = jpeg_last(look);
      const JpegLook next = single[i << bits & ((1u << width) - 1)];
      const unsigned both = bits + jpeg_bits(next), far = last + jpeg_last(next);
      if (both > width || jpeg_last(next) >= kJpegLong) break;
      if (jpeg_ends(next)) {
        look = jpeg_look(both, jpeg_first(look), last, true, jpeg_value(look), jpeg_last_value(look));
      } else {
        if (far >= kJpegLong || (kept && found == 2)) break;
        look = jpeg_look(both, jpeg_first(look), far, false, jpeg_value(look), jpeg_value(next));
      }
    }
    ac.looks[i] = look;
  }
}

// The coded data up to a marker, without its stuffing, and a cleared slack behind it.
struct Unstuffed {
  std::unique_ptr<uint8_t[]> bytes;
  size_t size = 0;

  // Returns where the marker is, or `end`.
  const uint8_t* take(const uint8_t* from, const uint8_t* end) {
    uint8_t* to = bytes.get();
    for (;;) {
      const auto* mark = static_cast<const uint8_t*>(std::memchr(from, 0xFF, static_cast<size_t>(end - from)));
      if (!mark || mark + 1 == end) return end;
      const auto count = static_cast<size_t>(mark - from);
      std::memcpy(to, from, count);
      to += count;
      if (mark[1] != 0) {
        size = static_cast<size_t>(to - bytes.get());
        std::memset(to, 0, kJpegSlack);
        return mark;
      }
      *to++ = 0xFF;
      from = mark + 2;
    }
  }
};

// The last tables made in this thread: most encoders use the standard's codes, and making tables takes as long as a small picture.
struct Tables {
  JpegDc dc[3] = {};
  JpegAc ac[3] = {};
  static Tables& here() {
    static thread_local const auto kept = std::make_unique<Tables>();
    return *kept;
  }
};

// The three components mostly share two tables of each sort, and chroma differs from luma only in what is kept.
void make_tables(const JpegHeader& header, bool kept, Tables& tables, JpegScan& scan) {
  for (int c = 0; c < header.components; ++c) {
    const JpegComponent& one = header.component[c];
    const bool again = c == 2 && one.ac == header.component[1].ac;
    if (!again) make_ac(header.ac[one.ac], c == 0 && kept, tables.ac[c]);
    scan.ac[c] = &tables.ac[again ? 1 : c];
    const bool same = c == 2 && one.dc == header.component[1].dc;
    if (!same) make_dc(header.dc[one.dc], tables.dc[c]);
    scan.dc[c] = &tables.dc[same ? 1 : c];
  }
}

int share(int whole, int by) { return (whole + by - 1) / by; }

}  // namespace

bool jpeg_luma(const JpegHeader& header, const uint8_t* data, size_t size, int reduction, uint8_t* plane) {
  const JpegComponent& luma = header.component[0];
  JpegScan scan = {};
  scan.components = header.components;
  scan.across = luma.across;
  scan.down = luma.down;
  scan.units_across = share(header.width, 8 * luma.across);
  scan.reduction = reduction;
  scan.width = share(header.width, reduction);
  scan.height = share(header.height, reduction);
  scan.plane = plane;
  for (int i = 0; i < 64; ++i) scan.quant[(i & 56) | kJpegSlots[i & 7]] = header.quant[luma.quant][i];
  const size_t units = static_cast<size_t>(scan.units_across) * static_cast<size_t>(share(header.height, 8 * luma.down));
  make_tables(header, reduction != 8, Tables::here(), scan);

  const uint8_t *at = data + header.scan, *end = data + size;
  Unstuffed part;
  part.bytes.reset(new uint8_t[size - header.scan + kJpegSlack]);
  const size_t step = header.interval ? header.interval : units;
  int restart = 0;
  for (size_t unit = 0; unit < units; unit += step) {
    at = part.take(at, end);
    if (end - at < 2) return false;
    if (!jpeg_path().interval(scan, unit, step < units - unit ? step : units - unit, part.bytes.get(), part.size)) return false;
    const bool last = units - unit <= step;
    if (at[1] != (last ? 0xD9 : 0xD0 + restart)) return false;
    restart = (restart + 1) & 7;
    at += 2;
  }
  return true;
}

}  // namespace tutela
