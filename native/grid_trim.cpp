#include "grid_trim.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "grid_ground.h"

namespace tutela {
namespace {

constexpr int kReachOut = 14;    // pixels that are looked at on both sides of an edge
constexpr int kFarthest = 10;    // by which an edge is moved
constexpr int kSamples = 48;     // along a side
constexpr size_t kMostCells = 48;  // of a line that are looked at
constexpr int kWidestGap = 12;    // between cells that may be no gutter
constexpr int kLeastCaption = 6, kDeepestCaption = 80;  // pixels

enum Which { kLeft, kRight, kTop, kBottom };

struct Side {
  const uint8_t* first;  // the pixel of o = 0, t = 0: the first one beyond the edge
  ptrdiff_t out, along;
  int room, deep, length;  // o < room lie in the picture, o >= -deep in the cell
  int at(int o, int t) const { return first[o * out + t * along]; }
};

class Trim {
 public:
  Trim(const uint8_t* pixels, ptrdiff_t stride, int height, int width, std::vector<Region>& cells)
      : pixels_(pixels), stride_(stride), height_(height), width_(width), cells_(cells) {}

  void run() {
    // A maker leaves gutters both ways or none.
    const bool across = touch(kLeft, kRight), down = touch(kTop, kBottom);
    if (down) close_gaps(kLeft, kRight);
    if (across) close_gaps(kTop, kBottom);
    if (const std::optional<int> tone = ground_tone(pixels_, stride_, height_, width_, cells_)) {
      tone_ = *tone;
      for (const Which which : {kLeft, kRight, kTop, kBottom}) to_ground(which);
      for (const Which which : {kBottom, kTop})
        if (const int deep = caption(which))
          for (Region& r : cells_) edge(r, which) -= deep * outwards(which);
      agree(&Region::x, kLeft, kRight);
      agree(&Region::y, kTop, kBottom);
    }
  }

 private:
  Side side(const Region& r, Which which) const {
    const uint8_t* corner = pixels_ + r.y.from * stride_ + r.x.from;
    switch (which) {
      case kLeft: return {corner - 1, -1, stride_, r.x.from, r.x.size(), r.y.size()};
      case kRight: return {corner + r.x.size(), 1, stride_, width_ - r.x.to, r.x.size(), r.y.size()};
      case kTop: return {corner - stride_, -stride_, 1, r.y.from, r.y.size(), r.x.size()};
      default: return {corner + r.y.size() * stride_, stride_, 1, height_ - r.y.to, r.y.size(), r.x.size()};
    }
  }

  static int& edge(Region& r, Which which) {
    return which == kLeft ? r.x.from : which == kRight ? r.x.to : which == kTop ? r.y.from : r.y.to;
  }
  static int outwards(Which which) { return which == kRight || which == kBottom ? 1 : -1; }

  // What the lines of pixels at both sides of an edge are like, over all cells that have it: index o + kReachOut.
  struct Lines {
    static constexpr int kCount = 2 * kReachOut + 1;
    float ground[kCount] = {}, change[kCount] = {}, step[kCount] = {};
    int from = -kReachOut, to = kReachOut;  // o that all cells have
    float& operator()(float (&what)[kCount], int o) { return what[o + kReachOut]; }
  };

  Lines lines(const std::vector<size_t>& group, Which which) const {
    Lines l;
    const size_t every = (group.size() + kMostCells - 1) / kMostCells;
    float n = 0;
    for (size_t i = 0; i < group.size(); i += every) {
      const Side s = side(cells_[group[i]], which);
      l.from = std::max(l.from, -s.deep / 4), l.to = std::min(l.to, s.room);
    }
    for (size_t i = 0; i < group.size(); i += every, ++n) {
      const Side s = side(cells_[group[i]], which);
      // Rounded corners are ground.
      const int from = s.length / 10, to = s.length - s.length / 10, along = std::max(1, (to - from) / kSamples);
      for (int o = l.from; o < l.to; ++o) {
        int ground = 0, change = 0, step = 0, count = 0;
        for (int t = from; t + 1 < to; t += along, ++count) {
          const int v = s.at(o, t);
          ground += std::abs(v - tone_) <= kToneWidth;
          change += std::abs(s.at(o, t + 1) - v);
          step += o - 1 >= -s.deep ? std::abs(v - s.at(o - 1, t)) : 0;
        }
        const float share = 1.0f / static_cast<float>(std::max(1, count));
        l(l.ground, o) += static_cast<float>(ground) * share;
        l(l.change, o) += static_cast<float>(change) * share;
        l(l.step, o) += static_cast<float>(step) * share;
      }
    }
    for (int o = 0; o < Lines::kCount; ++o) l.ground[o] /= n, l.change[o] /= n, l.step[o] /= n;
    return l;
  }

