#include "grid_sides.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace tutela {
namespace {

constexpr int kInside = 8, kOutside = 14;  // pixels that are looked at on both sides of a cell's edge
constexpr int kSamples = 48;               // along a side
constexpr int kWidestGutter = 10;
constexpr int kDeepest = 8;                // of a frame around a cell
constexpr size_t kMostCells = 64;          // that are looked at: more tell nothing new

// One side of a cell: pixels at(o, t), o < 0 within the cell and o >= 0 beyond its edge.
struct Side {
  const uint8_t* first;  // the pixel of o = 0, t = 0
  ptrdiff_t out, along;  // steps in memory
  int room;              // o < room lie in the picture
  int length;
  int at(int o, int t) const { return first[o * out + t * along]; }
};

struct Look {
  float gutter = 0, ratio = 0, peaked = 0, tone = 0, sway = 0, common = 0, going_on = 0, own = 0, flat = 0, beyond = 0;
  std::array<float, 9> steps{};  // o = -4 .. 4
};

// Changes along the side at o, and the mean and the spread of its pixels.
struct Row {
  float change = 0, mean = 0, spread = 0;
};

Row row_of(const Side& side, int o, int from, int to, int every) {
  int change = 0, sum = 0, squares = 0, n = 0;
  for (int t = from; t + 1 < to; t += every, ++n) {
    const int v = side.at(o, t);
    change += std::abs(side.at(o, t + 1) - v);
    sum += v, squares += v * v;
  }
  const float count = static_cast<float>(std::max(1, n));
  const float mean = static_cast<float>(sum) / count;
  return {static_cast<float>(change) / count, mean,
          std::sqrt(std::max(0.0f, static_cast<float>(squares) / count - mean * mean))};
}

float step_of(const Side& side, int o, int p, int from, int to, int every) {
  int sum = 0, n = 0;
  for (int t = from; t + 1 < to; t += every, ++n) sum += std::abs(side.at(o, t) - side.at(p, t));
  return static_cast<float>(sum) / static_cast<float>(std::max(1, n));
}

float correlation(const Side& side, int o, int p, int from, int to, int every) {
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  int n = 0;
  for (int t = from; t + 1 < to; t += every, ++n) {
    const int u = side.at(o, t), v = side.at(p, t);
    a += u, b += v, aa += u * u, bb += v * v, ab += u * v;
  }
  if (n < 8) return 0;
  const double va = aa - a * a / n, vb = bb - b * b / n;
  return va > 20 * n && vb > 20 * n ? static_cast<float>((ab - a * b / n) / std::sqrt(va * vb)) : 0;
}

Look look_at(const Side& side) {
  Look l;
  const int from = side.length / 20, to = side.length - side.length / 20;
  const int every = std::max(1, (to - from) / kSamples);
  for (int o = -4; o < -1; ++o) l.own += row_of(side, o, from, to, every).change / 3;
  const int most = std::min(kWidestGutter, side.room - 3);
  int gutter = 0;
  float tone = 0, sway = 0, flat = 0;
  while (gutter < most) {
    const Row row = row_of(side, gutter, from, to, every);
    if (row.change > std::max(2.0f, 0.35f * l.own)) break;
    tone += row.mean, sway += row.spread, flat += row.change;
    ++gutter;
  }
  l.gutter = static_cast<float>(gutter);
  if (gutter > 0) {
    const float count = static_cast<float>(gutter);
    l.tone = tone / count, l.sway = sway / count, l.flat = flat / count;
  }
  float usual = 0;
  for (int o = -6; o < -2; ++o) usual += step_of(side, o, o - 1, from, to, every) / 4;
  float around = 0;
  for (int o = -4; o <= 4; ++o) {
    const float step = o < side.room ? step_of(side, o, o - 1, from, to, every) : usual;
    l.steps[static_cast<size_t>(o + 4)] = std::min(8.0f, (step + 0.5f) / (usual + 0.5f));
    if (o != 0) around = std::max(around, step);
  }
  const float edge = step_of(side, 0, -1, from, to, every);
  l.ratio = std::min(20.0f, (edge + 0.5f) / (usual + 0.5f));
  l.peaked = edge / (edge + around + 1);
  const int beyond = std::min(gutter + 1, side.room - 1);
  l.common = correlation(side, -2, beyond, from, to, every);
  const float there = step_of(side, -2, beyond, from, to, every);
  const float here = step_of(side, -2, -std::min(kInside, beyond + 4), from, to, every);
  l.going_on = std::min(8.0f, (there + 1) / (here + 1));
  l.beyond = row_of(side, beyond, from, to, every).change;
  return l;
}

float at_share(std::vector<float>& values, double share) {
  if (values.empty()) return 0;
  const auto place = values.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

std::vector<Look> looks(const uint8_t* pixels, ptrdiff_t stride, int height, int width, const std::vector<Region>& cells) {
  std::vector<Look> all;
  const size_t every = (cells.size() + kMostCells - 1) / kMostCells;
  for (size_t i = 0; i < cells.size(); i += every) {
    const Region& r = cells[i];
    if (r.x.size() <= kInside || r.y.size() <= kInside) continue;
    const uint8_t* corner = pixels + r.y.from * stride + r.x.from;
    const auto add = [&](const uint8_t* first, ptrdiff_t out, ptrdiff_t along, int room, int length) {
      if (room >= 4) all.push_back(look_at({first, out, along, std::min(room, kOutside), length}));
    };
    add(corner - 1, -1, stride, r.x.from, r.y.size());
    add(corner + r.x.size(), 1, stride, width - r.x.to, r.y.size());
    add(corner - stride, -stride, 1, r.y.from, r.x.size());
    add(corner + r.y.size() * stride, stride, 1, height - r.y.to, r.x.size());
  }
  return all;
}

}  // namespace

void take_frames_off(const uint8_t* pixels, ptrdiff_t stride, std::vector<Region>* cells) {
  const size_t every = (cells->size() + kMostCells - 1) / kMostCells;
  int off[4] = {};
  for (int side = 0; side < 4; ++side) {
    // Over all cells: how much changes along the side at each depth, how high the step to the next depth is, and how
    // much of both is usual farther within.
    float change[kDeepest + 2] = {}, step[kDeepest + 2] = {}, spread[kDeepest + 2] = {};
    float usual_change = 0, usual_step = 0, usual_spread = 0;
    for (size_t i = 0; i < cells->size(); i += every) {
      const Region& r = (*cells)[i];
      const int deep = side < 2 ? r.x.size() : r.y.size(), length = side < 2 ? r.y.size() : r.x.size();
      if (deep < 4 * kDeepest || length < 4 * kDeepest) continue;
      const uint8_t* corner = pixels + r.y.from * stride + r.x.from;
      // Inwards is `out` here: o is the depth.
      const Side own = side == 0   ? Side{corner, 1, stride, deep, length}
                       : side == 1 ? Side{corner + r.x.size() - 1, -1, stride, deep, length}
                       : side == 2 ? Side{corner, stride, 1, deep, length}
                                   : Side{corner + (r.y.size() - 1) * stride, -stride, 1, deep, length};
      // Rounded corners and what is written into a corner do not count.
      const int from = length / 8, to = length - length / 8, along = std::max(1, (to - from) / kSamples);
      for (int d = 0; d <= kDeepest + 1; ++d) {
        const Row row = row_of(own, d, from, to, along);
        change[d] += row.change, spread[d] += row.spread;
        step[d] += d > 0 ? step_of(own, d, d - 1, from, to, along) : 0;
      }
      for (int k = 0; k < 4; ++k) {
        const int d = kDeepest + 2 + k * (deep / 2 - kDeepest - 2) / 4;
        const Row row = row_of(own, d, from, to, along);
        usual_change += row.change / 4, usual_spread += row.spread / 4;
        // Of a doubled picture every other step is none.
        usual_step += std::max(step_of(own, d, d - 1, from, to, along), step_of(own, d + 1, d, from, to, along)) / 4;
      }
    }
    // A smooth picture changes little from pixel to pixel too, but is not of one tone.
    for (int d = 1; d <= kDeepest && change[d - 1] <= 0.4f * usual_change && spread[d - 1] <= 0.5f * usual_spread; ++d)
      if (step[d] > 3 * usual_step && step[d] >= step[d + 1] && (d == 1 || step[d] >= step[d - 1])) off[side] = d;
  }
  for (Region& r : *cells) {
    if (r.x.size() >= 4 * kDeepest) r.x = {r.x.from + off[0], r.x.to - off[1]};
    if (r.y.size() >= 4 * kDeepest) r.y = {r.y.from + off[2], r.y.to - off[3]};
  }
}

void describe_sides(const uint8_t* pixels, ptrdiff_t stride, int height, int width, const std::vector<Region>& cells,
                    float* out) {
  std::fill(out, out + kSideFeatures, 0.0f);
  const std::vector<Look> all = looks(pixels, stride, height, width, cells);
  if (all.empty()) return;
  const float n = static_cast<float>(all.size());
  std::vector<float> values(all.size());
  const auto shares = [&](float Look::*what, std::initializer_list<double> at) {
    for (const double share : at) {
      for (size_t i = 0; i < all.size(); ++i) values[i] = all[i].*what;
      *out++ = at_share(values, share);
    }
  };
  shares(&Look::ratio, {0.1, 0.3, 0.6});
  shares(&Look::peaked, {0.1, 0.3, 0.6});
  shares(&Look::common, {0.3, 0.5, 0.8});
  shares(&Look::going_on, {0.1, 0.3, 0.6});
  shares(&Look::own, {0.2, 0.5});
  shares(&Look::beyond, {0.5});
  // Gutters: how many sides have one, how many the commonest, and whether they are of one colour.
  int counts[kWidestGutter + 1] = {}, wide = 0;
  for (const Look& l : all) ++counts[static_cast<int>(l.gutter)];
  const int usual = static_cast<int>(std::max_element(counts + 1, counts + kWidestGutter + 1) - counts);
  std::vector<float> tones, sways, flats, thin;
  for (const Look& l : all) {
    wide += l.gutter >= kWidestGutter;
    if (l.gutter == 0) continue;
    tones.push_back(l.tone), sways.push_back(l.sway), flats.push_back(l.flat);
  }
  const float gutters = static_cast<float>(tones.size());
  *out++ = gutters / n;
  *out++ = static_cast<float>(counts[usual]) / n;
  *out++ = static_cast<float>(usual);
  *out++ = static_cast<float>(wide) / n;
  const float tone = at_share(tones, 0.5);
  std::vector<float> apart;
  for (const float t : tones) apart.push_back(std::abs(t - tone));
  *out++ = at_share(apart, 0.5);
  *out++ = at_share(apart, 0.8);
  *out++ = tone;
  *out++ = at_share(sways, 0.5);
  *out++ = at_share(sways, 0.8);
  *out++ = at_share(flats, 0.5);
  for (size_t o = 0; o < 9; ++o) {
    float sum = 0;
    for (const Look& l : all) sum += l.steps[o];
    *out++ = sum / n;
  }
}

}  // namespace tutela
