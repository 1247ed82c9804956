#include "grids.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>

#include "grid_lines.h"

namespace tutela {
namespace {

// ---------------------------------------------------------------------------------------------- cells

struct Found {
  Region region;
  float confidence;
};

class Search {
 public:
  Search(const uint8_t* pixels, int height, int width, ptrdiff_t stride)
      : pixels_(pixels), stride_(stride), width_(width), height_(height) {
    turned_.resize(static_cast<size_t>(height) * width);
    turn(pixels, height, width, stride, turned_.data());
    down_ = look(pixels, height, width, stride);
    over_ = look(turned_.data(), width, height, height);
  }

  Region whole() const { return {{0, width_}, {0, height_}}; }
  const Axis& down() const { return down_; }
  const Axis& over() const { return over_; }

  // Mean support of the sides that are not the picture's own border, the least one, and how many count.
  struct Sides {
    float mean = 0, least = 1;
    int count = 0;
    float each[4];
  };
  Sides sides(const Region& r) const {
    Sides s;
    const float each[4] = {support(down_, r.x.from, r.y), support(down_, r.x.to, r.y), support(over_, r.y.from, r.x),
                           support(over_, r.y.to, r.x)};
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

  // Share of pixels that change, in either direction: 0 for an empty cell.
  float roughness(const Region& r) const {
    const Profile a = profile(down_, r.x, r.y);
    return std::accumulate(a.rough.begin(), a.rough.end(), 0.0f) / static_cast<float>(a.rough.size());
  }

  bool is_cell(const Region& r, float* confidence) const {
    const int shorter = std::min(r.x.size(), r.y.size()), longer = std::max(r.x.size(), r.y.size());
    if (shorter < kSmallestCell || longer > 5 * shorter) return false;
    const Sides s = sides(r);
    *confidence = s.mean;
    if (s.count == 0) return false;
    return s.mean >= 0.42f && s.least >= 0.18f;
  }

  // The parts into which lines divide a span, without the gutters.
  std::vector<Span> parts(Span along, const std::vector<Line>& lines, const std::vector<Span>& flats, const Profile& p) const {
    std::vector<int> cuts{along.from, along.to};
    for (const Line& line : lines) cuts.push_back(line.at);
    for (const Span& flat : flats) {
      // What has no seam at either end is sky, not a gutter.
      bool sharp = false;
      for (const Line& line : lines)
        sharp |= std::abs(line.at - along.from - flat.from) <= 4 || std::abs(line.at - along.from - flat.to) <= 4;
      if (!sharp) continue;
      cuts.push_back(along.from + flat.from);
      cuts.push_back(along.from + flat.to);
    }
    std::sort(cuts.begin(), cuts.end());
    std::vector<Span> out;
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
      const Span part{cuts[i], cuts[i + 1]};
      if (part.size() < kSmallestCell / 2) continue;
      float rough = 0;
      for (int x = part.from; x < part.to; ++x) rough += p.rough[x - along.from] > 0.03f;
      if (rough < 0.05f * static_cast<float>(part.size())) continue;  // a gutter, a margin
      out.push_back(part);
    }
    return out;
  }

  struct Cuts {
    std::vector<Line> lines;
    std::vector<Span> flats;
    Profile p;
    bool any(Span along) const {
      if (!lines.empty()) return true;
      for (const Span& f : flats)
        if (f.to > 0 && f.from < along.size()) return true;
      return false;
    }
  };

  // Drops lines that do not recur with the comb's pitch, where most lines do.
  static void irregular(const Comb& even, std::vector<Line>* lines) {
    auto phase_apart = [&](int a, int b) {
      const double apart = std::fmod(std::abs(a - b), even.pitch);
      return std::min(apart, even.pitch - apart);
    };
    std::vector<Line> kept;
    std::vector<float> families;
    float all = 0, sum = 0, strongest = 0;
    for (const Line& line : *lines) {
      float fellows = 0, together = 0;
      for (const Line& other : *lines)
        if (phase_apart(line.at, other.at) <= 3.0) fellows += 1, together += other.strength;
      all += line.strength;
      if (fellows < 0.6f * static_cast<float>(even.count)) continue;
      kept.push_back(line), sum += line.strength;
      families.push_back(together / fellows);
      strongest = std::max(strongest, families.back());
    }
    // Cells of one scene repeat its own lines with the same pitch, but more faintly.
    for (size_t i = kept.size(); i-- > 0;)
      if (families[i] < 0.82f * strongest) {
        sum -= kept[i].strength, all -= kept[i].strength;
        kept.erase(kept.begin() + static_cast<ptrdiff_t>(i));
      }
    if (sum >= 0.45f * all) *lines = kept;
  }

