#include "grid_lines.h"

#include "grids.h"
#include "path.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tutela {

static const GridPath& loops() {
#if defined(__x86_64__)
  for (const GridPath* candidate : {&kGridsAvx512, &kGridsAvx2})
    if (std::strcmp(candidate->name, path().name) == 0) return *candidate;
#endif
  return kGridsPortable;
}

void grid_luma(const uint8_t* rgb, int height, int width, uint8_t* out) {
  for (int y = 0; y < height; ++y) loops().luma(rgb + static_cast<size_t>(y) * width * 3, width, out + static_cast<size_t>(y) * width);
}

Axis look(const uint8_t* pixels, int height, int width, ptrdiff_t stride) {
  Axis axis;
  axis.length = width;
  axis.across = height;
  axis.bands = (height + kBand - 1) / kBand;
  const size_t row_length = static_cast<size_t>(width);
  for (auto* counts : {&axis.seams, &axis.rough}) {
    counts->reset(new uint16_t[(static_cast<size_t>(axis.bands) + 1) * row_length]);  // not filled: every row is written
    std::fill_n(counts->get(), row_length, uint16_t{0});
  }
  std::vector<uint8_t> d(kBand * row_length), least(row_length), count(row_length), rough(row_length);
  std::vector<uint16_t> sum(row_length);
  const GridPath& loop = loops();
  for (int band = 0; band < axis.bands; ++band) {
    const int first = band * kBand, rows = std::min(kBand, height - first);
    std::fill(sum.begin(), sum.end(), uint16_t{0});
    std::fill(count.begin(), count.end(), uint8_t{0});
    std::fill(rough.begin(), rough.end(), uint8_t{0});
    for (int r = 0; r < rows; ++r) {
      const uint8_t* row = pixels + (first + r) * stride;
      loop.steps(row, width, &d[r * row_length], sum.data());
      if (first + r + 1 < height) loop.rough(row, row + stride, width, kChange, rough.data());
    }
    // A step is a seam where it is above twice the mean of its surroundings.
    const auto at_border = [&](int x) {
      const int low = std::max(x - kReach, 0), high = std::min(x + kReach, width - 1);
      uint32_t all = 0;
      for (int i = low; i <= high; ++i) all += sum[i];
      least[x] = static_cast<uint8_t>(std::min(254u, 2 * all / static_cast<uint32_t>((high - low + 1) * rows) + 3));
    };
    const int inner = rows == kBand ? std::max(kReach, width - kReach) : kReach;
    if (rows == kBand) loop.least(sum.data(), width, least.data());
    for (int x = 0; x < std::min(kReach, width); ++x) at_border(x);
    for (int x = inner; x < width; ++x) at_border(x);
    for (int r = 0; r < rows; ++r) loop.seams(&d[r * row_length], least.data(), width, count.data());
    const uint16_t* before = &axis.seams[band * row_length];
    uint16_t* after = &axis.seams[(band + 1) * row_length];
    const uint16_t* rough_before = &axis.rough[band * row_length];
    uint16_t* rough_after = &axis.rough[(band + 1) * row_length];
    for (int x = 0; x < width; ++x) after[x] = static_cast<uint16_t>(before[x] + count[x]);
    for (int x = 0; x < width; ++x) rough_after[x] = static_cast<uint16_t>(rough_before[x] + rough[x]);
  }
  return axis;
}

#if defined(__SSE2__)
// Eight rows of eight bytes to eight columns: bytes, pairs and fours of neighbouring rows interleaved.
static void turn_block(const uint8_t* from, ptrdiff_t stride, uint8_t* to, ptrdiff_t to_stride) {
  const auto row = [&](int i) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i * stride)); };
  const __m128i a = _mm_unpacklo_epi8(row(0), row(1)), b = _mm_unpacklo_epi8(row(2), row(3));
  const __m128i c = _mm_unpacklo_epi8(row(4), row(5)), d = _mm_unpacklo_epi8(row(6), row(7));
  const __m128i ab[2] = {_mm_unpacklo_epi16(a, b), _mm_unpackhi_epi16(a, b)}, cd[2] = {_mm_unpacklo_epi16(c, d), _mm_unpackhi_epi16(c, d)};
  for (int half = 0; half < 2; ++half) {
    const __m128i low = _mm_unpacklo_epi32(ab[half], cd[half]), high = _mm_unpackhi_epi32(ab[half], cd[half]);
    uint8_t* out = to + 4 * half * to_stride;
    for (const __m128i& two : {low, high}) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out), two);
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out + to_stride), _mm_unpackhi_epi64(two, two));
      out += 2 * to_stride;
    }
  }
}
#else
// Eight rows of eight bytes to eight columns (Hacker's Delight 7-3, for bytes).
static void turn_block(const uint8_t* from, ptrdiff_t stride, uint8_t* to, ptrdiff_t to_stride) {
  uint64_t row[8];
  for (int i = 0; i < 8; ++i) std::memcpy(&row[i], from + i * stride, 8);
  const auto swap = [&row](int a, int b, int shift, uint64_t mask) {
    const uint64_t t = ((row[a] >> shift) ^ row[b]) & mask;
    row[b] ^= t;
    row[a] ^= t << shift;
  };
  for (int i = 0; i < 4; ++i) swap(i, i + 4, 32, 0x00000000FFFFFFFFull);
  for (const int i : {0, 1, 4, 5}) swap(i, i + 2, 16, 0x0000FFFF0000FFFFull);
  for (const int i : {0, 2, 4, 6}) swap(i, i + 1, 8, 0x00FF00FF00FF00FFull);
  for (int i = 0; i < 8; ++i) std::memcpy(to + i * to_stride, &row[i], 8);
}
#endif