  std::map<int, std::vector<size_t>> groups(Which which) const {
    std::map<int, std::vector<size_t>> out;
    for (size_t i = 0; i < cells_.size(); ++i) out[edge(cells_[i], which)].push_back(i);
    return out;
  }

  void to_ground(Which which) {
    for (const auto& [at, group] : groups(which)) {
      const int by = to_ground(lines(group, which));
      for (const size_t i : group) edge(cells_[i], which) += by * outwards(which);
    }
  }

  // How far outwards an edge has to go for the ground to begin there.
  static int to_ground(Lines l) {
    if (l.from > -6) return 0;
    std::vector<float> deep, changes;
    for (int o = l.from; o < l.from / 2; ++o) deep.push_back(l(l.ground, o)), changes.push_back(l(l.change, o));
    const float content = quantile(deep, 0.5), change = quantile(changes, 0.5);
    float most = 0;
    for (int o = std::max(l.from, -kFarthest); o < std::min(l.to, kFarthest); ++o) most = std::max(most, l(l.ground, o));
    if (most < 0.8f || most < content + 0.35f) return 0;
    const float least = (most + content) / 2;
    int o = 0;
    if (l(l.ground, -1) >= least) {
      while (o > std::max(l.from, -kFarthest) && l(l.ground, o - 1) >= least) --o;
      return o > std::max(l.from, -kFarthest) ? o : 0;
    }
    while (o < std::min(l.to, kFarthest) && l(l.ground, o) < least) {
      if (l(l.change, o) < 0.5f * change) return 0;  // a frame or a shadow
      ++o;
    }
    return o < std::min(l.to, kFarthest) ? o : 0;
  }

  // How many lines at this end of all cells are a caption: text on the ground, up to one line where the picture begins.
  int caption(Which which) const {
    std::vector<float> ground;
    int deepest = kDeepestCaption;
    for (const Region& r : cells_) deepest = std::min(deepest, r.y.size() / 3);
    const size_t every = (cells_.size() + kMostCells - 1) / kMostCells;
    for (int d = 0; d < deepest; ++d) {
      int on = 0, count = 0;
      for (size_t i = 0; i < cells_.size(); i += every) {
        const Side s = side(cells_[i], which);
        for (int t = s.length / 20; t < s.length - s.length / 20; t += 2, ++count) on += std::abs(s.at(-1 - d, t) - tone_) <= kToneWidth;
      }
      ground.push_back(static_cast<float>(on) / static_cast<float>(std::max(1, count)));
    }
    constexpr int kInside = 8;
    int best = 0;
    float most = 0.3f, sum = 0;
    for (int d = 1; d + kInside <= deepest; ++d) {
      const float line = ground[static_cast<size_t>(d - 1)];
      if (line < 0.4f) break;
      sum += line;
      if (d < kLeastCaption) continue;
      float inside = 0;
      for (int i = 0; i < kInside; ++i) inside += ground[static_cast<size_t>(d + i)] / kInside;
      const float drop = std::min(sum / static_cast<float>(d), line) - std::max(inside, ground[static_cast<size_t>(d + 1)]);
      if (drop > most) best = d, most = drop;
    }
    return best;
  }

