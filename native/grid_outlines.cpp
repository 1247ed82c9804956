#include "grid_outlines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace tutela {
namespace {

constexpr int kBlock = 8;
constexpr int kFlatRange = 5;         // levels within a block of one tone: JPEG leaves ripples
constexpr float kLeastFlat = 0.06f;   // a page has ground
constexpr int kSmallestSide = 64;
constexpr size_t kMostSegments = 72;  // an axis
constexpr size_t kMostOutlines = 64;
constexpr int kMostPairs = 400000, kMostScored = 30000;  // tables have thousands of rectangles
constexpr int kBeyond = 24;           // pixels beyond a corner where its line should have ended
constexpr int kStrip = 12;            // pixels within and beyond a side that are looked at

// A straight line that stands out over a part of its extent.
struct Segment {
  int at;
  Span bands;
  float strength;
};

struct Rectangle {
  Region region;
  float score;
};

// ---------------------------------------------------------------------------------------------- busy blocks

// How many blocks of 8 x 8 pixels are busy as photographs are, with no pixel like the next, summed from the corner.
class Busy {
 public:
  Busy(const uint8_t* pixels, int height, int width, ptrdiff_t stride) : high_(height / kBlock), wide_(width / kBlock) {
    sums_.assign(static_cast<size_t>(high_ + 1) * static_cast<size_t>(wide_ + 1), 0);
    std::vector<uint8_t> unlike(static_cast<size_t>(width), 0);
    for (int j = 0; j < high_; ++j) {
      std::fill(unlike.begin(), unlike.end(), uint8_t{0});
      for (int r = 0; r < kBlock; ++r) {
        const uint8_t* row = pixels + (j * kBlock + r) * stride;
        count_unlike(row, width - 1, unlike.data());
      }
      int along = 0;
      for (int i = 0; i < wide_; ++i) {
        // The sum of a block's eight bytes, each 8 at most, comes to lie in the highest one.
        uint64_t counts;
        std::memcpy(&counts, &unlike[static_cast<size_t>(i) * kBlock], sizeof counts);
        along += static_cast<int>(counts * 0x0101010101010101u >> 56) >= kBusy;
        sums_[at(j + 1, i + 1)] = sums_[at(j, i + 1)] + along;
      }
    }
  }

  // Busy blocks within, and all blocks; a block belongs where its centre lies.
  std::array<int, 2> within(const Region& r) const {
    const auto block = [](int x, int most) { return std::clamp((x + kBlock / 2 - 1) / kBlock, 0, most); };
    const int x0 = block(r.x.from, wide_), x1 = block(r.x.to, wide_), y0 = block(r.y.from, high_), y1 = block(r.y.to, high_);
    if (x1 <= x0 || y1 <= y0) return {0, 0};
    return {sums_[at(y1, x1)] - sums_[at(y0, x1)] - sums_[at(y1, x0)] + sums_[at(y0, x0)], (x1 - x0) * (y1 - y0)};
  }

 private:
  static void count_unlike(const uint8_t* __restrict row, int n, uint8_t* __restrict counts) {
    for (int x = 0; x < n; ++x) {
      const uint8_t a = row[x], b = row[x + 1];
      const auto apart = static_cast<uint8_t>((a > b ? a : b) - (a > b ? b : a));
      counts[x] = static_cast<uint8_t>(counts[x] + (apart > 1));
    }
  }

