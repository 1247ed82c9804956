// The entropy-coded data of a JPEG's one scan, decoded to reduced luma: what jpeg_luma.cpp prepares and each CPU path runs.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tutela {

constexpr int kJpegLook = 12;       // bits of a look-up in the tables of AC codes whose values are kept
constexpr int kJpegSkipLook = 11;   // and whose values are not; the tables of a scan fit the first cache together
constexpr int kJpegDcLook = 9;      // and of DC codes
constexpr int kJpegPositions = 128;  // a position and any advance of a look-up stay below this
constexpr size_t kJpegSlack = 2048;  // a unit of six blocks takes 1,262 bytes at most: the reader checks for the end once a unit

// Where a row of a block has its columns, so that the inverse transform finds those it multiplies together side by side.
constexpr uint8_t kJpegSlots[8] = {0, 4, 2, 5, 1, 6, 3, 7};

// One Huffman code as the file gives it (ITU-T T.81, annex C), and `limit`: the first 16 bits that are no code of that length.
struct JpegCode {
  bool given = false;
  uint32_t limit[17];
  int32_t offset[17];  // of a code's symbol, once the code is shifted down to its length
  uint8_t symbols[256];
};

// What the next bits hold, from the lowest bit of a word on: 6 bits, how many bits all of it takes; 1, set if the block ends with
// it; 5, the way to the first coefficient; 7, its value; 7, the value of the last; 6, the way to that (the first again if there is
// none), where the reader goes on.  An end alone goes on one place, where there is nothing yet.
//
// Where not even the first symbol fits with its value, the end is set, and the way to the last is kJpegLong and its value's size:
// the bits are then its code's, the way to the first its own.  Size 0: its code does not fit.
using JpegLook = uint32_t;
constexpr unsigned kJpegLong = 48;
constexpr JpegLook jpeg_look(unsigned bits, unsigned first, unsigned last, bool ends, int value, int last_value) {
  return bits | unsigned{ends} << 6 | first << 7 | (static_cast<unsigned>(value) & 127) << 12 | (static_cast<unsigned>(last_value) & 127) << 19 | last << 26;
}
constexpr unsigned jpeg_bits(JpegLook look) { return look & 63; }
constexpr bool jpeg_ends(JpegLook look) { return look & 64; }
constexpr unsigned jpeg_first(JpegLook look) { return look >> 7 & 31; }
constexpr int jpeg_value(JpegLook look) { return static_cast<int32_t>(look << 13) >> 25; }
constexpr int jpeg_last_value(JpegLook look) { return static_cast<int32_t>(look << 6) >> 25; }
constexpr unsigned jpeg_last(JpegLook look) { return look >> 26; }

struct JpegAc {
  JpegLook looks[1 << kJpegLook];  // or 1 << kJpegSkipLook of them
  JpegCode code;
  bool kept;
};

struct JpegDc {
  struct Look {
    uint8_t bits;  // of the code and of the value behind it; 0 if the code does not fit
    uint8_t size;  // of the value
  };
  Look looks[1 << kJpegDcLook];
  JpegCode code;
};

struct JpegScan {
  const JpegDc* dc[3];
  const JpegAc* ac[3];
  int16_t quant[64];      // of luma, in rows, in the slots of their columns
  int components;
  int across, down;       // luma blocks in a unit
  int units_across;       // units in a row of them
  int reduction;          // 1, 2, 4 or 8
  int width, height;      // of the reduced plane
  uint8_t* plane;
};

struct JpegPath {
  // Decodes `count` units from `first` on out of `size` unstuffed bytes, behind which kJpegSlack may be read.  False if
  // anything is irregular, or if an answer might hang on how a decoder rounds or saturates.
  bool (*interval)(const JpegScan& scan, size_t first, size_t count, const uint8_t* bytes, size_t size);
};

extern const JpegPath kJpegPortable;
#if defined(__x86_64__)
extern const JpegPath kJpegAvx2;
#endif

}  // namespace tutela
