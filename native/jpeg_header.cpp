#include <cstring>

#include "jpeg_luma.h"

namespace tutela {
namespace {

// A segment's body, read from its beginning; what is asked for beyond its end is 0, and `whole` is then false.
struct Body {
  const uint8_t* at;
  size_t left;
  bool whole = true;

  int byte() {
    if (left == 0) {
      whole = false;
      return 0;
    }
    --left;
    return *at++;
  }
  int two() {
    const int high = byte();
    return high << 8 | byte();
  }
};

struct Colours {
  bool jfif = false, adobe = false;
  int transform = 0;
};

constexpr uint8_t kRowOrder[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
                                   41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
                                   30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

bool read_quant(Body body, JpegHeader& header) {
  while (body.left) {
    const int head = body.byte();
    if (head > 3) return false;  // sixteen bits a value, or no such table
    for (const uint8_t place : kRowOrder) header.quant[head][place] = static_cast<uint8_t>(body.byte());
    header.quant_given[head] = true;
  }
  return body.whole;
}

// Whether the symbols are such as 8-bit pixels need: anything else is some other process, or damage.
bool sound(bool ac, int symbol) {
  if (!ac) return symbol <= 11;
  return (symbol & 15) ? (symbol & 15) <= 10 : symbol == 0 || symbol == 0xF0;
}

bool read_codes(Body body, JpegHeader& header) {
  while (body.left) {
    const int head = body.byte();
    if (head & 0xEC) return false;
    const bool ac = head & 16;
    JpegCode& code = (ac ? header.ac : header.dc)[head & 3];
    int counts[17], total = 0;
    for (int length = 1; length <= 16; ++length) total += counts[length] = body.byte();
    if (total > 256) return false;
    int32_t next = 0, number = 0;
    for (int length = 1; length <= 16; ++length) {
      code.offset[length] = number - next;
      next += counts[length];
      number += counts[length];
      if (next > 1 << length) return false;
      code.limit[length] = static_cast<uint32_t>(next) << (16 - length);
      next <<= 1;
    }
    std::memset(code.symbols, 0, sizeof code.symbols);
    for (int i = 0; i < total; ++i) {
      code.symbols[i] = static_cast<uint8_t>(body.byte());
      if (!sound(ac, code.symbols[i])) return false;
    }
    code.given = true;
  }
  return body.whole;
}

bool read_frame(Body body, JpegHeader& header) {
  if (header.components || body.byte() != 8) return false;
  header.height = body.two();
  header.width = body.two();
  header.components = body.byte();
  if (header.height == 0 || header.width == 0 || (header.components != 1 && header.components != 3)) return false;
  for (int c = 0; c < header.components; ++c) {
    JpegComponent& one = header.component[c];
    one.id = body.byte();
    const int sampling = body.byte();
    one.across = sampling >> 4;
    one.down = sampling & 15;
    one.quant = body.byte();
    const int most = c ? 1 : 2;
    if (one.across < 1 || one.across > most || one.down < 1 || one.down > most || one.quant > 3) return false;
    for (int before = 0; before < c; ++before)
      if (header.component[before].id == one.id) return false;
  }
  if (header.components == 1) header.component[0].across = header.component[0].down = 1;  // alone it is coded block by block (T.81, A.2.2)
  return body.whole && body.left == 0;
}

bool read_scan(Body body, JpegHeader& header) {
  if (header.components == 0 || body.byte() != header.components) return false;
  for (int c = 0; c < header.components; ++c) {
    JpegComponent& one = header.component[c];
    if (body.byte() != one.id) return false;
    const int codes = body.byte();
    one.dc = codes >> 4;
    one.ac = codes & 15;
    if (one.dc > 3 || one.ac > 3 || !header.dc[one.dc].given || !header.ac[one.ac].given) return false;
    if (!header.quant_given[one.quant]) return false;
  }
  const bool all = body.byte() == 0 && body.byte() == 63 && body.byte() == 0;
  return all && body.whole && body.left == 0;
}

bool read_app(int marker, const uint8_t* body, size_t size, Colours& colours) {
  if (marker == 0xE0 && size >= 14 && std::memcmp(body, "JFIF", 5) == 0) {
    colours.jfif = true;
    return body[5] == 1;  // another version is warned of
  }
  if (marker == 0xEE && size >= 12 && std::memcmp(body, "Adobe", 5) == 0) {
    colours.adobe = true;
    colours.transform = body[11];
  }
  return true;
}

// Whether the first of three components is luma, beyond doubt.
bool has_luma(const JpegHeader& header, const Colours& colours) {
  if (header.components == 1 || colours.jfif) return true;
  if (colours.adobe) return colours.transform == 1;
  return header.component[0].id == 1 && header.component[1].id == 2 && header.component[2].id == 3;
}

}  // namespace

bool jpeg_header(const uint8_t* data, size_t size, JpegHeader& header) {
  if (size < 4 || data[0] != 0xFF || data[1] != 0xD8) return false;
  Colours colours;
  for (size_t at = 2; size - at >= 4;) {
    if (data[at] != 0xFF) return false;
    const int marker = data[at + 1];
    const size_t length = static_cast<size_t>(data[at + 2] << 8 | data[at + 3]);
    if (length < 2 || length > size - at - 2) return false;
    const Body body{data + at + 4, length - 2};
    at += 2 + length;
    bool good = marker == 0xFE;  // a comment
    if (marker >= 0xE0 && marker <= 0xEF) good = read_app(marker, body.at, body.left, colours);
    else if (marker == 0xDB) good = read_quant(body, header);
    else if (marker == 0xC4) good = read_codes(body, header);
    else if (marker == 0xC0 || marker == 0xC1) good = read_frame(body, header);
    else if (marker == 0xDD && body.left == 2) good = (header.interval = static_cast<size_t>(Body(body).two()), true);
    else if (marker == 0xDA) {
      header.scan = at;
      return read_scan(body, header) && has_luma(header, colours);
    }
    if (!good) return false;
  }
  return false;
}

}  // namespace tutela
