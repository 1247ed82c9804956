// Lines that may part a picture: evidence of seams along both axes, profiles of it, peaks, and combs of equal pitch.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tutela {

constexpr int kBand = 8;         // lines whose evidence is counted together
constexpr int kReach = 10;       // a step is compared with the mean of its neighbours so far away
constexpr int kSmallestCell = 24;
constexpr int kChange = 6;      // neighbours along a line that differ by more are content, not background

// Evidence along one axis, for lines that run down the picture; the other axis is the same on the turned picture.
struct Axis {
  int length = 0;  // positions of lines: the width
  int across = 0;  // extent of a line: the height
  int bands = 0;
  std::unique_ptr<uint16_t[]> seams;  // [bands + 1][length]: lines of pixels, from the first on, with a seam before x
  std::unique_ptr<uint16_t[]> rough;  // [bands + 1][length]: ... that change along the line at x
};

struct Span {
  int from, to;
  int size() const { return to - from; }
};

struct Region {
  Span x, y;
  long area() const { return static_cast<long>(x.size()) * y.size(); }
};

// Share of a line's extent with a seam at x (the seam may sway by one pixel to either side).
struct Profile {
  std::vector<float> seam, rough, sharp;  // sharp: without the sway, for where exactly
};

struct Line {
  int at;
  float strength;
  bool inferred = false;  // from its fellows: it need not be seen
};

// The comb of equal pitch that the profile supports best: predicted lines that stand out speak for it, others against.
struct Comb {
  double pitch = 0, first = 0;
  int count = 0;
  float score = 0;
  float doubt = 0.4f;  // what a line must have to speak for it
  std::vector<Line> lines;
};

// The evidence of lines that run down the picture.
Axis look(const uint8_t* pixels, int height, int width, ptrdiff_t stride);

// The picture with rows and columns exchanged, [width][height].
void turn(const uint8_t* pixels, int height, int width, ptrdiff_t stride, uint8_t* out);

// A picture and the evidence of lines along both its axes, which every look for parts of it begins with; gathered when it
// is first asked for.
class Evidence {
 public:
  Evidence(const uint8_t* of, int high, int wide, ptrdiff_t row) : pixels(of), height(high), width(wide), stride(row) {}

  const uint8_t* const pixels;
  const int height, width;
  const ptrdiff_t stride;

  // The picture turned, [width][height]; lines that run down the picture, and those that run over it.
  const uint8_t* turned() { return gathered().turned.get(); }
  const Axis& down() { return gathered().down; }
  const Axis& over() { return gathered().over; }

 private:
  struct Gathered {
    std::unique_ptr<uint8_t[]> turned;
    Axis down, over;
  };
  const Gathered& gathered();
  std::unique_ptr<Gathered> gathered_;
};

Profile profile(const Axis& axis, Span along, Span extent);

// Share of the extent with a seam at a line or beside it; -1 at the picture's own border.
float support(const Axis& axis, int at, Span extent);

// The value below which a share q of the values lies; 0 of none.
float quantile(std::vector<float> values, double q);

// Peaks of the seam profile that no content of this extent is likely to make.
std::vector<Line> peaks(const Profile& p, Span along, int extent, float strict);

// The nearest whole number of a place, which is never negative: a library call is slower than all else that is done there.
inline int rounded(double place) { return static_cast<int>(place + 0.5); }

// Highest strength within two pixels of a place, and where.
Line near(const Profile& p, Span along, double place);

Comb comb(const Profile& p, Span along, const std::vector<Line>& peaks);

// Runs of lines without change along them, relative to where the profile begins.
std::vector<Span> flat_runs(const Profile& p, int least);

}  // namespace tutela
