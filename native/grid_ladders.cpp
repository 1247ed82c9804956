#include "grid_ladders.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tutela {
namespace {

constexpr float kBorder = 0.5f;      // what the picture's own border speaks for a line there
constexpr double kSlack = 2.5;       // pixels by which a line may lie beside its place
constexpr size_t kStrongest = 24;    // lines whose distances are tried as pitches
constexpr size_t kTried = 10;        // families of lines for which a second one is sought
constexpr float kAlone = 0.3f;       // a second family weaker than this share of the first is content
constexpr double kLeastApart = 5;    // a narrower gutter is found when its one line is looked at closely

struct Family {
  double pitch, first;
  float score;
};

// A profile with its greatest value within a pixel, and what a line has to have to speak for anything.
class Seams {
 public:
  Seams(const Profile& p, Span along) : along_(along), wide_(p.seam) {
    for (size_t i = 0; i < wide_.size(); ++i) {
      if (i > 0) wide_[i] = std::max(wide_[i], p.seam[i - 1]);
      if (i + 1 < wide_.size()) wide_[i] = std::max(wide_[i], p.seam[i + 1]);
    }
    doubt_ = std::max(0.35f, std::min(0.7f, quantile(p.seam, 0.93) + 0.1f));
  }

  float doubt() const { return doubt_; }

  float at(double place) const {
    if (std::abs(place - along_.from) <= kSlack || std::abs(place - along_.to) <= kSlack) return std::max(doubt_, kBorder);
    const int i = rounded(place) - along_.from;
    return i < 0 || i >= along_.size() ? 0 : wide_[static_cast<size_t>(i)];
  }

  // The best run of lines at one pitch through a place.
  Family through(double pitch, double place) const {
    const double first = place - pitch * std::floor((place - along_.from + kSlack) / pitch);
    float run = 0;
    Family best{pitch, first, 0};
    for (double x = first; x <= along_.to + kSlack; x += pitch) {
      run = std::max(0.0f, run + at(x) - doubt_);
      best.score = std::max(best.score, run);
    }
    return best;
  }

 private:
  Span along_;
  std::vector<float> wide_;
  float doubt_;
};

// The families of most support, of several pitches.
std::vector<Family> families(const Seams& seams, Span along, std::vector<Line> strong) {
  std::sort(strong.begin(), strong.end(), [](const Line& a, const Line& b) { return a.strength > b.strength; });
  if (strong.size() > kStrongest) strong.resize(kStrongest);
  std::vector<Family> all;
  for (size_t i = 0; i < strong.size(); ++i)
    for (size_t j = i + 1; j < strong.size(); ++j) {
      const double apart = std::abs(strong[i].at - strong[j].at);
      for (int m = 1; m <= 12 && apart / m >= kSmallestCell; ++m) {
        const Family one = seams.through(apart / m, strong[i].at);
        if (one.score > 0) all.push_back(one);
      }
    }
  // Butted cells fill the extent in equal parts.
  for (int parts = 2; parts <= 24 && along.size() / parts >= kSmallestCell; ++parts) {
    const Family one = seams.through(static_cast<double>(along.size()) / parts, along.from);
    if (one.score > 0) all.push_back(one);
  }
  std::sort(all.begin(), all.end(), [](const Family& a, const Family& b) {
    return a.score != b.score ? a.score > b.score : a.pitch != b.pitch ? a.pitch > b.pitch : a.first < b.first;
  });
  std::vector<Family> kept;
  for (const Family& one : all) {
    bool known = false;
    for (const Family& other : kept) {
      if (std::abs(one.pitch - other.pitch) > 0.01 * other.pitch) continue;
      const double apart = std::fmod(std::abs(one.first - other.first), other.pitch);
      known |= std::min(apart, other.pitch - apart) <= 4;
    }
    if (!known) kept.push_back(one);
    if (kept.size() == kTried) break;
  }
  return kept;
}

// Lines recur a little beside their places where the pitch is not known well: fit both to those that are there.
void fit(const Profile& p, Span along, Family* family) {
  for (int round = 0; round < 2; ++round) {
    double n = 0, sk = 0, skk = 0, sx = 0, skx = 0;
    int k = 0;
    for (double x = family->first; x <= along.to + kSlack; x += family->pitch, ++k) {
      if (x < along.from + 3 || x > along.to - 3) continue;
      const Line line = near(p, along, x);
      if (line.strength < 0.4f) continue;
      n += 1, sk += k, skk += static_cast<double>(k) * k, sx += line.at, skx += static_cast<double>(k) * line.at;
    }
    const double divisor = n * skk - sk * sk;
    if (n < 3 || divisor < 0.5) return;
    const double pitch = (n * skx - sk * sx) / divisor;
    if (std::abs(pitch - family->pitch) > 0.03 * family->pitch) return;
    family->pitch = pitch;
    family->first = (sx - pitch * sk) / n;
  }
}

float roughness(const Profile& p, Span along, double from, double to) {
  const int a = std::max(0, static_cast<int>(std::lround(from)) - along.from);
  const int b = std::min(along.size(), static_cast<int>(std::lround(to)) - along.from);
  if (b <= a) return -1;
  return std::accumulate(p.rough.begin() + a, p.rough.begin() + b, 0.0f) / static_cast<float>(b - a);
}

// Of the two intervals into which two lines of one pitch divide it, the one that is the gutter begins at `a`?
bool gutter_follows(const Profile& p, Span along, double a, double b, double pitch) {
  const double wide = b - a, other = pitch - wide;
  if (wide < kSmallestCell) return other >= kSmallestCell;
  if (other < kSmallestCell) return false;
  float between = 0, beyond = 0;
  int count = 0;
  for (double x = a; x + pitch <= along.to; x += pitch, ++count) {
    between += std::max(0.0f, roughness(p, along, x + 2, x + wide - 2));
    beyond += std::max(0.0f, roughness(p, along, x + wide + 2, x + pitch - 2));
  }
  if (count == 0) return wide < other;
  if (std::min(between, beyond) > 0.5f * std::max(between, beyond)) return wide < other;
  return between < beyond;
}

// The cells for which lines at their ends speak: from the first to the last that pays.
Ladder run_of(const Seams& seams, Span along, double first, double pitch, double width) {
  Ladder best;
  first -= pitch * std::floor((first - along.from + kSlack) / pitch);
  float run = 0;
  int from = 0, k = 0;
  for (double x = first; x + width <= along.to + kSlack; x += pitch, ++k) {
    const float begins = seams.at(x), ends = seams.at(x + width);
    // One good line of two is enough to go on: a dark cell hides the other.
    run += std::max(begins + ends - 2 * seams.doubt(), std::max(begins, ends) - 1.3f * seams.doubt());
    if (run < 0) run = 0, from = k + 1;
    if (run <= best.score + 1e-4f) continue;
    best = {first + from * pitch, pitch, width, k - from + 1, run};
  }
  return best;
}

// Cells at both ends of which one line alone stands out belong to the ladder too.
void lengthen(const Seams& seams, Span along, Ladder* ladder) {
  const auto seen = [&](double x) { return std::max(seams.at(x), seams.at(x + ladder->width)) > seams.doubt() + 0.05f; };
  while (ladder->first - ladder->pitch >= along.from - kSlack && seen(ladder->first - ladder->pitch))
    ladder->first -= ladder->pitch, ++ladder->count;
  for (double x = ladder->first + ladder->count * ladder->pitch; x + ladder->width <= along.to + kSlack && seen(x); x += ladder->pitch)
    ++ladder->count;
}

}  // namespace

