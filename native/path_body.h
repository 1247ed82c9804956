// The inner loops, compiled once for each CPU path by the file that includes this one (it defines TUTELA_PATH and the flags).
// Everything here has internal linkage and nothing of the standard library is instantiated, so that no path can borrow
// another's instructions.
#include <cstdlib>
#include <cstring>

#include "path.h"
#include "segment.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tutela {
namespace {

// ------------------------------------------------------------------------------------------------ PDQ

struct Grey {
  static constexpr int kBytes = 1;
  static float luma(const uint8_t* pixel) { return static_cast<float>(pixel[0]); }
};
struct Rgb {
  static constexpr int kBytes = 3;
  static float luma(const uint8_t* pixel) {
    return 0.299f * static_cast<float>(pixel[0]) + 0.587f * static_cast<float>(pixel[1]) + 0.114f * static_cast<float>(pixel[2]);
  }
};

// Four rows at a time: enough to keep the sums in registers, few enough streams for the prefetcher.
template <typename Pixel>
void weigh(const uint8_t* rows, ptrdiff_t stride, const float* weights, int count, int width, float* __restrict out) {
  for (int x = 0; x < width; ++x) out[x] = 0.0f;
  int r = 0;
  for (; r + 4 <= count; r += 4) {
    const uint8_t* row0 = rows + r * stride;
    const uint8_t* row1 = row0 + stride;
    const uint8_t* row2 = row1 + stride;
    const uint8_t* row3 = row2 + stride;
    const float w0 = weights[r], w1 = weights[r + 1], w2 = weights[r + 2], w3 = weights[r + 3];
    for (int x = 0; x < width; ++x) {
      float sum = out[x];
      sum += w0 * Pixel::luma(row0 + x * Pixel::kBytes);
      sum += w1 * Pixel::luma(row1 + x * Pixel::kBytes);
      sum += w2 * Pixel::luma(row2 + x * Pixel::kBytes);
      sum += w3 * Pixel::luma(row3 + x * Pixel::kBytes);
      out[x] = sum;
    }
  }
  for (; r < count; ++r) {
    const uint8_t* row = rows + r * stride;
    const float w = weights[r];
    for (int x = 0; x < width; ++x) out[x] += w * Pixel::luma(row + x * Pixel::kBytes);
  }
}

// Sixteen lanes in vectors of the width that the path has; the order of adding is the same for every width.
#if defined(TUTELA_AVX512)
constexpr int kLanes = 16;
#elif defined(TUTELA_AVX2)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif
constexpr int kParts = 16 / kLanes;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

inline float fold(const float* lane) {
  float eight[8], four[4];
  for (int i = 0; i < 8; ++i) eight[i] = lane[i] + lane[i + 8];
  for (int i = 0; i < 4; ++i) four[i] = eight[i] + eight[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

void dots(const float* row, const int32_t* starts, const float* weights, int padded, float* out) {
  for (int j = 0; j < 64; ++j) {
    Lanes sum[kParts] = {};
    const float* from = row + starts[j];
    const float* weight = weights + static_cast<ptrdiff_t>(j) * padded;
    for (int k = 0; k < padded; k += 16)
      for (int part = 0; part < kParts; ++part) {
        Lanes a, b;
        std::memcpy(&a, from + k + part * kLanes, sizeof a);
        std::memcpy(&b, weight + k + part * kLanes, sizeof b);
        sum[part] += a * b;
      }
    float lane[16];
    std::memcpy(lane, sum, sizeof lane);
    out[j] = fold(lane);
  }
}

void transform(const float* grid, const float* matrix, const float* turned, float* out) {
  float half[16][64] = {};
  for (int i = 0; i < 16; ++i)
    for (int k = 0; k < 64; ++k)
      for (int j = 0; j < 64; ++j) half[i][j] += matrix[i * 64 + k] * grid[k * 64 + j];
  std::memset(out, 0, 256 * sizeof(float));
  for (int i = 0; i < 16; ++i)
    for (int k = 0; k < 64; ++k)
      for (int j = 0; j < 16; ++j) out[i * 16 + j] += half[i][k] * turned[k * 16 + j];
}

int gradients(const float* grid) {
  int sum = 0;
  for (int i = 0; i < 63 * 64; ++i) sum += std::abs(static_cast<int>((grid[i] - grid[i + 64]) * 100 / 255));
  for (int i = 0; i < 64; ++i)
    for (int j = 0; j < 63; ++j) sum += std::abs(static_cast<int>((grid[i * 64 + j] - grid[i * 64 + j + 1]) * 100 / 255));
  return sum;
}

// --------------------------------------------------------------------------------------------- search

template <typename Number>
inline Number least(Number a, Number b) {
  return a < b ? a : b;
}

inline int popcount64(uint64_t v) {
#if defined(__POPCNT__)
  return __builtin_popcountll(v);
#else
  v = v - ((v >> 1) & 0x5555555555555555u);
  v = (v & 0x3333333333333333u) + ((v >> 2) & 0x3333333333333333u);
  v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
  return static_cast<int>((v * 0x0101010101010101u) >> 56);
#endif
}

inline int distance(const uint8_t* a, const uint8_t* b) {
  uint64_t x[4], y[4];
  std::memcpy(x, a, 32);
  std::memcpy(y, b, 32);
  return popcount64(x[0] ^ y[0]) + popcount64(x[1] ^ y[1]) + popcount64(x[2] ^ y[2]) + popcount64(x[3] ^ y[3]);
}

struct Bands {
  uint16_t at[kBands + 2];  // the ring, with its first two once more
  explicit Bands(const uint8_t* code) {
    std::memcpy(at, code, 32);
    at[kBands] = at[0];
    at[kBands + 1] = at[1];
  }
  uint32_t following(int band) const { return uint32_t{at[band + 1]} | uint32_t{at[band + 2]} << 16; }
};

// Calls found(k) for every k with at most `limit` bits between keys[k] and `key`.
template <typename Visit>
inline void filter(const uint32_t* keys, size_t count, uint32_t key, int limit, Visit found) {
#if defined(TUTELA_AVX512)
  const __m512i wanted = _mm512_set1_epi32(static_cast<int>(key));
  const __m512i most = _mm512_set1_epi32(limit);
  for (size_t k = 0; k < count; k += 16) {
    const __mmask16 here = count - k >= 16 ? __mmask16(0xFFFF) : __mmask16((1u << (count - k)) - 1u);
    const __m512i bits = _mm512_popcnt_epi32(_mm512_xor_si512(_mm512_maskz_loadu_epi32(here, keys + k), wanted));
    uint32_t hit = _mm512_mask_cmple_epi32_mask(here, bits, most);
    for (; hit; hit &= hit - 1) found(k + static_cast<size_t>(__builtin_ctz(hit)));
  }
#elif defined(TUTELA_AVX2)
  const __m256i wanted = _mm256_set1_epi32(static_cast<int>(key));
  const __m256i over = _mm256_set1_epi32(limit);
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  size_t k = 0;
  for (; k + 8 <= count; k += 8) {
    const __m256i x = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(keys + k)), wanted);
    const __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(x, nibble));
    const __m256i high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
    const __m256i bytes = _mm256_add_epi8(low, high);
    const __m256i bits = _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
    uint32_t hit = ~static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(bits, over)))) & 0xFFu;
    for (; hit; hit &= hit - 1) found(k + static_cast<size_t>(__builtin_ctz(hit)));
  }
  for (; k < count; ++k)
    if (popcount64(keys[k] ^ key) <= limit) found(k);