  // Adds the lines that are missing from a family: the lines where cells end recur with the same pitch as those where
  // they start.
  static void complete(const Profile& p, Span along, const Comb& even, std::vector<Line>* lines) {
    const std::vector<Line> given = *lines;
    for (const Line& line : given) {
      int fellows = 0;
      for (const Line& other : given) {
        const double steps = (other.at - line.at) / even.pitch;
        fellows += std::abs(steps - std::round(steps)) * even.pitch <= 3;
      }
      if (2 * fellows < even.count) continue;
      const bool infer = fellows >= 3 && 5 * fellows >= 3 * even.count;
      const double last = even.first + even.pitch * even.count;
      for (double x = line.at + even.pitch; x < std::min<double>(along.to - 3, last); x += even.pitch) fill(p, along, x, infer, lines);
      for (double x = line.at - even.pitch; x > std::max<double>(along.from + 3, even.first - even.pitch); x -= even.pitch)
        fill(p, along, x, infer, lines);
    }
  }

  static void fill(const Profile& p, Span along, double x, bool infer, std::vector<Line>* lines) {
    for (const Line& line : *lines)
      if (std::abs(line.at - x) <= 6) return;
    const Line line = near(p, along, x);
    if (line.strength >= 0.2f || infer) lines->push_back({line.at, line.strength, infer});
  }

  Cuts cuts(const Axis& axis, Span along, Span extent, float strict) const {
    Cuts c;
    c.p = profile(axis, along, extent);
    c.lines = peaks(c.p, along, extent.size(), strict);
    std::vector<Line> candidates = peaks(c.p, along, extent.size(), strict - 0.12f);
    const Comb even = comb(c.p, along, candidates);
    if (even.count >= 3 && even.score > 0.5f) {
      irregular(even, &c.lines);
      complete(c.p, along, even, &c.lines);
    }
    if (even.score > 0.6f)
      for (const Line& line : even.lines) {
        bool known = false;
        for (const Line& other : c.lines) known |= std::abs(other.at - line.at) <= 4;
        if (!known) c.lines.push_back(line);
      }
    c.flats = flat_runs(c.p, 2);
    return c;
  }

  // The part of a tile that is not its margin.
  Region trimmed(Region r) const {
    for (int round = 0; round < 2; ++round) {
      const Profile px = profile(down_, r.x, r.y);
      int a = 0, b = r.x.size();
      while (a < b && px.rough[a] <= 0.03f) ++a;
      while (b > a && px.rough[b - 1] <= 0.03f) --b;
      r.x = {r.x.from + a, r.x.from + b};
      const Profile py = profile(over_, r.y, r.x.size() > 8 ? r.x : Span{r.x.from, r.x.from + 8});
      a = 0, b = r.y.size();
      while (a < b && py.rough[a] <= 0.03f) ++a;
      while (b > a && py.rough[b - 1] <= 0.03f) --b;
      r.y = {r.y.from + a, r.y.from + b};
      if (r.x.size() < 8 || r.y.size() < 8) break;
    }
    return r;
  }

  // A tile of a lattice is a cell, or holds one within its margin.  Where the lines are sure, one side may be blurred.
  void tile(const Region& r, bool sure, std::vector<Found>* out) const {
    const int shorter = std::min(r.x.size(), r.y.size()), longer = std::max(r.x.size(), r.y.size());
    if (shorter < kSmallestCell || longer > 5 * shorter) return;
    const Sides own = sides(r);
    if (own.mean < 0.6f) {
      const Region small = trimmed(r);
      float inner = 0;
      if (small.area() < r.area() && small.area() * 4 > r.area() && is_cell(small, &inner) && inner > 0.75f && inner > own.mean + 0.25f) {
        out->push_back({small, inner});
        return;
      }
    }
    if (sure ? own.mean >= 0.25f && roughness(r) > 0.01f : own.count > 0 && own.mean >= 0.42f && own.least >= 0.18f)
      out->push_back({r, own.mean});
  }