void turn(const uint8_t* pixels, int height, int width, ptrdiff_t stride, uint8_t* out) {
  constexpr int kTile = 64;
  const auto single = [&](int y, int x) { out[static_cast<size_t>(x) * height + y] = pixels[y * stride + x]; };
  const int high = height / 8 * 8, wide = width / 8 * 8;
  for (int y0 = 0; y0 < high; y0 += kTile)
    for (int x0 = 0; x0 < wide; x0 += kTile)
      for (int x = x0; x < std::min(wide, x0 + kTile); x += 8)
        for (int y = y0; y < std::min(high, y0 + kTile); y += 8)
          turn_block(pixels + y * stride + x, stride, out + static_cast<size_t>(x) * height + y, height);
  for (int y = 0; y < height; ++y)
    for (int x = y < high ? wide : 0; x < width; ++x) single(y, x);
}

const Evidence::Gathered& Evidence::gathered() {
  if (gathered_) return *gathered_;
  gathered_ = std::make_unique<Gathered>();
  gathered_->turned.reset(new uint8_t[static_cast<size_t>(height) * static_cast<size_t>(width)]);
  turn(pixels, height, width, stride, gathered_->turned.get());
  gathered_->down = look(pixels, height, width, stride);
  gathered_->over = look(gathered_->turned.get(), width, height, height);
  return *gathered_;
}

// Bands that lie within [from, to), at least one.
static Span bands_of(const Axis& axis, Span extent) {
  int first = (extent.from + kBand - 1) / kBand, last = extent.to / kBand;
  if (last <= first) {
    first = std::min((extent.from + extent.to) / 2 / kBand, axis.bands - 1);
    last = first + 1;
  }
  return {first, std::min(last, axis.bands)};
}


static float standing(float share) { return std::min(1.0f, std::max(0.0f, (share - 0.12f) / 0.38f)); }

Profile profile(const Axis& axis, Span along, Span extent) {
  const Span bands = bands_of(axis, extent);
  const size_t n = static_cast<size_t>(axis.length);
  Profile p;
  p.seam.assign(along.size(), 0);
  p.rough.resize(along.size());
  p.sharp.resize(along.size());
  // An edge within one cell is as strong as a line through all, but short: count the stretches where a seam stands out.
  const int stretches = std::max(1, std::min(12, bands.size() / 6));
  for (int k = 0; k < stretches; ++k) {
    const int first = bands.from + bands.size() * k / stretches, last = bands.from + bands.size() * (k + 1) / stretches;
    const uint16_t *a = &axis.seams[first * n], *b = &axis.seams[last * n];
    const float share = 1.0f / static_cast<float>(std::min(last * kBand, axis.across) - first * kBand);
    const auto counted = [a, b](int x) { return b[x] - a[x]; };
    float* seam = p.seam.data() - along.from;
    const int low = std::max(along.from, 1), high = std::min(along.to, axis.length - 1);
    for (int x = low; x < high; ++x)
      seam[x] += standing(static_cast<float>(counted(x - 1) + counted(x) + counted(x + 1)) * share);
    if (along.from == 0) seam[0] += standing(static_cast<float>(counted(0) + (axis.length > 1 ? counted(1) : 0)) * share);
    if (along.to == axis.length && axis.length > 1)
      seam[axis.length - 1] += standing(static_cast<float>(counted(axis.length - 2) + counted(axis.length - 1)) * share);
  }
  const uint16_t *a = &axis.seams[bands.from * n], *b = &axis.seams[bands.to * n];
  const uint16_t *ra = &axis.rough[bands.from * n], *rb = &axis.rough[bands.to * n];
  const float share = 1.0f / static_cast<float>(std::min(bands.to * kBand, axis.across) - bands.from * kBand);
  for (int i = 0; i < along.size(); ++i) {
    const int x = along.from + i;
    p.seam[i] /= static_cast<float>(stretches);
    p.rough[i] = static_cast<float>(rb[x] - ra[x]) * share;
    p.sharp[i] = static_cast<float>(b[x] - a[x]) * share;
  }
  return p;
}

