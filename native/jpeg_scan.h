// The entropy-coded data of a JPEG's one scan, decoded to reduced luma: what jpeg_luma.cpp prepares and each CPU path runs.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tutela {

constexpr int kJpegLook = 12;       // bits of a look-up in the tables of AC codes
constexpr int kJpegDcLook = 10;     // and of DC codes
constexpr int kJpegPositions = 192;  // a position and a look-up's advance with its flags stay below this
constexpr size_t kJpegSlack = 2048;  // a unit of six blocks takes 1,262 bytes at most: the reader checks for the end once a unit

// One Huffman code as the file gives it (ITU-T T.81, annex C), and `limit`: the first 16 bits that are no code of that length.
struct JpegCode {
  bool given = false;
  uint32_t limit[17];
  int32_t offset[17];  // of a code's symbol, once the code is shifted down to its length
  uint8_t symbols[256];
};

// What the next bits hold: up to two coefficients with their values, and an end of the block behind them.  Where not even the
// first symbol fits with its value, `advance` is 128, `first_bits` its code's (0 if that does not fit either), `symbol` itself.
struct JpegLook {
  uint8_t bits;         // of all of it
  uint8_t advance;      // of the position by all of it; + 64 where the block ends
  uint8_t first;        // to the first coefficient
  uint8_t second;       // to the second (the first again if there is none)
  uint8_t first_bits;   // of the first symbol alone
  uint8_t symbol;
  int8_t value[2];
};
static_assert(sizeof(JpegLook) == 8, "a look-up is one load");

struct JpegAc {
  JpegLook looks[1 << kJpegLook];
  const JpegCode* code;
};

struct JpegDc {
  int16_t value[1 << kJpegDcLook];
  uint8_t bits[1 << kJpegDcLook];  // 0 if it does not fit
  const JpegCode* code;
};

struct JpegScan {
  const JpegDc* dc[3];
  const JpegAc* ac[3];
  int32_t quant[64];      // of luma, in rows
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
extern const JpegPath kJpegAvx512;
#endif

}  // namespace tutela