  static constexpr int kBusy = 24;
  size_t at(int j, int i) const { return static_cast<size_t>(j) * static_cast<size_t>(wide_ + 1) + static_cast<size_t>(i); }
  int high_, wide_;
  std::vector<int> sums_;
};

// Share of busy blocks within a region, and in the ring around it; -1 where there is no ring.
std::array<float, 2> busyness(const Busy& busy, const Region& r) {
  constexpr int kRing = 24;
  const std::array<int, 2> in = busy.within(r);
  const std::array<int, 2> all = busy.within({{r.x.from - kRing, r.x.to + kRing}, {r.y.from - kRing, r.y.to + kRing}});
  const auto share = [](int a, int b) { return b > 0 ? static_cast<float>(a) / static_cast<float>(b) : -1.0f; };
  return {share(in[0], in[1]), share(all[0] - in[0], all[1] - in[1])};
}

// ---------------------------------------------------------------------------------------------- segments

struct Run {
  int16_t from = 0, last = -1, end = 0;
  float sum = 0, most = 0;
};

constexpr float kMissing = 0.45f;   // what a band without a seam costs
constexpr float kLeastRun = 5.0f;   // bands that a segment must have more than it lacks

void close_run(Run& run, int at, std::vector<Segment>* out) {
  if (run.most >= kLeastRun) out->push_back({at, {run.from, run.end}, run.most});
  run = Run{};
}

// Of segments side by side only the strongest stays.
void thin(std::vector<Segment>* all) {
  std::stable_sort(all->begin(), all->end(), [](const Segment& a, const Segment& b) { return a.strength > b.strength; });
  std::vector<Segment> kept;
  for (const Segment& one : *all) {
    bool doubled = false;
    for (const Segment& other : kept) {
      if (std::abs(other.at - one.at) > 1) continue;
      const int both = std::min(other.bands.to, one.bands.to) - std::max(other.bands.from, one.bands.from);
      doubled |= 2 * both > one.bands.size();
    }
    if (!doubled) kept.push_back(one);
    if (kept.size() == kMostSegments) break;
  }
  *all = std::move(kept);
}

std::vector<Segment> segments(const Axis& axis) {
  std::vector<Segment> out;
  const int n = axis.length;
  if (n < 8) return out;
  std::vector<Run> runs(static_cast<size_t>(n));
  std::vector<uint8_t> count(static_cast<size_t>(n)), hit(static_cast<size_t>(n));
  for (int band = 0; band < axis.bands; ++band) {
    const uint16_t *a = &axis.seams[static_cast<size_t>(band) * n], *b = a + n;
    const int rows = std::min(kBand, axis.across - band * kBand);
    for (int x = 0; x < n; ++x) count[x] = static_cast<uint8_t>(b[x] - a[x]);
    const auto wanted = static_cast<uint8_t>((3 * rows + 3) / 4), all_rows = static_cast<uint8_t>(rows);
    for (int x = 1; x + 1 < n; ++x)
      hit[x] = static_cast<uint8_t>((static_cast<uint8_t>(count[x - 1] + count[x] + count[x + 1]) >= wanted) & (static_cast<uint8_t>(2 * count[x]) >= all_rows));
    for (int x = 3; x + 3 < n; ++x) {
      uint64_t eight = 1;
      if (x + 8 <= n) std::memcpy(&eight, &hit[static_cast<size_t>(x)], sizeof eight);
      if (eight == 0) x += 7;
      if (eight == 0 || !hit[x]) continue;
      Run& run = runs[x];
      if (run.last >= 0) run.sum -= kMissing * static_cast<float>(band - run.last - 1);
      if (run.sum <= 0) close_run(run, x, &out);
      if (run.last < 0) run.from = static_cast<int16_t>(band);
      run.last = static_cast<int16_t>(band);
      run.sum += 1;
      if (run.sum > run.most) run.most = run.sum, run.end = static_cast<int16_t>(band + 1);
    }
  }
  for (int x = 0; x < n; ++x) close_run(runs[x], x, &out);
  thin(&out);
  // The picture's own border is a side of what lies there.
  out.push_back({0, {0, axis.bands}, 0});
  out.push_back({n, {0, axis.bands}, 0});
  return out;
}

// ---------------------------------------------------------------------------------------------- rectangles

Span pixels_of(const Segment& s, int across) { return {s.bands.from * kBand, std::min(across, s.bands.to * kBand)}; }

int common(Span a, Span b) { return std::max(0, std::min(a.to, b.to) - std::max(a.from, b.from)); }

bool covers(const Segment& s, int across, Span wanted) { return 10 * common(pixels_of(s, across), wanted) >= 5 * wanted.size(); }

// Supports of the four sides: -1 at the picture's own border.
std::array<float, 4> supports(const Axis& down, const Axis& over, const Region& r) {
  return {support(down, r.x.from, r.y), support(down, r.x.to, r.y), support(over, r.y.from, r.x), support(over, r.y.to, r.x)};
}

// Support of a line in the pixels behind both ends of a side.
float behind(const Axis& axis, int at, Span side) {
  float sum = 0, n = 0;
  const auto add = [&](Span part) {
    if (part.size() < kBand) return;
    const float s = support(axis, at, part);
    if (s >= 0) sum += s, n += 1;
  };
  add({std::max(0, side.from - kBeyond - 4), side.from - 4});
  add({side.to + 4, std::min(axis.across, side.to + kBeyond + 4)});
  return n > 0 ? sum / n : 0;
}

float score_of(const Axis& down, const Axis& over, const Busy& busy, const Region& r) {
  float sum = 0, least = 1;
  int n = 0;
  for (const float s : supports(down, over, r)) {
    if (s < 0) continue;
    sum += s, least = std::min(least, s), ++n;
  }
  if (n < 2 || least < 0.35f) return 0;
  const float beyond = behind(down, r.x.from, r.y) + behind(down, r.x.to, r.y) + behind(over, r.y.from, r.x) + behind(over, r.y.to, r.x);
  const std::array<float, 2> stuff = busyness(busy, r);
  const float size = std::log(static_cast<float>(std::min(r.x.size(), r.y.size())) / kSmallestSide);
  return sum / static_cast<float>(n) + 0.5f * least - 0.15f * beyond - 0.1f * static_cast<float>(4 - n) + 0.8f * stuff[0] -
         0.5f * std::max(0.0f, stuff[1]) + 0.15f * size;
}

bool near(const Region& a, const Region& b, int most) {
  return std::abs(a.x.from - b.x.from) <= most && std::abs(a.x.to - b.x.to) <= most && std::abs(a.y.from - b.y.from) <= most &&
         std::abs(a.y.to - b.y.to) <= most;
}

// The picture's pixels, as they lie in memory.
struct Image {
  const uint8_t* pixels;
  ptrdiff_t stride;
  int at(int x, int y) const { return pixels[y * stride + x]; }
};

// How many lines from one side on are of one tone, the same in all of them; 0 if that goes on and on.  `at` gives a
// pixel from the line's number and the place along it.
template <typename At>
int still_lines(const At& at, int lines, int length) {
  constexpr int kSamples = 64, kNear = 8;
  const int from = length / 16, every = std::max(1, (length - 2 * from) / kSamples);
  std::array<int, 256> seen{};
  int n = 0;
  for (int t = from; t < length - from; t += every) ++seen[static_cast<size_t>(at(0, t))], ++n;
  int tone = 0, below = 0;
  while (tone < 255 && 2 * (below + seen[static_cast<size_t>(tone)]) < n) below += seen[static_cast<size_t>(tone++)];
  for (int line = 0; line < lines; ++line) {
    int unlike = 0;
    for (int t = from; t < length - from; t += every) unlike += std::abs(at(line, t) - tone) > kNear;
    if (12 * unlike > n) return line;
  }
  return 0;
}

// A rectangle without the lines of one tone along its sides: a border, or bars beside a picture.
Region peeled(const Image& image, const Region& r) {
  const int wide = r.x.size(), high = r.y.size();
  const int left = still_lines([&](int k, int t) { return image.at(r.x.from + k, r.y.from + t); }, wide / 3, high);
  const int right = still_lines([&](int k, int t) { return image.at(r.x.to - 1 - k, r.y.from + t); }, wide / 3, high);
  const int top = still_lines([&](int k, int t) { return image.at(r.x.from + t, r.y.from + k); }, high / 3, wide);
  const int bottom = still_lines([&](int k, int t) { return image.at(r.x.from + t, r.y.to - 1 - k); }, high / 3, wide);
  return {{r.x.from + left, r.x.to - right}, {r.y.from + top, r.y.to - bottom}};
}

std::vector<Rectangle> rectangles(const Image& image, const Axis& down, const Axis& over, const Busy& busy) {
  const std::vector<Segment> vertical = segments(down), horizontal = segments(over);
  std::vector<Rectangle> all;
  int pairs = kMostPairs, scored = kMostScored;
  for (const Segment& left : vertical)
    for (const Segment& right : vertical) {
      const Span x{left.at, right.at};
      if (x.size() < kSmallestSide || pairs < 0 || scored <= 0) continue;
      const Span l = pixels_of(left, down.across), r = pixels_of(right, down.across);
      if (common(l, r) < kSmallestSide / 2) continue;
      std::vector<const Segment*> rungs;
      for (const Segment& h : horizontal)
        if (covers(h, over.across, x)) rungs.push_back(&h);
      for (const Segment* top : rungs)
        for (const Segment* bottom : rungs) {
          const Span y{top->at, bottom->at};
          if (y.size() < kSmallestSide || x.size() > 5 * y.size() || y.size() > 5 * x.size()) continue;
          if (--pairs < 0 || scored <= 0) break;
          if (!covers(left, down.across, y) || !covers(right, down.across, y)) continue;
          --scored;
          const Region region{x, y};
          const float score = score_of(down, over, busy, region);
          if (score > 0) all.push_back({region, score});
        }
    }
  // Places are sorted: they are a fourth of what they stand for.
  std::vector<std::pair<float, uint32_t>> order;
  for (size_t i = 0; i < all.size(); ++i) order.push_back({-all[i].score, static_cast<uint32_t>(i)});
  std::sort(order.begin(), order.end());
  std::vector<Rectangle> kept;
  const auto keep = [&kept](const Rectangle& one, int most) {
    for (const Rectangle& other : kept)
      if (near(one.region, other.region, most)) return;
    kept.push_back(one);
  };
  for (const auto& [worse, place] : order) {
    if (kept.size() >= kMostOutlines) break;
    const Rectangle& one = all[place];
    keep(one, 2);
    // Twice: bars may lie within a border.
    Region inner = one.region;
    for (int round = 0; round < 2; ++round) {
      inner = peeled(image, inner);
      if (inner.x.size() < kSmallestSide || inner.y.size() < kSmallestSide) break;
      keep({inner, one.score}, 0);
    }
  }
  return kept;
}

// ---------------------------------------------------------------------------------------------- features

// What the pixels of a part are like, from samples of pairs of neighbours.
struct Stuff {
  float equal = 0, change = 0, strong = 0, spread = 0, levels = 0, mode = 0;
};

Stuff stuff_of(const uint8_t* pixels, ptrdiff_t stride, const Region& r) {
  constexpr int kAcross = 32;
  Stuff s;
  const int dx = std::max(1, r.x.size() / kAcross), dy = std::max(1, r.y.size() / kAcross);
  std::array<int, 256> seen{};
  int n = 0, equal = 0, strong = 0;
  double change = 0, sum = 0, squares = 0;
  for (int y = r.y.from; y + 1 < r.y.to; y += dy)
    for (int x = r.x.from; x + 1 < r.x.to; x += dx) {
      const uint8_t* p = pixels + y * stride + x;
      const int v = *p, a = std::abs(p[1] - v), b = std::abs(p[stride] - v);
      equal += (a <= 1) & (b <= 1), strong += (a > 48) | (b > 48);
      change += std::min(a + b, 64);
      sum += v, squares += v * v;
      ++seen[static_cast<size_t>(v)], ++n;
    }
  if (n == 0) return s;
  const double count = n;
  s.equal = static_cast<float>(equal / count), s.strong = static_cast<float>(strong / count);
  s.change = static_cast<float>(change / count);
  s.spread = static_cast<float>(std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count))));
  int mode = 0, levels = 0;
  for (size_t v = 1; v + 1 < 256; ++v) mode = std::max(mode, seen[v - 1] + seen[v] + seen[v + 1]);
  for (const int v : seen) levels += v > 0;
  s.mode = static_cast<float>(mode / count), s.levels = static_cast<float>(levels) / std::sqrt(static_cast<float>(n));
  return s;
}

