#include "grid_features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "grid_sides.h"
#include "grids.h"

namespace tutela {
namespace {

constexpr size_t kMostLooked = 64;  // cells that are described
constexpr int kOwnFeatures = 24;    // the sides' features come behind them
static_assert(kOwnFeatures + kSideFeatures + 1 == kGridFeatures);  // the last one is the reading's own

float median_of(std::vector<float> values) { return quantile(std::move(values), 0.5); }

}  // namespace

Sides sides_of(const Axis& down, const Axis& over, const Region& r) {
  Sides s;
  const float each[4] = {support(down, r.x.from, r.y), support(down, r.x.to, r.y), support(over, r.y.from, r.x),
                         support(over, r.y.to, r.x)};
  for (int i = 0; i < 4; ++i) {
    s.each[i] = each[i];
    if (each[i] < 0) continue;
    s.mean += each[i];
    s.least = std::min(s.least, each[i]);
    ++s.count;
  }
  s.mean = s.count ? s.mean / static_cast<float>(s.count) : 0;
  return s;
}

float roughness_of(const Profile& p) {
  return std::accumulate(p.rough.begin(), p.rough.end(), 0.0f) / static_cast<float>(p.rough.size());
}

float roughness_of(const Axis& down, const Region& r) {
  return roughness_of(profile(down, r.x, r.y));
}

void describe(Evidence& seen, const std::vector<Found>& found, float* f) {
  const uint8_t* pixels = seen.pixels;
  const int height = seen.height, width = seen.width;
  const ptrdiff_t stride = seen.stride;
  const Axis &down = seen.down(), &over = seen.over();
  const float n = static_cast<float>(found.size());
  std::vector<float> widths, heights, confidences, inner, rough, middle;
  double area = 0;
  // Of many cells a share tells as much.
  std::vector<size_t> looked;
  for (size_t i = 0; i < found.size(); i += (found.size() + kMostLooked - 1) / kMostLooked) looked.push_back(i);
  const float described = static_cast<float>(looked.size());
  for (const Found& c : found) {
    area += static_cast<double>(c.region.area());
    widths.push_back(static_cast<float>(c.region.x.size())), heights.push_back(static_cast<float>(c.region.y.size()));
    confidences.push_back(c.confidence);
  }
  for (const size_t at : looked) {
    const Region& r = found[at].region;
    const Sides s = sides_of(down, over, r);
    for (const float side : s.each)
      if (side >= 0) inner.push_back(side);
    // How strong the strongest line through its midst is: high where a cell is a tile of a pattern.
    const Profile px = profile(down, r.x, r.y), py = profile(over, r.y, r.x);
    rough.push_back(roughness_of(px));
    float strongest = 0;
    for (int i = r.x.size() / 6; i < r.x.size() - r.x.size() / 6; ++i) strongest = std::max(strongest, px.seam[i]);
    for (int i = r.y.size() / 6; i < r.y.size() - r.y.size() / 6; ++i) strongest = std::max(strongest, py.seam[i]);
    middle.push_back(strongest);
  }
  const float mw = median_of(widths), mh = median_of(heights);
  float regular = 0, sure = 0, empty = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    regular += std::abs(widths[i] - mw) <= 4 && std::abs(heights[i] - mh) <= 4;
    sure += confidences[i] >= 0.7f;
  }
  for (const float change : rough) empty += change < 0.06f;
  // Coarse pictures of cells, 6 x 6 means, without their own mean: alike cells make a pattern.
  constexpr int kGrid = 6;
  std::vector<std::vector<float>> coarse;
  std::vector<float> tone;
  for (const size_t at : looked) {
    const Region& r = found[at].region;
    std::vector<float> means(kGrid * kGrid);
    float sum = 0;
    for (int j = 0; j < kGrid; ++j)
      for (int i = 0; i < kGrid; ++i) {
        const int x0 = r.x.from + r.x.size() * i / kGrid, x1 = r.x.from + r.x.size() * (i + 1) / kGrid;
        const int y0 = r.y.from + r.y.size() * j / kGrid, y1 = r.y.from + r.y.size() * (j + 1) / kGrid;
        const int dy = std::max(1, (y1 - y0) / 6), dx = std::max(1, (x1 - x0) / 6);
        int total = 0, count = 0;
        for (int y = y0; y < y1; y += dy)
          for (int x = x0; x < x1; x += dx) total += pixels[y * stride + x], ++count;
        means[j * kGrid + i] = static_cast<float>(total) / static_cast<float>(std::max(1, count));
        sum += means[j * kGrid + i];
      }
    sum /= kGrid * kGrid;
    for (float& m : means) m -= sum;
    tone.push_back(sum);
    coarse.push_back(means);
  }
  std::vector<float> spreads, unlike;
  for (size_t i = 0; i < coarse.size(); ++i) {
    float spread = 0;
    for (const float m : coarse[i]) spread += m * m;
    spreads.push_back(std::sqrt(spread / (kGrid * kGrid)));
    const size_t j = (i + 1) % coarse.size();
    float apart = 0;
    for (int k = 0; k < kGrid * kGrid; ++k) apart += (coarse[i][k] - coarse[j][k]) * (coarse[i][k] - coarse[j][k]);
    unlike.push_back(std::sqrt(apart / (kGrid * kGrid)));
  }
  // How much the pixels on both sides of a line between neighbours have in common.
  float common = 0, pairs = 0, jump = 0;
  for (const size_t i : looked) {
    for (size_t j = 0; j < found.size(); ++j) {
      const Region &a = found[i].region, &b = found[j].region;
      const int gap = b.x.from - a.x.to, drop = b.y.from - a.y.to;
      const bool beside = gap >= 0 && gap < 40 && std::abs(a.y.from - b.y.from) < 6 && std::abs(a.y.to - b.y.to) < 6;
      const bool below = drop >= 0 && drop < 40 && std::abs(a.x.from - b.x.from) < 6 && std::abs(a.x.to - b.x.to) < 6;
      if (!beside && !below) continue;
      double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0, step = 0, own = 0;
      int count = 0;
      const Span along = beside ? Span{std::max(a.y.from, b.y.from) + 2, std::min(a.y.to, b.y.to) - 2}
                                : Span{std::max(a.x.from, b.x.from) + 2, std::min(a.x.to, b.x.to) - 2};
      for (int t = along.from; t < along.to; ++t) {
        const int u = beside ? pixels[t * stride + a.x.to - 2] : pixels[(a.y.to - 2) * stride + t];
        const int v = beside ? pixels[t * stride + b.x.from + 1] : pixels[(b.y.from + 1) * stride + t];
        const int w = beside ? pixels[t * stride + a.x.to - 5] : pixels[(a.y.to - 5) * stride + t];
        sa += u, sb += v, saa += u * u, sbb += v * v, sab += u * v, step += std::abs(u - v), own += std::abs(u - w), ++count;
      }
      if (count < 8) continue;
      const double va = saa - sa * sa / count, vb = sbb - sb * sb / count;
      const double correlation = va > 30 * count && vb > 30 * count ? (sab - sa * sb / count) / std::sqrt(va * vb) : 0;
      common += static_cast<float>(correlation), pairs += 1;
      jump += static_cast<float>((step + count) / (own + count));
    }
  }
  f[0] = std::log(n);
  f[1] = static_cast<float>(area / (static_cast<double>(height) * width));
  f[2] = std::accumulate(confidences.begin(), confidences.end(), 0.0f) / n;
  f[3] = quantile(confidences, 0.1);
  f[4] = quantile(inner, 0.1);
  f[5] = quantile(inner, 0.3);
  f[6] = sure / n;
  f[7] = regular / n;
  f[8] = empty / described;
  f[9] = median_of(rough);
  f[10] = median_of(middle);
  f[11] = quantile(middle, 0.85);
  f[12] = median_of(spreads);
  f[13] = median_of(unlike);
  f[14] = f[13] / (f[12] + 2);
  f[15] = pairs > 0 ? common / pairs : 0;
  f[16] = pairs > 0 ? std::min(8.0f, jump / pairs) : 1;
  f[17] = std::log(std::max(1.0f, mw));
  f[18] = std::log(std::max(1.0f, mh));
  f[19] = pairs / described;
  float tone_mean = 0, tone_spread = 0;
  for (const float t : tone) tone_mean += t / described;
  for (const float t : tone) tone_spread += (t - tone_mean) * (t - tone_mean) / described;
  f[20] = std::sqrt(tone_spread);
  f[21] = *std::min_element(confidences.begin(), confidences.end());
  float border = 0;
  for (const Found& c : found) {
    const Region& r = c.region;
    border += static_cast<float>((r.x.from == 0) + (r.y.from == 0) + (r.x.to == width) + (r.y.to == height));
  }
  f[22] = border / (4 * n);
  f[23] = std::log(static_cast<float>(std::max(width, height)));
  std::vector<Region> regions;
  for (const Found& c : found) regions.push_back(c.region);
  describe_sides(seen, regions, f + kOwnFeatures);
}

}  // namespace tutela
