#include "grids.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <set>

#include "grid_features.h"
#include "grid_ground.h"
#include "grid_ladders.h"
#include "grid_lines.h"
#include "grid_sides.h"

namespace tutela {
namespace {

// ---------------------------------------------------------------------------------------------- cells

constexpr int kBudget = 24;          // regions within regions that are looked into
constexpr int kPartBudget = 300;
constexpr float kPartStrict = 0.27f;
constexpr size_t kMostTiles = 2048;
constexpr size_t kMostLattices = 4;

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

  Sides sides(const Region& r) const { return sides_of(down_, over_, r); }
  float roughness(const Region& r) const { return roughness_of(down_, r); }

  // Whether it is of one tone, but for a slow change: a few levels over its whole.
  bool is_plain(const Region& r) const {
    constexpr int kPoints = 12;
    double sum = 0, squares = 0;
    for (int j = 0; j < kPoints; ++j)
      for (int i = 0; i < kPoints; ++i) {
        const int x = r.x.from + r.x.size() / 10 + (r.x.size() - r.x.size() / 5) * i / kPoints;
        const int y = r.y.from + r.y.size() / 10 + (r.y.size() - r.y.size() / 5) * j / kPoints;
        const double v = pixels_[y * stride_ + x];
        sum += v, squares += v * v;
      }
    constexpr double n = kPoints * kPoints;
    return squares / n - (sum / n) * (sum / n) < 4;
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
      edge.usual = quantile(all, border ? 0.85 : 0.5);
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

  // Where the next cells begin a pixel or two behind the end of others, that is one line with a thin gutter.
  static void join_thin(std::vector<Found>& found, Span Region::*side) {
    std::set<int> ends;
    for (const Found& f : found) ends.insert((f.region.*side).to);
    for (Found& f : found) {
      int& from = (f.region.*side).from;
      for (int gutter = 1; gutter <= 2 && !ends.count(from); ++gutter)
        if (ends.count(from - gutter)) from -= gutter;
    }
  }

  void refine(std::vector<Found>& found) const {
    join_thin(found, &Region::x), join_thin(found, &Region::y);
    Edges down, over;
    for (const Found& f : found) {
      const Region& r = f.region;
      gather(down, true, r.x.from, r.y, true), gather(down, true, r.x.to, r.y, false);
      gather(over, false, r.y.from, r.x, true), gather(over, false, r.y.to, r.x, false);
    }
    settle(down, width_), settle(over, height_);
    std::vector<Region> boxes;
    for (const Found& f : found) {
      const Region& r = f.region;
      boxes.push_back({{down[r.x.from].found.to, down[r.x.to].found.from}, {over[r.y.from].found.to, over[r.y.to].found.from}});
    }
    take_frames_off(pixels_, stride_, &boxes);
    for (size_t i = 0; i < found.size(); ++i) found[i].region = boxes[i];
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

  // Tiles of two ladders, without those that show nothing.
  std::vector<Found> tiles(const std::vector<Span>& across, const std::vector<Span>& down) const {
    std::vector<Found> found;
    if (across.size() * down.size() < 2 || across.size() * down.size() > kMostTiles) return found;
    for (const Span& y : down)
      for (const Span& x : across) {
        const Region r{x, y};
        const int shorter = std::min(x.size(), y.size()), longer = std::max(x.size(), y.size());
        if (shorter < kSmallestCell || longer > 5 * shorter) continue;
        if (is_plain(r)) continue;  // ground, or nothing that could be met
        found.push_back({r, sides(r).mean});
      }
    if (found.size() < 2) found.clear();
    return found;
  }

  // What an axis without a ladder may hold: one row of cells, within margins or from one line to another.
  static std::vector<std::vector<Span>> rows_of(const Profile& p, Span along, const std::vector<Line>& lines, const std::vector<Ladder>& regular) {
    std::vector<std::vector<Span>> out;
    for (const Ladder& one : regular) out.push_back(rungs(one, along));
    int from = 0, to = along.size();
    while (from < to && p.rough[static_cast<size_t>(from)] <= 0.03f) ++from;
    while (to > from && p.rough[static_cast<size_t>(to - 1)] <= 0.03f) --to;
    // Pictures of one scene repeat a line of theirs that is stronger than their edges: the same pitch from end to end.
    for (const Ladder& one : regular) {
      const double parts = std::round((to - from) / one.pitch), pitch = (to - from) / std::max(1.0, parts);
      if (parts < 2 || std::abs(pitch - one.pitch) > 0.02 * one.pitch) continue;
      const double off = std::fmod(std::abs(one.first - along.from - from), one.pitch);
      if (std::min(off, one.pitch - off) <= 3 && one.width > one.pitch - 3) continue;
      std::vector<Span>& even = out.emplace_back();
      for (int k = 0; k < static_cast<int>(parts); ++k)
        even.push_back({along.from + from + static_cast<int>(std::lround(k * pitch)), along.from + from + static_cast<int>(std::lround((k + 1) * pitch))});
    }
    if (to - from >= kSmallestCell) out.push_back({{along.from + from, along.from + to}});
    const Line *strongest = nullptr, *second = nullptr;
    for (const Line& line : lines) {
      if (strongest == nullptr || line.strength > strongest->strength) second = strongest, strongest = &line;
      else if (second == nullptr || line.strength > second->strength) second = &line;
    }
    if (second != nullptr && std::abs(strongest->at - second->at) >= kSmallestCell)
      out.push_back({{std::min(strongest->at, second->at), std::max(strongest->at, second->at)}});
    return out;
  }

  // Lattices of two ladders over the whole picture, better ones first.
  std::vector<std::vector<Found>> lattices() const {
    const Region all = whole();
    const Profile px = profile(down_, all.x, all.y), py = profile(over_, all.y, all.x);
    const std::vector<Line> lx = peaks(px, all.x, height_, -0.18f), ly = peaks(py, all.y, width_, -0.18f);
    const auto across = rows_of(px, all.x, lx, ladders(px, all.x, lx, 2)), down = rows_of(py, all.y, ly, ladders(py, all.y, ly, 2));
    std::vector<std::vector<Found>> out;
    for (const auto& x : across)
      for (const auto& y : down) {
        std::vector<Found> found = tiles(x, y);
        if (!found.empty()) out.push_back(std::move(found));
      }
    std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return score(a, all) > score(b, all); });
    if (out.size() > kMostLattices) out.resize(kMostLattices);
    return out;
  }

