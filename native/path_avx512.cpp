#define TUTELA_AVX512
#define TUTELA_PATH kPathAvx512
#define TUTELA_PATH_NAME "avx512"
#include "path_body.h"