  // Where exactly pictures end and begin around a line: the single-pixel steps there, summed over all cells that share
  // the line.
  struct Edge {
    static constexpr int kNear = 3, kFar = 12, kWidest = 8;
    float step[2 * kFar + 1] = {};
    bool ends = false, starts = false;  // whether cells end at this line, and whether cells start there
    Span found{0, 0};                   // where the one ends and the other starts
    float usual = 0;
    int top = kFar;
    // How far the steps at both sides of a gutter stand out, 0 to 1.
    float stand(int b, int gutter) const {
      const auto of = [&](int i) {
        return i < 0 || i > 2 * kFar ? 0.0f : std::max(0.0f, (step[i] - usual) / (step[top] - usual + 1e-6f));
      };
      return std::min(1.0f, of(b)) / 2 + std::min(1.0f, of(b + gutter)) / 2;
    }
    // Where a gutter of this width is best seen: one of its sides is the highest step or near it.
    int place(int gutter) const {
      int best = kFar - gutter;
      for (int b = kFar - kNear - gutter; b <= kFar + kNear; ++b)
        if (stand(b, gutter) > stand(best, gutter)) best = b;
      return best;
    }
  };
  using Edges = std::map<int, Edge>;

  void gather(Edges& edges, bool vertical, int at, Span extent, bool starts) const {
    const int length = vertical ? width_ : height_;
    Edge& edge = edges[at];
    (starts ? edge.starts : edge.ends) = true;
    const uint8_t* image = vertical ? turned_.data() : pixels_;
    const ptrdiff_t stride = vertical ? height_ : stride_;
    for (int b = std::max(1, at - Edge::kFar); b < std::min(length, at + Edge::kFar + 1); ++b) {
      const uint8_t *here = image + b * stride, *before = here - stride;
      int sum = 0;
      for (int i = extent.from; i < extent.to; ++i) sum += std::abs(here[i] - before[i]);
      edge.step[b - at + Edge::kFar] += static_cast<float>(sum);
    }
  }

  static void settle(Edges& edges, int length) {
    std::map<int, float> votes;  // gutter -> how many lines speak for it
    float lines = 0;
    for (auto here = edges.begin(); here != edges.end(); ++here) {
      const int at = here->first;
      Edge& edge = here->second;
      const bool border = at == 0 || at == length;
      std::vector<float> all(edge.step, edge.step + 2 * Edge::kFar + 1);
      edge.usual = quantile(all, border ? 0.75 : 0.5);
      // Beyond a line where cells only end lies the gutter, and behind it the next cell's side.
      const auto next = std::next(here);
      const bool before = !edge.ends && here != edges.begin() && at - std::prev(here)->first <= Edge::kWidest;
      const bool behind = !edge.starts && next != edges.end() && next->first - at <= Edge::kWidest;
      const int first = Edge::kFar - (before ? 1 : Edge::kNear), last = Edge::kFar + (behind ? 1 : Edge::kNear);
      for (int b = first; b <= last; ++b)
        if (edge.step[b] > edge.step[edge.top]) edge.top = b;
      edge.found = {at, at};
      if (border && edge.step[edge.top] < 3 * edge.usual + 1) continue;
      edge.found = {at + edge.top - Edge::kFar, at + edge.top - Edge::kFar};
      if (!edge.ends || !edge.starts) continue;
      lines += 1;
      for (int gutter = 1; gutter <= Edge::kWidest; ++gutter) votes[gutter] += edge.stand(edge.place(gutter), gutter);
    }
    // Where cells end and others start at lines of their own, their distance is the gutter.
    for (auto edge = edges.begin(); edge != edges.end(); ++edge) {
      const auto next = std::next(edge);
      if (next == edges.end() || !edge->second.ends || edge->second.starts || !next->second.starts || next->second.ends) continue;
      const int gutter = next->second.found.from - edge->second.found.from;
      if (gutter >= 1 && gutter <= Edge::kWidest) votes[gutter] += 1, lines += 1;
    }
    // A maker leaves the same gutter everywhere.
    int gutter = 0;
    float most = 0.66f * lines;
    for (const auto& [wide, vote] : votes)
      if (vote > most) gutter = wide, most = vote;
    if (gutter == 0) return;
    for (auto& [at, edge] : edges) {
      if (!edge.ends || !edge.starts) continue;
      const int place = edge.place(gutter);
      edge.found = {at + place - Edge::kFar, at + place - Edge::kFar + gutter};
    }
  }

