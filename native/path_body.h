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

// Calls found(k, bits) for every run of at most 64 keys of those at [place, place + count): bit i of `bits` is set where key
// place + k + i has at most `limit` bits between itself and `key`.  There are `Window::kKeys` keys at least in all.
//
// A window of keys ends where its bucket ends, so that no line is read that the bucket has not.  So many windows are looked through
// at once, whether or not the bucket reaches into all: how long a bucket is, no processor can foretell, and a wrong guess costs it
// as much as a bucket.
#if defined(TUTELA_AVX512)
struct Window {
  static constexpr size_t kKeys = 32;
  const __m512i wanted, most;
  Window(uint16_t key, int limit) : wanted(_mm512_set1_epi16(static_cast<short>(key))), most(_mm512_set1_epi16(static_cast<short>(limit))) {}
  uint64_t near(const uint16_t* keys) const {
    return _mm512_cmple_epi16_mask(_mm512_popcnt_epi16(_mm512_xor_si512(_mm512_loadu_si512(keys), wanted)), most);
  }
};
#elif defined(TUTELA_AVX2)
struct Window {
  static constexpr size_t kKeys = 32;
  const __m256i wanted, most, nibble, table;
  Window(uint16_t key, int limit)
      : wanted(_mm256_set1_epi16(static_cast<short>(key))), most(_mm256_set1_epi8(static_cast<char>(limit))), nibble(_mm256_set1_epi8(15)),
        table(_mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4)) {}
  __m256i bits(const uint16_t* keys) const {
    const __m256i x = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(keys)), wanted);
    const __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(x, nibble));
    const __m256i high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
    return _mm256_maddubs_epi16(_mm256_add_epi8(low, high), _mm256_set1_epi8(1));
  }
  uint64_t near(const uint16_t* keys) const {
    const __m256i both = _mm256_permute4x64_epi64(_mm256_packus_epi16(bits(keys), bits(keys + 16)), 0xD8);
    return ~static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(both, most)));
  }
};
#endif

template <typename Visit>
inline void runs_near(const uint16_t* keys, size_t place, size_t count, [[maybe_unused]] int windows, uint16_t key, int limit, Visit found) {
#if defined(TUTELA_AVX512) || defined(TUTELA_AVX2)
  const Window window(key, limit);
  const size_t end = place + count, last = end > Window::kKeys ? end - Window::kKeys : 0;
  const uint64_t held = (uint64_t{1} << least(end, Window::kKeys)) - 1;  // where there are fewer keys before the end than a window has
  const auto near = [&](size_t k) -> uint64_t {
    const size_t from = least(place + k, last);
    return (window.near(keys + from) & held) >> least(place + k - from, Window::kKeys);
  };
  if (windows == 1) {
    for (size_t k = 0; k < count; k += 32) found(k, near(k));
  } else if (windows == 2) {
    for (size_t k = 0; k < count; k += 64) found(k, near(k) | near(k + 32) << 32);
  } else {
    for (size_t k = 0; k < count; k += 96) {
      found(k, near(k) | near(k + 32) << 32);
      found(k + 64, near(k + 64));
    }
  }
#else
  filter(keys + place, count, key, limit, [&](size_t k) { found(k, uint64_t{1}); });
#endif
}

// Asks for a line to come into the second cache.  The first has room for few lines on the way, and who asks it for more waits.
inline void fetch(const void* at) { __builtin_prefetch(at, 0, 2); }

class BandSearch {
 public:
  BandSearch(const SegmentView& view, const SearchPlan& plan, const uint8_t* query, Hits& hits)
      : view_(view), plan_(plan), query_(query), bands_(query), hits_(hits), usual_(usual_lines(view)), windows_(usual_windows(view)) {}

  void run() {
    const size_t buckets = (size_t{1} << view_.bucket_bits) + 1;
    const int dropped = 16 - view_.bucket_bits;
    const uint16_t* masks = plan_.masks;
    int pending = 0;
    for (int band = 0; band < kBands; ++band) {
      const int allowance = plan_.allowance[band];
      if (allowance < 0) continue;
      const uint32_t* offsets = view_.offsets + static_cast<size_t>(band) * buckets;
      const uint32_t bucket = uint32_t{bands_.at[band]} >> dropped;
      const uint32_t* shared = offsets + bucket / kShared * kShared;
      fetch(shared);
      fetch(shared + least(kShared, buckets - 1));
      uint32_t mask = 0;
      for (int bits = 0; bits <= allowance && bits <= view_.bucket_bits; ++bits) {
        const int limit = plan_.limit[band] - bits;
        for (const uint32_t past = plan_.mask_count[bits]; mask < past; ++mask) {
          const uint32_t turned = masks[mask];
          const uint32_t* at = offsets + (bucket ^ turned);
          if (turned >= kShared) fetch(at);
          Probe& probe = probes_[pending];
          probe.at = at;
          probe.band = band;
          probe.limit = limit;
          if (++pending == kGroup) {
            answer(pending);
            pending = 0;
          }
        }
      }
    }
    answer(pending);
  }