  // Whether most cells end where others begin.
  bool touch(Which low, Which high) const {
    const auto starts = groups(low), ends = groups(high);
    int touching = 0, apart = 0;
    for (const auto& [end, before] : ends) {
      const auto next = starts.lower_bound(end);
      if (next == starts.end() || next->first - end > kWidestGap) continue;
      ++(next->first == end ? touching : apart);
    }
    return touching > apart;
  }

  // What is as busy as the pictures is no gutter: their one border is then the line that stands out more.
  void close_gaps(Which low, Which high) {
    const auto starts = groups(low), ends = groups(high);
    for (const auto& [end, before] : ends) {
      const auto next = starts.upper_bound(end);
      if (next == starts.end() || next->first - end > kWidestGap || starts.count(end)) continue;
      Lines at_end = lines(before, high), at_start = lines(next->second, low);
      const int gap = next->first - end;
      if (at_end.from > -6 || at_end.to < gap) continue;
      std::vector<float> own, between;
      for (int o = at_end.from; o < -1; ++o) own.push_back(at_end(at_end.change, o));
      for (int o = 0; o < gap; ++o) between.push_back(at_end(at_end.change, o));
      if (quantile(between, 0.3) < 0.6f * quantile(own, 0.5)) continue;
      const bool further = at_start(at_start.step, 0) > at_end(at_end.step, 0);
      for (const size_t i : further ? before : next->second) edge(cells_[i], further ? high : low) = further ? next->first : end;
    }
  }

  // Gives cells that differ a little from the size that most have that size.
  void agree(Span Region::*axis, Which low, Which high) {
    if (cells_.size() < 4) return;
    std::map<int, int> sizes;
    for (const Region& r : cells_) ++sizes[(r.*axis).size()];
    int usual = 0, most = 0;
    for (const auto& [size, count] : sizes) {
      int near = 2 * count;
      for (const int other : {size - 1, size + 1})
        if (const auto found = sizes.find(other); found != sizes.end()) near += found->second;
      if (near > most) usual = size, most = near;
    }
    int agreed = 0;
    for (const Region& r : cells_) agreed += std::abs((r.*axis).size() - usual) <= 1;
    if (10 * agreed < 6 * static_cast<int>(cells_.size())) return;
    std::map<std::pair<int, int>, std::vector<size_t>> odd;
    for (size_t i = 0; i < cells_.size(); ++i) {
      const Span s = cells_[i].*axis;
      const int apart = std::abs(s.size() - usual);
      if (apart > 0 && apart <= kFarthest) odd[{s.from, s.to}].push_back(i);
    }
    for (const auto& [span, group] : odd) {
      const int by = usual - (span.second - span.first);  // the high side goes out by so much, or the low side
      Lines at_low = lines(group, low), at_high = lines(group, high);
      const int limit = low == kLeft ? width_ : height_;
      const bool fits_low = span.first - by >= 0, fits_high = span.second + by <= limit;
      const auto there = [](Lines& l, int o) { return o > l.from && o < l.to ? l(l.step, o) : 0.0f; };
      const float move_low = there(at_low, by), move_high = there(at_high, by);
      const float keep_low = there(at_low, 0), keep_high = there(at_high, 0);
      // Which pair of edges stands out more: the old low one with a new high one, or the reverse.
      const bool high_moves = fits_high && (!fits_low || keep_low + move_high >= move_low + keep_high);
      if (!fits_low && !high_moves) continue;
      const float least = std::abs(by) > 1 ? 0.3f : 1.0f;
      if (high_moves ? move_high < least * keep_high : move_low < least * keep_low) continue;
      for (const size_t i : group) edge(cells_[i], high_moves ? high : low) += high_moves ? by : -by;
    }
  }

  const uint8_t* pixels_;
  ptrdiff_t stride_;
  int height_, width_;
  std::vector<Region>& cells_;
  int tone_ = 0;
};

}  // namespace

void trim(const uint8_t* pixels, ptrdiff_t stride, int height, int width, std::vector<Region>* cells) {
  if (!cells->empty()) Trim(pixels, stride, height, width, *cells).run();
}

}  // namespace tutela
