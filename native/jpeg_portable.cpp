#define TUTELA_JPEG kJpegPortable
#include "jpeg_body.h"
