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
  uint16_t at[kBands + 1];  // the ring, with its first once more
  explicit Bands(const uint8_t* code) {
    std::memcpy(at, code, 32);
    at[kBands] = at[0];
  }
  uint16_t following(int band) const { return at[band + 1]; }
};

// Calls found(k) for every k with at most `limit` bits between keys[k] and `key`.
template <typename Visit>
inline void filter(const uint16_t* keys, size_t count, uint16_t key, int limit, Visit found) {
#if defined(TUTELA_AVX512)
  const __m512i wanted = _mm512_set1_epi16(static_cast<short>(key));
  const __m512i most = _mm512_set1_epi16(static_cast<short>(limit));
  for (size_t k = 0; k < count; k += 32) {
    const __mmask32 here = count - k >= 32 ? ~__mmask32{0} : (__mmask32{1} << (count - k)) - 1u;
    const __m512i bits = _mm512_popcnt_epi16(_mm512_xor_si512(_mm512_maskz_loadu_epi16(here, keys + k), wanted));
    uint32_t hit = _mm512_mask_cmple_epi16_mask(here, bits, most);
    for (; hit; hit &= hit - 1) found(k + static_cast<size_t>(__builtin_ctz(hit)));
  }
#else
  size_t k = 0;
#if defined(TUTELA_AVX2)
  const __m256i wanted = _mm256_set1_epi16(static_cast<short>(key));
  const __m256i most = _mm256_set1_epi16(static_cast<short>(limit));
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  for (; k + 16 <= count; k += 16) {
    const __m256i x = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(keys + k)), wanted);
    const __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(x, nibble));
    const __m256i high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
    const __m256i bits = _mm256_maddubs_epi16(_mm256_add_epi8(low, high), _mm256_set1_epi8(1));
    uint32_t hit = ~static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi16(bits, most))) & 0x55555555u;
    for (; hit; hit &= hit - 1) found(k + static_cast<size_t>(__builtin_ctz(hit)) / 2);
  }
#else
  // Four keys in a word; a lane's top bit stays clear where its count is at most the limit.
  const uint64_t wanted = 0x0001000100010001u * key;
  const uint64_t over = 0x0001000100010001u * static_cast<uint64_t>(0x7FFF - limit);
  for (; k + 4 <= count; k += 4) {
    uint64_t v;
    std::memcpy(&v, keys + k, 8);
    v ^= wanted;
    v = v - ((v >> 1) & 0x5555555555555555u);
    v = (v & 0x3333333333333333u) + ((v >> 2) & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    v = (v + (v >> 8)) & 0x00FF00FF00FF00FFu;
    if (~(v + over) & 0x8000800080008000u)
      for (size_t lane = 0; lane < 4; ++lane)
        if (popcount64(static_cast<uint64_t>(keys[k + lane] ^ key)) <= limit) found(k + lane);
  }
#endif
  for (; k < count; ++k)
    if (popcount64(static_cast<uint64_t>(keys[k] ^ key)) <= limit) found(k);
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
  static constexpr int kAhead = 12;   // buckets whose lines are under way while one is read

  static constexpr int kCandidates = 64;

  struct Candidate {
    size_t place;
    int band;
  };

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
    const uint16_t* keys = view_.following + static_cast<size_t>(probe.band) * view_.rows + probe.begin;
    const char* line = reinterpret_cast<const char*>(reinterpret_cast<uintptr_t>(keys) / 64 * 64);
    const char* past = reinterpret_cast<const char*>(keys + least(probe.count, 256u));  // the processor goes on by itself
    for (; line < past; line += 64) __builtin_prefetch(line);
  }

  void read(const Probe& probe) {
    if (!probe.count) return;
    const size_t start = static_cast<size_t>(probe.band) * view_.rows + probe.begin;
    const uint16_t* keys = view_.following + start;
    view_.check(keys, probe.count * sizeof(uint16_t));
    filter(keys, probe.count, bands_.following(probe.band), probe.limit, [&](size_t k) {
      __builtin_prefetch(view_.numbers + 3 * (start + k));
      candidates_[candidate_count_++] = {start + k, probe.band};
      if (candidate_count_ == kCandidates) consider_all();
    });
  }

  void flush() {
    const int ahead = least(kAhead, pending_);
    for (int p = 0; p < ahead; ++p) open(probes_[p]);
    for (int p = 0; p < pending_; ++p) {
      if (p + kAhead < pending_) open(probes_[p + kAhead]);
      read(probes_[p]);
    }
    pending_ = 0;
    consider_all();
  }

  // Candidates lie all over the segment: first all their row numbers are read, then all their codes.
  void consider_all() {
    size_t rows[kCandidates];
    for (int c = 0; c < candidate_count_; ++c) {
      const uint8_t* number = view_.numbers + 3 * candidates_[c].place;
      view_.check(number, 3);
      rows[c] = size_t{number[0]} | size_t{number[1]} << 8 | size_t{number[2]} << 16;
      if (rows[c] >= view_.rows) damaged("a row number lies outside the segment");
      __builtin_prefetch(view_.codes + rows[c] * kCodeBytes);
    }
    for (int c = 0; c < candidate_count_; ++c) {
      const uint8_t* code = view_.codes + rows[c] * kCodeBytes;
      view_.check(code, kCodeBytes);
      const int bits = distance(code, query_);
      if (bits > plan_.radius || view_.removed(rows[c]) || found_before(candidates_[c].band, code)) continue;
      hits_.push(static_cast<uint32_t>(bits), static_cast<uint32_t>(rows[c]));
    }
    candidate_count_ = 0;
  }

  // A row within the radius usually passes in several bands; it counts in the first.
  bool found_before(int band, const uint8_t* code) const {
    const Bands other(code);
    const int dropped = 16 - view_.bucket_bits;
    for (int earlier = 0; earlier < band; ++earlier) {
      const int own = popcount64(static_cast<uint64_t>((other.at[earlier] ^ bands_.at[earlier]) >> dropped));
      if (own <= plan_.allowance[earlier] &&
          own + popcount64(static_cast<uint64_t>(other.following(earlier) ^ bands_.following(earlier))) <= plan_.limit[earlier])
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
  Candidate candidates_[kCandidates];
  int candidate_count_ = 0;
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
