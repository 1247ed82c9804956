// The luma of an ordinary JPEG, whole or reduced, pixel for pixel what libjpeg-turbo gives, in a fraction of its time.
//
// Ordinary is: baseline or extended Huffman coding, 8 bits, grey or YCbCr, one scan of everything, chroma at most halved, and not
// the least irregularity from the first byte to the end marker.  Anything else is refused, never guessed at: it is libjpeg-turbo's
// to read, or to say what is wrong with it.  (ITU-T T.81; JFIF 1.02 and Adobe's marker as libjpeg judges them.)
#pragma once
#include <cstddef>
#include <cstdint>

#include "jpeg_scan.h"

namespace tutela {

struct JpegComponent {
  int id, across, down, quant, dc, ac;
};

// What the markers before the scan say.
struct JpegHeader {
  int width = 0, height = 0, components = 0;
  JpegComponent component[3] = {};
  uint8_t quant[4][64] = {};
  bool quant_given[4] = {};
  JpegCode dc[4], ac[4];
  size_t interval = 0;  // units between restart markers; 0 if there are none
  size_t scan = 0;      // where the coded data begins
};

// Reads the markers up to the coded data; false if this is no ordinary JPEG.
bool jpeg_header(const uint8_t* data, size_t size, JpegHeader& header);

// Fills `plane`, rows of ceil(width / reduction), with the luma; false, and the plane is worth nothing, if it is refused.
// `reduction` is 1, 2, 4 or 8.  Takes as much memory again as the file.
bool jpeg_luma(const JpegHeader& header, const uint8_t* data, size_t size, int reduction, uint8_t* plane);

}  // namespace tutela
