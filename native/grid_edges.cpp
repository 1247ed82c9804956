#include "grid_edges.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "grid_sides.h"

namespace tutela {
namespace {

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

void gather(Evidence& seen, Edges& edges, bool vertical, int at, Span extent, bool starts) {
  const int length = vertical ? seen.width : seen.height;
  Edge& edge = edges[at];
  (starts ? edge.starts : edge.ends) = true;
  const uint8_t* image = vertical ? seen.turned() : seen.pixels;
  const ptrdiff_t stride = vertical ? seen.height : seen.stride;
  for (int b = std::max(1, at - Edge::kFar); b < std::min(length, at + Edge::kFar + 1); ++b) {
    const uint8_t *here = image + b * stride, *before = here - stride;
    int sum = 0;
    for (int i = extent.from; i < extent.to; ++i) sum += std::abs(here[i] - before[i]);
    edge.step[b - at + Edge::kFar] += static_cast<float>(sum);
  }
}

void settle(Edges& edges, int length) {
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
void join_thin(std::vector<Found>& found, Span Region::*side) {
  std::set<int> ends;
  for (const Found& f : found) ends.insert((f.region.*side).to);
  for (Found& f : found) {
    int& from = (f.region.*side).from;
    for (int gutter = 1; gutter <= 2 && !ends.count(from); ++gutter)
      if (ends.count(from - gutter)) from -= gutter;
  }
}

}  // namespace

void refine(Evidence& seen, std::vector<Found>& found) {
  join_thin(found, &Region::x), join_thin(found, &Region::y);
  Edges down, over;
  for (const Found& f : found) {
    const Region& r = f.region;
    gather(seen, down, true, r.x.from, r.y, true), gather(seen, down, true, r.x.to, r.y, false);
    gather(seen, over, false, r.y.from, r.x, true), gather(seen, over, false, r.y.to, r.x, false);
  }
  settle(down, seen.width), settle(over, seen.height);
  std::vector<Region> boxes;
  for (const Found& f : found) {
    const Region& r = f.region;
    boxes.push_back({{down[r.x.from].found.to, down[r.x.to].found.from}, {over[r.y.from].found.to, over[r.y.to].found.from}});
  }
  take_frames_off(seen, &boxes);
  for (size_t i = 0; i < found.size(); ++i) found[i].region = boxes[i];
}

}  // namespace tutela