#else
  for (size_t k = 0; k < count; ++k)
    if (popcount64(keys[k] ^ key) <= limit) found(k);
#endif
}

class BandSearch {
 public:
  BandSearch(const SegmentView& view, const SearchPlan& plan, const uint8_t* query, Hits& hits)
      : view_(view), plan_(plan), query_(query), bands_(query), hits_(hits) {}

  void run() {
    const size_t buckets = (size_t{1} << view_.bucket_bits) + 1;
    const int dropped = 16 - view_.bucket_bits;
    for (int band = 0; band < kBands; ++band) {
      const int allowance = plan_.allowance[band];
      if (allowance < 0) continue;
      const uint32_t* offsets = view_.offsets + static_cast<size_t>(band) * buckets;
      const uint32_t bucket = uint32_t{bands_.at[band]} >> dropped;
      uint32_t mask = 0;
      for (int bits = 0; bits <= allowance && bits <= view_.bucket_bits; ++bits)
        for (; mask < plan_.mask_count[bits]; ++mask) {
          const uint32_t* at = offsets + (bucket ^ plan_.masks[mask]);
          __builtin_prefetch(at);
          probes_[pending_++] = {at, band, plan_.limit[band] - bits, 0, 0};
          if (pending_ == kGroup) flush();
        }
    }
    flush();
  }

 private:
  static constexpr int kGroup = 288;  // the 272 probes of radius 31 in one go
  static constexpr int kAhead = 24;   // buckets whose lines are under way while one is read

  struct Probe {
    const uint32_t* at;
    int band;
    int limit;
    uint32_t begin, count;
  };

  void open(Probe& probe) {
    view_.check(probe.at, 2 * sizeof(uint32_t));
    probe.begin = probe.at[0];
    const uint32_t end = probe.at[1];
    if (end < probe.begin || end > view_.rows) damaged("a bucket lies outside its band");
    probe.count = end - probe.begin;
    const uint32_t* keys = view_.following + static_cast<size_t>(probe.band) * view_.rows + probe.begin;
    const size_t lines = least((probe.count * sizeof(uint32_t) + 127) / 64, size_t{8});
    for (size_t line = 0; line < lines; ++line) __builtin_prefetch(keys + line * 16);
  }