// Strips along the four sides, `from` to `to` pixels beyond them; negative ones lie within.
std::array<Region, 4> strips(const Region& r, int from, int to, int height, int width) {
  const auto clip = [](int a, int b, int most) { return Span{std::clamp(a, 0, most), std::clamp(b, 0, most)}; };
  return {{{clip(r.x.from - to, r.x.from - from, width), r.y}, {clip(r.x.to + from, r.x.to + to, width), r.y},
           {r.x, clip(r.y.from - to, r.y.from - from, height)}, {r.x, clip(r.y.to + from, r.y.to + to, height)}}};
}

// Writes the mean, the least and the most of up to four values.
void three(const std::vector<float>& values, float* f) {
  if (values.empty()) {
    f[0] = f[1] = f[2] = -1;
    return;
  }
  float sum = 0, least = values[0], most = values[0];
  for (const float v : values) sum += v, least = std::min(least, v), most = std::max(most, v);
  f[0] = sum / static_cast<float>(values.size()), f[1] = least, f[2] = most;
}

void of_strips(const uint8_t* pixels, ptrdiff_t stride, const std::array<Region, 4>& parts, float* f) {
  std::vector<float> equal, change, spread;
  for (const Region& part : parts) {
    if (part.x.size() < 3 || part.y.size() < 3) continue;
    const Stuff s = stuff_of(pixels, stride, part);
    equal.push_back(s.equal), change.push_back(s.change), spread.push_back(s.spread);
  }
  three(equal, f), three(change, f + 3), three(spread, f + 6);
}

