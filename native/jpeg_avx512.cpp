#define TUTELA_AVX512
#define TUTELA_JPEG kJpegAvx512
#include "jpeg_body.h"
