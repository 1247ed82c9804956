// Ladders: cells of one width that follow each other at one pitch, seen along one axis.
#pragma once
#include <vector>

#include "grid_lines.h"

namespace tutela {

// Cell k reaches from first + k * pitch, `width` far; butted cells have a width equal to the pitch.
struct Ladder {
  double first = 0, pitch = 0, width = 0;
  int count = 0;
  float score = 0;
};

// The ladders that the profile speaks for most, best first, each of another pitch or phase; none where no two lines
// recur.  `most` of them at the utmost.
std::vector<Ladder> ladders(const Profile& p, Span along, const std::vector<Line>& peaks, size_t most);

// The rungs in whole pixels, cut to `along`.
std::vector<Span> rungs(const Ladder& ladder, Span along);

}  // namespace tutela
