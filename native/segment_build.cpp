#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "segment.h"

namespace tutela {
namespace {

struct Permutation {
  std::array<uint8_t, 256> source;                                   // bit i of the permuted code is bit source[i] of the code
  std::array<std::array<std::array<uint64_t, 4>, 256>, 32> forward;  // what each value of each byte contributes
  std::array<std::array<std::array<uint64_t, 4>, 256>, 32> backward;

  Permutation() : forward{}, backward{} {
    std::iota(source.begin(), source.end(), uint8_t{0});
    uint64_t state = 0x7475'7465'6C61'3031u;  // "tutela01"; the order is part of the file format
    for (size_t i = 255; i > 0; --i) {
      state += 0x9E3779B97F4A7C15u;  // splitmix64 (Steele, Lea, Flood 2014)
      uint64_t z = state;
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
      std::swap(source[i], source[(z ^ (z >> 31)) % (i + 1)]);
    }
    for (size_t to = 0; to < 256; ++to) fill(source[to], to);
  }

  void fill(size_t from, size_t to) {
    for (size_t value = 0; value < 256; ++value) {
      if (value >> (from % 8) & 1) forward[from / 8][value][to / 64] |= uint64_t{1} << (to % 64);
      if (value >> (to % 8) & 1) backward[to / 8][value][from / 64] |= uint64_t{1} << (from % 64);
    }
  }
};

const Permutation& the_permutation() {
  static const Permutation made;
  return made;
}

using Table = std::array<std::array<std::array<uint64_t, 4>, 256>, 32>;

void apply(const Table& table, const uint8_t* in, uint8_t* out) {
  uint64_t word[4] = {0, 0, 0, 0};
  for (size_t byte = 0; byte < 32; ++byte)
    for (size_t i = 0; i < 4; ++i) word[i] |= table[byte][in[byte]][i];
  std::memcpy(out, word, 32);
}

uint16_t band_of(const uint8_t* code, int band) {
  uint16_t value;
  std::memcpy(&value, code + 2 * (band % kBands), 2);
  return value;
}

}  // namespace

const uint8_t* permutation() { return the_permutation().source.data(); }
void permute(const uint8_t* code, uint8_t* permuted) { apply(the_permutation().forward, code, permuted); }
void unpermute(const uint8_t* permuted, uint8_t* code) { apply(the_permutation().backward, permuted, code); }

int bucket_bits_for(size_t rows) {
  if (rows < kMinBanded) return 0;
  int bits = 0;
  while ((rows >> (bits + 1)) >= 16 && bits < 16) ++bits;  // sixteen rows a bucket or more: offsets cost 4 bytes a row at most
  return bits;
}

SegmentSizes::SegmentSizes(size_t rows) : bucket_bits(bucket_bits_for(rows)) {
  codes = rows * kCodeBytes;
  ids = rows * sizeof(uint64_t);
  const bool banded = bucket_bits > 0;
  offsets = banded ? kBands * ((size_t{1} << bucket_bits) + 1) * sizeof(uint32_t) : 0;
  following = banded ? kBands * rows * sizeof(uint16_t) : 0;
  numbers = banded ? kBands * rows * 3 : 0;
}

void build_segment(const uint8_t* codes, const uint64_t* ids, size_t rows, uint8_t* out_codes, uint64_t* out_ids,
                   uint32_t* offsets, uint16_t* following, uint8_t* numbers) {
  if (rows > kMaxRows) throw std::length_error("a segment has at most 2^24 rows");
  for (size_t row = 0; row < rows; ++row) permute(codes + row * kCodeBytes, out_codes + row * kCodeBytes);
  if (rows) std::memcpy(out_ids, ids, rows * sizeof(uint64_t));
  const int bits = bucket_bits_for(rows);
  if (bits == 0) return;
  const size_t buckets = size_t{1} << bits;
  std::vector<uint32_t> next(buckets);
  for (int band = 0; band < kBands; ++band) {
    uint32_t* begins = offsets + static_cast<size_t>(band) * (buckets + 1);
    std::fill(begins, begins + buckets + 1, 0u);
    for (size_t row = 0; row < rows; ++row) ++begins[(band_of(out_codes + row * kCodeBytes, band) >> (16 - bits)) + 1];
    std::partial_sum(begins, begins + buckets + 1, begins);
    std::copy(begins, begins + buckets, next.begin());
    for (size_t row = 0; row < rows; ++row) {
      const uint8_t* code = out_codes + row * kCodeBytes;
      const size_t place = static_cast<size_t>(band) * rows + next[static_cast<size_t>(band_of(code, band) >> (16 - bits))]++;
      following[place] = band_of(code, band + 1);
      numbers[3 * place] = static_cast<uint8_t>(row);
      numbers[3 * place + 1] = static_cast<uint8_t>(row >> 8);
      numbers[3 * place + 2] = static_cast<uint8_t>(row >> 16);
    }
  }
}

}  // namespace tutela
