// What differs from one CPU path to another: the inner loops of PDQ and of the Hamming search.
//
// Every path gives equal answers.  For PDQ that is so because sums are taken in one fixed order (per column, or in sixteen
// lanes folded by one fixed tree) and never with fused multiply-add; for the search because it counts bits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

// Inline code that path files call must never exist out of line: the linker keeps one copy of such a function for the whole
// program, and that copy might use instructions that only one path may use.
#define TUTELA_INLINE inline __attribute__((always_inline))

namespace tutela {

struct Hit {
  uint32_t distance;
  uint32_t row;
};

// A growing array of hits; its own because a std::vector would be compiled into the path files (see TUTELA_INLINE).
class Hits {
 public:
  Hits() = default;
  Hits(const Hits&) = delete;
  Hits& operator=(const Hits&) = delete;
  ~Hits();
  TUTELA_INLINE void push(uint32_t distance, uint32_t row) {
    if (count_ == capacity_) grow();
    items_[count_++] = {distance, row};
  }
  const Hit* begin() const { return items_; }
  const Hit* end() const { return items_ + count_; }
  size_t size() const { return count_; }
  void clear() { count_ = 0; }

 private:
  void grow();
  Hit* items_ = nullptr;
  size_t count_ = 0;
  size_t capacity_ = 0;
};

struct SegmentView;
struct SearchPlan;

struct Path {
  const char* name;
  // out[x] = sum over r of weights[r] * rows[r][x], rows `stride` bytes apart, summed in the order of r.
  void (*weigh_grey)(const uint8_t* rows, ptrdiff_t stride, const float* weights, int count, int width, float* out);
  // The same on interleaved RGB, each pixel first turned into luma 0.299 R + 0.587 G + 0.114 B.
  void (*weigh_rgb)(const uint8_t* rows, ptrdiff_t stride, const float* weights, int count, int width, float* out);
  // out[j] = dot(row + starts[j], weights + j * padded) for 64 j; `padded` is a multiple of 16 and the row has that much slack.
  void (*dots)(const float* row, const int32_t* starts, const float* weights, int padded, float* out);
  // out [16][16] = matrix . grid . matrix^T, with matrix [16][64] (`turned` is its transpose) and grid [64][64].
  void (*transform)(const float* grid, const float* matrix, const float* turned, float* out);
  // Sum over neighbouring samples of grid [64][64] of their step in whole percent of 255.
  int (*gradients)(const float* grid);
  // Every row of the segment within the plan's radius of `query` (permuted), found through its bands; no row twice.
  void (*search_bands)(const SegmentView&, const SearchPlan&, const uint8_t* query, Hits& hits);
  // The same by looking at rows [first, last).
  void (*scan)(const SegmentView&, size_t first, size_t last, int radius, const uint8_t* query, Hits& hits);
};

extern const Path kPathPortable;
#if defined(__x86_64__)
extern const Path kPathAvx2;
extern const Path kPathAvx512;
#endif

// The path in use: the best this processor has, unless TUTELA_KERNEL or use_path() names another.
const Path& path();

// Names of the paths this processor can run, best first.
std::vector<const char*> paths();

// Switches the whole process to a path; false if it is unknown or cannot run here.
bool use_path(const char* name);

}  // namespace tutela