  void refine(std::vector<Found>& found) const {
    Edges down, over;
    for (const Found& f : found) {
      const Region& r = f.region;
      gather(down, true, r.x.from, r.y, true), gather(down, true, r.x.to, r.y, false);
      gather(over, false, r.y.from, r.x, true), gather(over, false, r.y.to, r.x, false);
    }
    settle(down, width_), settle(over, height_);
    for (Found& f : found) {
      Region& r = f.region;
      r.x = {down[r.x.from].found.to, down[r.x.to].found.from};
      r.y = {over[r.y.from].found.to, over[r.y.to].found.from};
    }
  }

  // Share of the stretches in which a line has a seam; stretches without content on either side do not count.
  float standing_in(const Axis& axis, int at, const std::vector<Span>& stretches) const {
    float sum = 0, count = 0;
    for (const Span& stretch : stretches) {
      const Span around{std::max(0, at - 12), std::min(axis.length, at + 13)};
      const Profile p = profile(axis, around, stretch);
      float rough = 0;
      for (const float v : p.rough) rough += v;
      const float s = support(axis, at, stretch);
      if (rough < 0.02f * static_cast<float>(around.size()) && s < 0.2f) continue;  // an empty place, a margin
      sum += s < 0 ? 0.5f : std::min(1.0f, s / 0.45f);
      count += 1;
    }
    return count == 0 ? 0 : sum / count;
  }

  static std::vector<Span> between(Span along, const std::vector<Line>& lines) {
    std::vector<int> cuts{along.from, along.to};
    for (const Line& line : lines) cuts.push_back(line.at);
    std::sort(cuts.begin(), cuts.end());
    std::vector<Span> out;
    for (size_t i = 0; i + 1 < cuts.size(); ++i)
      if (cuts[i + 1] - cuts[i] >= kSmallestCell / 2) out.push_back({cuts[i], cuts[i + 1]});
    return out;
  }

  bool keep(const Axis& axis, std::vector<Line>& lines, const std::vector<Span>& stretches) const {
    const float wanted = stretches.size() > 2 ? 0.55f : 0.7f;
    const size_t before = lines.size();
    lines.erase(std::remove_if(lines.begin(), lines.end(),
                               [&](const Line& line) { return !line.inferred && standing_in(axis, line.at, stretches) < wanted; }),
                lines.end());
    return lines.size() != before;
  }

  // A faint line or two across sure ones are an edge that the pictures have in common.
  static void doubt_single(std::vector<Line>* lines, const std::vector<Line>& others) {
    if (lines->size() > 2 || others.size() < 2) return;
    float mean = 0;
    for (const Line& line : others) mean += line.strength / static_cast<float>(others.size());
    lines->erase(std::remove_if(lines->begin(), lines->end(), [&](const Line& line) { return line.strength < 0.75f * mean; }),
                 lines->end());
  }

  // Tiles between lines that hold in most rows and columns.
  std::vector<Found> lattice(const Region& r, const Cuts& cx, const Cuts& cy) const {
    std::vector<Line> down = cx.lines, over = cy.lines;
    doubt_single(&over, down), doubt_single(&down, over);
    for (int round = 0; round < 3; ++round) {
      const bool less = keep(down_, down, between(r.y, over));
      if (!keep(over_, over, between(r.x, down)) && !less) break;
    }
    const std::vector<Span> px = parts(r.x, down, {}, cx.p), py = parts(r.y, over, {}, cy.p);
    std::vector<Found> found;
    if (px.size() * py.size() < 2 || px.size() * py.size() > 1024) return found;
    for (const Span& y : py)
      for (const Span& x : px) tile({x, y}, true, &found);
    return found;
  }

