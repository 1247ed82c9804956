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

// One side of a cell: pixel t along it at depth o, o < 0 within the cell and o >= 0 beyond its edge.
struct Side {
  const uint8_t* first;  // the pixel of o = 0, t = 0
  ptrdiff_t out, along;  // steps in memory
  int room;              // o < room lie in the picture
  int length;
};

struct Look {
  float gutter = 0, ratio = 0, peaked = 0, tone = 0, sway = 0, common = 0, going_on = 0, own = 0, flat = 0, beyond = 0;
  std::array<float, 9> steps{};  // o = -4 .. 4
};

// Pixels along a side at one depth, a share of them, and those behind each: side by side, so that they are summed fast.
struct Strip {
  static constexpr int kMost = 2 * kSamples;
  int n = 0;
  uint8_t here[kMost], next[kMost];
};

void take(const Side& side, int o, int from, int to, int every, Strip* line) {
  line->n = 0;
  const uint8_t* first = side.first + o * side.out;
  for (int t = from; t + 1 < to; t += every, ++line->n) {
    line->here[line->n] = first[t * side.along];
    line->next[line->n] = first[(t + 1) * side.along];
  }
}

// The lines of a side, kInside within and kOutside beyond it, taken when they are asked for.
class Strips {
 public:
  Strips(const Side& side, int from, int to) : side_(side), from_(from), to_(to), every_(std::max(1, (to - from) / kSamples)) {}
  const Strip& at(int o) {
    const auto slot = static_cast<size_t>(o - kFirst);
    if (!taken_[slot]) take(side_, o, from_, to_, every_, &lines_[slot]), taken_[slot] = true;
    return lines_[slot];
  }

 private:
  static constexpr int kFirst = -kInside;
  Side side_;
  int from_, to_, every_;
  std::array<bool, kInside + kOutside + 1> taken_{};
  std::array<Strip, kInside + kOutside + 1> lines_;
};

int apart(const uint8_t* a, const uint8_t* b, int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += std::abs(a[i] - b[i]);
  return sum;
}

// Changes along a line, and the mean and the spread of its pixels.
struct Row {
  float change = 0, mean = 0, spread = 0;
};

Row row_of(const Strip& line) {
  int sum = 0, squares = 0;
  for (int i = 0; i < line.n; ++i) sum += line.here[i], squares += line.here[i] * line.here[i];
  const float count = static_cast<float>(std::max(1, line.n));
  const float mean = static_cast<float>(sum) / count;
  return {static_cast<float>(apart(line.here, line.next, line.n)) / count, mean,
          std::sqrt(std::max(0.0f, static_cast<float>(squares) / count - mean * mean))};
}

float step_of(const Strip& one, const Strip& other) {
  return static_cast<float>(apart(one.here, other.here, one.n)) / static_cast<float>(std::max(1, one.n));
}

float correlation(const Strip& one, const Strip& other) {
  const int n = one.n;
  if (n < 8) return 0;
  int sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (int i = 0; i < n; ++i) {
    const int u = one.here[i], v = other.here[i];
    sa += u, sb += v, saa += u * u, sbb += v * v, sab += u * v;
  }
  const double a = sa, b = sb, aa = saa, bb = sbb, ab = sab;
  const double va = aa - a * a / n, vb = bb - b * b / n;
  return va > 20 * n && vb > 20 * n ? static_cast<float>((ab - a * b / n) / std::sqrt(va * vb)) : 0;
}

