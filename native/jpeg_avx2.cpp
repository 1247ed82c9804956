#define TUTELA_AVX2
#define TUTELA_JPEG kJpegAvx2
#include "jpeg_body.h"
