#define TUTELA_AVX2
#define TUTELA_PATH kPathAvx2
#define TUTELA_PATH_NAME "avx2"
#define TUTELA_JOIN kJoinAvx2
#define TUTELA_GRIDS kGridsAvx2
#include "path_body.h"
#include "join_body.h"
#include "grids_body.h"