Look look_at(const Side& side) {
  Look l;
  const int from = side.length / 20, to = side.length - side.length / 20;
  Strips lines(side, from, to);
  for (int o = -4; o < -1; ++o) l.own += row_of(lines.at(o)).change / 3;
  const int most = std::min(kWidestGutter, side.room - 3);
  int gutter = 0;
  float tone = 0, sway = 0, flat = 0;
  while (gutter < most) {
    const Row row = row_of(lines.at(gutter));
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
  for (int o = -6; o < -2; ++o) usual += step_of(lines.at(o), lines.at(o - 1)) / 4;
  float around = 0;
  for (int o = -4; o <= 4; ++o) {
    const float step = o < side.room ? step_of(lines.at(o), lines.at(o - 1)) : usual;
    l.steps[static_cast<size_t>(o + 4)] = std::min(8.0f, (step + 0.5f) / (usual + 0.5f));
    if (o != 0) around = std::max(around, step);
  }
  const float edge = step_of(lines.at(0), lines.at(-1));
  l.ratio = std::min(20.0f, (edge + 0.5f) / (usual + 0.5f));
  l.peaked = edge / (edge + around + 1);
  const int beyond = std::min(gutter + 1, side.room - 1);
  l.common = correlation(lines.at(-2), lines.at(beyond));
  const float there = step_of(lines.at(-2), lines.at(beyond));
  const float here = step_of(lines.at(-2), lines.at(-std::min(kInside, beyond + 4)));
  l.going_on = std::min(8.0f, (there + 1) / (here + 1));
  l.beyond = row_of(lines.at(beyond)).change;
  return l;
}

float at_share(std::vector<float>& values, double share) {
  if (values.empty()) return 0;
  const auto place = values.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

std::vector<Look> looks(Evidence& seen, const std::vector<Region>& cells) {
  const ptrdiff_t stride = seen.stride, high = seen.height;
  std::vector<Look> all;
  const size_t every = (cells.size() + kMostCells - 1) / kMostCells;
  for (size_t i = 0; i < cells.size(); i += every) {
    const Region& r = cells[i];
    if (r.x.size() <= kInside || r.y.size() <= kInside) continue;
    // Sides that run down the picture are looked at in the turned one, where they lie in one stretch.
    const uint8_t *corner = seen.pixels + r.y.from * stride + r.x.from, *turned = seen.turned() + r.x.from * high + r.y.from;
    const auto add = [&](const uint8_t* first, ptrdiff_t out, ptrdiff_t along, int room, int length) {
      if (room >= 4) all.push_back(look_at({first, out, along, std::min(room, kOutside), length}));
    };
    add(turned - high, -high, 1, r.x.from, r.y.size());
    add(turned + r.x.size() * high, high, 1, seen.width - r.x.to, r.y.size());
    add(corner - stride, -stride, 1, r.y.from, r.x.size());
    add(corner + r.y.size() * stride, stride, 1, seen.height - r.y.to, r.x.size());
  }
  return all;
}

}  // namespace

void take_frames_off(Evidence& seen, std::vector<Region>* cells) {
  const ptrdiff_t stride = seen.stride, high = seen.height;
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
      const uint8_t *corner = seen.pixels + r.y.from * stride + r.x.from, *turned = seen.turned() + r.x.from * high + r.y.from;
      // Inwards is `out` here: o is the depth.
      const Side own = side == 0   ? Side{turned, high, 1, deep, length}
                       : side == 1 ? Side{turned + (r.x.size() - 1) * high, -high, 1, deep, length}
                       : side == 2 ? Side{corner, stride, 1, deep, length}
                                   : Side{corner + (r.y.size() - 1) * stride, -stride, 1, deep, length};
      // Rounded corners and what is written into a corner do not count.
      const int from = length / 8, to = length - length / 8, along = std::max(1, (to - from) / kSamples);
      Strip line[3];
      for (int d = 0; d <= kDeepest + 1; ++d) {
        take(own, d, from, to, along, &line[d % 2]);
        const Row row = row_of(line[d % 2]);
        change[d] += row.change, spread[d] += row.spread;
        step[d] += d > 0 ? step_of(line[d % 2], line[1 - d % 2]) : 0;
      }
      for (int k = 0; k < 4; ++k) {
        const int d = kDeepest + 2 + k * (deep / 2 - kDeepest - 2) / 4;
        for (int near = 0; near < 3; ++near) take(own, d + near - 1, from, to, along, &line[near]);
        const Row row = row_of(line[1]);
        usual_change += row.change / 4, usual_spread += row.spread / 4;
        // Of a doubled picture every other step is none.
        usual_step += std::max(step_of(line[1], line[0]), step_of(line[2], line[1])) / 4;
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

void describe_sides(Evidence& seen, const std::vector<Region>& cells, float* out) {
  std::fill(out, out + kSideFeatures, 0.0f);
  const std::vector<Look> all = looks(seen, cells);
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