  void read(const Probe& probe) {
    if (!probe.count) return;
    const size_t start = static_cast<size_t>(probe.band) * view_.rows + probe.begin;
    const uint32_t* keys = view_.following + start;
    view_.check(keys, probe.count * sizeof(uint32_t));
    filter(keys, probe.count, bands_.following(probe.band), probe.limit, [&](size_t k) { consider(probe.band, start + k); });
  }

  void flush() {
    const int ahead = least(kAhead, pending_);
    for (int p = 0; p < ahead; ++p) open(probes_[p]);
    for (int p = 0; p < pending_; ++p) {
      if (p + kAhead < pending_) open(probes_[p + kAhead]);
      read(probes_[p]);
    }
    pending_ = 0;
  }

  void consider(int band, size_t place) {
    const uint8_t* number = view_.numbers + 3 * place;
    view_.check(number, 3);
    const size_t row = size_t{number[0]} | size_t{number[1]} << 8 | size_t{number[2]} << 16;
    if (row >= view_.rows) damaged("a row number lies outside the segment");
    const uint8_t* code = view_.codes + row * kCodeBytes;
    view_.check(code, kCodeBytes);
    const int bits = distance(code, query_);
    if (bits > plan_.radius || view_.removed(row) || found_before(band, code)) return;
    hits_.push(static_cast<uint32_t>(bits), static_cast<uint32_t>(row));
  }

  // A row within the radius usually passes in several bands; it counts in the first.
  bool found_before(int band, const uint8_t* code) const {
    const Bands other(code);
    const int dropped = 16 - view_.bucket_bits;
    for (int earlier = 0; earlier < band; ++earlier) {
      const int own = popcount64(static_cast<uint64_t>((other.at[earlier] ^ bands_.at[earlier]) >> dropped));
      if (own <= plan_.allowance[earlier] &&
          own + popcount64(other.following(earlier) ^ bands_.following(earlier)) <= plan_.limit[earlier])
        return true;
    }
    return false;
  }

  const SegmentView& view_;
  const SearchPlan& plan_;
  const uint8_t* query_;
  const Bands bands_;
  Hits& hits_;
  Probe probes_[kGroup];
  int pending_ = 0;
};

void search_bands(const SegmentView& view, const SearchPlan& plan, const uint8_t* query, Hits& hits) {
  BandSearch(view, plan, query, hits).run();
}

void scan(const SegmentView& view, size_t first, size_t last, int radius, const uint8_t* query, Hits& hits) {
  view.check(view.codes + first * kCodeBytes, (last - first) * kCodeBytes);
  const auto take = [&](int bits, size_t row) {
    if (!view.removed(row)) hits.push(static_cast<uint32_t>(bits), static_cast<uint32_t>(row));
  };
  size_t row = first;
#if defined(TUTELA_AVX512)
  const __m512i wanted = _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(query)));
  const __m512i most = _mm512_set1_epi64(radius);
  const auto bits_of = [&](size_t at) {
    return _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(view.codes + at * kCodeBytes), wanted));
  };
  for (; row + 8 <= last; row += 8) {
    // Two rows a vector, four counts a row; two rounds of adding leave them in the order below.
    const __m512i a = bits_of(row), b = bits_of(row + 2), c = bits_of(row + 4), d = bits_of(row + 6);
    const __m512i ab = _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    const __m512i cd = _mm512_add_epi64(_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d));
    const __m512i even = _mm512_shuffle_i64x2(ab, cd, 0x88), odd = _mm512_shuffle_i64x2(ab, cd, 0xDD);
    const __m512i sums = _mm512_add_epi64(even, odd);
    uint32_t hit = _mm512_cmple_epi64_mask(sums, most);
    if (hit) {
      static const uint8_t order[8] = {0, 2, 1, 3, 4, 6, 5, 7};
      alignas(64) int64_t bits[8];
      _mm512_store_si512(bits, sums);
      for (; hit; hit &= hit - 1) {
        const int lane = __builtin_ctz(hit);
        take(static_cast<int>(bits[lane]), row + order[lane]);
      }
    }
  }
#endif
  for (; row < last; ++row) {
    const int bits = distance(view.codes + row * kCodeBytes, query);
    if (bits <= radius) take(bits, row);
  }
}

}  // namespace

const Path TUTELA_PATH = {TUTELA_PATH_NAME, weigh<Grey>, weigh<Rgb>, dots, transform, gradients, search_bands, scan};

}  // namespace tutela