  // Cells within the region; the region itself if it is one and nothing within it stands out.
  std::vector<Found> cells(const Region& r, int depth, bool outer) const {
    std::vector<Found> best;
    if (!outer) tile(r, false, &best);
    const bool self = !best.empty();
    if (depth == 0 || --budget_ < 0 || (r.x.size() < 2 * kSmallestCell && r.y.size() < 2 * kSmallestCell)) return best;
    const float strict = outer ? -0.06f : 0.05f;
    const Cuts cx = cuts(down_, r.x, r.y, strict), cy = cuts(over_, r.y, r.x, strict);
    float best_score = 0;
    if (self) {
      float inner = 0;
      for (const Line& line : cx.lines) inner = std::max(inner, line.strength);
      for (const Line& line : cy.lines) inner = std::max(inner, line.strength);
      if (inner > 0.8f) best[0].confidence *= 0.6f;
      best_score = score(best, r) * 1.2f;
    }
    auto consider = [&](const std::vector<Found>& found) {
      const float s = score(found, r);
      if (s > best_score + 1e-4f && (!self || found.size() > 1)) best = found, best_score = s;
    };
    consider(lattice(r, cx, cy));
    if (best.size() > 3 && best_score > 0.25f) return best;
    const std::vector<Span> sx = parts(r.x, cx.lines, cx.flats, cx.p), sy = parts(r.y, cy.lines, cy.flats, cy.p);
    if (sy.size() > 1 || (sy.size() == 1 && sy[0].size() < r.y.size())) {
      std::vector<Found> found;
      for (const Span& y : sy) append(found, cells({r.x, y}, depth - 1, false));
      consider(found);
    }
    if (sx.size() > 1 || (sx.size() == 1 && sx[0].size() < r.x.size())) {
      std::vector<Found> found;
      for (const Span& x : sx) append(found, cells({x, r.y}, depth - 1, false));
      consider(found);
    }
    return best;
  }

 private:
  static void append(std::vector<Found>& to, const std::vector<Found>& more) { to.insert(to.end(), more.begin(), more.end()); }

  // How much of the region the cells explain, surer ones more.
  static float score(const std::vector<Found>& found, const Region& r) {
    float sum = 0;
    for (const Found& f : found) sum += static_cast<float>(f.region.area()) * (f.confidence - 0.2f);
    return sum / static_cast<float>(r.area());
  }

  const uint8_t* pixels_;
  ptrdiff_t stride_;
  int width_, height_;
  std::vector<uint8_t> turned_;
  Axis down_, over_;
  mutable int budget_ = 24;  // regions that are still looked into: busy pictures have thousands of lines
};

float median_of(std::vector<float> values) { return quantile(std::move(values), 0.5); }

// What a scorer reads; see grids.h for their order.
void describe(const uint8_t* pixels, ptrdiff_t stride, int height, int width, const Search& search,
              const std::vector<Found>& found, float* f) {
  const float n = static_cast<float>(found.size());
  std::vector<float> widths, heights, confidences, inner, outer, rough, jumps, middle;
  double area = 0;
  for (const Found& c : found) {
    const Region& r = c.region;
    area += static_cast<double>(r.area());
    widths.push_back(static_cast<float>(r.x.size())), heights.push_back(static_cast<float>(r.y.size()));
    confidences.push_back(c.confidence);
    rough.push_back(search.roughness(r));
    const Search::Sides s = search.sides(r);
    for (const float side : s.each)
      if (side >= 0) inner.push_back(side);
    // How strong the strongest line through its midst is: high where a cell is a tile of a pattern.
    const Profile px = profile(search.down(), r.x, r.y), py = profile(search.over(), r.y, r.x);
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
    empty += rough[i] < 0.06f;
  }
  // Coarse pictures of cells, 6 x 6 means, without their own mean: alike cells make a pattern.
  constexpr int kGrid = 6;
  std::vector<std::vector<float>> coarse;
  std::vector<float> tone;
  for (const Found& c : found) {
    const Region& r = c.region;
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
  for (size_t i = 0; i < found.size(); ++i) {
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
  f[8] = empty / n;
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
  f[19] = pairs / n;
  float tone_mean = 0, tone_spread = 0;
  for (const float t : tone) tone_mean += t / n;
  for (const float t : tone) tone_spread += (t - tone_mean) * (t - tone_mean) / n;
  f[20] = std::sqrt(tone_spread);
  f[21] = *std::min_element(confidences.begin(), confidences.end());
}

}  // namespace

Separation separate_grid(const uint8_t* pixels, int height, int width, ptrdiff_t stride) {
  Separation out;
  if (height < 2 * kSmallestCell || width < 2 * kSmallestCell) return out;
  const Search search(pixels, height, width, stride);
  std::vector<Found> found = search.cells(search.whole(), 4, true);
  if (found.empty()) return out;
  search.refine(found);
  describe(pixels, stride, height, width, search, found, out.features);
  for (const Found& f : found) {
    const Region& r = f.region;
    out.cells.push_back({r.x.from, r.y.from, r.x.size(), r.y.size(), f.confidence});
  }
  out.layout = 1;
  return out;
}

}  // namespace tutela