  // Parts a region at its strongest lines, and each part again: columns of unlike rows, rows of unlike columns, collages.
  void part(Region r, int depth, std::vector<Found>* out) const {
    if (out->size() >= kMostTiles || --budget_ < 0) return;
    r = within_margin(r);
    const int shorter = std::min(r.x.size(), r.y.size()), longer = std::max(r.x.size(), r.y.size());
    if (shorter < kSmallestCell) return;
    const Profile px = profile(down_, r.x, r.y), py = profile(over_, r.y, r.x);
    const std::vector<Line> lx = strongest_of(peaks(px, r.x, r.y.size(), kPartStrict), r.x);
    const std::vector<Line> ly = strongest_of(peaks(py, r.y, r.x.size(), kPartStrict), r.y);
    const Sides own = sides(r);
    const float needed = own.count >= 3 ? 0.9f * own.mean : 0;
    float bx = lx.empty() ? 0 : lx[0].strength, by = ly.empty() ? 0 : ly[0].strength;
    if (depth == 0 || std::max(bx, by) <= needed) {
      if (longer <= 5 * shorter && !is_plain(r)) out->push_back({r, own.mean});
      return;
    }
    if (bx > by || (bx == by && lx.size() >= ly.size()))
      for (const Span& x : between(r.x, lx)) part({x, r.y}, depth - 1, out);
    else
      for (const Span& y : between(r.y, ly)) part({r.x, y}, depth - 1, out);
  }

