// PDQ (Meta, "The PDQ hashing algorithm", 2017): a 256-bit perceptual hash, computed without filtering the whole picture.
//
// The reference blurs the picture with two passes of a box filter along each axis and then reads 64 x 64 samples of the
// result.  Both steps are linear and separable, so the samples are A . picture . B^T with A (64 x height) and B (64 x width)
// fixed by the height and the width alone: row i of A is the response of sample i to each input row.  Each row of A is
// zero but for about height / 64 neighbours, so every pixel is touched about once.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tutela {

struct Picture {
  const uint8_t* pixels;
  int height;
  int width;
  ptrdiff_t stride;  // bytes from one row to the next
  bool rgb;          // three bytes a pixel, else one
  int orientation;   // EXIF 1 to 8: how to lay the stored pixels upright
  // A decoder may deliver a reduced picture: each pixel the mean of `reduction` x `reduction` of the whole one's.  The hash
  // is then still sampled where the whole picture would be, which a hash of the reduced picture as such is not.
  int reduction;     // 1 for the whole picture
  int full_height;
  int full_width;
};

struct PdqHash {
  uint8_t value[32];  // most significant bit first: the order of the published hexadecimal form
  int quality;        // 0 to 100
  // How many other coefficients lie within kPdqTie of the median.  Each has a bit that a rounding in the decoder can turn, so a
  // picture with many (a regular pattern: most coefficients are equal) hashes alike only from equal pixels.
  int ties;
};

constexpr float kPdqTie = 0.25f;  // decoding to grey, and reduced, moves most coefficients of photographs by less

constexpr int kPdqSmallest = 5;  // pixels; the reference refuses to hash a smaller side

PdqHash pdq(const Picture& picture);

// The eight hashes of the picture laid down in every way, from one transform (the reference's order: original, rotated by 90,
// 180, 270 degrees, flipped in x, in y, along the main diagonal, along the other).
void pdq_orientations(const Picture& picture, PdqHash out[8]);

}  // namespace tutela
