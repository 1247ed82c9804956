// An exact index of 256-bit codes under Hamming distance: one immutable segment of it.
//
// Sixteen bands of 16 bits.  Each band keeps all rows sorted by the band's leading bits (its bucket), and beside each row the next
// band, so that candidates are filtered while they are read in sequence.  That no row within the radius escapes follows from the
// pigeonring principle (Qin and Xiao, "Pigeonring: a principle for faster thresholded similarity search", VLDB 2018): give the bands
// integer allowances t_i with sum of (t_i + 1) = radius + 1; then a row within the radius has a band i such that for every
// length l the distance over bands i .. i + l - 1 (in a ring) is at most the sum of (t + 1) over them, less one.
//
// Real codes have correlated neighbouring bits, which makes some buckets long; codes are therefore stored under one fixed
// permutation of their bits (part of the file format).
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "path.h"

namespace tutela {

constexpr int kCodeBytes = 32;
constexpr int kBands = 16;
constexpr size_t kBlock = 16384;  // bytes under one checksum

struct Damaged : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn]] void damaged(const char* what);

// Checksums of a mapped file, checked block by block before a block's bytes are first used.
class Blocks {
 public:
  // `sums` holds one CRC-32C for each block of `data`; both must outlive this.
  Blocks(const uint8_t* data, size_t size, const uint32_t* sums);
  // Throws Damaged unless every block that [at, at + length) touches has its checksum.
  TUTELA_INLINE void check(const void* at, size_t length) const {
    if (whole_.load(std::memory_order_acquire)) return;
    const size_t from = static_cast<size_t>(static_cast<const uint8_t*>(at) - data_);
    const size_t first = from / kBlock, last = (from + (length ? length - 1 : 0)) / kBlock;
    for (size_t block = first; block <= last; ++block)
      if (!good_[block].load(std::memory_order_acquire)) verify(block);
  }
  void check_all() const;
  bool whole() const { return whole_.load(std::memory_order_acquire); }

 private:
  void verify(size_t block) const;
  const uint8_t* data_;
  size_t size_;
  const uint32_t* sums_;
  size_t count_;
  mutable std::unique_ptr<std::atomic<uint8_t>[]> good_;
  mutable std::atomic<bool> whole_{false};
};

// Where the parts of a segment lie.  A segment too small for bands has bucket_bits 0 and is always scanned.
struct SegmentView {
  size_t rows = 0;
  int bucket_bits = 0;
  const uint8_t* codes = nullptr;      // [rows][32], permuted
  const uint64_t* ids = nullptr;       // [rows]
  const uint32_t* offsets = nullptr;   // [16][2^bucket_bits + 1]: where each bucket begins in its band
  const uint16_t* following = nullptr; // [16][rows]: the band after this one
  const uint8_t* numbers = nullptr;    // [16][rows][3]: row numbers, little-endian
  const uint8_t* dead = nullptr;       // bit r set: row r was removed; may be null
  const Blocks* blocks = nullptr;      // null where the memory is our own

  TUTELA_INLINE void check(const void* at, size_t length) const {
    if (blocks) blocks->check(at, length);
  }
  TUTELA_INLINE bool removed(size_t row) const { return dead && (dead[row / 8] >> (row % 8) & 1); }
};

constexpr size_t kMaxRows = size_t{1} << 24;  // row numbers have three bytes
constexpr size_t kMinBanded = 2048;           // below this a scan is as fast, and costs no memory

int bucket_bits_for(size_t rows);

// Allowances and limits of one radius, and the probes they need.
struct SearchPlan {
  SearchPlan(int radius, int bucket_bits);
  int radius;
  int bucket_bits;
  int allowance[kBands];  // t_i; -1: the band is not probed
  int limit[kBands];      // of the distance over two bands beginning here
  const uint16_t* masks;  // bucket differences, fewest bits first
  uint32_t mask_count[17];  // how many masks have at most this many bits
  bool possible;            // false: more probes than are kept; scan
  // Expected nanoseconds of one search among `rows` uniform codes.
  double cost(size_t rows) const;
  // Nanoseconds to be expected beyond that for a permuted query among whose near buckets are overfull ones.
  double crowd_cost(const SegmentView& view, const uint8_t* query) const;
  // Whether this very query costs less by a scan of the segment, though the usual one costs less by bands.
  bool crowded(const SegmentView& view, const uint8_t* query) const;
};

// Expected nanoseconds of scanning one row for each of `queries` queries: a pass over the codes is shared by up to kTile.
constexpr size_t kTile = 16;
double scan_cost(size_t queries);

// The fixed permutation: bit i of a permuted code is bit permutation()[i] of the code.
const uint8_t* permutation();
void permute(const uint8_t* code, uint8_t* permuted);
void unpermute(const uint8_t* permuted, uint8_t* code);

// Sizes of the parts for `rows` rows, in bytes.
struct SegmentSizes {
  explicit SegmentSizes(size_t rows);
  int bucket_bits;
  size_t codes, ids, offsets, following, numbers;
};

// Fills the parts of a segment (memory given by the caller, sized by SegmentSizes) from plain codes.
void build_segment(const uint8_t* codes, const uint64_t* ids, size_t rows, uint8_t* out_codes, uint64_t* out_ids,
                   uint32_t* offsets, uint16_t* following, uint8_t* numbers);

enum class Method { kAny, kProbe, kScan };

struct Found {
  std::vector<int64_t> offsets;  // [queries + 1]
  std::vector<uint64_t> ids;
  std::vector<uint16_t> distances;
};

// Every row of every segment within `radius` of each query, sorted within a query by distance, then id.
Found search(const std::vector<const SegmentView*>& segments, const uint8_t* queries, size_t count, int radius, int threads,
             Method method);

}  // namespace tutela