float support(const Axis& axis, int at, Span extent) {
  if (at <= 1 || at >= axis.length - 1) return -1;  // the picture's own border
  const Span bands = bands_of(axis, extent);
  const size_t n = static_cast<size_t>(axis.length);
  const uint16_t *a = &axis.seams[bands.from * n], *b = &axis.seams[bands.to * n];
  const int rows = std::min(bands.to * kBand, axis.across) - bands.from * kBand;
  int best = 0;
  for (int x = std::max(1, at - 1); x <= std::min(axis.length - 2, at + 1); ++x) {
    const int s = (b[x - 1] - a[x - 1]) + (b[x] - a[x]) + (b[x + 1] - a[x + 1]);
    best = std::max(best, s);
  }
  return std::min(1.0f, static_cast<float>(best) / static_cast<float>(rows));
}



float quantile(std::vector<float> values, double q) {
  if (values.empty()) return 0;
  const size_t at = std::min(values.size() - 1, static_cast<size_t>(q * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[at];
}

// Peaks of the seam profile that no content of this extent is likely to make.
std::vector<Line> peaks(const Profile& p, Span along, int extent, float strict) {
  std::vector<Line> lines;
  const float usual = quantile(p.seam, 0.75);
  const float wanted = std::max(usual + 0.25f, 0.48f + strict + 0.40f * std::exp(-static_cast<float>(extent) / 140.0f));
  const int n = along.size();
  for (int i = 2; i + 2 < n; ++i) {
    const float s = p.seam[i];
    if (s < wanted) continue;
    bool top = true;
    for (int j = std::max(0, i - 2); j <= std::min(n - 1, i + 2) && top; ++j)
      if (p.sharp[j] > p.sharp[i] || (p.sharp[j] == p.sharp[i] && j < i)) top = false;
    if (top) lines.push_back({along.from + i, s});
  }
  return lines;
}

// Highest strength within two pixels of a place, and where.
Line near(const Profile& p, Span along, double place) {
  const int centre = rounded(place) - along.from, n = along.size();
  Line best{along.from + centre, 0};
  for (int i = std::max(0, centre - 2); i <= std::min(n - 1, centre + 2); ++i)
    if (p.seam[i] > best.strength + 1e-6f || (p.seam[i] == best.strength && p.sharp[i] > p.sharp[std::max(0, std::min(n - 1, best.at - along.from))]))
      best = {along.from + i, p.seam[i]};
  return best;
}



static void try_comb(const Profile& p, Span along, double pitch, double through, Comb* best) {
  const double first = through - pitch * std::floor((through - along.from - 1) / pitch);
  float score = 0, most = 0;
  int best_from = 0, best_to = -1, from = 0, k = 0;
  // The best run of lines: from the first to the last that pays.
  for (double x = first; x < along.to - 1; x += pitch, ++k) {
    const Line line = near(p, along, x);
    const double off = std::max(0.0, std::abs(line.at - x) - 0.5);
    score += line.strength * (1.0f - 0.25f * static_cast<float>(off)) - best->doubt;
    if (score < 0) score = 0, from = k + 1;
    if (score > most) most = score, best_from = from, best_to = k;
  }
  if (most <= best->score + 1e-4f || best_to - best_from < 1) return;
  best->pitch = pitch, best->first = first + best_from * pitch, best->count = best_to - best_from + 1, best->score = most;
}

Comb comb(const Profile& p, Span along, const std::vector<Line>& peaks) {
  Comb best;
  best.doubt = std::max(0.4f, std::min(0.7f, quantile(p.seam, 0.93) + 0.12f));
  std::vector<Line> strong = peaks;
  std::sort(strong.begin(), strong.end(), [](const Line& a, const Line& b) { return a.strength > b.strength; });
  if (strong.size() > 16) strong.resize(16);
  for (size_t i = 0; i < strong.size(); ++i)
    for (size_t j = i + 1; j < strong.size(); ++j) {
      const double apart = std::abs(strong[i].at - strong[j].at);
      for (int m = 1; m <= 6 && apart / m >= kSmallestCell; ++m) try_comb(p, along, apart / m, strong[i].at, &best);
    }
  // Butted cells fill the extent in equal parts.
  for (int parts = 3; parts <= 24 && along.size() / parts >= kSmallestCell; ++parts)
    try_comb(p, along, static_cast<double>(along.size()) / parts, along.from + static_cast<double>(along.size()) / parts, &best);
  for (int k = 0; k < best.count; ++k) best.lines.push_back(near(p, along, best.first + k * best.pitch));
  return best;
}

// Runs of lines without change along them, where different cells are apart; both ends are cuts.
std::vector<Span> flat_runs(const Profile& p, int least) {
  std::vector<Span> runs;
  int from = -1;
  const int n = static_cast<int>(p.rough.size());
  for (int i = 0; i <= n; ++i) {
    const bool flat = i < n && p.rough[i] <= 0.03f;
    if (flat && from < 0) from = i;
    if (!flat && from >= 0) {
      if (i - from >= least) runs.push_back({from, i});
      from = -1;
    }
  }
  return runs;
}

}  // namespace tutela
