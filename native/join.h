// Exact DBSCAN of 256-bit codes under Hamming distance (Ester, Kriegel, Sander and Xu 1996), as a join of all codes with themselves.
//
// The bands and allowances of the index (segment.h) say which buckets can hold two rows within the radius; such buckets are joined
// pairwise, one band after another, so memory grows with the rows and never with the pairs.  The first pass counts
// neighbours, and leaves out pairs of rows that both have enough; the second links core rows, and stops looking where a bucket is
// one cluster already.  Where rows are left that are no core but may lie beside one, a third finds out beside which clusters, and
// for those beside several a fourth which core is nearest.  So a hundred thousand near copies cost about as much as as many strangers.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "segment.h"

namespace tutela {

// The rows of one band, sorted by bucket.  With bucket_bits 0 there is one bucket, and its keys tell nothing.
struct BandRows {
  const uint8_t* codes;     // [rows][32], permuted
  const SearchPlan* plan;
  int band;
  int bucket_bits;
  const uint32_t* offsets;  // [2^bucket_bits + 1]
  const uint32_t* front;    // [2^bucket_bits]: how many rows of the bucket lie in front: those that want neighbours, or cores
  uint32_t* order;          // [rows]: row numbers
  uint16_t* keys;           // [rows]: the band after this one
  uint32_t* spare_order;    // [rows]: scratch
  uint16_t* spare_keys;     // [rows]
};

// Neighbours of each row, counted up to `enough`.
struct Counting {
  const uint32_t* weights;  // [rows]: how many equal codes a row stands for
  const uint8_t* never;     // [rows]: the row can never be core; may be null
  uint32_t enough;
  uint32_t* counts;         // [rows]
  TUTELA_INLINE bool wants(uint32_t row) const { return counts[row] < enough && !(never && never[row]); }
};

// Sets of linked core rows.  Every other row lies beside no such set, beside one, or beside several: then its nearest core decides.
struct Linking {
  const uint8_t* core;  // [rows]
  uint32_t* parent;     // [rows]
  uint32_t* beside;     // [rows]: kNobody, or the root of a set that the row lies beside
  uint8_t* several;     // [rows]: whether it lies beside more than one
  uint32_t* nearest;    // [rows]: of rows beside several: kNobody, or a core row
  uint16_t* distance;   // [rows]: to it
  uint32_t* waiting;    // [rows]: scratch

  TUTELA_INLINE uint32_t root(uint32_t row) const {
    while (parent[row] != row) row = parent[row] = parent[parent[row]];
    return row;
  }
  TUTELA_INLINE void link(uint32_t a, uint32_t b) const {
    a = root(a);
    b = root(b);
    if (a < b) parent[b] = a;
    if (b < a) parent[a] = b;
  }
  TUTELA_INLINE void adopt(uint32_t row, uint32_t to, int bits) const {
    if (bits < distance[row] || (bits == distance[row] && to < nearest[row])) {
      distance[row] = static_cast<uint16_t>(bits);
      nearest[row] = to;
    }
  }
};
constexpr uint32_t kNobody = 0xFFFFFFFFu;

struct JoinPath {
  const char* name;
  void (*count_band)(const BandRows&, const Counting&);
  void (*link_band)(const BandRows&, const Linking&);
  void (*touch_band)(const BandRows&, const Linking&);   // these two only once all is linked
  void (*choose_band)(const BandRows&, const Linking&);
};
extern const JoinPath kJoinPortable;
#if defined(__x86_64__)
extern const JoinPath kJoinAvx2;
extern const JoinPath kJoinAvx512;
#endif

struct Labelled {
  std::vector<int64_t> labels;   // [rows]: clusters in the order of their first core row, -1 for noise
  std::vector<uint32_t> counts;  // [rows]: neighbours, the row itself and its copies among them, up to min_points
};

// Labels of DBSCAN; `never` marks rows that are no core whatever lies around them, and may be null.  A row that is no core joins its
// nearest core's cluster, of equally near ones the first row's.  `step` is called with how much is done, 0 to 1, and may throw.
Labelled dbscan(const uint8_t* codes, size_t rows, int radius, uint32_t min_points, const uint8_t* never,
                const std::function<void(double)>& step);

}  // namespace tutela
