#include "grids.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "grid_edges.h"
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
  explicit Search(Evidence& seen)
      : seen_(seen), pixels_(seen.pixels), stride_(seen.stride), width_(seen.width), height_(seen.height), down_(seen.down()), over_(seen.over()) {}

  Region whole() const { return {{0, width_}, {0, height_}}; }
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
      take_frames_off(seen_, &pieces);
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

  Evidence& seen_;
  const uint8_t* pixels_;
  ptrdiff_t stride_;
  int width_, height_;
  const Axis &down_, &over_;
  mutable int budget_ = kBudget;  // regions that are still looked into: busy pictures have thousands of lines
};

}  // namespace

std::vector<GridReading> separate_grid(Evidence& seen) {
  std::vector<GridReading> out;
  if (seen.height < 2 * kSmallestCell || seen.width < 2 * kSmallestCell) return out;
  const Search search(seen);
  std::vector<std::vector<Found>> readings = search.readings();
  for (std::vector<Found>& found : readings) refine(seen, found);
  const size_t of_lines = readings.size();
  search.on_ground(&readings);
  for (size_t i = 0; i < readings.size(); ++i) {
    GridReading& one = out.emplace_back();
    describe(seen, readings[i], one.features);
    one.features[kGridFeatures - 1] = i < of_lines ? 0 : 1;
    for (const Found& f : readings[i]) {
      const Region& r = f.region;
      one.cells.push_back({r.x.from, r.y.from, r.x.size(), r.y.size(), f.confidence});
    }
  }
  return out;
}

}  // namespace tutela