void describe(const uint8_t* pixels, ptrdiff_t stride, int height, int width, const Axis& down, const Axis& over, const Region& r, float* f) {
  std::vector<float> held, lower;
  int borders = 0;
  for (const float s : supports(down, over, r)) {
    if (s < 0) ++borders;
    else held.push_back(s);
  }
  std::sort(held.begin(), held.end());
  three(held, f);
  f[3] = held.size() > 1 ? held[1] : -1;
  f[4] = static_cast<float>(borders);
  const float across = static_cast<float>(r.x.size()), along = static_cast<float>(r.y.size());
  f[5] = std::log(std::min(across, along));
  f[6] = std::log(across / along);
  f[7] = across * along / (static_cast<float>(width) * static_cast<float>(height));
  three({behind(down, r.x.from, r.y), behind(down, r.x.to, r.y), behind(over, r.y.from, r.x), behind(over, r.y.to, r.x)}, f + 8);
  const Stuff inside = stuff_of(pixels, stride, r);
  f[11] = inside.equal, f[12] = inside.change, f[13] = inside.strong, f[14] = inside.spread, f[15] = inside.levels, f[16] = inside.mode;
  of_strips(pixels, stride, strips(r, 2, 2 + kStrip, height, width), f + 17);
  of_strips(pixels, stride, strips(r, -2 - kStrip, -2, height, width), f + 26);
  // The strongest line within: a picture has none that is as strong as its sides.
  const Profile px = profile(down, r.x, r.y), py = profile(over, r.y, r.x);
  float x = 0, y = 0;
  for (int i = 6; i < r.x.size() - 6; ++i) x = std::max(x, px.seam[static_cast<size_t>(i)]);
  for (int i = 6; i < r.y.size() - 6; ++i) y = std::max(y, py.seam[static_cast<size_t>(i)]);
  f[35] = std::max(x, y), f[36] = std::min(x, y);
  // How much of it is flat all along: a page's columns are.
  float plain = 0;
  for (const float v : px.rough) plain += v <= 0.03f;
  f[37] = plain / across, plain = 0;
  for (const float v : py.rough) plain += v <= 0.03f;
  f[38] = plain / along;
}

}  // namespace