  // Lines nearly as strong as the strongest, which comes first; none at the very ends.
  static std::vector<Line> strongest_of(std::vector<Line> lines, Span along) {
    lines.erase(std::remove_if(lines.begin(), lines.end(), [&](const Line& line) { return line.at - along.from <= 3 || along.to - line.at <= 3; }), lines.end());
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.strength > b.strength; });
    while (!lines.empty() && lines.back().strength < 0.93f * lines[0].strength) lines.pop_back();
    return lines;
  }

  // Without what is flat at its ends, where a line parts it from the rest.
  Region within_margin(Region r) const {
    const auto cut = [](const Profile& p, Span along) {
      const int n = along.size();
      int from = 0, to = n;
      while (from < n && p.rough[static_cast<size_t>(from)] <= 0.03f) ++from;
      while (to > from && p.rough[static_cast<size_t>(to - 1)] <= 0.03f) --to;
      const auto line = [&](int at) {
        float best = 0;
        for (int i = std::max(0, at - 2); i <= std::min(n - 1, at + 2); ++i) best = std::max(best, p.seam[static_cast<size_t>(i)]);
        return best > 0.5f;
      };
      return Span{along.from + (from < n && line(from) ? from : 0), along.from + (to > 0 && line(to) ? to : n)};
    };
    r.x = cut(profile(down_, r.x, r.y), r.x);
    r.y = cut(profile(over_, r.y, r.x), r.y);
    return r;
  }

  // The cells' common box and a few pixels more.
  Region around(const std::vector<Region>& cells) const {
    constexpr int kMore = 3;
    Region all = cells[0];
    for (const Region& r : cells)
      all = {{std::min(all.x.from, r.x.from), std::max(all.x.to, r.x.to)}, {std::min(all.y.from, r.y.from), std::max(all.y.to, r.y.to)}};
    return {{std::max(0, all.x.from - kMore), std::min(width_, all.x.to + kMore)},
            {std::max(0, all.y.from - kMore), std::min(height_, all.y.to + kMore)}};
  }

  // What lies on the ground that readings have between their cells.
  void on_ground(std::vector<std::vector<Found>>* readings) const {
    std::vector<int> tones;
    const size_t given = readings->size();
    for (size_t i = 0; i < given; ++i) {
      std::vector<Region> boxes;
      for (const Found& f : (*readings)[i]) boxes.push_back(f.region);
      const std::optional<int> tone = ground_tone(pixels_, stride_, height_, width_, boxes);
      if (!tone || std::any_of(tones.begin(), tones.end(), [&](int other) { return std::abs(other - *tone) <= kToneWidth; })) continue;
      tones.push_back(*tone);
      std::vector<Found> found;
      std::vector<Region> pieces = cut_at_ground(pixels_, stride_, whole(), *tone);
      // A sheet within a page: what is around it may be of another tone.
      if (pieces.size() < 2) pieces = cut_at_ground(pixels_, stride_, around(boxes), *tone);
      take_frames_off(pixels_, stride_, &pieces);
      for (const Region& r : pieces) {
        const int shorter = std::min(r.x.size(), r.y.size()), longer = std::max(r.x.size(), r.y.size());
        if (longer <= 5 * shorter && !is_plain(r) && found.size() < kMostTiles) found.push_back({r, sides(r).mean});
      }
      if (found.size() > 1) readings->push_back(std::move(found));
    }
  }

  // Ways to see the whole picture.
  std::vector<std::vector<Found>> readings() const {
    std::vector<std::vector<Found>> out;
    out.push_back(cells(whole(), 4, true));
    budget_ = kPartBudget;
    part(whole(), 8, &out.emplace_back());
    for (auto& one : lattices()) out.push_back(std::move(one));
    out.erase(std::remove_if(out.begin(), out.end(), [](const auto& one) { return one.empty(); }), out.end());
    return out;
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
  mutable int budget_ = kBudget;  // regions that are still looked into: busy pictures have thousands of lines
};

}  // namespace

std::vector<GridReading> separate_grid(const uint8_t* pixels, int height, int width, ptrdiff_t stride) {
  std::vector<GridReading> out;
  if (height < 2 * kSmallestCell || width < 2 * kSmallestCell) return out;
  const Search search(pixels, height, width, stride);
  std::vector<std::vector<Found>> readings = search.readings();
  for (std::vector<Found>& found : readings) search.refine(found);
  const size_t of_lines = readings.size();
  search.on_ground(&readings);
  for (size_t i = 0; i < readings.size(); ++i) {
    GridReading& one = out.emplace_back();
    describe(pixels, stride, height, width, search.down(), search.over(), readings[i], one.features);
    one.features[kGridFeatures - 1] = i < of_lines ? 0 : 1;
    for (const Found& f : readings[i]) {
      const Region& r = f.region;
      one.cells.push_back({r.x.from, r.y.from, r.x.size(), r.y.size(), f.confidence});
    }
  }
  return out;
}

}  // namespace tutela
