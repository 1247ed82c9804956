#define TUTELA_AVX2
#define TUTELA_PATH kPathAvx2
#define TUTELA_PATH_NAME "avx2"
#include "path_body.h"
