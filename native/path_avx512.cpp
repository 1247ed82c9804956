#define TUTELA_AVX512
#define TUTELA_PATH kPathAvx512
#define TUTELA_PATH_NAME "avx512"
#define TUTELA_JOIN kJoinAvx512
#define TUTELA_GRIDS kGridsAvx512
#include "path_body.h"
#include "join_body.h"
#include "grids_body.h"