std::vector<Ladder> ladders(const Profile& p, Span along, const std::vector<Line>& peaks, size_t most) {
  const Seams seams(p, along);
  std::vector<Ladder> all;
  for (Family family : families(seams, along, peaks)) {
    fit(p, along, &family);
    Family second{family.pitch, 0, 0};
    for (double apart = kLeastApart; apart <= family.pitch - kLeastApart; apart += 1) {
      const Family other = seams.through(family.pitch, family.first + apart);
      if (other.score > second.score + 1e-4f) second = {family.pitch, family.first + apart, other.score};
    }
    all.push_back(run_of(seams, along, family.first, family.pitch, family.pitch));
    if (second.score < kAlone * family.score) continue;
    const bool ends = gutter_follows(p, along, family.first, second.first, family.pitch);
    const double gutter = ends ? second.first - family.first : family.pitch - (second.first - family.first);
    const double start = ends ? second.first : family.first;
    if (family.pitch - gutter >= kSmallestCell) all.push_back(run_of(seams, along, start, family.pitch, family.pitch - gutter));
  }
  std::sort(all.begin(), all.end(), [](const Ladder& a, const Ladder& b) {
    return a.score != b.score ? a.score > b.score : a.pitch != b.pitch ? a.pitch > b.pitch : a.first < b.first;
  });
  std::vector<Ladder> kept;
  for (Ladder& one : all) {
    if (one.count < 1 || one.score <= 0.1f || kept.size() == most) continue;
    lengthen(seams, along, &one);
    bool known = false;
    for (const Ladder& other : kept)
      known |= std::abs(one.pitch - other.pitch) < 2 && std::abs(one.first - other.first) < 4 && std::abs(one.width - other.width) < 4;
    if (!known) kept.push_back(one);
  }
  return kept;
}

std::vector<Span> rungs(const Ladder& ladder, Span along) {
  std::vector<Span> out;
  for (int k = 0; k < ladder.count; ++k) {
    const double x = ladder.first + k * ladder.pitch;
    int from = std::max(along.from, static_cast<int>(std::lround(x)));
    int to = std::min(along.to, static_cast<int>(std::lround(x + ladder.width)));
    // A margin of a pixel or two is seen later, if there is one.
    if (from - along.from <= kSlack) from = along.from;
    if (along.to - to <= kSlack) to = along.to;
    if (to - from >= kSmallestCell / 2) out.push_back({from, to});
  }
  return out;
}

}  // namespace tutela