float flat_share(const uint8_t* pixels, int height, int width, ptrdiff_t stride, int every) {
  int flat = 0, all = 0;
  for (int y = 0; y + kBlock <= height; y += every * kBlock)
    for (int x = 0; x + kBlock <= width; x += every * kBlock) {
      int low = 255, high = 0;
      for (int j = 0; j < kBlock && high - low <= kFlatRange; ++j)
        for (int i = 0; i < kBlock; ++i) {
          const int v = pixels[(y + j) * stride + x + i];
          low = std::min(low, v), high = std::max(high, v);
        }
      flat += high - low <= kFlatRange, ++all;
    }
  return all > 0 ? static_cast<float>(flat) / static_cast<float>(all) : 0;
}

std::vector<Outline> outlines(Evidence& evidence) {
  std::vector<Outline> out;
  const uint8_t* pixels = evidence.pixels;
  const int height = evidence.height, width = evidence.width;
  const ptrdiff_t stride = evidence.stride;
  if (height < 2 * kSmallestSide || width < 2 * kSmallestSide) return out;
  const float flat = flat_share(pixels, height, width, stride, 3);
  if (flat < kLeastFlat) return out;
  const Axis &down = evidence.down(), &over = evidence.over();
  const Busy busy(pixels, height, width, stride);
  const std::vector<Rectangle> found = rectangles({pixels, stride}, down, over, busy);
  for (const Rectangle& one : found) {
    Outline& outline = out.emplace_back();
    outline.region = one.region;
    describe(pixels, stride, height, width, down, over, one.region, outline.features);
    float* f = outline.features + 39;
    f[0] = flat, f[1] = one.score, f[2] = one.score - found[0].score, f[3] = static_cast<float>(found.size());
    // What it shares with other outlines: frames around it, and what lies within it.
    float around = 0, within = 0, fellows = 0;
    for (const Rectangle& other : found) {
      const Region &a = one.region, &b = other.region;
      if (&other == &one) continue;
      const float both = static_cast<float>(common(a.x, b.x)) * static_cast<float>(common(a.y, b.y));
      around += both > 0.95f * static_cast<float>(a.area()), within += both > 0.95f * static_cast<float>(b.area());
      fellows += std::abs(a.x.size() - b.x.size()) <= 3 && std::abs(a.y.size() - b.y.size()) <= 3;
    }
    f[4] = around, f[5] = within, f[6] = fellows;
    f[7] = std::log(static_cast<float>(std::max(width, height)));
    const std::array<float, 2> stuff = busyness(busy, one.region);
    f[8] = stuff[0], f[9] = stuff[1];
  }
  return out;
}

}  // namespace tutela