 private:
  static constexpr int kGroup = 288;  // the 272 probes of radius 31 in one go
  static constexpr int kRuns = 128, kCandidates = 64;
  static constexpr size_t kLine = 64;
  static constexpr size_t kShared = kLine / sizeof(uint32_t);  // buckets whose beginnings lie in a line, or across two

  struct Probe {
    const uint32_t* at;
    int band;
    int limit;
    size_t place, count;
  };

  // Of at most 64 keys from a place on, those that passed.
  struct Run {
    uint64_t passed;
    size_t place;
  };

  struct Candidate {
    size_t place;
    int band;
  };

  // Windows that most buckets take at most.
  static int usual_windows(const SegmentView& view) {
    const size_t mean = view.rows >> view.bucket_bits;
    return mean <= 24 ? 1 : mean <= 44 ? 2 : 3;
  }

  // Lines that most buckets take at most.
  static size_t usual_lines(const SegmentView& view) {
    const size_t mean = view.rows >> view.bucket_bits;
    return mean * sizeof(uint16_t) / kLine + 2;
  }

  // Where a bucket lies; its lines are asked for.
  void open(Probe& probe) {
    view_.check(probe.at, 2 * sizeof(uint32_t));
    const uint32_t begin = probe.at[0], end = probe.at[1];
    if (end < begin || end > view_.rows) damaged("a bucket lies outside its band");
    probe.place = static_cast<size_t>(probe.band) * view_.rows + begin;
    probe.count = end - begin;
    const uint16_t* keys = view_.following + probe.place;
    const char* first = reinterpret_cast<const char*>(keys);
    const char* last = reinterpret_cast<const char*>(keys + least(probe.count, size_t{256})) - 1;  // the processor goes on by itself
    // A line more than once where there are fewer than usual: how many there are, no processor can foretell.
    for (size_t line = 1; line < usual_; ++line, first += kLine) fetch(least(first, last));
    fetch(last);
    for (; first < reinterpret_cast<const char*>(reinterpret_cast<uintptr_t>(last) / kLine * kLine); first += kLine) fetch(first);
  }

  void read(const Probe& probe) {
    view_.check(view_.following + probe.place, probe.count * sizeof(uint16_t));
    runs_near(view_.following, probe.place, probe.count, windows_, bands_.following(probe.band), probe.limit, [&](size_t k, uint64_t passed) {
      runs_[run_count_] = {passed, probe.place + k};
      run_count_ += passed != 0;
      if (run_count_ == kRuns) note();
    });
  }

  // All buckets are opened before the first is read, so that their lines come together.
  void answer(int pending) {
    for (int p = 0; p < pending; ++p) open(probes_[p]);
    for (int p = 0; p < pending; ++p) read(probes_[p]);
    note();
    consider();
  }

  // Candidates lie all over the segment: first all their row numbers are asked for, then all their codes.
  void note() {
    for (int run = 0; run < run_count_; ++run)
      for (uint64_t left = runs_[run].passed; left; left &= left - 1) {
        const size_t place = runs_[run].place + static_cast<size_t>(__builtin_ctzll(left));
        fetch(view_.numbers + 3 * place);
        candidates_[candidate_count_++] = {place, static_cast<int>(place / view_.rows)};
        if (candidate_count_ == kCandidates) consider();
      }
    run_count_ = 0;
  }

  void consider() {
    size_t rows[kCandidates];
    for (int c = 0; c < candidate_count_; ++c) {
      const uint8_t* number = view_.numbers + 3 * candidates_[c].place;
      view_.check(number, 3);
      rows[c] = size_t{number[0]} | size_t{number[1]} << 8 | size_t{number[2]} << 16;
      if (rows[c] >= view_.rows) damaged("a row number lies outside the segment");
      fetch(view_.codes + rows[c] * kCodeBytes);
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
  const size_t usual_;
  const int windows_;
  Probe probes_[kGroup];
  Run runs_[kRuns];
  int run_count_ = 0;
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
